"""One entry of the firewall's log, as a line for people and as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pratique.model.action import Verdict
from pratique.model.record import Acknowledged, Decision, Gap, PolicyChange, Request
from pratique.reports.escape import shown
from pratique.store.firewall.port import Logged

_CLIENT, _NAME, _SENTENCE = 40, 120, 200
"""Characters of a user-agent, of a name and of a sentence on a line."""
_DIGEST = 12


def line(logged: Logged) -> str:
    """The entry on one line; what is foreign in it is escaped and cut."""
    entry = logged.entry
    parts = [f"{entry.at:%Y-%m-%d %H:%M:%S}", *_words(entry, logged)]
    return "  ".join(part for part in parts if part) + "\n"


def _words(
    entry: Decision | Request | PolicyChange | Gap | Acknowledged, logged: Logged
) -> list[str]:
    match entry:
        case Decision():
            said = f"{_rules(logged.rules)}: {shown(entry.text, _SENTENCE)}"
            release = _release(entry.name, entry.version)
            return ["decision", shown(entry.id), _verdict(logged.verdict), release, said]
        case Request():
            return _request(entry, logged)
        case PolicyChange():
            before = f"instead of {shown(entry.before[:_DIGEST])}" if entry.before else ""
            changes = "; ".join(shown(each, _SENTENCE) for each in entry.changes)
            by = f"by {shown(entry.by, _NAME)}"
            return ["policy", shown(entry.policy[:_DIGEST]), before, by, changes]
        case Gap():
            since = f"since {entry.since:%Y-%m-%d %H:%M:%S}" if entry.since else ""
            lost = f"{entry.lost:,} requests" if entry.lost is not None else ""
            return ["gap", since, lost, shown(entry.why, _SENTENCE * 2)]
        case Acknowledged():
            about = "; ".join(shown(each, _SENTENCE) for each in entry.problems)
            by = f"by {shown(entry.by, _NAME)}"
            return ["acknowledged", by, shown(entry.why, _SENTENCE), about]


def _request(entry: Request, logged: Logged) -> list[str]:
    status = str(entry.status) if entry.status else "gone"
    what = f"{shown(entry.method)} {shown(entry.kind)}"
    why = ""
    if entry.decision is not None:
        why = f"{_verdict(logged.verdict)} {_rules(logged.rules)} ({shown(entry.decision, 40)})"
    hidden = f"{entry.hidden:,} hidden" if entry.hidden else ""
    who = shown(entry.token, _NAME) or "nobody"
    release = _release(entry.name, entry.version)
    client = shown(entry.client, _CLIENT)
    return ["request", status, what, release, why.strip(), hidden, f"by {who}", client]


def _release(name: str, version: str) -> str:
    told = shown(name, _NAME)
    return f"{told}@{shown(version, _NAME)}" if version else told


def _rules(rules: tuple[str, ...]) -> str:
    return ", ".join(shown(each, _NAME) for each in rules)


def _verdict(verdict: Verdict | None) -> str:
    return "" if verdict is None else verdict.name


def as_json(logged: Logged) -> dict[str, Any]:
    """The entry with everything that is on record of it; foreign text as it is."""
    entry = logged.entry
    told: dict[str, Any] = {"place": logged.place, "at": _time(entry.at)}
    verdict = None if logged.verdict is None else logged.verdict.name.lower()
    match entry:
        case Decision():
            told |= {
                "type": "decision", "id": entry.id, "verdict": verdict,
                "registry": entry.registry, "name": entry.name, "version": entry.version,
                "sha512": entry.sha512, "door": entry.door.value, "rules": list(entry.rules),
                "text": entry.text, "facts": entry.facts, "policy": entry.policy,
                "findings": list(entry.findings),
            }  # fmt: skip
        case Request():
            told |= {
                "type": "request", "token": entry.token, "method": entry.method,
                "kind": entry.kind, "name": entry.name, "version": entry.version,
                "status": entry.status, "decision": entry.decision, "verdict": verdict,
                "rules": list(logged.rules), "hidden": entry.hidden, "bytes": entry.bytes,
                "client": entry.client,
            }  # fmt: skip
        case PolicyChange():
            told |= {
                "type": "policy", "policy": entry.policy, "before": entry.before,
                "by": entry.by, "changes": list(entry.changes),
            }  # fmt: skip
        case Gap():
            since = None if entry.since is None else _time(entry.since)
            told |= {
                "type": "gap", "since": since, "lost": entry.lost, "why": entry.why,
                "altered": entry.altered,
            }  # fmt: skip
        case Acknowledged():
            told |= {
                "type": "acknowledged", "by": entry.by, "why": entry.why,
                "problems": list(entry.problems), "heads": list(entry.heads),
            }  # fmt: skip
    return told


def _time(at: datetime) -> str:
    """RFC 3339, in UTC, to the microsecond."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
