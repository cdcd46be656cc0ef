"""What a YAML 1.1 scalar means: the plain ones that are not strings.

The rules are PyYAML's own (its resolver and its safe constructor are called, never copied), so that
values equal those of `CSafeLoader`, which every other Python tool reads these files with.
"""

from __future__ import annotations

from collections.abc import Callable

from yaml.constructor import SafeConstructor
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

_resolve: Callable[[type, str, tuple[bool, bool]], object] = Resolver().resolve
_CONSTRUCTOR = SafeConstructor()
_PREFIX = "tag:yaml.org,2002:"
_MEANINGS: dict[str, Callable[[ScalarNode], object]] = {
    "bool": _CONSTRUCTOR.construct_yaml_bool,
    "int": _CONSTRUCTOR.construct_yaml_int,
    "float": _CONSTRUCTOR.construct_yaml_float,
    "timestamp": _CONSTRUCTOR.construct_yaml_timestamp,
}
_SPECIAL_STARTS = frozenset("yYnNtTfFoO-+0123456789.<~=!&*")
"""First letters of the plain scalars that may be something else than a string."""

_LONGEST = 1000
"""Characters of a number: CPython refuses to print integers of more than 4300 digits."""

BOOLEANS = {
    word: truth
    for pair, truth in (("yes true on", True), ("no false off", False))
    for lower in pair.split()
    for word in (lower, lower.capitalize(), lower.upper())
}
WORDS: dict[str, bool | None] = {**BOOLEANS, "null": None, "Null": None, "NULL": None}
"""Every plain scalar that begins with a letter and is not a string, with its value."""


def plain(text: str) -> object:
    """The value of an unquoted scalar.

    Raises:
        ValueError: It has the form of a number, a time, a merge or a default key that means none.
    """
    if not text:
        return None
    if text[0] not in _SPECIAL_STARTS:
        return text
    tag = str(_resolve(ScalarNode, text, (True, False))).removeprefix(_PREFIX)
    if tag == "str":
        return text
    if tag == "null":
        return None
    meaning = _MEANINGS.get(tag)
    if meaning is None:
        raise ValueError(f"{text!a} has no meaning here")
    if len(text) > _LONGEST:
        raise ValueError("a number is too long")
    try:
        return meaning(ScalarNode(_PREFIX + tag, text))
    except OverflowError:
        raise ValueError("a number overflows") from None
