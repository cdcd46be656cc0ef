"""`inspect` and `diff` of releases that a registry has, and of files."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import tars
from tests.e2e.checking import NOW, User, days_ago, make_user, user
from tests.registry import Registry, Shelved, faults

from pratique.config import read_policy
from pratique.errors import ArtifactError, Exit, UsageError
from pratique.inspecting import Terms, diff, inspect
from pratique.model.behavior import Step
from pratique.model.policy import Action, Verdict
from pratique.reports import Page
from pratique.reports.difference_formats import DIFF, INSPECT
from pratique.reports.difference_subject import Compared, Inspected

__all__ = ["user"]

CALM = "module.exports = name => `hello ${name}`;\n"
SHELL = "const {execSync} = require('child_process');\nexecSync('id');\n" + CALM
FETCHES = "fetch('https://collect.example/');\n" + CALM
READS = "const fs = require('fs');\nfs.writeFileSync('a', 'b');\n" + CALM
OLD, NEW = days_ago(900), days_ago(1)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in an empty folder of its own."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def terms(user: User, **more: Any) -> Terms:
    return Terms(now=NOW, environment=user.environment, **more)


def widget(registry: Registry, version: str, code: str = CALM, **more: Any) -> Shelved:
    more.setdefault("published", OLD)
    return registry.publish("left-widget", version, files={"index.js": code}, **more)


def archive(path: Path, version: str, code: str = CALM, name: str = "left-widget") -> str:
    inside = json.dumps({"name": name, "version": version}).encode()
    path.write_bytes(
        tars.tgz(tars.manifest(inside), tars.member("package/index.js", code.encode()))
    )
    return str(path)


def document(subject: Compared | Inspected) -> Any:
    """As JSON, held against the published schema."""
    name = "diff" if isinstance(subject, Compared) else "inspect"
    forms: Any = DIFF if isinstance(subject, Compared) else INSPECT
    render = next(form.render for form in forms if form.name == "json")
    made = json.loads(render(subject, Page(version="0.3.0")))
    schema = json.loads((files("pratique") / f"schemas/{name}-v1.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(made)
    return made


def gained(compared: Compared) -> list[str]:
    return [each.capability for each in compared.difference.gained]


# -- inspect ---------------------------------------------------------------------------------------


def test_a_release_is_looked_at_as_a_first_install(registry: Registry, user: User) -> None:
    widget(registry, "1.0.0", SHELL)
    found = inspect("left-widget@1.0.0", terms(user))
    assert (found.name, found.version, found.exit) == ("left-widget", "1.0.0", Exit.ALLOWED)
    assert "exec.process:child_process" in found.analysis.capabilities
    assert [each.row for each in found.outcome.reasons] == ["unknown-past"]
    made = document(found)
    assert made["age"]["published"] == f"{OLD:%Y-%m-%dT%H:%M:%SZ}"
    assert made["baseline"] is None


def test_a_scoped_release_and_a_tag_are_looked_up(registry: Registry, user: User) -> None:
    registry.publish("@corp/tool", "1.0.0")
    registry.publish("@corp/tool", "2.0.0-rc.1", tag="next")
    found = inspect("@corp/tool@next", terms(user))
    assert (found.name, found.version) == ("@corp/tool", "2.0.0-rc.1")
    assert found.notes == ("next stands for @corp/tool@2.0.0-rc.1 today",)


NOT_HAD = [
    ("left-widget@9.0.0", "no release of that version"),
    ("absent@1.0.0", "no package of that name"),
    ("left-widget@beta", "no release that beta stands for"),
]


@pytest.mark.parametrize(("target", "why"), NOT_HAD)
def test_what_the_registry_does_not_have_is_undecided(
    registry: Registry, user: User, target: str, why: str
) -> None:
    widget(registry, "1.0.0")
    with pytest.raises(ArtifactError, match=why) as caught:
        inspect(target, terms(user))
    assert caught.value.exit_code == Exit.UNDECIDED


def test_other_bytes_than_the_registry_s_digest_are_never_looked_at(
    registry: Registry, user: User
) -> None:
    widget(registry, "1.0.0")
    registry.fault(faults.other_bytes(), kind="tarball")
    with pytest.raises(ArtifactError, match="other bytes than the digest"):
        inspect("left-widget@1.0.0", terms(user))


def test_a_registry_that_is_down_is_undecided(registry: Registry, user: User) -> None:
    registry.close()
    with pytest.raises(ArtifactError, match="could not be reached"):
        inspect("left-widget@1.0.0", terms(user))


def test_what_was_looked_at_once_is_there_offline(registry: Registry, user: User) -> None:
    widget(registry, "1.0.0", SHELL)
    before = inspect("left-widget@1.0.0", terms(user))
    registry.forget()
    after = inspect("left-widget@1.0.0", terms(user, offline=True))
    assert after.analysis == before.analysis
    assert "offline" in after.age.why
    with pytest.raises(ArtifactError, match="offline") as caught:
        inspect("left-widget@1.0.1", terms(user, offline=True))
    assert "--offline" in caught.value.hint
    assert registry.requests == []


def test_another_manifest_inside_than_the_registry_states_counts_as_in_a_check(
    registry: Registry, user: User
) -> None:
    widget(registry, "1.0.0", packed={"name": "right-widget", "scripts": {"install": "node x"}})
    found = inspect("left-widget@1.0.0", terms(user))
    assert [each.partition(":")[0] for each in found.notes] == ["name", "script install"]
    policy = read_policy(None, "pratique.toml", now=NOW)
    of_rule = policy.actions.get("lockfile/manifest-confusion", Action.OFF)
    assert found.outcome.action is max(Action.OBSERVE, of_rule)


def test_a_file_asks_nobody(registry: Registry, user: User, elsewhere: Path) -> None:
    shutil.rmtree(user.home / "cache")
    found = inspect(archive(elsewhere / "w.tgz", "1.0.0", SHELL), terms(user))
    assert (found.name, found.version, found.exit) == ("left-widget", "1.0.0", Exit.ALLOWED)
    assert document(found)["age"] is None
    assert registry.requests == []
    assert not (user.home / "cache").exists()


def test_a_file_that_is_no_archive_is_refused(user: User, elsewhere: Path) -> None:
    (elsewhere / "odd.tgz").write_bytes(b"not gzip")
    found = inspect("odd.tgz", terms(user))
    assert (found.name, found.exit) == ("odd.tgz", Exit.BLOCKED)
    assert document(found)["reasons"][0]["row"] == "unanalysable"


@pytest.mark.parametrize("bound", ["SMALL", "LITTLE"])
def test_a_large_file_is_read_by_another_process(
    user: User, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """Large as it is, or unpacked: it may take that process with it, and not this one."""
    small = inspect(archive(elsewhere / "w.tgz", "1.0.0", SHELL), terms(user))
    monkeypatch.setattr(f"pratique.gather.worker.{bound}", 1)
    monkeypatch.setattr("pratique.gather.worker.analysed_with", _never)
    assert inspect("w.tgz", terms(user)).analysis == small.analysis


def _never(*_arguments: object) -> None:
    raise RecursionError


def test_a_reader_that_fails_on_a_file_is_undecided(
    user: User, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(elsewhere / "w.tgz", "1.0.0")
    monkeypatch.setattr("pratique.gather.worker.analysed_with", _never)
    with pytest.raises(ArtifactError, match=r"w.tgz is not judged: reading it failed \(Recursion"):
        inspect("w.tgz", terms(user))


def test_a_file_beyond_the_bound_is_not_read_to_its_end(
    user: User, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(elsewhere / "w.tgz", "1.0.0")
    monkeypatch.setattr("pratique.gather.files.MOST_BYTES", 100)
    with pytest.raises(ArtifactError, match="more than the 100 bytes"):
        inspect("w.tgz", terms(user))


WRONG = [
    ("absent.tgz", "no file absent.tgz"),
    ("left-widget", "no file left-widget"),
    (".", "is a directory"),
    ("left-widget@^1", "asks for a range"),
    ("@corp/tool", "has no version"),
    ("left\x1b[31m@1.0.0", "names no package"),
    ("a\0b.tgz", "cannot be read"),
]


@pytest.mark.parametrize(("target", "why"), WRONG, ids=[why for _, why in WRONG])
def test_a_mistyped_operand_is_a_usage_error_and_asks_nobody(
    registry: Registry, user: User, target: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        inspect(target, terms(user))
    with pytest.raises(UsageError, match=why):
        diff("left-widget@1.0.0", target, terms(user))
    assert registry.requests == []


HEAVY = ("sqlalchemy", "sqlite3", "urllib3", "ssl", "concurrent.futures.process", "yaml")
LOADED = """
import sys
from pratique.cli import main
code = main(["inspect", sys.argv[1]])
print(code, *[each for each in sys.argv[2:] if each in sys.modules])
"""


def test_a_small_file_loads_nothing_that_only_a_registry_needs(elsewhere: Path) -> None:
    path = archive(elsewhere / "w.tgz", "1.0.0")
    command = [sys.executable, "-c", LOADED, path, *HEAVY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"


# -- diff ------------------------------------------------------------------------------------------


def test_a_patch_that_starts_programs_is_blocked_while_it_is_young(
    registry: Registry, user: User
) -> None:
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL, published=NEW)
    found = diff("left-widget@1.0.0", "left-widget@1.0.1", terms(user))
    assert (found.verdict, found.exit) == (Verdict.BLOCK, Exit.BLOCKED)
    made = document(found)
    (gain,) = made["gained"]
    assert (gain["id"], gain["tier"]) == ("exec.process:child_process", "A")
    assert (gain["evidence"][0]["file"], gain["evidence"][0]["line"]) == ("index.js", 1)
    assert made["baseline"]["origin"] == "named"
    assert made["verdict"] == "block"


AGES = [
    (NEW, None, Verdict.BLOCK),
    (OLD, None, Verdict.QUARANTINE),
    (OLD, timedelta(days=3), Verdict.BLOCK),
    (NEW, timedelta(days=30), Verdict.QUARANTINE),
]


@pytest.mark.parametrize(("published", "stated", "verdict"), AGES)
def test_the_age_is_as_stated_else_by_the_registry(
    registry: Registry, user: User, published: Any, stated: timedelta | None, verdict: Verdict
) -> None:
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL, published=published)
    found = diff("left-widget@1.0.0", "left-widget@1.0.1", terms(user, age=stated))
    assert found.verdict is verdict
    assert document(found)["age"]["source"] == ("registry" if stated is None else "stated")


def test_an_age_between_the_cooldown_and_young_is_told_exactly(
    registry: Registry, user: User
) -> None:
    """A package that was changed five days ago: the short document proves three, not more."""
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL)
    widget(registry, "1.0.2", published=days_ago(5))
    found = diff("left-widget@1.0.0", "left-widget@1.0.1", terms(user))
    assert (found.age.published, found.age.exact) == (OLD, True)


def test_times_that_the_policy_calls_untrusted_are_no_age(
    registry: Registry, user: User, elsewhere: Path
) -> None:
    (elsewhere / "pratique.toml").write_text('[registries.default]\npublish-time = "untrusted"\n')
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL)
    found = diff("left-widget@1.0.0", "left-widget@1.0.1", terms(user))
    assert found.verdict is Verdict.BLOCK
    assert "untrusted" in found.age.why
    made = document(found)
    assert made["age"] is None
    assert "untrusted" in made["notes"][-1]


def test_warn_lets_it_in_unless_asked_otherwise(registry: Registry, user: User) -> None:
    widget(registry, "1.0.0")
    widget(registry, "1.1.0", READS)
    operands = "left-widget@1.0.0", "left-widget@1.1.0"
    found = diff(*operands, terms(user))
    assert (found.verdict, found.exit) == (Verdict.WARN, Exit.ALLOWED)
    for verdict, code in [(Verdict.WARN, Exit.BLOCKED), (Verdict.BLOCK, Exit.ALLOWED)]:
        assert diff(*operands, terms(user, fail_on=verdict)).exit is code


def test_fail_on_loosens_nothing(registry: Registry, user: User) -> None:
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL)
    found = diff("left-widget@1.0.0", "left-widget@1.0.1", terms(user, fail_on=Verdict.BLOCK))
    assert (found.verdict, found.exit) == (Verdict.QUARANTINE, Exit.BLOCKED)


def test_a_downgrade_is_judged_as_one(registry: Registry, user: User) -> None:
    widget(registry, "1.0.0", SHELL)
    widget(registry, "1.0.1")
    found = diff("left-widget@1.0.1", "left-widget@1.0.0", terms(user))
    assert found.difference.step is Step.DOWNGRADE
    assert found.exit is Exit.BLOCKED


def test_the_same_release_twice_gains_nothing(registry: Registry, user: User) -> None:
    widget(registry, "1.0.0", SHELL)
    found = diff("left-widget@1.0.0", "left-widget@1.0.0", terms(user))
    assert (found.exit, gained(found)) == (Exit.ALLOWED, [])
    assert found.notes == ("both are the same, byte for byte",)


def test_two_packages_are_compared_and_it_is_said(user: User, elsewhere: Path) -> None:
    one = archive(elsewhere / "a.tgz", "1.0.0")
    other = archive(elsewhere / "b.tgz", "1.0.1", SHELL, name="right-widget")
    found = diff(one, other, terms(user))
    assert found.notes == (
        "two packages are compared: left-widget was named first, right-widget is judged",
    )
    assert gained(found) == ["exec.process:child_process"]


def test_one_version_with_other_bytes_is_said(
    registry: Registry, user: User, elsewhere: Path
) -> None:
    """What was built here beside what is published."""
    widget(registry, "1.0.0")
    found = diff("left-widget@1.0.0", archive(elsewhere / "a.tgz", "1.0.0", SHELL), terms(user))
    assert found.difference.step is Step.SAME
    assert found.verdict is Verdict.BLOCK
    assert "one version with other bytes" in found.notes[0]


def test_a_broken_archive_to_compare_with_is_no_clean_past(user: User, elsewhere: Path) -> None:
    (elsewhere / "a.tgz").write_bytes(b"not gzip")
    found = diff("a.tgz", archive(elsewhere / "b.tgz", "1.0.0"), terms(user))
    assert (found.verdict, found.exit) == (Verdict.QUARANTINE, Exit.BLOCKED)
    assert document(found)["reasons"][0]["row"] == "unanalysable"


def test_a_broken_archive_is_blocked(user: User, elsewhere: Path) -> None:
    (elsewhere / "b.tgz").write_bytes(b"not gzip")
    found = diff(archive(elsewhere / "a.tgz", "1.0.0"), "b.tgz", terms(user))
    assert (found.verdict, found.exit) == (Verdict.BLOCK, Exit.BLOCKED)


def test_the_page_has_the_code_of_both_sides(registry: Registry, user: User) -> None:
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL)
    operands = "left-widget@1.0.0", "left-widget@1.0.1"
    found = diff(*operands, terms(user), with_code=True)
    assert [(side.path, side.before, side.after) for side in found.sides] == [
        ("index.js", CALM, SHELL)
    ]
    offline = diff(*operands, terms(user, offline=True), with_code=True)
    assert offline.sides == ()
    assert "code is not shown side by side" in offline.notes[-1]


def test_what_is_too_large_for_the_page_is_named(
    user: User, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.reports.difference_subject.LARGEST_SIDE", 10)
    one, other = archive(elsewhere / "a.tgz", "1.0.0"), archive(elsewhere / "b.tgz", "1.0.1", SHELL)
    found = diff(one, other, terms(user), with_code=True)
    assert (found.sides, found.notes) == (
        (),
        ("too large to be shown side by side: index.js",),
    )


# -- new dependencies ------------------------------------------------------------------------------

DEPENDENCIES = [
    ({"helper": "^1.0.0"}, ["dep.new:helper"], Verdict.ALLOW),
    ({"builder": "^1.0.0"}, ["dep.new:installs/builder"], Verdict.BLOCK),
    ({"builder": "~1.0.0"}, ["dep.new:builder"], Verdict.ALLOW),
    ({"other": "npm:builder@1"}, ["dep.new:installs/other", "dep.url:alias/other"], Verdict.BLOCK),
    ({"builder": "latest"}, ["dep.new:installs/builder"], Verdict.BLOCK),
    ({"fresh": "*"}, ["dep.new:young/fresh"], Verdict.BLOCK),
]


@pytest.mark.parametrize(("added", "gains", "verdict"), DEPENDENCIES)
def test_new_dependencies_are_looked_at_as_they_would_be_installed(
    registry: Registry, user: User, added: dict[str, str], gains: list[str], verdict: Verdict
) -> None:
    registry.publish("helper", "1.0.0", published=OLD)
    registry.publish("builder", "1.0.0", published=OLD)
    registry.publish("builder", "1.1.0", published=OLD, scripts={"postinstall": "node b.js"})
    registry.publish("fresh", "1.0.0", published=NEW)
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", published=NEW, dependencies=added)
    found = diff("left-widget@1.0.0", "left-widget@1.0.1", terms(user))
    assert gained(found) == gains
    assert (found.verdict, found.notes) == (verdict, ())


UNKNOWN = [
    ({"absent": "^1.0.0"}, "absent: not looked at: the registry has no package of that name"),
    ({"helper": "^9"}, "helper: not looked at: the registry lists no release that ^9 stands for"),
    ({"broken": "^1"}, "broken: not looked at: "),
    ({"helper": "workspace:*"}, "helper: not looked up: asked for by an address"),
    ({"helper": "owner/helper"}, "helper: not looked up: asked for by an address"),
]


@pytest.mark.parametrize(("added", "note"), UNKNOWN, ids=[note for _, note in UNKNOWN])
def test_of_what_cannot_be_looked_at_it_is_said(
    registry: Registry, user: User, added: dict[str, str], note: str
) -> None:
    registry.publish("helper", "1.0.0", published=OLD)
    registry.publish("broken", "1.0.0", published=OLD)
    registry.fault(faults.other_bytes(), kind="tarball", package="broken")
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", dependencies=added)
    found = diff("left-widget@1.0.0", "left-widget@1.0.1", terms(user))
    assert len(found.notes) == 1
    assert found.notes[0].startswith(f"new dependency {note}")


def test_of_many_new_dependencies_the_first_are_looked_at(registry: Registry, user: User) -> None:
    added = {f"helper-{number:02}": "^1.0.0" for number in range(20)}
    for name in added:
        registry.publish(name, "1.0.0", published=OLD)
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", dependencies=added)
    found = diff("left-widget@1.0.0", "left-widget@1.0.1", terms(user))
    (note,) = found.notes
    assert note.startswith("new dependencies helper-16, helper-17, helper-18, helper-19: not")
    assert registry.asked("helper-15*")
    assert not registry.asked("helper-16*")


def test_the_dependencies_of_a_file_are_not_looked_up(user: User, elsewhere: Path) -> None:
    inside = {"name": "left-widget", "version": "1.0.1", "dependencies": {"helper": "^1"}}
    made = tars.tgz(tars.manifest(json.dumps(inside).encode()))
    (elsewhere / "b.tgz").write_bytes(made)
    found = diff(archive(elsewhere / "a.tgz", "1.0.0"), "b.tgz", terms(user))
    assert found.notes == ("new dependency helper: not looked up: for a file no registry is asked",)


# -- policy ----------------------------------------------------------------------------------------


def test_the_policy_of_the_repository_judges_as_in_a_check(
    user: User, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = archive(elsewhere / "a.tgz", "1.0.0")
    other = archive(elsewhere / "b.tgz", "1.0.1", SHELL)
    assert diff(one, other, terms(user)).verdict is Verdict.BLOCK
    (elsewhere / "pratique.toml").write_text('preset = "lenient"\n')
    assert diff(one, other, terms(user)).verdict is Verdict.WARN
    subprocess.run(["git", "init", "-q"], cwd=elsewhere, check=True)
    (elsewhere / "sub").mkdir()
    monkeypatch.chdir(elsewhere / "sub")
    assert diff(one, other, terms(user)).verdict is Verdict.WARN
    (elsewhere / "own.toml").write_text('preset = "strict"\n')
    strict = diff(one, other, terms(user, policy_file=elsewhere / "own.toml"))
    assert strict.verdict is Verdict.BLOCK
    assert strict.asked[-2:] == ("--policy", str(elsewhere / "own.toml"))


def test_a_policy_above_the_repository_is_nobody_s(
    user: User, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "pratique.toml").write_text('preset = "lenient"\n')
    (elsewhere / "repository").mkdir()
    monkeypatch.chdir(elsewhere / "repository")
    subprocess.run(["git", "init", "-q"], check=True)
    one = archive(elsewhere / "a.tgz", "1.0.0")
    other = archive(elsewhere / "b.tgz", "1.0.1", SHELL)
    assert diff(one, other, terms(user)).verdict is Verdict.BLOCK


def test_a_strict_policy_counts_what_was_not_read_whole(
    user: User, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.capabilities.analysis.LARGEST_CODE", 10)
    path = archive(elsewhere / "a.tgz", "1.0.0", SHELL)
    assert inspect(path, terms(user)).outcome.action < Action.WARN
    (elsewhere / "pratique.toml").write_text('preset = "strict"\n')
    found = inspect(path, terms(user))
    assert found.outcome.reasons[0].row == "partly-read"
    assert document(found)["verdict"] == "warn"


# -- the command line ------------------------------------------------------------------------------


def test_both_commands_print_their_report_and_exit_with_its_code(
    registry: Registry, user: User, elsewhere: Path
) -> None:
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL)
    done = user.run("inspect", "left-widget@1.0.1", cwd=elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("left-widget 1.0.1: ALLOW, shows 1 capability, 1 of tier A\n")
    done = user.run("diff", "left-widget@1.0.0", "left-widget@1.0.1", cwd=elsewhere)
    assert (done.returncode, done.stderr) == (1, "")
    assert "gained 1 capability in a patch release" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_the_line_that_is_printed_makes_the_page(
    registry: Registry, user: User, elsewhere: Path
) -> None:
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL)
    words = ["left-widget@1.0.0", "left-widget@latest", "--age", "3 days"]
    done = user.run("diff", *words, cwd=elsewhere)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("look ")]
    program, *typed = shlex.split(line.removeprefix("look "))
    assert program == "pratique"
    assert user.run(*typed, cwd=elsewhere).returncode == 1
    page = (elsewhere / "diff.html").read_text("utf-8")
    assert "3 days, as stated" in page
    assert "execSync" in page


@pytest.mark.parametrize("form", ["text", "json", "html", "markdown"])
def test_a_report_goes_to_a_file_and_its_verdict_to_standard_error(
    registry: Registry, user: User, elsewhere: Path, form: str
) -> None:
    widget(registry, "1.0.0")
    widget(registry, "1.0.1", SHELL)
    words = ["--format", form, "--output", "report", "--age", "3 days"]
    done = user.run("diff", "left-widget@1.0.0", "left-widget@1.0.1", *words, cwd=elsewhere)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "pratique: verdict BLOCK \u00b7 1 gained, 0 lost \u00b7 exit 1 \u00b7 report\n"
    )
    assert "3 days" in (elsewhere / "report").read_text("utf-8")


def test_what_cannot_be_had_leaves_standard_output_empty(
    registry: Registry, user: User, elsewhere: Path
) -> None:
    registry.close()
    done = user.run("diff", "a@1.0.0", "a@1.0.1", "--format", "json", cwd=elsewhere)
    assert (done.returncode, done.stdout) == (3, "")
    assert "a@1.0.0 is not judged" in done.stderr


@pytest.mark.parametrize("age", ["3", "3d", "three days", "-1 days", "1.5 days"])
def test_an_age_needs_a_number_and_a_unit(user: User, elsewhere: Path, age: str) -> None:
    done = user.run("inspect", "a@1.0.0", "--age", age, cwd=elsewhere)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no duration" in done.stderr


def test_a_secret_of_the_scope_s_registry_goes_there_only(
    registry: Registry, tmp_path: Path
) -> None:
    with Registry() as own:
        own.protect("@corp/*", "s3cret")
        own.publish("@corp/tool", "1.0.0", published=OLD)
        own.publish("@corp/tool", "1.0.1", published=OLD, dependencies={"helper": "^1"})
        registry.publish("helper", "1.0.0", published=OLD)
        somebody = make_user(
            tmp_path / "other",
            f"registry={registry.url}",
            f"@corp:registry={own.url}",
            f"//127.0.0.1:{own.port}/:_authToken=s3cret",
        )
        found = diff("@corp/tool@1.0.0", "@corp/tool@latest", terms(somebody))
    assert gained(found) == ["dep.new:helper"]
    assert registry.credentials == set()
    assert own.credentials == {"Bearer s3cret"}
