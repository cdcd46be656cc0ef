from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pratique.ecosystems.npm.projects import read_repository, wanted
from pratique.model.pin import Location, Manager, Source
from pratique.model.project import CodeForm, Project, Unread
from pratique.model.tree import Tree

_LOCK = '{"lockfileVersion": 3, "packages": {"": {}}}'
_BUN = '{"lockfileVersion": 1, "workspaces": {"": {"name": "x"}}, "packages": {}}'
_YARN = "# yarn lockfile v1\n\n"
_BERRY = "__metadata:\n  version: 8\n  cacheKey: 10c0\n"
_DATA = Path(__file__).resolve().parents[3] / "data" / "lockfiles"


def _tree(files: Mapping[str, str | dict[str, object]], **refused: str) -> Tree:
    texts = {
        path: (text if isinstance(text, str) else json.dumps(text)).encode()
        for path, text in files.items()
    }
    paths = frozenset({*texts, *refused})
    return Tree(texts, paths, {path.replace("__", "/"): why for path, why in refused.items()})


def _only(files: Mapping[str, str | dict[str, object]]) -> Project:
    (project,) = read_repository(_tree(files)).projects
    return project


def _loaded(root: Path) -> Tree:
    paths = {file.relative_to(root).as_posix(): file for file in root.rglob("*") if file.is_file()}
    files = {path: file.read_bytes() for path, file in paths.items() if wanted(path)}
    return Tree(files, frozenset(paths))


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("package.json", True), ("a/b/package.json", True), ("a/.npmrc", True),
        ("pnpm-workspace.yaml", True), (".yarnrc", True), (".yarnrc.yml", True),
        ("bunfig.toml", True), ("package-lock.json", True), ("a/yarn.lock", True),
        ("bun.lock", True), ("npm-shrinkwrap.json", True), ("uv.lock", False),
        ("src/index.js", False), ("node_modules/a/package.json", False),
        ("a/node_modules/package-lock.json", False), ("xpackage.json", False), ("", False),
    ],
)  # fmt: skip
def test_only_the_files_that_are_read_are_wanted(path: str, answer: bool) -> None:
    assert wanted(path) is answer


def test_what_npm_6_was_asked_for_is_direct() -> None:
    found = _only({
        "package.json": {"dependencies": {"a": "^1.0.0"}, "peerDependencies": {"c": "1"}},
        "package-lock.json": {"lockfileVersion": 1, "dependencies": {
            "a": {"version": "1.0.0", "dependencies": {"b": {"version": "1.0.0"}}},
            "b": {"version": "2.0.0"}, "c": {"version": "1.0.0"},
        }},
    })  # fmt: skip
    assert found.lockfile is not None
    assert ["node_modules/a"] == [pin.key for pin in found.lockfile.pins if pin.direct]
    assert () == found.drift


def test_each_directory_with_a_lockfile_is_a_project() -> None:
    found = read_repository(
        _tree({
            "package.json": {"name": "root"}, "package-lock.json": _LOCK,
            "app/package.json": {}, "app/bun.lock": _BUN, "app/node_modules/x/yarn.lock": _YARN,
        })
    )  # fmt: skip
    assert [(p.path, p.name, p.manager) for p in found.projects] == [
        ("", "root", Manager.NPM),
        ("app", "app", Manager.BUN),
    ]


@pytest.mark.parametrize(
    ("lockfiles", "named", "judged", "rivals"),
    [
        (["package-lock.json", "yarn.lock"], None, "package-lock.json", ["yarn.lock"]),
        (["bun.lock", "yarn.lock"], None, "yarn.lock", ["bun.lock"]),
        (["package-lock.json", "yarn.lock"], "yarn@1.22.0", "yarn.lock", ["package-lock.json"]),
        (["package-lock.json", "yarn.lock"], "yarn@4.0.0", "yarn.lock", ["package-lock.json"]),
        (["package-lock.json", "bun.lock"], "bun@1.4.0", "bun.lock", ["package-lock.json"]),
        (["package-lock.json", "bun.lockb"], None, "package-lock.json", ["bun.lockb"]),
        (["package-lock.json", "uv.lock"], None, "package-lock.json", []),
    ],
)
def test_of_several_lockfiles_one_is_judged_and_the_others_are_rivals(
    lockfiles: list[str], named: str | None, judged: str, rivals: list[str]
) -> None:
    texts = {"bun.lock": _BUN, "yarn.lock": _YARN}
    manifest: dict[str, object] = {"packageManager": named} if named else {}
    files: dict[str, str | dict[str, object]] = {name: texts.get(name, _LOCK) for name in lockfiles}
    files["package.json"] = manifest
    project = _only(files)
    assert project.lockfile is not None
    assert project.lockfile.path == judged
    assert list(project.rivals) == rivals


