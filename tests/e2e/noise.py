"""Layer 1 on the eight recorded repositories, on facts recorded from a real registry.

`python -m tools.record_facts` writes the file that this module reads: a line about the recording,
then one JSON object for each release, without the members that are empty:

    release  NAME@VERSION
    absent   "version" or "package": what the registry does not have
    path     `dist.tarball` below the registry's address, where it is not the usual one
    digests  algorithm -> the first 8 bytes of the digest that the registry states, base64
    scripts  what npm runs at install: [[event, command], ...]
    aliases  [[local name, target], ...] of the dependencies that ask for `npm:target@...`

Eight bytes tell one artifact from another. A document is made up again from a lockfile's own digest
where that begins with them, and is completed with zeros where it does not: then they differ.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pratique.config import read_policy
from pratique.ecosystems.npm.projects import read_repository
from pratique.ecosystems.npm.projects import wanted as wanted_by_projects
from pratique.evaluate import Asked, evaluate, wanted
from pratique.gather.tree import read_work_tree
from pratique.layers import lockfile
from pratique.model.fact import (
    CLOCK,
    HOSTS,
    NEWCOMERS,
    REGISTERED,
    Clock,
    Facts,
    Hosts,
    Missing,
    Newcomers,
    Registered,
    VersionDocument,
    Why,
)
from pratique.model.package import Digest, Package, Release
from pratique.model.project import Repository
from pratique.model.report import Report

NAMES = ("babel", "elysia", "hyper", "lerna", "npm-cli", "pnpm", "renovate", "tanstack-router")
FACTS = Path(__file__).parent.parent / "data" / "facts" / "eight-repositories.jsonl.gz"
MIRROR = "https://mirror.example/npm/"
"""The address of the registry as recorded: another one than the lockfiles', as at every user's."""
RECORDED_HOST = "registry.example"
POLICY = read_policy(
    (
        f'preset = "recommended"\n[hosts]\n"{RECORDED_HOST}" = "default"\n'
        '[rules]\n"lockfile/manifest-confusion" = "off"\n'
    ).encode(),
    "pratique.toml",
    now=datetime(2026, 11, 22, tzinfo=UTC),
)
"""Without the one rule of layer 1 that reads artifacts: what is inside them was not recorded."""
_KEPT = 8
Known = Mapping[tuple[str, Any], object]


def read(shared: Path, name: str) -> Repository:
    return read_repository(read_work_tree(shared / "repos" / name, wanted_by_projects))


def of_run(registry: str) -> Facts:
    """What is known before a registry is asked: its host, and that the recorded one is its."""
    host = registry.split("/")[2]
    return Facts.of(
        (CLOCK, None, Clock(datetime(2026, 11, 22, tzinfo=UTC))),
        (HOSTS, None, Hosts({host: registry, RECORDED_HOST: registry}, registry)),
        (NEWCOMERS, None, Newcomers(frozenset(), compared=False)),
    )


def asked_of(repository: Repository, registry: str) -> set[Release]:
    """The releases whose documents layer 1 needs."""
    asked = wanted(repository, of_run(registry), POLICY, None, [lockfile.LAYER])
    assert {kind for kind, _ in asked} <= {REGISTERED}
    return {key for _, key in asked if isinstance(key, Release)}


def judge(name: str, repository: Repository, registry: str, known: Known) -> Report:
    facts = of_run(registry).with_facts(known)
    return evaluate(name, repository, facts, POLICY, Asked(only=(lockfile.LAYER.name,)))


# -- recording -------------------------------------------------------------------------------------


def write(path: Path, about: Mapping[str, str], known: Iterable[tuple[Release, Registered]]) -> int:
    """Write the facts; the number of bytes. The same facts give the same bytes."""
    lines = [json.dumps(_line(release, answer)) for release, answer in known]
    text = "\n".join([json.dumps(about), *sorted(lines)]) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _line(release: Release, answer: Registered) -> dict[str, Any]:
    document = answer.document
    if document is None:
        return {
            "release": str(release),
            "absent": "version" if answer.package_exists else "package",
        }
    path = document.tarball.removeprefix(answer.registry)
    assert "://" not in path, f"{release} is served at another host"
    members = {
        "path": "" if path == _usual(release) else path,
        "digests": {one.algorithm: _head(one) for one in document.digests},
        "scripts": document.scripts,
        "aliases": document.aliases,
    }
    return {"release": str(release), **{key: value for key, value in members.items() if value}}


def _usual(release: Release) -> str:
    return f"{release.name}/-/{release.name.rpartition('/')[2]}-{release.version}.tgz"


def _head(digest: Digest) -> str:
    return base64.b64encode(bytes.fromhex(digest.hex)[:_KEPT]).decode().rstrip("=")


# -- reading ---------------------------------------------------------------------------------------


@cache
def recorded() -> Mapping[Release, dict[str, Any]]:
    _about, *lines = gzip.decompress(FACTS.read_bytes()).decode().splitlines()
    entries = map(json.loads, lines)
    return {_release(entry["release"]): entry for entry in entries}


def _release(text: str) -> Release:
    name, _, version = text.rpartition("@")
    return Release(Package(name), version)


def known_of(repository: Repository, entries: Mapping[Release, dict[str, Any]]) -> Known:
    """A fact for each release that layer 1 asks for; Missing where it was not recorded."""
    locked = _locked(repository)
    facts: dict[tuple[str, Any], object] = {}
    for release in asked_of(repository, MIRROR):
        entry = entries.get(release)
        not_recorded = Missing(Why.FAILED, "was not recorded")
        facts[REGISTERED.name, release] = (
            not_recorded if entry is None else _answer(release, entry, locked.get(release, ()))
        )
    return facts


def _locked(repository: Repository) -> dict[Release, list[Digest]]:
    found: dict[Release, list[Digest]] = {}
    for project in repository.projects:
        for pin in project.lockfile.every_pin if project.lockfile else ():
            found.setdefault(pin.release, []).extend(pin.digests)
    return found


def _answer(release: Release, entry: Mapping[str, Any], locked: Iterable[Digest]) -> Registered:
    if "absent" in entry:
        return Registered(MIRROR, None, package_exists=entry["absent"] == "version")
    stated = entry.get("digests", {})
    digests = tuple(_whole(algorithm, head, locked) for algorithm, head in stated.items())
    document = VersionDocument(
        release.name,
        release.version,
        MIRROR + entry.get("path", _usual(release)),
        digests,
        scripts=_pairs(entry.get("scripts", ())),
        aliases=_pairs(entry.get("aliases", ())),
    )
    return Registered(MIRROR, document)


def _pairs(entries: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in entries)


def _whole(algorithm: str, head: str, locked: Iterable[Digest]) -> Digest:
    """The locked digest that begins with the recorded bytes, else one that no file has."""
    begins = base64.b64decode(head + "=").hex()
    same = [one for one in locked if one.algorithm == algorithm and one.hex.startswith(begins)]
    length = {"sha512": 128, "sha384": 96, "sha256": 64, "sha1": 40, "md5": 32}[algorithm]
    return same[0] if same else Digest(algorithm, begins.ljust(length, "0"))
