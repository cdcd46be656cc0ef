"""What a change loosens: the head's policy and ledger compared with the base's (DECISIONS 9). Pure.

The change does not judge itself: the base's policy judges it, and each place where the head asks
for less is a finding of its own, quarantined whatever either policy says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import Field, fields
from datetime import timedelta
from enum import IntEnum
from typing import Any

from pratique.model.duration import format_duration
from pratique.model.finding import Evidence, Finding
from pratique.model.ledger import LEDGER_FILE, Ledger, Line
from pratique.model.package import Package
from pratique.model.pin import Location
from pratique.model.policy import Exemption, LayerPolicy, Policy, RegistryPolicy
from pratique.model.project import Approval
from pratique.model.signer import SignerPin

LOOSENED = "policy/loosened"
EXTENDED = "ledger/extended"
_POLICY_FILE = "pratique.toml"
_PRESETS = ("lenient", "recommended", "strict")  # loosest first
_NOTHING = "nothing"

Key = tuple[str | int, ...]


def loosened(
    base: Policy,
    head: Policy,
    base_approvals: Iterable[Approval] = (),
    head_approvals: Iterable[Approval] = (),
    switched_on: Iterable[Location] = (),
) -> tuple[Finding, ...]:
    """One finding per place where the head asks for less; none where it asks for more.

    Args:
        base: The policy that judges.
        head: The policy as the change would leave it.
        base_approvals: The entries of the package managers' own lists, at the base.
        head_approvals: The same at the head.
        switched_on: The lockfiles whose releases' scripts the base holds back, and the head runs.
    """
    found = [
        *_preset(base, head),
        *_actions(base, head),
        *_layers(base, head),
        *_exemptions(base, head),
        *_hosts(base, head),
        *_registries(base, head),
        *_excludes(base, head),
        *_approvals(base_approvals, head_approvals),
        *(_finding(("scripts", where.file), "off", "on", where) for where in switched_on),
    ]
    return tuple(sorted(found, key=lambda each: (str(each.where), each.key)))


def _finding(key: Key, old: str, new: str, where: Location) -> Finding:
    named = ".".join(str(part) for part in key)
    return Finding(
        LOOSENED,
        f"loosens {named}: {old} -> {new}",
        where=where,
        evidence=(Evidence(f"before: {old}"), Evidence(f"now: {new}", where)),
        key=named,
    )


def _at(policy: Policy, *key: str | int) -> Location:
    """The line of a key, or of its nearest ancestor that the file has."""
    path: Key = key
    while path and path not in policy.lines:
        path = path[:-1]
    return Location(policy.path or _POLICY_FILE, policy.lines.get(path))


def _preset(base: Policy, head: Policy) -> Iterator[Finding]:
    if _PRESETS.index(head.preset) < _PRESETS.index(base.preset):
        yield _finding(("preset",), base.preset, head.preset, _at(head, "preset"))


def _is_said(base: Policy, head: Policy, *key: str) -> bool:
    """Whether a lower value is worth its own finding: not where only the preset brought it."""
    is_looser = _PRESETS.index(head.preset) < _PRESETS.index(base.preset)
    return not is_looser or key in head.lines


def _actions(base: Policy, head: Policy) -> Iterator[Finding]:
    for rule, before in base.actions.items():
        now = head.actions.get(rule)
        if now is not None and now < before and _is_said(base, head, "rules", rule):
            yield _finding(("rules", rule), _word(before), _word(now), _at(head, "rules", rule))


def _word(action: IntEnum) -> str:
    return action.name.lower()


# -- layers ----------------------------------------------------------------------------------------


def _layers(base: Policy, head: Policy) -> Iterator[Finding]:
    for name, before in base.layers.items():
        now = head.layers.get(name)
        if now is None:
            continue
        for key, old, new in _of_layer(before, now):
            if _is_said(base, head, "layers", name, key):
                path = ("layers", name, key)
                yield _finding(path, old, new, _at(head, *path))


def _of_layer(before: LayerPolicy, now: LayerPolicy) -> Iterator[tuple[str, str, str]]:
    """(key, old, new) of everything about a layer that is looser now."""
    if before.required and not now.required:
        yield "required", "true", "false"
    for part in ("absent", "failed"):
        old, new = getattr(before.on_unknown, part), getattr(now.on_unknown, part)
        if new < old:
            yield "on-unknown", f"{part} {_word(old)}", f"{part} {_word(new)}"
    for field in fields(before.settings):
        old, new = getattr(before.settings, field.name), getattr(now.settings, field.name)
        key = field.name.replace("_", "-")
        yield from ((key, *change) for change in _of_setting(field, old, new))


def _of_setting(field: Field[Any], old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """(old, new) where a setting is looser.

    Shorter durations and more approvals are. For other types the field's metadata tells: "looser"
    is the looser value, or for a tuple "added" or "removed". Where it does not, any difference is.
    """
    looser = field.metadata.get("looser")
    if isinstance(old, timedelta) and isinstance(new, timedelta):
        if new < old:
            yield format_duration(old), format_duration(new)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _of_tuple(old, new, looser)
    elif old != new and (looser is None or new == looser):
        yield str(old).lower(), str(new).lower()


def _of_tuple(
    old: tuple[Any, ...], new: tuple[Any, ...], looser: object
) -> Iterator[tuple[str, str]]:
    before, now = {_identity(each): each for each in old}, {_identity(each): each for each in new}
    is_approvals = any(isinstance(each, Approval) for each in (*old, *new))
    if is_approvals or looser != "removed":
        yield from ((_NOTHING, _shown(now[each])) for each in now if each not in before)
    if not is_approvals and looser != "added":
        yield from ((_shown(before[each]), _NOTHING) for each in before if each not in now)


def _identity(value: object) -> object:
    if isinstance(value, Approval):
        return value.name, value.version, value.sha512, value.allowed
    return value


def _shown(value: object) -> str:
    if isinstance(value, SignerPin):
        asked = (getattr(value, field.name) for field in fields(value))
        return " ".join(each for each in asked if each)
    if not isinstance(value, Approval):
        return str(value)
    bound = f"@{value.version}" if value.version else ""
    digest = f" ({value.sha512[:12]}…)" if value.sha512 else ""
    return f"{value.name}{bound}{digest}"


# -- exemptions, hosts, registries, paths ----------------------------------------------------------


def _exemptions(base: Policy, head: Policy) -> Iterator[Finding]:
    before = {_subject(each): each for each in base.exemptions}
    for exemption in head.exemptions:
        old = before.get(_subject(exemption))
        if old is None or exemption.until > old.until:
            where = exemption.where or _at(head, "exemptions")
            until = f"until {old.until}" if old else _NOTHING
            yield _finding(_exempted(exemption), until, f"until {exemption.until}", where)


def _subject(exemption: Exemption) -> tuple[str, str, str | None]:
    return exemption.rule, exemption.purl, exemption.sha512


def _exempted(exemption: Exemption) -> Key:
    digest = (exemption.sha512[:12],) if exemption.sha512 else ()
    return "exemptions", exemption.rule, exemption.purl, *digest


def _hosts(base: Policy, head: Policy) -> Iterator[Finding]:
    for host, name in head.hosts.items():
        before = base.hosts.get(host)
        if before != name:
            yield _finding(("hosts", host), before or _NOTHING, name, _at(head, "hosts", host))


def _registries(base: Policy, head: Policy) -> Iterator[Finding]:
    """Any difference: whichever way it goes, packages or their times come from elsewhere."""
    for name in sorted({*base.registries, *head.registries}):
        before = base.registries.get(name, RegistryPolicy(name))
        now = head.registries.get(name, RegistryPolicy(name))
        for key, old, new in _of_registry(before, now):
            path = ("registries", name, key)
            yield _finding(path, old, new, _at(head, *path))


def _of_registry(before: RegistryPolicy, now: RegistryPolicy) -> Iterator[tuple[str, str, str]]:
    values: Mapping[str, tuple[str, str]] = {
        "url": (before.url or _NOTHING, now.url or _NOTHING),
        "scopes": (_list(before.scopes), _list(now.scopes)),
        "publish-time": (before.publish_time, now.publish_time),
        "signatures": (before.signatures, now.signatures),
    }
    yield from ((key, old, new) for key, (old, new) in values.items() if old != new)


def _list(scopes: tuple[str, ...]) -> str:
    return ", ".join(sorted(scopes)) or _NOTHING


def _excludes(base: Policy, head: Policy) -> Iterator[Finding]:
    before = {glob for glob, _ in base.exclude}
    for index, (glob, reason) in enumerate(head.exclude):
        if glob not in before:
            where = _at(head, "repository", "exclude", index)
            yield _finding(("repository", "exclude", glob), _NOTHING, reason, where)


# -- the managers' own lists -----------------------------------------------------------------------


def _approvals(base: Iterable[Approval], head: Iterable[Approval]) -> Iterator[Finding]:
    """Approvals that are new, and denials that are gone."""
    before = {_listed(each): each for each in base}
    now = {_listed(each): each for each in head}
    for key, entry in now.items():
        if entry.allowed and key not in before:
            yield _finding(("approvals", _shown(entry)), _NOTHING, "approved", entry.where)
    for key, entry in before.items():
        if entry.allowed is False and key not in now:
            where = Location(entry.where.file)
            yield _finding(("approvals", _shown(entry)), "denied", _NOTHING, where)


def _listed(entry: Approval) -> tuple[object, ...]:
    return _identity(entry), entry.manager, entry.where.file


# -- the ledger ------------------------------------------------------------------------------------


def extended(
    base: Ledger | None, head: Ledger | None, locked: Collection[Package] = ()
) -> tuple[Finding, ...]:
    """One finding per line in which the head's ledger accepts what the base's does not.

    A first ledger is one finding, and so is one that is taken away or emptied: nothing is compared
    with it any more. A line that is taken away is one where its package is in `locked`, what the
    head locks: of others `pratique accept --prune` takes it.
    """
    if head is None or (base is not None and base.lines and not head.lines):
        if base is None:
            return ()
        return (_extended(LEDGER_FILE, "removes the ledger", [f"it had {len(base.lines)} lines"]),)
    if base is None:
        lines = sorted(head.lines.values(), key=lambda line: line.key)
        accepted = [f"{each.key.package.name} {_versions(each)}" for each in lines]
        return (_extended(LEDGER_FILE, f"brings a first ledger of {len(lines)} lines", accepted),)
    found = [
        _extended(f"{key.package.name} {key.line} {key.registry}", message, [_versions(line)])
        for key, line in base.lines.items()
        if key not in head.lines and key.package in locked
        for message in [f"takes away what is known of {key.package.name} (line {key.line})"]
    ]
    for key, line in head.lines.items():
        beyond = list(_beyond(base.lines.get(key), line))
        if beyond:
            message = f"accepts more of {key.package.name} (line {key.line}): {beyond[0]}"
            named = f"{key.package.name} {key.line} {key.registry}"
            found.append(_extended(named, message, beyond, line.row))
    return tuple(sorted(found, key=lambda each: each.key))


def _extended(key: str, message: str, beyond: Iterable[str], row: int | None = None) -> Finding:
    evidence = tuple(Evidence(each) for each in list(beyond)[:_MOST_SHOWN])
    return Finding(EXTENDED, message, where=Location(LEDGER_FILE, row), evidence=evidence, key=key)


def _versions(line: Line) -> str:
    return ", ".join(each.version for each in line.accepted)


def _beyond(old: Line | None, new: Line) -> Iterator[str]:
    """What `new` accepts, or states as settled, and `old` does not."""
    if old is None:
        yield f"a new line, with {_versions(new) or 'nothing'}"
        return
    yield from _more_bytes(old, new)
    yield from _more_known(old, new)
    for member in _FIGURES:
        before, now = getattr(old, member), getattr(new, member)
        if now > before:
            yield f"{member}: {before} -> {now}"
    for member in _STATEMENTS:
        if getattr(new, member) != getattr(old, member):
            yield f"{member} is another"
    for event, digest in sorted({*old.scripts} - {*new.scripts}):
        yield f"no longer that {event} runs at install (sha256 {digest[:12]}\u2026)"
    if new.is_reviewed and not old.is_reviewed:
        yield f"a review: {new.why or 'without a word'}"


def _more_bytes(old: Line, new: Line) -> Iterator[str]:
    artifacts = {(each.version, each.sha512) for each in old.accepted}
    for each in new.accepted:
        if (each.version, each.sha512) not in artifacts:
            yield f"{each.version} (sha512 {each.sha512[:12]}\u2026)"


def _more_known(old: Line, new: Line) -> Iterator[str]:
    """Capabilities, with an earlier day than before, and what else is told by name."""
    for name, day in new.capabilities.items():
        before = old.capabilities.get(name)
        if before is None or day < before:
            yield f"{name} since {day}" + (f", not {before}" if before else "")
    for member in ("scripts", "dependencies", "bins", "binaries"):
        for each in sorted({*getattr(new, member)} - {*getattr(old, member)}):
            yield f"{member}: {each if isinstance(each, str) else ' '.join(each)}"


_MOST_SHOWN = 20
_FIGURES = ("first", "analyser", "size", "code", "files")
"""Of a line: what is looser where it is more. Capabilities that are not younger than `first` are
settled, and what a newer analyser looked at is not looked at again."""
_STATEMENTS = ("evidence", "signer", "provenance", "more")
