"""yarn.lock of yarn 2 and later."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.lockfiles.berry_locator import parse_locator
from pratique.ecosystems.npm.lockfiles.yarn_berry import read
from pratique.errors import LockfileError
from pratique.model.pin import Group, Lockfile, Pin, Source

DATA = Path(__file__).parents[4] / "data" / "lockfiles" / "yarn-berry"
HEAD = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n"
VERSIONS = ["4", "6", "8", "9", "10"]


def text_of(*entries: str) -> bytes:
    return (HEAD + "\n".join(entries)).encode()


def entry(key: str, resolution: str, version: str = "1.0.0", more: str = "") -> str:
    return f'"{key}":\n  version: {version}\n  resolution: "{resolution}"\n{more}'


def pins_of(*entries: str) -> dict[str, Pin]:
    return {pin.key: pin for pin in read(text_of(*entries), "yarn.lock").pins}


def fixture(name: str) -> tuple[Lockfile, dict[str, Pin]]:
    lockfile = read((DATA / name / "yarn.lock").read_bytes(), "yarn.lock")
    return lockfile, {pin.key.partition("@npm:")[0]: pin for pin in lockfile.pins}


def test_the_counts_of_babel_are_those_of_its_text(shared: Path) -> None:
    source = (shared / "repos/babel/yarn.lock").read_bytes()
    lockfile = read(source, "yarn.lock")
    kinds = Counter(pin.source for pin in lockfile.pins)
    patched = [pin for pin in lockfile.pins if pin.patch]
    assert source.count(b"\n  resolution: ") == 1749
    # 1,749 entries: the root workspace is an importer and no pin, four are links,
    # and what is patched comes from the registry like the 1,573 others.
    assert len(lockfile.pins) == 1749 - 1
    assert kinds == {Source.REGISTRY: 1573 + 9, Source.WORKSPACE: 163 - 1, Source.LINK: 4}
    assert (len(patched), len(lockfile.importers)) == (9, 163)
    assert sum(pin.checksum is not None for pin in lockfile.pins) == 1470
    unchecked = [pin for pin in lockfile.pins if pin.is_release and pin.checksum is None]
    assert len(unchecked) == 1573 + 9 - 1470
    assert all(pin.conditions for pin in unchecked)
    assert [pin.note for pin in lockfile.pins if pin.note] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_project_with_workspaces_is_read_whole(version: str) -> None:
    lockfile, pins = fixture(f"v{version}-workspaces")
    assert lockfile.version == version
    assert Counter(pin.source for pin in lockfile.pins) == {
        Source.REGISTRY: 73,
        Source.WORKSPACE: 2,
        Source.LINK: 2,
        Source.FILE: 2,
        Source.GIT: 1,
    }
    assert [importer.path for importer in lockfile.importers] == [
        "packages/core",
        "packages/site",
        "",
    ]
    git = next(pin for pin in lockfile.pins if pin.source is Source.GIT)
    assert (git.name, git.version, git.url, git.commit) == (
        "widget",
        "1.2.0",
        "git+https://git.example/widget.git",
        "1e3b522e2c789bcb850f818b626b3af4dc955d50",
    )
    assert (pins["on"].version, pins["no"].version) == ("1.3.0", "0.0.1")
    assert [(pin.name, pin.alias) for pin in lockfile.pins if pin.alias] == [("is-odd", "odd")]
    assert not any(pin.dev or pin.note for pin in lockfile.pins)


def test_every_local_name_of_a_merged_key_is_kept() -> None:
    key = "a@npm:is-odd@^3.0.0, b@npm:is-odd@^3.0.0, is-odd@npm:^3.0.0"
    source = (
        "__metadata:\n  version: 8\n\n"
        f'"{key}":\n  version: 3.0.1\n  resolution: "is-odd@npm:3.0.1"\n'
        "  languageName: node\n  linkType: hard\n"
    )
    (pin,) = read(source.encode(), "yarn.lock").pins
    assert (pin.alias, pin.more_aliases, pin.note) == ("a", ("b",), "")


@pytest.mark.parametrize("version", VERSIONS)
def test_requirements_lead_to_their_entries(version: str) -> None:
    lockfile, _ = fixture(f"v{version}-workspaces")
    root = next(each for each in lockfile.importers if each.path == "")
    found = {need.name: need for need in root.requirements}
    pins = {pin.key: pin for pin in lockfile.pins}
    assert all(need.pin in pins for need in root.requirements)
    assert found["fsevents"].group is Group.OPTIONAL
    fsevents = pins[found["fsevents"].pin or ""]
    assert (fsevents.patch, fsevents.optional) == ("builtin:compat/fsevents", True)
    assert pins[found["odd"].pin or ""].name == "is-odd"
    assert pins[found["hello"].pin or ""].url == "file:./local/hello"
    core = next(each for each in lockfile.importers if each.path == "packages/core")
    assert [(need.name, need.pin) for need in core.requirements if need.group is Group.PEER] == [
        ("react", None),
        ("react-dom", None),
    ]
    reached = {end for pin in lockfile.pins for end in pin.requires}
    reached |= {need.pin or "" for each in lockfile.importers for need in each.requirements}
    unreached = [pin for pin in lockfile.pins if pin.key not in reached]
    assert [pin.name for pin in unreached] == ["@harbour/site"]


@pytest.mark.parametrize("version", VERSIONS)
def test_addresses_of_another_registry_and_patches_are_decoded(version: str) -> None:
    lockfile, _ = fixture(f"v{version}-registry")
    odd = next(pin for pin in lockfile.pins if pin.name == "is-odd")
    assert odd.url == "https://registry.example/dl/is-odd/-/is-odd-3.0.1.tgz"
    patched = next(pin for pin in lockfile.pins if pin.name == "is-number" and pin.patch)
    assert patched.patch is not None
    assert patched.patch.endswith("patches/is-number.patch")
    assert (patched.version, patched.source) == ("6.0.0", Source.REGISTRY)
    assert patched.url == "https://registry.example/dl/is-number/-/is-number-6.0.0.tgz"
    tarball = next(pin for pin in lockfile.pins if pin.name == "pebble")
    assert (tarball.source, tarball.version) == (Source.REMOTE, "2.0.0")
    assert not any(pin.note for pin in lockfile.pins)


@pytest.mark.parametrize(
    ("resolution", "source", "name", "version", "url", "patch"),
    [
        ("a@npm:1.0.0", Source.REGISTRY, "a", "1.0.0", None, None),
        ("@s/a@npm:1.0.0", Source.REGISTRY, "@s/a", "1.0.0", None, None),
        ("a@npm:^1.0.0", Source.UNKNOWN, "a", "^1.0.0", None, None),
        ("a@npm:b@1.0.0", Source.UNKNOWN, "a", "b@1.0.0", None, None),
        ("a@workspace:p/a", Source.WORKSPACE, "a", "", None, None),
        ("a@link:./x::locator=r", Source.LINK, "a", "", "link:./x", None),
        ("a@portal:./x::locator=r", Source.LINK, "a", "", "portal:./x", None),
        ("a@file:./x#./x::hash=1", Source.FILE, "a", "", "file:./x", None),
        ("a@exec:./x.js#./x.js::hash=1", Source.EXEC, "a", "", "exec:./x.js", None),
        ("a@weird:1", Source.UNKNOWN, "a", "", "weird:1", None),
        ("a@1.0.0", Source.UNKNOWN, "a", "", None, None),
        (
            "a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fevil.example%2Fx.tgz",
            Source.REMOTE,
            "a",
            "1.0.0",
            "https://evil.example/x.tgz",
            None,
        ),
        (
            "a@https://github.com/o/a.git#commit=" + "a" * 40,
            Source.GIT,
            "a",
            "",
            "https://github.com/o/a.git",
            None,
        ),
        (
            "a@patch:a@npm%3A1.0.0#optional!builtin<compat/a>::version=1.0.0&hash=1",
            Source.REGISTRY,
            "a",
            "1.0.0",
            None,
            "builtin:compat/a",
        ),
        (
            "a@patch:a@patch%3Aa@npm%253A1.0.0%23one#two",
            Source.REGISTRY,
            "a",
            "1.0.0",
            None,
            "one&two",
        ),
        ("a@patch:nothing#x", Source.UNKNOWN, "a", "", None, "x"),
    ],
)
def test_a_resolution_says_where_the_bytes_come_from(
    resolution: str, source: Source, name: str, version: str, url: str | None, patch: str | None
) -> None:
    locator = parse_locator(resolution, "1.0.0")
    assert locator is not None
    assert (locator.source, locator.name, locator.version) == (source, name, version)
    assert (locator.url, locator.patch) == (url, patch)


def test_two_addresses_are_none() -> None:
    locator = parse_locator("a@npm:1.0.0::__archiveUrl=x&__archiveUrl=y", "1.0.0")
    assert locator is not None
    assert (locator.source, locator.odd) == (Source.UNKNOWN, "it has several addresses")


def test_many_entries_of_one_name_cost_no_more_than_their_number() -> None:
    many = [
        entry(f"a@npm:{at}", f"a@npm:{at}.0.0", f"{at}.0.0", "  dependencies:\n    a: ^x\n")
        for at in range(3000)
    ]
    pins = pins_of(*many)
    assert max(len(pin.requires) for pin in pins.values()) == 32


def test_patches_over_patches_end_somewhere() -> None:
    reference = "a@npm:1.0.0"
    for _ in range(6):
        reference = f"a@patch:{reference.replace('%', '%25').replace('#', '%23')}#p"
    locator = parse_locator(reference, "1.0.0")
    assert locator is not None
    assert locator.source is Source.UNKNOWN


@pytest.mark.parametrize(
    ("one", "note"),
    [
        (entry("a@npm:^1", "a@npm:1.0.0", "1.0.1"), "disagrees: version says 1.0.1"),
        (entry("a@npm:^1", "b@npm:1.0.0"), "disagrees: key says a@npm:^1, resolution says b"),
        (entry("a@npm:b@^1", "b@npm:1.0.0"), ""),
        (entry("b@npm:^1, a@npm:b@^1", "b@npm:1.0.0"), ""),
        (entry("a@npm:bb@^1", "b@npm:1.0.0"), "disagrees: key says a@npm:bb@^1"),
        (entry("a@npm:^1", "a@npm:latest"), "its npm: reference is not an exact version"),
        (entry("a@patch:x#p", "a@patch:b@npm%3A1.0.0#p"), "disagrees: key says a@patch:x#p"),
    ],
)
def test_what_an_entry_says_twice_and_differently_is_noted(one: str, note: str) -> None:
    (pin,) = pins_of(one).values()
    assert pin.note.startswith(note)
    assert bool(pin.note) == bool(note)


def test_the_reference_decides_the_version_and_not_the_field_beside_it() -> None:
    (pin,) = pins_of(entry("a@npm:^1", "a@npm:1.0.0", "1.0.1")).values()
    assert pin.version == "1.0.0"


def test_an_override_that_is_not_recorded_leads_to_every_entry_of_the_name() -> None:
    wants = "  dependencies:\n    a: ^9\n"
    pins = pins_of(
        entry("r@workspace:.", "r@workspace:.", "0.0.0-use.local", wants),
        entry("b@npm:1", "b@npm:1.0.0", more="  dependencies:\n    a: ^9\n"),
        entry("a@npm:1", "a@npm:1.0.0"),
        entry("a@npm:2", "a@npm:2.0.0", "2.0.0"),
    )
    assert pins["b@npm:1"].requires == ("a@npm:1", "a@npm:2")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b"", 1),
        (b"# yarn lockfile v1\n", 1),
        (b"__metadata: x\n", 1),
        (b"__metadata:\n  version: 3\n", 2),
        (b"__metadata:\n  version: 11\n", 2),
        (b"__metadata:\n  version:\n    a: b\n", 2),
        (text_of('"a@npm:1": b\n'), 5),
        (text_of('"a@npm:1":\n  version: 1.0.0\n'), 5),
        (text_of('"a@npm:1":\n  resolution:\n    x: y\n'), 6),
        (text_of('"a@npm:1":\n  resolution: nothing\n'), 6),
        (text_of('"a":\n  resolution: "a@npm:1.0.0"\n'), 5),
        (text_of(entry("a@npm:1", "a@npm:1.0.0", more="  dependencies: b\n")), 8),
        (text_of(entry("a@npm:1", "a@npm:1.0.0", more="  dependencies:\n    b:\n      c: d\n")), 9),
        (text_of(entry("a@npm:1", "a@npm:1.0.0", more="  checksum:\n    b: c\n")), 8),
        (text_of(entry("a@npm:1", "a@npm:1.0.0", more="  dependenciesMeta:\n    b: c\n")), 9),
        (text_of(entry("a@npm:1", "a@npm:1.0.0"), entry("a@npm:1, a@npm:2", "a@npm:2.0.0")), 9),
        (text_of(entry("a@npm:1", "a@npm:1.0.0"), entry("a@npm:1", "a@npm:1.0.0")), 9),
        (b"__metadata:\n  version: 8\n<<<<<<< HEAD\n", 3),
        (b"\xff\xfe", 1),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(source: bytes, line: int) -> None:
    with pytest.raises(LockfileError) as caught:
        read(source, "web/yarn.lock")
    assert (caught.value.file, caught.value.line) == ("web/yarn.lock", line)


def test_entries_that_require_each_other_are_read() -> None:
    pins = pins_of(
        entry("__proto__@npm:1", "__proto__@npm:1.0.0", more="  dependencies:\n    b: 1\n"),
        entry("b@npm:1", "b@npm:1.0.0", more='  dependencies:\n    "__proto__": 1\n    b: 1\n'),
    )
    assert pins["b@npm:1"].requires == ("__proto__@npm:1",)


_LETTERS = st.sampled_from([*"ab@:#%!<>&=/~.1 ^", "npm:", "patch:", "::", "%3A", "%25"])


@given(st.lists(_LETTERS, max_size=30).map("".join))
def test_any_text_is_a_locator_or_none(text: str) -> None:
    locator = parse_locator(text, "1.0.0")
    assert locator is None or locator.name


@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 30))
def test_a_damaged_file_is_read_or_refused(junk: bytes, at: int, cut: int) -> None:
    source = (DATA / "v10-registry" / "yarn.lock").read_bytes()
    try:
        lockfile = read(source[:at] + junk + source[at + cut :], "yarn.lock")
    except LockfileError:
        return
    keys = {pin.key for pin in lockfile.pins}
    assert all(set(pin.requires) <= keys for pin in lockfile.pins)
