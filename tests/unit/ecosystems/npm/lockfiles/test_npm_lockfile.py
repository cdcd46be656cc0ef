"""package-lock and npm-shrinkwrap: what npm installs, with the lines that say so."""

from __future__ import annotations

import contextlib
import gzip
import json
import string
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.lockfiles.npm import read
from pratique.errors import LockfileError
from pratique.model.package import Digest
from pratique.model.pin import Group, Lockfile, Manager, Pin, Source

DATA = Path(__file__).resolve().parents[4] / "data/lockfiles"
WRITTEN = sorted(
    path for folder in ("package-lock", "npm-shrinkwrap") for path in (DATA / folder).iterdir()
)
VECTORS = "vectors/advisories-and-sbom"
SHA = "0123456789abcdef0123456789abcdef01234567"
SRI = Digest("sha512", "ab" * 64).sri
OTHER_SRI = Digest("sha512", "cd" * 64).sri
ODD = "https://registry.example/is-odd/-/is-odd-3.0.1.tgz"
EVEN = "https://registry.example/is-even/-/is-even-1.0.0.tgz"

# Entries without the root's own and without links: what a count of `packages` gives. The first
# three are counted independently in the recorded notes on these repositories.
COUNTS = [
    ("repos/lerna/package-lock.json", "3", 2305, 2),
    ("repos/npm-cli/package-lock.json", "3", 1257, 16),
    ("lockfiles/dependabot.package-lock.json", "2", 1536, 0),
    (f"{VECTORS}/npm-cli/audit-all-severities/package-lock.json", "1", 518, 0),
    (f"{VECTORS}/npm-cli/audit-mkdirp/package-lock.json", "1", 2, 1),
    (f"{VECTORS}/npm-cli/audit-nyc-mkdirp/package-lock.json", "1", 329, 0),
    (f"{VECTORS}/npm-cli/audit-omit/package-lock.json.gz", "2", 751, 0),
    (f"{VECTORS}/npm-cli/audit-one-vuln/package-lock.json", "1", 1, 0),
    (f"{VECTORS}/osv-scanner/in-place-npm/package-lock.json", "2", 106, 0),
    (f"{VECTORS}/sample-project/package-lock.json.gz", "3", 1067, 0),
]


def entry(**fields: object) -> dict[str, object]:
    return {"version": "3.0.1", "resolved": ODD, "integrity": SRI, **fields}


def v3(packages: dict[str, object], **more: object) -> bytes:
    return json.dumps({"lockfileVersion": 3, "packages": packages, **more}, indent=1).encode()


def v1(dependencies: dict[str, object]) -> bytes:
    return json.dumps({"lockfileVersion": 1, "dependencies": dependencies}, indent=1).encode()


def one(lockfile: Lockfile, key: str) -> Pin:
    return next(pin for pin in lockfile.pins if pin.key == key)


def is_link(pin: Pin) -> bool:
    return pin.source in {Source.LINK, Source.WORKSPACE} and "node_modules/" in pin.key


@pytest.mark.shared
@pytest.mark.parametrize(("path", "version", "count", "links"), COUNTS)
def test_real_lockfiles_have_as_many_pins_as_entries(
    shared: Path, path: str, version: str, count: int, links: int
) -> None:
    source = (shared / path).read_bytes()
    if path.endswith(".gz"):
        source = gzip.decompress(source)
    lockfile = read(source, "package-lock.json")
    assert lockfile.version == version
    assert sum(not is_link(pin) for pin in lockfile.pins) == count
    assert sum(is_link(pin) for pin in lockfile.pins) == links
    assert not [pin.note for pin in lockfile.pins if pin.note]
    assert len({pin.key for pin in lockfile.pins}) == len(lockfile.pins)


@pytest.mark.shared
def test_in_real_lockfiles_only_bundled_pins_and_links_lack_a_digest(shared: Path) -> None:
    for path in ("repos/npm-cli/package-lock.json", "lockfiles/dependabot.package-lock.json"):
        lockfile = read((shared / path).read_bytes(), "package-lock.json")
        bare = Counter(pin.source for pin in lockfile.pins if not pin.digests)
        assert set(bare) <= {Source.BUNDLED, Source.WORKSPACE}
        assert not [pin for pin in lockfile.pins if pin.source is Source.REMOTE]


