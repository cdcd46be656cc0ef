"""Worker processes: one artifact cannot take others with it, and never the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from tests import tars
from tests.unit.gather import dying

from pratique.gather import worker
from pratique.gather.pool import DIED, TOO_LARGE, TOO_LONG, Answer, Pool
from pratique.model.behavior import Analysis
from pratique.model.fact import Missing, Why

TARBALL = tars.package(tars.member("package/index.js", b"require('child_process')\n"))


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """A pool of two workers that do as the bytes say."""
    monkeypatch.setattr(worker, "analysed", dying.analysed)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with Pool(10) as started:
        yield started


def together(pool: Pool, *sources: bytes) -> list[Answer]:
    with ThreadPoolExecutor(len(sources)) as threads:
        return list(threads.map(lambda source: pool.analysed(source, b""), sources))


def fine(source: bytes) -> Answer:
    return source, b""


@pytest.mark.parametrize("end", [b"die", b"exit"])
def test_a_worker_that_dies_takes_only_its_own_artifact_with_it(ordered: Pool, end: bytes) -> None:
    sources = (b"wait:0.5", b"a", end, b"wait:0.3", b"b")
    told = together(ordered, *sources)
    assert told == [DIED if source == end else fine(source) for source in sources]


def test_the_pool_goes_on_after_it(ordered: Pool) -> None:
    assert ordered.analysed(b"die", b"") == DIED
    assert ordered.analysed(b"a", b"known") == (b"a", b"known")


def test_several_that_kill_their_workers_are_missing_and_the_others_are_not(ordered: Pool) -> None:
    sources = (b"die", b"a", b"die", b"b")
    assert together(ordered, *sources) == [DIED, fine(b"a"), DIED, fine(b"b")]


@pytest.mark.parametrize(
    ("source", "missing"), [(b"long", TOO_LONG), (b"memory", TOO_LARGE)], ids=["time", "memory"]
)
def test_what_takes_too_much_is_missing_and_the_worker_stays(
    ordered: Pool, source: bytes, missing: Missing
) -> None:
    assert ordered.analysed(source, b"") == missing
    assert ordered.analysed(b"a", b"") == fine(b"a")
    assert missing.why is Why.FAILED


def test_a_native_parser_that_does_not_end_is_ended_by_the_system(ordered: Pool) -> None:
    assert ordered.analysed(b"native", b"") == DIED
    assert ordered.analysed(b"a", b"") == fine(b"a")


@pytest.mark.parametrize("source", [b"deep", b"bug"])
def test_what_the_analyser_fails_on_is_missing_and_ends_neither_the_pool_nor_the_run(
    ordered: Pool, source: bytes
) -> None:
    told = together(ordered, b"wait:0.2", source, b"a")
    assert told[::2] == [fine(b"wait:0.2"), fine(b"a")]
    assert isinstance(told[1], Missing)
    assert told[1].why is Why.FAILED
    assert "\x1b" not in told[1].detail


def test_an_artifact_is_read_in_a_process_of_its_own_to_the_same_end(ordered: Pool) -> None:
    apart = ordered.analysed(b"real:" + TARBALL, b"")
    with Pool(1) as alone:
        here = alone.analysed(TARBALL, b"")
    assert apart == here
    assert isinstance(here, tuple)
    analysis = msgspec.msgpack.decode(here[0], type=Analysis)
    assert "exec.process:child_process" in analysis.capabilities


def test_a_small_one_alone_starts_no_process() -> None:
    with Pool(1) as alone:
        alone.analysed(TARBALL, b"")
        assert alone._executor is None


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError])
def test_what_the_analyser_fails_on_without_a_process_is_missing_too(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def failing(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(worker, "analysed_with", failing)
    with Pool(1) as alone:
        told = alone.analysed(TARBALL, b"")
    assert isinstance(told, Missing)


def test_an_artifact_in_a_file_comes_to_the_same_as_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "artifact"
    file.write_bytes(TARBALL)
    with Pool(2) as pool:
        told = pool.analysed(file, b"")
        assert not isinstance(told, Missing)
        assert told == pool.analysed(TARBALL, b"")
        gone = pool.analysed(tmp_path / "gone", b"")
    assert isinstance(gone, Missing)
    assert str(tmp_path) not in gone.detail


def test_a_worker_has_a_bound_on_its_memory(ordered: Pool) -> None:
    """As far as the system can: what is larger than the bound cannot be had."""
    pytest.importorskip("resource")
    with ordered._started() as executor:
        assert executor.submit(_limit).result() == worker.MOST_MEMORY


def _limit() -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)[0]
