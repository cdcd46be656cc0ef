"""Packuments: what is shown is the upstream's own text but for our addresses."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.proxy.packuments import (
    BASE,
    NAME,
    NOW,
    OURS,
    SPELLINGS,
    addresses,
    by_node,
    by_python,
    given,
    known,
    packument,
    pretty,
    tight,
    version,
    wide,
)

from pratique.model.fact import VersionDocument
from pratique.proxy import document as reading
from pratique.proxy import members as members_module
from pratique.proxy.packument import (
    Packument,
    Shown,
    documents,
    published_at,
    read,
    render,
)
from pratique.proxy.times import moment

spellings = pytest.mark.parametrize("spelled", SPELLINGS, ids=lambda each: each.__name__)


# Reading


@spellings
def test_a_document_is_read_in_every_spelling(spelled: Any) -> None:
    found = known(spelled(packument()))
    assert list(found.versions) == ["1.0.0", "1.1.0", "2.0.0"]
    assert found.refused == {}
    assert found.tags == {"latest": "2.0.0"}
    assert found.created == "2026-11-01T08:00:00.000Z"
    assert found.modified == "2026-11-20T08:00:00.000Z"
    assert list(found.members) == ["_id", "_rev", "readme"]
    one = found.versions["1.1.0"]
    assert one.tarball == f"{BASE}left-pad/-/left-pad-1.1.0.tgz"
    assert one.raw[slice(*one.at)] == json.dumps(one.tarball).encode()
    assert one.raw in spelled(packument())


def test_what_rules_read_of_a_version_is_what_it_says() -> None:
    found = known(wide(packument("1.0.0", "2.0.0")))
    assert {each: of.version for each, of in documents(found).items()} == {
        "1.0.0": "1.0.0",
        "2.0.0": "2.0.0",
    }
    only = documents(found, ["2.0.0", "9.9.9"])
    assert list(only) == ["2.0.0"]
    assert isinstance(found.versions["1.0.0"].document, VersionDocument)
    assert found.versions["1.0.0"].document is documents(found)["1.0.0"]


def test_what_cannot_be_judged_is_not_among_what_rules_read() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    found = known(tight(packument("1.0.0")))
    odd = known(tight({**packument("1.0.0"), "versions": {"1.0.0": version("1.0.0", bin=deep)}}))
    assert list(documents(found)) == ["1.0.0"]
    assert set(documents(odd)) <= {"1.0.0"}


DOCUMENTS_REFUSED: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"<html>",
    "no object": b"[]",
    "null": b"null",
    "a byte order mark": b"\xef\xbb\xbf" + tight(packument()),
    "something behind it": tight(packument()) + b"{}",
    "NaN": tight(packument(x=float("nan"))),
    "a control character": tight(packument()).replace(b"# left", b"\x01 left"),
    "no UTF-8": tight(packument()).replace(b"# left", b"\xff left"),
    "half a character": tight(packument()).replace(b'"# left-pad"', b'"\xe2\x82"'),
    "half a surrogate": tight(packument()).replace(b"# left", b"\\ud800 left"),
    "an unknown escape": tight(packument()).replace(b"# left", b"\\q left"),
    "a number that is too long": tight(packument()).replace(b'"# left-pad"', b"9" * 4301),
    "another name": tight(packument(name="right-pad")),
    "a name in other letters": tight(packument(name="Left-pad")),
    "no name": tight({k: v for k, v in packument().items() if k != "name"}),
    "a name that is no text": tight(packument(name=["left-pad"])),
    "versions that are a list": tight(packument(versions=[version("1.0.0")])),
    "versions that are null": tight(packument(versions=None)),
    "tags that are a list": tight(packument(**{"dist-tags": ["1.0.0"]})),
    "times that are text": tight(packument(time="2026-11-01")),
    "nested too deep": tight(packument()).replace(b'"# left-pad"', b"[" * 5000 + b"]" * 5000),
}


@pytest.mark.parametrize("what", DOCUMENTS_REFUSED)
def test_a_document_that_is_not_believed_is_refused_with_a_reason(what: str) -> None:
    why = read(DOCUMENTS_REFUSED[what], NAME, now=NOW)
    assert isinstance(why, str)
    assert re.fullmatch(r"answered with [a-zA-Z0-9 -]+", why)


def test_a_document_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    body = tight(packument())
    monkeypatch.setattr(reading, "LARGEST", len(body))
    assert isinstance(read(body, NAME, now=NOW), Packument)
    assert "more than" in str(read(body + b" ", NAME, now=NOW))
    monkeypatch.setattr(reading, "MOST_VERSIONS", 2)
    assert "more than 2 versions" in str(read(body, NAME, now=NOW))
    monkeypatch.setattr(reading, "_UNCOUNTED", 1)
    monkeypatch.setattr(reading, "MOST_MEMBERS", 20)
    assert "more than 20 values" in str(read(body, NAME, now=NOW))


def test_sixty_megabytes_of_one_version_are_refused_and_not_read() -> None:
    large = {**packument("1.0.0"), "versions": {"1.0.0": version("1.0.0", x="y" * 60_000_000)}}
    found = known(tight(large))
    assert list(found.versions) == []
    assert "more than 1048576 bytes" in found.refused["1.0.0"]


def test_what_is_written_in_no_usual_style_is_read_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = pretty(packument("1.0.0", "1.1.0", "1.2.0"))
    members = len(version("1.0.0"))
    monkeypatch.setattr(members_module, "MOST_WALKED", 2 * members)
    found = known(body)
    assert list(found.versions) == ["1.0.0", "1.1.0"]
    assert list(found.refused) == ["1.2.0"]


def test_a_style_forgets_names_that_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_module, "_MOST_NAMES", 3)
    assert list(known(wide(packument())).versions) == ["1.0.0", "1.1.0", "2.0.0"]
    style = members_module.Style(b", ", b": ")
    assert [style[name] for name in "abcda"][-1] == b', "a": '
    assert len(style) <= 3


def test_a_package_whose_releases_are_all_gone_has_none() -> None:
    gone = {"name": NAME, "time": {"unpublished": {"versions": ["1.0.0"]}, "1.0.0": "x"}}
    found = known(tight(gone))
    assert json.loads(given(found)) == {
        "name": NAME, "dist-tags": {}, "time": {}, "versions": {},
    }  # fmt: skip


def spelled_as(text: str) -> bytes:
    """A document with this text as its version 1.1.0, beside an honest 1.0.0."""
    body = tight(packument("1.0.0", "1.1.0"))
    return body.replace(tight(version("1.1.0")), text.encode())


def text(number: str = "1.1.0", **more: Any) -> str:
    return tight(version(number, **more)).decode()


DIST = text()[text().index('"dist":') :].removesuffix("}")
TARBALL = f'"tarball":"{BASE}left-pad/-/left-pad-1.1.0.tgz"'
EVIL = '"tarball":"https://evil.invalid/x.tgz"'
PROTOTYPE: Any = {"__proto__": {"dist": {}}}
NEVER_SHOWN: dict[str, str] = {
    "no object": "1",
    "null": "null",
    "a list": "[]",
    "nothing in it": "{}",
    "another name": text(name="right-pad"),
    "another version": text(version="1.0.0"),
    "a version in another spelling": text(version="v1.1.0"),
    "a version that is no text": text(version=11),
    "no dist": text(dist=None),
    "dist as text": text(dist="x"),
    "dist as a list": text(dist=[{"tarball": "x"}]),
    "no address": text(dist={}),
    "an address that is no text": text(dist={"tarball": ["x"]}),
    "an empty address": text(dist={"tarball": ""}),
    "a very long address": text(dist={"tarball": f"{BASE}{'x' * 4000}"}),
    "an address with a line break": text(dist={"tarball": f"{BASE}x\n.tgz"}),
    "an address with a space": text(dist={"tarball": f"{BASE}x y.tgz"}),
    "an address in other letters": text(dist={"tarball": f"{BASE}\u00e9.tgz"}),
    "dist twice": text().replace(DIST, f"{DIST},{DIST}"),
    "dist twice, the first elsewhere": text().replace(DIST, f'"dist":{{{EVIL}}},{DIST}'),
    "dist twice, the last elsewhere": text().replace(DIST, f'{DIST},"dist":{{{EVIL}}}'),
    "dist twice, once escaped": text().replace(DIST, f'"d\\u0069st":{{{EVIL}}},{DIST}'),
    "dist twice, spaced": text().replace(DIST, f'"dist" : {{ {EVIL} }} , {DIST}'),
    "dist twice, one null": text().replace(DIST, f'"dist":null,{DIST}'),
    "tarball twice": text().replace(TARBALL, f"{EVIL},{TARBALL}"),
    "tarball twice, the last elsewhere": text().replace(TARBALL, f"{TARBALL},{EVIL}"),
    "tarball three times, the first as the last": text().replace(
        DIST, f'"dist":{{{TARBALL},{EVIL},{TARBALL}}}'
    ),
    "tarball twice, once escaped": text().replace(
        TARBALL, EVIL.replace("tarball", "tar\\u0062all") + "," + TARBALL
    ),
    "tarball twice, spaced": text().replace(TARBALL, f"{EVIL.replace(':', ' : ', 1)},{TARBALL}"),
    "the digest twice": text().replace(TARBALL, f'"integrity":"x",{TARBALL}'),
    "dependencies twice": text().replace(
        DIST, f'"dependencies":{{"a":"https://evil.invalid/x"}},"dependencies":{{}},{DIST}'
    ),
    "scripts twice": text().replace(DIST, f'"scripts":{{}},{DIST}'),
    "a prototype": text(**PROTOTYPE),
    "a very large version": text(readme="x" * 1024 * 1024),
}  # fmt: skip


@pytest.mark.parametrize("what", NEVER_SHOWN)
def test_a_version_that_can_be_read_in_two_ways_is_never_shown(what: str) -> None:
    found = known(spelled_as(NEVER_SHOWN[what]))
    assert list(found.versions) == ["1.0.0"]
    assert re.fullmatch(r"answered with.*[a-z0-9]", found.refused["1.1.0"])
    assert b"1.1.0" not in given(found)
    assert b"evil" not in given(found)


EMPTY = {"": "x"}
SHOWN_ANYWAY: dict[str, str] = {
    "an escaped slash": text().replace("/-/", "\\/-\\/"),
    "an escaped letter in the address": text().replace("https:", "\\u0068ttps:"),
    "an escaped letter in a name": text().replace('"dist"', '"d\\u0069st"'),
    "an escaped letter in tarball": text().replace('"tarball"', '"tarb\\u0061ll"'),
    "spaces": text().replace(":", " : ").replace("https : ", "https:"),
    "tabs and line breaks": text().replace('"dist":', '\t"dist"\n:\r\n '),
    "a space behind one comma": text().replace(',"dist"', ', "dist"'),
    "the address in the readme": text(readme=TARBALL, zz={"dist": {"tarball": EVIL}}),
    "the address before": text().replace(DIST, f'"_from":{{{DIST}}},{DIST}'),
    "a long number": text(big=10**400),
    "a number that overflows": text().replace('"fileCount":4', '"fileCount":1e999'),
    "a name with a quote": text(**{'a"dist":{': "x"}),
    "an empty name": text(**EMPTY),
    "letters of many languages": text(author="\u65e5\u672c \U0001f600", é=1),
}


@pytest.mark.parametrize("what", SHOWN_ANYWAY)
def test_an_odd_spelling_ends_with_our_address_and_nothing_else_changed(what: str) -> None:
    source = SHOWN_ANYWAY[what]
    found = known(spelled_as(source))
    assert found.refused == {}
    body = given(found)
    for told in (by_python(body), *by_node([body])):
        assert told[0] == [[v, f"{OURS}left-pad/-/left-pad-{v}.tgz"] for v in ("1.0.0", "1.1.0")]
    one = found.versions["1.1.0"]
    kept = one.raw[: one.at[0]], one.raw[one.at[1] :]
    assert kept[0] + b'"' + OURS.encode() in body
    assert kept[1] in body
    assert one.raw.decode() == source


def test_versions_that_share_an_address_are_not_shown() -> None:
    shared = version("1.1.0", dist=version("1.0.0")["dist"])
    document = packument("1.0.0", "1.1.0", "2.0.0")
    document["versions"]["1.1.0"] = shared
    assert list(known(tight(document)).versions) == ["2.0.0"]


@pytest.mark.parametrize("number", ["", "latest", "__proto__", "1", "1.0", "../x"])
def test_a_version_that_is_none_is_not_shown(number: str) -> None:
    document = packument("1.0.0")
    document["versions"][number] = version(number)
    found = known(tight(document))
    assert list(found.versions) == ["1.0.0"]
    assert list(found.refused) == [number]


def test_of_members_with_one_name_the_last_is_read_and_given_once() -> None:
    body = tight(packument("1.0.0", "1.1.0"))
    doubled = body.replace(b'"readme"', b'"versions":{},"time":{},"readme"')
    found = known(doubled)
    assert list(found.versions) == []
    assert given(found).count(b'"versions"') == 1
    twice = body.replace(b'"1.1.0":{"name"', b'"1.0.0":{"name"')
    assert known(twice).refused.keys() | known(twice).versions.keys() == {"1.0.0"}


def test_what_an_earlier_document_said_in_the_same_bytes_is_not_read_again() -> None:
    before = known(tight(packument("1.0.0", "1.1.0")))
    changed = packument("1.0.0", "1.1.0", "1.2.0")
    changed["versions"]["1.1.0"]["description"] = "x"
    after = read(tight(changed), NAME, now=NOW, known=before)
    assert isinstance(after, Packument)
    assert after.versions["1.0.0"] is before.versions["1.0.0"]
    assert after.versions["1.1.0"] is not before.versions["1.1.0"]
    assert list(after.versions) == ["1.0.0", "1.1.0", "1.2.0"]


# Times


@pytest.mark.parametrize(
    "stated",
    [
        "2026-11-01T08:00:00.123Z",
        "2026-11-01T08:00:00.123000+00:00",
        "2026-11-01T08:00:00.123000000Z",
        "2026-11-01T10:00:00.123+02:00",
        "20261101T080000.123Z",
    ],
)
def test_a_time_is_read_in_every_form_that_registries_write(stated: str) -> None:
    at = datetime(2026, 11, 1, 8, 0, 0, 123000, tzinfo=UTC)
    assert moment(stated) == at
    document = packument("1.0.0")
    document["time"]["1.0.0"] = stated
    assert published_at(known(tight(document)), "1.0.0") == at


@pytest.mark.parametrize(
    "stated", ["", "2026-11-01", "2026-11-01T08:00:00", "yesterday", "1" * 100, None, 5, [], "NaN"]
)
def test_what_is_no_time_is_none(stated: Any) -> None:
    document = packument("1.0.0")
    document["time"]["1.0.0"] = stated
    assert published_at(known(tight(document)), "1.0.0") is None


def test_a_time_in_the_future_is_none() -> None:
    document = packument("1.0.0", "1.1.0")
    document["time"] |= {"1.0.0": "2026-11-25T12:04:00Z", "1.1.0": "2026-11-25T12:06:00Z"}
    found = known(tight(document))
    assert published_at(found, "1.0.0") is not None
    assert published_at(found, "1.1.0") is None


# Showing


@spellings
def test_what_is_all_shown_is_the_same_but_for_the_addresses(spelled: Any) -> None:
    document = packument()
    body = given(known(spelled(document)))
    expected = json.loads(json.dumps(document).replace(BASE, OURS))
    assert json.loads(body) == expected
    assert list(json.loads(body)) == list(expected)
    assert list(json.loads(body)["time"]) == list(expected["time"])


def test_a_tight_document_that_is_all_shown_is_the_same_bytes() -> None:
    body = tight(packument())
    assert given(known(body)) == body.replace(BASE.encode(), OURS.encode())


@spellings
def test_what_is_hidden_is_named_nowhere(spelled: Any) -> None:
    body = given(known(spelled(packument())), ["1.0.0", "1.1.0"])
    assert b"2.0.0" not in body
    told = json.loads(body)
    assert told["dist-tags"] == {"latest": "1.1.0"}
    assert list(told["time"]) == ["modified", "created", "1.0.0", "1.1.0"]
    assert told["time"]["created"] == "2026-11-01T08:00:00.000Z"


def test_times_of_releases_that_are_gone_are_not_given() -> None:
    document = packument("1.0.0")
    document["time"] |= {"0.9.0": "2026-10-01T08:00:00.000Z", "unpublished": {"versions": []}}
    assert list(json.loads(given(known(tight(document))))["time"]) == [
        "modified", "created", "1.0.0",
    ]  # fmt: skip


def test_modified_is_as_old_as_the_newest_shown_release_where_something_is_hidden() -> None:
    found = known(tight(packument()))
    told = json.loads(given(found, ["1.0.0", "1.1.0"]))
    assert told["time"]["modified"] == told["time"]["1.1.0"] == "2026-11-02T08:00:00.000Z"
    assert json.loads(given(found, []))["time"] == {"created": "2026-11-01T08:00:00.000Z"}


def test_modified_is_made_where_it_is_missing() -> None:
    document = packument("1.0.0", "1.1.0")
    del document["time"]["modified"]
    assert json.loads(given(known(tight(document))))["time"]["modified"] == (
        "2026-11-02T08:00:00.000Z"
    )


SHORT = {k: packument()[k] for k in ("name", "dist-tags", "versions")}


def test_a_short_document_has_modified_beside_its_versions() -> None:
    found = known(tight({**SHORT, "modified": "2026-11-20T08:00:00.000Z"}))
    at = datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert json.loads(given(found, short=True))["modified"] == "2026-11-20T08:00:00.000Z"
    hidden = json.loads(given(found, ["1.0.0"], short=True, modified=at))
    assert hidden["modified"] == "2026-11-02T08:00:00.000Z"
    assert "time" not in hidden
    assert "modified" not in json.loads(given(found, ["1.0.0"], short=True))
    bare = json.loads(given(known(tight(SHORT)), short=True, modified=at))
    assert bare["modified"] == "2026-11-02T08:00:00.000Z"


@spellings
@pytest.mark.parametrize("before", [None, "old", True, ""])
def test_a_deprecated_release_is_listed_with_the_text_and_tags_lead_past_it(
    spelled: Any, before: Any
) -> None:
    document = packument()
    if before is not None:
        document["versions"]["2.0.0"]["deprecated"] = before
    body = given(known(spelled(document)), deprecated={"2.0.0": 'blocked: "x"'})
    told = json.loads(body)
    assert told["versions"]["2.0.0"].pop("deprecated") == 'blocked: "x"'
    document["versions"]["2.0.0"].pop("deprecated", None)
    assert told["versions"] == json.loads(json.dumps(document["versions"]).replace(BASE, OURS))
    assert told["dist-tags"] == {"latest": "1.1.0"}
    assert "2.0.0" in told["time"]


def test_a_version_without_an_address_of_ours_is_left_out() -> None:
    document = packument()
    document["versions"]["1.1.0"]["dist"]["tarball"] = "https://cdn.invalid/left-pad-1.1.0.tgz"
    body = given(known(tight(document)))
    assert b"1.1.0" not in body
    assert list(json.loads(body)["versions"]) == ["1.0.0", "2.0.0"]


def test_members_that_name_the_files_of_all_versions_are_left_out() -> None:
    files = {f"left-pad-{each}.tgz": {"url": f"{BASE}x"} for each in ("1.0.0", "2.0.0")}
    body = tight(packument(_attachments=files, _distfiles=files, _uplinks={}))
    told = given(known(body.replace(b'"_id"', b'"__proto__":{},"_id"')), ["1.0.0"])
    assert b"2.0.0" not in told
    assert json.loads(told).keys() == packument().keys()


def test_what_does_not_decode_to_our_address_is_left_out() -> None:
    """The positions are proven; this is for the day when they are not."""
    found = known(tight(packument()))
    wrong = found.versions["1.1.0"]
    about = wrong.name, wrong.version, wrong.digest, wrong.tarball
    moved = type(wrong)(*about, (1, 2), wrong.text)
    aside = type(wrong)(*about, (20, 30), wrong.text)
    for odd in (moved, aside):
        versions = {**found.versions, "1.1.0": odd}
        broken = Packument(
            **{name: getattr(found, name) for name in Packument.__slots__ if name != "versions"},
            versions=versions,
        )
        body = render(broken, Shown(list(versions), addresses(found)), short=False)
        assert list(json.loads(body)["versions"]) == ["1.0.0", "2.0.0"]
        assert b"1.1.0" not in body


def test_node_and_python_read_the_same() -> None:
    bodies = [given(known(each(packument())), ["1.0.0"]) for each in SPELLINGS]
    for body, told in zip(bodies, by_node(bodies), strict=True):
        assert told == by_python(body)
        assert told[0] == [["1.0.0", f"{OURS}left-pad/-/left-pad-1.0.0.tgz"]]
