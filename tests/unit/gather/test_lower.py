"""The release before a release, as the registry tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.registry import Fault, Registry, faults

from pratique.gather.asking import BINDING
from pratique.gather.http import Limits
from pratique.gather.lower import Lower, gather_lower
from pratique.gather.npm import How
from pratique.gather.times import Cutoffs
from pratique.model.fact import Clock, Missing, VersionDocument, Why
from pratique.model.package import Package, Release
from pratique.model.registry import Registries
from pratique.store import Forgetful, Store, open_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
QUICK = Limits(connect=2.0, read=1.0, total=6.0, attempts=2, backoff=0.001)
HOW = How(Cutoffs(NOW - 3 * DAY, NOW - 30 * DAY), limits=QUICK)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "cache", Clock(NOW)) as opened:
        yield opened


def before(
    registry: Registry,
    version: str,
    *,
    store: Store | None = None,
    how: How = HOW,
    at: datetime = NOW,
    name: str = "is-odd",
) -> Lower:
    release = Release(Package(name), version)
    found = gather_lower([release], Registries(registry.url), store or Forgetful(), Clock(at), how)
    assert set(found) == {release}
    return found[release]


def version(found: Lower) -> str | None:
    assert not isinstance(found, Missing), found
    return found.version if found else None


def publish(registry: Registry, *versions: str) -> None:
    for each in versions:
        registry.publish("is-odd", each)


def test_it_is_the_highest_lower_one_with_its_own_document(registry: Registry) -> None:
    publish(registry, "1.0.0", "1.2.0", "1.10.0", "1.9.0", "2.0.0")
    found = before(registry, "1.10.0")
    assert isinstance(found, VersionDocument)
    assert found.version == "1.9.0"
    assert found.tarball == f"{registry.url}is-odd/-/is-odd-1.9.0.tgz"
    assert [each.algorithm for each in found.digests] == ["sha512", "sha1"]
    assert len(registry.requests) == 1
    assert "vnd.npm.install-v1" in registry.requests[0].headers["accept"]


def test_a_withdrawn_release_is_nothing_to_compare_with(registry: Registry) -> None:
    publish(registry, "1.0.0", "1.0.1", "1.0.2")
    registry.withdraw("is-odd", "1.0.1")
    assert version(before(registry, "1.0.2")) == "1.0.0"


def test_one_that_is_hidden_is_nothing_to_compare_with_either(registry: Registry) -> None:
    """Its tarball is served, and no document names it."""
    publish(registry, "1.0.0", "1.0.1", "1.0.2")
    registry.hide("is-odd", "1.0.1")
    assert version(before(registry, "1.0.2")) == "1.0.0"


def test_a_deprecated_release_is(registry: Registry) -> None:
    publish(registry, "1.0.0", "1.0.1", "1.0.2")
    registry.deprecate("is-odd", "1.0.1")
    assert version(before(registry, "1.0.2")) == "1.0.1"


def test_a_release_that_the_registry_does_not_list_itself_has_one_before_it(
    registry: Registry,
) -> None:
    publish(registry, "1.0.0")
    assert version(before(registry, "1.5.0")) == "1.0.0"


def test_a_first_release_has_none(registry: Registry) -> None:
    publish(registry, "1.0.0", "1.0.1")
    assert before(registry, "1.0.0") is None


def test_a_package_that_the_registry_does_not_have_has_none(registry: Registry) -> None:
    assert before(registry, "1.0.0") is None


def test_a_package_that_was_withdrawn_whole_says_nothing_of_its_past(registry: Registry) -> None:
    publish(registry, "1.0.0", "1.0.1")
    registry.withdraw("is-odd")
    assert before(registry, "1.0.1") is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.status(500), "status 500"),
        (faults.status(401), "status 401"),
        (faults.status(403), "status 403"),
        (faults.malformed(), "no document of that package"),
        (faults.instead("is-even"), "no document of that package"),
        (faults.edited(lambda d: d.update(versions=[])), "no document of that package"),
        (faults.edited(lambda d: d["versions"]["1.0.0"].update(version="9.9")), "another release"),
        (faults.edited(lambda d: d["versions"]["1.0.0"].pop("dist")), "document"),
        (faults.truncated(), "broke off"),
        (faults.reset(), "broke off"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_missing_and_not_none(
    registry: Registry, store: Store, fault: Fault, words: str
) -> None:
    registry.publish("is-even", "1.0.0")
    publish(registry, "1.0.0", "1.0.1")
    registry.fault(fault, package="is-odd")
    told = before(registry, "1.0.1", store=store)
    assert isinstance(told, Missing), told
    assert (told.why, words in told.detail, "127.0.0.1" in told.detail) == (
        Why.FAILED, True, True,
    ), told  # fmt: skip
    registry.heal()
    assert version(before(registry, "1.0.1", store=store)) == "1.0.0", "a failure is not kept"


def test_one_that_fails_blanks_one(registry: Registry) -> None:
    for name in ("a", "b"):
        for each in ("1.0.0", "1.0.1"):
            registry.publish(name, each)
    registry.fault(faults.status(500), package="a")
    releases = [Release(Package(name), "1.0.1") for name in ("a", "b")]
    found = gather_lower(releases, Registries(registry.url), Forgetful(), Clock(NOW), HOW)
    assert [isinstance(found[each], Missing) for each in releases] == [True, False]


@pytest.mark.parametrize(
    ("name", "of"), [("../x", "1.0.0"), ("is-odd", "latest"), ("is-odd", "../1")]
)
def test_what_no_registry_can_have_is_not_asked_for(registry: Registry, name: str, of: str) -> None:
    assert isinstance(before(registry, of, name=name), Missing)
    assert registry.requests == []


def test_a_package_without_a_registry_is_missing() -> None:
    release = Release(Package("is-odd"), "1.0.0")
    told = gather_lower([release], Registries(), Forgetful(), Clock(NOW), HOW)[release]
    assert isinstance(told, Missing)


# -- what is kept ----------------------------------------------------------------------------------


@pytest.mark.parametrize("versions", [("1.0.0", "1.0.1"), ("1.0.1",)], ids=["one", "none"])
def test_it_is_asked_once_a_day(registry: Registry, store: Store, versions: tuple[str]) -> None:
    publish(registry, *versions)
    first = before(registry, "1.0.1", store=store)
    registry.forget()
    assert before(registry, "1.0.1", store=store, at=NOW + BINDING - timedelta(seconds=1)) == first
    assert registry.requests == []
    before(registry, "1.0.1", store=store, at=NOW + BINDING)
    assert len(registry.requests) == 1


def test_revalidating_asks_again(registry: Registry, store: Store) -> None:
    publish(registry, "1.0.0", "1.0.2")
    assert version(before(registry, "1.0.2", store=store)) == "1.0.0"
    publish(registry, "1.0.1")
    assert version(before(registry, "1.0.2", store=store)) == "1.0.0"
    again = replace(HOW, revalidate=True)
    assert version(before(registry, "1.0.2", store=store, how=again)) == "1.0.1"


def test_offline_only_what_is_known_is_told(registry: Registry, store: Store) -> None:
    publish(registry, "1.0.0", "1.0.1", "1.0.2")
    before(registry, "1.0.1", store=store)
    registry.forget()
    offline = replace(HOW, offline=True)
    assert version(before(registry, "1.0.1", store=store, how=offline)) == "1.0.0"
    told = before(registry, "1.0.2", store=store, how=offline)
    assert isinstance(told, Missing)
    assert told.why is Why.OFFLINE
    assert registry.requests == []
