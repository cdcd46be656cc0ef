"""Pointing a settings file at a registry, and making it what it was, byte for byte."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.ecosystems.npm.settings.ini import read_ini
from pratique.ecosystems.npm.settings.pnpm import read_document
from pratique.ecosystems.npm.settings.pointing import (
    address,
    files_of,
    is_pointed,
    pointed,
    unpointed,
)
from pratique.ecosystems.npm.settings.yarn_classic import read_entries
from pratique.errors import UsageError

URL = "http://127.0.0.1:4873/"

NPMRC = [
    None,
    b"",
    b"\n",
    b"save-exact=true",
    b"save-exact=true\n",
    b"registry=https://old.example/\nsave-exact=true\n",
    b"  registry = https://old.example/  \r\nsave-exact=true\r\n",
    b"registry=https://old.example/",
    b"replace-registry-host=never\r\nregistry=${REGISTRY}\r\nregistry=https://two.example/",
    b"@corp:registry=https://corp.example/\n//corp.example/:_authToken=${TOKEN}\n",
    b"; registry=https://old.example/\n# registry=x\n[section]\nregistry=https://s.example/\n",
    b"\xef\xbb\xbfregistry=https://old.example/\n",
    b"a=1\rregistry=https://old.example/\rb=2",
    "name=\u00e4\n".encode(),
]
YARNRC = [
    None,
    b"",
    b'registry "https://old.example/"\n--install.frozen-lockfile true\n',
    b"registry https://old.example/",
    b'# yarn\r\n"registry" "https://old.example/"\r\nlastUpdateCheck 1\r\n',
]
YARNRC_YML = [
    None,
    b"",
    b"nodeLinker: node-modules\n",
    b"nodeLinker: node-modules",
    b'npmRegistryServer: "https://old.example"\nnodeLinker: pnp\n',
    b"nodeLinker: pnp\r\nnpmRegistryServer:\r\n  https://old.example\r\n",
    b"unsafeHttpWhitelist:\n- a.example\n- b.example\n\n# more\nnodeLinker: pnp\n",
    b"unsafeHttpWhitelist:\n  - a.example\n\n  # more\n  - b.example\nnodeLinker: pnp\n",
    b"unsafeHttpWhitelist: [a.example,\n  b.example]\n",
    b"%YAML 1.2\n---\nnodeLinker: pnp\n",
    b"# head\n---\nnpmRegistryServer: https://old.example # why\n",
    b"\xef\xbb\xbfnodeLinker: pnp\n",
    b"npmScopes:\n  corp:\n    npmRegistryServer: https://corp.example\n",
    b"plugins:\n- path: a.js\n  spec: x\ntext: |\n  npmRegistryServer: x\n",
]
WORKSPACE = [
    b"packages:\n- 'packages/*'\nregistry: https://old.example/\n",
    b"registries:\n  default: https://old.example/\n",
    b"registries:\r\n  default: https://old.example/\r\npackages:\r\n- a\r\n",
    b"registries:\n  default: https://old.example/\n  '@corp': https://corp.example/\n",
    b"registries:\n  '@corp': https://corp.example/\n  default: https://old.example/",
]
BUNFIG = [
    None,
    b"",
    b"[install]\n",
    b"[install]",
    b'logLevel = "debug"\n',
    b'logLevel = "debug"',
    b'logLevel = "debug"\r\n\r\n[install]\r\nregistry = "https://old.example/"\r\nexact = true\r\n',
    b'[install]\nexact = true\nregistry = { url = "https://old.example/", token = "$T" }',
    b'[install.scopes]\ncorp = "https://corp.example/"\n',
    b'[test]\nregistry = "x"\n[ install ] # mine\nexact = true\n[run]\nshell = "bun"\n',
    b'[install.cache]\ndir = "x"\n[test]\nroot = "y"\n',
    b"\xef\xbb\xbf[install]\nexact = true\n",
]
SOURCES: dict[str, Sequence[bytes | None]] = {
    ".npmrc": NPMRC,
    ".yarnrc": YARNRC,
    ".yarnrc.yml": YARNRC_YML,
    "pnpm-workspace.yaml": WORKSPACE,
    "bunfig.toml": BUNFIG,
}
CASES = [(file, source) for file, sources in SOURCES.items() for source in sources]


def registry_in(file: str, source: bytes) -> str | None:
    """What the file says, read by readers that know nothing of pointing."""
    if file == ".npmrc":
        return next((each.value for each in reversed(read_ini(source)) if each.key == "registry"),
                    None)  # fmt: skip
    if file == ".yarnrc":
        return next((e.value for e in reversed(read_entries(source)) if e.key == "registry"), None)
    if file == "bunfig.toml":
        found = tomllib.loads(source.decode("utf-8-sig"))["install"]["registry"]
        assert isinstance(found, str)
        return found
    document, _ = read_document(source, file)
    if file == "pnpm-workspace.yaml":
        named = document.get("registries")
        return str(named["default"]) if isinstance(named, dict) else None
    server = document.get("npmRegistryServer")
    return f"{server}/" if server else None


@pytest.mark.parametrize(("file", "source"), CASES)
def test_undoing_gives_the_file_back_byte_for_byte(file: str, source: bytes | None) -> None:
    written = pointed(file, source, URL)
    assert written != source
    assert is_pointed(written)
    assert not is_pointed(source or b"")
    is_silent = file == "pnpm-workspace.yaml" and b"default" not in (source or b"")
    assert registry_in(file, written) == (None if is_silent else URL)
    assert unpointed(written) == source


@pytest.mark.parametrize(("file", "source"), CASES)
def test_pointing_twice_is_pointing_once_and_the_last_address_counts(
    file: str, source: bytes | None
) -> None:
    first = pointed(file, source, "http://localhost:9/npm/")
    second = pointed(file, first, URL)
    assert second == pointed(file, source, URL)
    assert pointed(file, second, URL) == second
    assert unpointed(second) == source


@pytest.mark.parametrize(
    ("file", "source"), [each for each in CASES if b"\r\n" in (each[1] or b"")]
)
def test_the_lines_that_are_added_end_as_the_files_own(file: str, source: bytes) -> None:
    assert b"\n" not in pointed(file, source, URL).replace(b"\r\n", b"")


def test_what_somebody_added_meanwhile_stays() -> None:
    written = pointed(".npmrc", None, URL)
    assert unpointed(b"a=1\n" + written + b"b=2") == b"a=1\nb=2"
    joined = pointed("bunfig.toml", b"a = 1", URL)
    assert unpointed(joined + b"[x]\n") == b"a = 1[x]\n"


def test_the_other_settings_stay_what_they_are() -> None:
    written = pointed(".yarnrc.yml", b"unsafeHttpWhitelist:\n- a.example\nnodeLinker: pnp\n", URL)
    document, _ = read_document(written, ".yarnrc.yml")
    assert document == {
        "npmRegistryServer": "http://127.0.0.1:4873",
        "unsafeHttpWhitelist": ["a.example", "127.0.0.1"],
        "nodeLinker": "pnp",
    }
    npmrc = read_ini(pointed(".npmrc", b"registry=https://old.example/\na=1\n", URL))
    assert [(each.key, each.value) for each in npmrc] == [
        ("registry", URL), ("replace-registry-host", "always"), ("a", "1"),
    ]  # fmt: skip


def test_over_https_yarn_needs_no_permission() -> None:
    written = pointed(".yarnrc.yml", None, "https://npm.corp.example/")
    assert b"unsafeHttpWhitelist" not in written


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("bunfig.toml", b'install = { registry = "https://old.example/" }\n'),
        ("bunfig.toml", b'install.registry = "https://old.example/"\n'),
        ("bunfig.toml", b"install.exact = true\n"),
        ("bunfig.toml", b'[install]\nregistry = """\nhttps://old.example/"""\n'),
        ("bunfig.toml", b"not toml"),
        ("bunfig.toml", b'text = """\n[install]\n"""\n'),
        (".yarnrc.yml", b"{npmRegistryServer: x, nodeLinker: pnp}\n"),
        (".yarnrc.yml", b"a: 1\n---\nb: 2\n"),
        (".yarnrc.yml", b"unsafeHttpWhitelist: a.example\n"),
        (".yarnrc.yml", b"- a\n"),
        ("pnpm-workspace.yaml", b"registries: {default: 'https://old.example/', '@a': 'x'}\n"),
        ("pnpm-workspace.yaml", b"registries:\n  https://old.example/:\n    scopes: ['@']\n"),
        (".npmrc", b"\xff\n"),
        (".npmrc", b"a=1\n" * 300_000),
    ],
)
def test_what_is_not_understood_is_left_and_the_lines_are_shown(file: str, source: bytes) -> None:
    with pytest.raises(UsageError, match="left as it is"):
        pointed(file, source, URL)


