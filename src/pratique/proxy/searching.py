"""`GET /-/v1/search`: what is looked for, which own packages match, and one list of two. Pure.

Own packages come first, then what the upstream finds; a page is cut from that one list, so that
`from` counts through both. Of an upstream's entry only what is known to be no version is taken
over: which version may be named is the caller's to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec

from pratique.ecosystems.npm.names import scope_of, why_unservable
from pratique.ecosystems.npm.ownership import FAMILY, skeleton
from pratique.model.private import PrivatePackage
from pratique.proxy.private import LATEST, as_text

LARGEST_PAGE = 250
"""Entries of one page; npm's registry gives no more either."""
USUAL_PAGE = 20
MOST_OBJECTS = 2_000
"""Entries of an upstream's answer that are read."""
_DEEPEST = 100_000
_MOST_COUNTED = 10**9
_LONGEST_QUERY, _LONGEST_TEXT = 4096, 512
_LONGEST_LINE, _MOST_KEYWORDS, _MOST_PEOPLE = 500, 50, 50
_WEIGHTS = ("quality", "popularity", "maintenance")
_WEIGHT = re.compile(r"[01](?:\.[0-9]{1,6})?")
_QUALIFIERS = frozenset({"keywords", "author", "maintainer", "scope", "not", "is", "boost-exact"})
_PIECES = re.compile(r"[^\w.~-]+")
_LONG_ENOUGH = 6
"""Characters of an own name that is looked for inside of other words."""
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Entry = dict[str, Any]
"""A package as the `package` of a search's object has it."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for.

    Attributes:
        text: As it was typed.
        size, start: Which page.
        weights: How results are to be sorted, verbatim; only an upstream knows more than names.
    """

    text: str
    size: int = USUAL_PAGE
    start: int = 0
    weights: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Plain words, case folded."""
        plain = (each.casefold() for each in self.text.split() if not _qualifier(each))
        return tuple(plain)

    def asked(self, start: int, size: int) -> str:
        """The query for an upstream."""
        pairs = [("text", self.text), ("size", str(size)), ("from", str(start)), *self.weights]
        return urlencode(pairs)


@dataclass(frozen=True, slots=True)
class Found:
    """What an upstream found: entries without any version, their stated versions, and how many."""

    entries: tuple[Entry, ...]
    stated: Mapping[str, tuple[str, str]]
    """Name -> the version that its entry stated, and when it was published; "" for none."""
    total: int


def read_query(query: bytes) -> Sought | str:
    """What is looked for, or why that cannot be read, as a sentence."""
    if len(query) > _LONGEST_QUERY:
        return f"the query is longer than {_LONGEST_QUERY} bytes"
    try:
        read = parse_qs(query.decode("ascii"), encoding="utf-8", errors="strict", max_num_fields=50)
    except (ValueError, UnicodeDecodeError):
        return "the query cannot be read"
    text = " ".join(read.get("text", ())).strip()
    if not text:
        return "`text` says what is looked for, and is missing"
    if len(text) > _LONGEST_TEXT or any(ord(each) < 0x20 for each in text):
        return f"`text` is one line of at most {_LONGEST_TEXT} characters"
    size, start = (_number(read.get(key, [""])[0]) for key in ("size", "from"))
    weights = tuple(
        (key, value)
        for key in _WEIGHTS
        for value in read.get(key, ())[:1]
        if _WEIGHT.fullmatch(value)
    )
    wanted = USUAL_PAGE if size is None else min(size, LARGEST_PAGE)
    return Sought(text, wanted, min(start or 0, _DEEPEST), weights)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _qualifier(word: str) -> tuple[str, str] | None:
    """(`scope`, `corp`) of `scope:corp`; None of a plain word."""
    key, colon, value = word.partition(":")
    return (key.casefold(), value) if colon and key.casefold() in _QUALIFIERS else None


def tells(text: str, own: Collection[str]) -> bool:
    """Whether a text that an upstream is asked for would tell it an own name or scope.

    Case, separators and what only looks like another letter do not count. Of a scope, its name
    without the mark is enough, and the mark with its beginning; a name that is too short to be
    found in other words by more than chance has to be one of the words.

    Args:
        text: What is looked for.
        own: Names, families of names (`corp-*`) and scopes.
    """
    pieces = {skeleton(each) for each in _PIECES.split(text)} | {skeleton(text)}
    marked = [each.casefold() for each in text.split() if each.startswith("@") and len(each) > 1]
    for each in own:
        scope = each if each.startswith("@") and "/" not in each else scope_of(each) or ""
        if scope and any(scope.casefold().startswith(word) for word in marked):
            return True
        name = skeleton((scope or each).removesuffix(FAMILY))
        is_long, is_family = len(name) >= _LONG_ENOUGH, each.endswith(FAMILY)
        if name in pieces or (is_long and any(name in piece for piece in pieces)):
            return True
        if is_family and any(piece.startswith(name) for piece in pieces):
            return True
    return False


# -- own packages ----------------------------------------------------------------------------------


def entry_of(package: PrivatePackage) -> Entry | None:
    """The package's entry; None where nothing of it is left."""
    latest = package.version(package.tags.get(LATEST, ""))
    if latest is None or latest.removed_at is not None:
        return None
    try:
        sent = msgspec.json.decode(latest.manifest)
    except _BROKEN:
        sent = {}
    stated = {"version": latest.version, "date": as_text(latest.published_at)}
    described = _described(package.name, sent if isinstance(sent, dict) else {})
    people = [{"username": name, "email": ""} for name in package.owners]
    publisher = {"username": latest.by, "email": ""}
    return {**described, **stated, "publisher": publisher, "maintainers": people}


