"""The policy file that `pratique init` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from pratique.config.presets import DEFAULT
from pratique.config.reading import this_program
from pratique.config.settings import key_of, quoted, spell_setting
from pratique.model.policy import LayerPolicy

_HEAD = """\
# The policy of this repository: what may come in, and who decided otherwise.
# Every key, every rule and the presets' values: docs/policy.md of pratique.

# lenient: nothing is required, nothing is above a warning.
# recommended: releases wait 3 days; what is not bound to the registry is blocked.
# strict: 7 days, and what cannot be known is blocked.
"""
_EXEMPTION = """\
# An accepted risk. `pratique exempt` writes these; one needs a reason, an owner and an end.
# [[exemptions]]
# rule = "release-age/too-new"
# purl = "pkg:npm/left-widget@2.4.1"
# sha512 = "…"
# reason = "fixes the crash that we have in production"
# owner = "team-web"
# until = 2026-12-01
"""


def starter_policy(
    preset: str = DEFAULT,
    *,
    hosts: Mapping[str, str] | None = None,
    exclude: Sequence[tuple[str, str]] = (),
) -> str:
    """A commented file with the preset's own values, shown but left to the preset.

    Args:
        preset: Name of the preset.
        hosts: Host aliases to propose: recorded host -> registry's name.
        exclude: (glob, reason) pairs to propose.
    """
    policies = this_program().presets[preset].layers
    parts = [f"{_HEAD}preset = {quoted(preset)}\n"]
    parts += ["\n".join(_layer(name, policy)) + "\n" for name, policy in policies.items()]
    if hosts:
        lines = [f"{quoted(host)} = {quoted(name)}" for host, name in hosts.items()]
        parts.append("\n".join(["[hosts]", *lines]) + "\n")
    if exclude:
        parts.append("\n".join(_exclude(exclude)) + "\n")
    return "\n".join([*parts, _EXEMPTION])


def _layer(name: str, policy: LayerPolicy) -> Iterator[str]:
    yield f"[layers.{name}]"
    yield f"# required = {str(policy.required).lower()}"
    for field in fields(policy.settings):
        yield f"# {key_of(field.name)} = {spell_setting(policy.settings, field.name)}"


def _exclude(exclude: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield "[repository]"
    yield "exclude = ["
    for glob, reason in exclude:
        yield f"  {{ glob = {quoted(glob)}, reason = {quoted(reason)} }},"
    yield "]"
