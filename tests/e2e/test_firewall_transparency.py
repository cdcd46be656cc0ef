"""A real project installs through a firewall that admits everything as it does directly.

The registry is the one that this machine is configured for; `pratique setup` points the clients.
No install script runs: what they do is not the registry's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.clients import Client, Clients
from tests.clients.client import write_user_settings
from tests.clients.commands import (
    FOLLOWS,
    NOWHERE,
    by_its_files,
    each_client,
    install,
    kind_of,
    lockfile_of,
    manager_of,
    open_settings,
)
from tests.e2e.contents import contents, differences, without_hosts
from tests.e2e.serving import Served, served
from tests.e2e.upstream import Upstream, configured

from pratique.cli import main
from pratique.ecosystems.npm.projects import read_repository, wanted
from pratique.gather.tree import read_work_tree
from pratique.layers import LAYERS

pytestmark = [pytest.mark.online, pytest.mark.timeout(900)]

PROJECT = Path(__file__).resolve().parent.parent / "data" / "projects" / "real"
ALLOW_ALL = 'preset = "lenient"\n[rules]\n' + "".join(
    f'"{rule.id}" = "off"\n' for layer in LAYERS for rule in layer.rules
)
RECORDS_THE_ADDRESS = frozenset({"npm", "yarn1", "bun"})
"""Kinds whose lockfile names the registry that it was made with."""


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return configured()


@pytest.fixture(scope="module")
def firewall(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("firewall")
    write_user_settings(folder, upstream.url, upstream.ca)
    # What is published between two installations would be a difference of its own.
    with served(upstream.url, folder, ALLOW_ALL, "--fresh", "10 seconds") as made:
        yield made
    shutil.rmtree(folder)


@dataclass(frozen=True)
class Pair:
    """A client, and the project as it installed it directly and through the firewall."""

    name: str
    client: Client
    upstream: Upstream
    firewall: Served
    place: Path

    def install(self, project: Path, *, direct: bool, frozen: bool = False) -> Path:
        arguments = install(self.name, frozen=frozen, scripts=False)
        if direct:
            url, ca = self.upstream.url, self.upstream.ca
            ran = self.client.run(arguments, cwd=project, registry=url, ca=ca, seconds=400)
        else:
            where = ["--registry", self.firewall.url, "--directory", str(project)]
            main(["setup", manager_of(self.name), *where])
            client, ca = by_its_files(self.client), self.upstream.ca  # for who goes past it
            ran = client.run(arguments, cwd=project, registry=NOWHERE, ca=ca, seconds=400)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return project

    def project(self, name: str, locked_by: Path | None = None) -> Path:
        folder = self.place / name
        folder.mkdir()
        shutil.copy(PROJECT / "package.json", folder)
        open_settings(self.name, folder)
        if locked_by:
            shutil.copy(locked_by / lockfile_of(self.name), folder)
        return folder

    def lock(self, project: Path) -> str:
        text = (project / lockfile_of(self.name)).read_text()
        return without_hosts(text, self.firewall.url, self.upstream.url)

    def contents(self, project: Path) -> dict[str, str]:
        return contents(project, self.firewall.url, self.upstream.url)

    def again(self, name: str, *, locked_by: str, direct: bool) -> Path:
        """A frozen install by the lockfile of another project of the pair, which stays as it is."""
        folder = self.project(name, self.place / locked_by)
        lockfile = folder / lockfile_of(self.name)
        if direct:
            # Where the firewall's address is on record, it is the firewall that would be asked.
            text = lockfile.read_text()
            lockfile.write_text(text.replace(self.firewall.url, self.upstream.url))
        before = self.lock(folder)
        self.install(folder, direct=direct, frozen=True)
        assert self.lock(folder) == before
        return folder

    @property
    def frozen(self) -> Path:
        return self.place / "frozen"


@pytest.fixture(scope="module", params=each_client(always=("pnpm12",)))
def pair(
    request: pytest.FixtureRequest, clients: Clients, upstream: Upstream, firewall: Served,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:  # fmt: skip
    place = tmp_path_factory.mktemp(request.param)
    made = Pair(request.param, clients[request.param], upstream, firewall, place)
    made.install(made.project("direct"), direct=True)
    made.install(made.project("through"), direct=False)
    made.again("frozen", locked_by="direct", direct=True)
    yield made
    shutil.rmtree(place)


def pins(project: Path) -> int:
    """How many releases the lockfile locks."""
    (read,) = read_repository(read_work_tree(project, wanted)).projects
    assert read.lockfile, read.unread
    return len({pin.release for pin in read.lockfile.pins if pin.is_release})


def test_the_lockfile_and_what_is_installed_are_the_same(pair: Pair) -> None:
    direct, through = pair.place / "direct", pair.place / "through"
    assert pins(direct) >= 300
    assert pair.lock(direct) == pair.lock(through)
    assert {} == differences(pair.contents(direct), pair.contents(through))


def test_a_lockfile_made_directly_installs_the_same_through_the_firewall(pair: Pair) -> None:
    before = len(pair.firewall.requests())
    through = pair.again("direct-through", locked_by="direct", direct=False)
    assert {} == differences(pair.contents(pair.frozen), pair.contents(through))
    served = pair.firewall.requests()[before:]
    is_named = pair.upstream.url in (through / lockfile_of(pair.name)).read_text()
    if is_named and kind_of(pair.name) in FOLLOWS:
        assert served == []
    else:
        assert len(served) >= 300
        assert {row["status"] for row in served} == {200}


@pytest.mark.parametrize("direct", [False, True], ids=["through it", "directly"])
def test_a_lockfile_made_through_the_firewall_installs_the_same(pair: Pair, direct: bool) -> None:
    text = (pair.place / "through" / lockfile_of(pair.name)).read_text()
    assert (pair.firewall.url in text) == (kind_of(pair.name) in RECORDS_THE_ADDRESS)
    again = pair.again(f"through-{direct}", locked_by="through", direct=direct)
    assert {} == differences(pair.contents(pair.frozen), pair.contents(again))