def matching(entries: Iterable[Entry], sought: Sought) -> list[Entry]:
    """The entries in which every word is found: those that are named so first, then by name."""
    ranked = [(rank, each) for each in entries if (rank := _rank(each, sought)) is not None]
    return [each for _, each in sorted(ranked, key=lambda one: (one[0], one[1]["name"]))]


def _rank(entry: Entry, sought: Sought) -> int | None:
    qualifiers = filter(None, map(_qualifier, sought.text.split()))
    if not all(_is_so(entry, *each) for each in qualifiers):
        return None
    name = str(entry["name"]).casefold()
    about = " ".join([name, str(entry["description"]), *entry["keywords"]]).casefold()
    words = sought.words
    if not all(word in about for word in words):
        return None
    whole = " ".join(words)
    return (name != whole) + (not name.startswith(whole)) + (whole not in name)


def _is_so(entry: Entry, key: str, value: str) -> bool:
    """What a qualifier asks; one that says nothing about an own package lets it pass."""
    if key == "scope":
        return bool(entry["scope"] == value.removeprefix("@"))
    if key == "keywords":
        wanted = {each.casefold() for each in re.split(r"[,+]", value) if each}
        return bool(wanted & {each.casefold() for each in entry["keywords"]})
    if key in {"author", "maintainer"}:
        return value in {each["username"] for each in entry["maintainers"]}
    return True


# -- an upstream's answer --------------------------------------------------------------------------


def read_found(body: bytes) -> Found | str:
    """An upstream's answer, or why it cannot be read."""
    try:
        read = msgspec.json.decode(body)
    except _BROKEN:
        return "the upstream's answer to the search cannot be read"
    objects = read.get("objects") if isinstance(read, dict) else None
    if not isinstance(objects, list):
        return "the upstream's answer to the search has no objects"
    entries: dict[str, Entry] = {}
    stated = {}
    for package in map(_package_of, objects[:MOST_OBJECTS]):
        name = package.get("name")
        if not isinstance(name, str) or name in entries or why_unservable(name):
            continue
        people = _people(package.get("maintainers"))
        entries[name] = {**_described(name, package), "maintainers": people}
        stated[name] = (_line(package.get("version"), 256), _line(package.get("date"), 64))
    total = read.get("total")
    counted = total if isinstance(total, int) and not isinstance(total, bool) else len(objects)
    return Found(tuple(entries.values()), stated, min(max(0, counted), _MOST_COUNTED))


def _package_of(each: object) -> dict[str, Any]:
    package = each.get("package") if isinstance(each, dict) else None
    return package if isinstance(package, dict) else {}


def _described(name: str, stated: Mapping[str, Any]) -> Entry:
    keywords = stated.get("keywords")
    words = keywords[:_MOST_KEYWORDS] if isinstance(keywords, list) else [keywords]
    return {
        "name": name,
        "scope": (scope_of(name) or "@unscoped").removeprefix("@"),
        "description": _line(stated.get("description"), _LONGEST_LINE),
        "keywords": [line for each in words if (line := _line(each, 100))],
    }


def _people(stated: object) -> list[dict[str, str]]:
    found = stated[:_MOST_PEOPLE] if isinstance(stated, list) else []
    names = [each.get("username") or each.get("name") for each in found if isinstance(each, dict)]
    return [{"username": line, "email": ""} for each in names if (line := _line(each, 100))]


def _line(value: object, most: int) -> str:
    """A text from outside without control characters, at most so long; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return "".join(each if each.isprintable() else " " for each in value[:most]).strip()


# -- the answer ------------------------------------------------------------------------------------


def answered(entries: Iterable[Entry], total: int, now: datetime, incomplete: str = "") -> bytes:
    """The body; `incomplete` says why the upstream's packages are not in it."""
    even = {"quality": 1, "popularity": 1, "maintenance": 1}
    score = {"final": 1, "detail": even}
    objects = [{"package": each, "score": score, "searchScore": 1} for each in entries]
    told: dict[str, object] = {"objects": objects, "total": total, "time": as_text(now)}
    return msgspec.json.encode(told | ({"incomplete": incomplete} if incomplete else {}))
