"""Artifacts that lie on this machine, and files inside of artifacts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pratique.archives import read_archive
from pratique.errors import ArtifactError, UsageError
from pratique.gather import worker
from pratique.gather.progress import Progress, Silent
from pratique.model.behavior import Analysis
from pratique.model.fact import Missing, Why

MOST_BYTES = 256 * 1024 * 1024
"""As of an artifact that is fetched."""


def read_artifact(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UsageError: There is none, or it is no file, or may not be read.
        ArtifactError: It is larger than what is read.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a directory", hint="name the archive: npm pack makes it")
        # A pipe is read, too: `pratique inspect <(curl ...)` names one.
        with path.open("rb") as file:
            source = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no name of a file"
        raise UsageError(f"{path} cannot be read: {why}") from None
    if len(source) > MOST_BYTES:
        raise ArtifactError(f"{path} has more than the {MOST_BYTES:,} bytes that are read")
    return source


def analysed(source: bytes, path: Path, progress: Progress | None) -> Analysis:
    """What an artifact can do; a large one is read by a process of its own.

    Raises:
        ArtifactError: It cannot be read to its end.
    """
    is_small = worker.is_small(source)
    found = _here(source) if is_small else _apart(source, progress or Silent())
    if isinstance(found, Missing):
        raise ArtifactError(f"{path} is not judged: {found.detail}")
    return found


def _here(source: bytes) -> Analysis | Missing:
    """As `pool` does it, which costs more to load than a small file to read."""
    try:
        return worker.analysed_with(source, {}, {})
    except Exception as error:  # noqa: BLE001 - whatever an artifact can make of a reader
        return Missing(Why.FAILED, f"reading it failed ({type(error).__name__})")


def _apart(source: bytes, progress: Progress) -> Analysis | Missing:
    import msgspec  # noqa: PLC0415 - with the pool, a tenth of a second that a small file saves

    from pratique.gather.pool import Pool  # noqa: PLC0415 - see above

    progress.start(1)
    try:
        with Pool(1) as pool:
            found = pool.analysed(source, b"")
    finally:
        progress.finish()
    return found if isinstance(found, Missing) else msgspec.msgpack.decode(found[0], type=Analysis)


def files_in(source: bytes, paths: Collection[str]) -> dict[str, bytes]:
    """The content of those of `paths` that an archive has; of several of one name the last."""
    wanted = frozenset(paths)
    return {
        entry.path: entry.content for entry in read_archive(source).entries if entry.path in wanted
    }
