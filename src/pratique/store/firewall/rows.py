"""How the record's values lie in rows, and what of them the chain covers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

import msgspec

from pratique.errors import StoreError
from pratique.model.action import Verdict
from pratique.model.record import (
    Acknowledged,
    Decision,
    Door,
    Gap,
    PolicyChange,
    Request,
    canonical,
    chained,
)
from pratique.store.firewall.database import Row, micros, moment, plain
from pratique.store.firewall.migrations import DAMAGED_HINT
from pratique.store.packing import pack, unpack

LONGEST_NAME, LONGEST_CLIENT = 512, 256
"""Characters of a foreign name, and of a user-agent, that are kept."""
_NOWHERE = {"place", "nth"}
LARGEST_BATCH = 16 * 1024 * 1024
"""Bytes of the requests in one row."""


class Kind(StrEnum):
    """What a row of the chain stands for."""

    DECISIONS = "decisions"
    REQUESTS = "requests"
    POLICY = "policy"
    GAP = "gap"
    ACKNOWLEDGED = "acknowledged"


def head_after(previous: str, row: Row, covers: str) -> str:
    """The chain's head after this row of the log.

    Args:
        previous: The head before it.
        row: Its place, at, kind and body.
        covers: Hex SHA-256 of what it covers in another table; "" where that is nothing.
    """
    told = {name: row[name] for name in ("place", "at", "kind", "body")}
    return chained(previous, {**told, "covers": covers})


# -- decisions -------------------------------------------------------------------------------------


def decision_row(decision: Decision, place: int, nth: int) -> dict[str, Any]:
    """The row of a decision."""
    return {
        "id": decision.id,
        "place": place,
        "nth": nth,
        "at": micros(decision.at),
        "registry": plain(decision.registry),
        "name": plain(decision.name),
        "version": plain(decision.version),
        "sha512": decision.sha512,
        "door": decision.door.value,
        "verdict": decision.verdict.name,
        "rules": canonical(list(decision.rules)).decode("ascii"),
        "text": plain(decision.text),
        "facts": plain(decision.facts),
        "policy": plain(decision.policy),
        "findings": pack(canonical(list(decision.findings))),
    }


def decision_of(row: Row) -> Decision:
    """The decision again.

    Raises:
        StoreError: The row is not one that `decision_row` made.
    """
    try:
        return Decision(
            at=moment(row["at"]),
            registry=row["registry"],
            name=row["name"],
            version=row["version"],
            sha512=row["sha512"],
            door=Door(row["door"]),
            verdict=Verdict[row["verdict"]],
            rules=tuple(json.loads(row["rules"])),
            text=row["text"],
            facts=row["facts"],
            policy=row["policy"],
            findings=tuple(json.loads(_findings(row))),
            id=row["id"],
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"A decision cannot be read: {error}", hint=DAMAGED_HINT) from error


def _findings(row: Row) -> str:
    found = unpack(bytes(row["findings"]))
    if found is None:
        raise ValueError("its findings are damaged")
    return found.decode("ascii")


def covering_decisions(rows: Iterable[Row]) -> str:
    """The digest of a batch of decisions' rows, in their order."""
    told = [
        {
            name: value.hex() if isinstance(value := row[name], bytes) else value
            for name in row
            if name not in _NOWHERE
        }
        for row in rows
    ]
    return hashlib.sha256(canonical(told)).hexdigest()


