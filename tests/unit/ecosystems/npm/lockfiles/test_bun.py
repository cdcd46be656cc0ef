"""bun.lock, versions 0 to 2."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.lockfiles.bun import read
from pratique.errors import LockfileError
from pratique.model.pin import Group, Importer, Lockfile, Pin, Requirement, Source

DATA = Path(__file__).parents[4] / "data" / "lockfiles" / "bun"
SRI = "sha512-" + base64.b64encode(b"x" * 64).decode()
COMMIT = "1e3b522e2c789bcb850f818b626b3af4dc955d50"
URL = "https://registry.example"
A_URL = f"{URL}/a/-/a-1.0.0.tgz"
B_URL = f"{URL}/b/-/b-1.0.0.tgz"
GIT_URL = "git+ssh://git@h/a.git"
ARCHIVE = "https://codeload.github.com/o/a/tar.gz/v1"


def text_of(packages: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {
            "lockfileVersion": 1,
            "workspaces": {"": {"name": "r"}},
            "packages": packages,
            **more,
        },
        indent=1,
    ).encode()


def pins_of(packages: dict[str, Any], **more: Any) -> dict[str, Pin]:
    return {pin.key: pin for pin in read(text_of(packages, **more), "bun.lock").pins}


def fixture(name: str) -> tuple[Lockfile, dict[str, Pin]]:
    lockfile = read((DATA / name / "bun.lock").read_bytes(), "bun.lock")
    return lockfile, {pin.key: pin for pin in lockfile.pins}


def test_the_counts_of_elysia_are_those_of_its_text(shared: Path) -> None:
    lockfile = read((shared / "repos/elysia/bun.lock").read_bytes(), "bun.lock")
    assert len(lockfile.pins) == 291
    assert {pin.source for pin in lockfile.pins} == {Source.REGISTRY}
    assert all(pin.digests and pin.digests[0].is_strong for pin in lockfile.pins)
    assert lockfile.overrides == {"esbuild": "0.25.4"}
    prod = {pin.name for pin in lockfile.pins if not pin.dev and not pin.optional}
    assert {"cookie", "exact-mirror", "memoirist"} <= prod
    assert "eslint" not in prod
    assert [pin.note for pin in lockfile.pins if pin.note] == []


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_a_project_with_workspaces_is_read_whole(version: str) -> None:
    lockfile, pins = fixture(f"v{version}-workspaces")
    assert lockfile.version == version
    assert Counter(pin.source for pin in lockfile.pins) == {
        Source.REGISTRY: 45,
        Source.WORKSPACE: 2,
        Source.FILE: 2,
        Source.GIT: 1,
    }
    assert [each.path for each in lockfile.importers] == ["", "packages/core", "packages/site"]
    assert lockfile.overrides == {"js-tokens": "4.0.0"}
    assert [name for name, _ in lockfile.trusted] == ["esbuild"]
    widget = pins["widget"]
    assert (widget.url, widget.commit) == ("git+https://git.example/widget.git", COMMIT)
    assert (pins["odd"].name, pins["odd"].alias, pins["odd"].version) == ("is-odd", "odd", "3.0.1")
    assert pins["@harbour/site/ms"].alias is None
    assert not any(pin.note for pin in lockfile.pins)


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_requirements_lead_up_the_path_of_their_entry(version: str) -> None:
    lockfile, pins = fixture(f"v{version}-workspaces")
    assert pins["debug"].requires == ("debug/ms",)
    assert pins["widget"].requires == ("widget/is-odd",)
    assert pins["widget/is-odd"].requires == ("is-number",)
    assert pins["is-even"].requires == ("is-even/is-odd",)
    assert pins["is-even/is-odd"].requires == ("is-even/is-odd/is-number",)
    assert pins["@harbour/site"].requires == ("@harbour/core", "@harbour/site/ms")
    assert {"debug", "is-odd", "ms", "react"} == set(pins["@harbour/core"].requires)
    site = next(each for each in lockfile.importers if each.path == "packages/site")
    assert {need.name: need.pin for need in site.requirements}["ms"] == "@harbour/site/ms"
    core = next(each for each in lockfile.importers if each.path == "packages/core")
    peers = {need.name: need.pin for need in core.requirements if need.group is Group.PEER}
    assert peers == {"react": "react", "react-dom": None}
    assert (pins["is-even"].dev, pins["is-even/is-odd/is-number"].dev) == (True, True)
    assert (pins["fsevents"].optional, pins["fsevents"].dev) == (True, False)
    assert (pins["@esbuild/linux-x64"].optional, pins["@esbuild/linux-x64"].dev) == (True, True)
    assert (pins["loose-envify"].direct, pins["loose-envify"].dev) == (True, False)


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_addresses_of_another_registry_are_kept(version: str) -> None:
    lockfile, pins = fixture(f"v{version}-registry")
    assert pins["is-odd"].url == f"{URL}/is-odd/-/is-odd-3.0.1.tgz"
    assert pins["is-odd"].source is Source.REGISTRY
    assert pins["pebble"].source is Source.REMOTE
    assert pins["pebble"].url == "https://files.example/pebble-2.0.0.tgz"
    assert (pins["buoy"].source, pins["buoy"].url) == (Source.LINK, "link:buoy")
    assert pins["is-number"].patch == "patches/is-number@6.0.0.patch"
    assert "pilot" not in pins
    bundled = pins["@tailwindcss/oxide-wasm32-wasi/tslib"]
    assert (bundled.name, bundled.optional) == ("tslib", True)
    if version != "0":
        assert lockfile.catalogs == {
            "default/react-is": "18.2.0",
            "old/is-windows": "1.0.1",
            "old/left-pad": "1.2.0",
        }


@pytest.mark.parametrize(
    ("value", "source", "url", "commit"),
    [
        (["a@1.0.0", "", {}, SRI], Source.REGISTRY, None, None),
        (["a@1.0.0", A_URL, {}, SRI], Source.REGISTRY, A_URL, None),
        (["a@1.0.0", B_URL, {}, SRI], Source.REMOTE, B_URL, None),
        (["a@1.0.0", GIT_URL, {}, SRI], Source.GIT, GIT_URL, None),
        (["a@https://h.example/a.tgz", {}], Source.REMOTE, "https://h.example/a.tgz", None),
        (["a@https://h.example/a.tgz", {}, SRI], Source.REMOTE, "https://h.example/a.tgz", None),
        (["a@./a.tgz", {}, SRI], Source.FILE, "./a.tgz", None),
        (["a@tar/a.tgz", {}], Source.FILE, "tar/a.tgz", None),
        (["a@a.tgz", {}], Source.FILE, "a.tgz", None),
        (["a@file:x", {}], Source.FILE, "file:x", None),
        (["a@link:x", {}], Source.LINK, "link:x", None),
        (["a@workspace:x"], Source.WORKSPACE, None, None),
        (["a@github:o/a#1e3b522", {}, "o-a-1e3b522"], Source.GIT, "github:o/a", "1e3b522"),
        (["a@git+ssh://g@h/a#" + COMMIT, {}, COMMIT, SRI], Source.GIT, "git+ssh://g@h/a", COMMIT),
        ([f"a@{ARCHIVE}", {}, SRI], Source.GIT, ARCHIVE, None),
        (["a@nonsense", {}], Source.UNKNOWN, "nonsense", None),
    ],
)
def test_the_address_decides_the_source(
    value: list[Any], source: Source, url: str | None, commit: str | None
) -> None:
    (pin,) = pins_of({"a": value}).values()
    assert (pin.source, pin.commit) == (source, commit)
    assert pin.url == url
    assert bool(pin.note) == (source is Source.UNKNOWN)


@pytest.mark.parametrize(
    ("specifier", "more", "noted"),
    [
        ("npm:b@1", {}, False),
        ("npm:b", {}, False),
        ("^1.0.0", {}, True),
        ("npm:bb@1", {}, True),
        ("^1.0.0", {"overrides": {"a": "npm:b@1.0.0"}}, False),
        ("^1.0.0", {"overrides": {"x": {"a": "npm:b@1.0.0"}}}, False),
        ("catalog:", {"catalog": {"a": "npm:b@1.0.0"}}, False),
        ("catalog:", {"catalogs": {"c": {"a": "npm:b@1.0.0"}}}, False),
    ],
)
def test_an_alias_nobody_asked_for_is_noted(
    specifier: str, more: dict[str, Any], noted: bool
) -> None:
    workspaces = {"": {"name": "r", "dependencies": {"a": specifier}}}
    (pin,) = pins_of({"a": ["b@1.0.0", "", {}, SRI]}, workspaces=workspaces, **more).values()
    assert (pin.name, pin.alias) == ("b", "a")
    assert pin.note.startswith("disagrees:") is noted


def test_a_commit_that_its_tag_contradicts_is_noted() -> None:
    (pin,) = pins_of({"a": [f"a@git+ssh://g@h/a#{COMMIT}", {}, "b" * 40]}).values()
    assert pin.note.startswith("disagrees:")
    assert pin.commit == COMMIT


def test_a_stripped_integrity_is_none() -> None:
    (pin,) = pins_of({"a": ["a@1.0.0", "", {}, ""]}).values()
    assert (pin.integrity, pin.digests) == (None, ())


@pytest.mark.parametrize(
    "packages",
    [
        [],
        "x",
        {"a": {}},
        {"a": "a@1.0.0"},
        {"a": []},
        {"a": [1]},
        {"a": ["a"]},
        {"a": ["@1.0.0", "", {}, SRI]},
        {"a": ["a@1.0.0"]},
        {"a": ["a@1.0.0", "", {}]},
        {"a": ["a@1.0.0", "", {}, SRI, SRI]},
        {"a": ["a@1.0.0", 1, {}, SRI]},
        {"a": ["a@1.0.0", "", [], SRI]},
        {"a": ["a@1.0.0", "", {}, None]},
        {"a": ["a@1.0.0", "", {"dependencies": []}, SRI]},
        {"a": ["a@1.0.0", "", {"dependencies": {"b": 1}}, SRI]},
        {"a": ["a@1.0.0", "", {"optionalPeers": {}}, SRI]},
        {"a": ["a@1.0.0", "", {"optionalPeers": [1]}, SRI]},
        {"a": ["a@git+https://h/a.git", {}]},
        {"a": ["a@file:x"]},
        {"a": ["a@https://h.example/a.tgz", {}, SRI, SRI]},
        {"a/" * 300: ["a@1.0.0", "", {}, SRI]},
        {"a" * 5000: ["a@1.0.0", "", {}, SRI]},
    ],
)
def test_a_malformed_entry_is_refused_with_its_line(packages: Any) -> None:
    with pytest.raises(LockfileError) as caught:
        read(text_of(packages), "web/bun.lock")
    assert caught.value.file == "web/bun.lock"
    assert (caught.value.line or 0) > 5


@pytest.mark.parametrize(
    "more",
    [
        {"workspaces": []},
        {"workspaces": {"": []}},
        {"workspaces": {"": {"name": 1}}},
        {"workspaces": {"a": {"name": "a/" * 300}}},
        {"workspaces": {"": {"dependencies": []}}},
        {"workspaces": {"": {"dependencies": {"a": 1}}}},
        {"workspaces": {"": {"optionalPeers": 1}}},
        {"overrides": {"a": 1}},
        {"overrides": []},
        {"catalog": {"a": 1}},
        {"catalogs": {"a": "b"}},
        {"patchedDependencies": {"a": []}},
        {"trustedDependencies": {"a": "b"}},
        {"trustedDependencies": [1]},
        {"lockfileVersion": 3},
        {"lockfileVersion": "1"},
        {"lockfileVersion": True},
        {"lockfileVersion": None},
    ],
)
def test_a_malformed_member_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(LockfileError) as caught:
        read(text_of({}, **more), "bun.lock")
    assert caught.value.line is not None


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b"", 1),
        (b"[]", 1),
        (b"{}", 1),
        (b'{"lockfileVersion": 1,\n"packages": {},\n"packages": {}}', 3),
        (b'{"lockfileVersion": 1,\n<<<<<<< ours\n"packages": {}}', 2),
        (b"[" * 100_000, 1),
        (b"\xff", 1),
    ],
)
def test_what_is_no_lockfile_is_refused(source: bytes, line: int) -> None:
    with pytest.raises(LockfileError) as caught:
        read(source, "bun.lock")
    assert caught.value.line == line


def test_names_of_the_language_s_own_objects_are_names() -> None:
    fields = {"dependencies": {"__proto__": "1", "constructor": "1"}}
    pins = pins_of(
        {
            "__proto__": ["__proto__@1.0.0", "", fields, SRI],
            "constructor": ["constructor@1.0.0", "", fields, SRI],
        }
    )
    assert pins["constructor"].requires == ("__proto__",)


def test_keys_without_a_sensible_path_end_the_walk() -> None:
    fields = {"dependencies": {"a": "1", "": "1", "/": "1", "@": "1"}}
    keys = ["/", "//", "@", "@/", "a/@", "@/@/@", "", "../..", "a//b"]
    pins = pins_of({key: ["a@1.0.0", "", fields, SRI] for key in keys})
    assert set(pins) == set(keys)


def test_many_requirements_from_deep_paths_are_read() -> None:
    fields = {"dependencies": {f"n{at}": "1" for at in range(300)}}
    keys = ["/".join(["a"] * depth) for depth in range(1, 100)]
    pins = pins_of({key: ["a@1.0.0", "", fields, SRI] for key in keys})
    assert len(pins) == 99


def written(lockfile: Lockfile, wants: dict[str, dict[str, str]]) -> bytes:
    """The lockfile as bun writes it: registry, git and workspace entries."""
    packages: dict[str, Any] = {}
    for pin in lockfile.pins:
        fields: dict[str, Any] = {"dependencies": wants[pin.key]} if wants[pin.key] else {}
        if pin.source is Source.GIT:
            packages[pin.key] = [f"{pin.name}@{pin.url}#{pin.commit}", fields, pin.commit]
        else:
            release = f"{pin.name}@{pin.version}"
            packages[pin.key] = [release, pin.url or "", fields, pin.integrity or ""]
    groups: dict[str, dict[str, str]] = {}
    for need in lockfile.importers[0].requirements:
        groups.setdefault(need.group.value, {})[need.name] = need.specifier
    document = {
        "lockfileVersion": int(lockfile.version),
        "workspaces": {"": {"name": "r", **groups}},
        "overrides": lockfile.overrides,
        "packages": packages,
    }
    return json.dumps(document, indent=2).encode()


_NAMES = st.sampled_from(["a", "b", "@s/a", "@s/b", "__proto__", "c.d"])
_SOURCES = st.sampled_from(["registry", "url", "git"])


@given(
    st.dictionaries(st.lists(_NAMES, min_size=1, max_size=3).map("/".join), _SOURCES, max_size=8),
    st.dictionaries(_NAMES, st.sampled_from(list(Group))),
    st.data(),
)
def test_what_is_written_is_read_back(
    entries: dict[str, str], roots: dict[str, Group], data: st.DataObject
) -> None:
    pins, wants = [], {}
    for key, kind in entries.items():
        name = "/".join(key.split("/")[-2:]) if "@" in "".join(key.split("/")[-2:-1]) else ""
        name = name or key.split("/")[-1]
        wants[key] = dict.fromkeys(data.draw(st.lists(_NAMES, max_size=3)), "*")
        pins.append(_made(key, name, kind))
    needs = tuple(Requirement(name, "*", group) for name, group in roots.items())
    made = Lockfile(
        path="bun.lock",
        manager=read(text_of({}), "bun.lock").manager,
        format="bun",
        version="1",
        pins=tuple(pins),
        importers=(Importer("", needs, "r"),),
        overrides={"x": "1.0.0"},
    )
    again = read(written(made, wants), "bun.lock")
    kept = ("key", "name", "version", "source", "url", "integrity", "digests", "commit", "alias")
    assert [[getattr(pin, one) for one in kept] for pin in again.pins] == [
        [getattr(pin, one) for one in kept] for pin in made.pins
    ]
    assert again.overrides == made.overrides
    assert {need.name: need.group for need in again.importers[0].requirements} == roots
    keys = {pin.key for pin in again.pins}
    assert all(set(pin.requires) <= keys for pin in again.pins)


def _made(key: str, name: str, kind: str) -> Pin:
    source = (DATA / "v1-registry" / "bun.lock").name
    where = read(text_of({"a": ["a@1.0.0", "", {}, SRI]}), source).pins[0]
    if kind == "git":
        return Pin(key, name, "", where.where, Source.GIT, url="git+https://h/a.git", commit=COMMIT)
    url = f"{URL}/{name}/-/{name.rpartition('/')[2]}-1.0.0.tgz" if kind == "url" else None
    return Pin(key, name, "1.0.0", where.where, url=url, integrity=SRI, digests=where.digests)


@given(st.binary(max_size=60), st.integers(0, 4000), st.integers(0, 30))
def test_a_damaged_file_is_read_or_refused(junk: bytes, at: int, cut: int) -> None:
    source = (DATA / "v2-registry" / "bun.lock").read_bytes()
    try:
        lockfile = read(source[:at] + junk + source[at + cut :], "bun.lock")
    except LockfileError:
        return
    keys = {pin.key for pin in lockfile.pins}
    assert all(set(pin.requires) <= keys for pin in lockfile.pins)
