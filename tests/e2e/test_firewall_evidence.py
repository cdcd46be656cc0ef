"""Who made a release, at both doors of the firewall: real clients, and evidence that a forge mints.

The clients' own cooldowns are off: what holds a release back is the firewall.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cryptography import x509
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
from tests.e2e.client_table import MATRIX, of_client
from tests.e2e.serving import Served, served
from tests.forge import Artifact, Build, Forge
from tests.forge.claims import STATEMENT_V01, Document
from tests.forge.five import FIVE
from tests.forge.forge import PUBLISH, REGISTRY, statement
from tests.forge.offer import offer
from tests.forge.serving import artifact_of, publish, registry_of
from tests.registry import Registry, Shelved, SigningKey, faults
from tests.trusting import trust

from pratique.cli import main

pytestmark = pytest.mark.online

NOW = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the firewall has the machine's clock
RECOMMENDED, STRICT = 'preset = "recommended"\n', 'preset = "strict"\n'
HIJACKED, DATED, STEADY = "by-token", "dated-back", "steady-widget"
GOOD, NEW = "1.0.1", "1.0.2"
REFUSED_BY = {
    "provenance signed by an e-mail address": "signatures/signer-unexpected",
    "empty list": "signatures/attestation-missing",
    "provenance without publish attestation": "signatures/publish-attestation-missing",
    "publish attestation without provenance": "signatures/attestation-missing",
    "dist.attestations stripped": "trust/downgrade",
}
"""Answers that npm's client library accepts -> what refuses each here."""
NAMED = {answer: f"answer-{number}" for number, answer in enumerate(FIVE)}
EACH = each_client(always=("npm11", "yarn4"))


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def attested(
    registry: Registry, forge: Forge, name: str, version: str, age: float, **more: Any
) -> Shelved:
    """By a workflow, so many days ago; each has a run of its own."""
    build = Build(run=str(7_000_000_000 - int(age * 100)), commit=f"{int(age * 100):040x}")
    return publish(registry, forge, name, version, at=ago(age), build=build, **more)


def line(registry: Registry, forge: Forge, name: str) -> None:
    """Two releases of a trusted publisher, with provenance."""
    attested(registry, forge, name, "1.0.0", 100)
    attested(registry, forge, name, GOOD, 40)


def by_mail(forge: Forge, artifact: Artifact, at: datetime) -> Document:
    """A publication of this very artifact that a private person signed."""
    said = {"name": artifact.name, "version": artifact.version, "registry": REGISTRY}
    issuer = b"https://github.com/login/oauth"
    leaf = forge.leaf(Build(), at=at, is_old=True).but(
        name=x509.RFC822Name("mallory@mail.example"),
        claims=((1, issuer), (8, b"\x0c" + bytes([len(issuer)]) + issuer)),
    )
    return forge.keyless(statement(STATEMENT_V01, artifact, PUBLISH, said), leaf, at)


def answered(registry: Registry, forge: Forge, answer: str) -> None:
    """A package whose newest release has one of the five answers."""
    name = NAMED[answer]
    line(registry, forge, name)
    shelved = attested(registry, forge, name, NEW, 5)
    artifact = artifact_of(shelved)
    good = offer(forge, artifact, at=ago(5)).but(
        answer=json.dumps({"attestations": shelved.attestations}).encode()
    )
    changed = FIVE[answer](good, by_mail(forge, artifact, ago(5)))
    shelved.attestations = json.loads(changed.answer or b"{}")["attestations"]
    if changed.claims is None:
        del shelved.metadata["dist"]["attestations"]


