"""The life of `pratique.lock`: what a check asks about, how branches merge, who judges a change."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.checking import User, Work, entry, make_user, npm, rules, user, work
from tests.registry import Registry, Shelved

from pratique.errors import Exit
from pratique.ledger import ATTRIBUTE, read_ledger
from pratique.model.behavior import ANALYSER
from pratique.model.report import Report

__all__ = ["user", "work"]

NOW = datetime.now(UTC)  # noqa: TID251 - the command line reads the clock, too
LEDGER = "pratique.lock"
ATTRIBUTES = {".gitattributes": f"{ATTRIBUTE}\n"}
EXTENDED = "ledger/extended"
GAIN = "behavior/new-capability"
NETWORK = "require('https').get('https://' + process.argv[2]);\n"
THIEF = """\
const fs = require('fs');
const os = require('os');
module.exports = fs.readFileSync(os.homedir() + '/.ssh/id_rsa');
"""
WHY = ("--why", "read the diff", "--by", "ada@mail.example")


def publish(
    registry: Registry, name: str, version: str = "1.0.0", code: str = "module.exports = 1;\n"
) -> Shelved:
    return registry.publish(name, version, files={"index.js": code})


def locked(registry: Registry, *releases: Shelved, at: str = "") -> dict[str, str]:
    files = npm({each.name: entry(registry, each) for each in releases})
    return {f"{at}{name}": text for name, text in files.items()}


def accept(user: User, work: Work, *words: str) -> str:
    ran = user.run("accept", *words, cwd=work.folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def bootstrap(user: User, work: Work) -> None:
    accept(user, work, "--all", "--by", "ada@mail.example")


def lines(work: Work) -> list[str]:
    return (work.folder / LEDGER).read_text().splitlines()


def accepted(work: Work) -> set[str]:
    ledger = read_ledger((work.folder / LEDGER).read_bytes())
    return {
        f"{line.key.package.name}@{each.version}"
        for line in ledger.lines.values()
        for each in line.accepted
    }


def fetched(registry: Registry) -> set[str]:
    """File names of the artifacts that were asked for."""
    return {one.path.rpartition("/")[2] for one in registry.asked("*.tgz")}


# -- a check looks at what is not accepted ---------------------------------------------------------


def test_a_check_elsewhere_reads_the_artifacts_of_what_is_new_and_no_others(
    registry: Registry, work: Work, user: User, tmp_path: Path
) -> None:
    steady, second = publish(registry, "steady"), publish(registry, "second")
    work.write(locked(registry, steady, second, publish(registry, "widget")))
    bootstrap(user, work)
    work.write(locked(registry, steady, second, publish(registry, "widget", "1.0.1", THIEF)))
    registry.forget()
    other = make_user(tmp_path / "other", f"registry={registry.url}")
    report = other.check(work.folder, now=NOW)
    assert fetched(registry) == {"widget-1.0.1.tgz"}, "the ledger knows what 1.0.0 could do"
    assert {
        (one.finding.rule, str(one.finding.release)) for one in report.judged if one.verdict
    } == {(GAIN, "widget@1.0.1")}
    (found,) = [one.finding for one in report.judged if one.finding.rule == GAIN]
    assert "compared with 1.0.0" in found.message


def test_a_package_that_the_ledger_has_is_no_new_dependency(
    registry: Registry, work: Work, user: User
) -> None:
    young = NOW - timedelta(days=9)
    known = registry.publish("known", "1.0.0", published=young)
    work.write(locked(registry, known))
    bootstrap(user, work)
    work.write(locked(registry, known, registry.publish("novel", "1.0.0", published=young)))
    assert rules(user.check(work.folder, now=NOW)) == ["release-age/new-package"]


def test_bytes_are_what_is_accepted_and_not_a_version(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    bootstrap(user, work)
    work.write(locked(registry, publish(registry, "widget", code=THIEF)))
    assert GAIN in rules(user.check(work.folder, now=NOW))


# -- the printed line ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["widget", "@corp/widget"])
def test_the_printed_line_accepts_what_was_found_and_the_finding_is_gone(
    name: str, registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, name)))
    bootstrap(user, work)
    work.write(locked(registry, publish(registry, name, "1.0.1", THIEF)))
    ran = user.run("check", ".", cwd=work.folder)
    assert ran.returncode == 1
    look, line = _printed(ran.stdout, "look"), _printed(ran.stdout, "accept")
    assert look == f"pratique diff {name}@1.0.0 {name}@1.0.1"
    assert line == f'pratique accept {name}@1.0.1 --why "\u2026"'
    (user.home / ".gitconfig").write_text("[user]\nemail = ada@mail.example\n")
    as_it_stands = user.run(*shlex.split(line)[1:], cwd=work.folder)
    assert as_it_stands.returncode == 2, "it wants words of one's own"
    assert user.run(*shlex.split(look)[1:], cwd=work.folder).returncode in {0, 1}
    typed = shlex.split(line.replace("\u2026", "read the diff"))
    assert user.run(*typed[1:], cwd=work.folder).returncode == 0
    report = user.check(work.folder, now=NOW)
    assert (rules(report), report.exit) == ([], Exit.ALLOWED)


def test_the_printed_line_accepts_what_nothing_is_known_of(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget", code=THIEF)))
    report = user.check(work.folder, now=NOW)
    (found,) = [one.finding for one in report.judged if one.finding.rule == "behavior/no-baseline"]
    assert found.remedy
    assert found.remedy.look == "pratique inspect widget@1.0.0"
    accept(user, work, *shlex.split((found.remedy.command or "").replace("\u2026", "read"))[2:],
           "--by", "ada@mail.example")  # fmt: skip
    after = user.check(work.folder, now=NOW)
    assert "behavior/no-baseline" not in {one.finding.rule for one in after.judged}


def _printed(text: str, label: str) -> str:
    (found,) = [line for line in text.splitlines() if line.startswith(f"  {label} ")]
    return found.removeprefix(f"  {label}").strip()


@pytest.mark.parametrize("form", ["text", "markdown", "sarif"])
def test_every_form_of_the_report_has_both_lines(
    form: str, registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    bootstrap(user, work)
    work.write(locked(registry, publish(registry, "widget", "1.0.1", THIEF)))
    printed = user.run("check", ".", "--format", form, cwd=work.folder).stdout
    for line in ("pratique diff widget@1.0.0 widget@1.0.1", "pratique accept widget@1.0.1 --why"):
        assert line in printed


# -- a newer analyser ------------------------------------------------------------------------------


def older(work: Work) -> None:
    """The ledger as an analyser would have written it in January that saw nothing of all this."""
    header, *rows = [json.loads(line) for line in lines(work)]
    header["analyser"] = ANALYSER - 1
    for row in rows:
        assert row.pop("capabilities")
        row["first"] = row["last"] = "2026-01-05"
    work.write({LEDGER: "".join(f"{json.dumps(row)}\n" for row in (header, *rows))})


@pytest.fixture
def before(registry: Registry, work: Work, user: User, tmp_path: Path) -> User:
    """1.0.0 was accepted by an older analyser, 1.0.1 is locked; somebody else, with no store."""
    work.write(locked(registry, publish(registry, "widget", code=NETWORK)))
    bootstrap(user, work)
    older(work)
    newer = publish(registry, "widget", "1.0.1", f"{NETWORK}// mended\n")
    work.write(locked(registry, newer))
    registry.forget()
    return make_user(tmp_path / "other", f"registry={registry.url}")


def test_what_a_newer_analyser_sees_in_accepted_bytes_is_not_gained(
    registry: Registry, work: Work, before: User
) -> None:
    report = before.check(work.folder, now=NOW)
    assert [one.finding.rule for one in report.judged if one.finding.rule == GAIN] == []
    assert (report.unknowns, report.exit) == ((), Exit.ALLOWED)
    assert fetched(registry) == {"widget-1.0.0.tgz", "widget-1.0.1.tgz"}


def test_without_the_accepted_bytes_nothing_is_said_to_be_gained_or_not(
    registry: Registry, work: Work, before: User
) -> None:
    registry.withdraw("widget", "1.0.0")
    report = before.check(work.folder, now=NOW)
    assert GAIN in {each.rule for each in report.unknowns}
    assert report.exit is Exit.UNDECIDED


def test_accepting_refreshes_the_line_as_old_as_it_is(work: Work, before: User) -> None:
    accept(before, work, "widget@1.0.1", *WHY)
    header, row = [json.loads(line) for line in lines(work)]
    assert header["analyser"] == ANALYSER
    assert "analyser" not in row
    assert row["capabilities"]["net.client:http"] == "2026-01-05"


def test_an_accepted_tree_stays_accepted_under_a_newer_analyser(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget", code=NETWORK)))
    bootstrap(user, work)
    older(work)
    registry.forget()
    report = user.check(work.folder, now=NOW)
    assert (rules(report), report.exit) == ([], Exit.ALLOWED)
    assert fetched(registry) == set()


# -- branches --------------------------------------------------------------------------------------


@pytest.fixture
def main(registry: Registry, work: Work, user: User) -> Work:
    """Three projects in one repository, with a ledger of what they lock."""
    steady = publish(registry, "steady")
    files: dict[str, str] = {}
    for folder in ("a/", "b/", "c/"):
        files |= locked(registry, steady, at=folder)
    work.begin({**files, **ATTRIBUTES})
    bootstrap(user, work)
    work.commit({})
    work.git("branch", "-f", "main")
    return work


def branch(work: Work, user: User, name: str, files: Mapping[str, str], release: str) -> None:
    """From main: a dependency more, and its acceptance."""
    work.git("checkout", "-q", "-b", name, "main")
    work.write(files)
    accept(user, work, release, *WHY)
    work.commit({})


def merge(work: Work, *names: str) -> None:
    work.git("checkout", "-q", "main")
    for name in names:
        work.git("merge", "-q", "--no-ff", "-m", name, name)


def quiet(report: Report) -> bool:
    return rules(report) == [] and report.exit is Exit.ALLOWED


def add_three(registry: Registry, work: Work, user: User) -> None:
    """Each in its own project; in the ledger the three stand side by side."""
    steady = registry.release("steady", "1.0.0")
    for folder, name in (("a", "widget-a"), ("b", "widget-b"), ("c", "widget-c")):
        files = locked(registry, steady, publish(registry, name, code=THIEF), at=f"{folder}/")
        branch(work, user, f"add-{folder}", files, f"{name}@1.0.0")


def test_three_branches_that_each_accept_a_dependency_merge(
    registry: Registry, main: Work, user: User
) -> None:
    add_three(registry, main, user)
    merge(main, "add-a", "add-b", "add-c")
    three = {"widget-a@1.0.0", "widget-b@1.0.0", "widget-c@1.0.0"}
    assert accepted(main) == {"steady@1.0.0", *three}
    assert quiet(user.check(main.folder, now=NOW))
    bootstrap(user, main)
    assert main.git("status", "--porcelain") == "", "what git merged is what would be written"


def test_without_the_attribute_they_would_not(registry: Registry, main: Work, user: User) -> None:
    main.git("checkout", "-q", "main")
    main.git("rm", "-q", ".gitattributes")
    main.commit({})
    add_three(registry, main, user)
    with pytest.raises(AssertionError):
        merge(main, "add-a", "add-b", "add-c")
    ran = user.run("check", ".", cwd=main.folder)
    assert ran.returncode == 3
    assert "merge conflict marker" in ran.stderr


def test_two_branches_that_update_one_package_leave_two_rows_that_are_read_as_one(
    registry: Registry, main: Work, user: User
) -> None:
    one, two = publish(registry, "steady", "1.0.1", THIEF), publish(registry, "steady", "1.0.2")
    branch(main, user, "one", locked(registry, one, at="a/"), "steady@1.0.1")
    branch(main, user, "two", locked(registry, two, at="b/"), "steady@1.0.2")
    merge(main, "one", "two")
    assert len(lines(main)) == 3, "a header and two rows"
    assert accepted(main) == {"steady@1.0.0", "steady@1.0.1", "steady@1.0.2"}
    assert quiet(user.check(main.folder, now=NOW))
    accept(user, main, "steady@1.0.2", *WHY)
    assert len(lines(main)) == 2, "the next acceptance makes one of them"
    assert quiet(user.check(main.folder, now=NOW))


# -- a change does not judge itself ----------------------------------------------------------------


@pytest.fixture
def change(registry: Registry, main: Work, user: User) -> Work:
    """A branch that updates to what steals, and accepts that for itself."""
    thief = publish(registry, "steady", "1.0.1", THIEF)
    branch(main, user, "steal", locked(registry, thief, at="a/"), "steady@1.0.1")
    return main


def test_what_a_change_accepts_for_itself_is_held_and_listed_first(
    change: Work, user: User
) -> None:
    report = user.check(change.folder, base="main", now=NOW)
    assert rules(report)[0] == EXTENDED
    assert GAIN in rules(report), "the base's ledger judges"
    assert report.exit is Exit.BLOCKED
    (found,) = [one.finding for one in report.judged if one.finding.rule == EXTENDED]
    assert found.where
    assert '"1.0.1"' in lines(change)[(found.where.line or 0) - 1], "it stands where it is read"
    ran = user.run("check", ".", "--base", "main", cwd=change.folder)
    assert ran.returncode == 1
    assert 0 < ran.stdout.find(EXTENDED) < ran.stdout.find(GAIN)


def test_the_heads_ledger_judges_where_that_is_accepted_and_the_report_says_so(
    change: Work, user: User
) -> None:
    ran = user.run("check", ".", "--base", "main", "--accept-head-policy", cwd=change.folder)
    assert ran.returncode == 0, ran.stdout
    assert EXTENDED not in ran.stdout
    assert "(--accept-head-policy)" in ran.stdout


def test_after_the_merge_the_ledger_of_main_has_it(change: Work, user: User) -> None:
    merge(change, "steal")
    assert quiet(user.check(change.folder, now=NOW))


def test_a_change_that_accepts_nothing_is_judged_by_what_the_base_accepted(
    registry: Registry, main: Work, user: User
) -> None:
    main.git("checkout", "-q", "-b", "dull", "main")
    main.commit(locked(registry, publish(registry, "steady", "1.0.1"), at="a/"))
    assert quiet(user.check(main.folder, base="main", now=NOW))


def test_a_change_that_takes_the_ledger_away_is_held(main: Work, user: User) -> None:
    main.git("checkout", "-q", "-b", "gone", "main")
    main.git("rm", "-q", LEDGER)
    main.commit({})
    report = user.check(main.folder, base="main", now=NOW)
    assert rules(report) == [EXTENDED]


def test_a_change_that_empties_the_ledger_is_held(main: Work, user: User) -> None:
    main.git("checkout", "-q", "-b", "gone", "main")
    main.commit({LEDGER: lines(main)[0] + "\n"})
    report = user.check(main.folder, base="main", now=NOW)
    assert rules(report) == [EXTENDED]


def test_a_change_that_takes_away_the_line_of_what_it_locks_is_held(
    registry: Registry, main: Work, user: User
) -> None:
    """Afterwards what its next release gains would be as old as the line's first day."""
    main.git("checkout", "-q", "main")
    main.write(locked(registry, publish(registry, "widget"), at="b/"))
    accept(user, main, "widget@1.0.0", *WHY)
    main.commit({})
    main.git("checkout", "-q", "-b", "gone", "main")
    main.commit({LEDGER: "".join(f"{each}\n" for each in lines(main) if "widget" not in each)})
    (found,) = user.check(main.folder, base="main", now=NOW).judged
    assert found.finding.message == "takes away what is known of widget (line 1)"
    assert found.finding.rule == EXTENDED


