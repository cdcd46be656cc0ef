"""What is generated and committed is current; the schema agrees with the program."""

from __future__ import annotations

import json
import runpy
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
from tests.conftest import ROOT
from tests.unit.config.policies import CONTRADICTORY, MISFORMED, VALID

from pratique.config import read_policy, schema, starter_policy
from pratique.config.presets import NAMES, read_presets, shipped
from pratique.config.settings import form_of
from pratique.errors import PolicyError
from pratique.layers import LAYERS
from pratique.model.policy import Action

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
VALIDATOR = jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("schema_text", "src/pratique/schemas/pratique-toml.schema.json"),
        ("reference_text", "docs/policy.md"),
    ],
)
def test_what_is_committed_is_what_is_generated(written: str, path: str) -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "generate_docs.py"))
    committed = (ROOT / path).read_text(encoding="utf-8")
    assert committed == tool[written](), "run .venv/bin/python tools/generate_docs.py"


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def as_json(text: str) -> Any:
    """The TOML document as an editor's validator sees it: dates are texts."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return value.isoformat() if isinstance(value, date) else value

    return json.loads(json.dumps(plain(tomllib.loads(text))))


@pytest.mark.parametrize("name", VALID)
def test_what_the_program_reads_the_schema_accepts(name: str) -> None:
    VALIDATOR.validate(as_json(VALID[name]))


@pytest.mark.parametrize("name", MISFORMED)
def test_what_is_misformed_the_schema_refuses_too(name: str) -> None:
    assert not VALIDATOR.is_valid(as_json(MISFORMED[name][0]))


@pytest.mark.parametrize("name", CONTRADICTORY)
def test_only_the_program_sees_a_contradiction(name: str) -> None:
    assert VALIDATOR.is_valid(as_json(CONTRADICTORY[name][0]))


def every_on_unknown(preset: str) -> Iterator[tuple[bool, Action]]:
    for policy in shipped()[preset].layers.values():
        yield policy.required, policy.on_unknown.absent
        yield policy.required, policy.on_unknown.failed


@pytest.mark.parametrize("preset", NAMES)
def test_a_required_layer_of_a_preset_never_ignores_an_unknown(preset: str) -> None:
    assert all(action >= Action.WARN for required, action in every_on_unknown(preset) if required)


def test_lenient_requires_nothing_and_never_goes_above_a_warning() -> None:
    assert not any(policy.required for policy in shipped()["lenient"].layers.values())
    actions = [*shipped()["lenient"].actions.values(), *(a for _, a in every_on_unknown("lenient"))]
    assert max(actions) is Action.WARN


def test_presets_get_stricter_in_order() -> None:
    for looser, stricter in pairwise(NAMES):
        before, now = shipped()[looser], shipped()[stricter]
        assert all(before.actions[rule] <= now.actions[rule] for rule in before.actions)
        assert before.longest_exemption >= now.longest_exemption


def test_the_data_file_names_every_rule_and_setting_and_no_other() -> None:
    source = (ROOT / "src/pratique/presets.toml").read_bytes()
    for broken in (
        source.replace(b'"lockfile/patched"', b'"lockfile/patchd"'),
        source.replace(b"first-version =", b"first-versio ="),
        source.replace(b"[layers.release-age.settings]", b"[layers.sbom.settings]"),
    ):
        with pytest.raises(PolicyError):
            read_presets(broken, LAYERS)
    document = tomllib.loads(source.decode())
    for layer in LAYERS:
        stated = document["layers"][layer.name].get("settings", {})
        assert len(stated) == len(fields(layer.settings))


def test_every_setting_of_a_layer_has_a_form() -> None:
    for layer in LAYERS:
        for field in fields(layer.settings):
            assert form_of(layer.settings, field.name).schema


@pytest.mark.parametrize("preset", NAMES)
def test_the_starter_file_reads_as_its_preset(preset: str) -> None:
    started = read_policy(starter_policy(preset).encode(), "pratique.toml", now=NOW)
    bare = read_policy(f'preset = "{preset}"'.encode(), "pratique.toml", now=NOW)
    assert started.digest == bare.digest


@pytest.mark.parametrize("preset", NAMES)
def test_the_values_that_a_starter_file_shows_are_the_presets(preset: str) -> None:
    shown = starter_policy(preset).replace("\n# required", "\nrequired")
    for layer in LAYERS:
        for field in fields(layer.settings):
            key = field.name.replace("_", "-")
            shown = shown.replace(f"\n# {key} =", f"\n{key} =")
    bare = read_policy(f'preset = "{preset}"'.encode(), "pratique.toml", now=NOW)
    assert read_policy(shown.encode(), "pratique.toml", now=NOW).digest == bare.digest


def test_what_init_found_stands_in_the_starter_file() -> None:
    exclude = (("fixtures/**", 'recorded "data"'),)
    text = starter_policy(hosts={"registry.example": "default"}, exclude=exclude)
    policy = read_policy(text.encode(), "pratique.toml", now=NOW)
    assert (policy.hosts, policy.exclude) == ({"registry.example": "default"}, exclude)


def test_a_policy_has_an_action_for_every_rule() -> None:
    policy = read_policy(None, "pratique.toml", now=NOW)
    assert policy.actions.keys() == {rule.id for layer in LAYERS for rule in layer.rules}
    assert policy.layers.keys() == {layer.name for layer in LAYERS}
