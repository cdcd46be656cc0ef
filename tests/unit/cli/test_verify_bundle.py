"""`pratique verify-bundle` on every case of sigstore-conformance, by path and by digest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from tests.conftest import ROOT

from pratique.cli import main

IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"
CASES = "vectors/provenance/sigstore-conformance/bundle-verify"
MISSES: frozenset[str] = frozenset()
"""Cases that `verify-bundle` gets wrong, all of them refused though they hold."""
WORST = 136
"""Of 140, at least."""


@dataclass(frozen=True, slots=True)
class Case:
    folder: Path

    @property
    def should_hold(self) -> bool:
        return not self.folder.name.endswith("_fail")

    def _said(self, name: str, otherwise: str) -> str:
        file = self.folder / name
        return file.read_text().strip() if file.exists() else otherwise

    @property
    def artifact(self) -> Path:
        own = self.folder / "artifact"
        return own if own.exists() else self.folder.parent / "a.txt"

    def words(self, *, by_digest: bool) -> Iterator[str]:
        yield from ("verify-bundle", "--bundle", str(self.folder / "bundle.sigstore.json"))
        if (self.folder / "key.pub").exists():
            yield from ("--key", str(self.folder / "key.pub"))
        else:
            yield from ("--certificate-identity", self._said("identity", IDENTITY))
            yield from ("--certificate-oidc-issuer", self._said("issuer", ISSUER))
        if (self.folder / "trusted_root.json").exists():
            yield from ("--trusted-root", str(self.folder / "trusted_root.json"))
        digest = sha256(self.artifact.read_bytes()).hexdigest()
        yield f"sha256:{digest}" if by_digest else str(self.artifact)


def cases() -> list[Case]:
    shared = Path(os.environ.get("PRATIQUE_SHARED", ROOT.parent / "shared"))
    return [Case(each) for each in sorted((shared / CASES).glob("*/"))]


@pytest.mark.parametrize("by_digest", [False, True], ids=["path", "digest"])
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
def test_conformance(
    case: Case, by_digest: bool, capsys: pytest.CaptureFixture[str], shared: Path
) -> None:
    code = main([*case.words(by_digest=by_digest)])
    capsys.readouterr()
    if case.folder.name in MISSES:
        assert case.should_hold, "a miss may only be a refusal"
        assert 0 != code
    else:
        assert case.should_hold == (code == 0)


def test_the_cases_are_all_there_and_the_misses_few(shared: Path) -> None:
    assert 70 == len(cases())
    assert 2 * (70 - len(MISSES)) >= WORST
    assert {case.folder.name for case in cases()} >= MISSES


def happy(name: str = "happy-path-intoto-in-dsse-v3") -> list[str]:
    (case,) = [each for each in cases() if each.folder.name == name]
    return [*case.words(by_digest=False)]


@pytest.mark.parametrize("name", ["happy-path-intoto-in-dsse-v3", "happy-path-v0.3"])
def test_another_artifact_signer_or_issuer_is_refused(
    name: str, tmp_path: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = happy(name)
    assert 0 == main(words)
    other = tmp_path / "other"
    other.write_bytes(b"other")
    assert 1 == main([*words[:-1], str(other)])
    for option in ("--certificate-identity", "--certificate-oidc-issuer"):
        at = words.index(option) + 1
        assert 1 == main([*words[:at], "https://example.org/x", *words[at + 1 :]])
    assert "verified\n" == capsys.readouterr().out


def test_it_must_be_told_who_signed(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = happy()
    at = words.index("--certificate-identity")
    nobody = [*words[:at], *words[at + 4 :]]
    assert 2 == main(nobody)
    assert 2 == main([*words[:at], *words[at + 2 :]])
    assert 2 == main([*words[:3], "--staging", *words[3:]])
    assert "" == capsys.readouterr().out


def test_without_the_extra_a_bundle_that_needs_it_is_no_success(
    shared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sigstore.errors", None)
    assert 0 == main(happy())
    assert 2 == main(happy("happy-path-v0.3"))
    assert "pratique[provenance]" in capsys.readouterr().err