def test_a_change_that_locks_a_package_no_longer_may_take_out_its_line(
    registry: Registry, main: Work, user: User
) -> None:
    main.git("checkout", "-q", "main")
    main.write(locked(registry, publish(registry, "widget"), at="b/"))
    accept(user, main, "widget@1.0.0", *WHY)
    main.commit({})
    main.git("checkout", "-q", "-b", "less", "main")
    main.write(locked(registry, registry.release("steady", "1.0.0"), at="b/"))
    accept(user, main, "--prune")
    main.commit({})
    assert quiet(user.check(main.folder, base="main", now=NOW))


def test_a_change_that_forgets_what_runs_at_install_is_held(
    registry: Registry, main: Work, user: User
) -> None:
    """The ledger is what says so of bytes that it accepts and the registry states nothing of."""
    main.git("checkout", "-q", "main")
    native = registry.publish("native", "1.0.0", scripts={"install": "make"})
    main.write(locked(registry, native, at="b/"))
    accept(user, main, "native@1.0.0", *WHY)
    main.commit({})
    main.git("checkout", "-q", "-b", "quiet", "main")
    rows = [json.loads(each) for each in lines(main)]
    assert [each for each in rows if each.pop("scripts", None)], "it was there"
    main.commit({LEDGER: "".join(f"{json.dumps(each)}\n" for each in rows)})
    assert EXTENDED in rules(user.check(main.folder, base="main", now=NOW))


def test_a_change_that_brings_a_first_ledger_is_held(
    registry: Registry, work: Work, user: User
) -> None:
    work.begin(locked(registry, publish(registry, "steady")))
    bootstrap(user, work)
    work.commit({})
    report = user.check(work.folder, base="main", now=NOW)
    assert [one.finding.message for one in report.judged if one.verdict] == [
        "brings a first ledger of 1 lines"
    ]
