"""The forges that a policy lets be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pratique.config.values import Table
from pratique.model.forge import Forge
from pratique.model.registry import normalised

_ADDRESS = r"^https?://[^\s$\\?#@]+$"
_VARIABLE = r"^PRATIQUE_FORGE_[A-Z0-9_]{1,64}$"
FORGE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["repositories", "api"],
    "properties": {
        "repositories": {"type": "string", "pattern": _ADDRESS},
        "api": {"type": "string", "pattern": _ADDRESS},
        "token": {"type": "string", "pattern": _VARIABLE},
    },
}


def read_forges(table: Table, key: str) -> tuple[Forge, ...] | None:
    """The forges of a list; None where it is absent.

    Raises:
        PolicyError: One has no address, or names a variable that a policy may not have sent out.
    """
    entries = table.tables(key)
    if entries is None:
        return None
    forges = tuple(_forge(entry) for entry in entries)
    if len({each.repositories for each in forges}) < len(forges):
        raise table.error(key, "two of them have the same repositories")
    return forges


def _forge(entry: Table) -> Forge:
    forge = Forge(
        repositories=_address(entry, "repositories", "https://github.com"),
        api=_address(entry, "api", "https://api.github.com"),
        token=_variable(entry),
    )
    entry.finish()
    return forge


def _address(entry: Table, key: str, like: str) -> str:
    text = entry.needed_text(key, f'as in {key} = "{like}"')
    found = normalised(text)
    if found is None or not re.fullmatch(_ADDRESS, text):
        raise entry.error(key, f"{text!r} is no address", f'as in "{like}"')
    return found


def _variable(entry: Table) -> str | None:
    """A name of its own form: a repository's file must not have any other secret sent anywhere."""
    text = entry.text("token")
    if text is not None and not re.fullmatch(_VARIABLE, text):
        hint = "the name of an environment variable that begins with PRATIQUE_FORGE_"
        raise entry.error("token", f"{text!r} is no such name", hint)
    return text
