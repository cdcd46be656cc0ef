"""A hostile spelling laid over a real archive: in memory, nothing is unpacked or run."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
from collections.abc import Mapping
from typing import Any

import msgspec

from evals.entries import main_entry, manifest_of, module_entry
from evals.shapes import Shape, Spelling
from pratique.archives import Archive, Entry
from pratique.model.duration import parse_duration

SEED = "pratique-evals-1"
_YOUNG_DAYS = 30
"""Age up to which the recommended policy calls a package young (DECISIONS 5)."""
_FILLER = bytes(range(256)) * 2
_MAGIC = {
    "elf": b"\x7fELF\x02\x01\x01" + bytes(9) + _FILLER,
    "pe": b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + _FILLER,
    "mach-o": b"\xcf\xfa\xed\xfe\x07\0\0\x01" + _FILLER,
    "wasm": b"\0asm\x01\0\0\0" + _FILLER,
}
"""First bytes of each format and a filler behind them: no program."""


def chosen(name: str, version: str, shape: Shape) -> int:
    """Which spelling of `shape` is laid over a release: by a seeded hash, so that all are used."""
    key = f"{SEED}\0{name}\0{version}\0{shape.name}".encode()
    return int(hashlib.sha256(key).hexdigest(), 16) % len(shape.spellings)


def overlaid(archive: Archive, spelling: Spelling) -> Archive:
    """`archive` with `spelling` laid over it; entries that do not change are the same objects."""
    changed = dict(_changed(archive, spelling))
    kept = [
        Entry(each.path, changed.pop(each.path), each.mode) if each.path in changed else each
        for each in archive.entries
    ]
    entries = (*kept, *(Entry(path, content) for path, content in changed.items()))
    return Archive(entries, archive.oddities, sum(len(each.content) for each in entries))


def facts(spelling: Spelling) -> dict[str, str]:
    """What a registry would say of the dependencies that `spelling` adds."""
    if not spelling.dependency:
        return {}
    names = [
        name
        for group in ("dependencies", "optionalDependencies", "peerDependencies")
        for name in spelling.manifest.get(group, {})
    ]
    age = parse_duration(str(spelling.dependency.get("first-published", "")))
    young = age is not None and age.days < _YOUNG_DAYS
    fact = "young" if young else "installs" if spelling.dependency.get("installs") else ""
    return dict.fromkeys(names, fact)


def _changed(archive: Archive, spelling: Spelling) -> Mapping[str, bytes]:
    changed = {path: text.encode() for path, text in spelling.files.items()}
    changed |= {path: _MAGIC[name] for path, name in spelling.binary.items()}
    if spelling.append or spelling.prepend:
        path = main_entry(archive)
        changed[path] = _around(_content(archive, path), spelling.prepend, spelling.append)
    if spelling.esm:
        path = module_entry(archive)
        changed[path] = _around(_content(archive, path), spelling.esm, "")
    if spelling.manifest:
        merged = _merged(manifest_of(archive), spelling.manifest)
        changed["package.json"] = msgspec.json.format(msgspec.json.encode(merged), indent=2)
    return changed


def _content(archive: Archive, path: str) -> bytes:
    return next((each.content for each in archive.entries if each.path == path), b"")


def _around(content: bytes, before: str, after: str) -> bytes:
    """Code before (behind a first line that names the interpreter) and after a file's own.

    On lines of its own: many files end in a comment without a line feed.
    """
    first, rest = b"", content
    if before and content.startswith(b"#!"):
        line, end, rest = content.partition(b"\n")
        first = line + end
    own = first + before.encode() + rest
    return own + b"\n" + after.encode() if after else own


def _merged(document: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """`document` with `added` merged into it, one level deep."""
    merged = dict(document)
    for key, value in added.items():
        own = merged.get(key)
        if key == "bin" and isinstance(own, str):
            own = {str(document.get("name", "")).rpartition("/")[2]: own}
        if isinstance(own, Mapping) and isinstance(value, Mapping):
            merged[key] = {**own, **value}
        else:
            merged[key] = value
    return merged


def packed(archive: Archive) -> bytes:
    """The archive as a tarball, for tools that read files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
        for each in archive.entries:
            member = tarfile.TarInfo(f"package/{each.path}")
            member.size, member.mode = len(each.content), 0o644
            tar.addfile(member, io.BytesIO(each.content))
    return out.getvalue()
