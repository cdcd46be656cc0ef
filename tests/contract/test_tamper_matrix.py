"""The tamper matrix: every kind of edit in every format is reported, at the edited entry alone."""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import pytest
from tests.builders import BASE, RUN, policy, report
from tests.contract import tampering

from pratique.ecosystems.npm.binding import assumed_hosts
from pratique.ecosystems.npm.lockfiles import format_of
from pratique.ecosystems.npm.projects import read_repository, wanted
from pratique.evaluate import Asked
from pratique.model.fact import (
    HOSTS,
    REGISTERED,
    Facts,
    Hosts,
    Key,
    Registered,
    VersionDocument,
)
from pratique.model.finding import Finding
from pratique.model.package import Digest, Package, Release
from pratique.model.pin import Lockfile, Manager, Pin, Source
from pratique.model.project import Project
from pratique.model.tree import Tree

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data" / "lockfiles"
MATRIX = tomllib.loads((HERE / "tamper_matrix.toml").read_text())
UNTOUCHED = tomllib.loads((HERE / "untouched.toml").read_text())
KINDS = tuple(MATRIX["bun"])
MOST_NOT_APPLICABLE = 10
ENTRIES = 20
REAL = tuple(name for name in UNTOUCHED if name != "data")


@dataclass
class Case:
    """A lockfile among the files beside it, and a registry that agrees with every entry of it."""

    path: str
    lock: str
    files: dict[str, bytes] = field(repr=False)

    @property
    def source(self) -> str:
        return self.files[self.lock].decode()

    @cached_property
    def project(self) -> Project:
        return self.edited(self.source)

    @property
    def locked(self) -> Lockfile:
        return lockfile_of(self.project)

    @property
    def row(self) -> str:
        form = "package-lock" if self.locked.format == "npm-shrinkwrap" else self.locked.format
        if self.locked.settings.get("integrityTarget") == "tar":
            return f"{form}-tar"
        return form if form in MATRIX else f"{form}-{self.locked.version}"

    def edited(self, source: str) -> Project:
        files = {**self.files, self.lock: source.encode()}
        (project,) = read_repository(Tree(files, frozenset(files))).projects
        return project

    @cached_property
    def registered(self) -> dict[tuple[str, Key], object]:
        known: dict[tuple[str, Key], object] = {}
        asked = aliases(self.locked)
        digests: dict[Release, set[Digest]] = {}
        for pin in self.locked.every_pin:
            digests.setdefault(pin.release, set()).update(pin.digests)
        for pin in self.locked.every_pin:
            never = Release(Package(pin.name), tampering.NEVER)
            known[REGISTERED.name, never] = Registered(BASE, None)
            stated = document(pin, digests[pin.release], asked.get(pin.release, ()))
            if pin.is_release or (REGISTERED.name, pin.release) not in known:
                known[REGISTERED.name, pin.release] = Registered(BASE, stated)
        other = Release(Package(tampering.OTHER), tampering.OTHER_VERSION)
        address = tampering.tarball(other.name, other.version)
        stated = VersionDocument(other.name, other.version, address, (tampering.SHA1,))
        known[REGISTERED.name, other] = Registered(BASE, stated)
        return known

    @cached_property
    def before(self) -> dict[str, set[str]]:
        return by_key(findings(self.project, self))

    def candidates(self) -> list[Pin]:
        """Entries that can be edited: of the registry, with a digest, each release once."""
        seen: set[Release] = set()
        found = []
        for pin in self.locked.every_pin:
            whole = pin.source is Source.REGISTRY and (pin.digests or pin.checksum) and pin.version
            weak = pin.digests and not pin.digests[0].is_strong
            if whole and not weak and not pin.alias and not pin.patch and pin.release not in seen:
                found.append(pin)
            seen.add(pin.release)
        return found


def lockfile_of(project: Project) -> Lockfile:
    assert project.unread is None, project.unread
    assert project.lockfile is not None
    return project.lockfile


def document(pin: Pin, digests: set[Digest], asked: tuple[tuple[str, str], ...]) -> VersionDocument:
    url = pin.url if pin.url and pin.is_release else tampering.tarball(pin.name, pin.version)
    has_sha1 = any(each.algorithm == "sha1" for each in digests)
    stated = (*digests,) if has_sha1 else (*digests, tampering.SHA1)
    return VersionDocument(pin.name, pin.version, url, stated, aliases=asked)


def aliases(locked: Lockfile) -> dict[Release, tuple[tuple[str, str], ...]]:
    """What the untouched file's aliases must have been asked for by: its dependents' documents."""
    named = {pin.key: [(name, pin.name) for name in pin.local_names] for pin in locked.pins}
    found: dict[Release, tuple[tuple[str, str], ...]] = {}
    for pin in locked.pins:
        asked = tuple(pair for key in pin.requires for pair in named.get(key, ()))
        found[pin.release] = found.get(pin.release, ()) + asked
    return found


def findings(project: Project, case: Case) -> list[Finding]:
    hosts = {"registry.example": BASE}
    assumed = assumed_hosts([project], hosts)
    facts = Facts({**RUN, **case.registered, (HOSTS.name, None): Hosts(hosts, BASE, assumed)})
    found = report(project, facts=facts, policy=policy(), asked=Asked(only=("lockfile",)))
    return [each.finding for each in found.judged]


