"""A difference -> what it leads to: the one function behind `check`, `diff` and the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from pratique.capabilities import split
from pratique.difference.table import Table
from pratique.model.behavior import Difference, Gain, Outcome, Reason, Step, Tier
from pratique.model.policy import Action

LIGHT = frozenset({"dep.new", "net.host", "env.named"})
"""Families that ordinary development gains: alone they are recorded, unless they are tier A."""
_SECRETS = frozenset({"secret.path", "env.bulk", "browser.sensitive"})
_NETWORK = frozenset({"net.client", "net.dns", "net.host"})
_AT_INSTALL = frozenset({"install.script", "install.implicit"})
_DECODES = frozenset({"code.decode-exec"})
"""A chain by itself: it is seen only where what is decoded reaches what runs it."""
_HIDES = frozenset({"code.decode-exec", "shape.obfuscated"})
_DOWNLOADS = frozenset({"install.script:fetches", "exec.process:download"})


def judge(
    difference: Difference, age: timedelta | None, table: Table, *, stricter: bool = False
) -> Outcome:
    """What `difference` leads to.

    Args:
        difference: Of a release.
        age: How old the release is; None where that is not known, which counts as no age.
        table: What each row leads to.
        stricter: One action more than the table says, from "warn" on: what is only recorded stays
            so.
    """
    reasons = [
        Reason(_raised(action, stricter), row, text, tuple(each.capability for each in about))
        for row, text, about in _rows(difference)
        if (action := table.action(row, difference.step, age)) is not Action.OFF
    ]
    reasons.sort(key=lambda reason: -reason.action)
    return Outcome(reasons[0].action if reasons else Action.OFF, tuple(reasons))


def _raised(action: Action, stricter: bool) -> Action:  # noqa: FBT001 - said by `judge`'s caller
    return Action(min(action + 1, Action.BLOCK)) if stricter and action > Action.OBSERVE else action


Met = tuple[str, str, Sequence[Gain]]


def _rows(difference: Difference) -> Iterator[Met]:
    """(row, sentence, gains) of each row that the difference meets."""
    if difference.oddities:
        yield "unanalysable", f"the archive {difference.oddities[0]}", ()
    if difference.step is Step.FIRST:
        yield from _of_first(difference.absolute)
        return
    gained = difference.gained
    for row, says, condition in _SINGLE:
        about = [gain for gain in gained if condition(gain)]
        if about:
            yield row, says.format(_listed(about)), about
    yield from _several(gained)
    yield from _chains(gained)


def _is_light(gain: Gain) -> bool:
    return split(gain.capability)[0] in LIGHT and gain.tier is not Tier.A


_SINGLE: tuple[tuple[str, str, Callable[[Gain], bool]], ...] = (
    ("hard", "newly {}", lambda gain: gain.hard),
    ("tier-a", "newly {}", lambda gain: gain.tier is Tier.A),
    ("tier-b", "newly {}", lambda gain: gain.tier is Tier.B and not _is_light(gain)),
    ("tier-c", "newly {}", lambda gain: gain.tier is Tier.C and not _is_light(gain)),
    ("light", "newly {}", _is_light),
)


def _several(gained: Iterable[Gain]) -> Iterator[Met]:
    """Two families of tier B or above; the light ones do not count."""
    about = [gain for gain in gained if gain.tier is not Tier.C and not _is_light(gain)]
    if len({split(gain.capability)[0] for gain in about}) > 1:
        yield "several", f"together newly {_listed(about)}", about


def _chains(gained: Sequence[Gain]) -> Iterator[Met]:
    secrets = _of(gained, _SECRETS)
    network = _of(gained, _NETWORK)
    if secrets and network:
        about = [*secrets, *network]
        yield "chain", f"newly reads secrets and talks to others: {_listed(about)}", about
    if decoded := _of(gained, _DECODES):
        yield "chain", f"newly runs what it decodes: {_listed(decoded)}", decoded
    yield from _chained_to_install(gained)


def _chained_to_install(gained: Sequence[Gain]) -> Iterator[Met]:
    """Code that is newly run at install, and anything else.

    A script that was there and reads otherwise needs more than a light gain: benign updates change
    a build's script and its dependencies together.
    """
    installs = [gain for gain in _of(gained, _AT_INSTALL) if gain.tier is Tier.A]
    only_altered = all(split(gain.capability)[1].startswith("altered-") for gain in installs)
    others = [
        gain
        for gain in gained
        if split(gain.capability)[0] not in _AT_INSTALL
        and gain.tier is not Tier.C
        and not (only_altered and _is_light(gain))
    ]
    if installs and others:
        about = [*installs, *others]
        yield "chain", f"newly runs at install and can more: {_listed(about)}", about


def _of(gained: Iterable[Gain], families: frozenset[str]) -> list[Gain]:
    return [gain for gain in gained if split(gain.capability)[0] in families]


def _of_first(absolute: Sequence[Gain]) -> Iterator[Met]:
    """Nothing is new where nothing was before: the release is judged by what it can do at all."""
    if absolute:
        yield "unknown-past", f"can {_listed(absolute)}", absolute
    installs = [gain for gain in _of(absolute, _AT_INSTALL) if gain.tier is Tier.A]
    hides = _of(absolute, _HIDES) + [each for each in absolute if each.capability in _DOWNLOADS]
    if installs and hides:
        about = [*installs, *hides]
        yield "unknown-past-hard", f"runs code at install and hides it: {_listed(about)}", about


def _listed(gains: Sequence[Gain]) -> str:
    ids = list(dict.fromkeys(gain.capability for gain in gains))
    more = f" and {len(ids) - 4} more" if len(ids) > 4 else ""
    return ", ".join(ids[:4]) + more
