"""The five answers that npm's client library accepts: its acceptance is recorded, and we refuse.

pacote is the one that each pinned npm carries, so exact versions from the configured registry.
Only its download of the trust root is replaced, by a file; all of its verifying is real.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.clients import Clients
from tests.forge import FIRST, WHEN, Artifact, Build, Forge
from tests.forge.claims import STATEMENT_V01
from tests.forge.five import FIVE
from tests.forge.forge import PUBLISH, REGISTRY, statement
from tests.forge.judging import attested, ruled
from tests.forge.node import version_of
from tests.forge.offer import Offer, offer
from tests.forge.recorded import TABLE_FILE, as_text, asked_of_npm

from pratique.model.policy import Verdict

RULES = {
    "provenance signed by an e-mail address": "B8",
    "empty list": "B7",
    "provenance without publish attestation": "B5",
    "publish attestation without provenance": "B7",
}
"""What refuses each; the fifth is refused by history, for its document says nothing."""


def real_offer(shared: Path) -> tuple[Offer, dict[str, Any]]:
    """sigstore 1.0.0 as npm's registry has it, and the bundle that a private person signed."""
    vectors = shared / "vectors/provenance"
    answer = vectors / "npm-cli/test__fixtures__sigstore__valid-sigstore-attestations.json"
    rows = json.loads((vectors / "registry-signatures/extracted.json").read_bytes())
    row = next(one for one in rows if (one["name"], one["version"]) == ("sigstore", "1.0.0"))
    content = (vectors / "tarballs/sigstore-1.0.0.tgz").read_bytes()
    mail = vectors / "sigstore-js/tests__bundles__bundleV03-dsse.sigstore"
    good = Offer(
        artifact=Artifact("sigstore", "1.0.0", content),
        locked=row["integrity"],
        stated=row["integrity"],
        signatures=({"keyid": row["keyid"], "sig": row["sig"]},),
        published=datetime(2023, 2, 9, 17, 56, 4, tzinfo=UTC),
        answer=answer.read_bytes(),
        claims="https://slsa.dev/provenance/v0.2",
        repository="git+https://github.com/sigstore/sigstore-js.git",
        keys=json.loads((vectors / "root-signing/npm-keys-tuf.json").read_bytes()),
        root=json.loads((vectors / "root-signing/trusted_root.json").read_bytes()),
    )
    return good, json.loads(mail.read_bytes())


def forged_offer(forge: Forge) -> tuple[Offer, dict[str, Any]]:
    """A release of the forge's world, and a publish predicate that a private person signed."""
    good = offer(forge)
    said = {"name": "widget", "version": "1.0.0", "registry": REGISTRY}
    made = statement(STATEMENT_V01, Artifact(), PUBLISH, said)
    issuer = b"https://github.com/login/oauth"
    leaf = forge.leaf(Build(), is_old=True).but(
        name=x509.RFC822Name("mallory@mail.example"),
        claims=((1, issuer), (8, b"\x0c" + bytes([len(issuer)]) + issuer)),
    )
    return good, forge.keyless(made, leaf, WHEN)


@pytest.fixture(params=["npm's world", "the forge's world"])
def world(request: pytest.FixtureRequest, shared: Path) -> tuple[Offer, dict[str, Any]]:
    if request.param == "npm's world":
        return real_offer(shared)
    return forged_offer(Forge())


@pytest.mark.online
@pytest.mark.shared
@pytest.mark.parametrize("npm", ["npm11", "npm12"])
def test_npms_client_library_accepts_all_five(
    clients: Clients, npm: str, world: tuple[Offer, dict[str, Any]]
) -> None:
    said = asked_of_npm(clients[npm], [make(*world) for make in FIVE.values()])
    refused = [(name, one) for name, one in zip(FIVE, said, strict=True) if not one["accepted"]]
    assert refused == [], f"pacote {version_of(clients[npm], 'pacote')}"


