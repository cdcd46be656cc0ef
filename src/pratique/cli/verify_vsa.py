"""`pratique verify FILE.vsa`: what a VSA of `pratique check --attest` is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import attesting, streams
from pratique.errors import Exit, RefusedError, UsageError
from pratique.gather.tree import MAX_FILE
from pratique.reports.escape import shown

if TYPE_CHECKING:
    from pratique.provenance.vsa import Summary

_NOT_OURS = ("attestations", "repository", "explain", "output", "offline", "width")
_LARGEST_POLICY = 4 * 1024 * 1024


_FILE: Any = click.Path(path_type=Path, dir_okay=False)


def with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `pratique verify` has for a VSA alone."""
    key = click.option(
        "--key", metavar="FILE", type=_FILE, help="With FILE.vsa: the public key that signed it."
    )
    lockfile = click.option(
        "--lockfile", metavar="FILE", type=_FILE, help="With FILE.vsa: the lockfile it is about."
    )
    return key(lockfile(function))


def is_vsa(target: str, options: Mapping[str, object]) -> bool:
    """Whether `pratique verify TARGET` means a VSA.

    Args:
        target: As it was given.
        options: All of the command's, by the names of its parameters.

    Raises:
        UsageError: An option says nothing about such a target.
    """
    is_meant = target.endswith(attesting.SUFFIX)
    if not is_meant and (options["key"] or options["lockfile"]):
        hint = f"its name ends in {attesting.SUFFIX}"
        raise UsageError("--key and --lockfile are for what `check --attest` signed", hint=hint)
    other = [name for name in _NOT_OURS if options[name]] if is_meant else []
    if other or (is_meant and options["form"] != "text"):
        raise UsageError("with a VSA there are --key, --lockfile and --policy, and no other option")
    return is_meant


def verify_vsa(
    file: Path,
    *,
    key: Path | None,
    lockfile: Path | None,
    policy: Path | None,
    now: datetime,
) -> int:
    """Verify a VSA, and print what it says.

    Args:
        file: The envelope.
        key: The public key that must have signed it, in PEM.
        lockfile: The file that it must be about.
        policy: The policy file that must have judged; None for any.
        now: The time of the run, by which the policy's exemptions are read.

    Returns:
        0 where it holds and the check passed; 1 where it is refused or the check was blocked; 3
        where the check could not decide.

    Raises:
        UsageError: A file is not named, or cannot be read.
        PolicyError: The policy contradicts itself.
    """
    from pratique.provenance import vsa  # noqa: PLC0415 - loads cryptography

    if key is None or lockfile is None:
        hint = f"pratique verify {file} --key signer.pub --lockfile package-lock.json"
        raise UsageError("say who must have signed it, and for which lockfile", hint=hint)
    digest = None if policy is None else _policy_digest(policy, now)
    source = attesting.read(file, vsa.LARGEST)
    public, locked = attesting.public_key(key), attesting.read(lockfile, MAX_FILE)
    try:
        found = vsa.verify(source, public, locked, digest)
    except RefusedError as error:
        click.echo(f"refused by {error.rule}: {shown(error.message)}", err=True)
        return int(Exit.BLOCKED)
    lines = _lines(found, is_compared=digest is not None)
    streams.print_text("".join(f"{line}\n" for line in lines))
    return int(_EXITS[found.outcome.value])


_EXITS = {
    "allowed": Exit.ALLOWED,
    "blocked": Exit.BLOCKED,
    "undecided": Exit.UNDECIDED,
    "partial": Exit.UNDECIDED,
}


def _policy_digest(path: Path, now: datetime) -> str:
    from pratique.config import read_policy  # noqa: PLC0415 - loads every layer

    return read_policy(attesting.read(path, _LARGEST_POLICY), str(path), now=now).digest


def _lines(found: Summary, *, is_compared: bool) -> Iterator[str]:
    result = "PASSED" if found.passed else f"FAILED ({found.outcome})"
    yield f"{result}, verdict {found.verdict.name}, on {found.at:%Y-%m-%d %H:%M} UTC"
    yield f"project  {shown(found.resource)}"
    compared = "" if is_compared else "  (not compared: --policy FILE does)"
    yield f"policy   {shown(found.policy)}  sha256:{found.policy_sha256}{compared}"
    yield f"judged   by pratique {shown(found.version)}, {len(found.subjects)} lockfiles"
