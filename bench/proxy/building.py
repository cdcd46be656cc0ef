"""What each step of building the largest document takes.

    python -m bench.proxy.building REGISTRY

Prints one step a line: its name, a tab, seconds of processor time (median of RUNS).
"""

from __future__ import annotations

import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from gzip import decompress
from statistics import median
from typing import TypeVar

from bench.proxy.servers import HERE
from bench.proxy.subjects import LARGEST
from pratique.config import read_policy
from pratique.ecosystems.npm.blocklist import blocked_by
from pratique.model.blocklist import BLOCKED
from pratique.model.evidence import ROOT, RootFact
from pratique.model.fact import Facts, Missing, Why
from pratique.model.policy import Policy
from pratique.proxy.known import Known
from pratique.proxy.packing import Kept
from pratique.proxy.packument import Packument, documents, pieces_in, read
from pratique.proxy.pages import page_from, parts
from pratique.proxy.proven import Proven, claims_in
from pratique.proxy.settings import Enforcement
from pratique.proxy.shelf import Shelf, enforced, paths_of, places_of
from pratique.proxy.verdicts import Judging

T = TypeVar("T")
RUNS = 7
_ROUNDS = 20
_ALTERED = b'preset = "recommended"\n[layers.release-age]\ncooldown = "4 days"\n'


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
        began = time.thread_time()
        made = work()
        found.setdefault(step, []).append(time.thread_time() - began)
        return made

    now = datetime.now(UTC)  # noqa: TID251 - a benchmark's own clock
    policy = read_policy((HERE / "policy.toml").read_bytes(), "policy.toml", now=now)
    packument = timed("read anew", lambda: read(body, LARGEST, now=now))
    assert not isinstance(packument, str), packument
    again = timed("read, one release new", lambda: read(body, LARGEST, now=now, known=packument))
    assert not isinstance(again, str), again
    timed("the parts that rules read", lambda: documents(packument))
    known = _known(packument, now, policy, registry)
    seen = timed("judge", lambda: Judging(known).seen())
    assert not seen.needs.evidence, "it is judged with all evidence that it needs"
    carried = Judging(known).carried
    timed("judge again, nothing new", lambda: Judging(known, carried).seen())
    other = replace(known, policy=read_policy(_ALTERED, "policy.toml", now=now))
    timed("judge again, another cooldown", lambda: Judging(other, carried).seen())
    paths = timed("addresses", lambda: paths_of(packument, registry, ()))
    places, files = timed("places", lambda: places_of(documents(packument), paths))
    how = Enforcement()
    shown = {version: enforced(each, how) for version, each in seen.rulings.items()}
    shelf = Shelf(LARGEST, registry, "", 1, now, seen, places, files, shown)
    base = "http://ours.invalid/"

    def page(before: Kept | None = None) -> Kept:
        whole = parts(shelf, packument, None, how, base)
        return page_from(whole, short=False, encoding="gzip", before=before)[1]

    timed("verify and rewrite", lambda: list(pieces_in(parts(shelf, packument, None, how, base))))
    kept = timed("rewrite and pack", page)
    timed("rewrite and pack again", lambda: page(kept))


def _known(packument: Packument, now: datetime, policy: Policy, registry: str) -> Known:
    """What a server knows that has found out all that it needs: that nothing was attested."""
    of_run = Facts.of((BLOCKED, None, blocked_by({})), (ROOT, None, RootFact(now)))
    known = Known(packument=packument, now=now, policy=policy, registry=registry, extra=of_run)
    none = Missing(Why.ABSENT, "the recording has no attestations")
    for _ in range(_ROUNDS):
        needs = Judging(known).seen().needs
        if not needs.evidence and not needs.analyses:
            break
        evidence = dict(known.evidence)
        for version in needs.evidence:
            claimed = claims_in(packument.versions[version].raw)
            evidence[version] = Proven(claimed, none, none, none)
        unread = dict.fromkeys(needs.analyses, Missing(Why.FAILED, "it is not read here"))
        known = replace(known, evidence=evidence, analyses={**known.analyses, **unread})
    return known


if __name__ == "__main__":
    main(sys.argv[1])
