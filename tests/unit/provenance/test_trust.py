from __future__ import annotations

from datetime import timedelta

import pytest
from tests.evidence_builders import AT, Level, record

from pratique.model.evidence import (
    PUBLISH,
    SLSA_V1,
    Attestations,
    Authority,
    Build,
    Carries,
    Claimed,
    Earlier,
    History,
    Refused,
)
from pratique.model.fact import Missing, Why
from pratique.provenance.trust import Level as Found
from pratique.provenance.trust import drops, level_of, shipped, unknown

ALL = Carries(signatures=True, attestations=True, publishers=True)
VERIFIED = Attestations(publish=AT, provenance=record(), present=(PUBLISH, SLSA_V1))
REFUSED = Attestations(refused=(Refused("crypto", "it does not hold"),))
OFFLINE = Missing(Why.OFFLINE, "no network")
FAILED = Missing(Why.FAILED, "no answer")
ABSENT = Missing(Why.ABSENT, "it carries none")


@pytest.mark.parametrize(
    ("claimed", "authority"),
    [
        (Claimed(publisher="corp", trusted_publisher="github", approver=True), Authority.STAGED),
        (Claimed(publisher="x", trusted_publisher="github"), Authority.TRUSTED_PUBLISHER),
        (Claimed(publisher="corp"), Authority.ACCOUNT),
        (Claimed(carries=Carries(publishers=True)), Authority.ACCOUNT),
        (Claimed(carries=Carries(attestations=True)), Why.ABSENT),
        (FAILED, Why.FAILED),
    ],
)
def test_by_whose_leave_a_release_was_published(
    claimed: Claimed | Missing, authority: Authority | Why
) -> None:
    found = level_of(claimed, Attestations()).authority
    assert (found.why if isinstance(found, Missing) else found) == authority


CLAIMS = Claimed(provenance=SLSA_V1, carries=ALL)
NONE = Claimed(carries=ALL)


@pytest.mark.parametrize(
    ("claimed", "attestations", "build"),
    [
        (CLAIMS, VERIFIED, Build.VERIFIED),
        (FAILED, VERIFIED, Build.VERIFIED),
        (CLAIMS, REFUSED, Why.FAILED),
        (NONE, REFUSED, Why.FAILED),
        (CLAIMS, OFFLINE, Build.CLAIMED),
        (CLAIMS, FAILED, Why.FAILED),
        (NONE, Attestations(), Build.NONE),
        (NONE, OFFLINE, Build.NONE),
        (Claimed(carries=Carries(publishers=True)), Attestations(), Why.ABSENT),
        (OFFLINE, OFFLINE, Why.OFFLINE),
    ],
)
def test_what_is_known_of_a_build(
    claimed: Claimed | Missing, attestations: Attestations | Missing, build: Build | Why
) -> None:
    found = level_of(claimed, attestations).build
    assert (found.why if isinstance(found, Missing) else found) == build


def past(*levels: tuple[str, Authority | Missing, Build | Missing]) -> History:
    made = enumerate(levels)
    return History(
        tuple(
            Earlier(
                version=version, published=AT - timedelta(days=90 - at), authority=authority,
                build=build,
            )
            for at, (version, authority, build) in made
        )
    )  # fmt: skip


TWO = past(
    ("2.0.0", Authority.ACCOUNT, Build.VERIFIED), ("2.1.0", Authority.ACCOUNT, Build.CLAIMED)
)


def test_a_drop_names_who_had_more_and_how_much_the_most_of_them_had() -> None:
    (found,) = drops("2.2.0", Found(Authority.ACCOUNT, Build.NONE), TWO)
    assert (found.now, found.before) == (Build.NONE, Build.VERIFIED)
    assert found.versions == ("2.0.0", "2.1.0")
    assert (found.in_line, found.holds) == (True, True)
    (found,) = drops("3.0.0", Found(Authority.ACCOUNT, Build.NONE), TWO)
    assert (found.in_line, found.holds) == (False, False)


def test_a_claim_beside_what_was_verified_is_unknown_and_no_drop() -> None:
    level = Found(Authority.ACCOUNT, Build.CLAIMED)
    assert drops("2.2.0", level, TWO) == ()
    found = unknown("2.2.0", level, TWO)
    assert found is not None
    assert found.why is Why.NOT_ASKED
    claims = past(("2.0.0", Authority.ACCOUNT, Build.CLAIMED))
    assert unknown("2.2.0", level, claims) is None


def test_what_is_missing_is_no_drop_and_unknown_where_one_could_be() -> None:
    nothing = past(("2.0.0", Authority.ACCOUNT, Build.NONE))
    for level in (Found(ABSENT, Build.NONE), Found(Authority.ACCOUNT, ABSENT)):
        assert drops("2.2.0", level, TWO) == (
            drops("2.2.0", Found(Authority.ACCOUNT, Build.NONE), TWO)
            if level.build is Build.NONE
            else ()
        )
        assert unknown("2.2.0", level, nothing) is None
    assert unknown("2.2.0", Found(Authority.ACCOUNT, ABSENT), TWO) == ABSENT
    some = past(("2.0.0", ABSENT, Build.VERIFIED))
    assert unknown("2.2.0", Found(Authority.ACCOUNT, Build.VERIFIED), some) == ABSENT
    assert unknown("2.2.0", Found(Authority.STAGED, Build.VERIFIED), some) is None


def test_a_failure_is_told_before_an_absence() -> None:
    both = past(("2.0.0", ABSENT, Build.VERIFIED), ("2.1.0", Authority.ACCOUNT, FAILED))
    assert unknown("2.2.0", Found(Authority.ACCOUNT, Build.NONE), both) == FAILED


def test_each_shipped_entry_is_of_bytes_and_says_where_it_is_from() -> None:
    assert len(shipped()) >= 10
    for (release, sha512), each in shipped().items():
        name, at, version = release.rpartition("@")
        assert name and at and version  # noqa: PT018 - one thing: it names a release
        assert len(bytes.fromhex(sha512)) == 64
        assert each.source.startswith("https://github.com/")
        assert each.why


def test_the_levels_of_tests_are_those_of_the_rules() -> None:
    for level in Level:
        attestations = VERIFIED if level.has_record else Attestations()
        assert level_of(level.claimed(), attestations) == Found(level.authority, level.build)