# -- requests --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests as they are kept.

    Attributes:
        count: How many.
        body: An array for each in one JSON text, in ASCII.
        names, tokens: What they are about and whose they are, each once, as it stands in `body`.
    """

    count: int
    body: bytes
    names: frozenset[str]
    tokens: frozenset[str]

    @property
    def entries(self) -> list[list[str]]:
        """Under what they are found: [kind, value], in order."""
        return sorted(
            [*(["name", each] for each in self.names), *(["token", each] for each in self.tokens)]
        )


Line = tuple[int, str, str, bytes]
"""A request on its way: microseconds since 1970, its name and token as they are kept, and its array
from the time on. A batch is put together from these without a look at any of them: it is written by
another thread than the one that answers, and what that has in its cache the other one has not."""


def line_of(request: Request) -> Line:
    """The line of a request."""
    one, at = request, micros(request.at)
    name, token = plain(one.name[:LONGEST_NAME]), plain(one.token)
    told = written(
        token, one.method[:16], one.kind, name, one.version[:LONGEST_NAME], one.status,
        one.decision, one.hidden, one.bytes, one.client[:LONGEST_CLIENT],
    )  # fmt: skip
    return at, name, token, b"%d,%b]" % (at, told)


def written(*members: int | str | None) -> bytes:
    """Members of an array as JSON in ASCII, with commas between."""
    # Printable ASCII, which nearly all of it is, is written alike by both, and faster by this one.
    text = msgspec.json.encode(members)
    if not text.isascii() or b"\x7f" in text or b"\\u" in text:
        text = canonical([_kept(each) for each in members])
    return text[1:-1]


def _kept(value: int | str | None) -> int | str | None:
    return plain(value) if isinstance(value, str) else value


def batches(lines: Sequence[Line]) -> list[Batch]:
    """The requests in one batch; in several where that would be too large."""
    _, names, tokens, texts = zip(*lines, strict=True)
    half = len(lines) // 2
    if half and sum(map(len, texts)) > LARGEST_BATCH:
        return [*batches(lines[:half]), *batches(lines[half:])]
    pieces = chain.from_iterable(zip(_heads(len(lines)), texts, strict=False))
    body = b"".join((*pieces, b"]"))
    return [Batch(len(lines), body, frozenset(names), frozenset(tokens))]


def _heads(count: int) -> Sequence[bytes]:
    """What stands in front of each array of a batch: it begins with its number."""
    if len(_HEADS) < count:
        _HEADS.extend(b",[%d," % nth for nth in range(len(_HEADS), count))
    return _HEADS


_HEADS = [b"[[0,"]


def batch_again(body: str) -> tuple[Batch, list[Request]]:
    """The batch that has this body, and its requests.

    Raises:
        ValueError: It is none that `batches` made.
    """
    try:
        text = body.encode("ascii")
        requests = [_request_of(array) for array in _ARRAYS.decode(text)]
    except (AttributeError, msgspec.DecodeError, OverflowError) as error:
        raise ValueError(f"a batch of requests: {error}") from error
    names, tokens = {each.name for each in requests}, {each.token for each in requests}
    return Batch(len(requests), text, frozenset(names), frozenset(tokens)), requests


def covering_requests(body: bytes) -> str:
    """The digest of a batch of requests."""
    return hashlib.sha256(body).hexdigest()


_Array = tuple[int, int, str, str, str, str, str, int, str | None, int, int, str]
_ARRAYS = msgspec.json.Decoder(list[_Array])


def _request_of(array: _Array) -> Request:
    """The request again."""
    _, at, token, method, kind, name, version, status, decision, hidden, size, client = array
    return Request(
        moment(at), token, method, kind, name, version, status, decision, hidden, size, client
    )


# -- the others ------------------------------------------------------------------------------------


def policy_body(change: PolicyChange) -> str:
    """What a change of policy says beside its time, as JSON."""
    told = {
        "policy": change.policy,
        "before": change.before,
        "by": change.by,
        "changes": list(change.changes),
    }
    return canonical(told).decode("ascii")


def gap_body(gap: Gap) -> str:
    """What a gap says beside its time, as JSON."""
    since = None if gap.since is None else micros(gap.since)
    told = {"since": since, "lost": gap.lost, "why": gap.why, "altered": gap.altered}
    return canonical(told).decode("ascii")


def acknowledged_body(entry: Acknowledged) -> str:
    """What an acknowledgement says beside its time, as JSON."""
    told = {
        "by": plain(entry.by),
        "why": plain(entry.why),
        "problems": [plain(each) for each in entry.problems],
        "heads": list(entry.heads),
    }
    return canonical(told).decode("ascii")


def told_of(row: Row) -> PolicyChange | Gap | Acknowledged:
    """The change, the gap or the acknowledgement again.

    Raises:
        StoreError: The row is not one that `policy_body` or another one here made.
    """
    at = moment(row["at"])
    try:
        told = json.loads(row["body"])
        if row["kind"] == Kind.POLICY:
            changes = tuple(told["changes"])
            return PolicyChange(at, told["policy"], told["before"], told["by"], changes)
        if row["kind"] == Kind.ACKNOWLEDGED:
            problems, heads = tuple(told["problems"]), tuple(told["heads"])
            return Acknowledged(at, told["by"], told["why"], problems, heads)
        since = None if told["since"] is None else moment(told["since"])
        return Gap(at, since, told["lost"], told["why"], bool(told["altered"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"The log cannot be read: {error}", hint=DAMAGED_HINT) from error