@dataclass(frozen=True)
class Stage:
    """One upstream with evidence, one that strips it, and the firewalls before them."""

    registry: Registry
    mirror: Registry
    firewall: Served
    ahead: Served
    stripped: Served
    strict: Served


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    forge = Forge()
    file = trust(tmp_path_factory.mktemp("trust") / "trust.json", forge.keys(), forge.root())
    with ExitStack() as stack:
        registry, mirror = (stack.enter_context(registry_of(forge)) for _ in range(2))
        for name in (HIJACKED, DATED, STEADY):
            line(registry, forge, name)
        key = SigningKey(forge.npm.private)
        registry.publish(HIJACKED, NEW, published=ago(5), keys=[key], user="mallory")
        attested(registry, forge, DATED, NEW, 1, published=ago(20))
        attested(registry, forge, STEADY, NEW, 5)
        for answer in FIVE:
            answered(registry, forge, answer)
        line(mirror, forge, STEADY)
        attested(mirror, forge, STEADY, NEW, 20)
        mirror.fault(faults.stripped_evidence())

        def before(upstream: Registry, policy: str, ahead: timedelta = timedelta()) -> Served:
            folder = tmp_path_factory.mktemp("firewall")
            return stack.enter_context(
                served(upstream, folder, policy, "--wait", "60 seconds", ahead=ahead, trusting=file)
            )

        yield Stage(
            registry,
            mirror,
            before(registry, RECOMMENDED),
            before(registry, RECOMMENDED, timedelta(days=2, minutes=10)),
            before(mirror, RECOMMENDED),
            before(mirror, STRICT),
        )


def project(folder: Path, client: str, wanted: dict[str, str]) -> Path:
    folder.mkdir()
    manifest = {"name": "p", "version": "1.0.0", "private": True, "dependencies": wanted}
    installing.write_json(folder / "package.json", manifest)
    open_settings(client, folder)
    return folder


def through(
    clients: Clients, name: str, folder: Path, firewall: Served, *, frozen: bool = False
) -> Ran:
    main(["setup", manager_of(name), "--registry", firewall.url, "--directory", str(folder)])
    client = by_its_files(clients[name])
    return client.run(install(name, frozen=frozen), cwd=folder, registry=NOWHERE)


def installed(folder: Path, *names: str) -> dict[str, str]:
    """Name -> the version that is there; "" where none is."""
    found = {}
    for name in names:
        manifest = folder / "node_modules" / name / "package.json"
        found[name] = json.loads(manifest.read_text())["version"] if manifest.is_file() else ""
    return found


def decisions(firewall: Served, name: str) -> list[dict[str, Any]]:
    """Everything that was decided of a package's artifacts, with all that was found."""
    rows = map(json.loads, firewall.log("--format", "jsonl", "--package", name).splitlines())
    ids = [row["id"] for row in rows if row["type"] == "decision"]
    asked = (urllib3.request("GET", f"{firewall.url}-/pratique/decisions/{each}") for each in ids)
    return [answer.json() for answer in asked]


def refusal(firewall: Served, name: str) -> list[str]:
    """The rules that refuse the newest release's artifact."""
    path = f"{name}/-/{name}-{NEW}.tgz"
    answer = urllib3.request("GET", firewall.url + path, timeout=120, retries=False)
    assert answer.status == 403, answer.data
    return list(answer.json()["rules"])


