"""What layer 9 is given: the analysis of each release, and of what it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.registry import Registry, Shelved, faults

from pratique.gather.behavior import Past, Sources, gather_behavior
from pratique.gather.http import Limits
from pratique.gather.npm import How, gather
from pratique.gather.times import Cutoffs
from pratique.model.behavior import ANALYSED, BASELINE, Analysis, Baseline, Origin
from pratique.model.fact import REGISTERED, Clock, Missing, Why
from pratique.model.package import Digest, Package, Release
from pratique.model.registry import Registries
from pratique.store import Store, open_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
QUICK = Limits(connect=2.0, read=1.0, total=6.0, attempts=2, backoff=0.001)
HOW = How(Cutoffs(NOW - 3 * DAY, NOW - 30 * DAY), limits=QUICK)
ODD = Package("is-odd")
CODE = {
    "1.0.0": "require('fs').readFileSync('a')\n",
    "1.0.1": "require('dns').resolve('a')\n",
    "1.1.0": "eval(x)\n",
    "2.0.0": "fetch(x)\n",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "cache", Clock(NOW)) as opened:
        yield opened


@pytest.fixture
def shelf(registry: Registry) -> dict[str, Shelved]:
    """Four releases that can do different things."""
    return {
        version: registry.publish("is-odd", version, files={"index.js": code})
        for version, code in CODE.items()
    }


class Run:
    """`gather_behavior`, as `check` calls it."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self.sources = Sources(Registries(registry.url), store, Clock(NOW), HOW)
        self._store = store

    def ask(self, wishes: Iterable[Any]) -> Any:
        return gather(wishes, self.sources.registries, self._store, Clock(NOW), HOW)

    def told(
        self,
        *versions: str,
        past: Past | None = None,
        digests: Mapping[Release, Digest] | None = None,
    ) -> Any:
        releases = [Release(ODD, version) for version in versions]
        known = self.ask({(REGISTERED, each) for each in releases})
        asked = [(kind, each) for each in releases for kind in (ANALYSED, BASELINE)]
        return gather_behavior(asked, known, digests or {}, past or Past(), self.sources, self.ask)

    def baseline(self, version: str, past: Past, **more: Any) -> Any:
        return self.told(version, past=past, **more)[BASELINE.name, Release(ODD, version)]


@pytest.fixture
def run(registry: Registry, store: Store, shelf: dict[str, Shelved]) -> Run:
    return Run(registry, store)


def digest_of(shelved: Shelved) -> Digest:
    (digest,) = Digest.from_sri(shelved.integrity)
    return digest


def base(shelf: dict[str, Shelved], *versions: str) -> Past:
    return Past(
        compared=True,
        locked={ODD: {version: digest_of(shelf[version]) for version in versions}},
    )


def families(of: Baseline | Analysis) -> set[str]:
    return {each.partition(":")[0] for each in of.capabilities}


def missing(told: object, words: str) -> bool:
    return isinstance(told, Missing) and told.why is Why.FAILED and words in told.detail


# -- what it is compared with ----------------------------------------------------------------------


def test_without_a_base_and_a_ledger_nothing_is_compared_or_fetched_beside_the_artifact(
    registry: Registry, run: Run
) -> None:
    told = run.told("1.0.1")
    assert told[BASELINE.name, Release(ODD, "1.0.1")] == Baseline(Origin.NONE)
    assert [one.path for one in registry.asked("*.tgz")] == ["/is-odd/-/is-odd-1.0.1.tgz"]


def test_the_version_that_the_base_locks_is_the_baseline(
    registry: Registry, run: Run, shelf: dict[str, Shelved]
) -> None:
    found = run.baseline("1.1.0", base(shelf, "1.0.0"))
    assert (found.origin, found.versions) == (Origin.BASE, ("1.0.0",))
    assert "fs.read" in families(found)
    assert "net.dns" not in families(found), "1.0.1 lies between, and nobody had it"
    assert len(registry.asked("*.tgz")) == 2


def test_two_versions_of_a_line_that_are_locked_at_once_are_one_union(
    run: Run, shelf: dict[str, Shelved]
) -> None:
    found = run.baseline("1.1.0", base(shelf, "1.0.1", "1.0.0", "2.0.0"))
    assert found.versions == ("1.0.0", "1.0.1")
    assert {"fs.read", "net.dns"} <= families(found)
    assert "net.client" not in families(found)


def test_a_downgrade_is_compared_with_the_higher_one_that_the_base_has(
    run: Run, shelf: dict[str, Shelved]
) -> None:
    assert run.baseline("1.0.0", base(shelf, "1.1.0")).versions == ("1.1.0",)


def test_a_new_line_is_compared_with_the_line_below(run: Run, shelf: dict[str, Shelved]) -> None:
    assert run.baseline("2.0.0", base(shelf, "1.1.0")).versions == ("1.1.0",)


def test_a_package_that_the_base_does_not_have_is_compared_with_the_release_before(
    run: Run,
) -> None:
    found = run.baseline("1.1.0", Past(compared=True))
    assert (found.origin, found.versions) == (Origin.REGISTRY, ("1.0.1",))
    assert "net.dns" in families(found)
    assert run.baseline("1.0.0", Past(compared=True)) == Baseline(Origin.NONE)


def test_what_the_ledger_accepts_goes_before_what_the_base_locks(
    registry: Registry, run: Run, shelf: dict[str, Shelved]
) -> None:
    ledger = Baseline(Origin.LEDGER, ("0.9.0",), frozenset({"net.dns"}))
    both = base(shelf, "1.0.0")
    past = Past(compared=True, locked=both.locked, accepted={Release(ODD, "1.1.0"): ledger})
    assert run.baseline("1.1.0", past) == ledger
    assert len(registry.asked("*.tgz")) == 1, "its baseline needs no artifact"


