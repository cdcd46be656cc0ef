"""Edits of a good answer, small and at random: what a hostile mirror could do without any key."""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Path = tuple[str | int, ...]
_VALUES: tuple[Any, ...] = (None, 0, -1, 1.5, "", [], {}, True, "x" * 2000, 2**63, "\0")
_LETTERS = "Aa0=/+ \n-\N{EM DASH}."
_NAMES = ("extra", "certificate", "publicKey", "predicateType", "inclusionProof")


def mutant(document: Any, random: Random) -> Any:
    """A copy with one edit, sometimes two; it may be equal to what it was made from."""
    changed = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2))):
        paths = [path for path in _paths(changed) if path]
        if paths:
            path = random.choice(paths)
            random.choice(_EDITS)(_at(changed, path[:-1]), path[-1], random)
    return changed


def _drop(parent: Any, key: Any, _random: Random) -> None:
    del parent[key]


def _replace(parent: Any, key: Any, random: Random) -> None:
    parent[key] = random.choice(_VALUES)


def _swap(parent: Any, key: Any, random: Random) -> None:
    """The value of a sibling."""
    others = list(parent.values()) if isinstance(parent, dict) else list(parent)
    parent[key] = copy.deepcopy(random.choice(others))


def _letter(parent: Any, key: Any, random: Random) -> None:
    """A letter replaced, or put in."""
    text = parent[key]
    if isinstance(text, str) and text:
        place = random.randrange(len(text))
        rest = text[place + random.randrange(2) :]
        parent[key] = text[:place] + random.choice(_LETTERS) + rest


def _bits(parent: Any, key: Any, random: Random) -> None:
    """A bit of what base64 stands for; or a byte more or less of it."""
    try:
        raw = bytearray(base64.b64decode(parent[key], validate=True))
    except (TypeError, ValueError, binascii.Error):
        return
    if raw:
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
        raw = random.choice((raw, raw, raw, raw + b"\0", raw[:-1]))
        parent[key] = base64.b64encode(raw).decode("ascii")


def _number(parent: Any, key: Any, random: Random) -> None:
    """A number in another spelling, or the next one."""
    text = parent[key]
    if isinstance(text, str) and text.isdigit():
        forms = (int(text), f"{text}0", f"0{text}", f"+{text}", str(int(text) + 1), float(text))
        parent[key] = random.choice(forms)


def _again(parent: Any, key: Any, _random: Random) -> None:
    """A list's first member once more."""
    if isinstance(parent[key], list):
        parent[key].append(copy.deepcopy(parent[key][0]) if parent[key] else {})


def _more(parent: Any, key: Any, random: Random) -> None:
    """A member more, or another value of one."""
    if isinstance(parent[key], dict):
        parent[key][random.choice(_NAMES)] = random.choice(_VALUES)


_EDITS: tuple[Callable[[Any, Any, Random], None], ...] = (
    _drop, _replace, _swap, _letter, _bits, _bits, _number, _again, _more,
)  # fmt: skip


def _paths(value: Any, at: Path = ()) -> Iterator[Path]:
    yield at
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else ())
    )
    for key, each in inner:
        yield from _paths(each, (*at, key))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value