def test_yarn_is_not_let_to_another_machine_over_http() -> None:
    with pytest.raises(UsageError, match="https"):
        pointed(".yarnrc.yml", None, "http://npm.corp.example/")


def test_a_file_whose_mark_is_gone_is_not_guessed_at() -> None:
    written = pointed(".npmrc", b"a=1\n", URL)
    with pytest.raises(UsageError, match="end"):
        unpointed(written.replace(b"setup: end", b""))


@pytest.mark.parametrize(
    "url",
    ["", "registry.example", "ftp://a/", "http://a:b@c/", "http://a/ b", 'http://a/"', "http://a/;x",
     "http://a/#x\n", "http://a/${X}/", "http://a/'", "http://a/../b"],
)  # fmt: skip
def test_what_is_no_address_is_not_written(url: str) -> None:
    found = ""
    with pytest.raises(UsageError):
        found = address(url)
    assert not found


@pytest.mark.parametrize(
    ("url", "written"),
    [("http://127.0.0.1:4873", URL), ("HTTPS://NPM.Example:443/a", "https://npm.example/a/"),
     ("http://[::1]:4873/", "http://[::1]:4873/")],
)  # fmt: skip
def test_an_address_is_written_in_one_form(url: str, written: str) -> None:
    assert address(url) == written


