"""What can be said of a project's lockfile as a whole, and of the settings beside it.

The judgements behind layer 1's rules on projects; `lockfile` has the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from shlex import quote

from pratique.ecosystems.npm import binding
from pratique.layers import _entries as entries
from pratique.model.fact import HOSTS, Facts, Hosts
from pratique.model.finding import Edit, Evidence, Finding, Remedy
from pratique.model.layer import PinIn
from pratique.model.package import Release
from pratique.model.pin import Location, Manager, Pin
from pratique.model.project import Project
from pratique.model.registry import normalised


def absent(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    if project.lockfile is None and project.unread is None:
        message = "dependencies are declared and no lockfile is committed"
        where = Location(project.manifests[0].path) if project.manifests else None
        yield Finding("lockfile/absent", message, project=project.path, where=where)
    for said, where in project.settings.unlocked if project.lockfile else ():
        message = f"{project.manager} does not keep to the lockfile: {said}"
        yield Finding("lockfile/absent", message, project=project.path, where=where, key=said)


def several(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    if not project.rivals or project.lockfile is None:
        return
    others = ", ".join(project.rivals)
    message = f"{project.lockfile.path} is judged, and {others} lies beside it"
    yield Finding(
        "lockfile/several-managers",
        message,
        project=project.path,
        where=Location(project.rivals[0]),
        evidence=tuple(
            Evidence("a lockfile of another manager", Location(p)) for p in project.rivals
        ),
        remedy=Remedy(
            command="git rm " + " ".join(quote(below(project, p)) for p in project.rivals)
        ),
        key=project.rivals_digest,
    )


def below(project: Project, path: str) -> str:
    return path.removeprefix(f"{project.path}/") if project.path else path


def out_of_step(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    for drift in project.drift:
        command = RELOCK.get(project.manager) if project.manager else None
        yield Finding(
            "lockfile/out-of-step",
            drift.message,
            project=project.path,
            where=drift.where,
            remedy=Remedy(command=command) if command else None,
            key=drift.message,
        )


RELOCK = {
    Manager.NPM: "npm install --package-lock-only",
    Manager.PNPM: "pnpm install --lockfile-only",
    Manager.YARN_CLASSIC: "yarn install --ignore-scripts",
    Manager.YARN_BERRY: "yarn install --mode=update-lockfile",
    Manager.BUN: "bun install --lockfile-only",
}
"""What brings a lockfile into step with its manifests without installing."""


def code(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    for code in project.settings.code:
        message = f"{project.manager or 'the manager'} runs {code.path} at install ({code.form})"
        yield Finding(
            "lockfile/manager-code", message, project=project.path, where=code.where, key=code.path
        )


def overridden(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    seen = {(name, to): where for each in project.manifests for name, to, where in each.overrides}
    recorded = project.lockfile.overrides if project.lockfile else {}
    for name, to in recorded.items():
        place = Location(project.lockfile.path) if project.lockfile else None
        seen.setdefault((name, to), place or Location(project.path))
    for (name, to), where in seen.items():
        message = f"{name} is overridden by {to}"
        yield Finding(
            "lockfile/overridden", message, project=project.path, where=where, key=f"{name}={to}"
        )


def refused(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    for key, why, where in project.settings.refused:
        message = f"{key} in a project's file is not honoured: {why}"
        yield Finding(
            "lockfile/refused-setting", message, project=project.path, where=where, key=key
        )


def registry(project: Project, facts: Facts, _settings: object) -> Iterator[Finding]:
    hosts = facts.need(HOSTS)
    named = [(scope, *said) for scope, said in project.settings.scopes.items()]
    if project.settings.registry:
        named.append(("", *project.settings.registry))
    for scope, url, where in named:
        ours = hosts.scopes.get(scope, hosts.default)
        if _is_ours(url, ours, hosts):
            continue
        message = f"{scope or 'the default registry'} is set to {url}, not to your {ours}"
        key = f"{scope}={url}"
        yield Finding(
            "lockfile/project-registry", message, project=project.path, where=where, key=key
        )


def _is_ours(url: str, ours: str, hosts: Hosts) -> bool:
    """Whether `url` is that registry's address, or is at a host that the policy calls it."""
    if normalised(url) == ours:
        return True
    host = binding.host_of(url)
    is_alias = host != binding.host_of(ours) and host not in hosts.assumed
    return is_alias and hosts.registry_at(host) == ours


def unmapped(project: Project, facts: Facts, _settings: object) -> Iterator[Finding]:
    hosts = facts.need(HOSTS)
    recorded = [pin for pin in entries.pins(project) if binding.host_of(pin.url) in hosts.assumed]
    for host in sorted({binding.host_of(pin.url) for pin in recorded}):
        here = [pin for pin in recorded if binding.host_of(pin.url) == host]
        message = f"{len(here)} entries are recorded at {host}, which no configured registry is"
        fix = Edit(Location("pratique.toml"), "", f'[hosts]\n"{host}" = "default"')
        yield Finding(
            "lockfile/unmapped-host",
            message,
            project=project.path,
            where=here[0].where,
            remedy=Remedy(edits=(fix,)),
            key=host,
        )


def disagreeing(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    for pin in entries.pins(project):
        if pin.note.startswith(entries.DISAGREES):
            message = pin.note.removeprefix(entries.DISAGREES).strip()
            yield entries.finding("lockfile/disagreeing-entries", PinIn(pin, project), message)
    for same in _by_release(entries.pins(project)):
        for pin, other, what in _minorities(same):
            message = f"two entries lock different {what} for it"
            evidence = (Evidence("the other entry", other.where),)
            yield entries.finding(
                "lockfile/disagreeing-entries", PinIn(pin, project), message, evidence=evidence
            )


def _by_release(pins: Iterable[Pin]) -> Iterable[list[Pin]]:
    found: dict[Release, list[Pin]] = {}
    for pin in pins:
        if pin.is_release and pin.version:
            found.setdefault(pin.release, []).append(pin)
    return (same for same in found.values() if len(same) > 1)


def _minorities(same: list[Pin]) -> Iterator[tuple[Pin, Pin, str]]:
    """Entries that say something else than most do, one that says it, and what it is.

    Where as many say one thing as the other, the first in the file is taken for right: nothing
    tells which of the two was edited, and both lines are named.
    """
    counts: dict[Hashable, Counter[Hashable]] = {}
    for pin in same:
        for what, said in _said(pin).items():
            counts.setdefault(what, Counter())[said] += 1
    usual = {what: count.most_common(1)[0][0] for what, count in counts.items()}
    who: dict[Hashable, Pin] = {}
    for pin in reversed(same):
        who.update(dict.fromkeys(_said(pin).items(), pin))
    for pin in same:
        clash = next((what for what, said in _said(pin).items() if said != usual[what]), None)
        if clash is not None:
            yield pin, who[clash, usual[clash]], clash[0]


def _said(pin: Pin) -> dict[tuple[str, Hashable], Hashable]:
    """(plural of what is recorded, among which it compares) -> what the entry says."""
    said: dict[tuple[str, Hashable], Hashable] = {}
    if pin.url:
        said["addresses", None] = pin.url
    for digest in pin.digests:
        said["digests", digest.algorithm] = digest.hex
    if pin.checksum:  # of other bytes where a patch or a condition differs
        said["checksums", (pin.patch, pin.conditions)] = pin.checksum
    return said
