"""What a PUT asks for, and every reason why it is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.registry.tarball import pack, sha1, sri
from tests.unit.proxy.bodies import (
    as_body,
    bundle,
    publish_body,
    publish_document,
    tarball,
    with_bundle,
)

from pratique.proxy import publishing
from pratique.proxy.publishing import Owned, Publish, Refused, Revised, read_put

Document = dict[str, Any]


def test_a_publish_is_its_manifest_untouched_and_its_tarball_verified() -> None:
    document = publish_document(scripts={"install": "node  x.js"})
    manifest = json.dumps(document["versions"]["1.0.0"], indent=3)
    body = as_body(document).replace(
        json.dumps(document["versions"]["1.0.0"]).encode(), manifest.encode()
    )
    found = read_put(body, "@corp/tool")
    content = tarball("@corp/tool", "1.0.0", scripts={"install": "node  x.js"})
    assert found == Publish(
        "@corp/tool",
        "1.0.0",
        manifest.encode(),
        content,
        hashlib.sha512(content).hexdigest(),
        sha1(content),
        ("latest",),
    )


def refused(found: object) -> Refused:
    assert isinstance(found, Refused), found
    assert found.why
    assert found.why.isprintable()
    return found


def _rename(document: Document) -> None:
    document["name"] = "@corp/other"


def _two_versions(document: Document) -> None:
    document["versions"]["1.0.1"] = document["versions"]["1.0.0"]


def _two_attachments(document: Document) -> None:
    document["_attachments"]["more"] = {"data": "", "length": 0}


def _provenance(document: Document) -> None:
    document["_attachments"]["@corp/tool-1.0.0.sigstore"] = {"data": "{}", "length": 2}


def _tag_elsewhere(document: Document) -> None:
    document["dist-tags"]["next"] = "0.9.0"


def _tag_list(document: Document) -> None:
    document["dist-tags"] = {"latest": ["1.0.0"]}


def _no_tag(document: Document) -> None:
    document["dist-tags"] = {}


def _tag_range(document: Document) -> None:
    document["dist-tags"] = {"1.x": "1.0.0"}


def _tag_form(document: Document) -> None:
    document["dist-tags"] = {"a b": "1.0.0"}


def _name_inside(document: Document) -> None:
    document["versions"]["1.0.0"]["name"] = "@corp/other"


def _version_inside(document: Document) -> None:
    document["versions"]["1.0.0"]["version"] = "1.0.1"


def _no_base64(document: Document) -> None:
    _attachment(document)["data"] += "*"


def _loose_base64(document: Document) -> None:
    _attachment(document)["data"] = "\n" + _attachment(document)["data"]


def _length(document: Document) -> None:
    _attachment(document)["length"] += 1


def _sha512(document: Document) -> None:
    _dist(document)["integrity"] = sri(b"other")


def _one_of_two(document: Document) -> None:
    _dist(document)["integrity"] += " " + sri(b"other")


def _integrity_form(document: Document) -> None:
    _dist(document)["integrity"] = "sha512-x"


def _shasum(document: Document) -> None:
    _dist(document)["shasum"] = sha1(b"other")


def _shasum_form(document: Document) -> None:
    _dist(document)["shasum"] = 7


def _dist_list(document: Document) -> None:
    document["versions"]["1.0.0"]["dist"] = []


def _other_tarball(document: Document) -> None:
    _replace(document, tarball("@corp/other", "1.0.0"))


def _other_version(document: Document) -> None:
    _replace(document, tarball("@corp/tool", "1.0.1"))


def _no_manifest(document: Document) -> None:
    _replace(document, pack([("index.js", b"1")]))


def _two_manifests(document: Document) -> None:
    inside = [b'{"name":"@corp/tool","version":"1.0.0"}', b'{"name":"x","version":"1.0.0"}']
    _replace(document, pack([("package.json", each) for each in inside]))


def _no_archive(document: Document) -> None:
    _replace(document, b"not a tarball")


def _manifest_list(document: Document) -> None:
    document["versions"]["1.0.0"] = []


def _attachment(document: Document) -> Document:
    found: Document
    (found,) = document["_attachments"].values()
    return found


def _dist(document: Document) -> Document:
    found: Document = document["versions"]["1.0.0"]["dist"]
    return found


def _replace(document: Document, content: bytes) -> None:
    _attachment(document).update(data=base64.b64encode(content).decode(), length=len(content))
    _dist(document).update(integrity=sri(content), shasum=sha1(content))


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (_rename, 400, "not that of @corp/tool"),
        (_two_versions, 400, "one version, not 2"),
        (_two_attachments, 400, "one attachment, not 2"),
        (_provenance, 422, "is no Sigstore bundle"),
        (_tag_elsewhere, 400, "dist-tags"),
        (_tag_list, 400, "dist-tags"),
        (_no_tag, 400, "dist-tags"),
        (_tag_range, 422, "range"),
        (_tag_form, 422, "'a b'"),
        (_name_inside, 422, "another release"),
        (_version_inside, 422, "another release"),
        (_no_base64, 400, "base64"),
        (_loose_base64, 400, "base64"),
        (_length, 400, "length"),
        (_sha512, 422, "sha512"),
        (_one_of_two, 422, "sha512"),
        (_integrity_form, 422, "integrity"),
        (_shasum, 422, "sha1"),
        (_shasum_form, 422, "shasum"),
        (_dist_list, 422, "dist"),
        (_other_tarball, 422, "another name"),
        (_other_version, 422, "another version"),
        (_no_manifest, 422, "no package.json"),
        (_two_manifests, 422, "twice"),
        (_no_archive, 422, "cannot be read"),
        (_manifest_list, 422, "no object"),
    ],
)
def test_a_publish_that_contradicts_itself_is_refused_with_a_sentence(
    change: Callable[[Document], None], status: int, words: str
) -> None:
    document = publish_document()
    assert isinstance(read_put(as_body(document), "@corp/tool"), Publish)
    change(document)
    why = refused(read_put(as_body(document), "@corp/tool"))
    assert (status, True) == (why.status, words in why.why), why


def test_a_manifest_with_a_key_twice_is_refused() -> None:
    body = publish_body().replace(b'"version": "1.0.0"', b'"version": "9.9.9", "version": "1.0.0"')
    assert "duplicate key" in refused(read_put(body, "@corp/tool")).why


@pytest.mark.parametrize(
    "version",
    ["1.0", "v1.0.0", "=1.0.0", "1.0.0+build", "01.0.0", "1.0.0-01", "latest", "1.0.0-", "",
     "9007199254740992.0.0", "1.0.0-" + "a" * 260, "1.0.0\n", " 1.0.0"],
)  # fmt: skip
def test_what_is_no_version_is_refused(version: str) -> None:
    found = refused(read_put(publish_body(version=version), "@corp/tool"))
    assert (found.status, "build" in found.why) == (422, "+" in version)


@pytest.mark.parametrize("version", ["0.0.1", "1.0.0-rc.1", "1.0.0-0a.b-c", "10.20.30--x"])
def test_every_semver_without_a_build_is_a_version(version: str) -> None:
    assert isinstance(read_put(publish_body(version=version), "@corp/tool"), Publish)


@pytest.mark.parametrize("name", ["a~b", "a*b", "node_modules", ".a", "_a", "--", "@-"])
def test_a_name_that_nobody_could_publish_today_is_refused(name: str) -> None:
    assert refused(read_put(publish_body(name), name)).status == 422


@pytest.mark.parametrize("name", ["Tool", "@Corp/tool", "-a", "@corp/_a"])
def test_a_name_that_other_registries_have_is_taken(name: str) -> None:
    assert isinstance(read_put(publish_body(name), name), Publish)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"name":"a"}', b'{"name":["a"]}', b'{"_id":"b","name":"a"}',
     b'{"name":"a","versions":[]}', b'{"name":"a","versions":{},"_attachments":{"a":{}}}',
     b'{"name":"a","versions":{"1.0.0":1}}', b"\xff\xfe", b'{"name":"a","maintainers":"me"}',
     b'{"name":"a","maintainers":[]}', b'{"name":"a","maintainers":[{"name":1}]}',
     b'{"name":"a","versions":{"1.0.0":{"deprecated":7}}}',
     b'{"name":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
     b'{"name":"a","versions":{"1.0.0":' + b'{"a":' * 90_000 + b"1" + b"}" * 90_000 + b"}}"],
)  # fmt: skip
def test_a_body_of_another_shape_is_refused(body: bytes) -> None:
    assert refused(read_put(body, "a")).status in {400, 422}


def test_a_manifest_that_is_nested_too_deep_is_refused() -> None:
    deep: object = 1
    for _ in range(80):
        deep = [deep]
    assert "nested" in refused(read_put(publish_body(deep=deep), "@corp/tool")).why


def test_a_body_beyond_the_bound_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = publish_body()
    monkeypatch.setattr(publishing, "LARGEST_BODY", len(body) - 1)
    assert refused(read_put(body, "@corp/tool")).status == 413


def test_a_packument_without_attachments_is_a_revision() -> None:
    document = {
        "_id": "a",
        "_rev": "3-x",
        "name": "a",
        "versions": {"1.0.0": {"deprecated": "old"}, "1.1.0": {"deprecated": None}, "2.0.0": {}},
    }
    assert read_put(as_body(document), "a") == Revised(
        "a", "3-x", {"1.0.0": "old", "1.1.0": "", "2.0.0": ""}
    )
    assert read_put(as_body(document), "a", "4-y") == Revised(
        "a", "4-y", {"1.0.0": "old", "1.1.0": "", "2.0.0": ""}
    )


@pytest.mark.parametrize("message", ["\x1b[31mred", "a\rb", "x" * 5000])
def test_a_deprecation_that_could_harm_a_terminal_is_refused(message: str) -> None:
    document = {"name": "a", "versions": {"1.0.0": {"deprecated": message}}}
    assert refused(read_put(as_body(document), "a")).status == 422


def test_owners_come_alone() -> None:
    document = {"_id": "a", "_rev": "1-x", "maintainers": [{"name": "b"}, {"name": "a"}]}
    assert read_put(as_body(document), "a", "1-x") == Owned("a", "1-x", ("a", "b"))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["name", "_id", "versions", "1.0.0", "dist", "_attachments", "data",
                         "dist-tags", "maintainers", "deprecated", "integrity", "version"]),
        inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(value=JSON)
def test_no_document_makes_it_fail(value: object) -> None:
    found = read_put(json.dumps({"name": "a", **(value if isinstance(value, dict) else {})})
                     .encode(), "a")  # fmt: skip
    assert isinstance(found, Publish | Revised | Owned | Refused)


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=60), at=st.integers(0, 900))
def test_no_bytes_make_it_fail(body: bytes, at: int) -> None:
    whole = publish_body()
    read_put(whole[:at] + body + whole[at + len(body) :], "@corp/tool")


RECORDED = sorted((Path(__file__).parents[2] / "data" / "publish").glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_what_each_client_really_sends_is_read(path: Path) -> None:
    body = path.read_bytes()
    found = read_put(body, "@corp/tool")
    assert isinstance(found, Publish), found
    assert (found.version, found.tags) == ("1.0.0", ("next",))
    # yarn 4 sends the readme beside the version's object, and it is put in.
    as_sent = found.manifest.removesuffix(b',"readme":"# tool\\n"}')
    assert as_sent in body
    assert json.loads(found.manifest)["readme"] == "# tool\n"


def test_a_body_of_every_client_was_recorded() -> None:
    from dataclasses import fields

    from tests.clients import Clients

    assert {path.stem for path in RECORDED} == {each.name for each in fields(Clients)}


# Provenance


def test_provenance_about_the_tarball_is_kept_as_it_came() -> None:
    content = bundle()
    body = json.dumps(with_bundle(publish_document(), content)).encode()
    found = read_put(body, "@corp/tool")
    assert isinstance(found, Publish), found
    assert found.bundle == content
    assert isinstance(plain := read_put(publish_body(), "@corp/tool"), Publish)
    assert plain.bundle is None


@pytest.mark.parametrize(
    ("content", "status", "why"),
    [
        (bundle(sha512="0" * 128), 422, "is that of other bytes"),
        (bundle("@corp/other"), 422, "is that of another release"),
        (bundle(version="1.0.1"), 422, "is that of another release"),
        (bundle(subject=[]), 422, "has 0 subjects"),
        (bundle(subject=[{"name": "a", "digest": {}}] * 2), 422, "has 2 subjects"),
        (bundle(subject=[{"name": "a", "digest": 1}]), 422, "no Sigstore bundle"),
        (bundle(predicateType=None), 422, "no Sigstore bundle"),
        (b"{}", 422, "no Sigstore bundle"),
        (b"[" * 100_000, 422, "no Sigstore bundle"),
        (b'{"mediaType":"x","dsseEnvelope":{"payload":"?","signatures":[]}}', 422, "no Sigstore"),
        (bundle(predicate={"x": "y" * 600_000}), 413, "larger than 512 KiB"),
    ],
)
def test_provenance_about_anything_else_is_refused(content: bytes, status: int, why: str) -> None:
    body = json.dumps(with_bundle(publish_document(), content)).encode()
    found = refused(read_put(body, "@corp/tool"))
    assert found.status == status
    assert why in found.why


@pytest.mark.parametrize("piece", [b"[],", b'"a",', b"{},"])
def test_a_body_of_millions_of_nothings_is_refused_before_it_is_read(
    piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.proxy.publishing._BODY", None)
    body = b'{"name": "pkg", "maintainers": [' + piece * 2_000_000 + b"[]]}"
    found = read_put(body, "pkg")
    assert isinstance(found, Refused)
    assert found.status == 413
