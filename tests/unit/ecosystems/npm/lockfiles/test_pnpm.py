"""pnpm-lock.yaml: real files of every version, and what nobody's client wrote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.lockfiles.pnpm import read
from pratique.ecosystems.npm.lockfiles.pnpm_keys import bare, parse_at
from pratique.errors import LockfileError
from pratique.model.pin import Group, Lockfile, Pin, Source

DATA = Path(__file__).parents[4] / "data" / "lockfiles" / "pnpm-lock"
COMMIT = "bc72dfb514bfe7d6977d074f8ef2f3e3bab7c95f"
FOLDERS = sorted(path.parent for path in DATA.rglob("pnpm-lock.yaml"))


def lockfile(folder: str | Path) -> Lockfile:
    return read((DATA / folder / "pnpm-lock.yaml").read_bytes(), "pnpm-lock.yaml")


def pins_of(source: str) -> dict[str, Pin]:
    return {pin.key: pin for pin in read(source.encode(), "x/pnpm-lock.yaml").every_pin}


def nine(packages: str, importers: str = "") -> str:
    return f"lockfileVersion: '9.0'\n{importers}\npackages:\n{packages}"


def entry(key: str, resolution: str, *more: str) -> str:
    return nine("\n".join([f"  {key}:", f"    resolution: {resolution}", *more, ""]))


@pytest.mark.parametrize(
    ("path", "pins", "environment", "importers"),
    [
        ("repos/tanstack-router", 2723, 0, 308),
        ("repos/pnpm", 1678, 9, 215),
        ("repos/renovate", 1219, 0, 1),
        ("repos/pnpm/pnpm11/deps/inspection/list", 1, 0, 1),
        ("vectors/advisories-and-sbom/pnpm/audit/fixtures/has-vulnerabilities", 440, 0, 1),
        ("vectors/advisories-and-sbom/pnpm/sbom/fixtures/with-peer-workspace", 3, 0, 2),
    ],
)
def test_counts_of_real_repositories(
    shared: Path, path: str, pins: int, environment: int, importers: int
) -> None:
    found = read((shared / path / "pnpm-lock.yaml").read_bytes(), "pnpm-lock.yaml")
    assert (len(found.pins), len(found.environment)) == (pins, environment)
    assert len(found.importers) == importers
    assert not [pin for pin in found.every_pin if pin.note]


def test_every_recorded_pnpm_file_is_read_with_true_lines(shared: Path) -> None:
    paths = sorted([*shared.rglob("pnpm-lock.yaml"), *DATA.rglob("pnpm-lock.yaml")])
    for path in paths:
        source = path.read_bytes()
        lines = source.decode().split("\n")
        for pin in read(source, "pnpm-lock.yaml").every_pin:
            assert pin.where.line is not None
            assert pin.key.removeprefix("env:") in lines[pin.where.line - 1]
            if pin.digest_line is not None:
                assert (pin.integrity or pin.checksum or "") in lines[pin.digest_line - 1]
            if pin.url_line is not None and pin.url is not None:
                assert pin.url.removeprefix("file:") in lines[pin.url_line - 1]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: "-".join(path.parts[-2:]))
def test_every_real_file_has_a_pin_per_package_and_one_per_requirement(folder: Path) -> None:
    found = lockfile(folder)
    documents = list(yaml.safe_load_all((folder / "pnpm-lock.yaml").read_text().replace("\t", " ")))
    assert found.version == str(documents[-1]["lockfileVersion"])
    assert [pin.key for pin in found.pins] == list(documents[-1]["packages"])
    keys = {pin.key for pin in found.pins}
    for need in (need for importer in found.importers for need in importer.requirements):
        assert need.pin in keys or need.specifier.startswith("workspace:")
    assert all(set(pin.requires) <= keys for pin in found.pins)
    assert all(pin.digests or pin.checksum for pin in found.pins if pin.source is Source.REGISTRY)
    assert (folder / "command.txt").read_text()


MIXED = [path for path in FOLDERS if path.name == "mixed"]


@pytest.mark.parametrize("folder", MIXED, ids=lambda path: path.parts[-2])
def test_peers_aliases_workspaces_and_git_are_the_same_in_every_version(folder: Path) -> None:
    found = lockfile(folder)
    by_name = {f"{pin.name}@{pin.version}": pin for pin in found.pins}
    git = by_name["left-widget@2.4.0"]
    assert (git.source, git.commit) == (Source.GIT, COMMIT)
    assert git.url == "https://git.example/left/widget.git"
    assert by_name["is-odd@3.0.1"].alias == "odd-alias"
    assert [pin.name for pin in found.pins if pin.alias] == ["is-odd"]
    assert {each.path for each in found.importers} == {"", "packages/app", "packages/kit"}
    stores = [pin for pin in found.pins if pin.name == "use-sync-external-store"]
    ends = {end for pin in stores for end in pin.requires}
    assert {re.sub(r"^/?react[/@]", "", end) for end in ends} == {"17.0.2", "18.2.0"}
    kit = next(each for each in found.importers if each.path == "packages/kit")
    assert {need.name for need in kit.requirements if need.group is Group.DEV} == {"react"}
    linked = [need for need in found.importers[1].requirements if need.pin is None]
    assert [(need.name, need.specifier) for need in linked] == [("@scope/kit", "workspace:*")]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: "-".join(path.parts[-2:]))
def test_flags_of_the_format_agree_with_what_the_manifests_lead_to(folder: Path) -> None:
    document = list(yaml.safe_load_all((folder / "pnpm-lock.yaml").read_text().replace("\t", " ")))[
        -1
    ]
    found = lockfile(folder)
    for pin in found.pins:
        flags = document["packages"][pin.key]
        if found.version in {"5.4", "6.0"}:
            assert pin.dev is flags.get("dev", False), pin.key
            assert pin.install_script is flags.get("requiresBuild", False)
        else:
            assert pin.install_script is None
        if found.version != "9.0":
            assert pin.optional is flags.get("optional", False), pin.key


def test_the_managers_own_document_is_the_environment() -> None:
    for version in ("9.0", "13.0"):
        found = lockfile(f"{version}-pnpm12/environment")
        assert found.version == version
        assert [pin.key for pin in found.environment] == ["env:is-number@7.0.0"]
        assert found.environment[0].direct
        assert [pin.key for pin in found.pins] == ["is-number@6.0.0", "is-odd@3.0.1"]


def test_a_lone_document_behind_a_marker_is_the_environment() -> None:
    found = read(b"---\n" + nine("  a@1.0.0:\n    resolution: {integrity: x}\n").encode(), "l")
    assert found.pins == ()
    assert [pin.key for pin in found.environment] == ["env:a@1.0.0"]


@pytest.mark.parametrize("version", ["9.0", "13.0"])
def test_patches_overrides_catalogs_and_local_files_are_recorded(version: str) -> None:
    found = lockfile(f"{version}-pnpm12/patched")
    digest = "d3b872d280c0001957ac224eea26f51e5a65fae5d1cc73e4b002a8434f91642f"
    pins = {pin.key: pin for pin in found.pins}
    assert found.patches == {"is-odd": digest}
    assert pins["is-odd@3.0.1"].patch == digest
    assert pins["is-odd@3.0.1"].local_names == ("odd",)
    assert found.overrides == {"is-number": "6.0.0"}
    assert found.catalogs == {"default/ms": "^2.1.3"}
    assert found.settings["autoInstallPeers"] == "true"
    assert pins["dirr@file:dir"].source is Source.FILE
    assert pins["tb@file:tb.tgz"].source is Source.FILE
    assert (pins["tb@file:tb.tgz"].version, pins["tb@file:tb.tgz"].url) == ("3.2.1", "file:tb.tgz")


@pytest.mark.parametrize("version", ["9.0", "13.0"])
def test_a_digest_of_the_uncompressed_tar_is_never_compared(version: str) -> None:
    for pin in lockfile(f"{version}-pnpm12/tar").pins:
        assert (pin.digests, pin.integrity) == ((), None)
        assert pin.checksum
        assert pin.note == ""


def test_a_runtime_is_no_release(shared: Path) -> None:
    found = read((shared / "repos/pnpm/pnpm-lock.yaml").read_bytes(), "pnpm-lock.yaml")
    runtimes = [pin for pin in found.pins if pin.source is Source.RUNTIME]
    assert [(pin.name, pin.version) for pin in runtimes] == [("node", "26.7.0")]


SRI = "integrity: sha512-" + "A" * 86 + "=="
FORGE = "https://codeload.github.com/o/a/tar.gz"


@pytest.mark.parametrize(
    ("key", "resolution", "source", "note"),
    [
        ("a@1.0.0", f"{{{SRI}}}", Source.REGISTRY, ""),
        ("a@1.0.0", "{}", Source.REGISTRY, ""),
        ("a@work:1.0.0", f"{{{SRI}}}", Source.REGISTRY, ""),
        ("a@1.0.0", "{tarball: https://r.example/a/-/a-1.0.0.tgz}", Source.REGISTRY, ""),
        ("a@1.0.0", "{tarball: https://r.example/b/-/b-1.0.0.tgz}", Source.REMOTE, "not that of"),
        ("a@1.0.0", f"{{tarball: {FORGE}/{COMMIT}}}", Source.GIT, "not that of the release"),
        ("a@1.0.0", f"{{type: git, repo: 'git@h.example:a', commit: {COMMIT}}}", Source.GIT, "git"),
        (f"a@git+https://h.example/a#{COMMIT}", f"{{repo: x, commit: {COMMIT}}}", Source.GIT, ""),
        (
            f"a@git+https://h.example/a#{COMMIT}",
            "{repo: x, commit: abc}",
            Source.GIT,
            "full object",
        ),
        (
            f"a@git+https://h.example/a#{'a' * 40}",
            f"{{repo: x, commit: {COMMIT}}}",
            Source.GIT,
            "another commit",
        ),
        (f"a@{FORGE}/{COMMIT}", f"{{tarball: {FORGE}/{COMMIT}, gitHosted: false}}", Source.GIT, ""),
        (f"a@{FORGE}/{COMMIT}", f"{{tarball: {FORGE}/{'a' * 40}}}", Source.GIT, "another address"),
        ("a@https://x.example/a.tgz", "{tarball: https://x.example/a.tgz}", Source.REMOTE, ""),
        ("a@file:a", "{directory: a, type: directory}", Source.FILE, ""),
        ("a@file:a", "{directory: b, type: directory}", Source.FILE, "not name the directory"),
        ("a@1.0.0", "{directory: b, type: directory}", Source.FILE, "not name the directory"),
        ("a@1.0.0", "{type: 'custom:x'}", Source.UNKNOWN, "a way of its own: 'custom:x'"),
        ("a@1.0.0", "{type: variations, variants: []}", Source.UNKNOWN, "the entry a runtime"),
        ("a@latest", f"{{{SRI}}}", Source.UNKNOWN, "its version is none"),
        ("__proto__@1.0.0", f"{{{SRI}}}", Source.REGISTRY, "begins with '_'"),
        ("../../x@1.0.0", f"{{{SRI}}}", Source.REGISTRY, "begins with '.'"),
        ("a@1.0.0", f"{{{SRI}, revision: 2}}", Source.REGISTRY, "uncompressed tar"),
    ],
)
def test_the_address_decides_where_bytes_come_from(
    key: str, resolution: str, source: Source, note: str
) -> None:
    (pin,) = pins_of(entry(f"'{key}'", resolution)).values()
    assert pin.source is source
    assert bool(pin.note) is bool(note)
    assert note in pin.note


def test_every_local_name_that_leads_to_an_entry_is_kept() -> None:
    source = (
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n"
        "      b:\n        specifier: npm:a@1.0.0\n        version: a@1.0.0\n"
        "      a:\n        specifier: 1.0.0\n        version: 1.0.0\n"
        "      c:\n        specifier: ^2.0.0\n        version: a@1.0.0\n\n"
        f"packages:\n\n  a@1.0.0:\n    resolution: {{{SRI}}}\n\nsnapshots:\n\n  a@1.0.0: {{}}\n"
    )
    (pin,) = read(source.encode(), "pnpm-lock.yaml").pins
    assert (pin.alias, pin.more_aliases) == ("b", ("c",))


def test_an_entry_that_calls_itself_otherwise_keeps_the_name_of_its_key() -> None:
    source = entry("a@1.0.0", f"{{{SRI}}}", "    name: b", "    version: 2.0.0")
    pin = pins_of(source)["a@1.0.0"]
    assert (pin.name, pin.version) == ("a", "1.0.0")
    assert (
        pin.note
        == "the entry says name 'b', its key 'a'; the entry says version '2.0.0', its key '1.0.0'"
    )


def test_a_snapshot_without_a_package_is_a_pin_all_the_same() -> None:
    pin = pins_of(nine("  {}\n\nsnapshots:\n  a@1.0.0(b@1.0.0): {}\n".replace("  {}", "", 1)))[
        "a@1.0.0"
    ]
    assert (pin.integrity, pin.note) == (None, "it has no entry under packages")


def test_settings_of_any_type_are_text() -> None:
    source = "lockfileVersion: '9.0'\nsettings: {a: {1: 2, b: 2026-01-02}, c: [x], d: e}\n"
    found = read(source.encode(), "pnpm-lock.yaml").settings
    assert found == {"a": '{"1": 2, "b": "2026-01-02"}', "c": '["x"]', "d": "e"}


def test_an_injected_member_of_the_workspace_is_no_foreign_file() -> None:
    source = entry("a@file:packages/a", "{directory: packages/a, type: directory}")
    source = source.replace("\npackages:", "importers:\n  packages/a: {}\npackages:", 1)
    assert pins_of(source)["a@file:packages/a"].source is Source.WORKSPACE


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("lockfileVersion: '14.0'\n", 1, "lockfileVersion '14.0' is not known"),
        ("a: b\nlockfileVersion: '7.0'\n", 2, "lockfileVersion '7.0' is not known"),
        ("packages: {}\n", 1, "no lockfileVersion"),
        ("lockfileVersion: true\n", 1, "no lockfileVersion"),
        ("", 1, "0 documents, where pnpm writes one or two"),
        ("a: 1\n---\na: 1\n---\na: 1\n", 1, "3 documents, where pnpm writes one or two"),
        ("just text\n", 1, "not a pnpm lockfile: the document should be a mapping"),
        ("1: a\n", 1, "not a pnpm lockfile: the document should be a mapping"),
        (nine("  - a\n"), 3, "'packages' should be a mapping"),
        (nine("  a@1.0.0: [b]\n"), 4, "'a@1.0.0' should be a mapping"),
        (nine("  1.0:\n    x: y\n"), 3, "the key 1.0 should be text"),
        (nine("  abc: {}\n"), 4, "the key 'abc' names no version"),
        (nine("  '@a/b': {}\n"), 4, "the key '@a/b' names no version"),
        (nine("  '@': {}\n"), 4, "the key '@' names no version"),
        (entry("a@1.0.0", "[a]"), 5, "'resolution' should be a mapping"),
        (entry("a@1.0.0", "{integrity: 5}"), 5, "'integrity' should be text"),
        (entry("a@1.0.0", "{tarball: [x]}"), 5, "'tarball' should be text"),
        (entry("a@1.0.0", "{}", "    version: 2.0"), 6, "'version' should be text"),
        (
            nine("  {}\n", "importers: []\n").replace("  {}\n", ""),
            2,
            "'importers' should be a mapping",
        ),
        (
            nine("", "importers:\n  .:\n    dependencies: [a]\n"),
            4,
            "'dependencies' should be a mapping",
        ),
        (
            nine("", "importers:\n  .:\n    dependencies:\n      a: {specifier: 1}\n"),
            5,
            "'a' should have a specifier and a version",
        ),
        (nine("\nsnapshots:\n  a@1.0.0:\n    dependencies: {b: 1}\n"), 7, "'b' should be text"),
        (nine("\nsnapshots:\n  abc: {}\n"), 6, "the key 'abc' names no version"),
        (nine("", "patchedDependencies: [a]\n"), 2, "'patchedDependencies' should be a mapping"),
        (nine("", "overrides: {a: 1}\n"), 2, "'a' should be text"),
        (nine("", "catalogs: {default: [a]}\n"), 2, "'default' should be a mapping"),
        (
            "lockfileVersion: 5.4\npackages:\n  /abc: {}\n",
            3,
            "the key '/abc' names no package and version",
        ),
        (
            "lockfileVersion: 5.4\npackages:\n  h.example/x/y: {}\n",
            3,
            "the entry 'h.example/x/y' has no name",
        ),
        (
            "lockfileVersion: '13.0'\nprojects:\n  .:\n    dependencies: {a: 'catalog:x'}\n",
            1,
            "'a' is in no catalog 'x'",
        ),
        (
            "lockfileVersion: '13.0'\npackages:\n  a@1.0.0: {snapshots: {}}\n",
            3,
            "'snapshots' should be a list",
        ),
        ("lockfileVersion: '9.0'\na: &x b\n", 2, "an anchor: 'x'"),
    ],
)
def test_what_is_malformed_is_named_with_its_line(source: str, line: int, message: str) -> None:
    with pytest.raises(LockfileError) as caught:
        read(source.encode(), "pnpm-lock.yaml")
    assert str(caught.value) == f"pnpm-lock.yaml:{line}: {message}"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a@1.0.0", "a@1.0.0"),
        ("a@1.0.0(b@1.0.0)(c@1.0.0(d@1.0.0))", "a@1.0.0"),
        ("a@file:x(y).tgz", "a@file:x(y).tgz"),
        ("a@file:x(y).tgz(b@1.0.0)", "a@file:x(y).tgz"),
        ("a)", "a)"),
    ],
)
def test_only_the_peers_at_the_end_of_a_key_are_cut_off(key: str, expected: str) -> None:
    assert bare(key) == expected


NAMES = st.from_regex(r"(@[a-z]{1,4}/)?[a-z]{1,5}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]\.[0-9]\.[0-9](-[a-z]{2}\.[0-9])?", fullmatch=True)
PEERS = st.lists(st.tuples(NAMES, VERSIONS).map(lambda pair: f"({'@'.join(pair)})"), max_size=3)


@given(NAMES, VERSIONS, PEERS.map("".join))
def test_a_key_is_what_its_parts_were(name: str, version: str, peers: str) -> None:
    found = parse_at(f"{name}@{version}{peers}")
    assert (found.name, found.version, found.reference, found.note) == (name, version, "", "")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
)
FIELDS = ["importers", "projects", "packages", "snapshots", "settings", "overrides", "catalogs"]
FIELDS += ["dependencies", "specifiers", "patchedDependencies"]
ENTRIES = st.dictionaries(
    st.sampled_from(["a@1.0.0", "/a/1.0.0", "/a@1.0.0", ".", "default", "integrityTarget", "x"]),
    st.dictionaries(
        st.sampled_from(
            ["resolution", "dependencies", "version", "name", "peerDependencies", "snapshots"]
        ),
        JUNK
        | st.dictionaries(st.sampled_from(["integrity", "tarball", "repo", "type", "a"]), JUNK),
    )
    | JUNK,
)


@given(
    st.sampled_from(["5.4", "6.0", "9.0", "13.0"]),
    st.dictionaries(st.sampled_from(FIELDS), ENTRIES | JUNK),
)
def test_any_shape_is_read_or_refused_with_a_line(version: str, tree: dict[str, object]) -> None:
    source = yaml.safe_dump({**tree, "lockfileVersion": version}, allow_unicode=True).encode()
    line = None
    try:
        found = read(source, "pnpm-lock.yaml")
    except LockfileError as error:
        found = None
        line = error.line
    assert line if found is None else len({pin.key for pin in found.pins}) == len(found.pins)
