"""`pratique accept`: what goes into the ledger, what does not, and what is said of it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.checking import LOCK, User, Work, entry, npm, rules, user, work
from tests.registry import Registry, Shelved, faults
from tests.registry.tarball import sri

from pratique.accepting import Acceptance
from pratique.cli.accept import _write
from pratique.errors import LedgerError
from pratique.model.behavior import ANALYSER

__all__ = ["user", "work"]

NOW = datetime.now(UTC)  # noqa: TID251 - the command line reads the clock, too
LEDGER = "pratique.lock"
GAIN = "behavior/new-capability"
PLAIN = "module.exports = 1;\n"
THIEF = """\
const fs = require('fs');
const os = require('os');
module.exports = fs.readFileSync(os.homedir() + '/.ssh/id_rsa');
"""
WHY = ("--why", "read the diff", "--by", "ada@mail.example")
BY = ("--by", "ada@mail.example")


def publish(
    registry: Registry, name: str, version: str = "1.0.0", code: str = PLAIN, **more: Any
) -> Shelved:
    return registry.publish(name, version, files={"index.js": code}, **more)


def locked(registry: Registry, *releases: Shelved) -> dict[str, str]:
    return npm({each.name: entry(registry, each) for each in releases})


def accept(user: User, work: Work, *words: str, code: int = 0) -> str:
    """What the command prints; it must leave with `code`."""
    ran = user.run("accept", *words, cwd=work.folder)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def rows(work: Work) -> dict[str, dict[str, Any]]:
    """Package -> its row; of tests with one line for each package."""
    lines = (work.folder / LEDGER).read_text().splitlines()[1:]
    found = [json.loads(line) for line in lines]
    return {row["package"].removeprefix("pkg:npm/"): row for row in found}


def is_written(work: Work) -> bool:
    return (work.folder / LEDGER).exists()


# -- what goes in ----------------------------------------------------------------------------------


def test_what_is_accepted_names_the_bytes_who_and_why(
    registry: Registry, work: Work, user: User
) -> None:
    widget, steady = publish(registry, "widget", code=THIEF), publish(registry, "steady")
    work.write(locked(registry, widget, steady))
    printed = accept(user, work, "widget@1.0.0", *WHY)
    (row,) = rows(work).values()
    assert row["accepted"] == [{"version": "1.0.0", "sha512": _hex(widget)}]
    assert (row["by"], row["why"]) == ("ada@mail.example", "read the diff")
    assert (row["registry"], row["line"]) == (registry.url, "1")
    assert "secret.path:ssh" in row["capabilities"]
    assert "widget@1.0.0" in printed
    assert "A secret.path:ssh" in printed
    assert "1 other locked release is not in it: pratique accept --all" in printed


def _hex(release: Shelved) -> str:
    return hashlib.sha512(release.bytes).hexdigest()


def test_a_first_acceptance_of_everything_is_shown_as_never_reviewed_ever_after(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget", code=THIEF), publish(registry, "dull")))
    printed = accept(user, work, "--all", *BY)
    assert {row["why"] for row in rows(work).values()} == {"bootstrap"}
    assert "2 releases of 2 packages accepted as they are" in printed
    assert "pratique inspect widget@1.0.0  " in printed
    assert "inspect dull" not in printed
    report = user.check(work.folder, now=NOW)
    assert "2 of the ledger's 2 lines were never reviewed (bootstrap)" in report.notes
    assert "2 releases are accepted in the ledger, and were not looked at again" in report.notes
    accept(user, work, "widget@1.0.0", *WHY)
    report = user.check(work.folder, now=NOW)
    assert "1 of the ledger's 2 lines were never reviewed (bootstrap)" in report.notes


def test_accepting_everything_again_asks_nothing_and_unsigns_nothing(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget"), publish(registry, "steady")))
    accept(user, work, "--all", *BY)
    accept(user, work, "widget@1.0.0", *WHY)
    before = (work.folder / LEDGER).read_bytes()
    registry.forget()
    assert "2 locked releases accepted already" in accept(user, work, "--all", "--by", "bot")
    assert registry.requests == []
    assert (work.folder / LEDGER).read_bytes() == before


def test_what_the_release_gained_over_its_line_is_said(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    accept(user, work, "--all", *BY)
    work.write(locked(registry, publish(registry, "widget", "1.0.1", THIEF)))
    printed = accept(user, work, "widget@1.0.1", *WHY)
    assert "widget@1.0.1  compared with 1.0.0: gained 3" in printed
    assert "index.js:3" in printed
    (row,) = rows(work).values()
    assert [each["version"] for each in row["accepted"]] == ["1.0.0", "1.0.1"]


def test_without_a_line_it_is_compared_as_a_check_compares_it(
    registry: Registry, work: Work, user: User
) -> None:
    steady = publish(registry, "steady")
    work.write(locked(registry, steady))
    accept(user, work, "--all", *BY)
    publish(registry, "widget")
    work.write(locked(registry, steady, publish(registry, "widget", "1.0.1", THIEF)))
    begun = (work.folder / LEDGER).read_text()
    registry.fault(faults.status(404), package="widget", path="*/widget-1.0.0.tgz")
    printed = accept(user, work, "widget@1.0.1", *WHY)
    assert "note: widget@1.0.1: what it gained is not known: 1.0.0, which it is" in printed
    assert "accepted before" in accept(user, work, "widget@1.0.1", *WHY)
    registry.heal()
    work.write({LEDGER: begun})
    assert "compared with 1.0.0: gained 3" in accept(user, work, "widget@1.0.1", *WHY)


def test_base_accepts_what_the_change_adds_and_nothing_else(
    registry: Registry, work: Work, user: User
) -> None:
    steady, widget = publish(registry, "steady"), publish(registry, "widget")
    work.begin(locked(registry, steady))
    work.commit(locked(registry, steady, widget))
    accept(user, work, "--base", "main", *WHY)
    assert set(rows(work)) == {"widget"}
    work.git("checkout", "-q", "-f", "main")
    assert "no locked release changed since main" in accept(user, work, "--base", "main", *WHY)


def test_a_path_is_another_directory_or_one_lockfile(
    registry: Registry, work: Work, user: User
) -> None:
    files = locked(registry, publish(registry, "widget"))
    work.write({f"app/{name}": text for name, text in files.items()})
    accept(user, work, "widget@1.0.0", "./app", *WHY)
    assert (work.folder / "app" / LEDGER).exists()
    (work.folder / "app" / LEDGER).unlink()
    accept(user, work, "--all", f"app/{LOCK}", *BY)
    assert (work.folder / "app" / LEDGER).exists()


def test_the_ledger_of_the_repository_is_the_one_that_is_written(
    registry: Registry, work: Work, user: User
) -> None:
    one, two = publish(registry, "one"), publish(registry, "two")
    files = {f"a/{name}": text for name, text in locked(registry, one).items()}
    files |= {f"b/{name}": text for name, text in locked(registry, two).items()}
    work.begin(files)
    accept(user, work, "two@1.0.0", *WHY)
    accept(user, work, "--all", "a", *BY)
    assert set(rows(work)) == {"one", "two"}, "b's packages are locked, too: nothing is taken out"
    assert not (work.folder / "a" / LEDGER).exists()


def _since(work: Work, day: str) -> None:
    """As if the ledger had been begun on that day: what comes in today is not settled yet."""
    today = NOW.date().isoformat()
    work.write({LEDGER: (work.folder / LEDGER).read_text().replace(today, day)})


BERRY = """\
__metadata:
  version: 10
  cacheKey: 10c0

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    widget: "npm:{0}"
  languageName: unknown
  linkType: soft

