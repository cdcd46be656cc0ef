"""Real clients publish, install, deprecate, tag, own and unpublish private packages, and log in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients import Clients, Ran
from tests.clients.commands import each_client
from tests.e2e.private_registry import PrivateRegistry

from pratique.model.private import Right
from pratique.proxy import private

pytestmark = pytest.mark.online

NAME = "@corp/tool"
PUBLISH = {
    "npm": ["publish"], "pnpm": ["publish", "--no-git-checks"], "yarn4": ["npm", "publish"],
    "yarn1": ["publish", "--non-interactive"], "bun": ["publish"],
}  # fmt: skip
INSTALL = {"npm": ["install"], "pnpm": ["install", "--no-frozen-lockfile"], "yarn1": ["install"],
           "yarn4": ["install", "--no-immutable"], "bun": ["install"]}  # fmt: skip


class Desk:
    """One client with a token, a project to publish and one to install into."""

    def __init__(self, clients: Clients, name: str, registry: PrivateRegistry, place: Path) -> None:
        self.client, self.registry = clients[name], registry
        self.kind = name if name.startswith("yarn") else name.rstrip("0123456789")
        self.home, self.project, self.app = (place / each for each in ("home", "tool", "app"))
        for folder in (self.home, self.project, self.app):
            folder.mkdir(parents=True)

    def use(self, token: str) -> None:
        dart = self.registry.url.removeprefix("http:")
        for folder in (self.project, self.app):
            (folder / ".npmrc").write_text(f"{dart}:_authToken={token}\n")
        self.token = token

    def write(self, version: str) -> None:
        manifest = {"name": NAME, "version": version, "license": "MIT", "main": "index.js"}
        (self.project / "package.json").write_text(json.dumps(manifest))
        (self.project / "index.js").write_text(f"module.exports = '{version}'\n")
        if self.kind == "yarn4":
            (self.project / "yarn.lock").write_text("")

    def run(self, arguments: list[str], folder: Path | None = None) -> Ran:
        environment = {"YARN_NPM_AUTH_TOKEN": self.token, "NPM_CONFIG_TOKEN": self.token,
                       "BUN_CONFIG_TOKEN": self.token,
                       # yarn's own cooldown of a day holds one's own packages, too.
                       "YARN_NPM_MINIMAL_AGE_GATE": "0"}  # fmt: skip
        return self.client.run(
            arguments, cwd=folder or self.project, registry=self.registry.url, home=self.home,
            env=environment,
        )  # fmt: skip

    def publish(self, version: str, *more: str) -> Ran:
        self.write(version)
        if self.kind == "yarn4":
            self.run(["install"])
        with_version = ["--new-version", version] if self.kind == "yarn1" else []
        return self.run([*PUBLISH[self.kind], *with_version, *more])

    def install(self, wanted: str) -> Ran:
        manifest = {"name": "app", "version": "1.0.0", "dependencies": {NAME: wanted}}
        (self.app / "package.json").write_text(json.dumps(manifest))
        if self.kind == "yarn4":
            (self.app / "yarn.lock").write_text("")
        return self.run(INSTALL[self.kind], self.app)

    @property
    def installed(self) -> str:
        found = json.loads((self.app / "node_modules" / NAME / "package.json").read_text())
        return str(found["version"])

    @property
    def versions(self) -> list[str]:
        return [each.version for each in self.registry.packages[NAME].present]


@pytest.fixture
def private_registry() -> Iterator[PrivateRegistry]:
    with PrivateRegistry() as registry:
        yield registry


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, clients: Clients, private_registry: PrivateRegistry,
    tmp_path: Path,
) -> Desk:  # fmt: skip
    made = Desk(clients, request.param, private_registry, tmp_path)
    made.use(private_registry.token("alice"))
    return made


def ok(ran: Ran) -> Ran:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


@pytest.mark.parametrize("desk", each_client(always=("npm12", "yarn4")), indirect=True)
def test_what_is_published_is_installed_and_never_published_twice(desk: Desk) -> None:
    ok(desk.publish("1.0.0"))
    ok(desk.publish("1.1.0", "--tag", "next"))
    package = desk.registry.packages[NAME]
    assert dict(package.tags) == {"latest": "1.0.0", "next": "1.1.0"}
    ok(desk.install("1.0.0"))
    assert desk.installed == "1.0.0"
    ran = desk.publish("1.0.0")
    assert ran.returncode != 0
    assert desk.registry.packages[NAME] == package


@pytest.mark.parametrize("desk", each_client(always=("npm12", "yarn4")), indirect=True)
def test_a_token_for_something_else_publishes_nothing(desk: Desk) -> None:
    for token in (
        desk.registry.token("bob", Right.READ),
        desk.registry.token("bob", packages=("@other/*",)),
        "prt_unknown",
    ):
        desk.use(token)
        ran = desk.publish("1.0.0")
        assert ran.returncode != 0
        assert token not in ran.stdout + ran.stderr
    assert desk.registry.packages == {}


@pytest.mark.parametrize("desk", ["npm10", "npm11", "npm12", "pnpm10", "pnpm11", "pnpm12"],
                         indirect=True)  # fmt: skip
def test_versions_are_deprecated_and_unpublished(desk: Desk) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        ok(desk.publish(version))
    ok(desk.run(["deprecate", f"{NAME}@<1.2.0", "use 1.2.0"]))
    said = {each.version: each.deprecated for each in desk.registry.packages[NAME].versions}
    assert said == {"1.0.0": "use 1.2.0", "1.1.0": "use 1.2.0", "1.2.0": ""}
    ok(desk.run(["deprecate", f"{NAME}@1.1.0", ""] if desk.kind == "npm" or "10" in
                desk.client.name else ["undeprecate", f"{NAME}@1.1.0"]))  # fmt: skip
    assert desk.registry.packages[NAME].versions[1].deprecated == ""
    ok(desk.run(["unpublish", f"{NAME}@1.2.0"]))
    assert desk.versions == ["1.0.0", "1.1.0"]
    assert desk.registry.packages[NAME].tags["latest"] == "1.1.0"
    ok(desk.run(["unpublish", NAME, "--force"]))
    assert desk.versions == []
    assert private.document(desk.registry.packages[NAME], desk.registry.url) is None
    assert desk.publish("1.2.0").returncode != 0


@pytest.mark.parametrize("desk", ["npm10", "npm11", "npm12"], indirect=True)
def test_tags_and_owners_are_changed(desk: Desk) -> None:
    ok(desk.publish("1.0.0"))
    ok(desk.publish("1.1.0"))
    ok(desk.run(["dist-tag", "add", f"{NAME}@1.0.0", "stable"]))
    listed = ok(desk.run(["dist-tag", "ls", NAME])).stdout
    assert listed.splitlines() == ["latest: 1.1.0", "stable: 1.0.0"]
    ok(desk.run(["dist-tag", "rm", NAME, "stable"]))
    assert dict(desk.registry.packages[NAME].tags) == {"latest": "1.1.0"}

    desk.registry.token("bob")
    ok(desk.run(["owner", "add", "bob", NAME]))
    assert desk.registry.packages[NAME].owners == ("alice", "bob")
    assert desk.run(["owner", "add", "nobody", NAME]).returncode != 0
    ok(desk.run(["owner", "rm", "alice", NAME]))
    ran = desk.publish("1.2.0")
    assert ran.returncode != 0
    assert "not an owner" in ran.stderr


@pytest.mark.parametrize("desk", ["yarn1", "yarn4"], indirect=True)
def test_yarn_changes_tags(desk: Desk) -> None:
    ok(desk.publish("1.0.0"))
    command = ["tag"] if desk.kind == "yarn1" else ["npm", "tag"]
    ok(desk.run([*command, "add", f"{NAME}@1.0.0", "stable"]))
    assert desk.registry.packages[NAME].tags["stable"] == "1.0.0"
    ok(desk.run([*command, "remove", NAME, "stable"]))
    assert dict(desk.registry.packages[NAME].tags) == {"latest": "1.0.0"}


@pytest.mark.parametrize("desk", ["npm10", "npm11", "npm12"], indirect=True)
def test_npm_knows_who_it_is_and_manages_tokens(desk: Desk) -> None:
    assert ok(desk.run(["whoami"])).stdout.strip() == "alice"
    assert "alice" in ok(desk.run(["profile", "get"])).stdout
    listed = json.loads(ok(desk.run(["token", "list", "--json"])).stdout)
    assert [each["token"] for each in listed] == [desk.token[:8]]
    other = desk.registry.token("alice")
    ok(desk.run(["token", "revoke", other]))
    assert len(desk.registry.tokens) == 1
    ok(desk.run(["logout"]))
    assert desk.registry.tokens == {}
    assert desk.run(["whoami"]).returncode != 0


@pytest.mark.parametrize("desk", ["npm12"], indirect=True)
def test_npm_makes_a_token_from_a_token(desk: Desk) -> None:
    words = ["token", "create", "--name", "ci", "--password", desk.token, "--packages", NAME,
             "--packages-and-scopes-permission", "read-only", "--json"]  # fmt: skip
    made = json.loads(ok(desk.run(words)).stdout)
    found = next(each for each in desk.registry.tokens.values() if each.id == made["id"])
    assert (found.rights, found.packages) == (frozenset({Right.READ}), (NAME,))
    assert made["token"].startswith("prt_")


@pytest.mark.parametrize("desk", ["yarn1"], indirect=True)
def test_basic_authentication_carries_a_token(desk: Desk) -> None:
    pair = base64.b64encode(f"alice:{desk.token}".encode()).decode()
    dart = desk.registry.url.removeprefix("http:")
    (desk.app / ".npmrc").write_text(f"{dart}:_auth={pair}\n{dart}:always-auth=true\n")
    ok(desk.publish("1.0.0"))
    ok(desk.install("^1.0.0"))
    assert desk.installed == "1.0.0"