@pytest.mark.parametrize("name", EACH)
def test_a_release_by_token_in_a_line_of_a_trusted_publisher_is_passed_over(
    name: str, clients: Clients, stage: Stage, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", name, {HIJACKED: "^1.0.0", STEADY: "^1.0.0"})
    ran = through(clients, name, folder, stage.firewall)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert installed(folder, HIJACKED, STEADY) == {HIJACKED: GOOD, STEADY: NEW}


@pytest.mark.parametrize("name", EACH)
def test_a_lockfile_that_pins_it_fails_and_says_why(
    name: str, clients: Clients, stage: Stage, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", name, {HIJACKED: NEW})
    lockfile = installing.install(clients[name], folder, stage.registry)
    installing.forget_installed(folder)
    lockfile.write_text(lockfile.read_text().replace(stage.registry.url, stage.firewall.url))
    ran = through(clients, name, folder, stage.firewall, frozen=True)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert installed(folder, HIJACKED) == {HIJACKED: ""}
    expected = of_client(MATRIX["locked"].says, name)
    said = expected.format(release=f"{HIJACKED}@{NEW}", rule="trust/downgrade")
    assert said.removesuffix(" (decision ") in ran.stdout + ran.stderr
    assert refusal(stage.firewall, HIJACKED)[0] == "trust/downgrade"


@pytest.mark.parametrize("name", EACH)
def test_the_five_answers_that_npms_library_accepts_are_refused(
    name: str, clients: Clients, stage: Stage, tmp_path: Path
) -> None:
    wanted = list(NAMED.values())
    folder = project(tmp_path / "p", name, dict.fromkeys(wanted, "^1.0.0"))
    ran = through(clients, name, folder, stage.firewall)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert installed(folder, *wanted) == dict.fromkeys(wanted, GOOD)


@pytest.mark.parametrize("answer", FIVE)
def test_each_of_the_five_is_refused_by_its_rule(answer: str, stage: Stage) -> None:
    assert REFUSED_BY[answer] in refusal(stage.firewall, NAMED[answer])


@pytest.mark.parametrize("name", EACH)
def test_a_release_that_is_dated_back_matures_by_its_attested_time(
    name: str, clients: Clients, stage: Stage, tmp_path: Path
) -> None:
    for firewall, gets in ((stage.firewall, GOOD), (stage.ahead, NEW)):
        folder = project(tmp_path / gets, name, {DATED: "^1.0.0"})
        ran = through(clients, name, folder, firewall)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert installed(folder, DATED) == {DATED: gets}
    assert refusal(stage.firewall, DATED) == ["release-age/too-new"]


@pytest.mark.parametrize("name", EACH)
def test_a_mirror_that_strips_evidence_is_unknown_and_the_policy_decides(
    name: str, clients: Clients, stage: Stage, tmp_path: Path
) -> None:
    for firewall, gets in ((stage.stripped, NEW), (stage.strict, "")):
        folder = project(tmp_path / f"p{gets}", name, {STEADY: "^1.0.0"})
        ran = through(clients, name, folder, firewall)
        assert (ran.returncode == 0) is bool(gets), ran.stdout + ran.stderr
        assert installed(folder, STEADY) == {STEADY: gets}
    for firewall, verdict in ((stage.stripped, "warn"), (stage.strict, "block")):
        unknown = {
            each["rule"]: each["why"]
            for decided in decisions(firewall, STEADY)
            if decided["verdict"] == verdict
            for each in decided["findings"]
            if "unknown" in each
        }
        assert unknown["signatures/missing"] == "absent", verdict
        assert unknown["trust/downgrade"] == "absent", verdict


def test_pnpm_11_audits_signatures_through_the_firewall(
    clients: Clients, stage: Stage, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", "pnpm11", {STEADY: "^1.0.0", HIJACKED: "^1.0.0"})
    assert through(clients, "pnpm11", folder, stage.firewall).returncode == 0
    stage.registry.forget()
    client = by_its_files(clients["pnpm11"])
    ran = client.run(["audit", "signatures", "--json"], cwd=folder, registry=NOWHERE)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert (told["audited"], told["verified"], told["invalid"], told["missing"]) == (2, 2, [], [])
    assert stage.registry.asked("-/npm/v1/keys")


def test_what_the_endpoints_of_evidence_tell_is_what_may_be_seen(stage: Stage) -> None:
    def asked(path: str) -> int:
        return urllib3.request("GET", stage.firewall.url + path, retries=False, timeout=120).status

    assert asked("-/npm/v1/keys") == 200
    assert asked(f"-/npm/v1/attestations/{STEADY}@{NEW}") == 200
    for hidden in (HIJACKED, DATED, *NAMED.values()):
        assert asked(f"-/npm/v1/attestations/{hidden}@{NEW}") == 404, hidden
