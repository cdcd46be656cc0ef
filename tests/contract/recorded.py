"""Short ways to say what goes on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pratique.model.action import Verdict
from pratique.model.record import Decision, Door, Request

NOW = datetime(2026, 11, 25, 8, 0, 0, 123456, tzinfo=UTC)
REGISTRY = "https://registry.example/"
SECOND = timedelta(seconds=1)


def decision(number: int = 1, **more: Any) -> Decision:
    made = Decision(
        at=NOW,
        registry=REGISTRY,
        name="left-widget",
        version=f"1.0.{number}",
        sha512="ab" * 64,
        door=Door.METADATA,
        verdict=Verdict.BLOCK,
        rules=("release-age/too-new", "behavior/new-capability"),
        text="published 7 hours ago",
        facts="f" * 64,
        policy="p" * 64,
        findings=({"rule": "release-age/too-new", "evidence": ["\u202e\ud800", 1, None]},),
    )
    return replace(made, id="", **more)


def request(number: int = 1, **more: Any) -> Request:
    made = Request(
        NOW + number * timedelta(milliseconds=1),
        "alice",
        "GET",
        "packument",
        f"package-{number}",
        client="npm/11.0.0",
        bytes=2**33,
    )
    return replace(made, **more)
