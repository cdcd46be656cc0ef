"""The keys and files of `check --attest`, and of what verifies it."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import streams, version
from pratique.errors import Exit, UsageError, highest
from pratique.model.report import Report
from pratique.reports.escape import shown

if TYPE_CHECKING:
    from pratique.provenance.dsse import PrivateKey, PublicKey

DEFAULT = Path("pratique.vsa")
SUFFIX = ".vsa"
_KINDS = "an ECDSA key on P-256, or an Ed25519 key, in PEM and without a passphrase"
_LARGEST_KEY = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Attester:
    """Signs what a check comes to, and writes it down."""

    def __init__(self, key: Path, target: Path) -> None:
        """Read the key, and remove what an earlier run attested: this one may end before it can.

        Raises:
            UsageError: There is no such key, others may read it, or what stands at `target` is no
                attestation.
        """
        self._key = private_key(key)
        self._target = target
        _clear(target)

    def attest(self, report: Report, now: datetime) -> int:
        """Write what the report came to; the exit code, which is not 0 where nothing was written.

        Args:
            report: Of the run.
            now: The time of the run.

        Raises:
            UsageError: It cannot be written there.
        """
        from pratique.provenance import vsa  # noqa: PLC0415 - loads cryptography

        summary = vsa.summary_of(report, now, version())
        if summary is None:
            click.echo("pratique: no lockfile was examined, so nothing is attested", err=True)
            return int(highest(report.exit, Exit.UNDECIDED))
        source = vsa.attested(summary, self._key)
        streams.write_file(self._target, source.decode("ascii"))
        result = "PASSED" if summary.passed else f"FAILED ({summary.outcome})"
        click.echo(f"pratique: attested {result} \u00b7 {shown(str(self._target))}", err=True)
        return int(report.exit)


def private_key(path: Path) -> PrivateKey:
    """The key that signs.

    Raises:
        UsageError: It cannot be read, others than its owner may, or it is of another kind.
    """
    from pratique.provenance.dsse import read_private  # noqa: PLC0415 - loads cryptography

    key = read_private(_read(path, _LARGEST_KEY, is_secret=True))
    if key is None:
        raise UsageError(f"{path} is no private key that can sign", hint=f"it takes {_KINDS}")
    return key


def public_key(path: Path) -> PublicKey:
    """The key whose signature counts.

    Raises:
        UsageError: It cannot be read, or is of another kind.
    """
    from pratique.provenance.dsse import read_public  # noqa: PLC0415 - loads cryptography

    key = read_public(_read(path, _LARGEST_KEY))
    if key is None:
        hint = "openssl pkey -in KEY -pubout writes it from the private key"
        raise UsageError(f"{path} is no public key that can be asked", hint=hint)
    return key


def read(path: Path, most: int) -> bytes:
    """A file's bytes.

    Raises:
        UsageError: It cannot be read, or has more than `most`.
    """
    return _read(path, most)


def _read(path: Path, most: int, *, is_secret: bool = False) -> bytes:
    try:
        with path.open("rb") as file:
            # Of the file that is open, not of whatever has its name by now.
            if is_secret and os.fstat(file.fileno()).st_mode & _OTHERS:
                raise UsageError(f"{path} may be used by others", hint=f"chmod 600 {path}")
            content = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > most:
        raise UsageError(f"{path} is larger than {most} bytes")
    return content


def _clear(target: Path) -> None:
    """Remove an earlier attestation, so that no outcome of this run leaves it standing."""
    if not target.is_file():
        return
    if not _is_envelope(target):
        raise UsageError(f"{target} is there, and is no attestation", hint="name another file")
    try:
        target.unlink()
    except OSError as error:
        raise UsageError(f"{target} cannot be replaced: {error.strerror}") from error


def _is_envelope(path: Path) -> bool:
    from pratique.provenance.vsa import LARGEST  # noqa: PLC0415 - loads cryptography

    content = _read(path, LARGEST)
    return content.startswith(b"{") and b'"payloadType"' in content and b'"signatures"' in content
