"""What the policy hides or refuses, as each real client sees it through the firewall.

The clients' own cooldowns are off where they have one: what holds a release back is the firewall.
What each is expected to do and to print is in `client_table`.
"""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.clients import Clients, Ran
from tests.clients.commands import (
    NOWHERE,
    by_its_files,
    each_client,
    install,
    manager_of,
    open_settings,
)
from tests.e2e import installing
from tests.e2e.client_table import MATRIX, Cell, of_client
from tests.e2e.serving import Served, served
from tests.registry import Registry

from pratique.cli import main

pytestmark = pytest.mark.online

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock
STEADY, EXEMPT, LISTED, OWNED = "steady", "exempted", "listed", "@corp/secret"


def policy(young: str = "0" * 128, *, lists: str = "[]") -> str:
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
def firewall(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    digest = hashlib.sha512(registry.release(EXEMPT, "1.0.1").bytes).hexdigest()
    with served(registry, tmp_path_factory.mktemp("firewall"), policy(digest)) as made:
        yield made


@pytest.fixture(scope="module")
def turned(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A firewall that had given a release, document and artifact, before a list named it."""
    place = tmp_path_factory.mktemp("turned")
    entry = {"package": LISTED, "versions": ["1.0.1"], "reason": "hijacked"}
    until = f"{NOW + timedelta(days=20):%Y-%m-%dT00:00:00Z}"
    listing = {"pratique-blocklist": 1, "expires_at": until, "entries": [entry]}
    with served(registry, place, policy()) as made:
        for path in (LISTED, f"{LISTED}/-/{LISTED}-1.0.1.tgz"):
            answer = urllib3.request("GET", made.url + path, timeout=60, retries=False)
            assert answer.status == 200
        installing.write_json(place / "blocked.json", listing)
        (place / "firewall.toml").write_text(policy(lists='["blocked.json"]'))
        made.process.send_signal(signal.SIGHUP)
        await_hidden(made, LISTED, "1.0.1")
        yield made


def project(folder: Path, name: str, package: str, wanted: str) -> Path:
    folder.mkdir()
    manifest = {"name": "p", "version": "1.0.0", "private": True, "dependencies": {package: wanted}}
    installing.write_json(folder / "package.json", manifest)
    open_settings(name, folder)
    return folder


def through(
    clients: Clients, name: str, folder: Path, firewall: Served, *, frozen: bool = False,
    home: Path | None = None,
) -> Ran:  # fmt: skip
    main(["setup", manager_of(name), "--registry", firewall.url, "--directory", str(folder)])
    client = by_its_files(clients[name])
    return client.run(install(name, frozen=frozen), cwd=folder, registry=NOWHERE, home=home)


def locked(clients: Clients, name: str, folder: Path, registry: Registry, to: Served) -> Path:
    """The project as a clone, with a lockfile that was made directly and names the firewall."""
    lockfile = installing.install(clients[name], folder, registry)
    installing.forget_installed(folder)
    lockfile.write_text(lockfile.read_text().replace(registry.url, to.url))
    return folder


def holds(cell: Cell, name: str, ran: Ran, folder: Path, package: str, rule: str = "") -> bool:
    """Whether what came of it is what the table says; else what was printed is shown."""
    said = ran.stdout + ran.stderr
    release = f"{package}@1.0.1" if rule else package
    expected = of_client(cell.says, name).format(release=release, rule=rule)
    manifest = folder / "node_modules" / package / "package.json"
    found = json.loads(manifest.read_text())["version"] if manifest.is_file() else ""
    fits = found == cell.gets and ran.returncode == (0 if cell.gets else 1) and expected in said
    if not fits:
        print(name, found, ran.returncode, expected, said, sep="\n")
    return fits


ASKS = {
    "young": (STEADY, "^1.0.0"),
    "exempted": (EXEMPT, "^1.0.0"),
    "range": (STEADY, "^1.0.1"),
    "exact": (STEADY, "1.0.1"),
}


@pytest.mark.parametrize("row", ASKS)
@pytest.mark.parametrize("name", each_client())
def test_what_is_young_is_hidden_from_a_resolver_unless_it_is_exempted(
    name: str, row: str, clients: Clients, firewall: Served, tmp_path: Path
) -> None:
    package, wanted = ASKS[row]
    folder = project(tmp_path / "p", name, package, wanted)
    ran = through(clients, name, folder, firewall)
    assert holds(MATRIX[row], name, ran, folder, package)


@pytest.mark.parametrize("name", each_client())
def test_a_lockfile_that_pins_a_hidden_release_fails_and_says_why(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", name, STEADY, "1.0.1")
    locked(clients, name, folder, registry, firewall)
    ran = through(clients, name, folder, firewall, frozen=True)
    assert holds(MATRIX["locked"], name, ran, folder, STEADY, "release-age/too-new")


@pytest.mark.parametrize("name", each_client())
def test_an_own_name_is_never_told_to_the_upstream(
    name: str, clients: Clients, registry: Registry, firewall: Served, tmp_path: Path
) -> None:
    registry.forget()
    folder = project(tmp_path / "p", name, OWNED, "^1.0.0")
    ran = through(clients, name, folder, firewall)
    assert holds(MATRIX["owned"], name, ran, folder, OWNED)
    assert [] == [each.path for each in registry.requests if "corp" in each.path.lower()]


@pytest.mark.parametrize("name", each_client())
def test_what_is_blocked_after_its_document_was_kept_is_passed_over(
    name: str, clients: Clients, turned: Served, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", name, LISTED, "^1.0.0")
    ran = through(clients, name, folder, turned)
    assert holds(MATRIX["cached"], name, ran, folder, LISTED)


@pytest.mark.parametrize("name", each_client())
def test_what_is_blocked_after_its_artifact_was_kept_is_not_given_again(
    name: str, clients: Clients, registry: Registry, turned: Served, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", name, LISTED, "1.0.1")
    locked(clients, name, folder, registry, turned)
    ran = through(clients, name, folder, turned, frozen=True)
    assert holds(MATRIX["stored"], name, ran, folder, LISTED, "registry/blocked")


@pytest.mark.parametrize("name", each_client(always=("npm12",)))
def test_what_a_client_has_in_its_own_cache_it_does_not_ask_for_again(
    name: str, clients: Clients, firewall: Served, tmp_path: Path
) -> None:
    (home := tmp_path / "home").mkdir()
    folder = project(tmp_path / "p", name, LISTED, "^1.0.0")
    assert through(clients, name, folder, firewall, home=home).returncode == 0
    installing.forget_installed(folder)
    with served_rows(firewall) as rows:
        assert through(clients, name, folder, firewall, home=home, frozen=True).returncode == 0
    assert [] == rows
    assert (folder / "node_modules" / LISTED / "package.json").is_file()


@contextmanager
def served_rows(firewall: Served) -> Iterator[list[dict[str, Any]]]:
    """The requests for artifacts that come while the block runs; filled in at its end."""
    rows: list[dict[str, Any]] = []
    before = settled(firewall)
    yield rows
    settled(firewall)
    rows += firewall.requests()[before:]


def settled(firewall: Served) -> int:
    """How many artifacts were asked for: requests are on record up to half a second late."""
    time.sleep(1)
    return len(firewall.requests())


def await_hidden(firewall: Served, name: str, version: str) -> None:
    """A signal is not answered: ask until what it brings about has come."""
    for _attempt in range(500):
        answer = urllib3.request("GET", firewall.url + name, timeout=10, retries=False)
        if version not in answer.json().get("versions", {}):
            return
    raise AssertionError(f"{name}@{version} is still shown")
