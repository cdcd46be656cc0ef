"""`pratique explain`: why a rule or a layer exists, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from difflib import get_close_matches

import click

from pratique.cli import streams
from pratique.config.presets import shipped
from pratique.config.settings import key_of, spell_setting
from pratique.errors import UsageError
from pratique.layers import LAYERS, TITLES, rules
from pratique.model.layer import Layer, Rule
from pratique.reports.layout import wrap

_OF_CHANGES = {
    "policy/loosened": (
        (
            "why",
            (
                "A change that loosens what judges it (an action, a duration, an exemption, a host "
                "alias, an approval) is quarantined by that, whatever else it holds: otherwise a "
                "pull request could exempt itself."
            ),
        ),
        (
            "fix",
            (
                "Let the loosening go in first, reviewed on its own; or run with "
                "--accept-head-policy, which the report prints."
            ),
        ),
    ),
    "ledger/extended": (
        (
            "what",
            (
                "The change's pratique.lock accepts more than the base's does: another artifact, a "
                "capability, an earlier day, a review. The finding stands at the ledger's line."
            ),
        ),
        (
            "why",
            (
                "The change does not judge itself. What it accepts for itself counts once it is "
                "merged; until then the base's ledger judges, and a person reads what was added."
            ),
        ),
        (
            "fix",
            (
                "Look at each line as docs/ledger.md says, with `pratique diff`. Where it is "
                "right, merge it, or run with --accept-head-policy, which the report prints. Where "
                "it is not, take the line out of pratique.lock."
            ),
        ),
    ),
}
"""Findings about a change itself: they belong to no layer, and no policy turns them off."""


@click.command(
    epilog="""\b
Examples:
  pratique explain                      list every layer and rule
  pratique explain release-age          a layer: its rules and its settings
  pratique explain lockfile/not-bound   a rule: why it fires, what to do
"""
)
@click.argument("name", metavar="[RULE|LAYER]", required=False)
@click.option("--width", type=click.IntRange(streams.NARROWEST, streams.WIDEST), metavar="COLUMNS")
def command(name: str | None, width: int | None) -> int:
    """Explain a rule or a layer; without a name, list them."""
    columns = streams.width_of(sys.stdout, width)
    streams.print_text("\n".join(_lines(name, columns)) + "\n")
    return 0


def _lines(name: str | None, width: int) -> Iterator[str]:

    by_name = {layer.name: layer for layer in LAYERS}
    if name is None:
        yield from _list(width)
    elif name in by_name:
        yield from _layer(by_name[name], width)
    elif name in rules():
        yield from _rule(rules()[name], width)
    elif name in _OF_CHANGES:
        yield name
        yield from _paragraphs(_OF_CHANGES[name], width)
    elif name in TITLES:
        yield f"{name}: not in this version"
    else:
        raise UsageError(f"there is no rule or layer {name}", hint=_nearest(name))


def _nearest(name: str) -> str:

    near = get_close_matches(name, [*TITLES, *rules(), *_OF_CHANGES], n=1)
    return f"did you mean {near[0]}?" if near else "pratique explain lists them all"


def _list(width: int) -> Iterator[str]:

    by_name = {layer.name: layer for layer in LAYERS}
    for number, name in enumerate(TITLES, start=1):
        layer = by_name.get(name)
        yield f"{number:2} {name}" + ("" if layer else "  (not in this version)")
        for rule in layer.rules if layer else ():
            yield from _wrapped(rule.summary, width, f"     {rule.id:<34} ", " " * 40)
    yield f"about a change (--base): {', '.join(_OF_CHANGES)}"


def _rule(rule: Rule, width: int) -> Iterator[str]:

    yield f"{rule.id}  (severity {rule.severity.value})"
    needs = ", ".join(kind.name for kind in rule.needs) or "none: it reads the repository only"
    actions = ", ".join(f"{p.name} {p.actions[rule.id].name.lower()}" for p in shipped().values())
    bound = "only for known bytes (version and sha512)" if rule.bound else "by release or pattern"
    parts = (
        ("what", rule.summary),
        ("why", rule.why),
        ("fix", rule.fix),
        ("needs", needs),
        ("action", actions),
        ("exempt", bound),
        *(("see", each) for each in rule.references),
    )
    yield from _paragraphs(parts, width)


def _layer(layer: Layer, width: int) -> Iterator[str]:

    yield f"{layer.number} {layer.title}"
    yield ""
    for rule in layer.rules:
        yield from _wrapped(rule.summary, width, f"  {rule.id:<34} ", " " * 37)
    yield ""
    yield f"settings, under [layers.{layer.name}] of pratique.toml:"
    for preset in shipped().values():
        policy = preset.layers[layer.name]
        unknown = policy.on_unknown
        said = f"required = {str(policy.required).lower()}; unknown: "
        said += f"{unknown.absent.name.lower()} where the source never carries the fact, "
        said += f"{unknown.failed.name.lower()} where it failed"
        yield from _wrapped(said, width, f"  {preset.name:<12} ", " " * 15)
        for field in fields(policy.settings):
            value = spell_setting(policy.settings, field.name)
            yield from _wrapped(f"{key_of(field.name)} = {value}", width, " " * 15, " " * 17)


def _paragraphs(parts: tuple[tuple[str, str], ...], width: int) -> Iterator[str]:
    for label, text in parts:
        if text:
            yield ""
            yield from _wrapped(text, width, f"{label:<8} ", " " * 9)


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:

    return wrap(" ".join(text.split()), width, first=first, rest=rest)
