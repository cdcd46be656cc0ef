"""What the forge mints is what npm's registry serves, by the judgement of others."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.clients import Clients
from tests.forge import FIRST, GITLAB, SECOND, SHAPES, THIRD, Artifact, Build, Forge
from tests.forge.judging import sealed
from tests.forge.node import verified
from tests.forge.shapes import THIRD_BY_KEY

BUILDS = {
    "GitHub": Build(),
    "a tag and an environment": Build(
        ref="refs/tags/v1.0.0", event="release", environment="npm", subject="repo:acme/widget"
    ),
    "a runner of its own": Build(runner="self-hosted", visibility="private"),
    "a fourth attempt": Build(attempt=4),
    "a reusable workflow": Build(
        signer="https://github.com/acme/shared/.github/workflows/publish.yml@refs/tags/v2",
        signer_commit="b" * 40,
    ),
    "GitLab": Build(
        issuer=GITLAB,
        repository="https://gitlab.com/acme/tools/widget",
        workflow=".gitlab-ci.yml",
        runner="gitlab-hosted",
    ),
}
SCOPED = Artifact("@acme/widget", "1.0.0-rc.1", b"scoped")
OLD = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def minted(forge: Forge) -> dict[str, Any]:
    """Every shape with every kind of build, and every shape of a publish attestation."""
    found = {}
    for shape_name, shape in SHAPES.items():
        for name, build in BUILDS.items():
            attestation = forge.provenance(SCOPED, build, shape=shape)
            found[f"provenance, {shape_name} shape, {name}"] = attestation["bundle"]
    by_key = {**SHAPES, "third": THIRD_BY_KEY, "0.3": replace(THIRD_BY_KEY, version="0.3")}
    for name, shape in by_key.items():
        found[f"publish attestation, {name}"] = forge.publish(SCOPED, shape=shape)["bundle"]
    found["publish attestation, by the old key"] = forge.publish(SCOPED, at=OLD)["bundle"]
    return found


@pytest.mark.online
@pytest.mark.parametrize("npm", ["npm10", "npm11", "npm12"])
def test_sigstore_js_verifies_every_shape_under_the_forges_root(clients: Clients, npm: str) -> None:
    forge = Forge()
    bundles = minted(forge)
    said = verified(clients[npm], forge.root(), forge.keys(), list(bundles.values()))
    assert dict(zip(bundles, said, strict=True)) == dict.fromkeys(bundles, "")


@pytest.mark.online
@pytest.mark.shared
def test_sigstore_js_verifies_none_of_it_under_the_real_root(
    clients: Clients, shared: Path
) -> None:
    real = shared / "vectors/provenance/root-signing"
    root = json.loads((real / "trusted_root.json").read_bytes())
    keys = json.loads((real / "npm-keys-tuf.json").read_bytes())
    said = verified(clients.npm12, root, keys, list(minted(Forge()).values()))
    assert all(said)


@pytest.mark.online
def test_sigstore_js_refuses_what_is_changed_afterwards(clients: Clients) -> None:
    forge = Forge()
    bundles = []
    for good in minted(forge).values():
        edited = copy.deepcopy(good)
        entry = edited["verificationMaterial"]["tlogEntries"][0]
        entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)
        bundles.append(edited)
    assert all(verified(clients.npm12, forge.root(), forge.keys(), bundles))


def test_our_own_verifier_agrees() -> None:
    forge = Forge()
    bundles = minted(forge)
    found = sealed(list(bundles.values()), forge.root(), forge.keys())
    refused = {name: one for name, one in zip(bundles, found, strict=True) if isinstance(one, str)}
    assert refused == {}


@pytest.mark.shared
def test_our_own_verifier_takes_none_of_it_under_the_real_root(shared: Path) -> None:
    real = shared / "vectors/provenance/root-signing"
    root = json.loads((real / "trusted_root.json").read_bytes())
    keys = json.loads((real / "npm-keys-tuf.json").read_bytes())
    found = sealed(list(minted(Forge()).values()), root, keys)
    assert all(isinstance(one, str) for one in found)


def test_sigstore_python_verifies_the_shape_that_it_knows(tmp_path: Path) -> None:
    sigstore_models = pytest.importorskip("sigstore.models")
    from sigstore.errors import Error
    from sigstore.verify import Verifier
    from sigstore.verify.policy import UnsafeNoOp

    def verifier(forge: Forge) -> Any:
        path = tmp_path / "root.json"
        path.write_text(json.dumps(forge.root()))
        return Verifier(trusted_root=sigstore_models.TrustedRoot.from_file(str(path)))

    forge = Forge()
    ours, other = verifier(forge), verifier(Forge("another"))
    for build in BUILDS.values():
        text = json.dumps(forge.provenance(SCOPED, build, shape=THIRD)["bundle"])
        bundle = sigstore_models.Bundle.from_json(text)
        _kind, payload = ours.verify_dsse(bundle, UnsafeNoOp())
        assert json.loads(payload)["subject"] == [SCOPED.subject]
        with pytest.raises(Error):
            other.verify_dsse(bundle, UnsafeNoOp())


def test_the_same_seed_gives_the_same_bytes() -> None:
    def answers(seed: str) -> list[Any]:
        forge = Forge(seed)
        return [forge.root(), forge.keys(), *(forge.answer(shape=one) for one in SHAPES.values())]

    assert answers("one") == answers("one")
    assert answers("one") != answers("two")


def test_the_shapes_are_those_that_the_registry_served(shared: Path) -> None:
    real = shared / "vectors/provenance"
    forge = Forge()
    for file, shape in {
        "npm-cli/test__fixtures__sigstore__valid-sigstore-attestations.json": FIRST,
        "slsa-verifier/cli__slsa-verifier__testdata__npm__gha__gundam-visor-cli-v1-tag.tgz.json":
            SECOND,
        "sigstore-dotnet/samples__data__playwright-cli-0.1.1-attestations.json": THIRD,
    }.items():  # fmt: skip
        recorded = json.loads((real / file).read_bytes())["attestations"]
        ours = forge.answer(SCOPED, shape=shape)["attestations"]
        assert _forms(ours) == _forms(recorded), file


def _forms(attestations: list[Any]) -> dict[str, Any]:
    """The members of each bundle, all the way down, without what they hold."""
    return {one["predicateType"]: _form(one["bundle"]) for one in attestations}


def _form(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _form(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_form(value[0])] if value else []
    return type(value).__name__


def test_hundreds_of_bundles_are_minted_in_a_second() -> None:
    forge = Forge()
    begun = time.perf_counter()
    for _ in range(50):
        forge.answer()
    assert 100 / (time.perf_counter() - begun) > 50, "far below what a table of tests needs"
