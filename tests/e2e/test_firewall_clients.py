"""What the policy hides or refuses, as each real client sees it through the firewall.

The clients' own cooldowns are off where they have one: what holds a release back is the firewall.
"""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from tests.clients import Client, Clients, Ran
from tests.e2e import installing
from tests.e2e.serving import Served, served
from tests.registry import Registry

pytestmark = pytest.mark.online

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
CLIENTS = ("npm11", "npm12", "pnpm11", "yarn1", "yarn4", "bun")
STEADY, EXEMPT, LISTED, OWNED = "steady", "exempted", "listed", "@corp/secret"
NO_MATCH = {
    "npm11": "No matching version found",
    "npm12": "No matching version found",
    "pnpm11": "ERR_PNPM_NO_MATCHING_VERSION",
    "yarn1": "Couldn't find any versions",
    "yarn4": "No candidates found",
    "bun": "No version matching",
}
# pnpm 11 asks for the document of what is locked before the artifact, and ends there.
PRINTS_THE_PHRASE = frozenset({"npm11", "npm12", "yarn4"})


def policy(young: str, *, lists: str = "[]") -> str:
    """`young` is the digest of the young release that is exempted."""
    return f"""preset = "recommended"
[layers.registry]
own = ["@corp"]
blocklists = {lists}
[[exemptions]]
rule = "release-age/too-new"
purl = "pkg:npm/{EXEMPT}@1.0.1"
sha512 = "{young}"
reason = "fixes a crash"
owner = "team-web"
until = {NOW + timedelta(days=20):%Y-%m-%d}
"""


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as made:
        for name in (STEADY, EXEMPT):
            made.publish(name, "1.0.0", published=NOW - timedelta(days=90))
            made.publish(name, "1.0.1", published=NOW - timedelta(hours=1))
        made.publish(LISTED, "1.0.0", published=NOW - timedelta(days=90))
        made.publish(LISTED, "1.0.1", published=NOW - timedelta(days=40))
        made.publish(OWNED, "1.0.0", published=NOW - timedelta(days=90))
        yield made


@pytest.fixture(scope="module")
def digest(registry: Registry) -> str:
    return hashlib.sha512(registry.release(EXEMPT, "1.0.1").bytes).hexdigest()


@pytest.fixture(scope="module")
def firewall(
    registry: Registry, digest: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with served(registry, tmp_path_factory.mktemp("firewall"), policy(digest)) as made:
        yield made


def project(folder: Path, **wanted: str) -> Path:
    folder.mkdir()
    names = {"corp": OWNED}
    dependencies = {names.get(name, name): version for name, version in wanted.items()}
    manifest = {"name": "p", "version": "1.0.0", "private": True, "dependencies": dependencies}
    installing.write_json(folder / "package.json", manifest)
    (folder / ".yarnrc.yml").write_text("nodeLinker: node-modules\nnpmMinimalAgeGate: 0\n")
    (folder / "pnpm-workspace.yaml").write_text("minimumReleaseAge: 0\n")
    return folder


def install(client: Client, folder: Path, firewall: Served) -> Ran:
    return client.run(["install"], cwd=folder, registry=firewall.url)


def installed(folder: Path, name: str) -> str:
    manifest = folder / "node_modules" / name / "package.json"
    return str(json.loads(manifest.read_text())["version"])


@pytest.mark.parametrize("name", CLIENTS)
def test_a_young_latest_is_passed_over_and_an_exempted_one_is_not(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    registry.forget()
    folder = project(tmp_path / "p", steady="^1.0.0", exempted="^1.0.0")
    ran = install(clients[name], folder, firewall)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (installed(folder, STEADY), installed(folder, EXEMPT)) == ("1.0.0", "1.0.1")
    agents = {each.headers.get("user-agent", "") for each in registry.requests}
    assert all(each.startswith("pratique") for each in agents), "a client asked the upstream"


@pytest.mark.parametrize("name", CLIENTS)
def test_an_exact_pin_of_a_hidden_version_matches_nothing(
    name: str, clients: Clients, firewall: Served, tmp_path: Path
) -> None:
    ran = install(clients[name], project(tmp_path / "p", steady="1.0.1"), firewall)
    assert ran.returncode != 0
    assert NO_MATCH[name] in ran.stdout + ran.stderr


@pytest.mark.parametrize("name", CLIENTS)
def test_a_lockfile_that_pins_a_hidden_version_fails(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", steady="1.0.1")
    lockfile = installing.install(clients[name], folder, registry)
    installing.forget_installed(folder)
    lockfile.write_text(lockfile.read_text().replace(registry.url, firewall.url))
    ran = install(clients[name], folder, firewall)
    said = ran.stdout + ran.stderr
    assert ran.returncode != 0, said
    assert not (folder / "node_modules" / STEADY / "package.json").exists()
    if name in PRINTS_THE_PHRASE:
        assert f"blocked by policy: {STEADY}@1.0.1 release-age/too-new (decision " in said


@pytest.mark.parametrize("name", CLIENTS)
def test_an_own_name_is_never_told_to_the_upstream(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    registry.forget()
    ran = install(clients[name], project(tmp_path / "p", corp="^1.0.0"), firewall)
    assert ran.returncode != 0
    assert [] == [each.path for each in registry.requests if "corp" in each.path.lower()]


def test_what_is_blocked_after_its_document_was_kept_is_refused_from_then_on(
    clients: Clients, registry: Registry, digest: str, tmp_path: Path
) -> None:
    place = tmp_path / "firewall"
    place.mkdir()
    entry = {"package": LISTED, "versions": ["1.0.1"], "reason": "hijacked"}
    until = f"{NOW + timedelta(days=20):%Y-%m-%dT00:00:00Z}"
    listing = {"pratique-blocklist": 1, "expires_at": until, "entries": [entry]}
    with served(registry, place, policy(digest)) as firewall:
        before = project(tmp_path / "before", listed="^1.0.0")
        assert install(clients.npm11, before, firewall).returncode == 0
        assert installed(before, LISTED) == "1.0.1"
        installing.write_json(place / "blocked.json", listing)
        (place / "firewall.toml").write_text(policy(digest, lists='["blocked.json"]'))
        firewall.process.send_signal(signal.SIGHUP)
        await_hidden(firewall, LISTED, "1.0.1")

        after = project(tmp_path / "after", listed="^1.0.0")
        assert install(clients.npm11, after, firewall).returncode == 0
        assert installed(after, LISTED) == "1.0.0"
        installing.forget_installed(before)
        ran = install(clients.npm11, before, firewall)
        assert ran.returncode != 0
        assert f"blocked by policy: {LISTED}@1.0.1 registry/blocked" in ran.stdout + ran.stderr


def await_hidden(firewall: Served, name: str, version: str) -> None:
    """A signal is not answered: ask until what it brings about has come."""
    for _attempt in range(500):
        answer = urllib3.request("GET", firewall.url + name, timeout=10, retries=False)
        if version not in answer.json().get("versions", {}):
            return
    raise AssertionError(f"{name}@{version} is still shown")
