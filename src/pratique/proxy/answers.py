"""Answers: a status, a reason phrase, headers and a body that no foreign text can break.

Most clients print the reason phrase of a refusal and nothing else of it; npm and yarn 1 print the
member `error`, npm the header `npm-notice`, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

LONGEST_PHRASE = 120
"""Characters of a reason phrase."""
LONGEST_TEXT = 600
"""Characters of a sentence in a body."""
_LEAST_OF_A_RELEASE = 24
_CUT = "..."
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_GAP = re.compile(r"\s+")

Headers = tuple[tuple[bytes, bytes], ...]
JSON: Headers = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes:
        status: The HTTP status.
        headers: Name, lower case, and value; without the length.
        body: As it is sent.
        reason: Printable ASCII; "" for the status's own.
    """

    status: int
    headers: Headers
    body: bytes
    reason: str = ""


def phrase(release: str, rules: Sequence[str], decision: str) -> str:
    """`blocked by policy: NAME@VERSION RULE (decision ID)`, printable ASCII of 120 characters.

    What is too long is shortened: further rules become a number, then the rule loses its end, and
    the release its middle. The decision's id never does.
    """
    return _phrase("blocked by policy", release, _named(rules), f" (decision {decision})")


def refused(
    release: str, rules: Sequence[str], decision: str, *, text: str = "", url: str = ""
) -> Answer:
    """A release is refused: 403, since clients repeat 451 and 5xx for over a minute.

    Args:
        release: NAME@VERSION.
        rules: Ids of the rules that refuse it, the strongest first.
        decision: The decision's id; it is on record already.
        text: A sentence that says more.
        url: Where the decision is explained.
    """
    reason = phrase(release, rules, decision)
    return _refusal(reason, _more(text, url), {"decision": decision, "rules": list(rules)})


def held(release: str, why: str, *, decision: str = "", url: str = "") -> Answer:
    """A release is not decided yet: `held: NAME@VERSION why`, also 403."""
    tail = f" (decision {decision})" if decision else ""
    reason = _phrase("held", release, why, tail)
    members: dict[str, object] = {"decision": decision} if decision else {}
    return _refusal(reason, _more("", url), {**members, "rules": []})


def failed(status: int, why: str) -> Answer:
    """Something else than the policy stands in the way; `why` is a short sentence."""
    body = msgspec.json.encode({"error": _text(why, LONGEST_TEXT)})
    return Answer(status, JSON, body, _text(why, LONGEST_PHRASE) or "failed")


def _refusal(reason: str, more: str, members: dict[str, object]) -> Answer:
    error = f"{reason}: {more}" if more else reason
    body = msgspec.json.encode({"error": error, **members})
    headers = (*JSON, (b"npm-notice", (more or reason).encode("ascii")))
    return Answer(403, headers, body, reason)


def _more(text: str, url: str) -> str:
    """What the phrase has no room for: a sentence, and where all of it stands."""
    said = _text(text, LONGEST_TEXT)
    at = f"See {_text(url, LONGEST_TEXT)}" if url else ""
    return " ".join(filter(None, (said, at)))


def _named(rules: Sequence[str]) -> str:
    first = _text(rules[0], LONGEST_PHRASE) if rules else ""
    return f"{first} +{len(rules) - 1}" if len(rules) > 1 else first


def _phrase(lead: str, release: str, why: str, tail: str) -> str:
    tail = _text(tail, LONGEST_PHRASE // 3, strip=False)
    room = LONGEST_PHRASE - len(f"{lead}: ") - len(tail)
    why = _text(why, room - 1 - min(len(release), _LEAST_OF_A_RELEASE))
    release = _shortened(_text(release, 1024), room - len(f" {why}" if why else ""))
    return f"{lead}: {' '.join(filter(None, (release, why)))}{tail}"


def _shortened(release: str, most: int) -> str:
    """Without its middle: the end says which version it is."""
    if len(release) <= most:
        return release
    kept = most - len(_CUT)
    return release[: kept - kept // 2] + _CUT + release[len(release) - kept // 2 :]


def _text(text: str, most: int, *, strip: bool = True) -> str:
    """One line of printable ASCII, at most so long."""
    text = _UNPRINTABLE.sub("?", _GAP.sub(" ", text))
    text = text.strip() if strip else text
    return text if len(text) <= most else text[: most - len(_CUT)] + _CUT
