"""`check --attest` and `verify`: what a run came to, signed, and what that is worth later."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.e2e.checking import LOCK, POLICY, User, Work, days_ago, entry, npm, user, work
from tests.registry import Registry

from pratique.check import check
from pratique.cli import main
from pratique.provenance.dsse import PrivateKey

__all__ = ["user", "work"]

Run = Callable[..., tuple[int, str]]
OLD, YOUNG = days_ago(2000), days_ago(-1)
QUIET = 'preset = "lenient"\n'
STRICT = '[layers.release-age]\ncooldown = "3 days"\n'


@pytest.fixture
def run(
    user: User, work: Work, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """The command line in the project; its exit code, and what it says on standard error."""
    for name, value in user.environment.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> tuple[int, str]:
        code = main(words)
        printed = capfd.readouterr()
        return code, printed.err + printed.out

    work.folder.mkdir()
    monkeypatch.chdir(work.folder)
    return run


@pytest.fixture(params=["P-256", "Ed25519"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    is_curve = request.param == "P-256"
    curve = ec.generate_private_key(ec.SECP256R1())
    return written(curve if is_curve else ed25519.Ed25519PrivateKey.generate(), tmp_path, "signer")


@pytest.fixture
def signer(tmp_path: Path) -> tuple[Path, Path]:
    return written(ed25519.Ed25519PrivateKey.generate(), tmp_path, "signer")


def written(key: PrivateKey, folder: Path, name: str) -> tuple[Path, Path]:
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    text = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public.write_bytes(text)
    return private, public


def locked(registry: Registry, work: Work, policy: str = QUIET, **release: Any) -> None:
    """A project that locks one release of a package that is old unless `release` says otherwise."""
    good = registry.publish("good", "1.0.0", **{"published": OLD, **release})
    work.write({**npm({"good": entry(registry, good)}), POLICY: policy})


def predicate(file: Path) -> Any:
    return json.loads(base64.b64decode(json.loads(file.read_bytes())["payload"]))["predicate"]


def verified(run: Run, public: Path, *more: str, file: str = "pratique.vsa") -> tuple[int, str]:
    return run("verify", file, "--key", str(public), "--lockfile", LOCK, *more)


def test_a_run_that_passes_is_attested_and_verifies_under_its_key_alone(
    run: Run, registry: Registry, work: Work, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    locked(registry, work)
    code, said = run("check", "--attest", str(keys[0]))
    assert (0, True) == (code, "attested PASSED" in said), said
    code, said = verified(run, keys[1], "--policy", POLICY)
    assert (0, True) == (code, said.startswith("PASSED, verdict ")), said
    assert "urn:pratique:project:shop" in said
    other = written(ec.generate_private_key(ec.SECP256R1()), tmp_path, "other")
    code, said = verified(run, other[1])
    assert (1, True) == (code, "refused by signature" in said)


def test_a_lockfile_or_a_policy_that_changed_since_is_refused(
    run: Run, registry: Registry, work: Work, signer: tuple[Path, Path]
) -> None:
    locked(registry, work)
    run("check", "--attest", str(signer[0]))
    lockfile, policy = work.folder / LOCK, work.folder / POLICY
    lockfile.write_bytes(lockfile.read_bytes() + b"\n")
    code, said = verified(run, signer[1])
    assert (1, True) == (code, "refused by lockfile" in said)
    lockfile.write_bytes(lockfile.read_bytes()[:-1])
    policy.write_text(f"# the same policy, otherwise spelled\n{QUIET}")
    assert 0 == verified(run, signer[1], "--policy", POLICY)[0]
    policy.write_text(QUIET + '[rules]\n"release-age/too-new" = "block"\n')
    assert 0 == verified(run, signer[1])[0]
    code, said = verified(run, signer[1], "--policy", POLICY)
    assert (1, True) == (code, "refused by policy" in said)


def test_a_blocked_run_is_attested_as_failed(
    run: Run, registry: Registry, work: Work, signer: tuple[Path, Path]
) -> None:
    locked(registry, work, STRICT, published=YOUNG)
    target = work.folder / "out.vsa"
    code, said = run("check", "--attest", str(signer[0]), "--attest-to", str(target))
    assert (1, True) == (code, "attested FAILED (blocked)" in said), said
    stated = predicate(target)
    assert ("FAILED", ["FAILED"]) == (stated["verificationResult"], stated["verifiedLevels"])
    code, said = verified(run, signer[1], file="out.vsa")
    assert (1, True) == (code, "FAILED (blocked)" in said)


def test_an_undecided_run_never_passes_and_takes_an_earlier_pass_away(
    run: Run, user: User, registry: Registry, work: Work, signer: tuple[Path, Path]
) -> None:
    locked(registry, work)
    run("check", "--attest", str(signer[0]))
    assert "PASSED" == predicate(work.folder / "pratique.vsa")["verificationResult"]
    (work.folder / POLICY).write_text('preset = "strict"\n')
    shutil.rmtree(user.home / "cache")
    words = ("check", "--offline", "--attest", str(signer[0]))
    code, said = run(*words)
    assert 3 == code, said
    assert "FAILED" == predicate(work.folder / "pratique.vsa")["verificationResult"]
    code, said = verified(run, signer[1])
    assert (3, True) == (code, "FAILED (undecided)" in said)


@pytest.mark.parametrize("words", [("--layer", "lockfile"), ("--base", "main")])
def test_of_a_part_nothing_is_attested_and_an_earlier_pass_goes(
    run: Run, registry: Registry, work: Work, signer: tuple[Path, Path], words: tuple[str, ...]
) -> None:
    locked(registry, work)
    run("check", "--attest", str(signer[0]))
    code, said = run("check", *words, "--attest", str(signer[0]))
    assert (2, True) == (code, f"cannot be with {words[0]}" in said)
    assert not (work.folder / "pratique.vsa").exists()


def test_a_run_that_breaks_off_leaves_no_earlier_pass(
    run: Run, registry: Registry, work: Work, signer: tuple[Path, Path]
) -> None:
    locked(registry, work)
    run("check", "--attest", str(signer[0]))
    (work.folder / POLICY).write_text("preset = 7\n")
    assert 2 == run("check", "--attest", str(signer[0]))[0]
    assert not (work.folder / "pratique.vsa").exists()


def test_without_a_lockfile_nothing_is_attested_and_the_exit_is_not_0(
    run: Run, work: Work, signer: tuple[Path, Path]
) -> None:
    work.write({"package.json": '{"name": "shop"}\n', POLICY: QUIET})
    code, said = run("check", "--attest", str(signer[0]))
    assert (3, True) == (code, "nothing is attested" in said), said
    assert not (work.folder / "pratique.vsa").exists()


def test_what_is_attested_are_the_bytes_that_were_judged(
    run: Run,
    registry: Registry,
    work: Work,
    signer: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    locked(registry, work)

    def swapped(*words: Any, **options: Any) -> Any:
        report = check(*words, **options)
        (work.folder / LOCK).write_text("{}")
        return report

    monkeypatch.setattr("pratique.cli.check.check", swapped)
    run("check", "--attest", str(signer[0]))
    code, said = verified(run, signer[1])
    assert (1, True) == (code, "refused by lockfile" in said)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_key_that_others_may_use_signs_nothing(
    run: Run, registry: Registry, work: Work, signer: tuple[Path, Path], mode: int
) -> None:
    locked(registry, work)
    signer[0].chmod(mode)
    code, said = run("check", "--attest", str(signer[0]))
    assert (2, True) == (code, "chmod 600" in said)
    assert not (work.folder / "pratique.vsa").exists()


def test_a_key_that_is_none_is_refused_and_never_made_up(
    run: Run, registry: Registry, work: Work, signer: tuple[Path, Path], tmp_path: Path
) -> None:
    locked(registry, work)
    for bad in (signer[1], tmp_path / "none.pem", tmp_path):
        bad.chmod(0o600) if bad == signer[1] else None
        assert 2 == run("check", "--attest", str(bad))[0]
    assert not (tmp_path / "none.pem").exists()
    assert 2 == run("check", "--attest-to", "x.vsa")[0]
    assert 2 == verified(run, signer[0], file=str(signer[0]))[0]


def test_a_file_that_is_no_attestation_is_not_overwritten(
    run: Run, registry: Registry, work: Work, signer: tuple[Path, Path]
) -> None:
    locked(registry, work)
    before = (work.folder / LOCK).read_bytes()
    code, said = run("check", "--attest", str(signer[0]), "--attest-to", LOCK)
    assert (2, True) == (code, "is no attestation" in said)
    assert before == (work.folder / LOCK).read_bytes()


def test_what_a_vsa_says_cannot_move_the_cursor(
    run: Run, registry: Registry, work: Work, signer: tuple[Path, Path]
) -> None:
    locked(registry, work)
    run("check", "--attest", str(signer[0]))
    file = work.folder / "pratique.vsa"
    envelope = json.loads(file.read_bytes())
    envelope["payloadType"] = "\x1b[2J\u202e"
    file.write_text(json.dumps(envelope))
    code, said = verified(run, signer[1])
    assert (1, False) == (code, "\x1b" in said or "\u202e" in said)


def test_who_signed_and_which_lockfile_have_to_be_said(run: Run, signer: tuple[Path, Path]) -> None:
    assert 2 == run("verify", "x.vsa", "--key", str(signer[1]))[0]
    assert 2 == run("verify", "x.vsa", "--lockfile", LOCK)[0]
    assert 2 == verified(run, signer[1], file="none.vsa")[0]


def test_options_of_a_vsa_are_refused_for_anything_else(
    run: Run, signer: tuple[Path, Path]
) -> None:
    for words in (("--key", str(signer[1])), ("--lockfile", LOCK)):
        code, said = run("verify", ".", *words)
        assert (2, True) == (code, "are for what `check --attest` signed" in said)
    for more in ("--format json", "--explain", "--output x", "--offline"):
        code, said = verified(run, signer[1], *more.split())
        assert (2, True) == (code, "and no other option" in said)
