"""yarn.lock of yarn 1: entries by the line, and what manifests add."""

from __future__ import annotations

import contextlib
import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.lockfiles.yarn_classic import patterns_of, read, with_manifests
from pratique.errors import LockfileError
from pratique.model.package import Digest
from pratique.model.pin import Group, Location, Lockfile, Pin, Requirement, Source
from pratique.model.project import Manifest

DATA = Path(__file__).resolve().parents[4] / "data/lockfiles/yarn-classic"
SHA1 = "65101baf3727d728b66fa62f50cda7f2d3989601"
SRI = Digest("sha512", "ab" * 64).sri
ODD = "https://registry.example/is-odd/-/is-odd-3.0.1.tgz"

# Entries by their headers; the first count is recorded independently in the notes on the project.
COUNTS = [
    ("repos/hyper/yarn.lock", 1218, 1),
    ("repos/hyper/app/yarn.lock", 181, 0),
    ("vectors/advisories-and-sbom/osv-scanner/locks-many-with-insecure/yarn.lock", 1, 0),
]


def entry(header: str = "is-odd@^3.0.0", *lines: str) -> bytes:
    written = lines or ('version "3.0.1"', f'resolved "{ODD}#{SHA1}"', f"integrity {SRI}")
    return "\n".join((f"{header}:", *(f"  {line}" for line in written), "")).encode()


def only(source: bytes) -> Pin:
    (pin,) = read(source, "yarn.lock").pins
    return pin


def named(lockfile: Lockfile, name: str) -> Pin:
    return next(pin for pin in lockfile.pins if pin.name == name)


@pytest.mark.shared
@pytest.mark.parametrize(("path", "count", "git"), COUNTS)
def test_real_lockfiles_have_as_many_pins_as_entries(
    shared: Path, path: str, count: int, git: int
) -> None:
    source = (shared / path).read_bytes()
    lockfile = read(source, "yarn.lock")
    assert len(lockfile.pins) == count
    assert sum(pin.source is Source.GIT for pin in lockfile.pins) == git
    assert all(pin.source in {Source.GIT, Source.REGISTRY} for pin in lockfile.pins)
    assert not [pin.note for pin in lockfile.pins if pin.note]
    text = source.decode().split("\n")
    for pin in lockfile.pins:
        assert text[(pin.where.line or 0) - 1] == f"{pin.key}:"
        assert pin.url_line is None or f"{pin.url}" in text[pin.url_line - 1]
        assert pin.integrity is None or pin.integrity in text[(pin.digest_line or 0) - 1]


def test_an_entry_is_a_pin_with_its_lines() -> None:
    source = entry('"a@npm:is-odd@^3", is-odd@^3.0.0') + b"  dependencies:\n    x y\n"
    pin = only(b"\xef\xbb\xbf# yarn lockfile v1\n\n\n" + source)
    assert pin.key == '"a@npm:is-odd@^3", is-odd@^3.0.0'
    assert (pin.name, pin.version, pin.alias) == ("is-odd", "3.0.1", "a")
    assert pin.where == Location("yarn.lock", 4)
    assert (pin.url, pin.url_line) == (ODD, 6)
    assert (pin.integrity, pin.digest_line) == (SRI, 7)
    assert [digest.algorithm for digest in pin.digests] == ["sha512", "sha1"]
    assert pin.source is Source.REGISTRY
    assert pin.requires == ()


def test_every_local_name_of_a_merged_header_is_kept() -> None:
    pin = only(entry('"a@npm:is-odd@^3", "b@npm:is-odd@^3", is-odd@^3.0.0'))
    assert (pin.name, pin.alias, pin.more_aliases) == ("is-odd", "a", ("b",))


def test_lines_may_end_as_windows_ends_them() -> None:
    source = entry().replace(b"\n", b"\r\n")
    assert only(source) == only(entry())


def test_a_digest_in_the_address_is_a_digest_but_no_integrity() -> None:
    pin = only(entry("is-odd@^3", 'version "3.0.1"', f'resolved "{ODD}#{SHA1}"'))
    assert pin.integrity is None
    assert pin.digests == (Digest("sha1", SHA1),)
    assert pin.digest_line == pin.url_line == 3


