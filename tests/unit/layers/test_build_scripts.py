"""Layer 3: who runs code at install, and what counts as a decision about it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import NOW, A, B, fired, known, pin, policy, project, registered, report

from pratique.config import read_policy
from pratique.layers.build_scripts import LAYER, BuildScriptsSettings
from pratique.model.behavior import (
    ACCEPTED,
    ANALYSED,
    ANALYSER,
    Accepted,
    Analysis,
    Inner,
    Seen,
)
from pratique.model.fact import REGISTERED, Missing, Why
from pratique.model.pin import Location, Manager, Source
from pratique.model.project import Approval, DeadKey, Project, Settings
from pratique.model.report import Report

HERE = Location("package.json", 3)
RUNS: dict[str, Any] = {"scripts": (("postinstall", "node install.js"),)}
UNDECIDED = ("build-scripts/undecided", "left-pad@1.3.0")


def outcome(shop: Project, stated: dict[str, Any], **settings: Any) -> set[tuple[str, str]]:
    given = known(pin()).with_facts({(REGISTERED.name, pin().release): registered(**stated)})
    chosen = {LAYER.name: BuildScriptsSettings(**settings)}
    return fired(report(shop, facts=given, policy=policy(settings=chosen)))


def approval(name: str = "left-pad", **more: Any) -> Approval:
    fields: dict[str, Any] = {"version": None, "allowed": True, "where": HERE, **more}
    return Approval(name, **fields)


@pytest.mark.parametrize(
    ("stated", "runs"),
    [
        ({"scripts": (("preinstall", "x"),)}, True),
        ({"scripts": (("install", "node-gyp rebuild"),)}, True),
        (RUNS, True),
        ({"gypfile": True}, True),
        ({"has_install_script": True}, True),
        ({"scripts": (("prepare", "tsc"),)}, False),
        ({"gypfile": False, "has_install_script": False}, False),
        ({}, False),
    ],
)
def test_what_the_registry_says_runs_at_install(stated: dict[str, Any], *, runs: bool) -> None:
    assert runs == (UNDECIDED in outcome(project(pin()), stated))


def test_the_lockfiles_own_flag_counts_where_the_registry_is_silent() -> None:
    assert UNDECIDED in outcome(project(pin(install_script=True)), {})


@pytest.mark.parametrize(
    ("entry", "decided"),
    [
        (approval(), True),
        (approval(version="1.3.0"), True),
        (approval(version="1.2.0"), False),
        (approval(sha512=A.hex), True),
        (approval(sha512=B.hex), False),
        (approval("left-*"), True),
        (approval("right-pad"), False),
        (approval(allowed=False), True),
        (approval(allowed=None), False),
    ],
)
def test_an_entry_decides_for_the_releases_it_is_bound_to(
    entry: Approval, *, decided: bool
) -> None:
    in_policy = outcome(project(pin()), RUNS, approve=(entry,))
    by_manager = outcome(project(pin(), settings=Settings(approvals=(entry,))), RUNS)
    assert (decided, decided) == (UNDECIDED not in in_policy, UNDECIDED not in by_manager)


def test_the_printed_lines_approve_exactly_these_bytes() -> None:
    given = known(pin()).with_facts({(REGISTERED.name, pin().release): registered(**RUNS)})
    found = report(project(pin()), facts=given, policy=policy())
    remedy = next(x.finding.remedy for x in found.judged if x.finding.rule == UNDECIDED[0])
    assert remedy is not None
    written = remedy.edits[0].new.encode()
    chosen = read_policy(written, "pratique.toml", now=NOW).layers[LAYER.name].settings
    entries = [(each.name, each.version, each.sha512, each.allowed) for each in chosen.approve]
    assert [("left-pad", "1.3.0", A.hex, True)] == entries


def test_the_managers_lists_can_be_left_out() -> None:
    shop = project(pin(), settings=Settings(approvals=(approval(),)))
    assert UNDECIDED in outcome(shop, RUNS, from_managers=False)


def test_buns_trusted_dependencies_approve() -> None:
    shop = project(pin(), manager=Manager.BUN, locked={"trusted": (("left-pad", HERE),)})
    assert UNDECIDED not in outcome(shop, RUNS)


def test_where_no_script_runs_nothing_is_undecided() -> None:
    assert UNDECIDED not in outcome(project(pin(), settings=Settings(scripts_off=True)), RUNS)


def test_a_denied_name_is_decided() -> None:
    assert UNDECIDED not in outcome(project(pin()), RUNS, deny=("left-pad",))


def test_a_lockfile_that_hides_a_script_is_reported() -> None:
    hidden = ("build-scripts/flag-differs", "left-pad@1.3.0")
    assert hidden in outcome(project(pin(install_script=False)), RUNS)
    assert hidden not in outcome(project(pin(install_script=None)), RUNS)
    assert hidden not in outcome(project(pin(install_script=False)), {})


def test_a_git_source_can_run_its_prepare_script() -> None:
    source = pin(source=Source.GIT, url="git+https://git.example/a.git", digests=(), direct=True)
    assert ("build-scripts/git-prepare", "left-pad@1.3.0") in outcome(project(source), {})


def test_the_lists_themselves_are_judged() -> None:
    settings = Settings(
        approvals=(
            approval(),
            approval("esbuild", allowed=None),
            approval("gone", version="1.0.0"),
        ),
        dead=(DeadKey("onlyBuiltDependencies", "pnpm 11 ignores it", HERE, LAYER.name),),
    )
    found = outcome(project(pin(), pin("esbuild", key="e"), settings=settings), {})
    assert {
        ("build-scripts/unbound-approval", ""),
        ("build-scripts/placeholder", ""),
        ("build-scripts/stale-approval", ""),
        ("build-scripts/dead-setting", ""),
    } == {each for each in found if each[0].startswith("build-scripts/")}


# -- what is really inside -------------------------------------------------------------------------

UNSTATED = ("build-scripts/unstated", "left-pad@1.3.0")
MAKE, GYP = ("install", "make"), ("install", "node-gyp rebuild")
BUNDLED = Seen(
    "install.script:bundled-postinstall",
    "node_modules/inner/package.json",
    3,
    "postinstall: node a.js",
)


def inside(
    of: Analysis | Missing, stated: dict[str, Any], shop: Project | None = None, **settings: Any
) -> Report:
    given = known(pin()).with_facts(
        {
            (REGISTERED.name, pin().release): registered(**stated),
            (ANALYSED.name, pin().release): of,
        }
    )
    chosen = {LAYER.name: BuildScriptsSettings(**settings)}
    return report(shop or project(pin()), facts=given, policy=policy(settings=chosen))


def analysed(*installs: tuple[str, str], **more: Any) -> Analysis:
    inner = Inner("left-pad", "1.3.0", scripts=installs)
    return Analysis("ab" * 64, ANALYSER, installs=installs, **{"inner": inner, **more})


def lines(found: Report, rule: str = UNSTATED[0]) -> list[str]:
    return [
        line.text
        for each in found.judged
        if each.finding.rule == rule
        for line in each.finding.evidence
    ]


@pytest.mark.parametrize(
    ("of", "stated", "told"),
    [
        (analysed(MAKE), {}, ["install: make"]),
        (analysed(GYP), {}, ["install: node-gyp rebuild"]),
        (analysed(("preinstall", "a"), ("postinstall", "b")), {"scripts": (("preinstall", "a"),)},
         ["postinstall: b"]),
        (analysed(("preinstall", "a"), ("postinstall", "b")),
         {"scripts": (("preinstall", "a"),), "has_install_script": True}, ["postinstall: b"]),
        (analysed(evidence=(BUNDLED,)), {},
         ["node_modules/inner/package.json: postinstall: node a.js"]),
        (analysed(MAKE, evidence=(BUNDLED,)), {"scripts": (MAKE,)},
         ["node_modules/inner/package.json: postinstall: node a.js"]),
        (analysed(evidence=(BUNDLED,)), {"has_install_script": True},
         ["node_modules/inner/package.json: postinstall: node a.js"]),
        # what is stated is the other rule's
        (analysed(MAKE), {"scripts": (MAKE,)}, []),
        (analysed(GYP), {"gypfile": True}, []),
        (analysed(GYP), {"scripts": (GYP,), "gypfile": True}, []),
        (analysed(MAKE), {"has_install_script": True}, []),
        (analysed(), {"scripts": (MAKE,)}, []),
        (analysed(), {}, []),
        # what cannot be analysed is a finding of its own
        (analysed(MAKE, oddities=("holds 'package.json' twice",)), {}, []),
    ],
)  # fmt: skip
def test_what_runs_at_install_and_is_stated_nowhere_is_told(
    of: Analysis, stated: dict[str, Any], told: list[str]
) -> None:
    assert lines(inside(of, stated)) == told


def test_a_flag_of_the_lockfile_states_it_too() -> None:
    shop = project(pin(install_script=True))
    assert lines(inside(analysed(MAKE), {}, shop)) == []
    assert lines(inside(analysed(MAKE), {}, shop), UNDECIDED[0]) == [
        "the lockfile says that it has an install script"
    ]


@pytest.mark.parametrize(
    ("settings", "decided"),
    [
        ({}, False),
        ({"approve": (approval(version="1.3.0"),)}, True),
        ({"approve": (approval(sha512=A.hex),)}, True),
        ({"approve": (approval(sha512=B.hex),)}, False),
        ({"deny": ("left-pad",)}, True),
    ],
)
def test_what_is_inside_is_decided_as_what_is_stated_is(
    settings: dict[str, Any], *, decided: bool
) -> None:
    assert decided == (UNSTATED not in fired(inside(analysed(MAKE), {}, **settings)))


def test_without_the_artifact_what_is_inside_is_unknown_and_what_is_stated_is_not() -> None:
    found = inside(Missing(Why.FAILED, "x"), RUNS)
    assert UNDECIDED in fired(found)
    assert UNSTATED[0] in {each.rule for each in found.unknowns}


@pytest.mark.parametrize("runs", [True, False])
def test_accepted_bytes_are_not_read_again_and_what_the_ledger_has_of_them_is_told(
    runs: bool,
) -> None:
    """To accept bytes is not to let them run."""
    releases = frozenset({pin().release})
    accepted = Accepted(releases, installs=releases if runs else frozenset())
    given = known(pin()).with_facts(
        {
            (ACCEPTED.name, None): accepted,
            (ANALYSED.name, pin().release): Missing(Why.NOT_ASKED, "x"),
        }
    )
    found = report(project(pin()), facts=given, policy=policy())
    assert lines(found, UNDECIDED[0]) == (
        ["the ledger says that its release line runs code at install"] if runs else []
    )
    assert UNSTATED[0] not in {each.rule for each in found.unknowns}