def test_both_of_npms_lockfiles_are_judged_since_versions_differ_in_which_they_read() -> None:
    found = read_repository(_tree({"package-lock.json": _LOCK, "npm-shrinkwrap.json": _LOCK}))
    read = [project.lockfile.path for project in found.projects if project.lockfile]
    assert ["npm-shrinkwrap.json", "package-lock.json"] == read


def test_a_yarn_lock_is_of_the_yarn_that_wrote_it() -> None:
    assert _only({"yarn.lock": _YARN}).manager is Manager.YARN_CLASSIC
    assert _only({"yarn.lock": _BERRY}).manager is Manager.YARN_BERRY


def test_a_malformed_lockfile_is_unread_with_its_line() -> None:
    project = _only({"package.json": {}, "package-lock.json": '{\n"lockfileVersion": 99}'})
    assert project.lockfile is None
    assert project.unread is not None
    assert (project.unread.path, project.unread.line) == ("package-lock.json", 2)
    assert "package-lock.json" not in project.unread.why


def test_a_refused_lockfile_is_unread_with_the_reason() -> None:
    tree = Tree({}, frozenset({"yarn.lock"}), {"yarn.lock": "a link that leaves the root"})
    (project,) = read_repository(tree).projects
    assert project.unread is not None
    assert project.unread.why == "a link that leaves the root"
    assert project.lockfile is None


@pytest.mark.parametrize(
    ("file_name", "text", "line"),
    [
        ("package.json", '{\n"dependencies": 1}', 2),
        (".npmrc", "a=1\n\x00", None),
        ("packages/a/package.json", "[]", 1),
    ],
)
def test_a_malformed_manifest_leaves_the_project_unread(
    file_name: str, text: str, line: int | None
) -> None:
    files: dict[str, str | dict[str, object]] = {
        "package.json": {"workspaces": ["packages/*"]},
        "package-lock.json": _LOCK,
        file_name: text,
    }
    project = _only(files)
    if line is None:
        assert project.unread is None
    else:
        assert project.unread is not None
        assert (project.unread.path, project.unread.line) == (file_name, line)


def test_a_malformed_root_manifest_is_reported_once() -> None:
    found = read_repository(_tree({"package.json": "{"}))
    (project,) = found.projects
    assert project.unread is not None
    assert found.uncovered == ()


def test_an_unsupported_lockfile_alone_is_a_project_that_is_not_read() -> None:
    found = read_repository(_tree({"bun.lockb": "", "package.json": {"dependencies": {"a": "1"}}}))
    assert [each.path for each in found.not_examined] == ["bun.lockb"]
    (project,) = found.projects
    assert project.unread is not None
    assert "save-text-lockfile" in project.unread.why
    beside = read_repository(_tree({"uv.lock": "", "package.json": {}, "package-lock.json": _LOCK}))
    assert [(p.unread, p.manager) for p in beside.projects] == [(None, Manager.NPM)]
    assert len(beside.not_examined) == 1


@pytest.mark.parametrize(
    ("manifest", "projects"),
    [
        ({"dependencies": {"a": "1"}}, 1),
        ({"peerDependencies": {"a": "1"}}, 0),
        ({}, 0),
    ],
)
def test_a_root_manifest_with_dependencies_should_have_a_lockfile(
    manifest: dict[str, object], projects: int
) -> None:
    found = read_repository(_tree({"package.json": manifest})).projects
    assert len(found) == projects
    assert all(p.lockfile is None and p.unread is None for p in found)


def test_workspaces_are_covered_and_other_manifests_are_named() -> None:
    asks: dict[str, object] = {"dependencies": {"a": "1"}}
    found = read_repository(
        _tree({
            "package.json": {"workspaces": ["packages/**", "!packages/old"],
                             "dependencies": {"v": "file:./vendored"}},
            "package-lock.json": _LOCK,
            "packages/a/package.json": asks, "packages/deep/b/package.json": asks,
            "packages/old/package.json": asks, "demo/package.json": asks,
            "vendored/package.json": asks, "empty/package.json": {},
        })
    )  # fmt: skip
    (project,) = found.projects
    assert [manifest.path for manifest in project.manifests] == [
        "package.json", "packages/a/package.json", "packages/deep/b/package.json",
    ]  # fmt: skip
    assert found.uncovered == ("demo/package.json", "packages/old/package.json")


