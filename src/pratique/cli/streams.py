"""Where output goes: standard output, a file, and whether it may be coloured."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from pratique.errors import UsageError

NARROWEST, WIDEST, PIPED = 40, 160, 80
"""Columns: what text is never narrower or wider than, and what it has without a terminal."""


def may_colour(stream: IO[str], environment: Mapping[str, str]) -> bool:
    """Colour on a terminal; `NO_COLOR` (no-color.org) forbids it, `FORCE_COLOR` asks for it."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in {"", "0", "false"}:
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def width_of(stream: IO[str], asked: int | None) -> int:
    """Columns to print at."""
    wanted = asked or (shutil.get_terminal_size((PIPED, 24)).columns if stream.isatty() else PIPED)
    return max(NARROWEST, min(wanted, WIDEST))


def print_text(text: str) -> bool:
    """Write to standard output; False where its reader has gone away (`| head`): no error.

    Characters that the stream's encoding lacks are written as escapes.
    """
    stream = sys.stdout
    encoded = text.encode(stream.encoding or "utf-8", "backslashreplace")
    try:
        stream.flush()
        stream.buffer.write(encoded)
        stream.buffer.flush()
    except BrokenPipeError:
        _silence(stream)
        return False
    return True


def _silence(stream: IO[str]) -> None:
    """Let the interpreter's own last flush go nowhere."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def deliver(text: str, output: Path | None, summary: str) -> None:
    """Print a report; or write it to `output`, and say its summary on standard error.

    Raises:
        UsageError: It cannot be written there.
    """
    if output is None:
        print_text(text)
        return
    write_file(output, text)
    sys.stderr.write(f"pratique: {summary} \u00b7 {output}\n")


def write_file(path: Path, text: str) -> None:
    """Write the whole file or leave it as it was; a pipe or a device is written to.

    Raises:
        UsageError: It cannot be written there.
    """
    target = path.resolve()
    temporary: str | None = None
    try:
        if target.exists() and not target.is_file():
            # A new file in its place would take /dev/null from the whole machine.
            target.write_bytes(text.encode("utf-8"))
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_mode(target))
        Path(temporary).replace(target)
        temporary = None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _mode(target: Path) -> int:
    """The file's own mode, else what the umask leaves of 0666."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask
