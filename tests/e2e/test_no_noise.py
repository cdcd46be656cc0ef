"""What layer 1 says at warn or above of eight real repositories, and why a maintainer would act.

Offline, on what a real registry said of every locked release on 2026-11-22 (`noise.py`). With
PRATIQUE_NOISE=live (`make noise`) the configured registry is asked now instead.

The table was confirmed by hand on that day: releases that are absent, by the registry's own list of
versions (`npm view NAME versions`); entries without integrity or with sha1 only, by counting them
in the file without any code of ours; the rest by reading the lines named here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e import noise
from tests.e2e.noise import Known

from pratique.errors import Exit
from pratique.gather.npm import How, gather
from pratique.gather.times import Cutoffs
from pratique.gather.user import user_registries
from pratique.model.fact import REGISTERED, Clock
from pratique.model.policy import Verdict
from pratique.model.project import Repository
from pratique.model.registry import Registries
from pratique.model.report import Report
from pratique.store import location, open_store

pytestmark = pytest.mark.shared
IS_LIVE = os.environ.get("PRATIQUE_NOISE") == "live"
NOW = datetime.now(UTC) if IS_LIVE else datetime(2026, 11, 22, 12, tzinfo=UTC)  # noqa: TID251 - live means now

# repository -> rule -> (count, why a maintainer would act on it)
EXPECTED: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "babel": {},
    "elysia": {},
    "hyper": {
        "lockfile/weak-integrity": (
            101,
            (
                "87 entries of yarn.lock and 14 of app/yarn.lock say sha1 only; the registry "
                "states sha512 for each, so a new entry costs nothing"
            ),
        ),
        "lockfile/absent-upstream": (
            1,
            "electron-mksnapshot@29.1.4 is not among its 46 versions: a fresh install fails",
        ),
        "lockfile/exotic-direct": (1, "mousetrap comes from a fork's archive, not from a registry"),
    },
    "lerna": {
        "lockfile/missing-integrity": (
            312,
            (
                "312 entries have neither `resolved` nor `integrity` (npm's known loss of both): "
                "`npm ci` installs any bytes for them"
            ),
        ),
    },
    "npm-cli": {},
    "pnpm": {
        "lockfile/out-of-step": (
            1,
            (
                "pnpm11/deps/inspection/list/pnpm-lock.yaml is a left-over of format 5.1 that "
                "does not know the manifest beside it"
            ),
        ),
        "lockfile/absent-upstream": (
            7,
            (
                "@pnpm/exe.*@12.0.0-rc.8 of seven platforms: @pnpm/exe.darwin-arm64 has 2 "
                "versions, and not this one; that of linux-x64 is there, and is not reported"
            ),
        ),
        "lockfile/weak-integrity": (1, "is-positive@1.0.0 of the same left-over says sha1 only"),
    },
    "renovate": {
        "lockfile/absent-upstream": (
            1,
            "@containerbase/istanbul-reports-html@2.0.16 is not among its 11 versions",
        ),
    },
    "tanstack-router": {
        "lockfile/absent-upstream": (
            19,
            (
                "@rsbuild/plugin-vue-jsx@2.0.0 (its 6 versions end with 1.1.2) and 18 of "
                "@rspack/binding-*@2.0.0 and 2.1.1 (darwin-arm64 has 135 versions, and not 2.0.0); "
                "linux-x64-gnu of both is there, and is not reported"
            ),
        ),
    },
}


@pytest.fixture(scope="module", params=noise.NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def repository(shared: Path, name: str) -> Repository:
    return noise.read(shared, name)


@pytest.fixture(scope="module")
def known(repository: Repository) -> Known:
    return _live(repository) if IS_LIVE else noise.known_of(repository, noise.recorded())


def _live(repository: Repository) -> Known:
    registries = user_registries(os.environ)
    wish = [(REGISTERED, each) for each in noise.asked_of(repository, _default(registries))]
    cutoffs = Cutoffs(NOW - timedelta(days=3), NOW - timedelta(days=30))
    with open_store(location(os.environ), Clock(NOW)) as store:
        return gather(wish, registries, store, Clock(NOW), How(cutoffs))


def _default(registries: Registries) -> str:
    assert registries.default
    return registries.default


@pytest.fixture(scope="module")
def report(name: str, repository: Repository, known: Known) -> Report:
    base = _default(user_registries(os.environ)) if IS_LIVE else noise.MIRROR
    return noise.judge(name, repository, base, known)


def test_each_finding_is_one_that_a_maintainer_would_act_on(name: str, report: Report) -> None:
    found = Counter(each.finding.rule for each in report.judged if each.verdict >= Verdict.WARN)
    assert found == {rule: count for rule, (count, _why) in EXPECTED[name].items()}


def test_every_entry_was_decided(repository: Repository, report: Report) -> None:
    assert report.unknowns == ()
    assert report.releases > 200
    assert all(project.unread is None for project in repository.projects)


def test_nothing_that_was_published_is_called_unbound(report: Report) -> None:
    rules = {each.finding.rule for each in report.judged}
    assert not rules & {"lockfile/not-bound", "lockfile/digest-mismatch"}


def test_it_fails_for_what_has_to_be_mended_and_for_nothing_else(name: str, report: Report) -> None:
    is_worse = any(each.verdict >= Verdict.QUARANTINE for each in report.judged)
    # The run is partial (one layer of three), which leaves what is clean undecided.
    assert report.exit == (Exit.BLOCKED if is_worse else Exit.UNDECIDED)
    assert is_worse == (name not in {"babel", "elysia", "npm-cli"})


def test_the_mirrors_address_is_not_the_lockfiles() -> None:
    assert noise.RECORDED_HOST not in noise.MIRROR


@pytest.mark.skipif(IS_LIVE, reason="there is nothing recorded to alter")
def test_one_altered_digest_or_path_would_be_seen(shared: Path) -> None:
    """The recording can tell: it is not made of what the lockfiles say."""
    repository = noise.read(shared, "npm-cli")
    entries = dict(noise.recorded())
    first, second = sorted(noise.asked_of(repository, noise.MIRROR))[:2]
    entries[first] = {**entries[first], "digests": {"sha512": "AAAAAAAAAAA"}}
    entries[second] = {**entries[second], "path": "other/-/other-1.0.0.tgz"}
    found = noise.judge("npm-cli", repository, noise.MIRROR, noise.known_of(repository, entries))
    loud = {(each.finding.rule, each.finding.release) for each in found.judged if each.verdict}
    assert loud == {("lockfile/digest-mismatch", first), ("lockfile/not-bound", second)}
