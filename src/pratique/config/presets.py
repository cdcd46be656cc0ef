"""The presets: one data file, `presets.toml`, against the layers of the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

from pratique.config.settings import read_settings
from pratique.config.toml_text import Lines, read_toml
from pratique.config.values import Table
from pratique.layers import LAYERS
from pratique.model.layer import Layer
from pratique.model.policy import Action, LayerPolicy, OnUnknown

NAMES = ("lenient", "recommended", "strict")
DEFAULT = "recommended"
_FILE = "presets.toml"


@dataclass(frozen=True, slots=True)
class Preset:
    """A policy's values before a file changes any; fields as in `Policy`."""

    name: str
    actions: Mapping[str, Action]
    layers: Mapping[str, LayerPolicy]
    longest_exemption: timedelta


@cache
def shipped() -> Mapping[str, Preset]:
    """The presets of the program, by name."""
    return read_presets(files("pratique").joinpath(_FILE).read_bytes(), LAYERS)


def read_presets(source: bytes, layers: Sequence[Layer]) -> Mapping[str, Preset]:
    """The presets that a data file holds for `layers`, loosest first.

    Raises:
        PolicyError: A layer, a rule or a setting is missing from the file, or not in the program.
    """
    document, lines = read_toml(source, _FILE)
    return {
        name: _preset(_column(document, at), lines, name, layers) for at, name in enumerate(NAMES)
    }


def _column(value: object, at: int) -> dict[str, object]:
    """One preset's column of the data file: each list of three gives one value."""
    if not isinstance(value, dict):
        raise TypeError("a table was expected")
    return {
        key: _column(each, at) if isinstance(each, dict) else each[at]
        for key, each in value.items()
    }


def _preset(
    values: Mapping[str, object], lines: Lines, name: str, layers: Sequence[Layer]
) -> Preset:
    root = Table(values, (), _FILE, lines)
    longest = root.duration("longest-exemption")
    if longest is None:
        raise root.error("longest-exemption", "is missing")
    of_layers, of_rules = root.table("layers"), root.table("rules")
    policies = {layer.name: _layer(of_layers.table(layer.name), layer) for layer in layers}
    rule_ids = [rule.id for layer in layers for rule in layer.rules]
    actions = {rule: _needed(of_rules, rule) for rule in rule_ids}
    for table in (of_layers, of_rules, root):
        table.finish()
    return Preset(name, actions, policies, longest)


def _needed(table: Table, key: str) -> Action:
    action = table.action(key)
    if action is None:
        raise table.error(key, "is missing")
    return action


def _layer(table: Table, layer: Layer) -> LayerPolicy:
    required = bool(table.flag("required"))
    on_unknown = OnUnknown(absent=_needed(table, "absent"), failed=_needed(table, "failed"))
    of_settings = table.table("settings")
    settings = layer.settings(**read_settings(of_settings, layer.settings))
    of_settings.finish()
    table.finish()
    return LayerPolicy(required, on_unknown, settings)
