"""Layer 1, lockfile: one lockfile, in step, complete, every entry bound to the registry.

Facts come in by `needs`; what the lockfile itself says is the subject. Which dialect traps the
rules answer: docs/layers/lockfile.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pratique.ecosystems.npm import binding
from pratique.layers import _entries as entries
from pratique.layers import _projects as projects
from pratique.layers._inside import CONFUSION
from pratique.model.fact import HOSTS, REGISTERED, Facts, Hosts, Kind
from pratique.model.layer import Judge, Layer, PinIn, Rule, Severity, Subject
from pratique.model.pin import Manager, Source
from pratique.model.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class LockfileSettings:
    """The layer has no settings of its own: hosts and exclusions are the policy's."""


def _unbound_bytes(project: Project) -> tuple[int, str]:
    """Releases whose bytes compare with nothing: yarn berry's, and those with a checksum alone."""
    berry = project.manager is Manager.YARN_BERRY
    unbound = (
        not pin.digests
        for pin in entries.pins(project)
        if pin.is_release and (berry or pin.checksum)
    )
    return sum(unbound), "bound by name and version; the manager's checksums are not comparable"


# -- the rules -------------------------------------------------------------------------------------


def _is(*sources: Source) -> Callable[[PinIn, Facts, object], bool]:
    return lambda subject, _facts, _settings: subject.pin.source in sources


def _bindable(subject: PinIn, facts: Facts, _settings: object) -> bool:
    hosts = facts.get(HOSTS)
    return not isinstance(hosts, Hosts) or binding.is_bindable(subject.pin, hosts)


def _bindable_digest(subject: PinIn, facts: Facts, settings: object) -> bool:
    return bool(subject.pin.digests) and _bindable(subject, facts, settings)


def _on_project(
    name: str, summary: str, severity: Severity, judge: Judge, why: str, fix: str, *needs: Kind[Any]
) -> Rule:
    return Rule(
        f"lockfile/{name}", Subject.PROJECT, needs, summary, severity, judge, why=why, fix=fix
    )


_ON_PROJECTS = (
    _on_project(
        "absent",
        "dependencies without a lockfile",
        Severity.HIGH,
        projects.absent,
        "Without one every install resolves anew, and a minute-old release gets in.",
        "Run the manager's install once and commit the lockfile; remove what switches it off.",
    ),
    _on_project(
        "several-managers",
        "several managers' lockfiles in one directory",
        Severity.MEDIUM,
        projects.several,
        "Only one of them is kept up to date; whoever uses the other manager installs other bytes.",
        "Remove the lockfiles of the managers that the project does not use.",
    ),
    _on_project(
        "out-of-step",
        "the lockfile and the manifests differ",
        Severity.MEDIUM,
        projects.out_of_step,
        "A frozen install fails, and an unfrozen one resolves releases nobody reviewed.",
        "Let the manager update the lockfile and review the difference.",
    ),
    _on_project(
        "unmapped-host",
        "the lockfile records a host that is not configured",
        Severity.LOW,
        projects.unmapped,
        "Entries are recorded against another address than the one you install from.",
        "If that host mirrors your registry, say so with a host alias in the policy.",
        HOSTS,
    ),
    _on_project(
        "project-registry",
        "a project's file names another registry",
        Severity.MEDIUM,
        projects.registry,
        "Whoever can change the file decides where everybody's dependencies come from.",
        "Configure the registry yourself, or name it in the policy.",
        HOSTS,
    ),
    _on_project(
        "refused-setting",
        "a project's setting is not honoured",
        Severity.MEDIUM,
        projects.refused,
        "Credentials, proxies and certificate authorities of a project's file reach everybody who "
        "clones it, and variables in its addresses leak what is in the environment.",
        "Move the setting into the user's own configuration.",
    ),
    _on_project(
        "manager-code",
        "the manager runs the repository's code at install",
        Severity.LOW,
        projects.code,
        "Such files run before anything is checked, whatever the script settings say.",
        "Review them like code that runs in CI with its secrets.",
    ),
    _on_project(
        "overridden",
        "a dependency is overridden",
        Severity.LOW,
        projects.overridden,
        "An override replaces what the dependents ask for, silently and for good.",
        "Remove overrides that are no longer needed.",
    ),
    _on_project(
        "disagreeing-entries",
        "two entries for one release disagree",
        Severity.HIGH,
        projects.disagreeing,
        "One of the two was edited: which bytes are installed depends on the client.",
        "Restore the entry that the registry's document agrees with.",
    ),
)


def _on_pin(name: str, summary: str, severity: Severity, judge: Judge, **more: Any) -> Rule:
    fields: dict[str, Any] = {"needs": (), **more}
    return Rule(
        f"lockfile/{name}", Subject.PIN, summary=summary, severity=severity, judge=judge, **fields
    )


