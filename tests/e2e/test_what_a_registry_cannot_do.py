"""A registry that lies, breaks or is silent: nothing passes because of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.checking import (
    NOW,
    POLICY,
    User,
    Work,
    action,
    days_ago,
    entry,
    loud,
    npm,
    rules,
    undecided,
    user,
    work,
)
from tests.registry import Fault, Registry, faults

from pratique.errors import Exit
from pratique.layers import behavior
from pratique.model.fact import PUBLISHED
from pratique.model.policy import Action, Verdict

__all__ = ["user", "work"]

BEHAVIOR = {(rule.id, "bad@1.0.0", "failed") for rule in behavior.LAYER.rules}
"""Without a document there is no address of an artifact."""
BAD, GOOD = "bad@1.0.0", "good@1.0.0"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def project(registry: Registry, work: Work) -> Path:
    """A project that locks one release each of `good` and `bad`; `bad` is published twice."""
    good = registry.publish("good", "1.0.0")
    bad = registry.publish("bad", "1.0.0", published=days_ago(2000))
    registry.publish("bad", "1.1.0", published=days_ago(1000))
    registry.publish("worse", "1.0.0", scripts={"install": "node worse.js"})
    work.write(npm({"good": entry(registry, good), "bad": entry(registry, bad)}))
    return work.folder


def of_version(name: str, version: str) -> Fault:
    return faults.instead(f"{name}/{version}")


# name -> (fault on the document of the release, why it is not believed)
DOCUMENTS: Mapping[str, tuple[Fault, str]] = {
    "another package's document": (of_version("worse", "1.0.0"), "another release"),
    "another version's document": (of_version("bad", "1.1.0"), "another release"),
    "the packument in its place": (faults.instead("bad"), "no document of a release"),
    "a tarball in its place": (faults.instead("bad/-/bad-1.0.0.tgz"), "no document of a release"),
    "malformed": (faults.malformed(), "no document of a release"),
    "empty": (faults.malformed(b""), "no document of a release"),
    "nested without end": (faults.malformed(b"[" * 100_000), "no document of a release"),
    "not in UTF-8": (faults.malformed(b'{"name": "\xff"}'), "no document of a release"),
    "truncated": (faults.truncated(), "broke off"),
    "an answer of 503": (faults.status(503), "status 503"),
    "an answer of 500": (faults.status(500), "status 500"),
    "unauthorized": (faults.status(401), "wants a credential"),
    "forbidden": (faults.status(403), "refuses"),
    "a page of 200 for a missing one": (faults.malformed(b"<html>"), "no document of a release"),
    "huge": (faults.huge(600 * 1024 * 1024), "larger than"),
    "a gzip bomb": (faults.gzip_bomb(64 * 1024 * 1024), "larger than"),
    "a redirect loop": (faults.redirect_to_itself(), "redirect"),
    "a redirect to a file": (faults.redirect("file:///etc/passwd"), "redirect"),
    "no tarball": (
        faults.edited(lambda document: document["dist"].pop("tarball")),
        "no document of a release",
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_cannot_be_believed_leaves_that_release_undecided_and_no_other(
    name: str, registry: Registry, project: Path, user: User
) -> None:
    fault, words = DOCUMENTS[name]
    registry.fault(fault, package="bad", kind="version")
    report = user.check(project)
    assert loud(report) == []
    assert undecided(report) == {
        ("lockfile/not-bound", BAD, "failed"),
        ("lockfile/digest-mismatch", BAD, "failed"),
        ("lockfile/absent-upstream", BAD, "failed"),
        ("lockfile/unbound-digest", BAD, "failed"),
        ("lockfile/manifest-confusion", BAD, "failed"),
        ("build-scripts/undecided", BAD, "failed"),
        ("build-scripts/unstated", BAD, "failed"),
        ("build-scripts/flag-differs", BAD, "failed"),
        ("registry/exotic-dependency", BAD, "failed"),
        *BEHAVIOR,
    }
    assert {words in each.missing.detail for each in report.unknowns} == {True}
    assert report.exit is Exit.UNDECIDED
    assert report.verdict >= Verdict.QUARANTINE


def test_what_failed_is_not_kept(registry: Registry, project: Path, user: User) -> None:
    registry.fault(faults.malformed(), package="bad", kind="version")
    assert user.check(project).exit is Exit.UNDECIDED
    registry.heal()
    registry.forget()
    assert user.check(project).exit is Exit.ALLOWED
    asked = [one.path for one in registry.requests]
    assert asked == ["/bad/1.0.0", "/bad/-/bad-1.0.0.tgz"]


def test_one_blanked_packument_blanks_the_age_of_one_package(
    registry: Registry, project: Path, user: User
) -> None:
    registry.fault(faults.malformed(), package="bad", kind="packument")
    report = user.check(project)
    assert undecided(report) == {("release-age/too-new", BAD, "failed")}
    assert report.exit is Exit.UNDECIDED


TIMES: Mapping[str, Fault] = {
    "in the future": faults.times(lambda _text: (NOW + timedelta(days=1)).isoformat()),
    "of no known form": faults.times(lambda _text: "yesterday"),
    "without a zone": faults.times(lambda text: text.rstrip("Z")),
    "numbers": faults.times(lambda _text: 1),
    "a year that does not exist": faults.times(lambda text: "99999" + text[4:]),
    "of another package": faults.instead("worse"),
}


@pytest.mark.parametrize("name", TIMES)
def test_times_that_cannot_be_believed_are_no_age(
    name: str, registry: Registry, project: Path, user: User
) -> None:
    registry.fault(TIMES[name], package="bad", kind="packument")
    report = user.check(project)
    assert undecided(report) == {("release-age/too-new", BAD, "failed")}
    of_age = {each.action for each in report.unknowns if each.rule == "release-age/too-new"}
    assert of_age == {Action.BLOCK}, "as the finding would weigh"
    assert report.exit is Exit.UNDECIDED


def test_a_time_that_only_one_version_lacks_is_a_failure(
    registry: Registry, project: Path, user: User
) -> None:
    def edit(document: dict[str, Any]) -> None:
        document.pop("modified", None)
        document.get("time", {}).pop("1.0.0", None)

    registry.fault(faults.edited(edit), package="bad", kind="packument")
    report = user.check(project)
    assert undecided(report) == {("release-age/too-new", BAD, "failed")}
    assert report.exit is Exit.UNDECIDED


def test_leaving_all_times_out_is_no_way_past_the_cooldown(
    registry: Registry, project: Path, user: User
) -> None:
    registry.fault(faults.without("time", "modified"), package="bad", kind="packument")
    report = user.check(project)
    assert undecided(report) == {("release-age/too-new", BAD, "failed")}
    assert report.exit is Exit.UNDECIDED


def test_a_registry_without_digests_binds_no_bytes(
    registry: Registry, project: Path, user: User
) -> None:
    registry.fault(faults.without_digests(), kind="version", package="bad")
    report = user.check(project)
    assert {(each.finding.rule, str(each.finding.release)) for each in report.judged} == {
        ("lockfile/unbound-digest", BAD),
        ("signatures/missing", BAD),
    }
    (project / POLICY).write_text('[rules]\n"lockfile/unbound-digest" = "block"\n')
    assert user.check(project).exit is Exit.BLOCKED


def test_another_digest_than_the_locked_one_is_a_mismatch(
    registry: Registry, project: Path, user: User
) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["dist"]["integrity"] = registry.release("worse", "1.0.0").integrity

    registry.fault(faults.edited(edit), kind="version", package="bad")
    report = user.check(project)
    assert rules(report) == ["lockfile/digest-mismatch"]
    assert report.exit is Exit.BLOCKED


def test_a_release_that_was_withdrawn_is_absent_upstream(
    registry: Registry, project: Path, user: User
) -> None:
    registry.withdraw("bad", "1.0.0")
    report = user.check(project)
    assert "lockfile/absent-upstream" in rules(report)
    assert report.exit is Exit.BLOCKED


# -- time ------------------------------------------------------------------------------------------


def test_a_release_waits_to_the_second(registry: Registry, work: Work, user: User) -> None:
    registry.publish("tool", "1.0.0", published=days_ago(400))
    fresh = registry.publish("tool", "1.0.1", published=days_ago(2))
    work.write(npm({"tool": entry(registry, fresh)}))
    report = user.check(work.folder)
    assert rules(report) == ["release-age/too-new"]
    assert action(report, "release-age/too-new") is Action.BLOCK
    assert report.exit is Exit.BLOCKED
    assert report.judged[0].finding.message == "published 2 days ago, mature 2026-11-23 12:00 UTC"
    mature = days_ago(2) + timedelta(days=3)
    assert rules(user.check(work.folder, now=mature - timedelta(seconds=1))) == rules(report)
    assert user.check(work.folder, now=mature).exit is Exit.ALLOWED


# -- offline, and warm -----------------------------------------------------------------------------


def test_offline_and_never_asked_only_what_needs_no_registry_is_decided(
    registry: Registry, work: Work, user: User
) -> None:
    release = registry.publish("good", "1.0.0")
    plain = entry(registry, release, resolved=f"http://{registry.url[7:]}{release.path}")
    stripped = entry(registry, registry.publish("bare", "1.0.0"), integrity=None)
    work.write(npm({"good": plain, "bare": stripped}))
    report = user.check(work.folder, offline=True)
    assert set(rules(report)) == {"lockfile/missing-integrity", "lockfile/plain-http"}
    assert report.exit is Exit.BLOCKED
    assert {why for _, _, why in undecided(report)} == {"offline"}
    assert {rule.partition("/")[0] for rule, _, _ in undecided(report)} == {
        "lockfile",
        "release-age",
        "build-scripts",
        "behavior",
        "registry",
    }
    assert registry.requests == []


def test_offline_and_never_asked_a_clean_project_is_undecided(
    registry: Registry, project: Path, user: User
) -> None:
    report = user.check(project, offline=True)
    assert loud(report) == []
    assert report.exit is Exit.UNDECIDED
    assert {why for _, _, why in undecided(report)} == {"offline"}
    assert registry.requests == []


@pytest.mark.parametrize("offline", [False, True])
def test_a_warm_run_asks_nothing_and_says_the_same(
    offline: bool, registry: Registry, project: Path, user: User
) -> None:
    first = user.check(project)
    registry.forget()
    again = user.check(project, offline=offline, now=NOW + MINUTE)
    assert registry.requests == []
    assert (again.verdict, again.exit, again.judged, again.unknowns) == (
        first.verdict,
        first.exit,
        first.judged,
        first.unknowns,
    )


def test_a_warm_run_still_knows_what_was_found(registry: Registry, work: Work, user: User) -> None:
    fresh = registry.publish("fresh", "1.0.0", published=days_ago(1), scripts={"install": "x"})
    work.write(npm({"fresh": entry(registry, fresh)}))
    first = user.check(work.folder)
    assert set(rules(first)) == {"release-age/too-new", "build-scripts/undecided"}
    registry.forget()
    again = user.check(work.folder, offline=True, now=NOW + MINUTE)
    assert (rules(again), again.exit) == (rules(first), first.exit)


def test_offline_what_is_out_of_date_is_unknown(
    registry: Registry, project: Path, user: User
) -> None:
    user.check(project)
    registry.forget()
    report = user.check(project, offline=True, now=NOW + timedelta(days=2))
    assert report.exit is Exit.UNDECIDED
    assert {"out of date" in each.missing.detail for each in report.unknowns} == {True}
    assert registry.requests == []


def test_what_is_revalidated_is_asked_with_its_validator(
    registry: Registry, project: Path, user: User
) -> None:
    first = user.check(project)
    registry.forget()
    again = user.check(project, revalidate=True)
    assert registry.requests
    assert all("if-none-match" in one.headers for one in registry.requests)
    assert (again.verdict, again.exit) == (first.verdict, first.exit)


def test_the_reason_is_in_the_report(registry: Registry, project: Path, user: User) -> None:
    registry.fault(faults.status(401), package="bad")
    text = user.run("check", ".", cwd=project)
    assert text.returncode == Exit.UNDECIDED
    assert "it wants a credential" in " ".join(text.stdout.split())
    as_json = user.run("check", ".", "--format", "json", cwd=project)
    unknowns = json.loads(as_json.stdout)["unknowns"]
    assert {"wants a credential" in json.dumps(one) for one in unknowns} == {True}


def test_the_policys_word_on_times_goes_before_the_registrys(
    registry: Registry, project: Path, user: User
) -> None:
    (project / POLICY).write_text('[registries.default]\npublish-time = "untrusted"\n')
    report = user.check(project)
    assert {why for rule, _, why in undecided(report) if rule == "release-age/too-new"} == {
        "absent"
    }
    assert registry.asked("bad") == [], f"nobody asks for {PUBLISHED.name} then"
    assert report.exit is Exit.ALLOWED
    assert report.verdict is Verdict.WARN
