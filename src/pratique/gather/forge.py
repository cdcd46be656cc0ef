"""What the policy's forges say of runs and commits: by an API as GitHub's, version 2022-11-28.

Only a forge that the policy names is asked, and only of a release that is younger than the hold:
its run, its commit's place on the default branch and after the last release's commit, who started
it. Whatever does not come, or is private, is Missing(FAILED).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pratique.gather.forge_api import Question, answer
from pratique.gather.http import Client, Limits
from pratique.model.evidence import ATTESTATIONS, EARLIER, Attestations, History, Provenance
from pratique.model.fact import PUBLISHED, Clock, Key, Kind, Missing, Published, Why
from pratique.model.forge import FORGED, Forge, Forged
from pratique.model.package import Release
from pratique.model.registry import Credential, Registries, Transport, dart_of, normalised
from pratique.provenance.past import records
from pratique.store import Entry, Shelf, Store

Known = Mapping[tuple[str, Key], object]

FRESH = timedelta(hours=1)
WORKERS = 8
_ESTABLISHED = timedelta(days=7)
"""As of the layer: a release that came out shortly before does not vouch for this one."""
_PART = r"[A-Za-z0-9_.-]{1,100}"
_NAMED = re.compile(rf"(?!\.\.?/)({_PART})/(?!\.\.?$)({_PART})")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RUN = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How forges are asked.

    Attributes:
        forges: Of the policy.
        hold: Age from which on a release is not asked about.
        environment: Where their tokens are.
        transport: The user's authorities and proxies.
        offline: Ask the store only.
        revalidate: Ask even where the store is fresh.
        limits: Of one request.
    """

    forges: tuple[Forge, ...]
    hold: timedelta
    environment: Mapping[str, str] = field(repr=False)
    transport: Transport = field(default_factory=Transport)
    offline: bool = False
    revalidate: bool = False
    limits: Limits = field(default_factory=Limits)


def gather_forged(
    asked: Iterable[tuple[Kind[Any], Key]], known: Known, asking: Asking, store: Store, clock: Clock
) -> dict[tuple[str, Key], object]:
    """FORGED, or why not, of the releases that it is asked of and that are not old.

    Args:
        asked: Other kinds than FORGED are left.
        known: ATTESTATIONS, EARLIER and PUBLISHED of those releases.
        asking: Which forges, and how.
        store: Keeps answers for an hour.
        clock: The time of the run.

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
        StoreError: The store is damaged.
    """
    found: dict[tuple[str, Key], object] = {}
    questions: list[Question] = []
    releases = {key for kind, key in asked if kind == FORGED and isinstance(key, Release)}
    for release in sorted(releases, key=str):
        question = _question(release, known, asking, clock.at)
        if isinstance(question, Question):
            questions.append(question)
        elif question is not None:
            found[FORGED.name, release] = question
    for forge in asking.forges:
        own = [each for each in questions if each.forge == forge]
        for question, said in _of_forge(forge, own, asking, store, clock.at):
            found[FORGED.name, question.release] = said
    return found


# -- what there is to ask --------------------------------------------------------------------------


def _question(
    release: Release, known: Known, asking: Asking, now: datetime
) -> Question | Missing | None:
    """What to ask; why it cannot be asked; None where there is nothing to ask."""
    published = known.get((PUBLISHED.name, release))
    if isinstance(published, Published) and now - published.at >= asking.hold:
        return None
    attestations = known.get((ATTESTATIONS.name, release))
    if not isinstance(attestations, Attestations):
        return attestations if isinstance(attestations, Missing) else _UNVERIFIED
    built = attestations.provenance
    if built is None:
        return None
    placed = _placed(built.repository, asking.forges)
    if placed is None:
        return Missing(Why.ABSENT, f"the policy names no forge that has {built.repository}")
    named = (built.commit or "", built.run or "", built.attempt)
    if not _COMMIT.fullmatch(named[0]) or not _RUN.fullmatch(named[1]) or named[2] is None:
        return Missing(Why.ABSENT, "its certificate names no run and commit of a forge")
    before, missing = _before(release, built, known, published)
    return Question(
        release=release, forge=placed[0], path=placed[1], built=built, before=before,
        missing=missing,
    )  # fmt: skip


_UNVERIFIED = Missing(Why.NOT_ASKED, "its attestations were not verified")


