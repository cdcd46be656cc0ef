"""A pull request is judged by its base; what it loosens is a finding of its own (DECISIONS 9)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.checking import (
    LOCK,
    POLICY,
    User,
    Work,
    action,
    bun,
    days_ago,
    entry,
    loud,
    npm,
    pnpm,
    rules,
    user,
    work,
)
from tests.registry import Registry, Shelved

from pratique.errors import Exit
from pratique.model.policy import Action, Verdict

__all__ = ["user", "work"]

LOOSENED = "policy/loosened"
EXEMPT = """
[[exemptions]]
rule = "release-age/too-new"
purl = "pkg:npm/fresh@1.0.0"
reason = "trust me"
owner = "me"
until = 2026-12-01
"""
APPROVE = """
[layers.build-scripts]
approve = [{ package = "native", version = "1.0.0", reason = "trust me" }]
"""
STRICT = 'preset = "strict"\n'


@dataclass
class Shelf:
    """What the registry has."""

    steady: Shelved
    fresh: Shelved
    native: Shelved


@pytest.fixture
def shelf(registry: Registry) -> Shelf:
    return Shelf(
        registry.publish("steady", "1.0.0"),
        registry.publish("fresh", "1.0.0", published=days_ago(40)),
        registry.publish("native", "1.0.0", scripts={"postinstall": "node setup.js"}),
    )


@pytest.fixture
def young(registry: Registry, shelf: Shelf) -> Shelved:
    """A release of yesterday, of a package that the base has already."""
    return registry.publish("steady", "1.0.1", published=days_ago(1))


def lock(registry: Registry, *releases: Shelved, **manifest: Any) -> dict[str, str]:
    return npm({one.name: entry(registry, one) for one in releases}, **manifest)


def moved(registry: Registry, release: Shelved, host: str) -> dict[str, str]:
    """The release beside enough others that its host stands out."""
    elsewhere = f"https://{host}/{release.path}"
    return npm({release.name: entry(registry, release, resolved=elsewhere)})


@dataclass(frozen=True)
class Case:
    """A change that asks for less, and what it would get past.

    Attributes:
        base, head: Files, made from the registry and what it has.
        key: What the finding on the policy is about.
        kept: The rule that fires all the same, and the base's action for it.
        lowers: Whether the head's policy would have let it pass, or weigh less.
    """

    base: Callable[[Registry, Shelf, Shelved], Mapping[str, str]]
    head: Callable[[Registry, Shelf, Shelved], Mapping[str, str]]
    key: str
    kept: tuple[str, Action]
    lowers: bool = True


def plain(registry: Registry, shelf: Shelf, _young: Shelved) -> Mapping[str, str]:
    return lock(registry, shelf.steady)


def ruled(text: str) -> Callable[[Registry, Shelf, Shelved], Mapping[str, str]]:
    """The plain base with a policy."""
    return lambda registry, shelf, young: {**plain(registry, shelf, young), POLICY: text}


def updated(text: str) -> Callable[[Registry, Shelf, Shelved], Mapping[str, str]]:
    """A young release comes in, and with it a policy."""
    return lambda registry, _shelf, young: {**lock(registry, young), POLICY: text}


TOO_NEW = ("release-age/too-new", Action.BLOCK)
UNDECIDED = ("build-scripts/undecided", Action.WARN)
CASES = {
    "exempts itself": Case(
        ruled(""),
        updated(EXEMPT.replace("fresh@1.0.0", "steady@1.0.1")),
        "exemptions.release-age/too-new.pkg:npm/steady@1.0.1",
        TOO_NEW,
    ),
    "loosens a duration": Case(
        ruled('[layers.release-age]\ncooldown = "3 days"\n'),
        updated('[layers.release-age]\ncooldown = "1 hour"\n'),
        "layers.release-age.cooldown",
        TOO_NEW,
    ),
    "adds a host alias": Case(
        plain,
        lambda registry, shelf, _young: {
            **moved(registry, shelf.fresh, "evil.example"),
            POLICY: '[hosts]\n"evil.example" = "default"\n',
        },
        "hosts.evil.example",
        ("lockfile/unmapped-host", Action.WARN),
    ),
    "adds a host alias for one entry of many": Case(
        plain,
        lambda registry, shelf, _young: {
            **npm(
                {
                    "steady": entry(registry, shelf.steady),
                    "fresh": entry(
                        registry, shelf.fresh, resolved=f"https://evil.example/{shelf.fresh.path}"
                    ),
                }
            ),
            POLICY: '[hosts]\n"evil.example" = "default"\n',
        },
        "hosts.evil.example",
        ("lockfile/foreign-host", Action.QUARANTINE),
    ),
    "approves in the policy": Case(
        ruled(""),
        lambda registry, shelf, _young: {
            **lock(registry, shelf.steady, shelf.native),
            POLICY: APPROVE,
        },
        "layers.build-scripts.approve",
        UNDECIDED,
    ),
    "approves in package.json": Case(
        plain,
        lambda registry, shelf, _young: lock(
            registry, shelf.steady, shelf.native, allowScripts={"native": True}
        ),
        "approvals.native",
        UNDECIDED,
    ),
    "approves in pnpm-workspace.yaml": Case(
        lambda _registry, shelf, _young: pnpm(shelf.steady),
        lambda _registry, shelf, _young: pnpm(
            shelf.steady, shelf.native, workspace="allowBuilds:\n  native: true\n"
        ),
        "approvals.native",
        UNDECIDED,
    ),
    "trusts in bun's list": Case(
        lambda _registry, shelf, _young: bun(shelf.steady),
        lambda _registry, shelf, _young: bun(
            shelf.steady, shelf.native, trustedDependencies=["native"]
        ),
        "approvals.native",
        UNDECIDED,
    ),
    "lowers an action": Case(
        plain,
        updated('[rules]\n"release-age/too-new" = "observe"\n'),
        "rules.release-age/too-new",
        TOO_NEW,
    ),
    "leaves a folder out": Case(
        plain,
        lambda registry, _shelf, young: {
            **{f"app/{name}": text for name, text in lock(registry, young).items()},
            POLICY: '[repository]\nexclude = [{ glob = "app/**", reason = "generated" }]\n',
        },
        "repository.exclude.app/**",
        TOO_NEW,
    ),
    "switches the preset": Case(ruled(STRICT), updated('preset = "lenient"\n'), "preset", TOO_NEW),
    "brings a first policy that is laxer": Case(
        plain, updated('preset = "lenient"\n'), "preset", TOO_NEW
    ),
    "removes the policy": Case(
        ruled(STRICT),
        lambda registry, _shelf, young: lock(registry, young),
        "preset",
        TOO_NEW,
        lowers=False,
    ),
    "does not require a layer any more": Case(
        plain,
        updated("[layers.release-age]\nrequired = false\n"),
        "layers.release-age.required",
        TOO_NEW,
        lowers=False,
    ),
}


@dataclass
class Change:
    """A case as a repository on its branch."""

    case: Case
    work: Work


@pytest.fixture(params=CASES)
def change(
    request: pytest.FixtureRequest, registry: Registry, shelf: Shelf, young: Shelved, work: Work
) -> Change:
    case = CASES[request.param]
    work.begin(case.base(registry, shelf, young))
    if request.param == "removes the policy":
        (work.folder / POLICY).unlink()
    work.commit(case.head(registry, shelf, young))
    return Change(case, work)


def test_what_a_change_loosens_is_quarantined_and_listed_first(change: Change, user: User) -> None:
    report = user.check(change.work.folder, base="main")
    assert report.judged[0].finding.rule == LOOSENED
    assert report.judged[0].action is Action.QUARANTINE
    assert [each.finding.key for each in loud(report) if each.finding.rule == LOOSENED] == [
        change.case.key
    ]
    assert report.verdict >= Verdict.QUARANTINE
    assert report.exit is Exit.BLOCKED


def test_the_base_judges_what_the_change_brings(change: Change, user: User) -> None:
    report = user.check(change.work.folder, base="main")
    rule, weight = change.case.kept
    assert action(report, rule) is weight
    assert rule in rules(report), "no exemption of the head counts"


def test_the_heads_policy_judges_where_that_is_accepted(change: Change, user: User) -> None:
    report = user.check(change.work.folder, base="main", accept_head_policy=True)
    assert LOOSENED not in rules(report)
    rule, weight = change.case.kept
    after = max((each.verdict for each in loud(report) if each.finding.rule == rule), default=0)
    if change.case.lowers:
        assert after < Verdict.of(weight)
    assert report.change
    assert report.change.head_policy


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_an_accepted_policy_is_printed(
    form: str, registry: Registry, shelf: Shelf, young: Shelved, work: Work, user: User
) -> None:
    work.begin(plain(registry, shelf, young))
    work.commit(updated('preset = "lenient"\n')(registry, shelf, young))
    options = ("--base", "main", "--accept-head-policy", "--format", form)
    ran = user.run("check", ".", *options, cwd=work.folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "--accept-head-policy" in ran.stdout
    as_json = user.run("check", ".", *options[:3], "--format", "json", cwd=work.folder)
    assert json.loads(as_json.stdout)["change"]["head-policy"] is True


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_form_of_the_report_names_it_before_all_else(
    form: str, registry: Registry, shelf: Shelf, work: Work, user: User
) -> None:
    today = datetime.now(UTC)  # noqa: TID251 - the command line reads the clock, too
    young = registry.publish("steady", "1.0.1", published=today - timedelta(days=1))
    work.begin(plain(registry, shelf, young))
    work.commit(updated('preset = "lenient"\n')(registry, shelf, young))
    ran = user.run("check", ".", "--base", "main", "--format", form, cwd=work.folder)
    assert ran.returncode == 1
    assert 0 <= ran.stdout.find(LOOSENED) < ran.stdout.find("release-age/too-new")


def test_a_policy_file_of_the_command_line_does_not_hide_a_new_approval(
    registry: Registry, shelf: Shelf, work: Work, user: User, tmp_path: Path
) -> None:
    work.begin(lock(registry, shelf.steady))
    work.commit(lock(registry, shelf.steady, shelf.native, allowScripts={"native": True}))
    (tmp_path / "ours.toml").write_text('preset = "recommended"\n')
    report = user.check(work.folder, base="main", policy_file=tmp_path / "ours.toml")
    assert rules(report)[0] == LOOSENED


@pytest.mark.parametrize("file", [".npmrc"])
def test_switching_scripts_on_again_is_loosening(
    file: str, registry: Registry, shelf: Shelf, work: Work, user: User
) -> None:
    """The entries are the same, so nothing else would say that their scripts now run."""
    files = lock(registry, shelf.steady, shelf.native)
    work.begin({**files, file: "ignore-scripts=true\n"})
    work.commit({file: "ignore-scripts=false\n"})
    report = user.check(work.folder, base="main")
    assert rules(report) == [LOOSENED]
    assert report.exit is Exit.BLOCKED


# -- what is judged --------------------------------------------------------------------------------


def test_what_the_change_leaves_alone_is_not_judged(
    registry: Registry, shelf: Shelf, young: Shelved, work: Work, user: User
) -> None:
    registry.publish("second", "1.0.0")
    work.begin(lock(registry, young, shelf.native))
    work.commit(lock(registry, young, shelf.native, registry.release("second", "1.0.0")))
    registry.forget()
    report = user.check(work.folder, base="main")
    assert rules(report) == []
    assert report.exit is Exit.ALLOWED
    assert {one.path.lstrip("/").partition("/")[0] for one in registry.requests} == {"second"}
    whole = user.check(work.folder)
    assert set(rules(whole)) == {"release-age/too-new", "build-scripts/undecided"}


def test_what_the_change_removes_and_moves_is_said(
    registry: Registry, shelf: Shelf, young: Shelved, work: Work, user: User
) -> None:
    work.begin(lock(registry, shelf.steady, shelf.fresh))
    work.commit(lock(registry, young))
    ran = user.run("check", ".", "--base", "main", "--format", "json", cwd=work.folder)
    change = json.loads(ran.stdout)["change"]
    assert "fresh@1.0.0" in json.dumps(change["removed"])
    text = user.run("check", ".", "--base", "main", cwd=work.folder).stdout
    assert "removed" in text
    report = user.check(work.folder, base="main")
    assert report.change
    assert [str(each) for each in report.change.removed] == ["fresh@1.0.0", "steady@1.0.0"]
    assert [(p.name, old, new) for p, old, new in report.change.updated] == [
        ("steady", "1.0.0", "1.0.1")
    ]


def test_an_entry_that_is_hoisted_and_otherwise_the_same_is_not_judged(
    registry: Registry, shelf: Shelf, young: Shelved, work: Work, user: User
) -> None:
    parent = registry.publish("parent", "1.0.0", dependencies={"steady": "^1.0.0"})
    entries = {"parent": entry(registry, parent), "steady": entry(registry, shelf.steady)}
    work.begin(npm({**entries, "parent/node_modules/steady": entry(registry, young)}))
    del entries["steady"]
    hoisted = npm({**entries, "steady": entry(registry, young)}, direct=["parent"])
    work.commit(hoisted)
    report = user.check(work.folder, base="main")
    assert rules(report) == []
    assert report.change
    assert report.change.altered == ()


@pytest.mark.parametrize(("days", "expected"), [(29, ["release-age/new-package"]), (31, [])])
def test_a_new_dependency_is_judged_by_its_first_version(
    registry: Registry, shelf: Shelf, work: Work, user: User, days: int, expected: list[str]
) -> None:
    registry.publish("novel", "1.0.0", published=days_ago(days))
    latest = registry.publish("novel", "1.0.1", published=days_ago(4))
    work.begin(lock(registry, shelf.steady))
    work.commit(lock(registry, shelf.steady, latest))
    assert rules(user.check(work.folder, base="main")) == expected
    assert rules(user.check(work.folder)) == [], "without a base no package is new"


def test_another_version_of_a_package_that_the_base_has_is_not_new(
    registry: Registry, shelf: Shelf, work: Work, user: User
) -> None:
    first = registry.publish("novel", "1.0.0", published=days_ago(20))
    second = registry.publish("novel", "1.0.1", published=days_ago(4))
    work.begin(lock(registry, first))
    work.commit(lock(registry, second))
    assert rules(user.check(work.folder, base="main")) == []


STRIPPED = {"integrity": None}


def test_an_altered_entry_of_a_release_that_the_base_has_is_judged(
    registry: Registry, shelf: Shelf, work: Work, user: User
) -> None:
    work.begin(lock(registry, shelf.steady, shelf.fresh))
    stripped = entry(registry, shelf.steady, **STRIPPED)
    work.commit(npm({"steady": stripped, "fresh": entry(registry, shelf.fresh)}))
    report = user.check(work.folder, base="main")
    assert rules(report) == ["lockfile/missing-integrity", "signatures/uncovered"]
    assert report.change
    assert [str(each) for each in report.change.altered] == ["steady@1.0.0"]


def test_what_is_wrong_with_the_project_at_the_base_already_is_not_repeated(
    registry: Registry, shelf: Shelf, work: Work, user: User
) -> None:
    rival = {"yarn.lock": "# yarn lockfile v1\n\n\n"}
    named = {".npmrc": "registry=https://one.example/\n"}
    work.begin({**lock(registry, shelf.steady), **rival, **named})
    assert set(rules(user.check(work.folder))) == {
        "lockfile/several-managers",
        "lockfile/project-registry",
    }
    work.commit(lock(registry, shelf.steady, shelf.fresh))
    assert rules(user.check(work.folder, base="main")) == []


def test_another_registry_in_the_projects_file_than_at_the_base_is_reported(
    registry: Registry, shelf: Shelf, work: Work, user: User
) -> None:
    work.begin({**lock(registry, shelf.steady), ".npmrc": "registry=https://one.example/\n"})
    work.commit({".npmrc": "registry=https://two.example/\n"})
    assert rules(user.check(work.folder, base="main")) == ["lockfile/project-registry"]


def test_a_lockfile_that_the_change_makes_unreadable_is_undecided(
    registry: Registry, shelf: Shelf, work: Work, user: User
) -> None:
    work.begin(lock(registry, shelf.steady))
    work.commit({LOCK: '{"lockfileVersion": 3, "packages": {'})
    report = user.check(work.folder, base="main")
    assert report.exit is Exit.UNDECIDED
    assert [each.rule for each in report.unknowns] == ["lockfile/unreadable"]


def test_a_head_policy_that_cannot_be_read_stops_the_check(
    registry: Registry, shelf: Shelf, work: Work, user: User
) -> None:
    work.begin(lock(registry, shelf.steady))
    work.commit({POLICY: "preset = "})
    ran = user.run("check", ".", "--base", "main", cwd=work.folder)
    assert ran.returncode == Exit.USAGE
    assert POLICY in ran.stderr
