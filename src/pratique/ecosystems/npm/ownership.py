"""Whose a package's name is: a user's own names and scopes, and names that look like them. Pure.

What looks alike: https://www.unicode.org/reports/tr39/ (UTS 39, skeletons), of which npm's names,
which are ASCII (`names.py`), leave a handful; and how look-alikes were made that were found in npm
(https://arxiv.org/abs/2003.03471, 2020): separators, a letter more, less, other or swapped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pratique.ecosystems.npm.names import LONGEST, scope_of

FAMILY = "*"
"""The end of what stands for every name that begins so."""
SHORTEST_FOR_EDITS = 5
"""Characters from which on a name that is one edit away is no chance."""
_MOST_REMEMBERED = 50_000
_SEPARATORS = dict.fromkeys("-_.~/@ ", None)
_DIGITS = {"0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "2": "z", "8": "b"}
# Cyrillic and Greek, drawn as Latin letters: no registry has such names, a lockfile can.
_FOREIGN = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u03bf\u03b1\u03bd\u03c1\u0501",
        "aeopcyxljsoavpd",
        strict=True,
    )
)
_LETTERS = str.maketrans({**_SEPARATORS, **_DIGITS, **_FOREIGN})
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


@lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """What is left of a name where case, separators and letters that look alike do not count."""
    plain = unicodedata.normalize("NFKD", name[: LONGEST + 1]).casefold()
    text = "".join(each for each in plain if not unicodedata.combining(each)).translate(_LETTERS)
    for pair, letter in _PAIRS:
        text = text.replace(pair, letter)
    return text


class Ownership:
    """The names and scopes of one user, and what may be taken for one of them.

    Args:
        own: Names (`corp-lib`, `@corp/lib`), families of names (`corp-*`) and scopes (`@corp`).
        others: Names and scopes that look like an own one, and are known to be somebody else's.
    """

    def __init__(self, own: Iterable[str], others: Iterable[str] = ()) -> None:
        every = frozenset(own)
        self._own = frozenset(each for each in every if not each.endswith(FAMILY))
        self._families = tuple(each.removesuffix(FAMILY) for each in every - self._own)
        self._others = frozenset(others)
        self._scopes = frozenset(filter(None, map(scope_of, self._own)))
        self._by_skeleton: dict[str, str] = {}
        self._by_bare: dict[str, str] = {}
        self._by_variant: dict[str, list[str]] = {}
        self._alike: dict[str, str | None] = {}
        for each in sorted(self._own):
            self._add(each)

    def _add(self, own: str) -> None:
        folded = skeleton(own)
        self._by_skeleton.setdefault(_marked(own, folded), own)
        if scope_of(own):
            self._by_bare.setdefault(skeleton(own.partition("/")[2]), own)
        if len(own.removeprefix("@")) >= SHORTEST_FOR_EDITS:
            for variant in (folded, *_shorter(folded)):
                self._by_variant.setdefault(_marked(own, variant), []).append(own)

    def is_owned(self, name: str) -> bool:
        """Whether a package's name is the user's own, or in a scope or a family of theirs."""
        if name in self._own or name.startswith(self._families):
            return True
        return name[:1] == "@" and scope_of(name) in self._own

    def alike(self, name: str) -> str | None:
        """The own name or scope that a foreign name can be taken for; None for none.

        A family has no look-alikes: names that begin like many others would all be held.
        """
        if name in self._alike:
            return self._alike[name]
        if len(self._alike) >= _MOST_REMEMBERED:
            self._alike.clear()
        found = self._alike[name] = self._found(name)
        return found

    def _found(self, name: str) -> str | None:
        scope = scope_of(name)
        if not self._own or self.is_owned(name) or {name, scope} & self._others:
            return None
        if scope and scope not in self._scopes and (of_scope := self._near(scope)):
            return of_scope
        if not scope and (twin := self._by_bare.get(skeleton(name))):
            return twin
        found = self._near(name)
        # Within one scope all names have one owner.
        return None if found and scope and scope == scope_of(found) else found

    def _near(self, name: str) -> str | None:
        """The own name that `name` equals but for its looks, or is one edit away from."""
        folded = skeleton(name)
        if same := self._by_skeleton.get(_marked(name, folded)):
            return same
        for variant in (folded, *_shorter(folded)):
            for own in self._by_variant.get(_marked(name, variant), ()):
                if is_one_edit(folded, skeleton(own)):
                    return own
        return None


def _marked(name: str, folded: str) -> str:
    """A scope and a name are compared with their like only."""
    is_scope = name.startswith("@") and "/" not in name
    return f"@{folded}" if is_scope else folded


def _shorter(text: str) -> Iterator[str]:
    """`text` without each of its characters: what two texts share that are one edit apart."""
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]


def is_one_edit(one: str, other: str) -> bool:
    """Whether a letter more, less or other, or two neighbours swapped, make one text the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    shortest = min(len(one), len(other))
    start = next((at for at in range(shortest) if one[at] != other[at]), shortest)
    one, other = one[start:], other[start:]
    if one[1:] == other[1:] or one[1:] == other or one == other[1:]:
        return True
    return one[:2] == other[1::-1] and one[2:] == other[2:]
