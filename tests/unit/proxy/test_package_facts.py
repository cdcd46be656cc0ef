"""The facts of a package's releases are those that any other `Facts` would give."""

from __future__ import annotations

import pytest
from tests.unit.proxy.stand import NOW

from pratique.model.fact import CLOCK, PUBLISHED, REGISTERED, Clock, Facts, Missing, Registered, Why
from pratique.model.package import Package, Release
from pratique.proxy.package_facts import PackageFacts

PACKAGE = Package("left-pad")
ONE, OTHER = Release(PACKAGE, "1.0.0"), Release(PACKAGE, "2.0.0")
MISSING = Missing(Why.ABSENT, "no time")
KNOWN = Registered("https://registry.example/", None)


@pytest.fixture
def facts() -> PackageFacts:
    own = {"1.0.0": {REGISTERED.name: KNOWN, PUBLISHED.name: MISSING}}
    return PackageFacts(PACKAGE, own, Facts.of((CLOCK, None, Clock(NOW))))


def test_what_is_known_is_given(facts: PackageFacts) -> None:
    assert facts.get(REGISTERED, ONE) is facts.need(REGISTERED, ONE) is KNOWN
    assert facts.need(CLOCK).at == NOW


def test_what_is_missing_is_missing_and_never_a_default(facts: PackageFacts) -> None:
    assert facts.get(PUBLISHED, ONE) is MISSING
    for release in (OTHER, Release(Package("right-pad"), "1.0.0")):
        found = facts.get(REGISTERED, release)
        assert isinstance(found, Missing)
        assert found.why is Why.NOT_ASKED
    with pytest.raises(LookupError):
        facts.need(PUBLISHED, ONE)
    with pytest.raises(LookupError):
        facts.need(REGISTERED, OTHER)


def test_what_is_added_is_of_that_release_alone(facts: PackageFacts) -> None:
    more = facts.of_release("2.0.0", {REGISTERED.name: KNOWN})
    assert more.get(REGISTERED, OTHER) is more.get(REGISTERED, ONE) is KNOWN
    unknown = more.get(PUBLISHED, OTHER), facts.get(REGISTERED, OTHER)
    assert all(isinstance(each, Missing) for each in unknown)
    again = more.of_release("1.0.0", {PUBLISHED.name: KNOWN})
    assert again.get(REGISTERED, ONE) is KNOWN
    assert again.need(CLOCK).at == NOW
