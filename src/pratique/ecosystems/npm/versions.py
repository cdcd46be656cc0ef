"""Versions and ranges as npm reads them: order, release lines, satisfaction.

The grammar is that of node-semver, which npm, pnpm, yarn and bun share, in its loose mode, which is
how they read what is already published or locked. Whatever it does not accept is "cannot tell".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import nodesemver

LONGEST = 256
"""Characters of a version or of a range. node-semver refuses longer versions, too."""
_LARGEST = 2**53 - 1
"""JavaScript's largest safe integer: node-semver refuses a larger number."""

# The library takes "1.2" for a version; node-semver does not.
_THREE_NUMBERS = re.compile(r"[v=\s]*\d{1,16}\.\d{1,16}\.\d{1,16}(?!\d)")

# What strict semver allows, short numbers only: the library reads it no other way, in thrice the
# time, and a package may have thousands of versions.
_STRICT = re.compile(
    r"(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,14})"
    r"(?:-((?:0|[1-9][0-9]{0,14}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    r"(?:\.(?:0|[1-9][0-9]{0,14}|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
)

Order = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]
"""Sorts as semver orders (https://semver.org, 2.0.0, section 11); builds are left out."""


@lru_cache(maxsize=8192)
def order_of(version: str) -> Order | None:
    """A key that sorts as semver does; None where `version` is not a version.

    (major, minor, patch, stable, prerelease identifiers). Build metadata does not count.
    """
    if len(version) > LONGEST:
        return None
    if strict := _STRICT.fullmatch(version):
        return _strict_order(strict)
    if not (version.isascii() and _THREE_NUMBERS.match(version)):
        return None
    return _loose_order(version)


def _strict_order(found: re.Match[str]) -> Order:
    before = tuple(_identifier(part) for part in found[4].split(".")) if found[4] else ()
    return int(found[1]), int(found[2]), int(found[3]), not before, before


def _identifier(part: str) -> tuple[bool, int, str]:
    return (False, int(part), part) if part.isdigit() else (True, 0, part)


def _loose_order(version: str) -> Order | None:
    try:
        read = nodesemver.make_semver(version, True)  # noqa: FBT003 - the library's signature
        numbers = (int(read.major), int(read.minor), int(read.patch))
    except (ValueError, AttributeError, TypeError, IndexError):
        return None
    if max(numbers) > _LARGEST:
        return None
    before = tuple(
        (isinstance(part, str), 0 if isinstance(part, str) else part, str(part))
        for part in read.prerelease
    )
    return (*numbers, not before, before)


def is_version(text: str) -> bool:
    """Whether `text` is one exact version."""
    return order_of(text) is not None


def is_prerelease(version: str) -> bool:
    """Whether it has a prerelease part; False for what is not a version."""
    order = order_of(version)
    return order is not None and not order[3]


def line_of(version: str) -> str | None:
    """The release line: the major ("2"), or "0.minor" below 1.0.0; None where not a version.

    All of 0.0.x is one line. A prerelease belongs to the line of its own stable release.
    """
    order = order_of(version)
    if order is None:
        return None
    return f"0.{order[1]}" if order[0] == 0 else str(order[0])


def ascending(versions: Iterable[str]) -> list[str]:
    """The versions among `versions`, lowest first; what is not a version is left out."""
    keyed = [(order, version) for version in versions if (order := order_of(version))]
    return [version for _, version in sorted(keyed)]


def highest_in(wanted: str, versions: Iterable[str]) -> str | None:
    """The highest of `versions` that lies in the range `wanted`; None where none does."""
    known = reversed(ascending(versions))
    return next((each for each in known if satisfies(each, wanted)), None)


@lru_cache(maxsize=8192)
def _range(text: str) -> object | None:
    if len(text) > LONGEST or not text.isascii():
        return None
    try:
        read: object = nodesemver.make_range(text, loose=True)
    except (ValueError, AttributeError, TypeError, IndexError, RecursionError):
        return None
    return read


def is_range(text: str) -> bool:
    """Whether `text` is a range (an exact version and "" are); tags and addresses are not."""
    return _range(text) is not None


@lru_cache(maxsize=16384)
def satisfies(version: str, wanted: str) -> bool | None:
    """Whether `version` lies in the range `wanted`; None where that cannot be told.

    A prerelease lies in a range only where a comparator of the range has a prerelease of the same
    major, minor and patch.
    """
    if order_of(version) is None:
        return None
    read = _range(wanted)
    if read is None:
        return None
    try:
        return bool(read.test(nodesemver.make_semver(version, True)))  # type: ignore[attr-defined]  # noqa: FBT003 - the library's own
    except (ValueError, AttributeError, TypeError, IndexError):
        return None
