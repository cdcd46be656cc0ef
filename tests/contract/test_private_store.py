"""What every store does with private packages and tokens, whatever keeps it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from tests.contract.conftest import Place

from pratique.errors import StoreUnavailableError
from pratique.model.private import PrivatePackage, PrivateVersion, Right, Token
from pratique.proxy import tokens
from pratique.store.firewall.private import Private

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1, microseconds=7)


@pytest.fixture
def store(place: Place) -> Private:
    return place.open(NOW).private


def version(number: str = "1.0.0", **more: object) -> PrivateVersion:
    made = PrivateVersion(
        number, b'{"version":"' + number.encode() + b'"}', "a" * 128, "b" * 40, 7, NOW, "alice"
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of the class


def package(*versions: PrivateVersion, revision: int = 1) -> PrivatePackage:
    held = versions or (version(),)
    return PrivatePackage(
        "@corp/tool", revision, NOW, NOW, held, {"latest": held[0].version}, ("alice", "bob")
    )


def token(number: int = 1, name: str = "alice", **more: object) -> Token:
    text = tokens.spelled(number.to_bytes(32, "big"))
    made = tokens.made(text, name, rights=Right, now=NOW, packages=("@corp/*", "a"))
    return replace(made, **more)  # type: ignore[arg-type]  # fields of the class


def test_provenance_is_kept_with_its_version_and_goes_with_it(store: Private) -> None:
    whole, bundle = package(version("1.0.0"), version("1.1.0")), b'{"a":' + b" " * 9000 + b"1}"
    assert store.save(None, whole, {"1.0.0": bundle})
    assert store.bundle("@corp/tool", "1.0.0") == bundle
    assert store.bundle("@corp/tool", "1.1.0") is None
    assert store.bundle("@corp/other", "1.0.0") is None
    first, second = whole.versions
    gone = replace(whole, revision=2, versions=(replace(first, removed_at=LATER), second))
    assert store.save(whole, gone)
    assert store.bundle("@corp/tool", "1.0.0") is None


def test_a_change_that_came_too_late_keeps_no_provenance(store: Private) -> None:
    whole = package()
    assert store.save(None, whole)
    late = replace(whole, revision=2, versions=(*whole.versions, version("2.0.0")))
    assert store.save(whole, replace(whole, revision=2))
    assert not store.save(whole, late, {"2.0.0": b"{}"})
    assert store.bundle("@corp/tool", "2.0.0") is None


def test_revisions_are_told_of_all_packages_or_of_one(store: Private) -> None:
    assert store.revisions() == {}
    store.save(None, package(revision=3))
    assert store.revisions() == store.revisions("@corp/tool") == {"@corp/tool": 3}
    assert store.revisions("other") == {}


def test_a_package_comes_back_as_it_was_saved(store: Private) -> None:
    whole = package(
        version("1.0.0", manifest=b'{"a":' + b" " * 5000 + b'"\xc3\xa4"}'),
        version("1.1.0", deprecated="old \U0001f6a2\nuse 2", removed_at=LATER, size=2**40),
    )
    assert store.package("@corp/tool") is None
    assert store.save(None, whole)
    assert store.package("@corp/tool") == whole
    assert store.package("@corp/TOOL") is None
    assert store.package("@corp/tool2") is None


def test_versions_stay_in_the_order_in_which_they_were_published(store: Private) -> None:
    numbers = [f"1.{n}.0" for n in (5, 30, 2, 100, 1)]
    whole = package(*map(version, numbers))
    assert store.save(None, whole)
    found = store.package("@corp/tool")
    assert found
    assert [each.version for each in found.versions] == numbers


def test_a_name_is_private_for_good(store: Private) -> None:
    assert not store.is_private("@corp/tool")
    store.save(None, package())
    gone = replace(package(version(removed_at=LATER)), revision=2, tags={})
    assert store.save(package(), gone)
    assert store.is_private("@corp/tool")
    assert store.names() == {"@corp/tool"}
    assert store.package("@corp/tool") == gone


def test_a_change_replaces_versions_tags_and_owners(store: Private) -> None:
    first = package(version("1.0.0"), version("1.1.0"))
    store.save(None, first)
    second = replace(
        first,
        revision=2,
        modified_at=LATER,
        versions=(
            version("1.0.0", deprecated="x"), version("1.1.0", removed_at=LATER), version("1.2.0"),
        ),
        tags={"next": "1.2.0"},
        owners=("carol",),
    )  # fmt: skip
    assert store.save(first, second)
    assert store.package("@corp/tool") == second


def test_of_two_changes_of_one_revision_the_second_is_told_and_writes_nothing(
    store: Private,
) -> None:
    first = package()
    store.save(None, first)
    one = replace(first, revision=2, tags={"latest": "1.0.0", "one": "1.0.0"})
    two = replace(first, revision=2, versions=(version("1.0.0", deprecated="x"),), owners=("eve",))
    assert store.save(first, one)
    assert not store.save(first, two)
    assert store.package("@corp/tool") == one


def test_a_name_is_first_published_once(store: Private) -> None:
    assert store.save(None, package())
    assert not store.save(None, replace(package(), owners=("eve",)))
    assert store.package("@corp/tool") == package()


def test_of_many_who_publish_at_once_one_wins_each_revision(store: Private) -> None:
    store.save(None, package())
    won: list[bool] = []
    start = threading.Barrier(4)

    def publish(number: int) -> None:
        start.wait(10)
        for each in range(5):
            before = store.package("@corp/tool")
            assert before
            more = version(f"2.{number}.{each}")
            after = replace(before, revision=before.revision + 1, versions=(*before.versions, more))
            won.append(store.save(before, after))

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    found = store.package("@corp/tool")
    assert found
    assert len(won) == 20
    assert found.revision == 1 + sum(won)
    assert len(found.versions) == 1 + sum(won)


def test_a_tarball_is_held_while_a_version_has_it(store: Private) -> None:
    first = package(version("1.0.0", sha512="c" * 128), version("1.1.0", sha512="d" * 128))
    store.save(None, first)
    assert store.holds("c" * 128)
    gone = replace(first.versions[0], removed_at=LATER)
    store.save(first, replace(first, revision=2, versions=(gone, first.versions[1]), tags={}))
    assert not store.holds("c" * 128)
    assert store.holds("d" * 128)
    assert not store.holds("e" * 128)


def test_a_token_is_found_by_its_hash_alone(store: Private) -> None:
    kept = token(expires_at=LATER)
    store.add_token(kept)
    assert store.token(kept.hash) == kept
    assert store.token(kept.id) is None
    assert store.token("") is None
    with pytest.raises(IntegrityError):
        store.add_token(kept)


def test_tokens_are_listed_by_name_and_in_order(store: Private) -> None:
    late, early = token(1, created_at=LATER), token(2)
    other = token(3, "bob", packages=(), rights=frozenset({Right.READ}))
    for each in (late, early, other):
        store.add_token(each)
    assert store.tokens("alice") == (early, late)
    assert set(store.tokens()) == {late, early, other}
    assert store.tokens("carol") == ()


def test_a_token_is_revoked_once(store: Private) -> None:
    kept = token()
    store.add_token(kept)
    assert store.revoke(kept.id, NOW)
    assert store.revoke(kept.id, LATER)
    assert store.token(kept.hash) == replace(kept, revoked_at=NOW)
    assert not store.revoke("nothing", NOW)


def test_what_was_kept_is_there_after_a_crash(place: Place) -> None:
    firewall = place.open(NOW)
    firewall.private.save(None, package())
    firewall.private.add_token(token())
    place.crash(firewall)
    again = place.open(LATER).private
    assert again.package("@corp/tool") == package()
    assert again.tokens() == (token(),)


def test_a_database_that_cannot_be_written_says_so_and_is_read_on(place: Place) -> None:
    firewall = place.open(NOW)
    firewall.private.save(None, package())
    firewall.private.add_token(token())
    place.hinder(firewall, "read-only")
    changed = replace(package(), revision=2, owners=("carol",))
    for write in (
        lambda: firewall.private.save(package(), changed),
        lambda: firewall.private.add_token(token(2)),
        lambda: firewall.private.revoke(token().id, NOW),
    ):
        with pytest.raises(StoreUnavailableError):
            write()
    assert firewall.private.package("@corp/tool") == package()
    assert firewall.private.tokens() == (token(),)
