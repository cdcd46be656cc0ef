"""The manifest inside an artifact beside the registry's document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders import document

from pratique.ecosystems.npm.inside import Mismatch, mismatches
from pratique.model.behavior import Inner


def found(inside: dict[str, Any], stated: dict[str, Any]) -> set[tuple[str, str]]:
    """(what, name) of every mismatch; both are left-pad 1.3.0 but for what is given."""
    inner = replace(Inner("left-pad", "1.3.0"), **inside)
    return {(each.what, each.name) for each in mismatches(inner, document(**stated))}


def scripts(**given: str) -> dict[str, Any]:
    return {"scripts": tuple(sorted(given.items()))}


def asked(*given: tuple[str, str, str]) -> dict[str, Any]:
    return {"dependencies": given}


def bins(**given: str) -> dict[str, Any]:
    return {"bins": tuple(sorted(given.items()))}


D, OPT, P, V = "dependencies", "optionalDependencies", "peerDependencies", "devDependencies"
RUNS = scripts(install="node install.js")

DIFFERENT = [
    ({"name": "right-pad"}, {}, ("name", "")),
    ({"version": "1.3.1"}, {}, ("version", "")),
    ({"version": ""}, {}, ("version", "")),
    (RUNS, {}, ("script", "install")),
    ({}, RUNS, ("script", "install")),
    (RUNS, scripts(install="node other.js"), ("script", "install")),
    (RUNS, scripts(postinstall="node install.js"), ("script", "postinstall")),
    (scripts(preinstall="x"), scripts(install="node-gyp rebuild"), ("script", "preinstall")),
    (scripts(install="node-gyp rebuild && x"), {}, ("script", "install")),
    (asked((D, "a", "1")), {}, ("dependency", "a")),
    ({}, asked((D, "a", "1")), ("dependency", "a")),
    (asked((D, "a", "1")), asked((D, "a", "2")), ("dependency", "a")),
    (asked((D, "a", "1"), (OPT, "a", "2")), asked((D, "a", "1")), ("dependency", "a")),
    (asked((D, "a", "x/y#1")), asked((D, "a", "x/z#1")), ("dependency", "a")),
    (asked((D, "a", "x/y#1")), asked((D, "a", "x/y#2")), ("dependency", "a")),
    (asked((D, "a", "npm:b@1")), asked((D, "a", "npm:c@1")), ("dependency", "a")),
    (asked((P, "a", "1")), {}, ("peer dependency", "a")),
    (bins(npm="evil.js"), {}, ("command", "npm")),
    (bins(a="x.js"), bins(a="y.js"), ("command", "a")),
    (bins(a="x.js"), bins(a="x.js", b="y.js"), ("command", "b")),
]

SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"version": " v1.3.0"}, {}),
    ({"version": "1.3.0+build.7"}, {}),
    # npm adds this script where there is a binding.gyp.
    ({}, {**scripts(install="node-gyp rebuild"), "gypfile": True}),
    # A document for installs only has a flag instead of scripts.
    (RUNS, {"has_install_script": True}),
    (scripts(test="x", prepare="y", postinstall=" "), {}),
    (scripts(install="./node_modules/.bin/x"), scripts(install="x")),
    (asked((OPT, "a", "1")), asked((D, "a", "1"), (OPT, "a", "1"))),
    (asked((OPT, "a", "1")), asked((D, "a", "1"))),
    (asked((D, "a", ">=1  <2 ")), asked((D, "a", ">=1 <2"))),
    (asked((D, "a", "")), asked((D, "a", "*"))),
    (asked((V, "a", "1")), {}),
    (asked((D, "a", "x/y#1")), asked((D, "a", "github:x/y#1"))),
    (asked((D, "a", "git://forge.example/X/y.git")), asked((D, "a", "git+https://f.example/x/y"))),
    (bins(a="./x.js"), bins(a="x.js")),
    ({"bins": (("@corp/a", "x.js"),)}, bins(a="x.js")),
    (bins(a=""), {}),
    # npm lists what lies in the folder that `directories.bin` names.
    ({}, bins(a="bin/a")),
]


@pytest.mark.parametrize(("inside", "stated", "where"), DIFFERENT)
def test_what_the_two_say_differently_is_found(
    inside: dict[str, Any], stated: dict[str, Any], where: tuple[str, str]
) -> None:
    assert where in found(inside, stated)


@pytest.mark.parametrize(("inside", "stated"), SAME)
def test_what_npm_rewrites_when_it_publishes_is_no_difference(
    inside: dict[str, Any], stated: dict[str, Any]
) -> None:
    assert found(inside, stated) == set()


def test_a_mismatch_says_both_sides() -> None:
    inner = Inner("left-pad", "1.3.0", scripts=(("install", "x"),))
    assert mismatches(inner, document()) == (Mismatch("script", "install", "x", ""),)