@pytest.mark.parametrize(
    ("header", "resolved", "source"),
    [
        ("is-odd@^3", ODD, Source.REGISTRY),
        ("is-odd@^3", None, Source.REGISTRY),
        ("is-odd@^3", "https://registry.example/is-even/-/is-even-1.0.0.tgz", Source.REMOTE),
        ("is-odd@^3", "https://files.example/x.tgz", Source.REMOTE),
        ("is-odd@^3", f"git+https://git.example/x.git#{SHA1}", Source.GIT),
        ("is-odd@^3", f"https://codeload.github.com/a/b/tar.gz/{SHA1}", Source.GIT),
        ("is-odd@^3", "file:./x.tgz", Source.FILE),
        ("is-odd@^3", "is-odd-3.0.1.tgz", Source.UNKNOWN),
        ('"is-odd@file:./x"', None, Source.FILE),
        ('"is-odd@link:./x"', None, Source.LINK),
        ('"is-odd@git+ssh://git.example/x.git"', None, Source.GIT),
        ("is-odd@a/b", None, Source.GIT),
    ],
)
def test_an_address_decides_the_source(header: str, resolved: str | None, source: Source) -> None:
    lines = ['version "3.0.1"'] + ([f'resolved "{resolved}"'] if resolved else [])
    assert only(entry(header, *lines)).source is source


def test_the_commit_of_a_git_source_is_read() -> None:
    url = f"git+https://git.example/x.git#{SHA1}"
    pin = only(entry("is-odd@a/b", 'version "3.0.1"', f'resolved "{url}"'))
    assert (pin.commit, pin.digests) == (SHA1, ())
    assert pin.url == "git+https://git.example/x.git"


def test_an_entry_that_merges_two_packages_disagrees() -> None:
    pin = only(entry("is-odd@^3.0.0, is-even@^1.0.0"))
    assert pin.note == "disagrees: the entry is for is-even and is-odd"


def test_a_name_that_no_package_has_is_noted() -> None:
    pin = only(entry('"../evil@^1"'))
    assert "not a legal package name" in pin.note


@pytest.mark.parametrize(
    ("header", "patterns"),
    [
        ("a@^1", ("a@^1",)),
        ('a@^1, "@b/c@1 || 2"', ("a@^1", "@b/c@1 || 2")),
        ('"a@\\"x"', ('a@"x',)),
    ],
)
def test_a_header_is_taken_apart(header: str, patterns: tuple[str, ...]) -> None:
    assert patterns_of(header) == patterns


REFUSED: list[tuple[bytes, int, str]] = [
    (b'a@^1:\n\tversion "1"\n', 2, "does not write"),
    (b'a@^1:\n   version "1"\n', 2, "indentation"),
    (b'  version "1"\n', 1, "indentation"),
    (b'a@^1:\n  version "1"\n    b c\n', 3, "indentation"),
    (b'a@^1\n  version "1"\n', 1, "header"),
    (b'a@^1,:\n  version "1"\n', 1, "does not write"),
    (b'"a@^1:\n  version "1"\n', 1, "does not write"),
    (b'"a@\\x":\n  version "1"\n', 1, "malformed string"),
    (b'"a@\\ud800":\n  version "1"\n', 1, "surrogate"),
    (b'a@^1: b\n  version "1"\n', 1, "header"),
    (b"a@^1:\n  version\n", 2, "does not write"),
    (b'a@^1:\n  version "1" x\n', 2, "not a name and a value"),
    (b'a@^1:\n  version"1"\n', 2, "not a name and a value"),
    (b'a@^1:\n  "version""1"\n', 2, "not a name and a value"),
    (b"a@^1:\n", 1, "without a version"),
    (b'a@^1:\n  version "1"\n  version "2"\n', 3, "duplicate field"),
    (b'a@^1:\n  dependencies:\n    b "1"\n    b "2"\n  version "1"\n', 4, "duplicate dep"),
    (b'a@^1:\n  version "1"\n\na@^1:\n  version "2"\n', 4, "duplicate entry"),
    (b'a@^1, b@1:\n  version "1"\n\nb@1:\n  version "2"\n', 4, "duplicate entry"),
    (b'a@^1, a@^1:\n  version "1"\n', 1, "duplicate entry"),
    (b'a@^1:\r  version "1"\r', 1, "header"),
    (b"\n# yarn lockfile v2\n", 2, "v2 is not known"),
    (b"__metadata:\n  version: 8\n", 1, "yarn 2 or later"),
    (b'a@^1:\n<<<<<<< ours\n  version "1"\n=======\n', 2, "merge conflict"),
    (b"a@^1:\n  version \xff\n", 2, "not UTF-8"),
    (b"<html>\n", 1, "does not write"),
]


