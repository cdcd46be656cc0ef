"""Lockfiles made to get past `check`: each leads elsewhere, and none may end as exit 0."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.e2e.checking import (
    LOCK,
    User,
    Work,
    address,
    bun,
    days_ago,
    entry,
    npm,
    pnpm,
    user,
    work,
)
from tests.registry import Registry, Shelved

from pratique.errors import Exit, UsageError
from pratique.model.policy import Action
from pratique.model.report import Report

__all__ = ["user", "work"]

Files = Mapping[str, str]
Make = Callable[[Registry, Shelved], Files]

EVIL = "https://evil.example/x.tgz"
OTHER = "sha512-" + "A" * 86 + "=="
COMMIT = "a" * 40
UNASKED = "lockfile/exotic-transitive"


@pytest.fixture
def steady(registry: Registry) -> Shelved:
    return registry.publish("steady", "1.0.0", published=days_ago(60))


def refused(report: Report) -> set[str]:
    assert report.exit is not Exit.ALLOWED
    return {each.finding.rule for each in report.judged if each.action >= Action.QUARANTINE}


def recorded(where: str, **more: Any) -> Make:
    """package-lock.json whose one direct entry records another `resolved`."""
    members = {"resolved": where, "integrity": OTHER, **more}
    return lambda registry, steady: npm({"steady": entry(registry, steady, **members)})


def old(fields: Mapping[str, Any]) -> Make:
    """package-lock.json of version 1."""

    def made(registry: Registry, steady: Shelved) -> Files:
        lock = {"lockfileVersion": 1, "dependencies": {"steady": {"version": "1.0.0", **fields}}}
        return {**npm({"steady": entry(registry, steady)}), LOCK: json.dumps(lock)}

    return made


def with_bun(*parts: Any) -> Make:
    def made(_registry: Registry, steady: Shelved) -> Files:
        files = bun(steady)
        lock = json.loads(files["bun.lock"])
        return {**files, "bun.lock": json.dumps({**lock, "packages": {"steady": parts}})}

    return made


def with_pnpm(resolution: str, reference: str = "1.0.0") -> Make:
    def made(_registry: Registry, steady: Shelved) -> Files:
        files = pnpm(steady)
        text = files["pnpm-lock.yaml"].replace(f"{{integrity: {steady.integrity}}}", resolution)
        text = text.replace("version: 1.0.0", f"version: {reference}")
        text = text.replace("steady@1.0.0:", f"steady@{reference}:")
        return {**files, "pnpm-lock.yaml": text.replace("INTEGRITY", steady.integrity)}

    return made


def with_yarn(resolved: str) -> Make:
    text = (
        "# yarn lockfile v1\n\n\n"
        f'steady@1.0.0:\n  version "1.0.0"\n  resolved "{resolved}"\n  integrity {OTHER}\n'
    )
    return lambda _registry, steady: {**bare(steady), "yarn.lock": text}


def with_berry(resolution: str) -> Make:
    text = (
        "__metadata:\n  version: 8\n  cacheKey: 10\n\n"
        '"shop@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "shop@workspace:."\n'
        '  dependencies:\n    steady: "npm:1.0.0"\n  languageName: unknown\n  linkType: soft\n\n'
        f'"steady@npm:1.0.0":\n  version: 1.0.0\n  resolution: "{resolution}"\n'
        f"  checksum: 10/{'ab' * 64}\n  languageName: node\n  linkType: hard\n"
    )
    return lambda _registry, steady: {**bare(steady), "yarn.lock": text}


def bare(*releases: Shelved) -> Files:
    needs = {one.name: one.version for one in releases}
    return {"package.json": json.dumps({"name": "shop", "version": "1.0.0", "dependencies": needs})}


FROM_ELSEWHERE: dict[str, Make] = {
    "npm, URL": recorded(EVIL),
    "npm, one slash": recorded("https:/evil.example/steady/-/steady-1.0.0.tgz"),
    "npm, no scheme": recorded("//evil.example/steady/-/steady-1.0.0.tgz"),
    "npm, file": recorded("file:evil.tgz"),
    "npm, git": recorded(f"git+ssh://git@evil.example/x.git#{COMMIT}"),
    "npm, shorthand": recorded(f"github:evil/x#{COMMIT}"),
    "npm, workspace": recorded("workspace:evil"),
    "npm, runtime": recorded("runtime:1"),
    "npm, link": recorded("link:../evil"),
    "npm, nothing": recorded(""),
    "npm, directory": recorded("evil", link=True, integrity=None),
    "npm, no version": recorded(EVIL, version=""),
    "npm 6, URL": old({"resolved": EVIL, "integrity": OTHER}),
    "npm 6, URL for a version": old({"version": EVIL, "integrity": OTHER}),
    "npm 6, workspace for a version": old({"version": "workspace:evil", "integrity": OTHER}),
    "pnpm, URL": with_pnpm(f"{{integrity: {OTHER}, tarball: {EVIL}}}"),
    "pnpm, URL in the key": with_pnpm(f"{{integrity: {OTHER}, tarball: {EVIL}}}", EVIL),
    "pnpm, no scheme": with_pnpm(
        "{integrity: INTEGRITY, tarball: //evil.example/steady/-/steady-1.0.0.tgz}"
    ),
    "pnpm, backslashes": with_pnpm(
        r"{integrity: INTEGRITY, tarball: '\\evil.example/steady/-/steady-1.0.0.tgz'}"
    ),
    "pnpm, directory": with_pnpm("{directory: evil, type: directory}"),
    "pnpm, runtime": with_pnpm(
        f"{{type: binary, url: {EVIL}, integrity: {OTHER}}}", "runtime:1.0.0"
    ),
    "bun, URL": with_bun(f"steady@{EVIL}", {}, OTHER),
    "bun, git": with_bun("steady@github:evil/x#abcdef1", {}, "evil-x-abcdef1"),
    "bun, file": with_bun("steady@file:evil", {}),
    "bun, link": with_bun("steady@link:evil", {}),
    "bun, URL of a release": with_bun("steady@1.0.0", EVIL, {}, OTHER),
    "yarn 1, URL": with_yarn(EVIL),
    "yarn 1, file": with_yarn("file:evil.tgz"),
    "yarn 1, one slash": with_yarn("https:/evil.example/steady/-/steady-1.0.0.tgz"),
    "yarn 1, workspace": with_yarn("workspace:evil"),
    "yarn 4, URL": with_berry(f"steady@{EVIL}"),
    "yarn 4, archive": with_berry("steady@npm:1.0.0::__archiveUrl=https%3A%2F%2Fevil.example%2Fx"),
    "yarn 4, file": with_berry("steady@file:./evil::locator=shop%40workspace%3A."),
    "yarn 4, portal": with_berry("steady@portal:./evil::locator=shop%40workspace%3A."),
    "yarn 4, exec": with_berry("steady@exec:./evil.js"),
    "yarn 4, git": with_berry(f"steady@https://github.com/evil/x.git#commit={COMMIT}"),
}


@pytest.mark.parametrize("make", FROM_ELSEWHERE.values(), ids=FROM_ELSEWHERE)
def test_a_direct_entry_from_where_no_manifest_asks_is_refused(
    make: Make, user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    work.write(make(registry, steady))
    assert UNASKED in refused(user.check(work.folder))


def test_a_direct_entry_from_where_the_manifest_asks_only_warns(
    user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    files = npm({"steady": entry(registry, steady, resolved=EVIL, integrity=OTHER)})
    work.write({name: text.replace('"steady": "1.0.0"', f'"steady": "{EVIL}"')
                for name, text in files.items()})  # fmt: skip
    assert refused_nothing(user.check(work.folder)) == {"lockfile/exotic-direct"}


def refused_nothing(report: Report) -> set[str]:
    assert report.exit is Exit.ALLOWED
    return {each.finding.rule for each in report.judged}


@pytest.mark.parametrize("spelling", ["{}\\@{}", "{}\t@{}", "{}\\\\@{}"])
def test_an_address_that_node_reads_as_another_host_is_refused(
    spelling: str, user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    place = address(registry, steady).removeprefix("https://")
    where = "https://" + spelling.format("evil.example", place)
    work.write(npm({"steady": entry(registry, steady, resolved=where)}))
    assert refused(user.check(work.folder)) == {UNASKED}


@pytest.mark.parametrize("scheme", ["HTTP:", "Http:", " http:"])
def test_plain_http_is_seen_in_every_spelling(
    scheme: str, user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    where = address(registry, steady).replace("https:", scheme)
    work.write(npm({"steady": entry(registry, steady, resolved=where)}))
    assert "lockfile/plain-http" in refused(user.check(work.folder))


@pytest.mark.parametrize("asks", ["workspace:*", "link:x", "runtime:1", "file:x", "github:a/b"])
@pytest.mark.parametrize("direct", [["parent"], ["parent", "steady"]])
def test_what_another_entry_says_excuses_no_entry_from_its_integrity(
    asks: str, direct: list[str], user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    parent = registry.publish("parent", "1.0.0", published=days_ago(60))
    forged = entry(registry, parent, dependencies={"steady": asks})
    work.write(npm({"parent": forged, "steady": {"version": steady.version}}, direct))
    assert refused(user.check(work.folder))


def test_both_lockfiles_of_npm_are_judged(
    user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    good = npm({"steady": entry(registry, steady)})
    evil = recorded(EVIL)(registry, steady)[LOCK]
    work.write({**good, LOCK: evil, "npm-shrinkwrap.json": good[LOCK]})
    assert UNASKED in refused(user.check(work.folder))


@pytest.mark.parametrize(
    ("bundles", "more"),
    [
        (["other"], {"resolved": EVIL, "integrity": OTHER}),
        (["steady"], {"resolved": EVIL, "integrity": OTHER}),
        (["other"], {}),
        (True, {}),
    ],
)
def test_an_entry_that_npm_fetches_is_not_taken_for_bundled(
    bundles: Any, more: Any, user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    parent = registry.publish("parent", "1.0.0", published=days_ago(60))
    inside = {"version": steady.version, "inBundle": True, **more}
    above = entry(registry, parent, bundleDependencies=bundles)
    work.write(npm({"parent": above, "parent/node_modules/steady": inside}))
    assert refused(user.check(work.folder))


def without_entry(files: Files, name: str, **packages: Any) -> Files:
    lock = json.loads(files[name])
    kept = {key: each for key, each in lock["packages"].items() if "steady" not in key}
    return {**files, name: json.dumps({**lock, "packages": {**kept, **packages}})}


NO_ENTRY: dict[str, Make] = {
    "npm": lambda registry, steady: without_entry(npm({"steady": entry(registry, steady)}), LOCK),
    "bun": lambda _registry, steady: without_entry(bun(steady), "bun.lock"),
    "bun, root": lambda _registry, steady: without_entry(
        bun(steady), "bun.lock", steady=["steady@root:", {}]
    ),
}


@pytest.mark.parametrize("make", NO_ENTRY.values(), ids=NO_ENTRY)
def test_a_lockfile_without_an_entry_for_what_it_records_does_not_pass(
    make: Make, user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    work.write(make(registry, steady))
    assert user.check(work.folder).exit is not Exit.ALLOWED


def below(folder: str, files: Files) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


@pytest.mark.parametrize("has_root", [False, True])
def test_a_change_that_deletes_a_lockfile_below_the_root_is_refused(
    has_root: bool, user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    files = npm({"steady": entry(registry, steady)})
    work.begin({**below("app", files), **(files if has_root else {})})
    (work.folder / "app" / LOCK).unlink()
    work.commit({})
    assert refused(user.check(work.folder, base="main")) == {"lockfile/absent"}


def test_a_lockfile_may_go_where_the_roots_own_covers_its_manifest(
    user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    files = npm({"steady": entry(registry, steady)})
    work.begin(below("app", files))
    (work.folder / "app" / LOCK).unlink()
    root = npm({"steady": entry(registry, steady)}, [], workspaces=["app"])
    lock = json.loads(root[LOCK])
    lock["packages"][""]["workspaces"] = ["app"]
    lock["packages"]["app"] = json.loads(files["package.json"])
    lock["packages"]["node_modules/shop"] = {"resolved": "app", "link": True}
    work.commit({**root, LOCK: json.dumps(lock)})
    assert "lockfile/absent" not in refused_nothing(user.check(work.folder, base="main"))


@pytest.mark.parametrize(("text", "wanted"), [(None, Exit.BLOCKED), ("{", Exit.UNDECIDED)])
def test_manifests_of_a_repository_without_any_lockfile_do_not_pass(
    text: str | None, wanted: Exit, user: User, work: Work, steady: Shelved
) -> None:
    work.write({"app/package.json": bare(steady)["package.json"] if text is None else text})
    assert user.check(work.folder).exit is wanted


RIVAL = '# yarn lockfile v1\n\n\nsteady@^1:\n  version "1.0.0"\n  resolved "{}"\n'


@pytest.mark.parametrize("name", ["yarn.lock", "bun.lockb"])
def test_a_change_of_a_lockfile_that_is_not_judged_is_refused(
    name: str, user: User, work: Work, registry: Registry, steady: Shelved
) -> None:
    files = npm({"steady": entry(registry, steady)})
    work.begin({**files, name: RIVAL.format(address(registry, steady))})
    refused_nothing(user.check(work.folder, base="main"))
    work.commit({name: RIVAL.format(EVIL)})
    assert refused(user.check(work.folder, base="main")) == {"lockfile/several-managers"}


def test_a_place_without_any_project_is_a_mistake_and_no_pass(user: User, work: Work) -> None:
    work.write({"README.md": "nothing"})
    with pytest.raises(UsageError, match="no JavaScript project"):
        user.check(work.folder)


def test_an_unread_lockfile_is_undecided_whichever_layer_runs(user: User, work: Work) -> None:
    work.write({"package.json": "{}", "uv.lock": "", "pratique.toml": 'preset = "lenient"\n'})
    assert user.check(work.folder, layers=("release-age",)).exit is Exit.UNDECIDED


def test_a_release_that_moves_to_a_project_where_nobody_approved_it_is_judged(
    user: User, work: Work, registry: Registry
) -> None:
    built = registry.publish(
        "built", "1.0.0", published=days_ago(60), scripts={"postinstall": "node x.js"}
    )
    approved = npm({"built": entry(registry, built)})
    manifest = {**json.loads(approved["package.json"]), "allowScripts": {"built@1.0.0": True}}
    one = below("one", {**approved, "package.json": json.dumps(manifest)})
    work.begin({**one, **below("two", npm({}))})
    work.commit(below("two", approved))
    report = user.check(work.folder, base="main")
    assert [("build-scripts/undecided", "two")] == [
        (each.finding.rule, each.finding.project)
        for each in report.judged
        if each.finding.rule == "build-scripts/undecided"
    ]
