"""`pratique verify`: projects, releases and files, real ones and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.conftest import ROOT
from tests.e2e.checking import NOW, User, Work, entry, make_user, npm, work
from tests.forge import Build, Forge
from tests.forge.serving import publish, registry_of
from tests.registry import Fault, Registry, Shelved, faults

from pratique.cli import main
from pratique.store.pinned import Imported, location, put

__all__ = ["work"]

FORGE = Forge()
SCHEMA = json.loads((ROOT / "src/pratique/schemas/verify-v1.schema.json").read_bytes())
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def registry() -> Iterator[Registry]:
    with registry_of(FORGE) as registry:
        yield registry


@pytest.fixture
def user(tmp_path: Path, registry: Registry) -> User:
    user = make_user(tmp_path / "home")
    (user.home / ".npmrc").write_text(f"registry={registry.url}\n")
    for part, content in (("keys", FORGE.keys()), ("root", FORGE.root())):
        put(location(user.environment), part, Imported(json.dumps(content).encode(), NOW))
    return user


@pytest.fixture
def run(
    user: User, work: Work, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """The command line in the project: its exit code, and all that it prints."""
    monkeypatch.delenv("PRATIQUE_CACHE", raising=False)
    for name, value in user.environment.items():
        monkeypatch.setenv(name, value)
    work.folder.mkdir()
    monkeypatch.chdir(work.folder)

    def run(*words: str) -> tuple[int, str]:
        code = main(("verify", *words))
        printed = capfd.readouterr()
        return code, printed.out + printed.err

    return run


def locked(registry: Registry, work: Work, *names: str, **details: Any) -> list[Shelved]:
    shelved = [publish(registry, FORGE, name, "1.0.0", **details) for name in names]
    work.write(npm({each.name: entry(registry, each) for each in shelved}))
    return shelved


def document(told: str) -> Any:
    found = json.loads(told)
    jsonschema.validate(found, SCHEMA)
    return found


def test_a_project_is_verified_and_says_who_built_it(
    run: Run, registry: Registry, work: Work
) -> None:
    locked(registry, work, "widget", "@acme/gadget")
    code, told = run("--width", "120")
    assert code == 0, told
    assert "2 verified (2 with provenance), 0 refused, 0 unknown" in told
    commit = Build().commit
    assert f"source      https://github.com/acme/widget@{commit}" in told
    assert "workflow    .github/workflows/release.yml" in told
    assert "builder     github-hosted" in told
    assert "signer      first-seen" in told
    registry.forget()
    again, offline = run("--offline", "--format", "json")
    assert (again, registry.requests) == (0, [])
    found = document(offline)
    assert [each["outcome"] for each in found["releases"]] == ["verified"] * 2
    assert found["releases"][1]["provenance"]["repository"] == "https://github.com/acme/widget"


@pytest.mark.parametrize(
    ("fault", "kind", "code", "words"),
    [
        (faults.stripped_evidence(), "*", 3, "2 of 2: signature: no document of"),
        (faults.not_found(), "attestations", 1, "B7: there should be attestations"),
        (faults.attested(), "attestations", 1, "B7: the answer holds no attestation"),
        (faults.without_attestation("publish"), "attestations", 1, "B5: there is no attestation"),
        (faults.without_attestation("slsa"), "attestations", 1, "B7: there is no provenance"),
        (faults.status(500), "attestations", 3, "status 500"),
        (faults.status(500), "version", 3, "status 500"),
    ],
)
def test_each_way_to_fail_has_its_exit_and_its_reason(
    run: Run, registry: Registry, work: Work, *, fault: Fault, kind: str, code: int, words: str
) -> None:
    locked(registry, work, "widget", "gadget")
    registry.fault(fault, kind=kind)
    found, told = run("--width", "160")
    assert (found, words in told) == (code, True), told
    assert f"exit {code}" in told


def test_a_lockfile_that_locks_other_bytes_is_refused_by_the_signature(
    run: Run, registry: Registry, work: Work
) -> None:
    [shelved] = locked(registry, work, "widget")
    other = publish(registry, FORGE, "gadget", "1.0.0")
    work.write(npm({"widget": entry(registry, shelved, integrity=other.integrity)}))
    code, told = run("--width", "160")
    assert (code, "R4: signature invalid" in told, "B4: it is about other bytes" in told) == (
        1, True, True,
    )  # fmt: skip


def test_keys_that_are_too_old_verify_nothing_and_still_show_what_was_changed(
    run: Run, registry: Registry, work: Work, user: User
) -> None:
    for part, content in (("keys", FORGE.keys()), ("root", FORGE.root())):
        old = Imported(json.dumps(content).encode(), NOW - timedelta(days=500))
        put(location(user.environment), part, old)
    [shelved] = locked(registry, work, "widget")
    code, told = run("--width", "160")
    assert (code, "signature: the pinned keys and roots are too old" in told) == (3, True), told
    other = publish(registry, FORGE, "gadget", "1.0.0")
    work.write(npm({"widget": entry(registry, shelved, integrity=other.integrity)}))
    code, told = run("--width", "160")
    assert (code, "R4: signature invalid" in told) == (1, True), told


def test_swapped_bundles_are_refused(run: Run, registry: Registry, work: Work) -> None:
    locked(registry, work, "widget", "gadget")
    path = "-/npm/v1/attestations/gadget@1.0.0"
    registry.fault(faults.swapped_bundles(path), package="widget", kind="attestations")
    code, told = run()
    assert (code, "B3: it is about pkg:npm/gadget@1.0.0" in told) == (1, True), told


def test_a_pinned_signer_is_named_and_another_is_refused(
    run: Run, registry: Registry, work: Work
) -> None:
    locked(registry, work, "widget")
    for owner, code, state in (("acme", 0, "pinned"), ("evil", 1, "unexpected")):
        pin = f'{{ package = "widget", repository = "https://github.com/{owner}/widget" }}'
        work.write({"pratique.toml": f"[layers.signatures]\npins = [{pin}]\n"})
        found, told = run()
        assert (found, f"signer      {state}" in told) == (code, True), told


def test_a_signer_is_known_by_the_releases_before(run: Run, registry: Registry) -> None:
    for number in range(3):
        at = NOW - timedelta(days=90 - 20 * number)
        publish(registry, FORGE, "widget", f"1.{number}.0", at=at)
    code, told = run("widget@1.2.0")
    assert (code, "signer      known: 2 earlier releases are by it" in told) == (0, True), told
    stolen = Build(repository="https://github.com/evil/widget", repository_id="66", owner_id="77")
    publish(registry, FORGE, "widget", "1.3.0", at=NOW - timedelta(days=1), build=stolen)
    code, told = run("widget@1.3.0")
    assert (code, "signer      unexpected" in told) == (1, True), told


def test_a_release_is_held_against_the_manifest_among_its_bytes(
    run: Run, registry: Registry
) -> None:
    other = {"repository": {"type": "git", "url": "git+https://github.com/other/source.git"}}
    publish(registry, FORGE, "widget", "1.0.0", manifest=other)
    registry.fault(
        faults.edited(lambda d: d.update(repository={"url": "git+https://github.com/acme/widget"})),
        kind="version",
    )
    code, told = run("widget@1.0.0", "--width", "160")
    assert (code, "B11: the manifest names git+https://github.com/other/source" in told) == (
        1, True,
    ), told  # fmt: skip


def test_each_rule_has_its_word(run: Run, registry: Registry) -> None:
    publish(registry, FORGE, "widget", "1.0.0")
    code, told = run("widget@1.0.0", "--format", "json")
    rules = {each["rule"]: each["verdict"] for each in document(told)["releases"][0]["rules"]}
    assert code == 0
    assert list(rules) == [
        *(f"R{n}" for n in range(1, 7)), "crypto", *(f"B{n}" for n in range(1, 13)),
    ]  # fmt: skip
    assert set(rules.values()) == {"holds"}
    _, told = run("widget@1.0.0", "--explain", "--width", "160")
    assert "B4      holds     The subject's SHA-512 is that of the bytes." in told


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.other_bytes(b"evil"), "served other bytes"),
        (faults.status(404), "status 404"),
    ],
)
def test_a_release_whose_bytes_are_not_what_was_signed_is_not_verified(
    run: Run, registry: Registry, *, fault: Fault, words: str
) -> None:
    publish(registry, FORGE, "widget", "1.0.0")
    registry.fault(fault, kind="tarball")
    code, told = run("widget@1.0.0", "--explain", "--width", "160")
    assert (code, "missing     R2:" in told, words in told) == (3, True, True), told
    assert "R2      open" in told
    assert "B11     open" in told


def test_what_no_registry_has_is_named_and_not_verified(
    run: Run, registry: Registry, work: Work
) -> None:
    """Whoever re-points an entry to a place of their own takes it out of what is signed."""
    shelved = publish(registry, FORGE, "widget", "1.0.0")
    commit = "git+ssh://git@forge.example/evil/left-pad.git#" + "a" * 40
    elsewhere = "https://files.example/tool-1.0.0.tgz"
    entries = {
        "widget": entry(registry, shelved),
        "left-pad": {"version": "1.3.0", "resolved": commit},
        "tool": {"version": "1.0.0", "resolved": elsewhere, "integrity": shelved.integrity},
    }
    work.write(npm(entries))
    code, told = run("--width", "160")
    assert (code, "1 verified" in told) == (3, True), told
    assert "left-pad (git), tool (remote)" in told
    work.write(npm({"left-pad": entries["left-pad"]}))
    assert run()[0] == 3


def test_without_its_bytes_a_manifest_is_not_said_to_name_its_source(
    run: Run, registry: Registry, work: Work
) -> None:
    locked(registry, work, "widget")
    code, told = run("--explain", "--width", "160")
    assert (code, "B11     open" in told, "so its registry says" in told) == (0, True, True), told


def test_a_source_that_nobody_names_cannot_be_the_right_one(
    run: Run, registry: Registry, work: Work
) -> None:
    locked(registry, work, "widget")
    registry.fault(faults.edited(lambda d: d.pop("repository", None)), kind="version")
    code, told = run("--width", "160")
    assert (code, "missing     B11: the manifest among its bytes" in told) == (3, True), told


def test_nothing_to_verify_is_no_success(run: Run, work: Work) -> None:
    work.write({"package.json": '{"name": "shop"}'})
    code, told = run()
    assert (code, "nothing is locked" in told) == (2, True)


def test_what_cannot_be_read_is_not_verified(run: Run, registry: Registry, work: Work) -> None:
    locked(registry, work, "widget")
    work.write({"other/package.json": "{}", "other/package-lock.json": "{"})
    code, told = run()
    assert (code, "could not be read" in told) == (3, True), told


@pytest.mark.parametrize(
    "words",
    [
        ("widget@latest",),
        ("widget@^1.0.0",),
        ("nowhere",),
        ("app.tgz",),
        ("widget@1.0.0", "--identity-repository", "a/b"),
        ("app.tgz", "--attestations", "none.json"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words)[0] == 2


def test_foreign_words_do_not_reach_the_terminal(
    run: Run, registry: Registry, work: Work, tmp_path: Path
) -> None:
    locked(registry, work, "widget")
    hostile = {"attestations": [{"predicateType": "a\x1b[2Jb\u202e", "bundle": {}}]}
    registry.fault(faults.malformed(json.dumps(hostile).encode()), kind="attestations")
    code, told = run()
    assert (code, told.isascii() or "\x1b" not in told) == (1, True)
    assert "\u202e" not in told


# Files


TARBALLS = [
    ("sigstore-1.0.0", "npm-cli/test__fixtures__sigstore__valid-sigstore-attestations.json", 0),
    ("tuf-js-1.0.0", "npm-cli/test__fixtures__sigstore__valid-tuf-js-attestations.json", 0),
    (
        "playwright-cli-0.1.1",
        "sigstore-dotnet/samples__data__playwright-cli-0.1.1-attestations.json",
        0,
    ),
    (
        "playwright-cli-0.1.1",
        "sigstore-dotnet/samples__data__playwright-cli-0.1.1-provenance.sigstore.json",
        1,
    ),
    ("sigstore-1.0.0", "npm-cli/test__fixtures__sigstore__valid-tuf-js-attestations.json", 1),
]


@pytest.mark.shared
@pytest.mark.parametrize(("artifact", "attestations", "code"), TARBALLS)
def test_a_real_file_is_verified_by_what_attests_to_it(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str], *, artifact: str, attestations: str, code: int,
) -> None:  # fmt: skip
    """Under the keys and roots that are shipped, and without a registry."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    folder = shared / "vectors" / "provenance"
    file = folder / "tarballs" / f"{artifact}.tgz"
    words = ("verify", str(file), "--attestations", str(folder / attestations))
    assert main((*words, "--format", "json")) == code
    [found] = document(capfd.readouterr().out)["releases"]
    assert found["outcome"] == ("refused" if code else "verified")
    if code == 0:
        source = found["provenance"]["repository"].removeprefix("https://github.com/")
        assert main((*words, "--identity-repository", source)) == 0
        assert "signer      pinned" in capfd.readouterr().out
        assert main((*words, "--identity-repository", "evil/source")) == 1
