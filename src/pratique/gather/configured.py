"""What a policy says of registries, in the forms that gathering takes."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.ecosystems.npm.settings.stated import Stated
from pratique.model.policy import Policy, RegistryPolicy
from pratique.model.registry import Registries, normalised


def stated_by(policy: Policy) -> Stated:
    """What the policy file says of registries, in the form of a settings source."""
    stated = Stated()
    for registry in policy.registries.values():
        if registry.url is None:
            continue
        if registry.name == "default":
            stated.set_default("registries.default.url", registry.url)
        for scope in registry.scopes:
            stated.set_scope(f"registries.{registry.name}.scopes", scope, registry.url)
    return stated


def publish_times(policy: Policy, registries: Registries) -> dict[str, str]:
    """Registry id -> "stated" or "untrusted", of those that the policy names."""
    return {id_: each.publish_time for id_, each in _named(policy, registries)}


def signatures(policy: Policy, registries: Registries) -> dict[str, str]:
    """Registry id -> "expected", "none" or "learn", of those that the policy names."""
    return {id_: each.signatures for id_, each in _named(policy, registries)}


def _named(policy: Policy, registries: Registries) -> Iterator[tuple[str, RegistryPolicy]]:
    default = registries.default or ""
    for each in policy.registries.values():
        if each.url or each.name == "default":
            yield normalised(each.url or default) or default, each
