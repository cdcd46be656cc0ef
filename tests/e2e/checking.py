"""A user, a project and a repository to check: what the end-to-end tests of `check` are told in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.registry import Registry, Shelved, SigningKey

from pratique.check import check
from pratique.gather.carrying import learn
from pratique.model.evidence import Claimed
from pratique.model.fact import Clock
from pratique.model.policy import Action
from pratique.model.report import Judged, Report
from pratique.store import Shelf, open_store
from pratique.store import location as store_location
from pratique.store.pinned import Imported, location, put

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = "pratique.toml"
LOCK = "package-lock.json"


@dataclass
class User:
    """Somebody with a home of their own, and nothing else of this machine's configuration.

    `npmrc` is their `~/.npmrc`; `variables` are in their environment.
    """

    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        system = {
            name: os.environ[name] for name in ("SYSTEMROOT", "PYTHONPATH") if name in os.environ
        }
        home = {"HOME": str(self.home), "XDG_CACHE_HOME": str(self.home / "cache")}
        return {"PATH": os.environ["PATH"], **system, **home, **self.variables}

    def npmrc(self, *lines: str) -> None:
        (self.home / ".npmrc").write_text("".join(f"{line}\n" for line in lines))
        settings = [line.partition("=") for line in lines]
        tokens = [f"Bearer {value}" for key, _, value in settings if key.endswith(":_authToken")]
        for key, _, value in settings:
            if key.rpartition(":")[2] == "registry":
                self._saw_evidence_of(value, [None, *tokens])

    def trust(self, keys: Mapping[str, Any]) -> None:
        """Pin the keys of a registry, as `pratique keys update` does."""
        place = location(self.environment)
        put(place, "keys", Imported(json.dumps(keys).encode(), NOW))

    def _saw_evidence_of(self, registry: str, credentials: Iterable[str | None]) -> None:
        """An earlier check saw that the registry carries evidence: where there is none, none is."""
        claimed = Claimed(signatures=(("key", "sig"),), attestations=True, publisher="ann")
        with open_store(store_location(self.environment), Clock(NOW)) as store:
            for each in credentials:
                shelf = Shelf("", 0, registry, store.credential_key(each))
                learn(store, shelf, [claimed], NOW)

    def check(self, path: Path, *, now: datetime = NOW, **options: Any) -> Report:
        """`pratique.check.check` in this process."""
        return check(path, now=now, environment=self.environment, **options)

    def run(
        self, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The command line, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "pratique", *arguments],
            cwd=cwd, env={**self.environment, **(env or {})}, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip


def make_user(home: Path, *npmrc: str) -> User:
    home.mkdir(parents=True)
    user = User(home)
    user.npmrc(*npmrc)
    user.trust({"keys": [SigningKey.of("test registry").document()]})
    return user


@dataclass
class Work:
    """A directory of files, and the git repository that it may become."""

    folder: Path

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@mail.example")
        ran = subprocess.run(
            ["git", *identity, "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def begin(self, files: Mapping[str, str]) -> None:
        """The base: one commit on `main`; the branch `topic` is checked out."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.commit(files)
        self.git("checkout", "-q", "-b", "topic")

    def commit(self, files: Mapping[str, str]) -> None:
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "c")


# -- lockfiles -------------------------------------------------------------------------------------


def address(registry: Registry, release: Shelved) -> str:
    """Where the release is served, as a lockfile records it: over https."""
    return (registry.url + release.path).replace("http://", "https://")


def entry(registry: Registry, release: Shelved, **more: Any) -> dict[str, Any]:
    """An entry of package-lock.json; members of `more` that are None are left out."""
    members = {
        "version": release.version,
        "resolved": address(registry, release),
        "integrity": release.integrity,
        "hasInstallScript": True if _runs(release) else None,
        "dependencies": release.metadata.get("dependencies"),
        **more,
    }
    return {key: value for key, value in members.items() if value is not None}


def _runs(release: Shelved) -> bool:
    return bool({"preinstall", "install", "postinstall"} & set(release.metadata.get("scripts", ())))


