"""`pratique verify-bundle` on every case of sigstore-conformance, by path and by digest."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.conformance import WAYS, Case, cases

from pratique.cli import main
from pratique.provenance import root
from pratique.store.pinned import Imported, put

MISSES: frozenset[str] = frozenset()
"""Cases that `verify-bundle` gets wrong, all of them refused though they hold."""
WORST = 136
"""Of 140, at least."""


@pytest.mark.parametrize("by_digest", WAYS, ids=["path", "digest"])
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
    monkeypatch.setitem(sys.modules, "sigstore.errors", None)
    assert 0 == main(happy())
    assert 2 == main(happy("happy-path-v0.3"))
    assert "pratique[provenance]" in capsys.readouterr().err


def test_a_root_that_is_too_old_decides_nothing(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "trust.json"
    monkeypatch.setenv("PRATIQUE_TRUST", str(place))
    for days, code in ((399, 0), (402, 3)):
        at = datetime.now(UTC) - timedelta(days=days)  # noqa: TID251 - its age is what counts
        put(place, "root", Imported(root.shipped().source, at))
        assert code == main(happy())
    assert "too old" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["happy-path-v0.3", "rekor2-happy-path"])
def test_nothing_is_asked_of_the_network_and_nothing_written(
    name: str,
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    for each in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(each, str(tmp_path))
    assert 0 == main(happy(name))
    assert "verified" in capsys.readouterr().out
    assert [] == list(tmp_path.iterdir())
