from __future__ import annotations

import json

import pytest

from pratique.ecosystems.npm.lockfiles import format_of, yarn_classic
from pratique.ecosystems.npm.manifest import read_manifest
from pratique.ecosystems.npm.step import out_of_step, plain_range, target_of
from pratique.model.pin import (
    Group,
    Importer,
    Location,
    Lockfile,
    Manager,
    Pin,
    Requirement,
)
from pratique.model.project import Manifest


def _manifest(**fields: object) -> Manifest:
    return _manifest_at("package.json", **fields)


def _manifest_at(path: str, **fields: object) -> Manifest:
    return read_manifest(json.dumps(fields).encode(), path)


def _read(path: str, text: str) -> Lockfile:
    fmt = format_of(path, text.encode())
    assert fmt is not None
    return fmt.read(text.encode(), path)


def _npm3(version: str = "1.3.0", asked: str = "^1.2.0") -> Lockfile:
    packages = {
        "": {"name": "shop", "dependencies": {"left": asked}},
        "node_modules/left": {
            "version": version,
            "resolved": f"https://registry.example/left/-/left-{version}.tgz",
        },
    }
    document = {"name": "shop", "lockfileVersion": 3, "requires": True, "packages": packages}
    return _read("package-lock.json", json.dumps(document))


def _messages(lockfile: Lockfile, *manifests: Manifest, **catalogs: str) -> list[str]:
    found = out_of_step(lockfile, manifests, catalogs)
    assert all(drift.where.file for drift in found)
    return [drift.message for drift in found]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dependencies": {"left": "^1.2.0"}}, None),
        ({"optionalDependencies": {"left": "^1.2.0"}}, None),
        ({"dependencies": {"left": "^1.2.0"}, "peerDependencies": {"react": "*"}}, None),
        (
            {"dependencies": {"left": "^1.3.0"}},
            "asks for left@^1.3.0, the lockfile records ^1.2.0",
        ),
        (
            {"dependencies": {"left": "^1.2.0", "right": "1"}},
            "the lockfile does not record right@1",
        ),
        ({}, "the lockfile records left@^1.2.0, which is not asked for"),
    ],
)
def test_npm_records_each_requirement(fields: dict[str, object], message: str | None) -> None:
    assert _messages(_npm3(), _manifest(**fields)) == ([message] if message else [])


def test_a_drift_stands_at_the_requirements_line() -> None:
    source = b'{\n  "dependencies": {\n    "left": "^9"\n  }\n}'
    (drift,) = out_of_step(_npm3(), [read_manifest(source, "package.json")])
    assert drift.where == Location("package.json", 3)


def test_a_rolled_back_entry_is_out_of_step() -> None:
    manifest = _manifest(dependencies={"left": "^1.2.0"})
    assert _messages(_npm3("1.1.9"), manifest) == ["left is locked at 1.1.9, outside of ^1.2.0"]


def test_an_override_explains_a_version_outside_of_the_range() -> None:
    manifest = _manifest(dependencies={"left": "^1.2.0"}, overrides={"left": "1.1.9"})
    assert _messages(_npm3("1.1.9"), manifest) == []


def test_a_manifest_that_is_not_there_tells_nothing() -> None:
    assert _messages(_npm3()) == []


def test_a_workspace_that_the_lockfile_does_not_know_is_out_of_step() -> None:
    root = _manifest(dependencies={"left": "^1.2.0"})
    member = _manifest_at("packages/a/package.json", dependencies={"x": "1"})
    assert _messages(_npm3(), root, member) == ["the lockfile does not know this manifest"]


_V1 = json.dumps({
    "lockfileVersion": 1,
    "dependencies": {"left": {"version": "1.3.0", "integrity": "sha1-AAAA"}},
})  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({"dependencies": {"left": "^1"}, "optionalDependencies": {"elsewhere": "1"}}, []),
        (
            {"dependencies": {"left": "^2"}},
            ["asks for left@^2, the lockfile has 1.3.0"],
        ),
        ({"devDependencies": {"right": "1"}}, ["the lockfile has no entry for right@1"]),
        ({"dependencies": {"left": "git+https://host.example/left.git"}}, []),
    ],
)
def test_version_1_has_an_entry_for_each_requirement(
    fields: dict[str, object], messages: list[str]
) -> None:
    assert _messages(_read("package-lock.json", _V1), _manifest(**fields)) == messages


