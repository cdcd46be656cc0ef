"""What a VSA of `pratique check --attest` is worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import attesting, streams
from pratique.errors import Exit, RefusedError, UsageError
from pratique.gather.tree import MAX_FILE
from pratique.reports.escape import shown

if TYPE_CHECKING:
    from pratique.provenance.vsa import Summary

_LARGEST_POLICY = 4 * 1024 * 1024


_FILE: Any = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="""\b
Examples:
  pratique verify-vsa pratique.vsa --key signer.pub --lockfile package-lock.json
  pratique verify-vsa pratique.vsa --key signer.pub --lockfile yarn.lock --policy pratique.toml

Exit 0: it holds, and the check passed. 1: it is refused, or the check was blocked. 3: it holds, and
the check could not decide.
"""
)
@click.argument("file", type=_FILE)
@click.option("--key", metavar="FILE", type=_FILE, help="The public key that must have signed it.")
@click.option("--lockfile", metavar="FILE", type=_FILE, help="The lockfile that it must be about.")
@click.option("--policy", metavar="FILE", type=_FILE, help="The policy that must have judged.")
def command(file: Path, key: Path | None, lockfile: Path | None, policy: Path | None) -> int:
    """Verify what `pratique check --attest` signed.

    FILE is the envelope. Nothing is asked of the network.
    """
    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    return verify_vsa(file, key=key, lockfile=lockfile, policy=policy, now=now)


def is_vsa(argument: str) -> bool:
    """Whether `pratique verify ARGUMENT` means a VSA."""
    return argument.endswith(attesting.SUFFIX)


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
