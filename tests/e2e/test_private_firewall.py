"""Real clients and private packages at the real firewall: a package's life, and who may what.

What the documents and answers must be is shown elsewhere, with nothing but the pure functions
behind them (test_private_clients.py); here the server, its store and its record are.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from tests.clients import Clients, Ran
from tests.clients.commands import each_client, open_settings
from tests.e2e.private_registry import PrivateRegistry
from tests.e2e.serving import Served, served
from tests.e2e.test_private_clients import NAME, Desk, ok
from tests.registry import Registry

from pratique.model.private import PrivatePackage, Right
from pratique.proxy import tokens
from pratique.store.firewall.opening import Where, open_firewall

pytestmark = pytest.mark.online

POLICY = 'preset = "recommended"\n[layers.registry]\nown = ["@corp"]\n'
FAMILIES = ("npm12", "pnpm11", "pnpm12", "yarn4", "bun")
WHOAMI = {"npm": ["whoami"], "pnpm": ["whoami"], "yarn4": ["npm", "whoami"],
          "bun": ["pm", "whoami"]}  # fmt: skip


@dataclass
class Firewall:
    """The firewall as a `Desk` knows a registry; tokens and packages are read from its store."""

    served: Served
    made: int = field(default=0)

    @property
    def url(self) -> str:
        return self.served.url

    @property
    def packages(self) -> Mapping[str, PrivatePackage]:
        with open_firewall(Where(folder=self.served.data), _now()) as store:
            every = (store.private.package(name) for name in store.private.names())
            return {each.name: each for each in every if each is not None}

    def token(
        self,
        name: str,
        *rights: Right,
        packages: tuple[str, ...] = (),
        ends: timedelta | None = None,
        revoked: bool = False,
    ) -> str:
        self.made += 1
        text = tokens.spelled(self.made.to_bytes(32, "big"))
        now = _now()
        token = tokens.made(
            text, name, rights=rights or Right, now=now, packages=packages,
            expires_at=None if ends is None else now + ends,
        )  # fmt: skip
        with open_firewall(Where(folder=self.served.data), now) as store:
            store.private.add_token(token)
            if revoked:
                store.private.revoke(token.id, now)
        return text

    def statuses(self, method: str = "PUT") -> list[int]:
        """What such requests were answered with, oldest first; they go on record a moment later."""
        time.sleep(1)
        rows = [json.loads(line) for line in self.served.log("--format", "jsonl").splitlines()]
        return [each["status"] for each in rows if each.get("method") == method]


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - of a real server


@pytest.fixture
def firewall(registry: Registry, tmp_path: Path) -> Iterator[Firewall]:
    with served(registry, tmp_path, POLICY, "--no-anonymous") as made:
        yield Firewall(made)


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, clients: Clients, firewall: Firewall, tmp_path: Path
) -> Desk:
    made = Desk(clients, request.param, cast("PrivateRegistry", firewall), tmp_path / "desk")
    # pnpm 11 and yarn 4 hold back what is younger than a day, one's own packages, too.
    open_settings(made.client.name, made.app)
    made.use(firewall.token("alice"))
    return made


def by_npm(desk: Desk, clients: Clients, arguments: list[str]) -> Ran:
    """What the client has no command for is done with npm, with the same token."""
    return clients.npm12.run(
        arguments, cwd=desk.project, registry=desk.registry.url, home=desk.home,
    )  # fmt: skip


@pytest.mark.parametrize("desk", each_client(always=FAMILIES), indirect=True)
def test_a_package_lives_and_is_unpublished(
    desk: Desk, firewall: Firewall, clients: Clients, registry: Registry
) -> None:
    ok(desk.publish("1.0.0"))
    ok(desk.publish("1.1.0"))
    assert desk.publish("1.1.0").returncode != 0
    ok(desk.install("^1.0.0"))
    assert desk.installed == "1.1.0"

    run = desk.run if desk.kind in {"npm", "pnpm"} else lambda words: by_npm(desk, clients, words)
    ok(run(["deprecate", f"{NAME}@1.0.0", "use 1.1.0"]))
    assert [each.deprecated for each in firewall.packages[NAME].versions] == ["use 1.1.0", ""]
    ok(desk.install("1.0.0"))
    assert desk.installed == "1.0.0"

    ok(run(["unpublish", f"{NAME}@1.1.0"]))
    assert desk.versions == ["1.0.0"]
    forget(desk)
    assert desk.install("1.1.0").returncode != 0
    ok(run(["unpublish", NAME, "--force"]))
    forget(desk)
    assert desk.install("^1.0.0").returncode != 0
    assert desk.publish("1.0.0").returncode != 0
    assert firewall.statuses()[-1] == 409
    assert not registry.asked("@corp*")
    assert not registry.asked("*%40corp*")


def forget(desk: Desk) -> None:
    """Take away what was installed, and every cache."""
    for folder in (desk.app / "node_modules", desk.home):
        shutil.rmtree(folder, ignore_errors=True)
    for lock in (*desk.app.glob("*lock*"), *desk.app.glob(".pnp*")):
        lock.unlink()
    desk.home.mkdir()


CASES: dict[str, tuple[dict[str, Any], int]] = {
    "expired": ({"ends": timedelta(days=-1)}, 401),
    "revoked": ({"revoked": True}, 401),
    "read-only": ({"rights": (Right.READ,)}, 403),
    "other packages": ({"packages": ("@other/*",)}, 403),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("desk", each_client(always=("npm12",)), indirect=True)
def test_a_token_that_may_not_publishes_nothing(desk: Desk, firewall: Firewall, case: str) -> None:
    words, status = CASES[case]
    made = dict(words)
    rights = made.pop("rights", ())
    token = firewall.token("bob", *rights, **made)
    desk.use(token)
    ran = desk.publish("1.0.0")
    assert ran.returncode != 0
    assert token not in ran.stdout + ran.stderr
    assert firewall.packages == {}
    # npm and pnpm 10 look before they publish, and are refused then.
    assert status in firewall.statuses() + firewall.statuses("GET")
    said = ran.stdout + ran.stderr
    assert any(
        each in said for each in (str(status), "authentica", "valid token", "may not publish")
    )


@pytest.mark.parametrize("case", ["expired", "revoked", "other packages"])
@pytest.mark.parametrize("desk", each_client(always=("npm12",)), indirect=True)
def test_a_token_that_may_not_installs_nothing(desk: Desk, firewall: Firewall, case: str) -> None:
    ok(desk.publish("1.0.0"))
    words, status = CASES[case]
    desk.use(firewall.token("bob", **words))
    assert desk.install("1.0.0").returncode != 0
    assert firewall.statuses("GET")[-1] == status
    desk.use(firewall.token("bob", Right.READ, packages=("@corp/*",)))
    ok(desk.install("1.0.0"))


@pytest.mark.parametrize("desk", each_client(always=FAMILIES), indirect=True)
def test_each_client_says_who_it_is(desk: Desk) -> None:
    if desk.kind == "yarn1":
        pytest.skip("yarn 1 has no such command")
    assert "alice" in ok(desk.run(WHOAMI[desk.kind])).stdout


@pytest.mark.parametrize("desk", ["npm10", "npm11", "npm12"], indirect=True)
def test_npm_lists_makes_and_revokes_tokens_and_changes_owners(
    desk: Desk, firewall: Firewall
) -> None:
    ok(desk.publish("1.0.0"))
    other = firewall.token("alice", Right.READ)
    listed = json.loads(ok(desk.run(["token", "list", "--json"])).stdout)
    assert {each["token"] for each in listed} == {desk.token[:8], other[:8]}
    ok(desk.run(["token", "revoke", tokens.id_of(other)]))
    assert len(json.loads(ok(desk.run(["token", "list", "--json"])).stdout)) == 1
    firewall.token("bob")
    ok(desk.run(["owner", "add", "bob", NAME]))
    assert ok(desk.run(["owner", "ls", NAME])).stdout.split() == ["alice", "<>", "bob", "<>"]
    listed = ok(desk.run(["access", "list", "collaborators", NAME])).stdout
    assert listed.splitlines() == ["alice: read-write", "bob: read-write"]
    assert "private" in ok(desk.run(["access", "get", "status", NAME])).stdout
    ok(desk.run(["owner", "rm", "bob", NAME]))
    assert firewall.packages[NAME].owners == ("alice",)


@pytest.mark.parametrize("desk", ["npm12"], indirect=True)
def test_npm_finds_what_is_published(desk: Desk, registry: Registry) -> None:
    ok(desk.publish("1.0.0"))
    registry.publish("other-tool", "1.0.0")
    found = json.loads(ok(desk.run(["search", "tool", "--json"])).stdout)
    assert [(each["name"], each.get("version")) for each in found] == [
        (NAME, "1.0.0"), ("other-tool", "1.0.0"),
    ]  # fmt: skip
    assert NAME in ok(desk.run(["search", "tool"])).stdout
