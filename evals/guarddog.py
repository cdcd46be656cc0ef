"""GuardDog on a sample of the same pairs. It judges one release; here also what is new in it.

Its environment is a virtual one of its own (PRATIQUE_GUARDDOG, default `pratique-guarddog` of the
user's cache directory), made by `python -m venv` and `pip install guarddog`. Nothing is asked of
the network.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from evals.corpus import Tarball, folder
from evals.judged import WORKERS, Judged
from evals.overlay import SEED, overlaid, packed
from evals.shapes import Shape
from pratique.archives import read_archive

CHILD = Path(__file__).with_name("guarddog_child.py")
SAMPLE = 30
"""Benign pairs, and hostile ones, of each part: it takes a second or more for a release."""
SUSPICIOUS = 5.0
"""The score from which its own evaluation counts a package as found (guarddog 3.2.0, evals/)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What it says of one tarball: its score from 0 to 10, and the rules behind its risks."""

    score: float
    risks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Beside:
    """Our row, and what it says of the newer and of the older release."""

    ours: Judged
    newer: Scan
    older: Scan


def environment() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("PRATIQUE_GUARDDOG") or cache / "pratique-guarddog")


def release() -> str:
    """Its version; "" where it is not installed."""
    sites = [str(each) for each in environment().glob("lib/python*/site-packages")]
    found = (each for each in distributions(path=sites) if each.name == "guarddog")
    return next((each.version for each in found), "")


class Child:
    """One process of it, that scans one tarball after the other."""

    def __init__(self) -> None:
        python = environment() / "bin" / "python"
        self._process = subprocess.Popen(
            [python, "-I", CHILD],  # isolated: `guarddog` is not the file beside it
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._line()

    def scan(self, path: Path) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._line())
        return answer

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("GuardDog ended early")
        return line

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def sample(rows: Sequence[Judged], count: int = SAMPLE) -> list[Judged]:
    """`count` real updates and as many hostile ones, drawn by hash."""

    def rank(row: Judged) -> bytes:
        key = f"{SEED}\0guarddog\0{row.name}\0{row.newer}\0{row.shape}"
        return hashlib.sha256(key.encode()).digest()

    ordered = sorted(rows, key=rank)
    real = [row for row in ordered if not row.shape]
    laid = [row for row in ordered if row.shape]
    return [*real[:count], *laid[:count]]


def beside(
    rows: Sequence[Judged], tarballs: Sequence[Tarball], shapes: Sequence[Shape]
) -> list[Beside]:
    """Scans of both releases of each row. Scans are kept by digest and release of GuardDog."""
    known = {(each.name, each.version): each for each in tarballs}
    named = {each.name: each for each in shapes}
    halves = [rows[start::WORKERS] for start in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = pool.map(lambda half: list(_scanned(half, known, named)), halves)
    return [each for part in parts for each in part]


def _scanned(
    rows: Sequence[Judged],
    known: Mapping[tuple[str, str], Tarball],
    shapes: Mapping[str, Shape],
) -> Iterator[Beside]:
    child = Child()
    try:
        for row in rows:
            older = known[row.name, row.older].read()
            newer = known[row.name, row.newer].read()
            if row.shape:
                spelling = shapes[row.shape].spellings[row.spelling]
                newer = packed(overlaid(read_archive(newer), spelling))
            yield Beside(row, _kept(child, newer), _kept(child, older))
    finally:
        child.close()


def _kept(child: Child, content: bytes) -> Scan:
    place = folder() / "guarddog" / release()
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{hashlib.sha256(content).hexdigest()}.json"
    if not path.exists():
        with tempfile.NamedTemporaryFile(suffix=".tgz") as file:
            file.write(content)
            file.flush()
            path.write_text(json.dumps(child.scan(Path(file.name))), encoding="utf-8")
    answer = json.loads(path.read_text(encoding="utf-8"))
    return Scan(answer["score"], frozenset(answer["risks"]))
