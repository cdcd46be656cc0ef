"""A release that its own workflow was made to publish: true provenance of a run that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.checking import NOW, POLICY, User, Work, entry, make_user, npm, unknown, work
from tests.forge import Build, Forge
from tests.forge.serving import publish, registry_of
from tests.recorded_forge import MALLORY, RUN, STOLEN, Answers, answers, jobs, run, serving
from tests.recorded_forge import NOW as COMMIT
from tests.registry import Registry
from tests.registry.exchange import json_answer

from pratique.model.policy import Action
from pratique.model.report import Report
from pratique.store.pinned import Imported, location, put

__all__ = ["work"]

SOURCE = Build(
    repository="https://github.com/corp/left-widget", repository_id="11", run=RUN, commit=COMMIT
)
RULE = "trust/run-not-successful"
DAY = timedelta(days=1)


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def registry(forge: Forge) -> Iterator[Registry]:
    with registry_of(forge) as registry:
        yield registry


@pytest.fixture
def user(tmp_path: Path, registry: Registry, forge: Forge) -> User:
    """A user who trusts the test's own authorities and keys."""
    user = make_user(tmp_path / "home", f"registry={registry.url}")
    place = location(user.environment)
    put(place, "root", Imported(json.dumps(forge.root()).encode(), NOW))
    put(place, "keys", Imported(json.dumps(forge.keys()).encode(), NOW))
    return user


def checked(
    user: User, work: Work, registry: Registry, forge: Forge, given: Answers | None, **more: Any
) -> Report:
    """A check of a release of yesterday, where the forge answers `given`; None: nobody is named."""
    released = publish(registry, forge, "left-widget", "2.4.1", build=SOURCE, at=NOW - DAY)
    work.write(npm({"left-widget": entry(registry, released)}))
    with serving(given or {}) as recorded:
        named = f'forges = [{{ repositories = "https://github.com", api = "{recorded.url}" }}]\n'
        work.write({POLICY: f"[layers.trust]\n{named if given is not None else ''}"})
        report = user.check(work.folder, **more)
        assert bool(recorded.asked) == (given is not None and not more)
    return report


def actions(report: Report) -> dict[str, Action]:
    found = {each.finding.rule: each.action for each in report.judged}
    return {rule: action for rule, action in found.items() if rule == RULE}


def test_the_stolen_run_is_caught_where_the_forge_is_asked(
    user: User, work: Work, registry: Registry, forge: Forge
) -> None:
    stolen = answers(run=run(RUN, 1, "failure", triggering_actor=MALLORY), jobs=jobs(*STOLEN))
    report = checked(user, work, registry, forge, stolen)
    assert {RULE: Action.BLOCK} == actions(report)
    (found,) = (each.finding for each in report.judged if each.finding.rule == RULE)
    assert "ended with failure (Publish Packages: skipped)" in found.message


def test_the_same_release_passes_these_rules_where_nobody_is_asked(
    user: User, work: Work, registry: Registry, forge: Forge
) -> None:
    report = checked(user, work, registry, forge, None)
    assert {} == actions(report)
    assert RULE not in {rule for rule, _, _ in unknown(report)}


def test_a_run_that_succeeded_is_no_finding(
    user: User, work: Work, registry: Registry, forge: Forge
) -> None:
    report = checked(user, work, registry, forge, answers())
    assert {} == actions(report)
    assert RULE not in {rule for rule, _, _ in unknown(report)}


@pytest.mark.parametrize("status", [403, 404])
def test_a_forge_that_does_not_answer_leaves_the_release_unknown(
    user: User, work: Work, registry: Registry, forge: Forge, status: int
) -> None:
    report = checked(user, work, registry, forge, answers(run=json_answer({}, status)))
    assert (RULE, "left-widget@2.4.1", "failed") in unknown(report)
    assert report.exit


def test_offline_no_forge_is_asked_and_the_release_is_unknown(
    user: User, work: Work, registry: Registry, forge: Forge
) -> None:
    report = checked(user, work, registry, forge, answers(), offline=True)
    assert (RULE, "left-widget@2.4.1", "offline") in unknown(report)