def _need(name: str, specifier: str, pin: str | None = None) -> Requirement:
    return Requirement(name, specifier, Group.PROD, pin, Location("pnpm-lock.yaml", 9))


def _pnpm(*needs: Requirement, **fields: object) -> Lockfile:
    pins = tuple(
        Pin(need.pin, need.name, need.pin.rpartition("@")[2], Location("pnpm-lock.yaml", 20))
        for need in needs
        if need.pin
    )
    return Lockfile(
        path="pnpm-lock.yaml", manager=Manager.PNPM, format="pnpm-lock", version="9.0",
        pins=pins, importers=(Importer("", needs),), **fields,  # type: ignore[arg-type]  # a test's shorthand
    )  # fmt: skip


@pytest.mark.parametrize(
    ("recorded", "asked", "overrides"),
    [
        ("^19.2.3", "^19.0.0", {"react": "^19.2.3"}),
        ("^19.2.3", "catalog:", {"react": "^19.2.3"}),
        ("1.0.0", "^1", {"react@>=1 <2": "1.0.0"}),
        ("1.0.0", "^1", {"shop>react": "1.0.0"}),
        ("link:../../react", "^1", {"react": "link:react"}),
        ("catalog:", "catalog:", {}),
    ],
)
def test_what_an_override_makes_of_a_specifier_is_no_drift(
    recorded: str, asked: str, overrides: dict[str, str]
) -> None:
    lockfile = _pnpm(_need("react", recorded), overrides=overrides)
    assert _messages(lockfile, _manifest(dependencies={"react": asked})) == []


def test_another_specifier_than_the_overrides_is_drift() -> None:
    lockfile = _pnpm(_need("react", "^18"), overrides={"react": "^19", "vue": "^18"})
    found = _messages(lockfile, _manifest(dependencies={"react": "^17"}))
    assert found == ["asks for react@^17, the lockfile records ^18"]


@pytest.mark.parametrize(
    ("recorded", "fields"),
    [
        (_need("node", "runtime:24.0.0"), {}),
        (_need("react", "^18"), {"peerDependencies": {"react": "^18"}}),
    ],
)
def test_what_pnpm_installs_of_itself_is_no_drift(
    recorded: Requirement, fields: dict[str, object]
) -> None:
    assert _messages(_pnpm(recorded), _manifest(**fields)) == []


def test_what_pnpm_is_told_to_leave_out_is_no_drift() -> None:
    lockfile = _pnpm(
        overrides={"gone": "-"}, settings={"ignoredOptionalDependencies": '["fsevents"]'}
    )
    manifest = _manifest(
        dependencies={"gone": "1", "near": "link:../near"}, optionalDependencies={"fsevents": "2"}
    )
    assert _messages(lockfile, manifest) == []
    events = _manifest(optionalDependencies={"events": "1"})
    assert _messages(lockfile, events) == ["the lockfile does not record events@1"]


def test_a_catalog_that_has_moved_on_is_drift() -> None:
    lockfile = _pnpm(_need("react", "catalog:", "react@18.0.0"), catalogs={"default/react": "^18"})
    manifest = _manifest(dependencies={"react": "catalog:"})
    assert out_of_step(lockfile, [manifest], {"default/react": "^18"}) == ()
    (drift,) = out_of_step(lockfile, [manifest], {"default/react": "^19"})
    assert drift.message == "catalog default/react asks for ^19, the lockfile records ^18"


def test_a_locked_version_outside_of_its_catalogs_range_is_drift() -> None:
    lockfile = _pnpm(_need("react", "catalog:", "react@17.0.0"), catalogs={"default/react": "^18"})
    manifest = _manifest(dependencies={"react": "catalog:"})
    assert _messages(lockfile, manifest) == ["react is locked at 17.0.0, outside of ^18"]


