"""Provenance: what is kept of one release's verified provenance, and how it is written down."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

MAX_TEXT = 1024
"""Characters of a name or an address in a bundle; real ones have at most some 150."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What is kept of one release's verified provenance; from its certificate where it has it.

    None is what the certificate does not carry: never "nothing", so never a change.

    Attributes:
        version: The release's.
        at: When the registry attested that it was published; None where it did not.
        built: When the provenance was logged.
        issuer, repository, repository_id, owner_id, commit, ref, event, runner, environment,
            visibility, signer_uri, signer_digest: As in Certified.
        workflow: Path of the workflow that was started: `.github/workflows/release.yml`.
        run, attempt: Number of the run, and which attempt at it.
        builder: Of the predicate, which the build itself writes: for display and D19 only.
        predicate: The predicate's type.
        shape: A short hash of what made the bundle: forms and types, not contents.
        certified_at: When the certificate was issued.
    """

    version: str
    at: datetime | None = None
    built: datetime
    issuer: str
    repository: str
    repository_id: str | None = None
    owner_id: str | None = None
    commit: str | None = None
    ref: str | None = None
    workflow: str | None = None
    signer_uri: str | None = None
    signer_digest: str | None = None
    event: str | None = None
    runner: str | None = None
    run: str | None = None
    attempt: int | None = None
    environment: str | None = None
    visibility: str | None = None
    builder: str | None = None
    predicate: str
    shape: str
    certified_at: datetime

    def to_json(self) -> str:
        """Canonical JSON in ASCII, what is None left out; `from_json` is its exact inverse."""
        stated = {each.name: getattr(self, each.name) for each in fields(self)}
        row = {name: _out(value) for name, value in stated.items() if value is not None}
        return json.dumps(row, sort_keys=True, ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Provenance:
        """The record that `text` is.

        Raises:
            ValueError: It is not one: another member or type, text that is too long or not
                printable, or JSON that `to_json` would not have written.
        """
        node = _parsed(text)
        stated: dict[str, Any] = {name: _in(name, value) for name, value in node.items()}
        record = cls(**stated)
        if record.to_json() != text:
            raise ValueError("it is not written as a record is")
        return record


_TIMES = frozenset({"at", "built", "certified_at"})
_NEEDED = frozenset(
    {"version", "built", "issuer", "repository", "predicate", "shape", "certified_at"}
)
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_IS_INSTANT = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}Z", re.ASCII)
_MAX_RECORD = 32 * MAX_TEXT


def is_plain(text: str) -> bool:
    """Whether a bundle may say it: short, printable, not empty."""
    return 0 < len(text) <= MAX_TEXT and text.isprintable()


def _out(value: str | int | datetime) -> str | int:
    if not isinstance(value, datetime):
        return value
    if value.microsecond or value.utcoffset() != UTC.utcoffset(None):
        raise ValueError("a record's times are whole seconds in UTC")
    return f"{value.replace(tzinfo=None).isoformat()}Z"


def _in(name: str, value: object) -> str | int | datetime:
    if name == "attempt":
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
            return value
        raise ValueError("attempt is no number")
    if not isinstance(value, str) or not is_plain(value):
        raise ValueError(f"{name} is no short, printable text")
    if name not in _TIMES:
        return value
    if not _IS_INSTANT.fullmatch(value):
        raise ValueError(f"{name} is no time")
    return datetime.strptime(value, _INSTANT).replace(tzinfo=UTC)


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > _MAX_RECORD:
        raise ValueError("it is too long for a record")
    try:
        node = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply for a record") from error
    if not isinstance(node, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - what a caller may expect: ValueError
    names = {each.name for each in fields(Provenance)}
    if not node.keys() >= _NEEDED or not node.keys() <= names:
        raise ValueError("its members are not a record's")
    return node