def by_key(found: list[Finding]) -> dict[str, set[str]]:
    """Key of an entry -> rules that report it; "" for what is found of the project itself."""
    rules: dict[str, set[str]] = {}
    for each in found:
        rules.setdefault(each.key if each.release else "", set()).add(each.rule)
    return rules


def written_by_clients() -> list[str]:
    found = (path for path in DATA.rglob("*") if path.is_file() and format_of(path.name))
    return sorted(path.relative_to(DATA).as_posix() for path in found)


@lru_cache(maxsize=2)
def case_of(name: str, shared: Path | None = None) -> Case:
    """A client's file with all that lies beside it; of a real one, with the manifest beside it."""
    path = (shared or DATA) / name
    lock = path.name.removeprefix("dependabot.")
    beside = [path.with_name("package.json")] if shared else path.parent.rglob("*")
    files = {each.relative_to(path.parent).as_posix(): each for each in beside if each.is_file()}
    kept = {where: file.read_bytes() for where, file in files.items() if wanted(where)}
    is_classic = name.endswith("yarn.lock") and "__metadata" not in path.read_text()
    manifests = kept if shared is None or is_classic else {}
    return Case(name, lock, {**manifests, lock: path.read_bytes()})


def chosen(case: Case, kind: str) -> list[list[Pin]]:
    """The entries to edit at once: a sample of a large file, all of a small one in three parts.

    A file of which nearly all is edited alike is another case: one host that all entries share.
    """
    found = case.candidates()
    if kind == "stripped" and case.locked.manager is Manager.YARN_BERRY:
        found = [pin for pin in found if pin.checksum and not pin.conditions]
    assert found
    if len(found) >= 2 * ENTRIES:
        dice = random.Random(f"{case.path} {kind}")  # noqa: S311 - to be repeated, not to be secret
        return [dice.sample(found, ENTRIES)]
    return [part for part in (found[::3], found[1::3], found[2::3]) if part]


def tampered(case: Case, pins: list[Pin], kind: str) -> tuple[str, list[Pin]]:
    """The edited file, and the entries that should be reported."""
    if kind == "alias" and case.locked.manager is Manager.PNPM:
        source, keys = tampering.alias_pnpm(case.source, case.locked, pins)
        return source, [pin for pin in case.locked.pins if pin.key in keys]
    edit = tampering.TAMPERINGS[case.locked.format]
    return edit(case.source, case.locked, pins, kind), pins


def judged(case: Case, kind: str) -> None:
    expected = MATRIX[case.row][kind]
    if expected.startswith("n/a: "):
        pytest.skip(expected)
    number = 0
    for pins in chosen(case, kind):
        source, edited = tampered(case, pins, kind)
        number += len(edited)
        reported_alone(case, kind, source, edited, expected)
    assert number


def reported_alone(case: Case, kind: str, source: str, edited: list[Pin], expected: str) -> None:
    project = case.edited(source)
    after = by_key(findings(project, case))
    news = {key: rules - case.before.get(key, set()) for key, rules in after.items()}
    keys = {pin.key for pin in case.locked.every_pin}
    entries = {pin.key: pin for pin in lockfile_of(project).every_pin}
    touched = {pin.key for pin in edited} | (entries.keys() - keys)
    releases = {pin.release for pin in edited}
    hits = {key for key, rules in news.items() if any(rule.startswith(expected) for rule in rules)}
    if kind == "disagreeing":
        assert releases == {entries[key].release for key in hits}
    else:
        assert {pin.key for pin in edited} & entries.keys() <= hits
        assert len(edited) <= len(hits)
    others = {key: rules for key, rules in news.items() if key and rules and key not in touched}
    # Of two entries that disagree nothing tells which was edited: the second one is named, and the
    # first in its evidence.
    even = {"lockfile/disagreeing-entries"}
    assert all(rules == even and entries[key].release in releases for key, rules in others.items())
    # A version that never was does not satisfy its manifest, and a name moves with an alias.
    assert news.get("", set()) <= {"lockfile/out-of-step"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", written_by_clients())
def test_an_edit_of_a_clients_file_is_reported_at_that_entry_alone(name: str, kind: str) -> None:
    judged(case_of(name), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REAL)
def test_an_edit_of_a_real_file_is_reported_at_that_entry_alone(
    shared: Path, name: str, kind: str
) -> None:
    judged(case_of(name, shared), kind)


def untouched(case: Case) -> dict[str, int]:
    return dict(Counter(each.rule for each in findings(case.project, case)))


@pytest.mark.parametrize("name", written_by_clients())
def test_an_untouched_file_of_a_client_gives_what_was_put_in_alone(name: str) -> None:
    folder = name.rpartition("/")[0]
    assert untouched(case_of(name)) == UNTOUCHED["data"].get(folder, {})


@pytest.mark.parametrize("name", REAL)
def test_an_untouched_real_file_gives_its_own_facts_alone(shared: Path, name: str) -> None:
    told = {rule: number for rule, number in UNTOUCHED[name].items() if rule != "why"}
    assert untouched(case_of(name, shared)) == told


def test_the_table_is_complete_and_says_why_a_cell_is_not_applicable() -> None:
    cells = [cell for row in MATRIX.values() for cell in row.values()]
    assert {len(KINDS)} == {len(row) for row in MATRIX.values()}
    assert all(cell.startswith(("lockfile/", "n/a: ")) for cell in cells)
    assert len([cell for cell in cells if cell.startswith("n/a")]) <= MOST_NOT_APPLICABLE
