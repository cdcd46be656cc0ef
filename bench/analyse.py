"""Analyse tarballs, as the process that is measured.

python -m bench.analyse whole FILE...    with two workers; prints nothing
python -m bench.analyse each FILE...     one after the other; prints their costs as JSON
python -m bench.analyse next OLD NEW...  each pair: the newer alone, and after the older
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from pratique.archives import Entry, read_archive
from pratique.capabilities.analysis import analyse_artifact, digest_of
from pratique.capabilities.formats import extension_of
from pratique.gather.worker import analysed
from pratique.model.behavior import Analysis

WORKERS = 2
_SCRIPT = frozenset({".js", ".mjs", ".cjs", ".jsx"})


@dataclass(frozen=True, slots=True)
class Spent:
    """On one tarball: seconds uncached, seconds when it is known, bytes of JavaScript in it."""

    path: str
    seconds: float
    again: float
    script: int


@dataclass(frozen=True, slots=True)
class Step:
    """On a next version: seconds alone, seconds with its older one's readings, new bytes' share."""

    path: str
    alone: float
    after: float
    share: float


def whole(path: str) -> int:
    return len(analyse_artifact(Path(path).read_bytes()).capabilities)


def each(path: str) -> Spent:
    began = time.perf_counter()
    analysis = analyse_artifact(Path(path).read_bytes())
    seconds = time.perf_counter() - began
    kept = {analysis.sha512: msgspec.msgpack.encode(analysis)}
    began = time.perf_counter()
    sha512 = hashlib.sha512(Path(path).read_bytes()).hexdigest()
    known = msgspec.msgpack.decode(kept[sha512], type=Analysis)
    again = time.perf_counter() - began
    assert known == analysis
    script = (e for e in read_archive(Path(path).read_bytes()).entries)
    return Spent(path, seconds, again, sum(len(e.content) for e in script if _is_script(e)))


def _is_script(entry: Entry) -> bool:
    return extension_of(entry.path) in _SCRIPT


def timed(path: str, known: bytes) -> tuple[float, bytes]:
    """Seconds that a worker takes, with the readings that an earlier version left; its own."""
    began = time.perf_counter()
    _, readings = analysed(Path(path).read_bytes(), known)
    return time.perf_counter() - began, readings


def next_(older: str, newer: str) -> Step:
    alone, _ = timed(newer, b"")
    _, readings = timed(older, b"")
    after, _ = timed(newer, readings)
    before = {digest_of(e.content) for e in read_archive(Path(older).read_bytes()).entries}
    entries = [e for e in read_archive(Path(newer).read_bytes()).entries if _is_script(e)]
    new = sum(len(e.content) for e in entries if digest_of(e.content) not in before)
    total = sum(len(e.content) for e in entries) or 1
    return Step(newer, alone, after, new / total)


def main(what: str, paths: list[str]) -> None:
    if what == "whole":
        with ProcessPoolExecutor(WORKERS) as pool:
            list(pool.map(whole, paths))
    elif what == "each":
        whole(paths[0])  # loads grammars and tables: a process does that once
        print(json.dumps([asdict(each(path)) for path in paths]))
    else:
        whole(paths[0])
        couples = zip(paths[::2], paths[1::2], strict=True)
        print(json.dumps([asdict(next_(older, newer)) for older, newer in couples]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