_CLASSIC = '# yarn lockfile v1\n\n\n"left@^1.2.0":\n  version "{}"\n'


@pytest.mark.parametrize(
    ("version", "fields", "messages"),
    [
        ("1.3.0", {"dependencies": {"left": "^1.2.0"}}, []),
        ("1.3.0", {"dependencies": {"left": "^1.3.0"}},
         ["the lockfile has no entry for left@^1.3.0"]),
        ("1.3.0", {"dependencies": {"left": "^9"}, "resolutions": {"**/left": "1.3.0"}}, []),
        ("1.3.0", {"dependencies": {"near": "link:../near"}}, []),
        ("1.1.0", {"dependencies": {"left": "^1.2.0"}},
         ["left@^1.2.0 is locked at 1.1.0, outside of that range"]),
        ("1.1.0", {"dependencies": {"left": "^1.2.0"}, "resolutions": {"left": "1.1.0"}}, []),
    ],
)  # fmt: skip
def test_yarn_1_has_an_entry_for_each_specifier(
    version: str, fields: dict[str, object], messages: list[str]
) -> None:
    manifest = _manifest(**fields)
    lockfile = _read("yarn.lock", _CLASSIC.format(version))
    assert _messages(yarn_classic.with_manifests(lockfile, [manifest]), manifest) == messages


_BERRY = """__metadata:
  version: 8
  cacheKey: 10c0

"left@npm:^1.2.0":
  version: {0}
  resolution: "left@npm:{0}"
  languageName: node
  linkType: hard

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    left: "npm:^1.2.0"
  languageName: unknown
  linkType: soft
"""


@pytest.mark.parametrize(
    ("version", "asked", "messages"),
    [
        ("1.3.0", "^1.2.0", []),
        ("1.3.0", "^1.3.0", ["asks for left@^1.3.0, the lockfile records npm:^1.2.0"]),
        ("1.1.0", "^1.2.0", ["left@npm:^1.2.0 is locked at 1.1.0, outside of that range"]),
    ],
)
def test_yarn_records_ranges_with_their_protocol(
    version: str, asked: str, messages: list[str]
) -> None:
    manifest = _manifest(name="shop", dependencies={"left": asked})
    assert _messages(_read("yarn.lock", _BERRY.format(version)), manifest) == messages


@pytest.mark.parametrize(
    ("asked", "messages"),
    [("^1.2.0", []), ("^2", ["asks for left@^2, the lockfile records ^1.2.0"])],
)
def test_bun_records_each_requirement(asked: str, messages: list[str]) -> None:
    document = {
        "lockfileVersion": 1,
        "workspaces": {"": {"name": "shop", "dependencies": {"left": "^1.2.0"}}},
        "packages": {"left": ["left@1.3.0", "", {}, "sha512-AAAA"]},
    }
    manifest = _manifest(name="shop", dependencies={"left": asked})
    assert _messages(_read("bun.lock", json.dumps(document)), manifest) == messages


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        ("a", "a"), ("a@^1", "a"), ("@s/a", "@s/a"), ("@s/a@1 || 2", "@s/a"), ("p>a", "a"),
        ("p@1 > @s/a@2", "@s/a"), ("**/a", "a"), ("p/@s/a", "@s/a"), ("a@>=1.0.0 <2", "a"),
        ("a@npm:^1", "a"), ("p@1>a@>=2", "a"), ("p@>=1>a", "a"), ("a@npm:@s/b@1", "a"),
    ],
)  # fmt: skip
def test_an_overrides_target_is_its_last_name(selector: str, name: str) -> None:
    assert target_of(selector) == name


@pytest.mark.parametrize(
    ("specifier", "plain"),
    [
        ("^1", "^1"), ("npm:^1", "^1"), ("npm:left@^1", "^1"), ("npm:@s/left@^1", "^1"),
        ("npm:left", "*"), ("npm:@s/left", "*"), (" ^1 ", "^1"),
    ],
)  # fmt: skip
def test_an_aliass_range_is_found(specifier: str, plain: str) -> None:
    assert plain_range(specifier) == plain