def test_what_is_excluded_is_counted_and_not_read() -> None:
    files: dict[str, str | dict[str, object]] = {
        "package-lock.json": _LOCK, "package.json": {},
        "fixtures/a/package-lock.json": "broken", "fixtures/b/package.json": "broken",
    }  # fmt: skip
    found = read_repository(_tree(files), [("fixtures/*", "test data"), ("none/**", "gone")])
    assert found.excluded == (("fixtures/*", "test data", 2), ("none/**", "gone", 0))
    assert [project.path for project in found.projects] == [""]


def test_settings_are_those_of_the_project_and_its_manager() -> None:
    files: dict[str, str | dict[str, object]] = {
        "package.json": {"packageManager": "npm@12.0.0", "allowScripts": {"a": True}},
        "package-lock.json": _LOCK,
        ".npmrc": "registry=https://registry.example\nmin-release-age=3",
        "pnpm-workspace.yaml": "allowBuilds: {b: true}",
        ".npm-extension.mjs": "",
        "app/package.json": {}, "app/package-lock.json": _LOCK,
    }  # fmt: skip
    root, app = read_repository(_tree(files)).projects
    assert [approval.name for approval in root.settings.approvals] == ["a"]
    assert root.settings.registry is not None
    assert root.settings.cooldown is not None
    assert [(c.form, c.path) for c in root.settings.code] == [
        (CodeForm.NPM_EXTENSION, ".npm-extension.mjs")
    ]
    assert app.settings.registry is None  # npm reads no .npmrc of a directory above


@pytest.mark.parametrize(
    ("file", "lockfile"),
    [(".npmrc", "package-lock.json"), (".npmrc", "bun.lock"), ("bunfig.toml", "bun.lock"),
     (".yarnrc", "yarn.lock")],
)  # fmt: skip
def test_settings_that_are_there_and_cannot_be_read_leave_the_project_undecided(
    file: str, lockfile: str
) -> None:
    content = {"package-lock.json": _LOCK, "bun.lock": _BUN, "yarn.lock": _YARN}[lockfile]
    tree = _tree({lockfile: content, "package.json": {}})
    tree = replace(tree, paths=tree.paths | {file}, refused={file: "a link that leads nowhere"})
    (project,) = read_repository(tree).projects
    assert project.unread == Unread(file, "a link that leads nowhere")


@pytest.mark.parametrize("place", ["app/web", "app"])
def test_what_stands_in_the_place_of_a_directory_with_a_lockfile_cannot_be_examined(
    place: str,
) -> None:
    tree = _tree({"package.json": {}, "package-lock.json": _LOCK, place: "a link, or a submodule"})
    found = read_repository(tree, locked=frozenset({"", "app/web"}))
    assert [(each.path, each.unread is not None) for each in found.projects] == [
        ("", False), ("app/web", True)
    ]  # fmt: skip
    excluded = read_repository(tree, [("app", "why")], frozenset({"app/web"}))
    assert [each.path for each in excluded.projects] == [""]


def test_a_file_of_variables_outranks_buns_settings_and_is_none_of_the_others() -> None:
    files: dict[str, str | dict[str, object]] = {
        ".env": "NPM_CONFIG_REGISTRY=https://evil.example/\n",
        "bunfig.toml": '[install]\nregistry = "https://registry.example/"\n',
        "bun.lock": _BUN, "package.json": {},
    }  # fmt: skip
    registry = _only(files).settings.registry
    assert registry == ("https://evil.example/", Location(".env", 1))
    del files["bun.lock"]
    assert _only({**files, "package-lock.json": _LOCK}).settings.registry is None


_SHA512 = "sha512-" + "A" * 86 + "=="
_PNPM = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n"


def test_configuration_dependencies_that_the_workspace_file_locks_are_judged_too() -> None:
    workspace = (
        f"configDependencies:\n  pnpm-plugin-a: 1.0.0+{_SHA512}\n  b:\n    tarball: "
        f"https://evil.example/b.tgz\n    integrity: 2.0.0+{_SHA512}\n  c: 3.0.0\n"
    )
    files: dict[str, str | dict[str, object]] = {
        "pnpm-lock.yaml": _PNPM, "pnpm-workspace.yaml": workspace, "package.json": {},
    }  # fmt: skip
    lockfile = _only(files).lockfile
    assert lockfile is not None
    a, b = lockfile.every_pin
    assert (str(a.release), a.integrity, a.where) == (
        "pnpm-plugin-a@1.0.0", _SHA512, Location("pnpm-workspace.yaml", 2)
    )  # fmt: skip
    assert (str(b.release), b.url, b.source) == (
        "b@2.0.0", "https://evil.example/b.tgz", Source.REMOTE
    )  # fmt: skip
    assert (b.url_line, b.digest_line) == (4, 5)