"widget@npm:{0}":
  version: {0}
  resolution: "widget@npm:{0}"
  checksum: 10c0/{1}
  languageName: node
  linkType: hard
"""


def test_what_yarn_locks_by_a_digest_of_its_own_is_known_by_the_bytes_that_were_read(
    registry: Registry, work: Work, user: User
) -> None:
    publish(registry, "widget")
    manifest = {"name": "shop", "version": "1.0.0", "dependencies": {"widget": "1.0.0"}}

    def lock(version: str) -> dict[str, str]:
        manifest["dependencies"] = {"widget": version}
        return {"package.json": json.dumps(manifest), "yarn.lock": BERRY.format(version, "a" * 128)}

    work.write(lock("1.0.0"))
    accept(user, work, "--all", *BY)
    _since(work, "2026-01-05")
    publish(registry, "widget", "1.0.1", THIEF)
    work.write(lock("1.0.1"))
    assert GAIN in rules(user.check(work.folder, now=NOW))
    accept(user, work, "widget@1.0.1", *WHY)
    assert GAIN not in rules(user.check(work.folder, now=NOW))


# -- what does not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("widget@9.9.9", *WHY),
        ("other@1.0.0", *WHY),
        ("widget@^1.0.0", *WHY),
        ("widget@latest", *WHY),
        ("widget", *WHY),
        ("@corp/widget", *WHY),
        ("widget@1.0.0", *BY),
        ("widget@1.0.0", "--why", "\u2026", *BY),
        ("widget@1.0.0", "--why", " ... ", *BY),
        ("widget@1.0.0", "--why", "bootstrap", *BY),
        ("widget@1.0.0", "--why", "x" * 501, *BY),
        ("widget@1.0.0", "--why", "fine"),
        ("widget@1.0.0", "--why", "fine", "--by", " "),
        ("widget@1.0.0", "--all", *BY),
        ("--all", "--base", "main", *BY),
        ("--all", *WHY),
        ("--all", "nowhere", *BY),
        ("--all", "empty", *BY),
        (),
    ],
    ids=" ".join,
)
def test_what_is_asked_wrongly_is_refused_and_nothing_is_written(
    words: tuple[str, ...], registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    (work.folder / "empty").mkdir()
    accept(user, work, *words, code=2)
    assert not is_written(work)
    assert registry.requests == []


def test_git_says_who_answers_for_it(registry: Registry, work: Work, user: User) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    (user.home / ".gitconfig").write_text("[user]\nemail = bea@mail.example\n")
    accept(user, work, "widget@1.0.0", "--why", "read it")
    assert [row["by"] for row in rows(work).values()] == ["bea@mail.example"]


def test_an_unanalysable_artifact_is_not_accepted_and_the_others_are(
    registry: Registry, work: Work, user: User
) -> None:
    twice = [("package.json", b'{"name":"odd","version":"1.0.0"}'), ("package.json", b"{}")]
    odd = registry.publish("odd", "1.0.0", entries=twice)
    work.write(locked(registry, odd, publish(registry, "widget")))
    printed = accept(user, work, "--all", *BY, code=1)
    assert "not accepted: odd@1.0.0: it cannot be analysed" in " ".join(printed.split())
    assert set(rows(work)) == {"widget"}
    accept(user, work, "odd@1.0.0", *WHY, code=1)
    assert set(rows(work)) == {"widget"}


def test_another_manifest_inside_needs_a_look_and_a_name(
    registry: Registry, work: Work, user: User
) -> None:
    two = publish(registry, "two", packed={"scripts": {"install": "node x.js"}})
    work.write(locked(registry, two, publish(registry, "widget")))
    printed = accept(user, work, "--all", *BY, code=1)
    assert "another script inside than its registry states" in " ".join(printed.split())
    assert set(rows(work)) == {"widget"}
    assert "! its manifest has another script inside" in accept(user, work, "two@1.0.0", *WHY)
    assert set(rows(work)) == {"widget", "two"}


def test_what_could_not_be_had_is_said_and_the_others_are_accepted(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "gone"), publish(registry, "widget")))
    registry.fault(faults.status(404), package="gone", kind="tarball")
    printed = accept(user, work, "--all", *BY, code=3)
    assert "not accepted: gone@1.0.0: its artifact could not be had" in " ".join(printed.split())
    assert set(rows(work)) == {"widget"}


def test_a_withdrawn_release_cannot_be_had(registry: Registry, work: Work, user: User) -> None:
    work.write(locked(registry, publish(registry, "gone"), publish(registry, "gone", "1.0.1")))
    registry.withdraw("gone", "1.0.1")
    accept(user, work, "--all", *BY, code=3)
    assert not is_written(work)


@pytest.mark.parametrize("stated", ["sha512", "sha1-only", "none"])
def test_other_bytes_than_the_locked_ones_are_not_accepted(
    stated: str, registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    publish(registry, "widget", code=THIEF, integrity=stated)
    accept(user, work, "widget@1.0.0", *WHY, code=3)
    assert not is_written(work)


def test_a_weak_digest_that_the_registry_states_otherwise_is_not_accepted(
    registry: Registry, work: Work, user: User
) -> None:
    widget = publish(registry, "widget")
    right, wrong = sri(widget.bytes, "sha1"), sri(b"other bytes", "sha1")
    work.write(npm({"widget": entry(registry, widget, integrity=wrong)}))
    assert "an entry locks sha1-" in accept(user, work, "widget@1.0.0", *WHY, code=3)
    work.write(npm({"widget": entry(registry, widget, integrity=right)}))
    accept(user, work, "widget@1.0.0", *WHY)
    assert rows(work)["widget"]["accepted"][0]["sha512"] == _hex(widget)


def test_bytes_that_two_entries_lock_differently_are_not_accepted(
    registry: Registry, work: Work, user: User
) -> None:
    widget = publish(registry, "widget")
    other = publish(registry, "widget", code=THIEF)
    twice = {"widget": entry(registry, widget), "x/node_modules/widget": entry(registry, other)}
    work.write(npm({**twice, "x": entry(registry, publish(registry, "x"))}, direct=["x", "widget"]))
    printed = accept(user, work, "widget@1.0.0", *WHY, code=3)
    assert "entries lock it with different digests" in " ".join(printed.split())


def test_an_entry_without_a_digest_binds_nothing(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(npm({"widget": entry(registry, publish(registry, "widget"), integrity=None)}))
    printed = accept(user, work, "widget@1.0.0", *WHY, code=3)
    assert "locks it without a digest" in " ".join(printed.split())
    assert not is_written(work)


def test_git_sources_are_no_registrys_releases(registry: Registry, work: Work, user: User) -> None:
    git = {"version": "1.0.0", "resolved": f"git+ssh://git@host.example/a/b.git#{'a' * 40}"}
    work.write(npm({"from-git": git, "widget": entry(registry, publish(registry, "widget"))}))
    assert "elsewhere than a registry" in accept(user, work, "from-git@1.0.0", *WHY, code=2)
    accept(user, work, "--all", *BY)
    assert set(rows(work)) == {"widget"}


def test_offline_accepts_what_was_looked_at_before(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    accept(user, work, "--all", "--offline", *BY, code=3)
    assert not is_written(work)
    user.check(work.folder, now=NOW)
    registry.forget()
    accept(user, work, "--all", "--offline", *BY)
    assert registry.requests == []
    assert set(rows(work)) == {"widget"}


# -- the file --------------------------------------------------------------------------------------


def test_a_merge_conflict_is_refused_with_its_line_and_left_as_it_is(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    header = f'{{"pratique-lock": 1, "analyser": {ANALYSER}}}'
    work.write({LEDGER: f"{header}\n<<<<<<< HEAD\n=======\n>>>>>>> topic\n"})
    before = (work.folder / LEDGER).read_bytes()
    assert "pratique.lock:2: merge conflict marker" in accept(user, work, "--all", *BY, code=3)
    assert (work.folder / LEDGER).read_bytes() == before


def test_what_a_later_version_wrote_is_kept(registry: Registry, work: Work, user: User) -> None:
    work.write(locked(registry, publish(registry, "widget"), publish(registry, "steady")))
    accept(user, work, "widget@1.0.0", *WHY)
    header, row = (work.folder / LEDGER).read_text().splitlines()
    more = f'{header[:-1]}, "later": [1]}}\n{row[:-1]}, "later": {{"x": 2}}}}\n'
    work.write({LEDGER: more})
    accept(user, work, "steady@1.0.0", *WHY)
    assert rows(work)["widget"]["later"] == {"x": 2}
    assert json.loads((work.folder / LEDGER).read_text().splitlines()[0])["later"] == [1]


def test_a_ledger_that_git_would_ignore_is_not_begun(
    registry: Registry, work: Work, user: User
) -> None:
    work.begin({**locked(registry, publish(registry, "widget")), ".gitignore": "*.lock\n"})
    assert "!pratique.lock" in accept(user, work, "--all", *BY, code=3)
    assert not is_written(work)
    work.write({".gitignore": "*.lock\n!pratique.lock\n"})
    accept(user, work, "--all", *BY)


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / LEDGER
    file.write_bytes(b"theirs")
    with pytest.raises(LedgerError, match="meanwhile"):
        _write(Acceptance(file, b"before", b"after"))
    assert file.read_bytes() == b"theirs"


def test_packages_that_nothing_locks_any_more_are_taken_out(
    registry: Registry, work: Work, user: User
) -> None:
    widget, steady = publish(registry, "widget"), publish(registry, "steady")
    work.write(locked(registry, widget, steady))
    accept(user, work, "--all", *BY)
    work.write(locked(registry, widget))
    accept(user, work, "widget@1.0.0", *WHY)
    assert set(rows(work)) == {"widget", "steady"}, "only where it is asked for"
    assert "no longer locked: steady" in accept(user, work, "--prune")
    assert set(rows(work)) == {"widget"}
    assert rows(work)["widget"]["why"] == "read the diff"
    assert "nothing to take out" in accept(user, work, "--prune")


@pytest.mark.parametrize("words", [("--prune",), ("--all", *BY)], ids=["--prune", "--all"])
def test_nothing_is_taken_out_where_a_lockfile_cannot_be_read(
    words: tuple[str, ...], registry: Registry, work: Work, user: User
) -> None:
    steady = {f"b/{name}": text for name, text in locked(registry, publish(registry, "s")).items()}
    work.begin({**locked(registry, publish(registry, "widget")), **steady})
    accept(user, work, "--all", *BY)
    work.write({f"b/{LOCK}": "{"})
    code = 3 if "--all" in words else 0
    assert "b/package-lock.json" in accept(user, work, *words, code=code)
    assert set(rows(work)) == {"widget", "s"}


def test_the_line_for_git_is_named_and_written_where_it_is_asked_for(
    registry: Registry, work: Work, user: User
) -> None:
    line = "pratique.lock merge=union"
    work.begin({**locked(registry, publish(registry, "widget")), ".gitattributes": "*.sh eol=lf"})
    assert line in accept(user, work, "--all", *BY)
    assert (work.folder / ".gitattributes").read_text() == "*.sh eol=lf"
    accept(user, work, "--all", "--gitattributes", *BY)
    assert (work.folder / ".gitattributes").read_text() == f"*.sh eol=lf\n{line}\n"
    assert line not in accept(user, work, "widget@1.0.0", "--gitattributes", *WHY)
    assert (work.folder / ".gitattributes").read_text() == f"*.sh eol=lf\n{line}\n"


def test_foreign_words_reach_neither_the_terminal_nor_another_line_of_the_file(
    registry: Registry, work: Work, user: User
) -> None:
    work.write(locked(registry, publish(registry, "widget")))
    why = "fine\x1b[31m\u202e\n<<<<<<< HEAD"
    printed = accept(user, work, "widget@1.0.0", "--why", why, "--by", "a\x1b[2Jb")
    assert "\x1b" not in printed
    assert len((work.folder / LEDGER).read_bytes().splitlines()) == 2
    assert rows(work)["widget"]["why"] == "fine\x1b[31m\u202e <<<<<<< HEAD"
