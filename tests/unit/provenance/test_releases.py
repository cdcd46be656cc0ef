"""Real releases, from their bytes to a verdict: tests/vectors/releases.tsv, told by hand.

An answer is one file, or several with a plus; `#1` is one attestation of a file's list, and a
bundle by itself has the outer type of its own predicate, or is called a provenance.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT
from tests.unit.provenance import vectors

from pratique.model.evidence import SLSA_V1, Attestations
from pratique.model.fact import Missing, Why
from pratique.provenance import keys, root
from pratique.provenance.binding import Expected, bound

TABLE = ROOT / "tests" / "vectors" / "releases.tsv"
INTACT = "slsa-verifier/verifiers__internal__gha__testdata__npm-attestations.intoto.sigstore"
NOT_HERE = Missing(Why.NOT_ASKED, "its bytes are not at hand")


@dataclass(frozen=True, slots=True)
class Release:
    name: str
    version: str
    artifact: str
    attestations: str
    verdict: str
    says: str

    @property
    def title(self) -> str:
        files = [part.rpartition("__")[2] for part in self.attestations.split(" + ")]
        return f"{self.name}@{self.version} {'+'.join(files)}"


def releases() -> list[Release]:
    with TABLE.open(encoding="utf-8") as file:
        lines = [list(each.values()) for each in csv.DictReader(file, delimiter="\t")]
    return [Release(*line[0].rsplit("@", 1), *line[1:]) for line in lines]


def attestations(folder: Path, part: str) -> list[Any]:
    """The attestations of one part of the third column."""
    file, _, number = part.removeprefix("provenance:").partition("#")
    document = json.loads((folder / file).read_bytes())
    if "attestations" in document:
        listed: list[Any] = document["attestations"]
        return [listed[int(number)]] if number else listed
    payload = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
    kind = SLSA_V1 if part.startswith("provenance:") else payload["predicateType"]
    return [{"predicateType": kind, "bundle": document}]


def expected(folder: Path, one: Release) -> Expected:
    """What is known of it from its bytes; of those that are not here, what was first signed."""
    repository: str | Missing = NOT_HERE
    if one.artifact == "-":
        intact = (
            folder
            / "slsa-verifier/verifiers__internal__gha__testdata__npm-attestations.intoto.sigstore"
        )
        bundle = json.loads(intact.read_bytes())["attestations"][0]["bundle"]
        payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        sha512 = payload["subject"][0]["digest"]["sha512"]
    else:
        sha512 = hashlib.sha512((folder / one.artifact).read_bytes()).hexdigest()
        with tarfile.open(folder / one.artifact) as archive:
            manifest = archive.extractfile("package/package.json")
            assert manifest is not None
            repository = json.load(manifest)["repository"]["url"]
    return Expected(
        name=one.name, version=one.version, sha512=sha512, repository=repository,
        claims_provenance=True,
    )  # fmt: skip


def judged(shared: Path, one: Release) -> Attestations:
    folder = vectors.folder(shared)
    listed = [each for part in one.attestations.split(" + ") for each in attestations(folder, part)]
    answer = {"attestations": listed}
    return bound(answer, expected(folder, one), root.shipped(), keys.shipped())


@pytest.mark.shared
@pytest.mark.parametrize("one", releases(), ids=lambda one: one.title)
def test_each_release_has_its_verdict(shared: Path, one: Release) -> None:
    found = judged(shared, one)
    if one.verdict == "verified":
        assert found.refused == ()
        assert found.publish is not None
        assert found.provenance is not None
        assert one.says == f"{found.provenance.repository}@{found.provenance.commit}"
    else:
        rule = one.verdict.removeprefix("refused ")
        assert rule in {each.rule for each in found.refused}, found
        assert (found.publish, found.provenance) == (None, None)
        if one.says == "publish-attestation-missing":
            assert [one.says] == [each.name for each in found.refused]


def test_the_table_has_the_eight_artifacts_and_every_kind_of_fault() -> None:
    found = releases()
    intact = {one.artifact for one in found if one.artifact.startswith("tarballs/")}
    assert len(intact) == 8
    rules = ("crypto", "B1", "B2", "B3", "B4", "B5", "B7", "B8")
    assert {one.verdict for one in found} == {"verified", *(f"refused {one}" for one in rules)}


@pytest.mark.shared
def test_an_old_certificate_leaves_the_manifest_open(shared: Path) -> None:
    """tuf-js moved to another owner: its manifest named the old one, and npm took it then."""
    one = next(each for each in releases() if each.name == "tuf-js")
    found = judged(shared, one)
    assert [each.rule for each in found.open] == ["B11"]