@pytest.mark.parametrize(("source", "line", "reason"), REFUSED)
def test_a_malformed_lockfile_is_refused_with_its_line(
    source: bytes, line: int, reason: str
) -> None:
    with pytest.raises(LockfileError) as caught:
        read(source, "dir/yarn.lock")
    assert reason in caught.value.message
    assert (caught.value.file, caught.value.line) == ("dir/yarn.lock", line)


@pytest.mark.parametrize("source", [b"", b"# yarn lockfile v1\n", b"\xef\xbb\xbf\n\n"])
def test_an_empty_lockfile_has_no_pins(source: bytes) -> None:
    assert read(source, "yarn.lock").pins == ()


def test_a_header_of_very_many_patterns_is_read_once() -> None:
    header = ", ".join(f"a@{number}.x" for number in range(50_000))
    pin = only(entry(header))
    assert len(patterns_of(pin.key)) == 50_000


def manifest(folder: str, **groups: dict[str, str]) -> Manifest:
    path = f"{folder}/package.json".lstrip("/")
    needs = tuple(
        Requirement(name, specifier, Group(group), where=Location(path, 1))
        for group, asked in groups.items()
        for name, specifier in asked.items()
    )
    return Manifest(path, folder, "1.0.0", needs)


def manifests_of(folder: Path) -> list[Manifest]:
    found = []
    for path in sorted(folder.rglob("package.json")):
        if "vendored" in path.parts:
            continue
        value = json.loads(path.read_text())
        groups = {group.value: value.get(group.value, {}) for group in Group}
        inside = path.parent.relative_to(folder).as_posix()
        found.append(manifest("" if inside == "." else inside, **groups))
    return found


