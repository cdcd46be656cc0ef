"""A forge on the loopback address that gives recorded answers: an API as GitHub's.

The answers have the members and types of that API's (2022-11-28), cut to what is near what is read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.registry import Answer, Request
from tests.registry.exchange import json_answer
from tests.registry.server import Server

OWNER_NAME = "corp/left-widget"
NUMBER = 11
NOW, BEFORE = "a" * 40, "b" * 40
RUN, RUN_BEFORE = "25613093674", "25510000001"
ALICE, MALLORY = {"id": 501, "login": "alice"}, {"id": 666, "login": "mallory"}

Answers = dict[str, Any]
"""Path below the API, without the query -> JSON value, or an Answer."""


def run(number: str, attempt: int, conclusion: str | None = "success", **more: Any) -> Any:
    return {
        "id": int(number),
        "name": "release",
        "head_branch": "main",
        "head_sha": NOW,
        "path": ".github/workflows/release.yml",
        "run_attempt": attempt,
        "event": "push",
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "actor": ALICE,
        "triggering_actor": ALICE,
        "repository": {"id": NUMBER, "full_name": OWNER_NAME, "private": False},
        **more,
    }


def jobs(*steps: tuple[str, str]) -> Any:
    listed = [
        {"name": name, "status": "completed", "conclusion": conclusion, "number": number}
        for number, (name, conclusion) in enumerate(steps, 1)
    ]
    failed = any(conclusion == "failure" for _, conclusion in steps)
    job = {"id": 1, "name": "Release", "conclusion": "failure" if failed else "success"}
    return {"total_count": 1, "jobs": [{**job, "steps": listed}]}


def compared(status: str) -> Any:
    return {"status": status, "ahead_by": 1, "behind_by": 0, "total_commits": 1, "commits": []}


FINE = (("Setup", "success"), ("Run Tests", "success"), ("Publish Packages", "success"))
STOLEN = (("Setup", "success"), ("Run Tests", "failure"), ("Publish Packages", "skipped"))
"""The steps of the runs of 2026-05-11: a test's step sent the packages out, and then failed."""


def answers(attempt: int = 1, /, **more: Any) -> Answers:
    """What a forge says of a release as it should be; `more` by the parts below."""
    root = f"repos/{OWNER_NAME}"
    attempts = f"{root}/actions/runs/{RUN}/attempts/{attempt}"
    parts: Mapping[str, tuple[str, Any]] = {
        "repository": (
            root,
            {"id": NUMBER, "full_name": OWNER_NAME, "private": False, "default_branch": "main"},
        ),
        "run": (attempts, run(RUN, attempt)),
        "jobs": (f"{attempts}/jobs", jobs(*FINE)),
        "run_before": (f"{root}/actions/runs/{RUN_BEFORE}/attempts/1", run(RUN_BEFORE, 1)),
        "on_branch": (f"{root}/compare/main...{NOW}", compared("behind")),
        "was_on_branch": (f"{root}/compare/main...{BEFORE}", compared("behind")),
        "since": (f"{root}/compare/{BEFORE}...{NOW}", compared("ahead")),
    }
    assert more.keys() <= parts.keys()
    return {path: more.get(part, value) for part, (path, value) in parts.items()}


class Recorded:
    """What was asked, and what is answered."""

    def __init__(self, given: Answers) -> None:
        self.answers = given
        self.asked: list[Request] = []
        self.url = ""

    def respond(self, request: Request) -> Answer:
        self.asked.append(request)
        path = unquote(urlsplit(request.path).path).removeprefix("/api/")
        found = self.answers.get(path)
        if isinstance(found, Answer):
            return found
        return json_answer({"message": "Not Found"}, 404) if found is None else json_answer(found)

    @property
    def paths(self) -> list[str]:
        return [urlsplit(each.path).path for each in self.asked]


@contextmanager
def serving(given: Answers) -> Iterator[Recorded]:
    recorded = Recorded(given)
    server = Server("127.0.0.1", 0, recorded.respond)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    recorded.url = f"http://127.0.0.1:{server.server_port}/api/"
    try:
        yield recorded
    finally:
        server.close()
        thread.join()