def test_what_an_older_analyser_did_not_see_in_accepted_bytes_is_not_gained(
    run: Run, shelf: dict[str, Shelved]
) -> None:
    release, before = Release(ODD, "1.1.0"), Release(ODD, "1.0.1")
    ledger = Baseline(Origin.LEDGER, ("1.0.1",), frozenset())
    for digest, words in ((digest_of(shelf["1.0.1"]), ""), (digest_of(shelf["1.0.0"]), "1.0.1")):
        past = Past(
            compared=True, accepted={release: ledger}, again={release: {before: digest}}
        )  # fmt: skip
        found = run.baseline("1.1.0", past)
        if words:
            assert missing(found, words), "accepted bytes that cannot be had are no union"
        else:
            assert "net.dns" in families(found)


# -- what cannot be had ----------------------------------------------------------------------------


def test_a_baseline_whose_artifact_does_not_come_is_missing_and_no_first_install(
    registry: Registry, run: Run, shelf: dict[str, Shelved]
) -> None:
    registry.fault(faults.not_found(), path="*is-odd-1.0.0.tgz")
    told = run.told("1.1.0", past=base(shelf, "1.0.0"))
    assert missing(told[BASELINE.name, Release(ODD, "1.1.0")], "1.0.0, which it is compared with")
    assert isinstance(told[ANALYSED.name, Release(ODD, "1.1.0")], Analysis)


def test_so_is_one_of_two(registry: Registry, run: Run, shelf: dict[str, Shelved]) -> None:
    registry.fault(faults.not_found(), path="*is-odd-1.0.0.tgz")
    assert missing(run.baseline("1.1.0", base(shelf, "1.0.0", "1.0.1")), "1.0.0")


def test_a_baseline_that_was_withdrawn_meanwhile_is_missing(
    registry: Registry, run: Run, shelf: dict[str, Shelved]
) -> None:
    registry.withdraw("is-odd", "1.0.0")
    assert missing(run.baseline("1.1.0", base(shelf, "1.0.0")), "no such release")


def test_a_baseline_whose_bytes_are_others_than_the_base_locks_is_missing(
    run: Run, shelf: dict[str, Shelved]
) -> None:
    """Else who can replace a release would choose what the next one is compared with."""
    past = Past(compared=True, locked={ODD: {"1.0.0": digest_of(shelf["1.0.1"])}})
    assert missing(run.baseline("1.1.0", past), "other bytes")


def test_a_version_whose_bytes_the_change_replaces_is_not_its_own_baseline(
    run: Run, shelf: dict[str, Shelved]
) -> None:
    release = Release(ODD, "1.0.0")
    past = Past(compared=True, locked={ODD: {"1.0.0": digest_of(shelf["1.0.1"])}})
    told = run.told("1.0.0", past=past, digests={release: digest_of(shelf["1.0.0"])})
    assert missing(told[BASELINE.name, release], "as the base locks it, has other bytes now")


def test_a_baseline_that_the_registry_cannot_tell_is_missing(registry: Registry, run: Run) -> None:
    registry.fault(faults.status(500), kind="packument")
    assert missing(run.baseline("1.1.0", Past(compared=True)), "status 500")


@pytest.mark.parametrize("locked", [True, False])
def test_the_locked_digest_binds_the_artifact_and_else_the_stated_one(
    registry: Registry, run: Run, shelf: dict[str, Shelved], *, locked: bool
) -> None:
    release = Release(ODD, "1.0.0")
    other = {release: digest_of(shelf["1.0.1"])} if locked else {}
    if not locked:
        registry.fault(faults.other_bytes(), kind="tarball")
    told = run.told("1.0.0", digests=other)
    assert missing(told[ANALYSED.name, release], "other bytes")


def test_a_weak_locked_digest_does_not_go_before_a_strong_stated_one(
    registry: Registry, run: Run, shelf: dict[str, Shelved]
) -> None:
    release, weak = Release(ODD, "1.0.0"), Digest("sha1", "c" * 40)
    told = run.told("1.0.0", digests={release: weak})
    assert told[ANALYSED.name, release].sha512 == digest_of(shelf["1.0.0"]).hex


def test_a_release_that_the_registry_does_not_have_has_no_artifact(run: Run) -> None:
    told = run.told("9.0.0")[ANALYSED.name, Release(ODD, "9.0.0")]
    assert isinstance(told, Missing)
    assert told.why is Why.ABSENT


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x.invalid/a.tgz", "a.tgz", ""])
def test_an_address_that_is_not_of_the_web_is_not_asked_for(
    registry: Registry, run: Run, address: str
) -> None:
    registry.fault(
        faults.edited(lambda document: document["dist"].update(tarball=address)), kind="version"
    )
    told = run.told("1.0.0")[ANALYSED.name, Release(ODD, "1.0.0")]
    assert isinstance(told, Missing)
    assert told.why is Why.FAILED
    assert registry.asked("*.tgz") == []


def test_only_what_was_asked_for_is_told(run: Run, shelf: dict[str, Shelved]) -> None:
    """A baseline's own analysis is not a fact about what is locked."""
    told = run.told("1.1.0", past=base(shelf, "1.0.0"))
    assert {key for kind, key in told if kind == ANALYSED.name} == {Release(ODD, "1.1.0")}
