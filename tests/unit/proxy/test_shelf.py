"""What is kept in mind of a package, and what of a ruling is enforced."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.builders import document
from tests.registry import Registry
from tests.unit.proxy.judged import package
from tests.unit.proxy.stand import (
    EVIL,
    HOST,
    NOW,
    Clock,
    Reply,
    Stand,
    days,
    policy,
    publish,
    standing,
)

from pratique.evaluate.door import Ruling
from pratique.model.policy import Verdict
from pratique.proxy import packages
from pratique.proxy.needs import Seen
from pratique.proxy.paging import Pages
from pratique.proxy.settings import Effect, Enforcement
from pratique.proxy.shelf import Shelf, enforced, places_of, soonest
from pratique.proxy.verdicts import Judging

PATH = "left-pad/-/left-pad-1.1.1.tgz"


def held() -> Ruling:
    """By behavior alone."""
    return (
        package({"1.0.0": 900, "1.0.1": 20}, good=["1.0.0"], bad=["1.0.1"]).seen().rulings["1.0.1"]
    )


def test_a_dry_run_enforces_nothing() -> None:
    assert enforced(held(), Enforcement(dry_run=True)) == Ruling(Verdict.ALLOW)


def test_a_layer_that_runs_dry_leaves_what_the_others_say() -> None:
    ruling = held()
    assert ruling.verdict is Verdict.BLOCK
    assert enforced(ruling, Enforcement()) == ruling
    dry = enforced(ruling, Enforcement(dry_layers=frozenset({"behavior"})))
    assert dry.verdict < Verdict.QUARANTINE
    assert dry.rules == ()
    assert dry.text == ""
    other = enforced(ruling, Enforcement(dry_layers=frozenset({"release-age"})))
    assert other == ruling


def test_a_path_that_two_versions_claim_belongs_to_neither() -> None:
    documents = {each: document(version=each) for each in ("1.0.0", "1.0.1", "1.0.2", "1.0.3")}
    paths = {"1.0.0": "a", "1.0.1": "b", "1.0.2": "b", "1.0.3": None}
    places, files = places_of(documents, paths)
    assert places.keys() == {"1.0.0"}
    assert files == {"a": "1.0.0"}


def test_a_shelf_is_looked_at_again_when_the_first_thing_could_change() -> None:
    fresh = NOW + timedelta(minutes=5)
    assert soonest(fresh, None) == fresh
    assert soonest(fresh, NOW + timedelta(minutes=1)) == NOW + timedelta(minutes=1)
    assert soonest(fresh, NOW + timedelta(days=1)) == fresh


def test_a_release_becomes_visible_at_its_instant_without_any_step(
    stand: Stand, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    ripe = NOW + timedelta(minutes=2)
    registry.publish("left-pad", "1.1.1", published=ripe - timedelta(days=3))
    before = stand.ask("left-pad")
    assert "1.1.1" not in before.versions
    assert before.headers["cache-control"] == "private, max-age=120"
    clock.at = ripe - timedelta(milliseconds=1)
    same = stand.ask("left-pad")
    assert (same.body, same.headers["etag"]) == (before.body, before.headers["etag"])
    assert stand.ask("left-pad", if_none_match=before.headers["etag"]).status == 304
    assert stand.ask(PATH).status == 403
    clock.at = ripe
    after = stand.ask("left-pad", if_none_match=before.headers["etag"])
    assert after.versions[-1] == "1.1.1"
    assert after.headers["etag"] != before.headers["etag"]
    assert stand.ask(PATH).status == 200


@pytest.mark.parametrize(
    ("how", "shown", "marked", "status"),
    [
        (Enforcement(), False, False, 403),
        (Enforcement(effect=Effect.SOFT), True, True, 403),
        (Enforcement(effect=Effect.ADVISE), True, False, 403),
        (Enforcement(dry_run=True), True, False, 200),
        (Enforcement(dry_layers=frozenset({"behavior"})), True, False, 200),
        (Enforcement(dry_layers=frozenset({"release-age"})), False, False, 403),
    ],
)
def test_what_a_verdict_does_is_said_when_it_starts_and_what_it_was_is_on_record_anyway(
    tmp_path: Path,
    registry: Registry,
    clock: Clock,
    how: Enforcement,
    status: int,
    *,
    shown: bool,
    marked: bool,
) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20), files=EVIL)
    with standing(tmp_path / "data", registry, clock, enforcement=how) as made:
        versions: dict[str, Any] = made.ask("left-pad").json()["versions"]
        assert made.ask(PATH).status == status
        (decision,) = (each for each in made.decisions() if each.version == "1.1.1")
    assert ("1.1.1" in versions) is shown
    assert ("BLOCKED" in versions.get("1.1.1", {}).get("deprecated", "")) is marked
    assert decision.verdict is Verdict.BLOCK


def test_another_policy_judges_what_was_judged_before(stand: Stand, registry: Registry) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(1))
    assert "1.1.1" not in stand.ask("left-pad").versions
    running = stand.running
    lax = policy('[rules]\n"release-age/too-new" = "observe"\n')
    running.settings = replace(running.settings, reload=lambda: lax)
    assert running.reload() == ""
    assert "1.1.1" in stand.ask("left-pad").versions
    running.settings = replace(running.settings, reload=policy)
    running.reload()
    assert "1.1.1" not in stand.ask("left-pad").versions
    assert stand.ask(PATH).status == 403


def test_a_new_dependency_that_runs_code_at_install_holds_the_release_that_wants_it(
    stand: Stand, registry: Registry
) -> None:
    publish(registry)
    registry.publish("runs", "1.0.0", published=days(900), scripts={"postinstall": "node x.js"})
    registry.publish("plain", "1.0.0", published=days(900))
    registry.publish("left-pad", "1.1.1", published=days(20), dependencies={"plain": "^1.0.0"})
    assert "1.1.1" in stand.ask("left-pad").versions
    registry.publish("right-pad", "1.0.0", published=days(900))
    registry.publish("right-pad", "1.0.1", published=days(20), dependencies={"runs": "^1.0.0"})
    assert stand.ask("right-pad").versions == ["1.0.0"]
    assert stand.ask("right-pad/-/right-pad-1.0.1.tgz").status == 403


def test_other_bytes_of_a_version_are_asked_for_their_own_new_dependencies(
    stand: Stand, registry: Registry, clock: Clock
) -> None:
    """What was told of the first bytes says nothing of what the second ones depend on."""
    publish(registry)
    registry.publish("runs", "1.0.0", published=days(900), scripts={"postinstall": "node x.js"})
    registry.publish("plain", "1.0.0", published=days(900))
    registry.publish("left-pad", "1.1.1", published=days(20), dependencies={"plain": "^1.0.0"})
    assert "1.1.1" in stand.ask("left-pad").versions
    registry.publish("simple", "1.0.0", published=days(900))
    registry.publish("left-pad", "1.1.1", published=days(20), dependencies={"simple": "^1.0.0"})
    clock.move(minutes=6)
    assert "1.1.1" in stand.ask("left-pad").versions
    registry.publish("left-pad", "1.1.1", published=days(20), dependencies={"runs": "^1.0.0"})
    clock.move(minutes=6)
    assert "1.1.1" not in stand.ask("left-pad").versions
    refused = stand.ask("left-pad/-/left-pad-1.1.1.tgz")
    assert refused.json()["rules"] == ["behavior/new-capability"]


# -- what holds longer than its document is fresh --------------------------------------------------


def judged_times(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that are judged from here on, one for each time."""
    found: list[str] = []

    class Counted(Judging):
        def seen(self) -> Seen:
            found.append(self._known.packument.name)
            return super().seen()

    monkeypatch.setattr(packages, "Judging", Counted)
    return found