def test_a_configuration_dependency_that_the_lockfile_has_is_one_entry() -> None:
    environment = (
        "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    configDependencies:\n      a:\n"
        "        specifier: 1.0.0\n        version: 1.0.0\npackages:\n  a@1.0.0:\n"
        f"    resolution: {{integrity: {_SHA512}}}\nsnapshots:\n  a@1.0.0: {{}}\n---\n{_PNPM}"
    )
    files: dict[str, str | dict[str, object]] = {
        "pnpm-lock.yaml": environment, "package.json": {},
        "pnpm-workspace.yaml": f"configDependencies:\n  a: 1.0.0+{_SHA512}\n",
    }  # fmt: skip
    lockfile = _only(files).lockfile
    assert lockfile is not None
    assert [pin.key for pin in lockfile.every_pin] == ["env:a@1.0.0"]


def test_yarn_reads_the_settings_of_the_directories_above() -> None:
    files: dict[str, str | dict[str, object]] = {
        ".yarnrc.yml": "enableScripts: false\nnpmRegistryServer: https://far.example\n",
        "app/.yarnrc.yml": "npmRegistryServer: https://near.example\n",
        "app/yarn.lock": _BERRY, "app/package.json": {},
    }  # fmt: skip
    settings = _only(files).settings
    assert settings.registry is not None
    assert settings.registry[0] == "https://near.example/"
    assert settings.scripts_off
    built: dict[str, object] = {"dependenciesMeta": {"a": {"built": True}}}
    assert not _only({**files, "app/package.json": built}).settings.scripts_off


def test_the_same_tree_gives_the_same_repository() -> None:
    files: dict[str, str | dict[str, object]] = {
        "b/yarn.lock": _YARN, "a/bun.lock": _BUN, "package-lock.json": _LOCK, "package.json": {},
    }  # fmt: skip
    backwards = dict(reversed(files.items()))
    assert read_repository(_tree(files)) == read_repository(_tree(backwards))


@pytest.mark.parametrize(
    "folder", sorted(_DATA.glob("*/*")), ids=lambda f: f"{f.parent.name}-{f.name}"
)
def test_what_a_real_client_just_wrote_is_in_step(folder: Path) -> None:
    found = read_repository(_loaded(folder))
    assert found.projects
    for project in found.projects:
        assert project.unread is None
        assert project.lockfile is not None
        assert project.drift == ()
    assert found.uncovered == ()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "projects", "manifests", "uncovered"),
    [
        ("babel", [""], 156, 1),
        ("elysia", [""], 1, 0),
        ("hyper", ["", "app"], 2, 0),
        ("lerna", [""], 3, 0),
        ("npm-cli", [""], 17, 0),
        ("renovate", [""], 1, 0),
        ("tanstack-router", [""], 308, 0),
    ],
)
def test_a_real_repository_is_in_step(
    shared: Path, name: str, projects: list[str], manifests: int, uncovered: int
) -> None:
    found = read_repository(_loaded(shared / "repos" / name))
    assert [project.path for project in found.projects] == projects
    assert [project.drift for project in found.projects] == [()] * len(projects)
    assert [project.unread for project in found.projects] == [None] * len(projects)
    assert sum(len(project.manifests) for project in found.projects) == manifests
    assert len(found.uncovered) == uncovered


@pytest.mark.shared
def test_only_a_left_over_lockfile_of_pnpms_repository_is_out_of_step(shared: Path) -> None:
    # pnpm11/deps/inspection/list/pnpm-lock.yaml is of lockfileVersion 5.1, inside a member of the
    # workspace, and records only a fixture that is elsewhere now. pnpm does not read it.
    root, left_over = read_repository(_loaded(shared / "repos" / "pnpm")).projects
    assert (root.path, len(root.manifests), root.drift, root.unread) == ("", 215, (), None)
    assert left_over.path == "pnpm11/deps/inspection/list"
    assert [drift.message for drift in left_over.drift] == [
        "the lockfile does not know this manifest"
    ]
