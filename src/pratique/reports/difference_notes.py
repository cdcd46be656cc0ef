"""Sentences for `notes`: what is odd about what was named, and what could not be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pratique.ecosystems.npm.inside import Mismatch

MOST_NAMED = 5


def confused(found: Sequence[Mismatch]) -> Iterator[str]:
    """What the manifest inside an artifact and its registry say differently."""
    for each in found[:MOST_NAMED]:
        what = f"{each.what} {each.name}".strip()
        inside, stated = (each.inside or "nothing"), (each.stated or "nothing")
        yield f"{what}: the manifest inside says {inside}, the registry says {stated}"
    if len(found) > MOST_NAMED:
        yield f"manifest and registry differ in {len(found) - MOST_NAMED:,} things more"


def two_names(old: str, new: str) -> Iterator[str]:
    """That two packages are compared, where they are two."""
    if old != new:
        yield f"two packages are compared: {old} was named first, {new} is judged"


def bytes_of(one: tuple[str, str, str], other: tuple[str, str, str]) -> Iterator[str]:
    """What the bytes say, where they say something; each is (name, version, sha512)."""
    if one[2] == other[2]:
        yield "both are the same, byte for byte"
    elif one[:2] == other[:2]:
        yield "one version with other bytes: what is published never changes its bytes"


def too_large(paths: Sequence[str]) -> Iterator[str]:
    """That files are not shown side by side."""
    if paths:
        yield f"too large to be shown side by side: {_listed(paths)}"


def unknown(why: Mapping[str, str]) -> Iterator[str]:
    """New dependencies of which something is not known, name -> why: a sentence for each reason."""
    for reason in dict.fromkeys(why.values()):
        named = [name for name, each in why.items() if each == reason]
        word = "dependency" if len(named) == 1 else "dependencies"
        yield f"new {word} {_listed(named)}: {reason}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
