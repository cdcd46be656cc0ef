"""Short ways to say an analysis and a ledger, and ledgers of any kind for property tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from pratique.ledger.rows import canonical
from pratique.model.behavior import ANALYSER, Analysis, Inner
from pratique.model.ledger import AcceptedArtifact, Ledger, Line, LineKey, More
from pratique.model.package import Package, Release

REGISTRY = "https://registry.example/"
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def release(version: str = "1.0.0", name: str = "left-widget") -> Release:
    return Release(Package(name), version)


def analysis(*capabilities: str, digest: str = "a", **more: Any) -> Analysis:
    fields: dict[str, Any] = {"analyser": ANALYSER, **more}
    return Analysis(digest * 128, capabilities=tuple(sorted(capabilities)), **fields)


def inner(*dependencies: tuple[str, str, str], bins: tuple[tuple[str, str], ...] = ()) -> Inner:
    return Inner("left-widget", "1.0.0", (), dependencies, bins)


def key(name: str = "left-widget", line: str = "1") -> LineKey:
    return LineKey(Package(name), REGISTRY, line)


def line(name: str = "left-widget", number: str = "1", **more: Any) -> Line:
    return Line(**{"key": key(name, number), "first": MONDAY, "last": MONDAY, **more})


def ledger(*lines: Line) -> Ledger:
    return Ledger({each.key: each for each in lines})


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NAMES = st.sampled_from(["left-widget", "@corp/left", "ünï", "a b%2F", "x@y"])
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
MORE: st.SearchStrategy[More] = st.dictionaries(
    st.sampled_from(["later", "x-note", "ü"]), VALUES.map(canonical), max_size=2
).map(lambda those: tuple(sorted(those.items())))
HEX = st.sampled_from("abc0")


def _sorted(items: st.SearchStrategy[Any], size: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.sets(items, max_size=size).map(lambda those: tuple(sorted(those)))


def _artifacts() -> st.SearchStrategy[tuple[AcceptedArtifact, ...]]:
    versions = st.sampled_from(["1.0.0", "1.0.1", "1.2.0-rc.1"])
    pairs = st.dictionaries(st.tuples(versions, HEX.map(lambda sign: sign * 128)), MORE, max_size=3)
    return pairs.map(
        lambda those: tuple(sorted(AcceptedArtifact(*each, more) for each, more in those.items()))
    )


def lines(keys: st.SearchStrategy[LineKey]) -> st.SearchStrategy[Line]:
    capability = st.sampled_from(["net.client", "fs.read", "net.host:a.example", "net.host:b.c"])
    script = st.tuples(st.sampled_from(["install", "postinstall"]), HEX.map(lambda sign: sign * 64))
    return st.builds(
        Line,
        key=keys, first=DAYS, last=DAYS, by=TEXT, why=st.sampled_from(["bootstrap", "read it", ""]),
        analyser=st.integers(1, 4), accepted=_artifacts(),
        capabilities=st.dictionaries(capability, DAYS, max_size=4),
        scripts=_sorted(script), dependencies=_sorted(TEXT), bins=_sorted(TEXT),
        binaries=_sorted(TEXT), size=st.integers(0, 10**9), code=st.integers(0, 9),
        files=st.integers(0, 9), evidence=TEXT, signer=TEXT,
        provenance=st.lists(VALUES.map(canonical), max_size=5).map(tuple), more=MORE,
    )  # fmt: skip


KEYS = st.builds(
    LineKey,
    st.builds(Package, NAMES),
    st.sampled_from([REGISTRY, "https://npm.corp.example/"]),
    st.sampled_from(["1", "0.3", "2"]),
)


def _of(those: list[Line]) -> dict[LineKey, Line]:
    return {each.key: each for each in those}


LEDGERS = st.builds(Ledger, st.lists(lines(KEYS), max_size=5).map(_of), MORE)