@pytest.mark.parametrize("folder", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_what_the_client_wrote_is_read_without_oddities(folder: Path) -> None:
    lockfile = read((folder / "yarn.lock").read_bytes(), "yarn.lock")
    assert not [pin for pin in lockfile.pins if pin.note or pin.source is Source.UNKNOWN]
    assert not [pin for pin in lockfile.pins if pin.is_release and pin.integrity is None]
    joined = with_manifests(lockfile, manifests_of(folder))
    unresolved = {
        need.name
        for each in joined.importers
        for need in each.requirements
        if need.pin is None and need.group is not Group.PEER
    }
    assert unresolved <= {"@fleet/keel"}  # a workspace: yarn 1 locks none


def test_manifests_say_what_is_direct_for_development_or_optional() -> None:
    folder = DATA / "plain"
    lockfile = read((folder / "yarn.lock").read_bytes(), "yarn.lock")
    joined = with_manifests(lockfile, manifests_of(folder))
    said = {pin.name: (pin.direct, pin.dev, pin.optional) for pin in joined.pins}
    assert said["is-odd"] == (True, False, False)
    assert said["is-number"][1:] == (False, False)
    assert said["esbuild"] == (True, True, False)
    assert said["@esbuild/linux-x64"] == (False, True, True)
    assert said["fsevents"] == (True, False, True)
    assert said["ms"] == (False, False, False)


def test_workspaces_and_their_own_edges_are_importers() -> None:
    folder = DATA / "workspaces"
    source = (folder / "yarn.lock").read_bytes()
    lockfile = read(source, "app/yarn.lock")
    moved = [
        Manifest(f"app/{each.path}", each.name, each.version, each.requirements)
        for each in manifests_of(folder)
    ]
    joined = with_manifests(lockfile, moved)
    assert [each.path for each in joined.importers] == ["", "packages/keel", "packages/mast"]
    flags = named(joined, "signal-flags")
    assert (flags.source, flags.direct) == (Source.GIT, True)
    assert named(joined, "vendored").source is Source.FILE
    assert named(joined, "use-sync-external-store").dev


def test_a_resolution_leads_to_the_version_that_it_forces() -> None:
    lockfile = read(entry("is-odd@3.0.1"), "yarn.lock")
    asked = manifest("", dependencies={"is-odd": "^2.0.0"})
    assert with_manifests(lockfile, [asked]).importers[0].requirements[0].pin is None
    where = Location("package.json", 1)
    forced = Manifest(
        asked.path, "", "", asked.requirements, overrides=(("is-odd", "3.0.1", where),)
    )
    joined = with_manifests(lockfile, [forced])
    assert joined.importers[0].requirements[0].pin == "is-odd@3.0.1"


def test_a_peer_leads_to_no_pin_even_where_an_entry_has_its_range() -> None:
    lockfile = read(entry("is-odd@^3.0.0"), "yarn.lock")
    joined = with_manifests(lockfile, [manifest("", peerDependencies={"is-odd": "^3.0.0"})])
    assert joined.importers[0].requirements[0].pin is None
    assert not joined.pins[0].direct


NAMES = st.from_regex(r"(@[a-z]{1,4}/)?[a-z][a-z0-9-]{0,6}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,2}\.[0-9]\.[0-9](-[a-z]{1,3})?", fullmatch=True)
HEX = st.text(string.hexdigits[:16], min_size=128, max_size=128)


def written(lockfile: Lockfile) -> bytes:
    """The file that yarn would write for pins of a registry."""
    lines = ["# yarn lockfile v1", "", ""]
    for pin in lockfile.pins:
        sha1 = next(digest.hex for digest in pin.digests if digest.algorithm == "sha1")
        lines += [f"{pin.key}:", f'  version "{pin.version}"', f'  resolved "{pin.url}#{sha1}"']
        lines += [f"  integrity {pin.digests[0].sri}"]
        if pin.requires:
            lines += ["  dependencies:"]
            for key in pin.requires:
                name, _, specifier = patterns_of(key)[0].rpartition("@")
                lines += [f'    {json.dumps(name)} "{specifier}"']
        lines += [""]
    return "\n".join(lines).encode()


@st.composite
def lockfiles(draw: st.DrawFn) -> Lockfile:
    names = draw(st.lists(NAMES, unique=True, max_size=6))
    keys = {name: f'"{name}@^{draw(VERSIONS)}"' for name in names}
    pins = []
    for name, key in keys.items():
        version, hexes = draw(VERSIONS), draw(HEX)
        url = f"https://registry.example/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        digests = (Digest("sha512", hexes), Digest("sha1", hexes[:40]))
        ends = draw(st.sets(st.sampled_from(sorted(keys.values()))))
        where, requires = Location("yarn.lock", 1), tuple(sorted(ends))
        pins.append(Pin(key, name, version, where, url=url, digests=digests, requires=requires))
    return Lockfile("yarn.lock", read(b"", "yarn.lock").manager, "yarn-classic", "1", tuple(pins))


@given(lockfiles())
def test_pins_written_again_are_the_same_lockfile(lockfile: Lockfile) -> None:
    again = read(written(lockfile), "yarn.lock")
    kept = ("key", "name", "version", "url", "digests", "requires", "source")
    for old, new in zip(lockfile.pins, again.pins, strict=True):
        assert [getattr(old, name) for name in kept] == [getattr(new, name) for name in kept]
    assert written(again) == written(lockfile)


@given(st.lists(st.sampled_from('a@1: "\\,\n#  \t\r<version 1.0-dependencies:'), max_size=60))
def test_any_text_is_read_or_refused(letters: list[str]) -> None:
    with contextlib.suppress(LockfileError):
        read("".join(letters).encode(), "yarn.lock")


@given(st.binary())
def test_any_bytes_are_read_or_refused(source: bytes) -> None:
    with contextlib.suppress(LockfileError):
        read(source, "yarn.lock")
