from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.provenance import vectors
from tests.unit.provenance.vectors import Row

from pratique.model.evidence import Certified, Key


@pytest.mark.parametrize("row", vectors.rows(), ids=lambda row: row.name)
def test_each_recorded_bundle_has_its_verdict(shared: Path, row: Row) -> None:
    expected = None if row.is_accepted else row.rule
    assert expected == vectors.refusal(vectors.stated(shared, row))


def test_the_table_is_of_all_bundles_and_71_of_them_hold() -> None:
    verdicts = [row.is_accepted for row in vectors.rows()]
    assert (103, 71) == (len(verdicts), sum(verdicts))


def test_every_shape_that_npm_has_served_is_among_the_accepted(shared: Path) -> None:
    found = set()
    for row in vectors.rows():
        if row.is_accepted:
            sealed = vectors.verified(vectors.stated(shared, row))
            signer = "key" if isinstance(sealed.signer, Key) else "certificate"
            version = sealed.media_type.replace(".v0.3+json", "=0.3")[-3:]
            found.add((version, signer, sealed.logged.kind, sealed.logged.has_proof))
    assert found >= {
        ("0.1", "certificate", "intoto/0.0.2", False),
        ("0.1", "key", "intoto/0.0.2", False),
        ("0.2", "certificate", "intoto/0.0.2", True),
        ("0.2", "key", "intoto/0.0.2", True),
        ("0.2", "key", "dsse/0.0.1", True),
        ("0.3", "certificate", "dsse/0.0.1", True),
        ("0.3", "certificate", "intoto/0.0.2", True),
        ("0.1", "certificate", "dsse/0.0.1", False),
    }


NEW = "sigstore-dotnet/samples__data__playwright-cli-0.1.1-provenance.sigstore.json"
OLD = "npm-cli/test__fixtures__sigstore__valid-sigstore-attestations.json"
REUSED = "slsa-verifier/cli__slsa-verifier__testdata__npm__gha__provenance-npm-test-ossf.tgz.json"
PRIVATE = "sigstore-js/tests__bundles__bundleV03-dsse.sigstore"


def signer(shared: Path, file: str, number: int = 0) -> Certified:
    found = vectors.verified(vectors.stated(shared, Row(file, number, True, ""))).signer
    assert isinstance(found, Certified)
    return found


def test_a_new_certificate_says_all_of_the_build(shared: Path) -> None:
    found = signer(shared, NEW)
    source = "https://github.com/microsoft/playwright-cli"
    workflow = f"{source}/.github/workflows/publish.yml@refs/tags/v0.1.1"
    assert (workflow, "uri") == (found.identity, found.identity_kind)
    assert "https://token.actions.githubusercontent.com" == found.issuer
    assert (source, "273562379", "6154722") == (
        found.repository,
        found.repository_id,
        found.owner_id,
    )
    assert ("refs/tags/v0.1.1", "d1c6d1113932ddcee243e8b111b6d4aea553df20") == (
        found.ref,
        found.commit,
    )
    assert (workflow, found.commit) == (found.signer_uri, found.signer_digest)
    assert (workflow, found.commit) == (found.config_uri, found.config_digest)
    assert ("release", "github-hosted", "public") == (found.trigger, found.runner, found.visibility)
    assert f"{source}/actions/runs/22026075834/attempts/1" == found.run
    assert not found.is_old


def test_an_old_certificate_leaves_out_what_it_does_not_carry(shared: Path) -> None:
    found = signer(shared, OLD)
    assert found.is_old
    assert "https://github.com/sigstore/sigstore-js" == found.repository
    assert ("release", "refs/tags/v1.0.0") == (found.trigger, found.ref)
    assert "06528997c3c8ab9f864fad9a3658446aca7fd86d" == found.commit
    assert [None] * 4 == [found.repository_id, found.runner, found.run, found.config_uri]


def test_a_reused_workflow_is_not_the_source(shared: Path) -> None:
    found = signer(shared, REUSED, 1)
    assert "slsa-github-generator" in found.identity
    assert found.repository
    assert "slsa-github-generator" not in found.repository


def test_a_private_person_is_an_email_and_not_a_workflow(shared: Path) -> None:
    found = signer(shared, PRIVATE)
    assert "email" == found.identity_kind
    assert found.repository is None
