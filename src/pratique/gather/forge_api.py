"""One release's questions to a forge, by an API as GitHub's (version 2022-11-28).

Runs in a worker thread. What comes is bounded, of the right form, and about what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import msgspec

from pratique.ecosystems.npm.versions import line_of
from pratique.gather.http import Client, Request, Response
from pratique.model.evidence import Provenance
from pratique.model.fact import Missing, Why
from pratique.model.forge import Actor, Forge, Forged, Order, Step
from pratique.model.package import Release

T = TypeVar("T")

_MOST_ACTORS = 3
"""Earlier runs that are asked for; a forge lets strangers ask 60 times in an hour."""
_MOST_JOBS = 100
_LONGEST_NAME = 100
_LARGEST = 4 * 1024 * 1024
_WORD = re.compile(r"[a-z_]{1,32}")
_HEADERS = (("x-github-api-version", "2022-11-28"),)
_LIMITED = frozenset({401, 403, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a release's provenance names at a forge.

    Attributes:
        release: What it is about.
        forge: Whom to ask.
        path: `owner/name`.
        built: Its record, with commit, run and attempt.
        before: Records of earlier releases from the same repository, the oldest first.
        missing: Why those are not known.
    """

    release: Release
    forge: Forge
    path: str
    built: Provenance
    before: tuple[Provenance, ...]
    missing: Missing | None

    @property
    def subject(self) -> str:
        """Everything that is asked, so that no answer serves another question."""
        named = (self.built, *self.before)
        parts = [f"{x.version}:{x.commit}:{x.run}:{x.attempt}" for x in named]
        return " ".join((str(self.release), self.path, self.built.repository_id or "-", *parts))


def answer(client: Client, question: Question) -> Forged | Missing:
    """What the forge says about a release, or why it does not."""
    try:
        return _Talk(client, question).answer()
    except _NoAnswerError as error:
        return error.missing


