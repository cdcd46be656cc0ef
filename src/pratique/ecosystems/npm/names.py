"""Names of npm packages: which are legal, and which scope they belong to.

Rules: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name and the registry's own
validator (`validate-npm-package-name` 7, read 2026-11). The rules for *old* names apply: names with
capitals were published before 2014 and are still installed.
"""

from __future__ import annotations

import re

LONGEST = 214
"""Characters, the scope and its marks included."""

# What JavaScript's encodeURIComponent leaves as it is.
_URL_SAFE = re.compile(r"[A-Za-z0-9\-_.!~*'()]+")
_RESERVED = frozenset({"node_modules", "favicon.ico"})


def why_illegal(name: str) -> str | None:
    """What is wrong with `name` as a package name, as one clause; None where it is legal."""
    if not name:
        return "it is empty"
    if len(name) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    scope, slash, rest = name.partition("/") if name.startswith("@") else ("", "", name)
    if not scope:
        return _part_illegal(rest)
    if not slash:
        return "a scope without a name"
    # A scope may begin with a dot or an underscore; a name inside one only with an underscore.
    if not _URL_SAFE.fullmatch(scope[1:]) or scope[1:] in {".", ".."}:
        return "its scope has a character that is not safe in a URL"
    return _part_illegal(rest.removeprefix("_") or rest)


def why_unservable(name: str) -> str | None:
    """The same for a registry that serves names: some have packages that begin with a hyphen.

    They were published before npm refused such names, and other clients still install them.
    """
    plain = name.lstrip("-")
    return why_illegal(plain if plain and not name.startswith("@") else name)


def _part_illegal(part: str) -> str | None:
    if part[:1] in {".", "_", "-"}:
        return f"it begins with {part[0]!r}"
    if part.lower() in _RESERVED:
        return "it is reserved"
    if not _URL_SAFE.fullmatch(part):
        return "it has a character that is not safe in a URL"
    return None


def is_legal(name: str) -> bool:
    """Whether a registry can have a package of this name."""
    return why_illegal(name) is None


def scope_of(name: str) -> str | None:
    """The scope with its mark (`@corp` of `@corp/tool`); None for a name without one."""
    scope, slash, _ = name.partition("/")
    return scope if slash and scope.startswith("@") and len(scope) > 1 else None
