"""`pratique.toml` -> Policy: preset and file merged, refused where they contradict."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any
from urllib.parse import urlsplit

from pratique.config.exemptions import read_exemptions
from pratique.config.presets import DEFAULT, Preset, shipped
from pratique.config.settings import read_settings
from pratique.config.toml_text import read_toml
from pratique.config.values import Table, did_you_mean, word
from pratique.layers import LAYERS, TITLES
from pratique.model.layer import Layer
from pratique.model.policy import Action, LayerPolicy, OnUnknown, Policy, RegistryPolicy

POLICY_FILE = "pratique.toml"
LOOSENED = "policy/loosened"
PUBLISH_TIMES = ("stated", "untrusted")
SIGNATURES = ("learn", "expected", "none")
SCOPE_PATTERN = r"^@[a-z0-9~][a-z0-9._~-]*$"
HOST_PATTERN = r"^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?$"
NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"


@dataclass(frozen=True, slots=True)
class Program:
    """What a policy is read against: the layers of the program, and its presets.

    Attributes:
        later: Names of layers that this version does not have yet.
    """

    layers: Sequence[Layer]
    presets: Mapping[str, Preset]
    later: frozenset[str]


def this_program() -> Program:
    """The program as it ships."""
    later = frozenset(TITLES) - {layer.name for layer in LAYERS}
    return Program(LAYERS, shipped(), later)


def read_policy(
    source: bytes | None, path: str, *, now: datetime, program: Program | None = None
) -> Policy:
    """The policy of a file, complete.

    Args:
        source: The file's bytes; None where there is no file: the preset `recommended`.
        path: The file's name in errors and in the policy.
        now: The time of the run: exemptions may not end too far from it.
        program: What to read against; the program as it ships where None.

    Raises:
        PolicyError: The file cannot be read, or contradicts itself; names file, line and key.
    """
    program = program or this_program()
    document, lines = read_toml(source or b"", path)
    root = Table(document, (), path, lines)
    preset = _preset(root, program)
    policy = Policy(
        preset=preset.name,
        actions=_actions(root.table("rules"), preset),
        layers=_layers(root.table("layers"), preset, program),
        longest_exemption=preset.longest_exemption,
        registries=_registries(root.table("registries")),
        exclude=_exclude(root.table("repository")),
        path=None if source is None else path,
        lines=lines,
    )
    rules = {rule.id: rule for layer in program.layers for rule in layer.rules}
    entries = root.tables("exemptions") or []
    policy = replace(
        policy,
        hosts=_hosts(root.table("hosts"), policy.registries),
        exemptions=read_exemptions(entries, rules, policy.longest_exemption, now),
    )
    root.finish()
    return replace(policy, digest=policy_digest(policy))


def _preset(root: Table, program: Program) -> Preset:
    name = root.text("preset") or DEFAULT
    if name not in program.presets:
        raise root.error("preset", f"{name!r} is no preset", did_you_mean(name, program.presets))
    return program.presets[name]


def _actions(table: Table, preset: Preset) -> Mapping[str, Action]:
    actions = dict(preset.actions)
    for rule in table.names():
        if rule == LOOSENED:
            raise table.error(
                rule, "cannot be set", "what a change loosens is quarantined, whatever it says"
            )
        if rule not in actions:
            raise table.error(rule, "there is no such rule", did_you_mean(rule, actions))
        action = table.action(rule)
        actions[rule] = actions[rule] if action is None else action
    return actions


# -- layers ----------------------------------------------------------------------------------------


def _layers(table: Table, preset: Preset, program: Program) -> Mapping[str, LayerPolicy]:
    policies = {
        layer.name: _layer(table.table(layer.name), layer, preset) for layer in program.layers
    }
    for name in table.names():
        if name not in program.later:
            known = {*policies, *program.later}
            raise table.error(name, "there is no such layer", did_you_mean(name, known))
        _refuse_required(table.table(name))
    return policies


def _refuse_required(table: Table) -> None:
    if table.flag("required"):
        raise table.error("required", "this version does not have the layer, so nothing can be met")
    for key in table.names():
        raise table.error(key, "this version does not have the layer", "leave it out until it does")


def _layer(table: Table, layer: Layer, preset: Preset) -> LayerPolicy:
    before = preset.layers[layer.name]
    required = table.flag("required")
    policy = LayerPolicy(
        required=before.required if required is None else required,
        on_unknown=_on_unknown(table, before.on_unknown),
        settings=replace(before.settings, **read_settings(table, layer.settings)),
    )
    table.finish()
    for part in ("absent", "failed"):
        action: Action = getattr(policy.on_unknown, part)
        if policy.required and action < Action.WARN:
            raise table.error(
                "on-unknown",
                f"{part} is {word(action)}, and the layer is required",
                "a required layer takes warn, quarantine or block; or set required = false",
            )
    return policy


def _on_unknown(table: Table, before: OnUnknown) -> OnUnknown:
    value = table.take("on-unknown")
    if value is None:
        return before
    if isinstance(value, str):
        action = table.as_action("on-unknown", value)
        return OnUnknown(absent=action, failed=action)
    if not isinstance(value, dict):
        raise table.error("on-unknown", "must be an action, or { absent = …, failed = … }")
    parts = table.inner("on-unknown", value)
    absent, failed = parts.action("absent"), parts.action("failed")
    parts.finish()
    return OnUnknown(
        absent=before.absent if absent is None else absent,
        failed=before.failed if failed is None else failed,
    )


# -- registries, hosts, paths ----------------------------------------------------------------------


def _registries(table: Table) -> Mapping[str, RegistryPolicy]:
    registries: dict[str, RegistryPolicy] = {}
    served: dict[str, str] = {}
    for name in table.names():
        if not re.fullmatch(NAME_PATTERN, name):
            raise table.error(name, "is no name for a registry", "lower case, digits, dashes")
        registry = _registry(table.table(name), name)
        for scope in registry.scopes:
            if scope in served:
                raise table.error(name, f"{scope} is served by {served[scope]} already")
            served[scope] = name
        registries[name] = registry
    return registries


def _registry(table: Table, name: str) -> RegistryPolicy:
    url = table.text("url")
    scopes = table.texts("scopes") or ()
    publish_time = table.text("publish-time") or PUBLISH_TIMES[0]
    signatures = table.text("signatures") or SIGNATURES[0]
    table.finish()
    if signatures not in SIGNATURES:
        hint = did_you_mean(signatures, SIGNATURES)
        raise table.error("signatures", f"{signatures!r} is none of three", hint)
    if publish_time not in PUBLISH_TIMES:
        hint = did_you_mean(publish_time, PUBLISH_TIMES)
        raise table.error("publish-time", f"{publish_time!r} is neither of two", hint)
    if url is None and name != "default":
        hint = 'url = "https://…/"; only "default" is found in the user\'s own settings'
        raise table.error(None, "url is missing", hint)
    for scope in scopes:
        if not re.fullmatch(SCOPE_PATTERN, scope):
            raise table.error("scopes", f"{scope!r} is no scope", 'as in "@corp"')
    base = None if url is None else _url(table, url)
    return RegistryPolicy(name, base, scopes, publish_time, signatures)


def _url(table: Table, text: str) -> str:
    """The base URL, ending in a slash."""
    try:
        parts = urlsplit(text)
        is_odd = (
            parts.query or parts.fragment or parts.username or parts.password or parts.port == 0
        )
    except ValueError as error:
        raise table.error("url", f"is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or is_odd:
        raise table.error(
            "url", "is no base URL of a registry", 'as in "https://registry.example/"'
        )
    if any(sign in text for sign in "$\\ ") or not text.isprintable():
        raise table.error("url", "holds a variable or a sign that no URL has", "write it out")
    return text if text.endswith("/") else f"{text}/"


def _hosts(table: Table, registries: Mapping[str, RegistryPolicy]) -> Mapping[str, str]:
    known = {"default", *registries}
    hosts: dict[str, str] = {}
    for host in table.names():
        if not re.fullmatch(HOST_PATTERN, host):
            hint = 'a host alone, lower case: "registry.example" = "default"'
            raise table.error(host, "is no host", hint)
        name = table.text(host) or ""
        if name not in known:
            message = f"there is no registry {name!r} in [registries]"
            raise table.error(host, message, did_you_mean(name, known))
        hosts[host] = name
    return hosts


def _exclude(table: Table) -> tuple[tuple[str, str], ...]:
    found = []
    for entry in table.tables("exclude") or []:
        glob = entry.needed_text("glob", 'as in glob = "fixtures/**"')
        reason = entry.needed_text("reason", "reports say what was not examined, and why")
        entry.finish()
        if glob.startswith("/") or ".." in glob.split("/") or "\\" in glob:
            hint = 'relative to the repository, with forward slashes: "fixtures/**"'
            raise entry.error("glob", f"{glob!r} is not a path below the root", hint)
        found.append((glob, reason))
    table.finish()
    return tuple(found)


# -- the digest ------------------------------------------------------------------------------------

_PLACES = frozenset({"path", "digest", "lines", "where"})


def policy_digest(policy: Policy) -> str:
    """sha256 hex of what the policy says, independent of where and in which order it says it."""
    text = json.dumps(_canonical(policy), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        names = [name for name in value.__dataclass_fields__ if name not in _PLACES]
        return {name: _canonical(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _canonical(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_canonical(each) for each in value]
    if isinstance(value, IntEnum):
        return word(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value.isoformat() if isinstance(value, date) else value
