"""The JSON schema of `pratique.toml` (draft 2020-12), made from the layers and their settings."""

from __future__ import annotations

from typing import Any

from pratique.config.presets import DEFAULT, NAMES
from pratique.config.reading import (
    HOST_PATTERN,
    NAME_PATTERN,
    PUBLISH_TIMES,
    SCOPE_PATTERN,
    SIGNATURES,
    Program,
    this_program,
)
from pratique.config.settings import SHA512_PATTERN, settings_schema
from pratique.config.values import ACTIONS
from pratique.model.layer import Layer

_TEXT = {"type": "string", "pattern": r"\S"}
_ACTION = {"enum": list(ACTIONS)}
_ON_UNKNOWN = {
    "oneOf": [
        _ACTION,
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {"absent": _ACTION, "failed": _ACTION},
        },
    ],
}


def schema(program: Program | None = None) -> dict[str, Any]:
    """The schema, as JSON values. It checks each value's form; only the program checks the rest.

    Dates are TOML dates; as JSON they are texts such as `2026-12-01`.
    """
    program = program or this_program()
    rules = {
        rule.id: {"description": rule.summary, **_ACTION}
        for layer in program.layers
        for rule in layer.rules
    }
    layers = {layer.name: _layer(layer) for layer in program.layers}
    later = {name: _object({"required": {"const": False}}) for name in sorted(program.later)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pratique.toml",
        **_object(
            {
                "preset": {"enum": list(NAMES), "default": DEFAULT},
                "layers": _object({**layers, **later}),
                "rules": _object(rules),
                "exemptions": {"type": "array", "items": _exemption(sorted(rules))},
                "hosts": {
                    "type": "object",
                    "propertyNames": {"pattern": HOST_PATTERN},
                    "additionalProperties": _TEXT,
                },
                "registries": _REGISTRIES,
                "repository": _object({"exclude": {"type": "array", "items": _EXCLUDE}}),
            }
        ),
    }


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    closed: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return {**closed, "required": list(required)} if required else closed


def _layer(layer: Layer) -> dict[str, Any]:
    of_all = {"required": {"type": "boolean"}, "on-unknown": _ON_UNKNOWN}
    return {"description": layer.title, **_object({**of_all, **settings_schema(layer.settings)})}


def _exemption(rules: list[str]) -> dict[str, Any]:
    return _object(
        {
            "rule": {"enum": rules},
            "purl": {"type": "string", "pattern": r"^pkg:[a-z]+/[^\[\]#]+@[^@/\[\]#]+$"},
            "sha512": {"type": "string", "pattern": SHA512_PATTERN},
            "reason": _TEXT,
            "owner": _TEXT,
            "until": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
            "advisory": _TEXT,
        },
        "rule",
        "purl",
        "reason",
        "owner",
        "until",
    )


_REGISTRY_KEYS = {
    "url": {"type": "string", "pattern": r"^https?://[^\s$\\?#@]+$"},
    "scopes": {"type": "array", "items": {"type": "string", "pattern": SCOPE_PATTERN}},
    "publish-time": {"enum": list(PUBLISH_TIMES)},
    "signatures": {"enum": list(SIGNATURES)},
}
_REGISTRIES = {
    "type": "object",
    "propertyNames": {"pattern": NAME_PATTERN},
    "properties": {"default": _object(_REGISTRY_KEYS)},
    "additionalProperties": _object(_REGISTRY_KEYS, "url"),
}
_EXCLUDE = _object(
    {
        "glob": {"type": "string", "pattern": r"^(?!/)(?!(.*/)?\.\.(/|$))[^\\]*\S[^\\]*$"},
        "reason": _TEXT,
    },
    "glob",
    "reason",
)
