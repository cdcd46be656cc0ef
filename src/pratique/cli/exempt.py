"""`pratique exempt`: accept one finding, for a reason and until a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import click

from pratique.cli import streams
from pratique.config import POLICY_FILE, append_exemption, read_policy
from pratique.ecosystems.npm.projects import read_repository, wanted
from pratique.errors import UsageError
from pratique.gather.tree import find_place, read_work_tree
from pratique.model.package import Package, Release
from pratique.model.policy import Exemption

_BLANK = frozenset({"", "\u2026", "...", "YYYY-MM-DD"})


class _Options(TypedDict):
    rule: str
    reason: str
    owner: str
    until: str
    advisory: str | None
    policy: Path | None
    pattern: bool
    sha512: str | None


@click.command(
    epilog="""\b
Examples:
  pratique exempt left-widget@2.4.1 --rule release-age/too-new \\
    --reason "fixes our outage" --owner team-web --until 2026-12-01

The digest is taken from the lockfiles below the current directory: other bytes under the same
version are not exempted. --until is the first day (UTC) on which the exemption no longer counts.
"""
)
@click.argument("release", metavar="NAME@VERSION")
@click.option("--rule", required=True, help="The rule whose finding is accepted.")
@click.option("--reason", required=True, help="Why it is accepted.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="When it ends.")
@click.option("--advisory", help="The advisory that it answers.")
@click.option(
    "--policy",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The policy file to write to; pratique.toml.",
)
@click.option(
    "--pattern", is_flag=True, help="Exempt the release whatever its bytes; some rules refuse it."
)
@click.option("--sha512", metavar="HEX", help="The bytes, where the lockfiles lock several.")
def command(release: str, **options: Unpack[_Options]) -> int:
    """Accept the finding of one rule for NAME@VERSION, as a line in the policy file."""
    subject = _release(release)
    target = options["policy"] or _policy_file(Path(), POLICY_FILE)
    exemption = Exemption(
        rule=options["rule"],
        purl=subject.purl,
        sha512=None if options["pattern"] else options["sha512"] or _digest(Path(), subject),
        reason=_filled("reason", options["reason"]),
        owner=_filled("owner", options["owner"]),
        until=_day(options["until"]),
        advisory=options["advisory"],
    )
    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    text = append_exemption(_read(target), exemption)
    read_policy(text.encode("utf-8"), str(target), now=now)
    streams.write_file(target, text)
    click.echo(f"{target}: {subject} is exempt from {exemption.rule} until {exemption.until}")
    return 0


def _release(text: str) -> Release:

    name, sign, version = text.rpartition("@")
    if not sign or not name or not version:
        raise UsageError(f"{text} is no NAME@VERSION", hint="as in left-widget@2.4.1")
    return Release(Package(name), version)


def _filled(what: str, text: str) -> str:
    if text.strip() in _BLANK:
        raise UsageError(f"--{what} needs your own words", hint="a reviewer will read them")
    return text.strip()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--until {text} is no day", hint="as in --until 2026-12-01") from error


def _policy_file(path: Path, name: str) -> Path:
    """The policy that `pratique check` reads here: the directory's own, else the repository's."""
    top = find_place(path).top / name
    return top if not (path / name).exists() and top.exists() else path / name


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _digest(path: Path, subject: Release) -> str:
    """The one sha512 that the lockfiles below `path` lock the release with."""
    found = sorted(_digests(path, subject))
    if len(found) == 1:
        return found[0]
    if found:
        hint = "\n".join(f"--sha512 {each}" for each in found)
        raise UsageError(f"{subject} is locked with several digests", hint=hint)
    raise UsageError(
        f"no lockfile here locks {subject} with a sha512",
        hint="run it in the project's directory, or give --pattern where the rule allows it",
    )


def _digests(path: Path, subject: Release) -> set[str]:

    repository = read_repository(read_work_tree(find_place(path).root, wanted))
    lockfiles = [each.lockfile for each in repository.projects if each.lockfile]
    pins = [pin for lockfile in lockfiles for pin in lockfile.every_pin]
    mine = [pin for pin in pins if (pin.name, pin.version) == (subject.name, subject.version)]
    return {d.hex for pin in mine for d in pin.digests if d.algorithm == "sha512"}
