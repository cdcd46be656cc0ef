"""What is published to the firewall itself, as clients read it back."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.registry import Registry
from tests.unit.proxy.bodies import bundle, publish_body, publish_document, with_bundle
from tests.unit.proxy.stand import SHORT, Clock, Reply, Stand, policy, standing

from pratique.model.private import Right

OWN = '[layers.registry]\nown = ["@corp", "corp-*", "Corp-Tool", "-x-*"]\n'


@pytest.fixture
def owning(tmp_path: Path, registry: Registry, clock: Clock) -> Iterator[Stand]:
    with standing(tmp_path / "data", registry, clock, policy(OWN)) as made:
        yield made


@pytest.fixture
def token(owning: Stand) -> str:
    return owning.token("alice", Right.PUBLISH)


def put(stand: Stand, token: str, name: str = "@corp/tool", version: str = "1.0.0") -> Reply:
    return stand.ask(name, "PUT", body=publish_body(name, version=version), token=token)


def test_a_document_is_revalidated_until_something_is_published(owning: Stand, token: str) -> None:
    assert put(owning, token).status == 201
    first = owning.ask("@corp/tool")
    again = owning.ask("@corp/tool", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert owning.ask("@corp/tool").headers["etag"] == first.headers["etag"]
    assert put(owning, token, version="1.1.0").status == 201
    changed = owning.ask("@corp/tool", if_none_match=first.headers["etag"])
    assert changed.versions == ["1.0.0", "1.1.0"]


def test_a_document_is_the_same_in_each_encoding_and_the_short_one_is_another(
    owning: Stand, token: str
) -> None:
    put(owning, token)
    plain = owning.ask("@corp/tool")
    packed = owning.ask("@corp/tool", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    # Who asks again in another encoding has the same document.
    assert owning.ask("@corp/tool", if_none_match=packed.headers["etag"]).status == 304
    weak = "W/" + plain.headers["etag"]
    found = owning.ask("@corp/tool", accept_encoding="gzip", if_none_match=weak)
    assert found.status == 304
    short = owning.ask("@corp/tool", accept=SHORT)
    assert short.headers["content-type"] == SHORT
    assert short.headers["etag"] != plain.headers["etag"]
    assert "vary" in short.headers


def test_the_readme_is_told_once_that_of_latest(owning: Stand, token: str) -> None:
    for version in ("1.0.0", "1.1.0"):
        document = publish_document(version=version, readme=f"# {version}")
        owning.ask("@corp/tool", "PUT", body=json.dumps(document).encode(), token=token)
    found = owning.ask("@corp/tool").json()
    assert found["readme"] == "# 1.1.0"
    assert not any("readme" in each for each in found["versions"].values())
    assert owning.ask("@corp/tool/1.0.0").json()["readme"] == "# 1.0.0"
    assert "readme" not in owning.ask("@corp/tool", accept=SHORT).json()


def test_a_long_readme_is_cut_where_it_is_shown(owning: Stand, token: str) -> None:
    document = publish_document(readme="x" * 200_000)
    owning.ask("@corp/tool", "PUT", body=json.dumps(document).encode(), token=token)
    assert len(owning.ask("@corp/tool").json()["readme"]) == 64 * 1024


def test_a_readme_beside_the_version_is_kept_and_none_is_an_empty_one(
    owning: Stand, token: str
) -> None:
    document = publish_document() | {"readme": '# "beside"\n\\'}
    owning.ask("@corp/tool", "PUT", body=json.dumps(document).encode(), token=token)
    assert owning.ask("@corp/tool").json()["readme"] == '# "beside"\n\\'
    put(owning, token, "corp-lib")
    assert owning.ask("corp-lib").json()["readme"] == ""


def test_two_names_that_differ_in_capitals_alone_are_not_both_taken(
    owning: Stand, token: str
) -> None:
    assert put(owning, token, "corp-tool").status == 201
    refused = put(owning, token, "Corp-Tool")
    assert refused.status == 422
    assert "corp-tool" in refused.error
    assert owning.ask("Corp-Tool").status == 404
    assert put(owning, token, "corp-tool", "1.1.0").status == 201


def test_a_name_that_begins_with_a_hyphen_is_published_and_served(
    owning: Stand, token: str
) -> None:
    assert put(owning, token, "-x-1").status == 201
    address = owning.ask("-x-1").json()["versions"]["1.0.0"]["dist"]["tarball"]
    path = address.removeprefix("http://127.0.0.1:4873/")
    assert owning.ask(path).status == 200


def test_a_family_of_own_names_is_published_here_and_asked_nowhere(
    owning: Stand, registry: Registry, token: str
) -> None:
    assert owning.ask("corp-anything").status == 404
    assert put(owning, token, "corp-anything").status == 201
    assert owning.ask("corp-anything").versions == ["1.0.0"]
    assert not registry.requests
    assert put(owning, token, "other").status == 403


def test_what_another_process_changed_is_shown(owning: Stand, token: str) -> None:
    put(owning, token)
    before = owning.ask("@corp/tool")
    store = owning.running.firewall.private
    package = store.package("@corp/tool")
    assert package
    owners = replace(package, revision=package.revision + 1, owners=("bob",))
    assert store.save(package, owners)
    after = owning.ask("@corp/tool", if_none_match=before.headers["etag"])
    assert [each["name"] for each in after.json()["maintainers"]] == ["bob"]
    found = owning.ask("-/v1/search?text=@corp/tool").json()["objects"]
    assert [each["username"] for each in found[0]["package"]["maintainers"]] == ["bob"]


def test_provenance_is_given_out_as_it_came_and_no_document_vouches_for_it(
    owning: Stand, registry: Registry, token: str
) -> None:
    content = bundle()
    body = json.dumps(with_bundle(publish_document(), content)).encode()
    assert owning.ask("@corp/tool", "PUT", body=body, token=token).status == 201
    path = "-/npm/v1/attestations/@corp%2ftool@1.0.0"
    (told,) = owning.ask(path).json()["attestations"]
    assert told["predicateType"] == "https://slsa.dev/provenance/v1"
    assert told["bundle"] == json.loads(content)
    assert b"attestations" not in owning.ask("@corp/tool").body
    assert put(owning, token, version="1.1.0").status == 201
    assert owning.ask("-/npm/v1/attestations/@corp%2ftool@1.1.0").status == 404
    assert owning.ask("-/npm/v1/attestations/@corp%2fother@1.0.0").status == 404
    rev = owning.ask("@corp/tool").json()["_rev"]
    assert owning.ask(f"@corp%2ftool/-rev/{rev}", "DELETE", token=token).status == 201
    assert owning.ask(path).status == 404
    narrow = owning.token("bob", packages=("other",), seed=2)
    assert owning.ask(path, token=narrow).status == 403
    assert not registry.requests


def test_npm_access_is_told_of_own_packages_alone(
    owning: Stand, registry: Registry, token: str
) -> None:
    put(owning, token)
    told = owning.ask("-/package/@corp%2ftool/collaborators?format=cli", token=token)
    assert told.json() == {"alice": "write"}
    assert owning.ask("-/package/@corp%2ftool/visibility").json() == {"public": False}
    for what in ("collaborators", "visibility"):
        assert owning.ask(f"-/package/left-pad/{what}").status == 404
        assert owning.ask(f"-/package/@corp%2fother/{what}").status == 404
        narrow = owning.token("bob", packages=("other",), seed=ord(what[0]))
        assert owning.ask(f"-/package/@corp%2ftool/{what}", token=narrow).status == 403
    assert not registry.requests