_ON_PINS = (
    _on_pin(
        "not-bound",
        "an entry's address is not the release's own",
        Severity.CRITICAL,
        entries.not_bound,
        needs=(HOSTS, REGISTERED),
        applies=_bindable,
        bound=True,
        why="npm, yarn and bun install whatever the entry points at, under the name it claims.",
        fix="Put the registry's own address and digest back.",
    ),
    _on_pin(
        "digest-mismatch",
        "an entry locks other bytes than the registry's",
        Severity.CRITICAL,
        entries.digest,
        needs=(HOSTS, REGISTERED),
        applies=_bindable_digest,
        bound=True,
        why="The locked bytes are not the published ones: one of the two was replaced.",
        fix="Find out which; then put the registry's digest back.",
    ),
    _on_pin(
        "unbound-digest",
        "an entry's digest cannot be compared",
        Severity.LOW,
        entries.unbound_digest,
        needs=(HOSTS, REGISTERED),
        applies=_bindable_digest,
        bound=True,
        why="The registry states digests of other algorithms only, so the bytes are not bound.",
        fix="Ask the registry's operator for sha512 digests.",
    ),
    _on_pin(
        "absent-upstream",
        "the registry does not have a locked release",
        Severity.HIGH,
        entries.absent_upstream,
        needs=(HOSTS, REGISTERED),
        applies=_bindable,
        why="It was withdrawn, often for being malicious, or never was: anybody can publish it.",
        fix="Move to a release that exists.",
    ),
    _on_pin(
        "missing-integrity",
        "an entry has no integrity",
        Severity.HIGH,
        entries.missing,
        applies=lambda subject, _facts, _settings: entries.lacks_integrity(subject),
        bound=True,
        why="Without a digest the registry, or whoever stands between, chooses the bytes.",
        fix="Put the digest in, or let the manager write the entry anew.",
    ),
    _on_pin(
        "weak-integrity",
        "an entry is locked by a weak digest only",
        Severity.MEDIUM,
        entries.weak,
        applies=lambda subject, _facts, _settings: entries.is_weak(subject.pin),
        bound=True,
        why="SHA-1 collisions are practical (shattered.io, 2017).",
        fix="Put the sha512 digest in.",
        references=("https://shattered.io",),
    ),
    _on_pin(
        "plain-http",
        "an entry is fetched without encryption",
        Severity.HIGH,
        entries.http,
        why="Whoever is on the path sees the request and can answer it.",
        fix="Use https.",
    ),
    _on_pin(
        "foreign-host",
        "an entry is recorded at a foreign host",
        Severity.HIGH,
        entries.foreign,
        needs=(HOSTS,),
        applies=_is(Source.REGISTRY),
        why="One entry that comes from elsewhere is how a lockfile is poisoned in review.",
        fix="Put the registry's address back, or alias the host in the policy.",
    ),
    _on_pin(
        "exotic-direct",
        "a direct dependency from git or a URL",
        Severity.LOW,
        entries.exotic,
        applies=lambda subject, facts, _settings: entries.is_exotic(subject, facts, direct=True),
        why="No registry keeps it, no cooldown applies to it, and git sources run scripts.",
        fix="Depend on a published release.",
    ),
    _on_pin(
        "exotic-transitive",
        "code from git, a URL or a file that no manifest asks for",
        Severity.HIGH,
        entries.exotic,
        applies=lambda subject, facts, _settings: entries.is_exotic(subject, facts, direct=False),
        why="A dependency brings in code that no registry keeps, as in the TanStack attack (2026).",
        fix="Override it with a published release, or drop the dependent.",
    ),
    _on_pin(
        "local-source",
        "an entry comes from the repository itself",
        Severity.LOW,
        entries.local,
        applies=lambda subject, _facts, _settings: entries.is_local(subject),
        why="It is reviewed as part of the repository, not as a release.",
        fix="Nothing, if meant.",
    ),
    _on_pin(
        "hidden-alias",
        "an alias that nothing asks for",
        Severity.HIGH,
        entries.hidden_alias,
        needs=(HOSTS,),
        applies=entries.is_hidden,
        also=entries.alias_facts,
        why="The code that is loaded under one name is another package's.",
        fix="Remove the alias from the lockfile and let the manager resolve the name.",
    ),
    _on_pin(
        "odd-entry",
        "an entry of a form that clients read differently",
        Severity.MEDIUM,
        entries.odd,
        applies=lambda subject, _facts, _settings: entries.is_odd(subject.pin),
        why="What two programs read differently, one of them reads wrongly.",
        fix="Let the manager write the entry anew.",
    ),
    _on_pin(
        "patched",
        "an entry is patched",
        Severity.LOW,
        entries.patched,
        applies=lambda subject, _facts, _settings: entries.is_patched(subject.pin),
        why="A patch file is code that is reviewed as part of the repository.",
        fix="Nothing, if meant.",
    ),
)

UNREADABLE = _on_project(
    "unreadable",
    "a lockfile could not be examined",
    Severity.HIGH,
    lambda _project, _facts, _settings: iter(()),
    "What cannot be read cannot be cleared.",
    "Convert the lockfile to a format that is read, mend it, or exclude its path in the policy.",
)
"""Never fires: `evaluate` makes it Unknown for a project whose lockfile could not be read."""

LAYER = Layer(
    "lockfile",
    1,
    "lockfile",
    (*_ON_PROJECTS, *_ON_PINS, CONFUSION, UNREADABLE),
    LockfileSettings,
    passed="{} entries bound to the registry",
    partial=_unbound_bytes,
)
