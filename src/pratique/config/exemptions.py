"""`[[exemptions]]`: read strictly, and appended to a file without touching the rest of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import unquote

from pratique.config.settings import quoted, read_sha512
from pratique.config.values import Table, did_you_mean
from pratique.model.duration import format_duration
from pratique.model.layer import Rule
from pratique.model.package import Package, Release
from pratique.model.policy import Exemption

_PURL = re.compile(r"pkg:([a-z]+)/(.+)@([^@/]+)")
_REASON = "a few words on why the risk is accepted"
_OWNER = "who answers for it: a person or a team"
_UNTIL = "the day on which it ends, as in until = 2026-12-01"


def read_exemptions(
    tables: Sequence[Table], rules: Mapping[str, Rule], longest: timedelta, now: datetime
) -> tuple[Exemption, ...]:
    """The exemptions, in file order; expired ones too.

    Raises:
        PolicyError: One is incomplete, too long, too wide for its rule, or there twice.
    """
    found: list[Exemption] = []
    for table in tables:
        exemption = _exemption(table, rules)
        _refuse_too_long(table, exemption, longest, now)
        for other in found:
            if _subject(other) == _subject(exemption):
                raise table.error(None, f"is there already, at {other.where}", "keep one of them")
        found.append(exemption)
    return tuple(found)


def _subject(exemption: Exemption) -> tuple[str, str, str | None]:
    return exemption.rule, exemption.purl, exemption.sha512


def _exemption(table: Table, rules: Mapping[str, Rule]) -> Exemption:
    rule = table.needed_text("rule", "the id of the rule that a report names")
    if rule not in rules:
        raise table.error("rule", f"there is no rule {rule!r}", did_you_mean(rule, rules))
    purl = table.needed_text("purl", "the release, as in pkg:npm/left-widget@2.4.1")
    sha512 = read_sha512(table, "sha512")
    made = Exemption(
        rule=rule,
        purl=_purl(table, purl),
        sha512=sha512,
        reason=table.needed_text("reason", _REASON),
        owner=table.needed_text("owner", _OWNER),
        until=table.day("until", _UNTIL),
        advisory=table.text("advisory"),
        where=table.where(),
    )
    table.finish()
    _refuse_too_wide(table, made, rules[rule])
    return made


def _purl(table: Table, text: str) -> str:
    """The purl in the spelling that releases have, patterns included."""
    found = _PURL.fullmatch(text)
    if found is None or any(sign in text for sign in "[]#"):
        hint = "as in pkg:npm/left-widget@2.4.1, or with * and ? as a pattern: pkg:npm/left-*@*"
        raise table.error("purl", f"{text!r} is no package URL with a version", hint)
    ecosystem, name, version = found.groups()
    if _is_pattern(text):
        return f"pkg:{ecosystem}/{re.sub('^@', '%40', name)}@{version}"
    return Release(Package(unquote(name), ecosystem), unquote(version)).purl


def _is_pattern(purl: str) -> bool:
    return "*" in purl or "?" in purl


def _refuse_too_wide(table: Table, made: Exemption, rule: Rule) -> None:
    if made.sha512 is not None and _is_pattern(made.purl):
        raise table.error(
            "purl", "a pattern cannot stand for one digest", "name the version, or leave sha512 out"
        )
    if rule.bound and made.sha512 is None:
        raise table.error(
            None,
            f"{rule.id} can be exempted for known bytes only",
            "name version and sha512, as `pratique exempt` writes them",
        )


def _refuse_too_long(table: Table, made: Exemption, longest: timedelta, now: datetime) -> None:
    last = latest_day(now, longest)
    if made.until > last:
        raise table.error(
            "until",
            f"{made.until} is further away than {format_duration(longest)}",
            f"{last} is the latest day today; prolong it when that is near",
        )


def append_exemption(text: str, exemption: Exemption) -> str:
    """The file's text with the exemption at its end; nothing else of it changes."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [
        "[[exemptions]]",
        f"rule = {quoted(exemption.rule)}",
        f"purl = {quoted(exemption.purl)}",
    ]
    if exemption.sha512:
        lines.append(f"sha512 = {quoted(exemption.sha512)}")
    lines += [f"reason = {quoted(exemption.reason)}", f"owner = {quoted(exemption.owner)}"]
    if exemption.advisory:
        lines.append(f"advisory = {quoted(exemption.advisory)}")
    lines.append(f"until = {exemption.until.isoformat()}")
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return text + gap + newline.join(lines) + newline


def latest_day(now: datetime, longest: timedelta) -> date:
    """The latest day on which an exemption made now may end."""
    return now.date() + longest
