"""What a change makes of a private package, and what its documents say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.registry.tarball import sha1, sri
from tests.unit.proxy.bodies import publish_body, tarball

from pratique.model.private import PrivatePackage
from pratique.proxy import private
from pratique.proxy.publishing import Owned, Publish, Refused, Revised, read_put

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BASE = "http://firewall.example/"


def new(version: str = "1.0.0", tag: str = "latest", **manifest: Any) -> Publish:
    found = read_put(publish_body(version=version, tag=tag, **manifest), "@corp/tool")
    assert isinstance(found, Publish), found
    return found


def ok(found: PrivatePackage | Refused) -> PrivatePackage:
    assert isinstance(found, PrivatePackage), found
    return found


def refused(found: PrivatePackage | Refused) -> Refused:
    assert isinstance(found, Refused), found
    return found


def package(*versions: str) -> PrivatePackage:
    found: PrivatePackage | None = None
    for version in versions or ("1.0.0",):
        found = ok(private.published(found, new(version), "alice", NOW))
    assert found
    return found


def full(found: PrivatePackage, *, short: bool = False) -> dict[str, Any]:
    text = private.document(found, BASE, short=short)
    assert text is not None
    read: dict[str, Any] = json.loads(text)
    return read


def test_the_first_publisher_is_the_owner_and_the_first_version_is_latest() -> None:
    first = ok(private.published(None, new(tag="beta"), "alice", NOW))
    assert (first.owners, dict(first.tags), first.revision) == (
        ("alice",), {"latest": "1.0.0", "beta": "1.0.0"}, 1,
    )  # fmt: skip


def test_a_tag_moves_and_latest_stays_where_only_another_is_named() -> None:
    second = ok(private.published(package(), new("2.0.0-rc.1", "next"), "alice", LATER))
    assert dict(second.tags) == {"latest": "1.0.0", "next": "2.0.0-rc.1"}


def test_a_version_is_never_published_twice_also_when_it_is_gone() -> None:
    two = package("1.0.0", "1.1.0")
    assert refused(private.published(two, new("1.1.0"), "alice", LATER)).status == 409
    revision = private.revision_of(two)
    one = ok(private.revised(two, Revised("@corp/tool", revision, {"1.0.0": ""}), "alice", LATER,
                             removes=True))  # fmt: skip
    assert [each.version for each in one.present] == ["1.0.0"]
    why = refused(private.published(one, new("1.1.0"), "alice", LATER))
    assert "was published before" in why.why


def test_who_is_no_owner_changes_nothing() -> None:
    one, revision = package(), private.revision_of(package())
    same = Revised("@corp/tool", revision, {"1.0.0": "x"})
    tries = [
        private.published(one, new("1.1.0"), "bob", LATER),
        private.revised(one, same, "bob", LATER),
        private.owned(one, Owned("@corp/tool", revision, ("bob",)), "bob", ["bob"], LATER),
        private.removed(one, revision, "bob", LATER),
        private.tagged(one, "next", b'"1.0.0"', "bob", LATER),
        private.untagged(one, "next", "bob", LATER),
    ]
    assert [refused(each).status for each in tries] == [403] * 6


def test_the_documents_state_what_was_published_and_nothing_that_is_ours_to_state() -> None:
    claims: dict[str, Any] = {
        "description": "a tool", "scripts": {"install": "node  x"}, "x": [1.0, {"b": None}],
        "_npmUser": {"name": "root", "trustedPublisher": {"id": "github"}},
        "maintainers": [{"name": "root"}], "deprecated": "no", "hasInstallScript": False,
    }  # fmt: skip
    sent = publish_body(**claims).replace(
        b'"integrity"', b'"signatures": [{"sig": "x"}], "fileCount": 2, "integrity"'
    )
    publish = read_put(sent, "@corp/tool")
    assert isinstance(publish, Publish)
    found = full(ok(private.published(None, publish, "alice", NOW)))
    release = found["versions"]["1.0.0"]
    content = tarball("@corp/tool", "1.0.0", **claims)
    assert release == {
        "name": "@corp/tool", "version": "1.0.0", "description": "a tool",
        "scripts": {"install": "node  x"}, "x": [1.0, {"b": None}],
        "dist": {
            "fileCount": 2, "integrity": sri(content), "shasum": sha1(content),
            "tarball": f"{BASE}@corp/tool/-/tool-1.0.0.tgz",
        },
        "_id": "@corp/tool@1.0.0", "_npmUser": {"name": "alice", "email": ""},
        "maintainers": [{"name": "alice", "email": ""}],
    }  # fmt: skip
    assert found["time"] == dict.fromkeys(
        ("created", "modified", "1.0.0"), "2026-11-25T08:00:00.000Z"
    )
    assert found["description"] == "a tool"
    assert found["_rev"].startswith("1-")


def test_members_of_a_version_keep_their_bytes() -> None:
    sent = publish_body(x=1).replace(b'"x": 1', b'"x":  [1.50, "\\u00e4\\/",  1e3]')
    publish = read_put(sent, "@corp/tool")
    assert isinstance(publish, Publish)
    text = private.document(ok(private.published(None, publish, "alice", NOW)), BASE)
    assert text is not None
    assert b'[1.50, "\\u00e4\\/",  1e3]' in text


def test_the_short_document_has_what_an_install_needs() -> None:
    publish = new(scripts={"postinstall": "x"}, dependencies={"a": "1"}, readme="long")
    found = full(ok(private.published(None, publish, "alice", NOW)), short=True)
    assert set(found) == {"name", "dist-tags", "modified", "versions"}
    release = found["versions"]["1.0.0"]
    assert set(release) == {"name", "version", "dependencies", "dist", "hasInstallScript"}
    assert release["hasInstallScript"] is True


def test_a_deprecation_comes_and_goes_and_removes_nothing() -> None:
    two = package("1.0.0", "1.1.0")
    change = Revised("@corp/tool", private.revision_of(two), {"1.0.0": "use 1.1.0"})
    old = ok(private.revised(two, change, "alice", LATER))
    assert full(old)["versions"]["1.0.0"]["deprecated"] == "use 1.1.0"
    assert full(old, short=True)["versions"]["1.0.0"]["deprecated"] == "use 1.1.0"
    assert "deprecated" not in full(old)["versions"]["1.1.0"]
    assert len(old.present) == 2
    back = Revised("@corp/tool", private.revision_of(old), {"1.0.0": "", "1.1.0": ""})
    assert (
        "deprecated"
        not in full(ok(private.revised(old, back, "alice", LATER)))["versions"]["1.0.0"]
    )


def test_a_document_that_changes_nothing_makes_no_revision() -> None:
    one = package()
    same = Revised("@corp/tool", private.revision_of(one), {"1.0.0": ""})
    assert private.revised(one, same, "alice", LATER) is one


def test_unpublishing_takes_versions_their_times_and_their_tags() -> None:
    three = package("1.0.0", "2.0.0-rc.1", "1.1.0")
    change = Revised("@corp/tool", private.revision_of(three), {"1.0.0": "", "2.0.0-rc.1": ""})
    left = ok(private.revised(three, change, "alice", LATER, removes=True))
    assert set(full(left)["versions"]) == {"1.0.0", "2.0.0-rc.1"}
    assert set(full(left)["time"]) == {"created", "modified", "1.0.0", "2.0.0-rc.1"}
    assert dict(left.tags) == {"latest": "1.0.0"}
    assert private.version_of(left, "tool-1.1.0.tgz") is None
    assert private.version_of(left, "tool-1.0.0.tgz") is not None


def test_a_version_that_the_client_was_not_shown_is_not_unpublished() -> None:
    three = package("1.0.0", "1.1.0", "1.2.0")
    change = Revised("@corp/tool", private.revision_of(three), {"1.0.0": ""})
    left = ok(private.revised(three, change, "alice", LATER, removes=True,
                              shown=["1.0.0", "1.1.0"]))  # fmt: skip
    assert [each.version for each in left.present] == ["1.0.0", "1.2.0"]


@pytest.mark.parametrize("revision", ["", "1-x", "9-0"])
def test_a_change_of_an_older_revision_is_a_conflict(revision: str) -> None:
    one = package()
    tries = [
        private.revised(one, Revised("@corp/tool", revision, {}), "alice", LATER, removes=True),
        private.owned(one, Owned("@corp/tool", revision, ("alice",)), "alice", [], LATER),
        private.removed(one, revision, "alice", LATER),
    ]
    assert [refused(each).status for each in tries] == [409] * 3


def test_a_removed_package_has_no_document_and_keeps_its_name_and_owners() -> None:
    two = package("1.0.0", "1.1.0")
    gone = ok(private.removed(two, private.revision_of(two), "alice", LATER))
    assert private.document(gone, BASE) is None
    assert private.version_document(gone, "latest", BASE) is None
    assert (gone.owners, dict(gone.tags), gone.present) == (("alice",), {}, ())
    assert refused(private.published(gone, new("1.2.0"), "bob", LATER)).status == 403
    again = ok(private.published(gone, new("1.2.0"), "alice", LATER))
    assert dict(again.tags) == {"latest": "1.2.0"}


def test_owners_are_names_that_tokens_have() -> None:
    one = package()
    revision = private.revision_of(one)
    change = Owned("@corp/tool", revision, ("alice", "bob"))
    assert refused(private.owned(one, change, "alice", ["alice"], LATER)).status == 422
    both = ok(private.owned(one, change, "alice", ["bob"], LATER))
    assert both.owners == ("alice", "bob")
    assert ok(private.published(both, new("1.1.0"), "bob", LATER)).versions[-1].by == "bob"


def test_tags_are_set_and_removed_but_latest_stays() -> None:
    two = package("1.0.0", "1.1.0")
    stable = ok(private.tagged(two, "stable", b' "1.0.0" ', "alice", LATER))
    assert dict(stable.tags) == {"latest": "1.1.0", "stable": "1.0.0"}
    assert dict(ok(private.untagged(stable, "stable", "alice", LATER)).tags) == {"latest": "1.1.0"}
    assert refused(private.untagged(stable, "latest", "alice", LATER)).status == 422
    assert refused(private.untagged(stable, "next", "alice", LATER)).status == 404


@pytest.mark.parametrize(
    ("tag", "body", "status"),
    [
        ("next", b'"9.0.0"', 404),
        ("next", b"1.0.0", 404),
        ("next", b"{", 404),
        ("next", b'["1.0.0"]', 404),
        ("next", b'"' + b"1" * 2000 + b'"', 404),
        ("1.x", b'"1.0.0"', 422),
        ("a/b", b'"1.0.0"', 422),
        ("", b'"1.0.0"', 422),
    ],
)
def test_a_tag_that_points_nowhere_or_is_a_range_is_refused(
    tag: str, body: bytes, status: int
) -> None:
    assert refused(private.tagged(package(), tag, body, "alice", LATER)).status == status


def test_a_version_is_found_by_its_number_and_by_its_tag() -> None:
    two = package("1.0.0", "1.1.0")
    for wanted, version in (("latest", "1.1.0"), ("1.0.0", "1.0.0")):
        text = private.version_document(two, wanted, BASE)
        assert text is not None
        assert json.loads(text)["version"] == version
    assert private.version_document(two, "9.0.0", BASE) is None


def test_every_change_is_a_new_revision() -> None:
    one = package()
    two = ok(private.published(one, new("1.1.0"), "alice", LATER))
    assert private.revision_of(one) != private.revision_of(two)
    assert (one.revision, two.revision, two.modified_at) == (1, 2, LATER)