@pytest.mark.shared
def test_every_requirement_of_a_real_project_leads_to_a_pin(shared: Path) -> None:
    for path in ("repos/lerna/package-lock.json", "repos/npm-cli/package-lock.json"):
        lockfile = read((shared / path).read_bytes(), "package-lock.json")
        needs = [need for each in lockfile.importers for need in each.requirements]
        assert [need for need in needs if need.pin is None and need.group is not Group.PEER] == []
        assert len(lockfile.importers) > 1


@pytest.mark.parametrize("folder", WRITTEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_client_wrote_is_read_without_oddities(folder: Path) -> None:
    file = f"{folder.parent.name}.json"
    lockfile = read((folder / file).read_bytes(), f"app/{file}")
    assert lockfile.format == folder.parent.name
    assert lockfile.version == folder.name[1]
    assert lockfile.manager is Manager.NPM
    assert not [pin for pin in lockfile.pins if pin.note or pin.source is Source.UNKNOWN]
    for pin in lockfile.pins:
        if pin.source is Source.REGISTRY:
            assert pin.digests[0].algorithm == "sha512"
            assert (pin.url is None) == (folder.name == "v3-without-resolved")
    text = (folder / file).read_text().split("\n")
    for pin in lockfile.pins:
        if pin.integrity is not None and pin.digest_line is not None:
            assert pin.integrity in text[pin.digest_line - 1]
        if pin.url is not None and pin.url_line is not None:
            assert pin.url in text[pin.url_line - 1]


@pytest.mark.parametrize("name", ["v2-plain", "v3-plain", "v3-without-resolved", "v1-plain"])
def test_all_versions_of_npm_write_the_same_releases(name: str) -> None:
    lockfile = read((DATA / "package-lock" / name / "package-lock.json").read_bytes(), "x")
    old = read((DATA / "package-lock/v1-plain/package-lock.json").read_bytes(), "x")
    assert {pin.release for pin in lockfile.pins} == {pin.release for pin in old.pins}
    assert one(lockfile, "node_modules/is-num").alias == "is-num"
    assert one(lockfile, "node_modules/is-num").name == "is-number"
    assert one(lockfile, "node_modules/fsevents").optional
    assert one(lockfile, "node_modules/esbuild").dev


@pytest.mark.parametrize("name", ["v2-workspaces", "v3-workspaces"])
def test_workspaces_links_and_git_sources_are_told_apart(name: str) -> None:
    lockfile = read((DATA / "package-lock" / name / "package-lock.json").read_bytes(), "x")
    sources = {pin.key: pin.source for pin in lockfile.pins}
    assert sources["packages/keel"] is Source.WORKSPACE
    assert sources["node_modules/@fleet/keel"] is Source.WORKSPACE
    assert sources["vendored"] is Source.LINK
    assert sources["node_modules/vendored"] is Source.LINK
    flags = one(lockfile, "node_modules/signal-flags")
    assert flags.source is Source.GIT
    assert flags.commit is not None
    assert len(flags.commit) == 40
    assert flags.url == "git+https://git.example/signal-flags.git"
    assert flags.requires == ("node_modules/ms",)
    assert [each.path for each in lockfile.importers] == ["", "packages/keel", "packages/mast"]
    mast = lockfile.importers[2]
    assert {need.name: need.pin for need in mast.requirements} == {
        "@fleet/keel": "node_modules/@fleet/keel",
        "is-odd": "node_modules/is-odd",
        "ms": "packages/mast/node_modules/ms",
    }
    assert one(lockfile, "node_modules/@fleet/keel").requires == ("packages/keel",)
    assert "packages/keel/node_modules/is-odd" in one(lockfile, "packages/keel").requires


def test_the_first_version_has_git_sources_and_folders_in_its_versions() -> None:
    lockfile = read((DATA / "package-lock/v1-git/package-lock.json").read_bytes(), "x")
    flags = one(lockfile, "node_modules/signal-flags")
    assert (flags.source, flags.version) == (Source.GIT, "")
    assert flags.commit is not None
    assert one(lockfile, "node_modules/vendored").source is Source.LINK
    assert one(lockfile, "node_modules/semver-old").name == "semver"
    assert one(lockfile, "node_modules/is-odd").requires == ("node_modules/is-number",)
    assert lockfile.importers == ()


SOURCES: list[tuple[dict[str, object], Source]] = [
    (entry(), Source.REGISTRY),
    (entry(resolved=None), Source.REGISTRY),
    (entry(resolved=False), Source.REGISTRY),
    (entry(resolved=EVEN), Source.REMOTE),
    (entry(resolved="https://files.example/x.tgz"), Source.REMOTE),
    (entry(resolved=f"git+ssh://git@git.example/x.git#{SHA}"), Source.GIT),
    (entry(resolved=f"https://codeload.github.com/a/b/tar.gz/{SHA}"), Source.GIT),
    (entry(resolved="file:x.tgz"), Source.FILE),
    (entry(resolved="ftp://files.example/x.tgz"), Source.UNKNOWN),
    (entry(resolved="x.tgz"), Source.UNKNOWN),
    (entry(resolved="https://[registry.example/x.tgz"), Source.UNKNOWN),
    (entry(resolved="npm:is-odd@3.0.1"), Source.UNKNOWN),
    (entry(inBundle=True), Source.REGISTRY),
    (entry(link=True, resolved="../elsewhere"), Source.LINK),
    (entry(link=True, resolved="packages/a"), Source.WORKSPACE),
    (entry(link=True, resolved="packages/a/b"), Source.LINK),
]


@pytest.mark.parametrize(("fields", "source"), SOURCES)
def test_an_address_decides_the_source(fields: dict[str, object], source: Source) -> None:
    root = {"workspaces": ["packages/*"]}
    packages = {"": root, "node_modules/is-odd": fields, "packages/a": {}, "packages/a/b": {}}
    assert one(read(v3(packages), "x"), "node_modules/is-odd").source is source


def test_only_what_a_package_above_bundles_is_bundled() -> None:
    inside = {"version": "1.0.0", "inBundle": True}
    packages: dict[str, object] = {
        "": {"bundleDependencies": ["a"]},
        "node_modules/a": entry(bundleDependencies=["b"]),
        "node_modules/a/node_modules/b": inside,
        "node_modules/c": entry(),
        "node_modules/c/node_modules/b": inside,
        "node_modules/d": inside,
    }
    sources = {pin.key: pin.source for pin in read(v3(packages), "x").pins}
    assert sources["node_modules/a/node_modules/b"] is Source.BUNDLED
    assert sources["node_modules/c/node_modules/b"] is Source.REGISTRY
    assert sources["node_modules/d"] is Source.REGISTRY


def test_an_entry_without_address_and_digest_is_what_it_is_asked_for_as() -> None:
    packages: dict[str, object] = {
        "": {"dependencies": {"a": "github:x/a", "b": "^1", "c": "file:../c"}},
        "node_modules/a": {"version": "1.0.0"},
        "node_modules/b": {"version": "1.0.0"},
        "node_modules/c": {"version": "1.0.0", "integrity": SRI},
    }
    sources = {pin.name: pin.source for pin in read(v3(packages), "x").pins}
    assert sources == {"a": Source.GIT, "b": Source.REGISTRY, "c": Source.REGISTRY}


@pytest.mark.parametrize(
    ("patterns", "folder", "member"),
    [
        (["packages/*"], "packages/a", True),
        (["./packages/*/"], "packages/a", True),
        (["packages/*"], "packages/a/b", False),
        (["packages/**"], "packages/a/b", True),
        (["**/a"], "x/y/a", True),
        (["docs"], "docs", True),
        ({"packages": ["docs"]}, "docs", True),
        (["packages/*", "!packages/a"], "packages/a", False),
        (["packages/*"], "../packages/a", False),
        ([], "docs", False),
        (["**/" * 60 + "x"], "a/" * 60 + "y", False),
    ],
)
def test_a_folder_is_a_workspace_where_the_root_says_so(
    patterns: object, folder: str, member: bool
) -> None:
    pin = read(v3({"": {"workspaces": patterns}, folder: {"version": "1.0.0"}}), "x").pins[0]
    assert pin.source is (Source.WORKSPACE if member else Source.LINK)


def test_a_name_is_resolved_as_node_does() -> None:
    packages: dict[str, object] = {
        "": {"dependencies": {"a": "1", "b": "1"}},
        "node_modules/a": entry(dependencies={"b": "1", "c": "1", "none": "1"}),
        "node_modules/a/node_modules/b": entry(optionalDependencies={"c": "1"}),
        "node_modules/b": entry(peerDependencies={"a": "1"}),
        "node_modules/c": entry(),
    }
    lockfile = read(v3(packages), "x")
    assert one(lockfile, "node_modules/a").requires == (
        "node_modules/a/node_modules/b",
        "node_modules/c",
    )
    assert one(lockfile, "node_modules/a/node_modules/b").requires == ("node_modules/c",)
    assert one(lockfile, "node_modules/b").requires == ("node_modules/a",)
    assert {pin.key for pin in lockfile.pins if pin.direct} == {"node_modules/a", "node_modules/b"}


def test_flags_are_read_as_npm_means_them() -> None:
    packages: dict[str, object] = {
        "node_modules/is-odd": entry(dev=True, hasInstallScript=True),
        "node_modules/b": entry(optional=True),
        "node_modules/c": entry(devOptional=True, peer=True),
    }
    pins = [(pin.dev, pin.optional, pin.install_script) for pin in read(v3(packages), "x").pins]
    assert pins == [(True, False, True), (False, True, False), (False, False, False)]
    assert read(v1({"is-odd": entry()}), "x").pins[0].install_script is None


@pytest.mark.parametrize(
    "name", ["../evil", "a/b/c", "@scope", "a b", ".bin", "\u202ex", "\u001b[31m", "a" * 300, ""]
)
def test_a_name_that_no_package_has_is_noted(name: str) -> None:
    for source in (v3({f"node_modules/{name}": entry()}), v1({name: entry()})):
        (pin,) = read(source, "x").pins
        assert "not a legal package name" in pin.note
        assert pin.note.isascii()
        assert "\x1b" not in pin.note


def both(mirror: dict[str, object], packages: dict[str, object] | None = None) -> bytes:
    return v3(packages or {"": {}, "node_modules/is-odd": entry()}, dependencies=mirror)


@pytest.mark.parametrize(
    ("mirror", "said"),
    [
        ({"is-odd": entry()}, ""),
        ({}, ""),
        ({"is-odd": entry(integrity=OTHER_SRI)}, "integrity"),
        ({"is-odd": entry(integrity=None)}, "integrity"),
        ({"is-odd": entry(resolved=EVEN)}, "resolved"),
        ({"is-odd": entry(version="3.0.0")}, "version"),
        ({"is-odd": entry(version="npm:is-even@3.0.1")}, "name"),
        ({"is-odd": entry(version=f"github:a/b#{SHA}")}, "resolved"),
        ({"is-odd": {"version": "file:../x"}}, "source link"),
    ],
)
def test_halves_of_a_lockfile_that_disagree_are_noted(mirror: dict[str, object], said: str) -> None:
    (pin,) = read(both(mirror), "dir/package-lock.json").pins
    assert pin.note.startswith("disagrees: 'dependencies' (dir/package-lock.json:") == bool(said)
    assert said in pin.note


def test_an_entry_that_only_the_older_half_has_is_a_pin_that_disagrees() -> None:
    lockfile = read(both({"is-odd": entry(dependencies={"evil": entry()})}), "x")
    evil = one(lockfile, "node_modules/is-odd/node_modules/evil")
    assert evil.note.startswith("disagrees: only 'dependencies'")
    assert len(lockfile.pins) == 2


def test_the_older_half_of_a_workspace_is_compared_below_its_folder() -> None:
    packages: dict[str, object] = {
        "": {"workspaces": ["w"]},
        "w": {"version": "1.0.0"},
        "node_modules/w": {"resolved": "w", "link": True},
        "w/node_modules/is-odd": entry(),
    }
    mirror: dict[str, object] = {"w": {"version": "file:w", "dependencies": {"is-odd": entry()}}}
    assert not [pin for pin in read(both(mirror, packages), "x").pins if pin.note]
    inside = {"is-odd": entry(integrity=OTHER_SRI)}
    mirror = {"w": {"version": "file:w", "dependencies": inside}}
    noted = [pin.key for pin in read(both(mirror, packages), "x").pins if pin.note]
    assert noted == ["w/node_modules/is-odd"]


REFUSED: list[tuple[bytes, int, str]] = [
    (b"", 1, "not JSON"),
    (b"[]", 1, "should be a JSON object"),
    (b"{}", 1, "neither"),
    (b'{\n"lockfileVersion": 4, "packages": {}}', 2, "lockfileVersion 4"),
    (b'{\n"lockfileVersion": true, "packages": {}}', 2, "lockfileVersion True"),
    (b'{\n"lockfileVersion": 1.0, "packages": {}}', 2, "lockfileVersion 1.0"),
    (b'{\n"lockfileVersion": "3", "packages": {}}', 2, "lockfileVersion '3'"),
    (b'{\n"lockfileVersion": [], "packages": {}}', 2, "lockfileVersion []"),
    (b'{\n"lockfileVersion": 3}', 2, "without 'packages'"),
    (b'{"lockfileVersion": 3,\n"packages": []}', 2, "should be an object"),
    (b'{"packages": {\n"a": 1}}', 2, "should be an object"),
    (b'{"packages": {"a": {\n"version": 1}}}', 2, "'version' should be a string"),
    (b'{"packages": {"a": {\n"resolved": true}}}', 2, "'resolved' should be a string"),
    (b'{"packages": {"a": {\n"integrity": []}}}', 2, "'integrity' should be a string"),
    (b'{"packages": {"a": {"dependencies": {\n"b": 1}}}}', 2, "specifier of 'b'"),
    (b'{"packages": {"": {\n"workspaces": 1}}}', 2, "'workspaces'"),
    (b'{"packages": {"": {\n"workspaces": [1]}}}', 2, "'workspaces'"),
    (b'{"packages": {"": {\n"workspaces": ["*"' + b',"*"' * 200 + b"]}}}", 2, "patterns"),
    (b'{"dependencies": {\n"a": "1.0.0"}}', 2, "should be an object"),
    (b'{"dependencies": {"a": {\n"requires": 1}}}', 2, "should be an object"),
    (b'{"packages": {\n"' + b"a/" * 300 + b'": {}}}', 2, "longer than any real one"),
    (b'{"packages": {\n"' + b"a" * 5000 + b'": {}}}', 2, "longer than any real one"),
    (b'{"packages": {"a": {},\n"a": {}}}', 2, "duplicate key"),
    (b'{"packages": {\n<<<<<<< ours\n"a": {}}}', 2, "merge conflict"),
    (b'{"dependencies": ' + b'{"a": {"dependencies": ' * 100_000, 1, "deeper"),
]


@pytest.mark.parametrize(("source", "line", "reason"), REFUSED)
def test_a_malformed_lockfile_is_refused_with_its_line(
    source: bytes, line: int, reason: str
) -> None:
    with pytest.raises(LockfileError) as caught:
        read(source, "dir/package-lock.json")
    assert reason in caught.value.message
    assert (caught.value.file, caught.value.line) == ("dir/package-lock.json", line)


@pytest.mark.parametrize("source", [b'{"dependencies": {}}', b'{"packages": {}}'])
def test_a_lockfile_without_a_version_is_of_the_first(source: bytes) -> None:
    assert read(source, "x").version == "1"


def test_requires_that_is_only_true_names_nothing() -> None:
    assert read(v1({"is-odd": entry(requires=True)}), "x").pins[0].requires == ()


def test_what_the_first_version_bundles_inside_another_is_bundled() -> None:
    inside = {"b": {"version": "1", "bundled": True}}
    source = v1({"a": entry(bundled=True, requires={"b": "1"}, dependencies=inside)})
    sources = {pin.key: pin.source for pin in read(source, "x").pins}
    assert sources["node_modules/a"] is not Source.BUNDLED
    assert sources["node_modules/a/node_modules/b"] is Source.BUNDLED


@pytest.mark.parametrize("more", [{}, {"resolved": ODD, "integrity": SRI}, {"resolved": ODD}])
def test_a_flag_alone_bundles_nothing_in_the_first_version(more: dict[str, str]) -> None:
    inside = {"b": {"version": "1", "bundled": True, **more}}
    needs = {"b": "1"} if more else {}
    source = v1({"a": entry(requires=needs, dependencies=inside)})
    assert Source.BUNDLED not in {pin.source for pin in read(source, "x").pins}


NAMES = st.from_regex(r"(@[a-z]{1,4}/)?[a-z][a-z0-9-]{0,6}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,2}\.[0-9]\.[0-9](-[a-z]{1,3})?", fullmatch=True)
HEX = st.text(string.hexdigits[:16], min_size=128, max_size=128)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """The `packages` of a lockfile whose pins are all of a registry."""
    found: dict[str, dict[str, Any]] = {"": {"name": "root", "version": "1.0.0"}}
    for name in draw(st.lists(NAMES, unique=True, max_size=6)):
        above = draw(st.sampled_from(sorted(key for key in found)))
        key = f"{above}/node_modules/{name}".lstrip("/")
        package, version = draw(st.one_of(st.just(name), NAMES)), draw(VERSIONS)
        file = package.rpartition("/")[2]
        fields: dict[str, Any] = {} if package == name else {"name": package}
        fields["version"] = version
        fields["resolved"] = f"https://registry.example/{package}/-/{file}-{version}.tgz"
        fields["integrity"] = Digest("sha512", draw(HEX)).sri
        for flag in draw(st.sets(st.sampled_from(["dev", "optional", "hasInstallScript"]))):
            fields[flag] = True
        found[key] = fields
    return found


def written(lockfile: Lockfile) -> dict[str, dict[str, Any]]:
    """The `packages` that npm would write for pins of a registry."""
    found: dict[str, dict[str, Any]] = {"": {"name": "root", "version": "1.0.0"}}
    for pin in lockfile.pins:
        fields: dict[str, Any] = {"name": pin.name} if pin.alias else {}
        fields |= {"version": pin.version, "resolved": pin.url, "integrity": pin.digests[0].sri}
        flags = {"dev": pin.dev, "optional": pin.optional, "hasInstallScript": pin.install_script}
        found[pin.key] = fields | {name: True for name, is_set in flags.items() if is_set}
    return found


@given(entries())
def test_pins_written_again_are_the_same_lockfile(packages: dict[str, dict[str, Any]]) -> None:
    lockfile = read(v3(dict(packages)), "x")
    assert all(pin.source is Source.REGISTRY for pin in lockfile.pins)
    assert written(lockfile) == packages
    assert read(v3(dict(written(lockfile))), "x").pins == lockfile.pins


@given(st.data())
def test_a_lockfile_with_one_value_replaced_is_read_or_refused(data: st.DataObject) -> None:
    value = json.loads((DATA / "package-lock/v2-workspaces/package-lock.json").read_bytes())
    at: Any = value
    while True:
        key = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(st.none() | st.booleans() | st.integers() | st.text() | st.just([{}]))
    with contextlib.suppress(LockfileError):
        read(json.dumps(value).encode(), "x")


def test_a_workspace_that_a_pattern_with_braces_names_is_a_member() -> None:
    text = v3(
        {
            "": {"workspaces": ["{apps,packages}/{a,b}"]},
            "packages/a": {"version": "1.0.0"},
            "node_modules/a": {"resolved": "packages/a", "link": True},
            "packages/c": {"version": "1.0.0"},
        }
    )
    lockfile = read(text, "package-lock.json")
    assert [each.path for each in lockfile.importers] == ["", "packages/a"]
    assert [each.source for each in lockfile.pins] == [
        Source.WORKSPACE,
        Source.WORKSPACE,
        Source.LINK,
    ]


def test_an_entry_that_brings_a_shrinkwrap_of_its_own_says_so() -> None:
    entry = {"version": "1.0.0", "hasShrinkwrap": True}
    text = v3({"": {}, "node_modules/a": entry, "node_modules/b": {"version": "1.0.0"}})
    a, b = read(text, "package-lock.json").pins
    assert "npm-shrinkwrap.json" in a.note
    assert b.note == ""