def _placed(repository: str, forges: tuple[Forge, ...]) -> tuple[Forge, str] | None:
    """The forge that has a repository, and its path there."""
    for forge in forges:
        path = repository.removeprefix(forge.repositories)
        if repository.startswith(forge.repositories) and _NAMED.fullmatch(path):
            return forge, path
    return None


def _before(
    release: Release, built: Provenance, known: Known, published: object
) -> tuple[tuple[Provenance, ...], Missing | None]:
    history = known.get((EARLIER.name, release))
    if not isinstance(history, History):
        return (), history if isinstance(history, Missing) else _UNVERIFIED
    at = published.at if isinstance(published, Published) else built.at or built.built
    found = records(release.version, history, at, _ESTABLISHED)
    same = [each for each in found if each.repository == built.repository and _is_whole(each)]
    return tuple(same), None


def _is_whole(record: Provenance) -> bool:
    is_named = _COMMIT.fullmatch(record.commit or "") and _RUN.fullmatch(record.run or "")
    return bool(is_named) and record.attempt is not None


# -- asking ----------------------------------------------------------------------------------------


def _of_forge(
    forge: Forge, questions: list[Question], asking: Asking, store: Store, now: datetime
) -> Iterator[tuple[Question, Forged | Missing]]:
    if not questions:
        return
    credential = _credential(forge, asking.environment)
    if isinstance(credential, Missing):
        yield from ((each, credential) for each in questions)
        return
    key = store.credential_key(credential.header if credential else None)
    shelf = Shelf(FORGED.name, FORGED.version, forge.api, key)
    stored = {} if asking.revalidate else _stored(store, shelf, questions, now)
    left = [each for each in questions if each.subject not in stored]
    yield from ((each, stored[each.subject]) for each in questions if each.subject in stored)
    if asking.offline:
        yield from ((each, Missing(Why.OFFLINE, "the forge is not asked offline")) for each in left)
    elif left:
        answers = list(zip(left, _answers(forge, left, credential, asking), strict=True))
        whole = [(each, said) for each, said in answers if _is_final(said)]
        store.save(shelf, [_entry(each, said, now) for each, said in whole])
        yield from answers


def _credential(forge: Forge, environment: Mapping[str, str]) -> Credential | Missing | None:
    """The user's token for the forge: bound to an address by whoever set it, not by the policy.

    The variable holds `ADDRESS TOKEN`: so a repository's policy, which names the variable and the
    API's address, cannot have the token sent to an address of its own.
    """
    text = environment.get(forge.token or "", "").strip()
    if not text:
        return None
    address, _, secret = text.partition(" ")
    own, credential = normalised(address), Credential.of("Bearer", secret.strip())
    if own is None or credential is None:
        return Missing(Why.FAILED, f"{forge.token} must hold an address and a token for it")
    if not forge.api.startswith(own):
        return Missing(Why.FAILED, f"{forge.token} holds a token that is for another address")
    return credential


def _stored(
    store: Store, shelf: Shelf, questions: list[Question], now: datetime
) -> dict[str, Forged]:
    rows = store.load(shelf, [each.subject for each in questions])
    found = {}
    for subject, entry in rows.items():
        if entry.fetched_at <= now < entry.fresh_until:
            try:
                found[subject] = msgspec.msgpack.decode(entry.value, type=Forged)
            except msgspec.MsgspecError:
                continue
    return found


def _is_final(said: Forged | Missing) -> bool:
    """Whether it can be kept: nothing of it is missing, and the run is over."""
    if isinstance(said, Missing) or said.conclusion is None:
        return False
    parts = (said.publishing, said.actors, said.since, said.was_on_branch)
    return not any(isinstance(each, Missing) for each in parts)


def _entry(question: Question, said: Forged | Missing, now: datetime) -> Entry:
    return Entry(question.subject, msgspec.msgpack.encode(said), now, now + FRESH)


def _answers(
    forge: Forge, questions: list[Question], credential: Credential | None, asking: Asking
) -> list[Forged | Missing]:
    dart = dart_of(forge.api)
    secrets = {dart: credential} if credential and dart else {}
    own = Registries(credentials=secrets, transport=asking.transport)
    with (
        Client(own, limits=asking.limits, connections=WORKERS) as client,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        return list(pool.map(lambda each: answer(client, each), questions))
