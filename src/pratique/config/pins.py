"""The signers that a policy pins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pratique.config.values import Table
from pratique.ecosystems.npm.names import why_unservable
from pratique.model.signer import SignerPin
from pratique.provenance.sources import source_of

_TEXT = {"type": "string", "pattern": r"^\S(.*\S)?$"}
_NUMBER = r"^[0-9]{1,20}$"
_REF = r"^[^\[\]\s]+$"
_ASKED = ("workflow", "issuer", "environment", "builder")
PIN_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["package"],
    "minProperties": 2,
    "properties": {
        "package": _TEXT,
        "repository": _TEXT,
        "repository-id": {"type": "string", "pattern": _NUMBER},
        "owner-id": {"type": "string", "pattern": _NUMBER},
        "ref": {"type": "string", "pattern": _REF},
        **dict.fromkeys(_ASKED, _TEXT),
    },
}


def read_pins(table: Table, key: str) -> tuple[SignerPin, ...] | None:
    """The pins of a list; None where it is absent.

    Raises:
        PolicyError: One names no package or asks for nothing, or a value of it cannot be met.
    """
    entries = table.tables(key)
    return None if entries is None else tuple(_pin(entry) for entry in entries)


def _pin(entry: Table) -> SignerPin:
    package = entry.needed_text("package", "the name of a package, or a scope")
    is_scope = package.startswith("@") and "/" not in package
    if "*" in package or why_unservable(f"{package}/x" if is_scope else package):
        hint = "a whole scope is pinned by its name alone, as in @corp"
        raise entry.error("package", f"{package!r} is neither a package's name nor a scope", hint)
    pin = SignerPin(
        package=package,
        repository=_repository(entry),
        repository_id=_matching(entry, "repository-id", _NUMBER, "a number, in quotes"),
        owner_id=_matching(entry, "owner-id", _NUMBER, "a number, in quotes"),
        ref=_matching(entry, "ref", _REF, 'as in "refs/tags/v*"; only * and ? stand for more'),
        **{name: entry.text(name) for name in _ASKED},
    )
    entry.finish()
    if pin == SignerPin(package=package):
        raise entry.error("package", "nothing is asked of its signer", "a repository, at least")
    return pin


def _repository(entry: Table) -> str | None:
    text = entry.text("repository")
    if text is None:
        return None
    found = source_of(text)
    if found is None:
        hint = 'as in "owner/name" or "https://gitlab.com/group/name"'
        raise entry.error("repository", f"{text!r} is no address of a source", hint)
    return found


def _matching(entry: Table, key: str, pattern: str, hint: str) -> str | None:
    text = entry.text(key)
    if text is not None and not re.fullmatch(pattern, text):
        raise entry.error(key, f"{text!r} cannot be met", hint)
    return text