def test_what_is_as_it_was_is_not_judged_again_and_keeps_its_pages(
    stand: Stand, registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(registry)
    first = stand.ask("left-pad")
    times = judged_times(stand, monkeypatch)
    clock.move(minutes=6)
    again = stand.ask("left-pad")
    assert not times
    assert (again.body, again.headers["etag"]) == (first.body, first.headers["etag"])
    assert again.headers["cache-control"] == first.headers["cache-control"]


def test_a_new_version_an_instant_and_another_policy_have_it_judged_again(
    stand: Stand, registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(2.999))
    assert "1.1.1" not in stand.ask("left-pad").versions
    times = judged_times(stand, monkeypatch)
    clock.move(minutes=6)
    assert "1.1.1" in stand.ask("left-pad").versions
    assert times
    times.clear()
    registry.publish("left-pad", "1.1.2", published=days(20))
    clock.move(minutes=6)
    assert "1.1.2" not in stand.ask("left-pad").versions  # first seen now, whatever it says
    assert times
    times.clear()
    stand.running._apply(policy('[layers.release-age]\ncooldown = "20 days"'))
    assert stand.ask("left-pad").versions == ["1.0.0", "1.0.1", "1.1.0"]
    assert times


def test_a_page_is_made_once_whoever_asks_for_it_meanwhile(
    stand: Stand, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(registry)
    made: list[str] = []
    before = Pages._made

    def counted(pages: Pages, shelf: Shelf, **how: Any) -> Any:
        made.append(shelf.name)
        return before(pages, shelf, **how)

    monkeypatch.setattr(Pages, "_made", counted)
    asked = (stand._asked("GET", "left-pad", {"host": HOST}, [b""], "127.0.0.1") for _ in range(8))

    async def all_at_once() -> list[Reply]:
        return await asyncio.gather(*asked)

    answers = stand.loop.run_until_complete(all_at_once())
    assert {each.status for each in answers} == {200}
    assert len({each.body for each in answers}) == 1
    assert made == ["left-pad"]
