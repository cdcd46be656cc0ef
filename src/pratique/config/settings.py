"""Layer settings: a frozen dataclass per layer, read from a table, described, and spelled back.

Keys are the kebab-case of field names. The types that a field may have are the keys of `_FORMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, get_type_hints

from pratique.config.forges import FORGE_SCHEMA, read_forges
from pratique.config.pins import PIN_SCHEMA, read_pins
from pratique.config.values import Table
from pratique.ecosystems.npm.names import why_unservable
from pratique.ecosystems.npm.ownership import FAMILY
from pratique.model.duration import PATTERN as DURATION_PATTERN
from pratique.model.duration import format_duration
from pratique.model.forge import Forge
from pratique.model.package import Digest
from pratique.model.project import Approval
from pratique.model.registry import NO_REGISTRY, OwnName, RegistryUrl, normalised
from pratique.model.signer import SignerPin

SHA512_PATTERN = "^[0-9a-fA-F]{128}$"
_OWN_NAME = (
    r"^(@[A-Za-z0-9_.!~'()-]+(/[A-Za-z0-9_.!~'()-]+\*?)?|[A-Za-z0-9!~'()-][A-Za-z0-9_.!~'()-]*\*?)$"
)
_SHORTEST_FAMILY = 3
"""Characters before the star: fewer would be half of a registry."""
_TEXT = {"type": "string", "pattern": r"\S"}


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one type are read, described to a JSON schema, and spelled.

    Attributes:
        read: Takes a key of a table; None where it is absent.
        schema: A JSON schema of the value.
        spell: The value as TOML spells it.
    """

    read: Callable[[Table, str], Any]
    schema: Mapping[str, Any]
    spell: Callable[[Any], str]


def key_of(field_name: str) -> str:
    """The key of a settings field, as the file spells it."""
    return field_name.replace("_", "-")


def form_of(settings: type, field_name: str) -> Form:
    """The form of a settings field; every type that a field has is there (tested)."""
    return _FORMS[get_type_hints(settings)[field_name]]


def read_settings(table: Table, settings: type) -> dict[str, Any]:
    """Field name -> value, for the keys that the table has; other keys of it are left alone."""
    values = {}
    for field in fields(settings):
        value = form_of(settings, field.name).read(table, key_of(field.name))
        if value is not None:
            values[field.name] = value
    return values


def settings_schema(settings: type) -> dict[str, Any]:
    """JSON schema properties of the settings' keys."""
    return {
        key_of(field.name): dict(form_of(settings, field.name).schema) for field in fields(settings)
    }


def spell_setting(settings: Any, field_name: str) -> str:
    """A setting's value as TOML spells it."""
    return form_of(type(settings), field_name).spell(getattr(settings, field_name))


def read_sha512(table: Table, key: str) -> str | None:
    """A hex digest, in lower case."""
    text = table.text(key)
    if text is None:
        return None
    digest = Digest.from_hex("sha512", text)
    if digest is None:
        from_sri = next(iter(Digest.from_sri(text)), None)
        hint = f"in hexadecimal it is {from_sri.hex}" if from_sri else "128 hexadecimal digits"
        raise table.error(key, "is not a SHA-512 digest in hexadecimal", hint)
    return digest.hex


def _own_names(table: Table, key: str) -> tuple[OwnName, ...] | None:
    names = table.texts(key)
    for name in names or ():
        is_scope = name.startswith("@") and "/" not in name
        may_be_family = key == "own" and not is_scope and len(name) > _SHORTEST_FAMILY
        start = name.removesuffix(FAMILY) if may_be_family else name
        why = why_unservable(f"{start}/x" if is_scope else start)
        if why or FAMILY in start:
            hint = 'a name ("corp-lib", "@corp/lib"), a family ("corp-*") or a scope ("@corp")'
            raise table.error(key, f"{name!r} is neither a package's name nor a scope", hint)
    return None if names is None else tuple(OwnName(name) for name in names)


def _registry_url(table: Table, key: str) -> RegistryUrl | None:
    """A registry's id; "" stands for none."""
    value = table.take(key)
    if value is None or value == "":
        return None if value is None else NO_REGISTRY
    url = normalised(value) if isinstance(value, str) else None
    if url is None or not isinstance(value, str) or any(sign in value for sign in "$?#@"):
        hint = 'as in "https://registry.example/"'
        raise table.error(key, "is no base URL of a registry", hint)
    return RegistryUrl(url)


def _approvals(table: Table, key: str) -> tuple[Approval, ...] | None:
    entries = table.tables(key)
    return None if entries is None else tuple(_approval(entry) for entry in entries)


def _approval(entry: Table) -> Approval:
    package = entry.needed_text("package", "the name of the package that may run code")
    version, sha512 = entry.text("version"), read_sha512(entry, "sha512")
    entry.needed_text("reason", "say why it may: whoever comes later has to judge it again")
    entry.finish()
    return Approval(package, version, allowed=True, where=entry.where(), sha512=sha512)


def quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(_ESCAPES.get(sign) or _escape(sign) for sign in text)
    return f'"{escaped}"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escape(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x20 or ord(sign) == 0x7F else sign


def _spell_pins(pins: tuple[SignerPin, ...]) -> str:
    return "[" + ", ".join(f"{{ package = {quoted(each.package)} }}" for each in pins) + "]"


def _spell_forges(forges: tuple[Forge, ...]) -> str:
    def spelled(forge: Forge) -> str:
        parts = {"repositories": forge.repositories, "api": forge.api, "token": forge.token}
        return ", ".join(f"{key} = {quoted(value)}" for key, value in parts.items() if value)

    return "[" + ", ".join(f"{{ {spelled(each)} }}" for each in forges) + "]"


def _spell_approvals(entries: tuple[Approval, ...]) -> str:
    return "[" + ", ".join(f"{{ package = {quoted(each.name)} }}" for each in entries) + "]"


def _spell_texts(texts: tuple[str, ...]) -> str:
    return "[" + ", ".join(map(quoted, texts)) + "]"


_APPROVAL_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["package", "reason"],
    "properties": {
        "package": _TEXT,
        "version": _TEXT,
        "sha512": {"type": "string", "pattern": SHA512_PATTERN},
        "reason": _TEXT,
    },
}

_FORMS: dict[object, Form] = {
    timedelta: Form(
        lambda table, key: table.duration(key),
        {"type": "string", "pattern": DURATION_PATTERN},
        lambda span: quoted(format_duration(span)),
    ),
    bool: Form(
        lambda table, key: table.flag(key), {"type": "boolean"}, lambda flag: str(flag).lower()
    ),
    str: Form(lambda table, key: table.text(key), _TEXT, quoted),
    tuple[str, ...]: Form(
        lambda table, key: table.texts(key),
        {"type": "array", "items": {"type": "string", "minLength": 1}},
        _spell_texts,
    ),
    tuple[OwnName, ...]: Form(
        _own_names,
        {"type": "array", "items": {"type": "string", "pattern": _OWN_NAME}},
        _spell_texts,
    ),
    RegistryUrl: Form(
        _registry_url, {"type": "string", "pattern": r"^(https?://[^\s$\\?#@]+)?$"}, quoted
    ),
    tuple[SignerPin, ...]: Form(read_pins, {"type": "array", "items": PIN_SCHEMA}, _spell_pins),
    tuple[Forge, ...]: Form(read_forges, {"type": "array", "items": FORGE_SCHEMA}, _spell_forges),
    tuple[Approval, ...]: Form(
        _approvals, {"type": "array", "items": _APPROVAL_SCHEMA}, _spell_approvals
    ),
}
