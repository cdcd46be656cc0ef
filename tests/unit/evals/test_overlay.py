"""A hostile spelling is laid over an archive as its words say, and over nothing else."""

from __future__ import annotations

import json

import pytest
from evals.entries import main_entry, module_entry
from evals.overlay import chosen, facts, overlaid, packed
from evals.shapes import Shape, Spelling, shapes

from pratique.archives import Archive, Entry, read_archive
from pratique.capabilities.formats import format_of


def archive(document: object, *paths: str) -> Archive:
    files = {"package.json": json.dumps(document), **dict.fromkeys(paths, "own()")}
    entries = tuple(Entry(path, text.encode()) for path, text in files.items())
    return Archive(entries, (), sum(len(each.content) for each in entries))


def content(found: Archive, path: str) -> str:
    return next(each.content.decode() for each in found.entries if each.path == path)


@pytest.mark.parametrize(
    ("document", "paths", "main", "module"),
    [
        ({"main": "lib"}, ("lib/index.js", "index.js"), "lib/index.js", "lib/index.js"),
        ({"main": "./a"}, ("a.js", "index.js"), "a.js", "a.js"),
        (
            {"exports": {".": {"import": "./m.mjs", "require": "./c.cjs"}}},
            ("m.mjs", "c.cjs"),
            "c.cjs",
            "m.mjs",
        ),
        ({"exports": "./only.js"}, ("only.js", "a.js"), "only.js", "only.js"),
        ({"exports": {"node": [{"default": "./n.js"}]}}, ("n.js",), "n.js", "n.js"),
        ({"main": "a.js", "module": "m.js"}, ("a.js", "m.js"), "a.js", "m.js"),
        ({}, ("index.js", "a.js"), "index.js", "index.js"),
        ({"main": "gone.js"}, ("lib/deep/a.js", "lib/b.js"), "lib/b.js", "lib/b.js"),
        ({"bin": {"x": "cli.js"}}, ("a.js", "cli.js"), "cli.js", "cli.js"),
        ({}, ("index.d.ts",), "index.js", "index.js"),
        ([], ("a.js",), "a.js", "a.js"),
    ],
)
def test_the_entry_is_what_a_client_would_load(
    document: object, paths: tuple[str, ...], main: str, module: str
) -> None:
    found = archive(document, *paths)
    assert (main, module) == (main_entry(found), module_entry(found))


def test_code_is_added_on_lines_of_its_own() -> None:
    found = archive({"main": "a.js"}, "a.js")
    assert content(overlaid(found, Spelling(append="b()")), "a.js") == "own()\nb()"
    assert content(overlaid(found, Spelling(prepend="b();")), "a.js") == "b();own()"


def test_the_line_that_names_the_interpreter_stays_the_first() -> None:
    found = Archive((Entry("index.js", b"#!/usr/bin/env node\nown()"),))
    assert content(overlaid(found, Spelling(prepend="b();")), "index.js").startswith("#!/usr")


def test_a_module_spelling_goes_into_the_module_entry_alone() -> None:
    found = archive({"main": "a.js", "module": "m.js"}, "a.js", "m.js")
    laid = overlaid(found, Spelling(esm="import 'x';"))
    assert (content(laid, "a.js"), content(laid, "m.js")) == ("own()", "import 'x';own()")


def test_the_manifest_is_merged_one_level_deep() -> None:
    own = {"name": "@s/tool", "bin": "cli.js", "scripts": {"test": "t"}, "files": ["a"]}
    added = {"bin": {"npm": "x.js"}, "scripts": {"postinstall": "p"}, "files": ["b"]}
    merged = json.loads(content(overlaid(archive(own), Spelling(manifest=added)), "package.json"))
    assert merged == {
        "name": "@s/tool",
        "bin": {"tool": "cli.js", "npm": "x.js"},
        "scripts": {"test": "t", "postinstall": "p"},
        "files": ["b"],
    }


def test_an_added_file_replaces_the_one_of_its_name_and_sizes_follow() -> None:
    laid = overlaid(archive({}, "a.js"), Spelling(files={"a.js": "x", "b/c.js": "yy"}))
    assert (content(laid, "a.js"), content(laid, "b/c.js")) == ("x", "yy")
    assert laid.size == sum(len(each.content) for each in laid.entries)
    assert len(laid.entries) == 3


@pytest.mark.parametrize("name", ["elf", "pe", "mach-o", "wasm"])
def test_added_native_code_is_of_its_format(name: str) -> None:
    laid = overlaid(archive({}), Spelling(binary={"x.bin": name}))
    assert name == format_of("x.bin", laid.entries[-1].content)


def test_every_shape_changes_a_release_and_is_read_back_from_a_tarball() -> None:
    own = archive({"name": "x", "version": "1.0.0", "main": "a.js"}, "a.js")
    for shape in shapes():
        for spelling in shape.spellings:
            laid = overlaid(own, spelling)
            assert laid.entries != own.entries, shape.name
            again = read_archive(packed(laid))
            assert not again.oddities
            assert [(e.path, e.content) for e in laid.entries] == [
                (e.path, e.content) for e in again.entries
            ]


def test_all_spellings_of_a_shape_are_drawn_and_always_the_same_ones() -> None:
    shape = Shape("a shape", (), (Spelling(), Spelling(), Spelling()))
    drawn = [chosen("x", f"1.0.{number}", shape) for number in range(60)]
    assert {0, 1, 2} == set(drawn)
    assert drawn == [chosen("x", f"1.0.{number}", shape) for number in range(60)]


@pytest.mark.parametrize(
    ("stated", "fact"),
    [
        ({"first-published": "18 hours", "installs": True}, "young"),
        ({"first-published": "90 days", "installs": True}, "installs"),
        ({"first-published": "90 days", "installs": False}, ""),
    ],
)
def test_facts_are_those_that_the_spelling_states(stated: dict[str, object], fact: str) -> None:
    spelling = Spelling(manifest={"dependencies": {"d": "^1.0.0"}}, dependency=stated)
    assert facts(spelling) == {"d": fact}
    assert facts(Spelling(manifest={"dependencies": {"d": "^1.0.0"}})) == {}