def npm(
    entries: Mapping[str, dict[str, Any]],
    direct: Iterable[str] | None = None,
    asks: Mapping[str, str] | None = None,
    **manifest: Any,
) -> dict[str, str]:
    """package.json and package-lock.json (version 3) with `entries` by their keys.

    Args:
        entries: Key below `node_modules/` -> entry.
        direct: Keys of the direct ones; all of them by default.
        asks: What the manifest asks for, where it is not the locked version.
        manifest: Further members of package.json.
    """
    names = [key for key in entries if "/node_modules/" not in key] if direct is None else direct
    needs = {key: entries[key]["version"] for key in names} | dict(asks or {})
    root = {"name": "shop", "version": "1.0.0", "dependencies": needs}
    packages = {"": root, **{f"node_modules/{key}": each for key, each in entries.items()}}
    lock = {"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": True}
    return {
        "package.json": json.dumps({**root, **manifest}, indent=2) + "\n",
        LOCK: json.dumps({**lock, "packages": packages}, indent=2) + "\n",
    }


def pnpm(*releases: Shelved, workspace: str = "") -> dict[str, str]:
    needs = "".join(
        f"      {one.name}:\n        specifier: {one.version}\n        version: {one.version}\n"
        for one in releases
    )
    packages = "".join(
        f"  {one.name}@{one.version}:\n    resolution: {{integrity: {one.integrity}}}\n"
        for one in releases
    )
    snapshots = "".join(f"  {one.name}@{one.version}: {{}}\n" for one in releases)
    lock = (
        "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n"
        "  excludeLinksFromLockfile: false\n\n"
        f"importers:\n\n  .:\n    dependencies:\n{needs}\n"
        f"packages:\n\n{packages}\nsnapshots:\n\n{snapshots}"
    )
    return {
        "package.json": _manifest(releases),
        "pnpm-lock.yaml": lock,
        "pnpm-workspace.yaml": workspace,
    }


def bun(*releases: Shelved, **manifest: Any) -> dict[str, str]:
    needs = {one.name: one.version for one in releases}
    lock = {
        "lockfileVersion": 1,
        "workspaces": {"": {"name": "shop", "dependencies": needs}},
        "packages": {
            one.name: [f"{one.name}@{one.version}", "", {}, one.integrity] for one in releases
        },
    }
    trusted = manifest.get("trustedDependencies")
    listed = {**lock, "trustedDependencies": trusted} if trusted else lock
    return {
        "package.json": _manifest(releases, **manifest),
        "bun.lock": json.dumps(listed, indent=2) + "\n",
    }


def _manifest(releases: Iterable[Shelved], **more: Any) -> str:
    needs = {one.name: one.version for one in releases}
    root = {"name": "shop", "version": "1.0.0", "dependencies": needs, **more}
    return json.dumps(root, indent=2) + "\n"


def days_ago(number: float) -> datetime:
    return NOW - timedelta(days=number)


# -- what a report says ----------------------------------------------------------------------------


def loud(report: Report) -> list[Judged]:
    """The findings at warn or above that no exemption removes, in the report's order."""
    return [each for each in report.judged if each.verdict]


def rules(report: Report) -> list[str]:
    return [each.finding.rule for each in loud(report)]


def action(report: Report, rule: str) -> Action:
    (found,) = {each.action for each in report.judged if each.finding.rule == rule}
    return found


def unknown(report: Report) -> set[tuple[str, str, str]]:
    """(rule, release, why it is missing) of every Unknown."""
    return {(each.rule, str(each.release or ""), each.missing.why) for each in report.unknowns}


def undecided(report: Report) -> set[tuple[str, str, str]]:
    """As `unknown`, without layers 7 and 8: they miss a release's evidence where all is missing."""
    evidence = ("signatures/", "trust/")
    return {each for each in unknown(report) if not each[0].startswith(evidence)}


@pytest.fixture
def user(tmp_path: Path, registry: Registry) -> User:
    """A user whose registry is the test registry."""
    return make_user(tmp_path / "home", f"registry={registry.url}")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "work")
