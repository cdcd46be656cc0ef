"""Layer 3: who runs code at install, and what counts as a decision about it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import NOW, A, B, fired, known, pin, policy, project, registered, report

from pratique.config import read_policy
from pratique.layers.build_scripts import LAYER, BuildScriptsSettings
from pratique.model.fact import REGISTERED
from pratique.model.pin import Location, Manager, Source
from pratique.model.project import Approval, DeadKey, Project, Settings

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
