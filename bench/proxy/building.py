"""What each step of building the largest document takes.

    python -m bench.proxy.building REGISTRY

Prints one step a line: its name, a tab, seconds (median of RUNS).
"""

from __future__ import annotations

import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from gzip import decompress
from statistics import median
from typing import TypeVar

from bench.proxy.servers import HERE
from bench.proxy.subjects import LARGEST
from pratique.config import read_policy
from pratique.proxy.known import Known
from pratique.proxy.packument import documents, read
from pratique.proxy.pages import page_from, pieces
from pratique.proxy.settings import Enforcement
from pratique.proxy.shelf import Shelf, enforced, paths_of, places_of
from pratique.proxy.verdicts import Judging

T = TypeVar("T")
RUNS = 7


def main(registry: str) -> None:
    with urllib.request.urlopen(registry + LARGEST) as answer:
        body = decompress(answer.read())
    found: dict[str, list[float]] = {}
    for _ in range(RUNS):
        _build(registry, body, found)
    for step, taken in found.items():
        print(f"{step}\t{median(taken)}")


def _build(registry: str, body: bytes, found: dict[str, list[float]]) -> None:
    def timed(step: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        made = work()
        found.setdefault(step, []).append(time.perf_counter() - began)
        return made

    now = datetime.now(UTC)  # noqa: TID251 - a benchmark's own clock
    policy = read_policy((HERE / "policy.toml").read_bytes(), "policy.toml", now=now)
    packument = timed("read anew", lambda: read(body, LARGEST, now=now))
    assert not isinstance(packument, str), packument
    again = timed("read, one release new", lambda: read(body, LARGEST, now=now, known=packument))
    assert not isinstance(again, str), again
    timed("the parts that rules read", lambda: documents(packument))
    known = Known(packument=packument, now=now, policy=policy, registry=registry)
    seen = timed("judge", lambda: Judging(known).seen())
    carried = Judging(known).carried
    timed("judge again, nothing new", lambda: Judging(known, carried).seen())
    paths = timed("addresses", lambda: paths_of(packument, registry, ()))
    places, files = timed("places", lambda: places_of(documents(packument), paths))
    how = Enforcement()
    shown = {version: enforced(each, how) for version, each in seen.rulings.items()}
    shelf = Shelf(LARGEST, registry, "", 1, now, seen, places, files, shown)
    base = "http://ours.invalid/"
    timed("rewrite", lambda: list(pieces(shelf, packument, None, how, base)))
    timed(
        "rewrite again, and pack",
        lambda: page_from(pieces(shelf, packument, None, how, base), short=False, encoding="gzip"),
    )


if __name__ == "__main__":
    main(sys.argv[1])
