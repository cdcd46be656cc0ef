"""Artifacts: whose bytes are believed, what is kept of them, and each way in which none come."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests import tars
from tests.registry import Fault, Registry, Shelved, faults

from pratique.gather import artifacts
from pratique.gather.artifacts import Wanted, fetch, gather_analyses
from pratique.gather.http import Limits
from pratique.gather.npm import How
from pratique.gather.times import Cutoffs
from pratique.model.behavior import ANALYSED, ANALYSER, Analysis
from pratique.model.fact import Clock, Missing, Why
from pratique.model.package import Digest, Package, Release
from pratique.model.registry import Credential, Registries, dart_of
from pratique.store import Entry, Forgetful, Shelf, Store, open_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
QUICK = Limits(connect=2.0, read=1.0, total=6.0, attempts=2, backoff=0.001)
HOW = How(Cutoffs(NOW - 3 * DAY, NOW - 30 * DAY), limits=QUICK)
RUNS = {"index.js": "require('child_process').exec('ls')\n"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "cache", Clock(NOW)) as opened:
        yield opened


def wanted(registry: Registry, shelved: Shelved, digest: str | None = "") -> Wanted:
    """The artifact of a release; `digest` is another one that is locked, or None for none."""
    locked = Digest.from_sri(shelved.integrity if digest == "" else digest or "")
    release = Release(Package(shelved.name), shelved.version)
    of = Registries(registry.url).registry_for(shelved.name)
    assert of is not None
    return Wanted(release, of, registry.url + shelved.path, next(iter(locked), None))


def run(
    registry: Registry,
    *those: Wanted,
    store: Store | None = None,
    how: How = HOW,
    user: Registries | None = None,
) -> list[Any]:
    user = user or Registries(registry.url)
    found = gather_analyses(those, user, store or Forgetful(), Clock(NOW), how)
    return [found[ANALYSED.name, each.release] for each in those]


def missing(told: object, words: str, why: Why = Why.FAILED) -> bool:
    return isinstance(told, Missing) and told.why is why and words in told.detail


def names(found: object) -> set[str]:
    assert isinstance(found, Analysis), found
    return {each.partition(":")[0] for each in found.capabilities}


# -- what comes ------------------------------------------------------------------------------------


def test_what_is_inside_is_told_of_exactly_the_bytes_that_came(registry: Registry) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS, scripts={"install": "make"})
    (found,) = run(registry, wanted(registry, shelved))
    assert {"exec.process", "install.script"} <= names(found)
    (digest,) = Digest.from_sri(shelved.integrity)
    assert (found.sha512, found.analyser) == (digest.hex, ANALYSER)
    assert found.installs == (("install", "make"),)
    assert [one.path for one in registry.requests] == ["/is-odd/-/is-odd-1.0.0.tgz"]
    assert registry.requests[0].headers["accept-encoding"] == "identity"


def test_nothing_is_asked_where_nothing_is_wanted(registry: Registry) -> None:
    assert run(registry) == []
    assert registry.requests == []


def test_an_artifact_that_cannot_be_analysed_is_no_failure_but_says_so(registry: Registry) -> None:
    shelved = registry.publish("is-odd", "1.0.0")
    broken = replace(shelved, tarball=tars.package(end=b""))
    registry.put(broken)
    (found,) = run(registry, wanted(registry, broken))
    assert isinstance(found, Analysis)
    assert found.oddities


# -- digests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha512", "sha1"])
def test_other_bytes_than_the_digest_names_are_believed_by_nobody(
    registry: Registry, store: Store, algorithm: str
) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)
    digest = Digest.from_hex("sha1", shelved.shasum)
    assert digest is not None
    asked = wanted(registry, shelved, shelved.integrity if algorithm == "sha512" else digest.sri)
    registry.fault(faults.other_bytes(), kind="tarball", times=1)
    (told,) = run(registry, asked, store=store)
    assert missing(told, f"served other bytes than the digest {algorithm}-")
    assert "127.0.0.1" in told.detail
    (told,) = run(registry, asked, store=store)
    assert "exec.process" in names(told), "what failed is not kept"


def test_without_a_digest_what_comes_is_taken_and_never_kept(
    registry: Registry, store: Store
) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)
    asked = wanted(registry, shelved, None)
    assert [names(found) for found in run(registry, asked, store=store)] == [
        names(found) for found in run(registry, asked, store=store)
    ]
    assert len(registry.requests) == 2


# -- what is kept ----------------------------------------------------------------------------------


def test_bytes_that_were_analysed_once_are_never_asked_for_again(
    registry: Registry, store: Store
) -> None:
    asked = wanted(registry, registry.publish("is-odd", "1.0.0", files=RUNS))
    first = run(registry, asked, store=store)
    registry.forget()
    assert run(registry, asked, store=store) == first
    assert run(registry, asked, store=store, how=replace(HOW, offline=True)) == first
    assert run(registry, asked, store=store, how=replace(HOW, revalidate=True)) == first
    assert registry.requests == [], "what bytes show never goes stale"


def test_the_same_bytes_under_another_name_and_address_are_known(
    registry: Registry, store: Store
) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)
    first = run(registry, wanted(registry, shelved), store=store)
    registry.forget()
    elsewhere = replace(
        wanted(registry, shelved),
        release=Release(Package("copy"), "3.0.0"),
        url=f"{registry.url}copy/-/copy-3.0.0.tgz",
    )
    assert run(registry, elsewhere, store=store) == first
    assert registry.requests == []


def test_a_weak_digest_is_known_at_its_own_registry_only(registry: Registry, store: Store) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)
    digest = Digest.from_hex("sha1", shelved.shasum)
    assert digest is not None
    asked = wanted(registry, shelved, digest.sri)
    first = run(registry, asked, store=store)
    registry.forget()
    assert run(registry, asked, store=store) == first
    assert registry.requests == []
    with Registry() as other:
        other.publish("is-odd", "1.0.0", files=RUNS)
        run(other, wanted(other, shelved, digest.sri), store=store)
        assert len(other.requests) == 1


def test_what_was_read_with_a_credential_is_not_told_without_it(
    registry: Registry, store: Store
) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)
    registry.protect("is-odd", "t0ken")
    user = of_user(registry.url, "t0ken")
    of = user.registry_for("is-odd")
    assert of is not None
    asked = replace(wanted(registry, shelved), registry=of)
    assert isinstance(run(registry, asked, store=store, user=user)[0], Analysis)
    (told,) = run(registry, wanted(registry, shelved), store=store)
    assert missing(told, "status 401")


def test_a_stored_analysis_that_cannot_be_read_costs_a_request_and_no_more(
    registry: Registry, store: Store
) -> None:
    asked = wanted(registry, registry.publish("is-odd", "1.0.0", files=RUNS))
    assert asked.digest is not None
    shelf = Shelf(ANALYSED.name, ANALYSER, "", "")
    subject = f"sha512:{asked.digest.hex}"
    for broken in (b"", b"\xc1", b"\x93" * 9000, msgspec.msgpack.encode({"sha512": 7})):
        store.save(shelf, [Entry(subject, broken, NOW, NOW + DAY)])
        assert "exec.process" in names(run(registry, asked, store=store)[0])
    assert len(registry.requests) == 4


def test_an_analysis_of_an_older_analyser_is_made_anew(
    registry: Registry, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = wanted(registry, registry.publish("is-odd", "1.0.0", files=RUNS))
    run(registry, asked, store=store)
    monkeypatch.setattr(artifacts, "ANALYSER", ANALYSER + 1)
    registry.forget()
    run(registry, asked, store=store)
    assert len(registry.requests) == 1


def test_the_readings_of_an_earlier_version_are_used_and_broken_ones_are_not(
    registry: Registry, store: Store
) -> None:
    files = {**RUNS, "same.js": "eval(x)\n"}
    one = registry.publish("is-odd", "1.0.0", files=files)
    two = registry.publish("is-odd", "1.0.1", files={**files, "new.js": "fetch(x)\n"})
    run(registry, wanted(registry, one), store=store)
    (known,) = run(registry, wanted(registry, two), store=store)
    (anew,) = run(registry, wanted(registry, two))
    assert known == anew
    assert names(known) >= {"exec.process", "code.eval", "net.client"}
    three = registry.publish("is-odd", "1.0.2", files={**files, "b.js": "fetch(y)\n"})
    shelf = Shelf("readings", ANALYSER, registry.url, "")
    store.save(shelf, [Entry("is-odd", b"\xc1 broken", NOW, NOW + DAY)])
    assert run(registry, wanted(registry, three), store=store) == run(
        registry, wanted(registry, three)
    )


# -- where nothing comes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.not_found(), "answered with status 404 for its artifact"),
        (faults.status(401), "status 401"),
        (faults.status(403), "status 403"),
        (faults.status(410), "status 410"),
        (faults.status(451), "status 451"),
        (faults.status(500), "status 500"),
        (faults.status(503), "status 503"),
        (faults.truncated(), "broke off"),
        (faults.reset(), "broke off"),
        (faults.slow(wait=20), "in time"),
        (faults.redirect_to_itself(), "redirects more than"),
        (faults.malformed(b""), "other bytes"),
        (faults.malformed(b'{"error":"sign in"}'), "other bytes"),
    ],
)
def test_an_artifact_that_does_not_come_is_failed_and_names_the_host(
    registry: Registry, store: Store, fault: Fault, words: str
) -> None:
    asked = wanted(registry, registry.publish("is-odd", "1.0.0", files=RUNS))
    registry.fault(fault, kind="tarball")
    (told,) = run(registry, asked, store=store)
    assert missing(told, words), told
    assert "127.0.0.1" in told.detail
    registry.heal()
    assert "exec.process" in names(run(registry, asked, store=store)[0])


def test_one_that_fails_blanks_one(registry: Registry) -> None:
    shelved = [registry.publish(name, "1.0.0", files=RUNS) for name in "abcdef"]
    registry.fault(faults.not_found(), package="c", kind="tarball")
    told = run(registry, *(wanted(registry, each) for each in shelved))
    assert [isinstance(each, Missing) for each in told] == [name == "c" for name in "abcdef"]


def test_an_artifact_that_is_too_large_is_failed(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = wanted(registry, registry.publish("is-odd", "1.0.0", files=RUNS))
    monkeypatch.setattr(artifacts, "MOST_BYTES", 50)
    assert missing(run(registry, asked)[0], "larger than")
    assert missing(fetch(asked, Registries(registry.url), HOW), "larger than")


def test_one_that_is_packed_once_more_on_its_way_is_unpacked_before_its_digest_is_taken(
    registry: Registry,
) -> None:
    """As clients do, although nobody asked for that."""
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)

    def packed(_exchange: Any, answer: Any) -> Any:
        again = replace(answer, body=gzip.compress(answer.body))
        return again.with_headers(content_encoding="gzip")

    registry.fault(packed, kind="tarball")
    (found,) = run(registry, wanted(registry, shelved))
    assert "exec.process" in names(found)
    (digest,) = Digest.from_sri(shelved.integrity)
    assert found.sha512 == digest.hex


def test_offline_what_was_never_analysed_is_missing(registry: Registry, store: Store) -> None:
    known = wanted(registry, registry.publish("a", "1.0.0"))
    other = wanted(registry, registry.publish("b", "1.0.0"))
    run(registry, known, store=store)
    registry.forget()
    told = run(registry, known, other, store=store, how=replace(HOW, offline=True))
    assert isinstance(told[0], Analysis)
    assert missing(told[1], "never analysed", Why.OFFLINE)
    assert missing(
        fetch(known, Registries(registry.url), replace(HOW, offline=True)), "", Why.OFFLINE
    )
    assert registry.requests == []


# -- secrets ---------------------------------------------------------------------------------------


def of_user(url: str, token: str) -> Registries:
    credential, dart = Credential.of("Bearer", token), dart_of(url)
    assert credential
    assert dart
    return Registries(url, credentials={dart: credential})


def test_a_redirect_to_another_host_goes_without_the_credential(registry: Registry) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)
    registry.protect("is-odd", "t0ken")
    with Registry() as other:
        other.put(shelved)
        registry.fault(faults.redirect(other.url + "{path}"), kind="tarball")
        (found,) = run(registry, wanted(registry, shelved), user=of_user(registry.url, "t0ken"))
        assert "exec.process" in names(found)
        assert registry.credentials == {"Bearer t0ken"}
        assert (len(other.requests), other.credentials) == (1, set())


def test_an_artifact_at_another_host_is_asked_for_without_the_credential(
    registry: Registry,
) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)
    with Registry() as other:
        other.put(shelved)
        asked = replace(wanted(registry, shelved), url=other.url + shelved.path)
        (found,) = run(registry, asked, user=of_user(registry.url, "t0ken"))
        assert "exec.process" in names(found)
        assert other.credentials == set()


# -- entries that are re-pointed -------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_an_entry_that_is_served_other_bytes_gets_what_was_read_of_those_it_locks(
    registry: Registry, order: int
) -> None:
    """The first run says what every later one finds in the store."""
    right = registry.publish("is-odd", "1.0.0", files=RUNS)
    wrong = registry.publish("is-even", "1.0.0")
    moved = wanted(registry, wrong, right.integrity)
    told = run(registry, *[wanted(registry, right), moved][::order])
    assert told[0] == told[1]
    assert "exec.process" in names(told[0])


def test_and_is_missing_where_nobody_has_read_those(registry: Registry) -> None:
    right = registry.publish("is-odd", "1.0.0", files=RUNS)
    wrong = registry.publish("is-even", "1.0.0")
    other = registry.publish("is-ten", "1.0.0")
    told = run(registry, wanted(registry, wrong, right.integrity), wanted(registry, other))
    assert missing(told[0], "other bytes")
    assert isinstance(told[1], Analysis)


# -- fetching --------------------------------------------------------------------------------------


def test_the_bytes_themselves_are_had_only_where_they_are_the_right_ones(
    registry: Registry,
) -> None:
    shelved = registry.publish("is-odd", "1.0.0", files=RUNS)
    user = Registries(registry.url)
    assert fetch(wanted(registry, shelved), user, HOW) == shelved.bytes
    registry.fault(faults.other_bytes(), kind="tarball", times=1)
    assert missing(fetch(wanted(registry, shelved), user, HOW), "other bytes")


# -- progress --------------------------------------------------------------------------------------


class Counted:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def start(self, total: int) -> None:
        self.seen.append(f"start {total}")

    def advance(self) -> None:
        self.seen.append("advance")

    def finish(self) -> None:
        self.seen.append("finish")


def test_progress_counts_what_is_asked_for_and_not_what_is_known(
    registry: Registry, store: Store
) -> None:
    known, *others = (wanted(registry, registry.publish(name, "1.0.0")) for name in "abc")
    run(registry, known, store=store)
    counted = Counted()
    user = Registries(registry.url)
    registry.fault(faults.not_found(), package="b", kind="tarball")
    gather_analyses([known, *others], user, store, Clock(NOW), HOW, counted)
    assert counted.seen == ["start 2", "advance", "advance", "finish"]