@pytest.mark.parametrize(
    ("manager", "present", "named", "files"),
    [
        ("npm", {}, "", (".npmrc",)),
        ("bun", {}, "", ("bunfig.toml",)),
        ("pnpm", {}, "", (".npmrc",)),
        ("pnpm", {"pnpm-workspace.yaml": b"packages: [a]\n"}, "", (".npmrc",)),
        ("pnpm", {"pnpm-workspace.yaml": WORKSPACE[0]}, "", (".npmrc", "pnpm-workspace.yaml")),
        ("yarn", {}, "", (".npmrc", ".yarnrc", ".yarnrc.yml")),
        ("yarn", {}, "yarn@1.22.22", (".npmrc", ".yarnrc")),
        ("yarn", {}, "yarn@4.18.1", (".yarnrc.yml",)),
        ("yarn", {"yarn.lock": b"# yarn lockfile v1\n"}, "", (".npmrc", ".yarnrc")),
        ("yarn", {"yarn.lock": b"__metadata:\n  version: 8\n"}, "", (".yarnrc.yml",)),
        ("yarn", {".yarnrc.yml": b""}, "", (".yarnrc.yml",)),
    ],
)
def test_each_manager_has_its_files(
    manager: str, present: dict[str, bytes], named: str, files: tuple[str, ...]
) -> None:
    assert files_of(manager, present, named) == files


_PIECES = st.sampled_from([
    "registry=https://old.example/", "registry", " registry = x", "[install]", "[other]", "a = 1",
    'registry = "https://old.example/"', "npmRegistryServer: x", "unsafeHttpWhitelist:", "- a",
    "  - b", "  c: d", "---", "# x", "", "registries:", "  default: https://old.example/", "\\",
    "# pratique setup", "registry https://old.example/",
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    file=st.sampled_from(
        [".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", "bunfig.toml"]
    ),
    pieces=st.lists(st.tuples(_PIECES, st.sampled_from(["\n", "\r\n", "\r", "\n\n"])), max_size=8),
    last=_PIECES,
    bom=st.sampled_from(["", "\ufeff"]),
)
def test_whatever_stands_in_a_file_it_is_given_back_or_never_touched(
    file: str, pieces: list[tuple[str, str]], last: str, bom: str
) -> None:
    source = (bom + "".join(map("".join, pieces)) + last).encode()
    try:
        written = pointed(file, source, URL)
    except UsageError:
        return
    assert unpointed(written) == source
