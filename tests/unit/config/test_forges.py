"""The forges of a policy: addresses, and a variable's name that no other secret has."""

from __future__ import annotations

import tomllib
from dataclasses import fields

import jsonschema
import pytest

from pratique.change import _of_setting
from pratique.config.forges import FORGE_SCHEMA
from pratique.config.settings import read_settings, spell_setting
from pratique.config.toml_text import read_toml
from pratique.config.values import Table
from pratique.errors import PolicyError
from pratique.layers.trust import TrustSettings
from pratique.model.forge import Forge

WHOLE = (
    '{ repositories = "https://github.com", api = "https://api.github.com", '
    'token = "PRATIQUE_FORGE_GITHUB" }'
)
GITHUB = Forge(
    repositories="https://github.com/",
    api="https://api.github.com/",
    token="PRATIQUE_FORGE_GITHUB",
)


def read(entry: str) -> tuple[Forge, ...]:
    document, lines = read_toml(f"forges = [{entry}]\n".encode(), "pratique.toml")
    found = read_settings(Table(document, (), "pratique.toml", lines), TrustSettings)
    forges: tuple[Forge, ...] = found["forges"]
    return forges


def test_a_forge_is_read_whole_and_spelled_so_that_it_is_read_again() -> None:
    assert (GITHUB,) == read(WHOLE)
    spelled = spell_setting(TrustSettings(forges=(GITHUB,)), "forges")
    assert (GITHUB,) == read(spelled.strip("[]"))


def test_without_a_forge_none_is_asked() -> None:
    assert () == TrustSettings().forges


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ('{ api = "https://api.github.com" }', "repositories"),
        ('{ repositories = "https://github.com" }', "api"),
        ('{ repositories = "github.com", api = "https://api.github.com" }', "repositories"),
        (WHOLE.replace("https://api.github.com", "https://u:p@api.github.com"), "api"),
        (WHOLE.replace("https://api.github.com", "https://$HOST/"), "api"),
        (WHOLE.replace("https://api.github.com", "ftp://api.github.com"), "api"),
        (WHOLE.replace("PRATIQUE_FORGE_GITHUB", "AWS_SECRET_ACCESS_KEY"), "token"),
        (WHOLE.replace("PRATIQUE_FORGE_GITHUB", "NPM_TOKEN"), "token"),
        (WHOLE.replace("PRATIQUE_FORGE_GITHUB", "PRATIQUE_FORGE_"), "token"),
        (WHOLE.replace("token", "secret"), "secret"),
        (f"{WHOLE}, {WHOLE}", "forges"),
    ],
)
def test_a_forge_that_cannot_be_asked_is_an_error_that_names_its_key(entry: str, key: str) -> None:
    with pytest.raises(PolicyError, match=key):
        read(entry)


def test_the_schema_takes_what_the_program_takes() -> None:
    validator = jsonschema.Draft202012Validator(FORGE_SCHEMA)
    assert validator.is_valid(tomllib.loads(f"forge = {WHOLE}")["forge"])
    other = WHOLE.replace("PRATIQUE_FORGE_GITHUB", "GITHUB_TOKEN")
    assert not validator.is_valid(tomllib.loads(f"forge = {other}")["forge"])


def test_a_change_that_takes_a_forge_away_loosens_and_one_that_adds_it_does_not() -> None:
    (field,) = (each for each in fields(TrustSettings) if each.name == "forges")
    assert [("https://github.com/", "nothing")] == [
        (old, new) for old, new in _of_setting(field, (GITHUB,), ())
    ]
    assert [] == list(_of_setting(field, (), (GITHUB,)))
