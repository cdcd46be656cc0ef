"""Analyses and readings of the corpus, kept beside it until the code that makes them changes."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from evals.corpus import Tarball, folder
from evals.overlay import overlaid
from evals.shapes import Shape
from pratique.archives import Archive, Entry, read_archive
from pratique.capabilities.analysis import Reading, analyse, digest_of, read_member, role_of
from pratique.model.behavior import Analysis

_HERE = Path(__file__).resolve().parent
_ANALYSER = ("archives", "capabilities", "model/behavior.py")
_OVERLAY = ("overlay.py", "entries.py", "shapes")


def source_digest() -> str:
    """Hex digest of the analyser's source: what a kept analysis depends on beside the bytes."""
    spec = importlib.util.find_spec("pratique")
    assert spec is not None
    assert spec.origin is not None
    return _digest(Path(spec.origin).parent, _ANALYSER)


def overlay_digest() -> str:
    """The same of what lays shapes over releases, and of the shapes."""
    return _digest(_HERE, _OVERLAY)


def _digest(root: Path, names: tuple[str, ...]) -> str:
    found = hashlib.sha256()
    for name in names:
        place = root / name
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in (each for each in files if each.suffix in {".py", ".toml", ".txt"}):
            found.update(str(path.relative_to(root)).encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


@dataclass(slots=True)
class Kept:
    """What is known of one package. Readings by content digest and role, analyses by sha512."""

    readings: dict[str, Reading] = field(default_factory=dict)
    analyses: dict[str, Analysis] = field(default_factory=dict)
    hostile: dict[str, Analysis] = field(default_factory=dict)


class Package:
    """One package's analyses: computed where they are not kept. `analyser` is `source_digest()`."""

    def __init__(self, name: str, analyser: str) -> None:
        root = folder() / "analyses" / analyser[:16]
        root.mkdir(parents=True, exist_ok=True)
        self._path = root / f"{name.replace('/', '+')}.msgpack"
        self._kept = (
            msgspec.msgpack.decode(self._path.read_bytes(), type=Kept)
            if self._path.exists()
            else Kept()
        )
        self._archives: dict[str, Archive] = {}
        self._changed = False

    def analysis(self, tarball: Tarball) -> Analysis:
        known = self._kept.analyses.get(tarball.sha512)
        if known is None:
            known = analyse(self.archive(tarball), tarball.sha512, self._read)
            self._kept.analyses[tarball.sha512] = known
            self._changed = True
        return known

    def hostile(self, tarball: Tarball, shape: Shape, spelling: int, overlay: str) -> Analysis:
        """Of the release with that spelling laid over it; without its evidence."""
        key = f"{tarball.sha512}/{overlay[:16]}/{shape.name}/{spelling}"
        known = self._kept.hostile.get(key)
        if known is None:
            self.analysis(tarball)
            archive = overlaid(self.archive(tarball), shape.spellings[spelling])
            known = replace(analyse(archive, key, self._read_new), evidence=())
            self._kept.hostile[key] = known
            self._changed = True
        return known

    def archive(self, tarball: Tarball) -> Archive:
        """Its files; only the last one asked for is kept at hand."""
        if tarball.sha512 not in self._archives:
            self._archives = {tarball.sha512: read_archive(tarball.read())}
        return self._archives[tarball.sha512]

    def _read(self, entry: Entry) -> Reading:
        key = _key(entry)
        if key not in self._kept.readings:
            self._kept.readings[key] = read_member(entry.path, entry.content)
        return self._kept.readings[key]

    def _read_new(self, entry: Entry) -> Reading:
        """What a shape changes is not kept: no other release has it."""
        return self._kept.readings.get(_key(entry)) or read_member(entry.path, entry.content)

    def save(self) -> None:
        if self._changed:
            draft = self._path.with_suffix(".new")
            draft.write_bytes(msgspec.msgpack.encode(self._kept))
            draft.replace(self._path)


def _key(entry: Entry) -> str:
    return f"{digest_of(entry.content)}/{role_of(entry.path)}"
