"""Ten minutes at 70 % of the highest rate: nothing fails, nothing is lost, nothing grows."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

from bench.proxy.load import Load, recorded, settled
from bench.proxy.processes import megabytes
from bench.proxy.servers import Server
from bench.proxy.subjects import MIXED
from bench.table import Row

SHARE, GROWTH, PEAK = 0.7, 1.05, 150.0
"""Of the highest rate; times the memory of the second quarter that the last one may have; MB."""
_EVERY = 2.0


def rows(load: Load, server: Server, data: Path, minutes: float) -> Iterator[Row]:
    highest = load.run(server, MIXED.paths, seconds=5).rate
    rate, before = highest * SHARE, settled(data)
    begun = load.begun(server, MIXED.paths, rate=rate, seconds=minutes * 60)
    held = list(_watched(server, begun[0].poll))
    run = load.ended(begun, server)
    found = recorded(data, before, run.requests)
    title = f"{minutes:g} minutes at {rate:,.0f}/s ({SHARE:.0%} of {highest:,.0f}/s), mixed"
    yield Row(
        title,
        f"{run.requests:,} answered, {run.refused + run.lost} refused or lost",
        f"p50 {run.p50 * 1e3:.2f} ms, p99 {run.p99 * 1e3:.2f} ms, longest {run.longest * 1e3:.0f}",
        f"{run.rate / rate:.2f} of the rate",
        "no error",
        run.refused + run.lost == 0,
    )
    missing = max(0, run.requests - found)
    lost = _counter(server, "pratique_requests_lost_total")
    yield Row(
        "soak: requests on record",
        f"{found:,}, missing {missing}, counted as lost {lost}",
        "",
        "",
        "every one",
        missing == 0 and lost == 0,
    )
    yield from _memory(held)


def _memory(held: Sequence[float]) -> Iterator[Row]:
    quarter = max(1, len(held) // 4)
    early, late = mean(held[quarter : 2 * quarter] or held), mean(held[-quarter:])
    yield Row(
        "soak: memory of the serving process",
        f"{late:.0f} MB in the last quarter, at most {max(held):.0f} MB",
        f"{early:.0f} MB in the second quarter",
        f"{late / early:.3f}x",
        f"<= {GROWTH:g}x, <= {PEAK:g} MB",
        late <= early * GROWTH and max(held) <= PEAK,
    )


def _watched(server: Server, poll: object) -> Iterator[float]:
    assert callable(poll)
    while poll() is None:
        yield megabytes(server.pid, "VmRSS")
        time.sleep(_EVERY)


def _counter(server: Server, name: str) -> int:
    _, body = server.get("-/metrics")
    lines = (line.split() for line in body.decode().splitlines())
    values = {line[0]: line[1] for line in lines if len(line) == 2}
    if name not in values:
        print(f"no counter {name}", file=sys.stderr)
    return int(values.get(name, "-1"))
