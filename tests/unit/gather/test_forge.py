"""Asking a forge: only the one that the policy names, and what does not come is never clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.evidence_builders import record
from tests.recorded_forge import (
    ALICE,
    BEFORE,
    FINE,
    MALLORY,
    NOW,
    RUN,
    RUN_BEFORE,
    STOLEN,
    Recorded,
    answers,
    compared,
    jobs,
    run,
    serving,
)
from tests.registry import Answer
from tests.registry.exchange import json_answer

from pratique.gather.forge import FRESH, Asking, gather_forged
from pratique.gather.http import Limits
from pratique.model.evidence import (
    ATTESTATIONS,
    EARLIER,
    Attestations,
    Authority,
    Build,
    Earlier,
    History,
)
from pratique.model.fact import (
    PUBLISHED,
    REGISTERED,
    Clock,
    Key,
    Kind,
    Missing,
    Published,
    PublishSource,
    Why,
)
from pratique.model.forge import FORGED, Actor, Forge, Forged, Order, Step
from pratique.model.package import Package, Release
from pratique.store import Store, open_store

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
RELEASE = Release(Package("left-widget"), "2.4.1")
QUICK = Limits(connect=2.0, read=2.0, total=6.0, attempts=2, backoff=0.0)
VARIABLE = "PRATIQUE_FORGE_TEST"
HELD = timedelta(days=7)
BUILT = record("2.4.1", commit=NOW, run=RUN, attempt=1)
EARLIER_BUILT = record("2.4.0", commit=BEFORE, run=RUN_BEFORE, attempt=1, at=None)


def earlier(**more: Any) -> Earlier:
    fields: dict[str, Any] = {
        "version": "2.4.0",
        "published": AT - timedelta(days=40),
        "authority": Authority.TRUSTED_PUBLISHER,
        "build": Build.VERIFIED,
        "provenance": replace(EARLIER_BUILT, built=AT - timedelta(days=40)),
        **more,
    }
    return Earlier(**fields)


def known(age: timedelta = timedelta(days=1), **more: object) -> dict[tuple[str, Key], object]:
    facts: dict[str, object] = {
        PUBLISHED.name: Published(AT - age, PublishSource.REGISTRY),
        ATTESTATIONS.name: Attestations(provenance=BUILT),
        EARLIER.name: History((earlier(),)),
        **more,
    }
    return {(name, RELEASE): value for name, value in facts.items()}


@pytest.fixture
def forge() -> Iterator[Recorded]:
    with serving(answers()) as started:
        yield started


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "facts.sqlite", Clock(AT)) as opened:
        yield opened


Ask = Callable[..., Forged | Missing | None]


@pytest.fixture
def ask(forge: Recorded, store: Store) -> Ask:
    def ask(
        facts: dict[tuple[str, Key], object] | None = None, *, now: datetime = AT, **more: Any
    ) -> Forged | Missing | None:
        fields: dict[str, Any] = {
            "forges": (Forge(repositories="https://github.com/", api=forge.url, token=VARIABLE),),
            "hold": HELD,
            "environment": {},
            "limits": QUICK,
            **more,
        }
        wanted: list[tuple[Kind[Any], Key]] = [(FORGED, RELEASE), (REGISTERED, RELEASE)]
        facts = known() if facts is None else facts
        found = gather_forged(wanted, facts, Asking(**fields), store, Clock(now))
        assert found.keys() <= {(FORGED.name, RELEASE)}
        return found.get((FORGED.name, RELEASE))  # type: ignore[return-value]

    return ask


def failed(said: object) -> str:
    assert isinstance(said, Missing), said
    assert said.why is Why.FAILED
    return said.detail


def test_a_forge_says_how_the_run_ended_where_the_commit_is_and_who_began(ask: Ask) -> None:
    alice = Actor(501, "alice")
    expected = Forged(
        conclusion="success",
        publishing=(Step("Publish Packages", "success"),),
        actor=alice,
        actors=(alice,),
        branch="main",
        on_branch=True,
        previous="2.4.0",
        was_on_branch=True,
        since=Order.AHEAD,
    )
    assert expected == ask()


def test_without_a_forge_in_the_policy_nobody_is_asked(ask: Ask, forge: Recorded) -> None:
    said = ask(forges=())
    assert isinstance(said, Missing)
    assert (Why.ABSENT, []) == (said.why, forge.asked)


def test_a_repository_at_another_host_is_not_asked_about(ask: Ask, forge: Recorded) -> None:
    for address in ("https://gitlab.com/corp/left-widget", "https://github.com.evil.example/a/b"):
        built = replace(BUILT, repository=address)
        said = ask(known(attestations=Attestations(provenance=built)))
        assert isinstance(said, Missing)
        assert (Why.ABSENT, []) == (said.why, forge.asked)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/corp",
        "https://github.com/corp/left-widget/../../user",
        "https://github.com/corp/..",
        "https://github.com/corp/left-widget?x",
        "https://github.com/corp/left%2Fwidget",
        "https://github.com/corp/left-widget/more",
    ],
)
def test_an_odd_address_of_a_repository_leads_nowhere(
    ask: Ask, forge: Recorded, address: str
) -> None:
    built = replace(BUILT, repository=address)
    assert isinstance(ask(known(attestations=Attestations(provenance=built))), Missing)
    assert [] == forge.paths


@pytest.mark.parametrize(
    "more",
    [{"commit": "main"}, {"commit": None}, {"run": "1/../2"}, {"run": None}, {"attempt": None}],
)
def test_what_is_no_commit_or_run_is_not_asked_for(
    ask: Ask, forge: Recorded, more: dict[str, Any]
) -> None:
    built = replace(BUILT, **more)
    said = ask(known(attestations=Attestations(provenance=built)))
    assert isinstance(said, Missing)
    assert (Why.ABSENT, []) == (said.why, forge.asked)


def test_a_release_that_is_old_or_was_built_nowhere_is_not_asked_about(
    ask: Ask, forge: Recorded
) -> None:
    assert ask(known(HELD)) is None
    assert ask(known(attestations=Attestations())) is None
    assert [] == forge.asked


def test_a_release_whose_time_is_not_known_is_asked_about(ask: Ask) -> None:
    missing = Missing(Why.ABSENT, "no time")
    assert isinstance(ask(known(published=missing)), Forged)


def test_without_verified_attestations_the_reason_is_passed_on(ask: Ask, forge: Recorded) -> None:
    missing = Missing(Why.OFFLINE, "not asked offline")
    assert missing == ask(known(attestations=missing))
    assert isinstance(ask({}), Missing)
    assert [] == forge.asked


# -- never clean -----------------------------------------------------------------------------------

PARTS = ("repository", "run", "jobs", "on_branch")
BROKEN: dict[str, Answer] = {
    "not there": json_answer({"message": "Not Found"}, 404),
    "limit used up": json_answer({"message": "API rate limit exceeded"}, 403),
    "too many": json_answer({}, 429),
    "no token": json_answer({"message": "Bad credentials"}, 401),
    "an error": json_answer({}, 500),
    "no JSON": Answer(200, b"<html>", {"content-type": "application/json"}),
    "another form": json_answer([]),
    "nested": Answer(200, b'{"x":' + b"[" * 2000, {"content-type": "application/json"}),
    "no text": Answer(200, b'{"full_name":"\xff"}', {"content-type": "application/json"}),
    "empty": json_answer({}),
    "a redirect away": Answer(302, b"", {"location": "http://forge.invalid/x"}, etag=False),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("broken", BROKEN)
def test_what_does_not_come_is_missing_and_says_why(
    ask: Ask, forge: Recorded, part: str, broken: str
) -> None:
    forge.answers = answers(**{part: BROKEN[broken]})
    assert failed(ask())
    forge.answers = answers()
    assert isinstance(ask(), Forged), "what failed must not be kept"


def test_a_private_repository_is_missing(ask: Ask, forge: Recorded) -> None:
    private = {**answers()["repos/corp/left-widget"], "private": True}
    forge.answers = answers(repository=private)
    assert "private" in failed(ask())


def test_another_repository_at_the_same_address_is_missing(ask: Ask, forge: Recorded) -> None:
    forge.answers = answers(repository={**answers()["repos/corp/left-widget"], "id": 12})
    assert "another repository" in failed(ask())


@pytest.mark.parametrize(
    "more", [{"id": 1}, {"run_attempt": 2}, {"repository": {"id": 12}}, {"conclusion": "\x1b[2J"}]
)
def test_an_answer_about_another_run_is_missing(
    ask: Ask, forge: Recorded, more: dict[str, Any]
) -> None:
    forge.answers = answers(run={**run(RUN, 1), **more})
    assert failed(ask())


def test_a_forge_that_is_away_is_missing(ask: Ask, forge: Recorded) -> None:
    away = Forge(repositories="https://github.com/", api="http://127.0.0.1:9/")
    assert failed(ask(forges=(away,)))


def test_offline_nothing_is_asked(ask: Ask, forge: Recorded) -> None:
    said = ask(offline=True)
    assert isinstance(said, Missing)
    assert (Why.OFFLINE, []) == (said.why, forge.asked)


@pytest.mark.parametrize("part", ["since", "was_on_branch"])
def test_an_earlier_commit_that_is_gone_is_missing_by_itself(
    ask: Ask, forge: Recorded, part: str
) -> None:
    forge.answers = answers(**{part: json_answer({}, 404)})
    said = ask()
    assert isinstance(said, Forged)
    assert "success" == said.conclusion
    assert failed(getattr(said, part))


def test_an_earlier_run_that_is_gone_leaves_its_actor_missing(ask: Ask, forge: Recorded) -> None:
    forge.answers = answers(run_before=json_answer({}, 404))
    said = ask()
    assert isinstance(said, Forged)
    assert failed(said.actors)


def test_without_a_known_past_only_the_release_itself_is_told(ask: Ask) -> None:
    missing = Missing(Why.OFFLINE, "not asked offline")
    said = ask(known(earlier=missing))
    assert isinstance(said, Forged)
    assert (None, missing, missing) == (said.previous, said.since, said.actors)
    first = ask(known(earlier=History()))
    assert isinstance(first, Forged)
    assert (None, None, ()) == (first.previous, first.since, first.actors)


def test_a_run_that_goes_on_has_no_conclusion_and_is_asked_again(ask: Ask, forge: Recorded) -> None:
    forge.answers = answers(run=run(RUN, 1, None))
    said = ask()
    assert isinstance(said, Forged)
    assert said.conclusion is None
    forge.answers = answers()
    again = ask()
    assert isinstance(again, Forged)
    assert "success" == again.conclusion


def test_steps_that_are_not_all_told_are_missing_and_asked_again(ask: Ask, forge: Recorded) -> None:
    forge.answers = answers(jobs={**jobs(*FINE), "total_count": 101})
    said = ask()
    assert isinstance(said, Forged)
    assert "more than 100 jobs" in failed(said.publishing)
    forge.answers = answers()
    said = ask()
    assert isinstance(said, Forged)
    assert not isinstance(said.publishing, Missing), "what failed must not be kept"


def test_the_names_that_a_forge_gives_cannot_move_the_cursor(ask: Ask, forge: Recorded) -> None:
    odd = {"id": 5, "login": "\x1b[2J\u202e" + "x" * 500}
    forge.answers = answers(
        run=run(RUN, 1, triggering_actor=odd), jobs=jobs(("publish \x1b]0;", "skipped"))
    )
    said = ask()
    assert isinstance(said, Forged)
    assert said.actor
    assert not isinstance(said.publishing, Missing)
    for name in (said.actor.name, said.publishing[0].name):
        assert name.isprintable()
        assert len(name) <= 100


def test_the_stolen_run_is_told_as_it_was(ask: Ask, forge: Recorded) -> None:
    forge.answers = answers(
        4,
        run=run(RUN, 4, "failure", triggering_actor=MALLORY),
        jobs=jobs(*STOLEN),
        since=compared("behind"),
    )
    built = replace(BUILT, attempt=4)
    said = ask(known(attestations=Attestations(provenance=built)))
    assert isinstance(said, Forged)
    assert ("failure", (Step("Publish Packages", "skipped"),)) == (said.conclusion, said.publishing)
    assert (Order.BEHIND, Actor(666, "mallory")) == (said.since, said.actor)
    assert said.actors == (Actor(501, ALICE["login"]),)  # type: ignore[arg-type]


# -- tokens, and what is kept ----------------------------------------------------------------------


def test_no_token_is_sent_where_none_is_set(ask: Ask, forge: Recorded) -> None:
    ask(environment={"GITHUB_TOKEN": "x", "HOME": "/"})
    assert {None} == {each.token for each in forge.asked}


def test_a_token_goes_to_the_address_that_its_variable_names(ask: Ask, forge: Recorded) -> None:
    ask(environment={VARIABLE: f"{forge.url} s3cr3t"})
    assert {"Bearer s3cr3t"} == {each.token for each in forge.asked}


@pytest.mark.parametrize(
    "value", ["s3cr3t", "https://api.github.com/ s3cr3t", "{url} ", "{url} a\nb"]
)
def test_a_token_of_another_address_goes_nowhere(ask: Ask, forge: Recorded, value: str) -> None:
    detail = failed(ask(environment={VARIABLE: value.format(url=forge.url)}))
    assert ("s3cr3t" in detail, []) == (False, forge.asked)


def test_an_answer_is_kept_for_an_hour_for_the_same_question_and_token(
    ask: Ask, forge: Recorded
) -> None:
    first = ask()
    count = len(forge.asked)
    assert (first, count) == (ask(now=AT + FRESH - timedelta(seconds=1)), len(forge.asked))
    assert first == ask(offline=True)
    ask(environment={VARIABLE: f"{forge.url} s3cr3t"})
    assert 2 * count == len(forge.asked)
    ask(revalidate=True)
    assert 3 * count == len(forge.asked)
    ask(now=AT + FRESH)
    assert 4 * count == len(forge.asked)
    forge.answers = answers(2)
    built = replace(BUILT, attempt=2)
    assert isinstance(ask(known(attestations=Attestations(provenance=built))), Forged)
    assert 5 * count == len(forge.asked)


def test_a_redirect_to_another_host_is_not_followed(ask: Ask, forge: Recorded) -> None:
    with serving(answers()) as other:
        target = f"{other.url.replace('127.0.0.1', 'localhost')}repos/corp/left-widget"
        forge.answers = answers(repository=Answer(301, b"", {"location": target}, etag=False))
        assert "another host" in failed(ask(environment={VARIABLE: f"{forge.url} s3cr3t"}))
        assert [] == other.asked
