"""What is measured: each function gives the rows of one question, whatever they come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.proxy.load import CONNECTIONS, Load, Run, middle, recorded, settled
from bench.proxy.processes import children, megabytes
from bench.proxy.servers import Server
from bench.proxy.subjects import MIXED, SEMVER, SUBJECTS, TARBALLS, Subject
from bench.table import Row

CHECKS, PEAK = 30e-6, 150.0
"""The bars: seconds of token, policy and record for a request; MB of the serving process."""


def alternating(
    load: Load, runs: int, subject: Subject, servers: Sequence[Server]
) -> list[list[Run]]:
    """The runs of each server, which take turns; the one that is first changes."""
    found: list[list[Run]] = [[] for _ in servers]
    for number in range(runs):
        order = range(len(servers)) if number % 2 else reversed(range(len(servers)))
        for index in order:
            server = servers[index]
            found[index].append(load.run(server, server.paths(subject)))
    return found


def loads(
    load: Load, runs: int, servers: tuple[Server, Server, Server], data: Path
) -> Iterator[Row]:
    """Every subject by the firewall, Verdaccio and nginx."""
    before, answered, refused = settled(data), 0, 0
    for subject in SUBJECTS:
        ours, theirs, files = alternating(load, runs, subject, servers)
        answered += sum(each.requests for each in ours)
        refused += sum(each.refused + each.lost for each in ours)
        yield from _of_subject(subject, ours, theirs, files)
    found = recorded(data, before, answered)
    missing, more = max(0, answered - found), max(0, found - answered)
    # wrk ends a run with one request under way on each connection: it does not count the answer,
    # the record does.
    most = CONNECTIONS * runs * len(SUBJECTS)
    yield Row(
        "requests of these runs that were answered, and are on record",
        f"{answered:,}, missing {missing}, refused or lost {refused}",
        f"on record: {found:,}; {more} more, of at most {most} under way when wrk ended a run",
        "",
        "every one",
        missing == 0 and refused == 0 and more <= most,
    )


def _of_subject(
    subject: Subject, ours: Sequence[Run], theirs: Sequence[Run], files: Sequence[Run]
) -> Iterator[Row]:
    rate, title = middle(ours, "rate"), subject.title
    mine = f"{rate:,.0f}/s"
    other, still = middle(theirs, "rate"), middle(files, "rate")
    times = rate / other
    yield Row(
        f"{title}: requests",
        mine,
        f"Verdaccio: {other:,.1f}/s",
        f"{times:,.1f}x",
        "" if subject.faster is None else f">= {subject.faster:g}x",
        None if subject.faster is None else times >= subject.faster,
    )
    share = rate / still
    yield Row(
        f"{title}: requests",
        mine,
        f"nginx: {still:,.0f}/s",
        f"{share:.2f}x",
        "" if subject.of_nginx is None else f">= {subject.of_nginx:g}x",
        None if subject.of_nginx is None else share >= subject.of_nginx,
    )
    slow, usual = middle(ours, "p99"), middle(theirs, "p50")
    yield Row(
        f"{title}: p99",
        f"{slow * 1e3:.2f} ms (p50 {middle(ours, 'p50') * 1e3:.2f})",
        f"Verdaccio's p50: {usual * 1e3:.2f} ms",
        f"{slow / usual:.2f}x",
        "< 1x",
        slow < usual,
    )
    cost, least = middle(ours, "cost"), middle(files, "cost")
    yield Row(
        f"{title}: processor time of a request",
        f"{cost * 1e6:.0f} us",
        f"nginx: {least * 1e6:.0f} us; Verdaccio: {middle(theirs, 'cost') * 1e6:,.0f} us",
        f"{cost / least:.2f}x nginx",
        "" if subject.costs is None else f"<= {subject.costs:g}x",
        None if subject.costs is None else cost <= least * subject.costs,
    )


def checks(load: Load, runs: int, server: Server, bare: Server) -> Iterator[Row]:
    """What token, policy and record add to the same answers by the same server."""
    for subject in (SEMVER, TARBALLS, MIXED):
        with_, without = alternating(load, runs, subject, (server, bare))
        cost, least = middle(with_, "cost"), middle(without, "cost")
        yield Row(
            f"token, policy and record, {subject.title}: processor time of a request",
            f"{cost * 1e6:.0f} us",
            f"the same server and answers without: {least * 1e6:.0f} us",
            f"{(cost - least) * 1e6:+.0f} us",
            f"<= {CHECKS * 1e6:g} us",
            cost - least <= CHECKS,
        )


def memory(servers: tuple[Server, Server, Server]) -> Iterator[Row]:
    """The most that each held so far."""
    ours, theirs, files = (megabytes(each.pid) for each in servers)
    workers = [megabytes(each) for each in children(servers[0].pid)]
    whole = ours + sum(workers)
    yield Row(
        "peak memory of the serving process",
        f"{ours:.0f} MB ({whole:.0f} MB with {len(workers)} workers)",
        f"Verdaccio: {theirs:.0f} MB; nginx: {files:.0f} MB",
        f"{ours / theirs:.2f}x Verdaccio",
        f"<= {PEAK:g} MB",
        ours <= PEAK,
    )
