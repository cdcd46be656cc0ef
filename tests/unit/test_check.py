"""What policy and settings say together, before anything is asked."""

from __future__ import annotations

import pytest
from tests.builders import policy

from pratique.gather.configured import publish_times
from pratique.model.policy import RegistryPolicy
from pratique.model.registry import Registries
from pratique.sides import configured_hosts

CORP = "https://npm.corp.example/"


@pytest.mark.parametrize(
    "written", [CORP, "https://npm.corp.example:443/", "https://NPM.corp.example/"]
)
def test_a_registry_is_untrusted_however_its_address_is_written(written: str) -> None:
    named = RegistryPolicy("corp", written, ("@corp",), "untrusted")
    found = publish_times(
        policy(registries={"corp": named}), Registries("https://registry.example/")
    )
    assert {CORP: "untrusted"} == found


def test_the_default_registry_is_the_users_own() -> None:
    named = RegistryPolicy("default", publish_time="untrusted")
    found = publish_times(
        policy(registries={"default": named}), Registries("https://registry.example/")
    )
    assert {"https://registry.example/": "untrusted"} == found


def test_hosts_stand_for_the_registries_that_user_and_policy_name() -> None:
    chosen = policy(
        registries={"corp": RegistryPolicy("corp", "https://NPM.corp.example/", ("@corp",))},
        hosts={"mirror.example": "default", "old.corp.example": "corp"},
    )
    known = configured_hosts(
        chosen, Registries("https://registry.example/npm/", {"@x": "https://x.example/"})
    )
    assert {
        "registry.example": "https://registry.example/npm/",
        "x.example": "https://x.example/",
        "npm.corp.example": CORP,
        "mirror.example": "https://registry.example/npm/",
        "old.corp.example": CORP,
    } == known
