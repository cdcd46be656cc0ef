"""`pratique verify` as text: a block for each release, or a line where there are many.

What only has a good registry signature is counted, and what is refused always has its block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pratique.model.evidence import Attestations, SignatureFact
from pratique.model.fact import Missing
from pratique.model.verification import Outcome, Verification, Verified
from pratique.reports.escape import shown
from pratique.reports.layout import Paint, pad, wrap
from pratique.reports.page import Page

_KINDS = {Outcome.VERIFIED: "pass", Outcome.REFUSED: "block", Outcome.UNKNOWN: "unknown"}
_INDENT, _COLUMN = "    ", 12
_MANY = 20
"""Verified releases from which on each has one line."""


def render(verification: Verification, page: Page, *, explain: bool = False) -> str:
    """The report, ending in a newline; with `explain` each rule of each release."""
    paint = Paint(colour=page.colour)
    told = [each for each in verification.releases if explain or _is_told(each)]
    are_many = not explain and len(told) >= _MANY
    lines = [_line(each, paint) for each in told if are_many and _is_short(each)]
    lines += [""] * bool(lines)
    for each in told:
        if not (are_many and _is_short(each)):
            lines += [*_block(each, page, paint, explain=explain), ""]
    lines += _unknown(verification, page)
    for note in verification.notes:
        lines += wrap(f"note  {shown(note)}", page.width, rest="      ")
    lines.append(closing(verification))
    return "".join(f"{line}\n" for line in lines)


def closing(verification: Verification) -> str:
    """The last line: how many, and the exit."""
    counts = [len(verification.of(outcome)) for outcome in Outcome]
    built = sum(bool(each.signer) for each in verification.of(Outcome.VERIFIED))
    of_them = f" ({built:,} with provenance)" if counts[0] else ""
    return (
        f"{counts[0]:,} verified{of_them}, {counts[1]:,} refused, {counts[2]:,} unknown "
        f"\u00b7 exit {verification.exit}"
    )


def _is_told(each: Verified) -> bool:
    if each.outcome is Outcome.VERIFIED:
        return bool(each.signer)
    return each.outcome is Outcome.REFUSED or bool(each.signer)


def _is_short(each: Verified) -> bool:
    return each.outcome is Outcome.VERIFIED


def _line(each: Verified, paint: Paint) -> str:
    """`name@version  verified  source@commit  workflow  builder  signer`; not wrapped."""
    attested = each.attestations
    built = attested.provenance if isinstance(attested, Attestations) else None
    parts = [each.title, paint(each.outcome.value, _KINDS[each.outcome])]
    if built is not None:
        commit = (built.commit or "unknown")[:12]
        parts += [f"{built.repository}@{commit}", built.workflow or "-", built.runner or "-"]
    return "  ".join([shown(parts[0]), parts[1], *map(shown, (*parts[2:], each.signer))])


def _unknown(verification: Verification, page: Page) -> Iterator[str]:
    """Those without a block, by why."""
    total = len(verification.releases)
    untold = [each for each in verification.of(Outcome.UNKNOWN) if not _is_told(each)]
    reasons = Counter(why for each in untold for why in each.why)
    for why, number in reasons.most_common():
        text = f"unknown  {number:,} of {total:,}: {shown(why)}"
        yield from wrap(text, page.width, rest="         ")


def _block(each: Verified, page: Page, paint: Paint, *, explain: bool) -> Iterator[str]:
    yield f"{shown(each.title)}  {paint(each.outcome.value, _KINDS[each.outcome])}"
    for name, text in _facts(each):
        first = f"{_INDENT}{pad(name, _COLUMN)}"
        yield from wrap(shown(text), page.width, first=first, rest=" " * len(first))
    for rule in each.explained if explain else ():
        why = f" ({rule.why})" if rule.why else ""
        first = f"{_INDENT}{pad(rule.rule, 8)}{pad(rule.verdict, 10)}"
        yield from wrap(shown(f"{rule.says}{why}"), page.width, first=first, rest=" " * len(first))


def _facts(each: Verified) -> Iterator[tuple[str, str]]:
    yield "signature", _signature(each.signature)
    yield "provenance", _provenance(each.attestations)
    attested = each.attestations
    built = attested.provenance if isinstance(attested, Attestations) else None
    if built is not None:
        yield "source", f"{built.repository}@{built.commit or 'an unknown commit'}"
        yield "workflow", built.workflow or "not certified"
        own = (
            f"not certified; it calls itself {built.builder}" if built.builder else "not certified"
        )
        yield "builder", built.runner or own
    if each.signer:
        yield "signer", f"{each.signer}: {each.signer_why}"
    for why in each.why:
        yield ("refused" if each.outcome is Outcome.REFUSED else "missing"), why
    for warning in each.warnings:
        yield "warning", warning
    for left in attested.open if isinstance(attested, Attestations) else ():
        yield "open", f"{left.rule}: {left.why}"


def _signature(found: SignatureFact | Missing | None) -> str:
    if found is None:
        return "none: it is a file"
    if isinstance(found, Missing):
        return f"unknown: {found.detail}"
    return f"{found.state}, key {found.keyid}" if found.keyid else found.state.value


def _provenance(found: Attestations | Missing) -> str:
    if isinstance(found, Missing):
        return f"unknown: {found.detail}"
    if found.refused:
        return "refused"
    at = f", published {found.publish:%Y-%m-%d %H:%M} UTC" if found.publish else ""
    if found.provenance is None:
        return f"none{at}"
    return f"{found.provenance.predicate}{at}"