class _NoAnswerError(Exception):
    """Carries why there is none."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.missing = Missing(Why.FAILED, why)


class _Repository(msgspec.Struct):
    id: int
    full_name: str
    private: bool
    default_branch: str


class _Comparison(msgspec.Struct):
    status: Order


class _Account(msgspec.Struct):
    id: int
    login: str


class _Numbered(msgspec.Struct):
    id: int


class _Run(msgspec.Struct):
    id: int
    run_attempt: int
    status: str
    repository: _Numbered
    conclusion: str | None = None
    triggering_actor: _Account | None = None


class _Step(msgspec.Struct):
    name: str
    conclusion: str | None = None


class _Job(msgspec.Struct):
    name: str
    conclusion: str | None = None
    steps: list[_Step] = []


class _Jobs(msgspec.Struct):
    total_count: int
    jobs: list[_Job]


class _Talk:
    """All that is asked about one release."""

    def __init__(self, client: Client, question: Question) -> None:
        self._client = client
        self._question = question
        self._api = f"{question.forge.api}repos/{question.path}"

    def answer(self) -> Forged:
        """Raises _NoAnswerError."""
        asked = self._question
        repository = self._repository()
        run = self._run(asked.built, repository)
        own = asked.built.commit or ""
        branch = repository.default_branch
        is_over = run.status == "completed"
        last = self._previous()
        previous = last.commit or "" if last else ""
        return Forged(
            conclusion=_word(run.conclusion) if is_over else None,
            publishing=self._publishing(asked.built),
            actor=_actor(run),
            actors=asked.missing or self._actors(repository),
            branch=_printable(branch),
            on_branch=self._is_on(branch, own),
            previous=last.version if last else None,
            was_on_branch=_kept(lambda: self._is_on(branch, previous)) if last else False,
            since=_kept(lambda: self._order(previous, own)) if last else asked.missing,
        )

    def _previous(self) -> Provenance | None:
        """The last earlier release of its line."""
        line = line_of(self._question.release.version)
        own = [each for each in self._question.before if line_of(each.version) == line]
        return own[-1] if own else None

    def _repository(self) -> _Repository:
        found = self._get("", _Repository)
        built, path = self._question.built, self._question.path
        if found.private:
            raise _NoAnswerError(f"{path} is private")
        is_same = (
            str(found.id) == built.repository_id if built.repository_id else found.full_name == path
        )
        if not is_same:
            raise _NoAnswerError(f"at {path} there is another repository by now")
        return found

    def _run(self, record: Provenance, repository: _Repository) -> _Run:
        run = self._get(f"/actions/runs/{record.run}/attempts/{record.attempt}", _Run)
        named = (str(run.id), run.run_attempt, run.repository.id)
        if named != (record.run, record.attempt, repository.id):
            raise _NoAnswerError("the forge answers about another run")
        return run

    def _publishing(self, record: Provenance) -> tuple[Step, ...] | Missing:
        """Jobs and steps that speak of publishing."""
        path = f"/actions/runs/{record.run}/attempts/{record.attempt}/jobs?per_page={_MOST_JOBS}"
        found = self._get(path, _Jobs)
        if found.total_count > len(found.jobs):
            return Missing(Why.FAILED, f"its run has more than {_MOST_JOBS} jobs")
        every = [
            each for job in found.jobs for each in (_Step(job.name, job.conclusion), *job.steps)
        ]
        named = [each for each in every if "publish" in each.name.casefold()]
        steps = [Step(_printable(each.name), _word(each.conclusion)) for each in named]
        return tuple(dict.fromkeys(steps))

    def _actors(self, repository: _Repository) -> tuple[Actor, ...] | Missing:
        """Who started the last earlier runs; those that the forge has forgotten are left out."""
        before = self._question.before[-_MOST_ACTORS:]
        runs = [_kept(partial(self._run, each, repository)) for each in before]
        found = [actor for run in runs if isinstance(run, _Run) and (actor := _actor(run))]
        missing = next((each for each in runs if isinstance(each, Missing)), None)
        return tuple(dict.fromkeys(found)) if found or missing is None else missing

    def _is_on(self, branch: str, commit: str) -> bool:
        return self._order(branch, commit) in {Order.IDENTICAL, Order.BEHIND}

    def _order(self, base: str, commit: str) -> Order:
        """Where `commit` is, seen from `base`. The second page has no changed files."""
        path = f"/compare/{quote(base, safe='')}...{commit}?per_page=1&page=2"
        return self._get(path, _Comparison).status

    def _get(self, path: str, type_: type[T]) -> T:
        request = Request(
            self._api + path,
            accept="application/vnd.github+json",
            most=_LARGEST,
            headers=_HEADERS,
            same_host=True,
        )
        place = self._question.path
        with self._client.get(request) as answer:
            if not isinstance(answer, Response):
                raise _NoAnswerError(answer.why)
            if answer.status == 404:
                raise _NoAnswerError(f"the forge shows nothing of {place}: it is gone, or private")
            if answer.status in _LIMITED:
                raise _NoAnswerError(
                    "the forge refuses to answer: its limit is used up, or a token"
                )
            if answer.status != 200:
                raise _NoAnswerError(f"the forge answered with status {answer.status}")
            try:
                return msgspec.json.decode(bytes(answer.body), type=type_)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                raise _NoAnswerError("the forge's answer is not of the form it should be") from None


def _kept(ask: Callable[[], T]) -> T | Missing:
    """What is asked, or why it did not come."""
    try:
        return ask()
    except _NoAnswerError as error:
        return error.missing


def _actor(run: _Run) -> Actor | None:
    account = run.triggering_actor
    return Actor(account.id, _printable(account.login)) if account else None


def _word(conclusion: str | None) -> str | None:
    if conclusion is not None and not _WORD.fullmatch(conclusion):
        raise _NoAnswerError("the forge's answer is not of the form it should be")
    return conclusion


def _printable(name: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in name[:_LONGEST_NAME])
