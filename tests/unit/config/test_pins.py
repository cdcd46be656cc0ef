from __future__ import annotations

import tomllib

import jsonschema
import pytest
from tests.evidence_builders import AT

from pratique.change import loosened
from pratique.config.reading import read_policy
from pratique.config.schema import schema
from pratique.errors import PolicyError
from pratique.layers.signatures import SignaturesSettings
from pratique.model.policy import Policy
from pratique.model.signer import SignerPin


def read(text: str) -> Policy:
    return read_policy(text.encode(), "pratique.toml", now=AT)


def pinned(entry: str) -> str:
    return f"[layers.signatures]\npins = [{entry}]\n"


def settings(policy: Policy) -> SignaturesSettings:
    found = policy.layers["signatures"].settings
    assert isinstance(found, SignaturesSettings)
    return found


WHOLE = pinned(
    '{ package = "@corp", repository = "corp/widgets", repository-id = "11", owner-id = "22", '
    'workflow = ".github/workflows/release.yml", ref = "refs/tags/v*", environment = "npm", '
    'issuer = "https://issuer.example", builder = "github-hosted" }'
)


def test_a_pin_is_read_whole_and_its_source_as_a_certificate_spells_it() -> None:
    assert settings(read(WHOLE)).pins == (
        SignerPin(
            package="@corp",
            repository="https://github.com/corp/widgets",
            repository_id="11",
            owner_id="22",
            workflow=".github/workflows/release.yml",
            ref="refs/tags/v*",
            environment="npm",
            issuer="https://issuer.example",
            builder="github-hosted",
        ),
    )


def test_the_schema_takes_what_the_program_takes() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    assert validator.is_valid(tomllib.loads(WHOLE))
    assert not validator.is_valid(tomllib.loads(pinned('{ package = "a" }')))


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ('{ repository = "corp/a" }', "package"),
        ('{ package = "a" }', "package"),
        ('{ package = "a b", owner-id = "1" }', "package"),
        ('{ package = "@corp/*", owner-id = "1" }', "package"),
        ('{ package = "a", repository = "https://forge.example/a?b" }', "repository"),
        ('{ package = "a", repository = "corp/*" }', "repository"),
        ('{ package = "a", repository-id = "x" }', "repository-id"),
        ('{ package = "a", owner-id = 22 }', "owner-id"),
        ('{ package = "a", ref = "refs/tags/[ab]" }', "ref"),
        ('{ package = "a", owner-id = "1", actor = "x" }', "actor"),
    ],
)
def test_a_pin_that_nothing_could_meet_is_refused_at_its_key(entry: str, key: str) -> None:
    with pytest.raises(PolicyError, match=key):
        read(pinned(entry))


@pytest.mark.parametrize("mode", ["learn", "expected", "none"])
def test_a_policy_says_whether_a_registry_signs(mode: str) -> None:
    policy = read(f'[registries.default]\nsignatures = "{mode}"\n')
    assert policy.registries["default"].signatures == mode


def test_a_registry_that_signs_otherwise_is_refused() -> None:
    with pytest.raises(PolicyError, match="signatures"):
        read('[registries.default]\nsignatures = "expcted"\n')


def looser(before: str, after: str) -> list[str]:
    return sorted(each.key for each in loosened(read(before), read(after)))


def test_what_a_change_loosens_of_signers_is_found() -> None:
    one = pinned('{ package = "a", owner-id = "1" }')
    other = pinned('{ package = "a", owner-id = "2" }')
    assert looser(one, "") != []
    assert looser(one, other) != []
    assert looser("", one) == []
    more = '[layers.signatures]\nissuers = ["https://issuer.example"]\n'
    assert looser("", more) != []
    assert looser(more, "") == []
    unsigned = '[registries.default]\nsignatures = "none"\n'
    assert looser("", unsigned) != []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('settle = "60 days"', 'settle = "1 day"'),
        ('hold = "7 days"', 'hold = "1 day"'),
        ("benign = false", "benign = true"),
    ],
)
def test_a_shorter_wait_and_the_shipped_list_are_looser(before: str, after: str) -> None:
    table = "[layers.trust]\n"
    assert looser(table + before, table + after) != []
    assert looser(table + after, table + before) == []
