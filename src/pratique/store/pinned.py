"""The keys and the trusted root that the user imported, in place of those that are shipped.

One file, `trust.json` in the user's data directory, written whole or not at all:
`{"pratique-trust": 1, "keys": {"updated": ..., "content": ...}, "root": {...}}`, where `content`
is the imported file as text and either part may be absent.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pratique.errors import RefusedError, StoreError
from pratique.model.evidence import Keys
from pratique.provenance import keys, root, strict
from pratique.provenance.root import SHIPPED_AT, Root

__all__ = ["Imported", "Pinned", "location", "pinned", "put"]

_FILE = "trust.json"
_FORM = "pratique-trust"
_LARGEST = 4 * 1024 * 1024
_PARTS = ("keys", "root")


@dataclass(frozen=True, slots=True)
class Imported:
    """A part of the user's own: the file as it was, and the day that it was said to be of."""

    content: bytes
    updated: datetime


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a run verifies under.

    Attributes:
        keys, root: The user's own, else those shipped.
        keys_updated, root_updated: When each was last compared with where it comes from.
        own: Which of "keys" and "root" are the user's own.
    """

    keys: Keys
    root: Root
    keys_updated: datetime
    root_updated: datetime
    own: frozenset[str]

    @property
    def updated(self) -> datetime:
        """The age of the whole is that of its older part."""
        return min(self.keys_updated, self.root_updated)


def location(environ: Mapping[str, str]) -> Path:
    """PRATIQUE_TRUST, else `pratique/trust.json` in the user's data directory.

    XDG_DATA_HOME counts where it is absolute (XDG Base Directory Specification 0.8), else
    `~/.local/share`.
    """
    if own := environ.get("PRATIQUE_TRUST"):
        return Path(own)
    data = Path(environ.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():
        data = Path(environ.get("HOME") or Path.home()) / ".local" / "share"
    return data / "pratique" / _FILE


def pinned(path: Path) -> Pinned:
    """What counts here. Without the file, what is shipped.

    Raises:
        StoreError: The file cannot be read, or is not what was written. It never falls back to
            what is shipped: the user chose otherwise.
        RefusedError: A part of it holds no keys, or no root.
    """
    own = _read(path)
    mine, theirs = own.get("keys"), own.get("root")
    return Pinned(
        keys=keys.read_keys(mine.content) if mine else keys.shipped(),
        root=root.read_root(theirs.content) if theirs else root.shipped(),
        keys_updated=mine.updated if mine else SHIPPED_AT,
        root_updated=theirs.updated if theirs else SHIPPED_AT,
        own=frozenset(own),
    )


def put(path: Path, part: str, imported: Imported) -> None:
    """Keep a part, and the other as it is.

    Raises:
        StoreError: It cannot be written, or what is there is not what was written.
    """
    parts = {**_read(path), part: imported}
    document: dict[str, object] = {_FORM: 1}
    for name, each in sorted(parts.items()):
        updated = f"{each.updated:%Y-%m-%dT%H:%M:%SZ}"
        document[name] = {"updated": updated, "content": each.content.decode("utf-8")}
    try:
        _write(path, json.dumps(document, indent=1).encode("ascii"))
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def _read(path: Path) -> dict[str, Imported]:
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    try:
        document = strict.members(strict.read_json(source, _LARGEST), "the file")
        if document.get(_FORM) != 1:
            strict.refuse("not of form 1")
        return {name: _part(document[name]) for name in _PARTS if name in document}
    except RefusedError as error:
        hint = "remove it to return to what is shipped, then import again"
        raise StoreError(f"{path} is damaged: {error.message}", hint=hint) from error


def _part(stated: object) -> Imported:
    part = strict.members(stated, "a part")
    content = part.get("content")
    if not isinstance(content, str):
        strict.refuse("content must be text")
    updated = strict.instant(part.get("updated"), "updated").astimezone(UTC)
    return Imported(content.encode("utf-8"), updated)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
