"""Layers 7 and 8 in `check`, and what the ledger keeps for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.checking import NOW, User, Work, entry, loud, make_user, npm, rules, unknown, work
from tests.forge import Build, Forge
from tests.forge.serving import publish, registry_of
from tests.registry import Registry, Shelved, SigningKey, faults

from pratique.errors import Exit
from pratique.model.report import Report
from pratique.store.pinned import Imported, location, put

__all__ = ["work"]

FORGE = Forge()
DAY = timedelta(days=1)
EVIL = Build(repository="https://github.com/evil/widget", repository_id="66", owner_id="77")


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


def line(registry: Registry, count: int = 4, **details: Any) -> list[Shelved]:
    """Releases of one line, twenty days apart; the last of them a hundred days old."""
    return [
        publish(
            registry, FORGE, "widget", f"1.{number}.0",
            at=NOW - 100 * DAY - 20 * (count - number) * DAY, **details,
        )
        for number in range(count)
    ]  # fmt: skip


def updated(user: User, work: Work, registry: Registry, old: Shelved, new: Shelved) -> Report:
    """A change that updates widget, judged against its base."""
    work.begin(npm({"widget": entry(registry, old)}))
    work.commit(npm({"widget": entry(registry, new)}))
    return user.check(work.folder, base="main")


def test_a_release_that_was_made_as_those_before_it_passes(
    user: User, work: Work, registry: Registry
) -> None:
    *_, old = line(registry)
    new = publish(registry, FORGE, "widget", "1.4.0", at=NOW - 10 * DAY)
    report = updated(user, work, registry, old, new)
    assert (loud(report), report.exit) == ([], Exit.ALLOWED)
    states = {row.name: row.state.value for row in report.layers}
    assert (states["signatures"], states["trust"]) == ("pass", "pass")


def test_without_a_base_and_a_ledger_nothing_is_said_to_be_made_as_before(
    user: User, work: Work, registry: Registry
) -> None:
    *_, last = line(registry)
    work.begin(npm({"widget": entry(registry, last)}))
    states = {row.name: row.state.value for row in user.check(work.folder).layers}
    assert states["trust"] == "not-applicable"


OF_SIGNATURES = {
    f"signatures/{each}"
    for each in ("missing", "invalid", "unknown-key", "outside-window", "uncovered")
}


@pytest.mark.parametrize(("days", "is_old"), [(170, False), (399, False), (402, True)])
def test_a_signature_by_a_key_that_nobody_renewed_for_too_long_is_unknown(
    user: User, work: Work, registry: Registry, days: int, *, is_old: bool
) -> None:
    for part, content in (("keys", FORGE.keys()), ("root", FORGE.root())):
        old = Imported(json.dumps(content).encode(), NOW - days * DAY)
        put(location(user.environment), part, old)
    signed = registry.publish(
        "widget", "1.0.0", published=NOW - 100 * DAY, keys=[SigningKey(FORGE.npm.private)]
    )
    work.write(npm({"widget": entry(registry, signed)}))
    report = user.check(work.folder)
    asked = {rule for rule, _, why in unknown(report) if why == "failed"}
    assert asked & OF_SIGNATURES == (OF_SIGNATURES if is_old else set())
    assert (report.exit is Exit.UNDECIDED) is is_old


def test_a_stolen_token_is_blocked_by_what_is_missing(
    user: User, work: Work, registry: Registry
) -> None:
    """The axios shape: by hand, where a workflow always published."""
    *_, old = line(registry)
    new = registry.publish("widget", "1.4.0", published=NOW - 4 * DAY, user="mallory")
    report = updated(user, work, registry, old, new)
    assert "trust/downgrade" in rules(report)
    assert report.exit is Exit.BLOCKED


def test_valid_provenance_of_another_repository_is_blocked(
    user: User, work: Work, registry: Registry
) -> None:
    *_, old = line(registry)
    new = publish(registry, FORGE, "widget", "1.4.0", at=NOW - 10 * DAY, build=EVIL)
    report = updated(user, work, registry, old, new)
    assert {"signatures/signer-unexpected", "trust/drift-identity"} <= set(rules(report))
    assert report.exit is Exit.BLOCKED


@pytest.mark.parametrize("inside", ["github:evil/widget", None])
def test_the_artifacts_own_manifest_has_to_name_the_source_too(
    user: User, work: Work, registry: Registry, inside: str | None
) -> None:
    *_, old = line(registry)
    other = {"repository": inside}
    new = publish(registry, FORGE, "widget", "1.4.0", at=NOW - 10 * DAY, packed=other)
    report = updated(user, work, registry, old, new)
    assert (rules(report), report.exit) == (["lockfile/manifest-confusion"], Exit.BLOCKED)
    [found] = [each.finding for each in loud(report)]
    assert found.message.endswith(": source")
    assert str(found.evidence[0].text).startswith(f"source: inside {inside or 'nothing'}, stated")


def test_the_attested_time_counts_where_the_packument_is_dated_back(
    user: User, work: Work, registry: Registry
) -> None:
    *_, old = line(registry)
    new = publish(registry, FORGE, "widget", "1.4.0", at=NOW - DAY, published=NOW - 300 * DAY)
    report = updated(user, work, registry, old, new)
    assert "release-age/too-new" in rules(report)
    [found] = [x.finding for x in loud(report) if x.finding.rule == "release-age/too-new"]
    assert "attested" in str(found.evidence)


def test_a_mirror_that_strips_evidence_is_unknown_for_every_release(
    user: User, work: Work, registry: Registry
) -> None:
    shelved = [publish(registry, FORGE, name, "1.0.0") for name in ("widget", "gadget")]
    work.write(npm({each.name: entry(registry, each) for each in shelved}))
    registry.fault(faults.stripped_evidence())
    report = user.check(work.folder)
    states = {row.name: (row.state.value, row.unknown) for row in report.layers}
    assert (states["signatures"], states["trust"]) == (("unknown", 2), ("unknown", 2))
    assert {why for _, _, why in unknown(report)} == {"absent"}
    work.write({"pratique.toml": 'preset = "strict"\n'})
    assert user.check(work.folder).exit is Exit.UNDECIDED


def test_a_registry_that_fails_to_attest_is_undecided(
    user: User, work: Work, registry: Registry
) -> None:
    shelved = publish(registry, FORGE, "widget", "1.0.0")
    work.write(npm({"widget": entry(registry, shelved)}))
    registry.fault(faults.status(500), kind="attestations")
    assert user.check(work.folder).exit is Exit.UNDECIDED


# The ledger


def accepted(user: User, work: Work, registry: Registry, *shelved: Shelved) -> Any:
    """The line of widget after what is locked was accepted, one after the other."""
    for each in shelved:
        work.write(npm({"widget": entry(registry, each)}))
        words = ("accept", f"widget@{each.version}", "--by", "ann", "--why", "looked at")
        done = user.run(*words, cwd=work.folder)
        assert done.returncode == 0, done.stderr
    [_, row] = (work.folder / "pratique.lock").read_text().splitlines()
    return json.loads(row)


def test_the_ledger_keeps_who_made_what_it_accepts(
    user: User, work: Work, registry: Registry
) -> None:
    work.folder.mkdir()
    shelved = line(registry, 7)
    row = accepted(user, work, registry, *shelved)
    assert row["evidence"] == "trusted-publisher verified"
    assert row["signer"] == "https://github.com/acme/widget .github/workflows/release.yml"
    assert [each["version"] for each in row["provenance"]] == [f"1.{n}.0" for n in range(2, 7)]


def test_who_the_ledger_accepts_is_known_and_others_are_not_even_offline(
    user: User, work: Work, registry: Registry
) -> None:
    work.folder.mkdir()
    old, *_ = line(registry, 1)
    accepted(user, work, registry, old)
    for version, build in (("1.1.0", Build()), ("1.2.0", EVIL)):
        publish(registry, FORGE, "widget", version, at=NOW - 10 * DAY, build=build)
    for version, expected in (("1.1.0", False), ("1.2.0", True)):
        work.write(npm({"widget": entry(registry, registry.release("widget", version))}))
        for offline in (False, True):
            found = rules(user.check(work.folder, offline=offline))
            assert ("signatures/signer-unexpected" in found) is expected, (version, offline, found)
            assert "signatures/signer-first-seen" not in found


def test_evidence_that_is_stripped_from_old_releases_is_noticed_by_the_ledger(
    user: User, work: Work, registry: Registry
) -> None:
    """A registry that rewrites its history, so that a release by hand looks like the others."""
    work.folder.mkdir()
    first, second, *_ = line(registry, 3)
    accepted(user, work, registry, first, second)
    for number in range(3):
        metadata = registry.release("widget", f"1.{number}.0").metadata
        metadata["dist"].pop("attestations")
        metadata["_npmUser"] = {"name": "mallory"}
    new = registry.publish("widget", "1.3.0", published=NOW - 10 * DAY, user="mallory")
    work.write(npm({"widget": entry(registry, new)}))
    assert "trust/downgrade" in rules(user.check(work.folder, revalidate=True))


def test_who_accepts_a_release_by_its_name_is_told_what_its_evidence_says_against_it(
    user: User, work: Work, registry: Registry
) -> None:
    work.folder.mkdir()
    shelved, other = (publish(registry, FORGE, name, "1.0.0") for name in ("widget", "gadget"))
    shelved.metadata["dist"]["signatures"] = other.metadata["dist"]["signatures"]
    work.write(npm({"widget": entry(registry, shelved)}))
    words = ("accept", "widget@1.0.0", "--by", "ann", "--why", "looked at")
    done = user.run(*words, cwd=work.folder)
    assert done.returncode == 0, done.stderr
    assert "! its registry signature is invalid" in done.stdout


def test_a_release_whose_attestations_could_not_be_had_is_accepted_by_its_name_alone(
    user: User, work: Work, registry: Registry
) -> None:
    """Else the ledger vouches for it, and nobody asks again who built it."""
    work.folder.mkdir()
    shelved = publish(registry, FORGE, "widget", "1.0.0")
    work.write(npm({"widget": entry(registry, shelved)}))
    registry.fault(faults.status(500), kind="attestations")
    done = user.run("accept", "--all", "--by", "ann", cwd=work.folder)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "its attestations could not be had" in done.stdout + done.stderr
    assert "widget" not in ledger(work)
    words = ("accept", "widget@1.0.0", "--by", "ann", "--why", "looked at")
    done = user.run(*words, cwd=work.folder)
    assert done.returncode == 0, done.stderr
    assert "! its attestations could not be had" in done.stdout


def ledger(work: Work) -> str:
    path = work.folder / "pratique.lock"
    return path.read_text(encoding="utf-8") if path.exists() else ""
