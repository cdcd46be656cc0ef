"""The test registry serves the forge's evidence, and loses or swaps it on demand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from tests.clients import Clients
from tests.forge import Forge
from tests.forge.node import Audited, audited
from tests.forge.serving import publish, registry_of
from tests.registry import Registry, faults

ENDPOINT = "-/npm/v1/attestations/"


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def registry(forge: Forge) -> Iterator[Registry]:
    with registry_of(forge) as registry:
        publish(registry, forge, "widget", "1.0.0")
        publish(registry, forge, "@acme/gadget", "2.0.0")
        yield registry


def asked(registry: Registry, path: str) -> Any:
    answer = urllib3.request("GET", registry.url + path, retries=False)
    return answer.json() if answer.status == 200 else answer.status


def test_a_release_has_everything_that_npms_registry_gives(registry: Registry) -> None:
    document = asked(registry, "widget")["versions"]["1.0.0"]
    assert document["_npmUser"]["trustedPublisher"]["id"] == "github"
    assert document["dist"]["attestations"] == {
        "url": f"{registry.url}{ENDPOINT}widget@1.0.0",
        "provenance": {"predicateType": "https://slsa.dev/provenance/v1"},
    }
    keys = asked(registry, "-/npm/v1/keys")["keys"]
    assert {one["keyid"] for one in document["dist"]["signatures"]} <= {
        one["keyid"] for one in keys
    }
    assert [one["expires"] for one in keys] == [None, "2025-01-29T00:00:00.000Z"]
    assert len(asked(registry, f"{ENDPOINT}@acme%2fgadget@2.0.0")["attestations"]) == 2
    assert asked(registry, f"{ENDPOINT}widget@9.9.9") == 404


def test_a_release_says_who_published_approved_and_maintains_it(registry: Registry) -> None:
    registry.publish(
        "tool", "1.0.0", user="ann", approver="bob", maintainers=["ann", "bob"],
        trusted_publisher={"id": "gitlab", "oidcConfigId": "oidc:1"},
    )  # fmt: skip
    document = asked(registry, "tool")["versions"]["1.0.0"]
    assert document["_npmUser"]["approver"]["name"] == "bob"
    assert document["_npmUser"]["trustedPublisher"]["id"] == "gitlab"
    assert [one["name"] for one in document["maintainers"]] == ["ann", "bob"]


def test_a_mirror_strips_all_of_it(registry: Registry) -> None:
    registry.fault(faults.stripped_evidence())
    document = asked(registry, "widget")["versions"]["1.0.0"]
    assert not {"signatures", "attestations"} & document["dist"].keys()
    assert "_npmUser" not in document
    assert asked(registry, "-/npm/v1/keys") == 404
    assert asked(registry, f"{ENDPOINT}widget@1.0.0") == 404


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.not_found(), 404),
        (faults.status(500), 500),
        (faults.attested(), {"attestations": []}),
    ],
)
def test_the_endpoint_fails_or_has_nothing(registry: Registry, fault: Any, expected: Any) -> None:
    registry.fault(fault, kind="attestations")
    assert asked(registry, f"{ENDPOINT}widget@1.0.0") == expected


def test_bundles_are_another_releases(registry: Registry) -> None:
    mine, other = f"{ENDPOINT}widget@1.0.0", f"{ENDPOINT}@acme%2fgadget@2.0.0"
    right, wrong = asked(registry, mine), asked(registry, other)
    registry.fault(faults.swapped_bundles(other), package="widget")
    assert asked(registry, mine) == wrong != right
    registry.heal()
    registry.fault(faults.without_attestation("slsa.dev"), package="widget")
    assert [one["predicateType"].rpartition("/specs/")[2] for one in
            asked(registry, mine)["attestations"]] == ["publish/v0.1"]  # fmt: skip


@pytest.mark.online
@pytest.mark.parametrize("npm", ["npm10", "npm11", "npm12"])
def test_npms_own_library_takes_what_the_registry_serves(
    clients: Clients, npm: str, registry: Registry, forge: Forge
) -> None:
    specs = ("widget@1.0.0", "@acme/gadget@2.0.0")
    for world in (forge, Forge("other")):
        root = world.root()
        said = audited(
            clients[npm], [Audited(registry.url, spec, root, forge.keys()) for spec in specs]
        )
        if world is forge:
            assert [one["accepted"] for one in said] == [True, True], said
        else:
            assert [one["code"] for one in said] == ["EATTESTATIONVERIFY"] * 2