@pytest.mark.online
@pytest.mark.shared
@pytest.mark.parametrize("npm", ["npm11", "npm12"])
def test_npms_client_library_does_verify(
    clients: Clients, npm: str, world: tuple[Offer, dict[str, Any]]
) -> None:
    """What it accepts above is no accident of how it is driven: it refuses what it looks at."""
    good, _mail = world
    other = replace(good.artifact, content=b"other bytes")
    edited = json.loads(good.answer or b"")
    entry = edited["attestations"][0]["bundle"]["verificationMaterial"]["tlogEntries"][0]
    entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)
    swapped = good.but(artifact=other, stated=other.integrity)
    offers = [good, swapped, good.with_bundles(edited["attestations"])]
    said = asked_of_npm(clients[npm], offers)
    assert [one.get("code") for one in said] == [None, "EINTEGRITYSIGNATURE", "EATTESTATIONVERIFY"]


@pytest.mark.shared
def test_the_untouched_answer_is_verified(world: tuple[Offer, dict[str, Any]]) -> None:
    good, _mail = world
    found = attested(good)
    assert found.refused == ()
    assert found.provenance is not None


@pytest.mark.shared
@pytest.mark.parametrize("name", RULES)
def test_it_is_refused(name: str, world: tuple[Offer, dict[str, Any]]) -> None:
    good, by_mail = world
    found = attested(FIVE[name](good, by_mail))
    assert RULES[name] in {one.rule for one in found.refused}
    assert found.provenance is None
    assert ruled(FIVE[name](good, by_mail)).verdict is Verdict.BLOCK


@pytest.mark.shared
def test_in_every_shape_the_e_mail_signer_is_refused(shared: Path) -> None:
    good, _bundle = real_offer(shared)
    files = sorted((shared / "vectors/provenance/sigstore-js").glob("*.sigstore"))
    assert len(files) == 9
    for path in files:
        found = attested(FIVE["provenance signed by an e-mail address"](
            good, json.loads(path.read_bytes())
        ))  # fmt: skip
        assert "B8" in {one.rule for one in found.refused}, path.name


def test_a_stripped_document_is_a_downgrade_where_others_have_more() -> None:
    forge = Forge()
    good, by_mail = forged_offer(forge)
    before = tuple(
        offer(
            forge, replace(good.artifact, version=f"0.9.{number}", content=b"%d" % number),
            at=WHEN - timedelta(days=60 - number),
        )
        for number in range(2)
    )  # fmt: skip
    mine = replace(good.artifact, version="0.9.9")
    after = offer(forge, mine).but(earlier=before)
    assert ruled(after).verdict is Verdict.ALLOW
    stripped = FIVE["dist.attestations stripped"](after, by_mail)
    assert (ruled(stripped).verdict, ruled(stripped).rules) == (
        Verdict.BLOCK, ("trust/downgrade",)
    )  # fmt: skip


def test_a_mirror_that_strips_every_document_leaves_it_unknown() -> None:
    forge = Forge()
    good, by_mail = forged_offer(forge)
    before = offer(forge, replace(good.artifact, version="0.9.0"), at=WHEN - timedelta(days=60))
    stripped = FIVE["dist.attestations stripped"](good.but(earlier=(before,)), by_mail)
    found = ruled(stripped, carries=False)
    assert "trust/downgrade" in {each.rule for each in found.unknowns}
    assert found.verdict is not Verdict.ALLOW


def test_the_first_shape_has_the_same_five() -> None:
    forge = Forge()
    good = offer(forge, shape=FIRST)
    _same, by_mail = forged_offer(forge)
    for name, rule in RULES.items():
        found = attested(FIVE[name](good, by_mail))
        assert rule in {one.rule for one in found.refused}, name


@pytest.mark.online
def test_npm_says_of_every_negative_what_is_recorded(clients: Clients) -> None:
    """More than the five: what npm does not look at, by name, beside the rule that refuses it."""
    assert as_text(clients.npm12) == TABLE_FILE.read_text(encoding="utf-8")
