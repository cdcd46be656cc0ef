"""What documents claim of who made a release: read within bounds, and told with what is carried."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.forge import Forge
from tests.forge.serving import publish, registry_of
from tests.registry import Registry, faults

from pratique.gather.claims import UNREADABLE, Dist, Told, claimed_by
from pratique.gather.http import Limits
from pratique.gather.npm import Asked, How, gather
from pratique.gather.times import Cutoffs
from pratique.model.evidence import CLAIMED, SLSA_V1, Carries, Claimed
from pratique.model.fact import REGISTERED, Clock, Missing, Registered, Why
from pratique.model.package import Package, Release
from pratique.model.registry import Registries
from pratique.store import Forgetful, Store, open_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOW = How(
    Cutoffs(NOW, NOW), limits=Limits(connect=2.0, read=1.0, total=6.0, attempts=2, backoff=0.001)
)
ODD = Release(Package("is-odd"), "1.0.0")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["keyid", "sig", "name", "id", "trustedPublisher", "provenance"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def claimed(registry: Registry, *asked: Release, store: Store | None = None, how: How = HOW) -> Any:
    wishes: list[Asked] = [(CLAIMED, each) for each in asked]
    facts = gather(wishes, Registries(registry.url), store or Forgetful(), Clock(NOW), how)
    told = [facts[CLAIMED.name, each] for each in asked]
    return told[0] if len(told) == 1 else told


def test_one_answer_tells_what_is_registered_and_what_is_claimed(tmp_path: Path) -> None:
    forge = Forge()
    with registry_of(forge) as registry:
        shelved = publish(
            registry, forge, "is-odd", "1.0.0", approver="bob", maintainers=["bob", "ann"]
        )
        wishes: list[Asked] = [(REGISTERED, ODD), (CLAIMED, ODD)]
        with open_store(tmp_path, Clock(NOW)) as store:
            for _ in range(2):
                facts = gather(wishes, Registries(registry.url), store, Clock(NOW), HOW)
        found = facts[CLAIMED.name, ODD]
        assert isinstance(facts[REGISTERED.name, ODD], Registered)
        assert isinstance(found, Claimed)
        assert found.repository
        assert len(registry.requests) == 1
    assert found == Claimed(
        signatures=((forge.npm.id, shelved.metadata["dist"]["signatures"][0]["sig"]),),
        integrity=shelved.metadata["dist"]["integrity"],
        provenance=SLSA_V1,
        attestations=True,
        publisher=found.publisher,
        trusted_publisher="github",
        approver=True,
        maintainers=("ann", "bob"),
        repository=found.repository,
        carries=Carries(signatures=True, attestations=True, publishers=True),
    )
    assert found.repository.startswith("git+https://github.com/")


def test_what_one_release_claims_its_registry_carries_for_all(registry: Registry) -> None:
    registry.publish("is-odd", "1.0.0")
    registry.publish("bare", "1.0.0")
    strip = faults.stripped_evidence()
    registry.fault(strip, package="bare")
    bare = Release(Package("bare"), "1.0.0")
    alone = claimed(registry, bare)
    assert (alone.signatures, alone.carries) == ((), Carries())
    _, beside = claimed(registry, ODD, bare)
    assert (beside.signatures, beside.carries.signatures) == ((), True)


def test_what_was_carried_once_is_known_in_later_runs(registry: Registry, tmp_path: Path) -> None:
    registry.publish("is-odd", "1.0.0")
    registry.publish("bare", "1.0.0")
    with open_store(tmp_path, Clock(NOW)) as store:
        claimed(registry, ODD, store=store)
    registry.fault(faults.stripped_evidence())
    with open_store(tmp_path, Clock(NOW)) as store:
        found = claimed(registry, Release(Package("bare"), "1.0.0"), store=store)
    assert (found.signatures, found.carries.signatures) == ((), True)


def test_a_policy_may_expect_signatures_that_nobody_saw(registry: Registry) -> None:
    registry.publish("is-odd", "1.0.0")
    registry.fault(faults.stripped_evidence())
    expected = replace(HOW, signatures={registry.url: "expected"})
    assert claimed(registry, ODD, how=expected).carries == Carries(signatures=True)
    assert claimed(registry, ODD).carries == Carries()


def test_the_short_form_says_nothing_of_publishers(registry: Registry) -> None:
    registry.publish("is-odd", "1.0.0")
    registry.publish("is-even", "1.0.0")
    registry.fault(faults.not_found(), kind="version", package="is-odd")
    odd, even = claimed(registry, ODD, Release(Package("is-even"), "1.0.0"))
    assert (odd.publisher, odd.carries.publishers) == (None, False)
    assert (bool(even.publisher), even.carries.publishers) == (True, True)
    assert odd.signatures


def test_of_what_is_not_there_nothing_is_claimed(registry: Registry) -> None:
    registry.publish("is-odd", "2.0.0")
    found = claimed(registry, ODD)
    assert isinstance(found, Missing)
    assert found.why is Why.ABSENT
    registry.fault(faults.status(500))
    failed = claimed(registry, ODD)
    assert isinstance(failed, Missing)
    assert failed.why is Why.FAILED


@pytest.mark.parametrize(
    ("stated", "provenance"),
    [
        ({}, None),
        ({"provenance": None}, None),
        ({"provenance": {"predicateType": SLSA_V1}}, SLSA_V1),
        ({"provenance": {}}, None),
        ({"provenance": {"predicateType": 7}}, UNREADABLE),
        ({"provenance": {"predicateType": "a\x1b[2Jb"}}, UNREADABLE),
        ({"provenance": True}, UNREADABLE),
        (True, UNREADABLE),
        ([1], UNREADABLE),
    ],
)
def test_who_claims_attestations_is_held_to_it_in_any_form(
    stated: Any, provenance: str | None
) -> None:
    found = claimed_by(Told(Dist(attestations=stated)))
    assert (found.provenance, found.attestations) == (provenance, bool(stated))


def test_names_that_cannot_be_printed_are_nobodys() -> None:
    user = {"name": "ann\u202e", "trustedPublisher": {"id": "x" * 2000}}
    found = claimed_by(Told(user=user, maintainers=[{"name": "b\n"}, "carl <c@d>", 7]))
    assert (found.publisher, found.maintainers) == (None, ("carl",))
    assert found.trusted_publisher == UNREADABLE


def test_too_many_signatures_show_that_there_are_too_many() -> None:
    listed = [{"keyid": f"k{n}", "sig": "A" * 5000} for n in range(100)]
    found = claimed_by(Told(Dist(signatures=listed))).signatures
    assert len(found) == 17
    assert {len(sig) for _, sig in found} == {1025}


@given(anything, anything, anything, anything, anything)
def test_whatever_a_document_holds_claims_are_bounded(
    signatures: Any, attestations: Any, user: Any, maintainers: Any, repository: Any
) -> None:
    dist = Dist(signatures=signatures, attestations=attestations)
    found = claimed_by(Told(dist=dist, user=user, maintainers=maintainers, repository=repository))
    texts = [found.provenance, found.publisher, found.trusted_publisher, found.repository]
    assert all(text is None or (text and text.isprintable()) for text in texts)
