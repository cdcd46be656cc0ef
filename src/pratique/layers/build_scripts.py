"""Layer 3, build scripts: which releases run code at install, and who approved that.

Known from the registry's metadata, from the lockfile's flags, and from what is really inside an
artifact, which neither has to say. docs/layers/build-scripts.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from json import dumps

from pratique.ecosystems.npm import binding
from pratique.layers._accepted import is_accepted
from pratique.layers._digests import sha512_of
from pratique.model.behavior import ACCEPTED, ANALYSED, Analysis
from pratique.model.fact import HOSTS, REGISTERED, Facts, Missing, Registered, VersionDocument
from pratique.model.finding import Edit, Evidence, Finding, Remedy
from pratique.model.layer import Layer, PinIn, ReleaseIn, Rule, Severity, Subject
from pratique.model.pin import Location, Manager, Source
from pratique.model.project import Approval, Project

_BUNDLED = ("install.script:bundled-", "install.implicit:bundled-")
"""How capabilities begin that are of packages inside a package."""
INSTALL_EVENTS = ("preinstall", "install", "postinstall")
"""The events that npm runs when it installs a dependency (npm docs, "scripts", npm 12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildScriptsSettings:
    """Who may run code at install.

    Attributes:
        approve: Releases that may, each bound to a version or a digest where it names one.
        deny: Names that may not, whatever else approves them.
        from_managers: Whether the managers' own lists count as approvals, too.
    """

    approve: tuple[Approval, ...] = ()
    deny: tuple[str, ...] = field(default=(), metadata={"looser": "removed"})
    from_managers: bool = field(default=True, metadata={"looser": True})


def _undecided(
    subject: ReleaseIn, facts: Facts, settings: BuildScriptsSettings
) -> Iterator[Finding]:
    answer = facts.need(REGISTERED, subject.release)
    reasons = _reasons(subject, answer) or _of_ledger(subject, facts)
    if reasons and _decision(subject, facts, settings) is None:
        message = "runs code at install, and nobody decided whether it may"
        yield _finding(UNDECIDED, subject, facts, message, reasons)


def _unstated(
    subject: ReleaseIn, facts: Facts, settings: BuildScriptsSettings
) -> Iterator[Finding]:
    document = facts.need(REGISTERED, subject.release).document
    reasons = list(_inside(subject, facts.need(ANALYSED, subject.release), document))
    if reasons and _decision(subject, facts, settings) is None:
        message = "runs code at install that its registry does not state, and nobody decided on it"
        yield _finding(UNSTATED, subject, facts, message, reasons)


def _inside(
    subject: ReleaseIn, analysis: Analysis, document: VersionDocument | None
) -> Iterator[str]:
    """What runs at install of the artifact, and of packages inside it, and is stated nowhere."""
    if analysis.oddities:
        return  # a finding of its own, and whatever it holds is not to be believed
    stated = {event for event, _ in document.scripts} if document else set()
    stated |= {"install"} if document and document.gypfile else set()
    runs = [each for each in analysis.installs if each[0] not in stated]
    if stated.isdisjoint(INSTALL_EVENTS) and _is_flagged(subject, document):
        runs = []  # a short document has the flag, and no scripts
    yield from (f"{event}: {command}" for event, command in runs)
    for seen in analysis.evidence:
        if seen.capability.startswith(_BUNDLED):
            yield f"{seen.file}: {seen.snippet}"


def _is_flagged(subject: ReleaseIn, document: VersionDocument | None) -> bool:
    by_registry = document is not None and document.has_install_script is True
    return by_registry or any(pin.install_script for pin in subject.pins)


def _of_ledger(subject: ReleaseIn, facts: Facts) -> list[str]:
    """What is accepted is not read again; that it runs something is on record."""
    accepted = facts.get(ACCEPTED)
    known = not isinstance(accepted, Missing) and subject.release in accepted.installs
    return ["the ledger says that its release line runs code at install"] if known else []


def _finding(
    rule: Rule, subject: ReleaseIn, facts: Facts, message: str, reasons: Iterable[str]
) -> Finding:
    sha512 = sha512_of(subject, facts)
    return Finding(
        rule.id,
        message,
        project=subject.path,
        release=subject.release,
        where=subject.where,
        evidence=tuple(Evidence(reason, subject.where) for reason in reasons),
        remedy=Remedy(
            edits=(Edit(Location("pratique.toml"), "", _approval_line(subject, sha512)),)
        ),
        sha512=sha512,
    )


def _approval_line(subject: ReleaseIn, sha512: str | None) -> str:
    """The lines that approve exactly these bytes; a JSON string is a TOML basic string, too."""
    parts = [
        f"package = {dumps(subject.release.name)}",
        f"version = {dumps(subject.release.version)}",
        *([f'sha512 = "{sha512}"'] if sha512 else []),
        'reason = "…"',
    ]
    return "\n".join(["[[layers.build-scripts.approve]]", *parts])


def _reasons(subject: ReleaseIn, answer: Registered) -> list[str]:
    """Why it is known to run code at install; nothing where it is not."""
    document = answer.document
    if document and document.scripts:
        found = [each for each in document.scripts if each[0] in INSTALL_EVENTS]
        if found:
            return [f"{event}: {command}" for event, command in found]
    if document and document.gypfile:
        return ["binding.gyp: node-gyp rebuild"]
    if document and document.has_install_script:
        return ["the registry says that it has an install script"]
    if any(pin.install_script for pin in subject.pins):
        return ["the lockfile says that it has an install script"]
    return []


def _decision(subject: ReleaseIn, facts: Facts, settings: BuildScriptsSettings) -> bool | None:
    """True: approved; False: denied, or no script runs at all; None: undecided."""
    project = subject.project
    if any(fnmatchcase(subject.release.name, name) for name in settings.deny):
        return False
    if project and project.settings.scripts_off:
        return False
    entries = _approvals(project, settings)
    answers = [entry.allowed for entry in entries if _covers(entry, subject, facts)]
    if False in answers:
        return False
    return True if True in answers else None


def _approvals(project: Project | None, settings: BuildScriptsSettings) -> Iterable[Approval]:
    yield from settings.approve
    if project is None or not settings.from_managers:
        return
    yield from project.settings.approvals
    for name, where in project.lockfile.trusted if project.lockfile else ():
        yield Approval(name, None, allowed=True, where=where, manager=Manager.BUN)


def _covers(entry: Approval, subject: ReleaseIn, facts: Facts) -> bool:
    """Whether an entry speaks of this release. A digest, where it names one, must be locked.

    Where nothing locks it, the digest must be the registry's.
    """
    if not fnmatchcase(subject.release.name, entry.name):
        return False
    if entry.version is not None and entry.version != subject.release.version:
        return False
    return entry.sha512 is None or entry.sha512 == sha512_of(subject, facts)


def _flag_differs(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    pin = subject.pin
    document = facts.need(REGISTERED, pin.release).document
    scripts = [each for each in document.scripts if each[0] in INSTALL_EVENTS] if document else []
    if scripts and pin.install_script is False:
        event, command = scripts[0]
        yield Finding(
            FLAG_DIFFERS.id,
            "the lockfile says that it runs nothing at install, the registry says that it does",
            project=subject.project.path,
            release=pin.release,
            where=pin.where,
            evidence=(Evidence(f"{event}: {command}"),),
            key=pin.key,
        )


def _git_prepare(subject: PinIn, facts: Facts, settings: BuildScriptsSettings) -> Iterator[Finding]:
    pin, project = subject.pin, subject.project
    if _decision(ReleaseIn(pin.release, project, (pin,)), facts, settings) is None:
        yield Finding(
            GIT_PREPARE.id,
            "a git source runs its own prepare script at install",
            project=project.path,
            release=pin.release,
            where=pin.where,
            key=pin.key,
        )


def _placeholder(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    for entry in project.settings.approvals:
        if entry.allowed is None:
            message = f"{entry.name} stands in the list as undecided"
            yield _about(PLACEHOLDER, project, message, entry.where, entry.name)


def _about(rule: Rule, project: Project, message: str, where: Location, key: str) -> Finding:
    return Finding(rule.id, message, project=project.path, where=where, key=key)


def _unbound(project: Project, _facts: Facts, settings: BuildScriptsSettings) -> Iterator[Finding]:
    for entry in _approvals(project, settings):
        if entry.allowed and entry.version is None and entry.sha512 is None:
            message = f"{entry.name} may run code at install in every version"
            yield _about(UNBOUND, project, message, entry.where, entry.name)


def _stale(project: Project, _facts: Facts, settings: BuildScriptsSettings) -> Iterator[Finding]:
    locked = {pin.name for pin in project.lockfile.pins} if project.lockfile else set()
    for entry in _approvals(project, settings):
        if not any(fnmatchcase(name, entry.name) for name in locked):
            message = f"{entry.name} is in the list and not in the lockfile"
            yield _about(STALE, project, message, entry.where, entry.name)


def _dead(project: Project, _facts: Facts, _settings: object) -> Iterator[Finding]:
    for dead in project.settings.dead:
        message = f"{dead.key} has no effect here: {dead.why}"
        yield _about(DEAD_KEY, project, message, dead.where, dead.key)


def _from_registry(subject: ReleaseIn, facts: Facts, _settings: object) -> bool:
    if not subject.pins:
        return True
    hosts = facts.get(HOSTS)
    return binding.may_be_published(subject.pins, hosts)


def _is_to_be_read(subject: ReleaseIn, facts: Facts, settings: object) -> bool:
    return not is_accepted(subject, facts) and _from_registry(subject, facts, settings)


def _has_flag(subject: PinIn, _facts: Facts, _settings: object) -> bool:
    return subject.pin.is_release and subject.pin.install_script is False


def _is_git(subject: PinIn, _facts: Facts, _settings: object) -> bool:
    return subject.pin.source is Source.GIT


UNDECIDED = Rule(
    id="build-scripts/undecided",
    subject=Subject.RELEASE,
    needs=(REGISTERED,),
    summary="a release runs code at install, and nobody decided whether it may",
    severity=Severity.HIGH,
    judge=_undecided,
    applies=_from_registry,
    why="An install script runs with your rights and secrets before anything was reviewed.",
    fix="Read the script; then approve or deny it in the policy, for this version.",
)
UNSTATED = Rule(
    id="build-scripts/unstated",
    subject=Subject.RELEASE,
    needs=(REGISTERED, ANALYSED),
    summary="an artifact runs code at install that its registry does not state",
    severity=Severity.HIGH,
    judge=_unstated,
    applies=_is_to_be_read,
    why="Clients run what is inside: a binding.gyp without a script, scripts of bundled packages, "
    "scripts that the registry's document leaves out. Who reads the document sees none of it.",
    fix="Read what it runs; then approve or deny it in the policy, for this version.",
)
FLAG_DIFFERS = Rule(
    id="build-scripts/flag-differs",
    subject=Subject.PIN,
    needs=(REGISTERED,),
    summary="the lockfile hides that a release runs code at install",
    severity=Severity.HIGH,
    judge=_flag_differs,
    applies=_has_flag,
    why="Clients decide by the lockfile's flag whether to ask; the flag was removed, or never set.",
    fix="Let the manager write the lockfile anew.",
)
GIT_PREPARE = Rule(
    id="build-scripts/git-prepare",
    subject=Subject.PIN,
    needs=(),
    summary="a git source can run its prepare script at install",
    severity=Severity.MEDIUM,
    judge=_git_prepare,
    applies=_is_git,
    why="Clients build a git source on the installing machine, with its development dependencies.",
    fix="Depend on a published release.",
)
PLACEHOLDER = Rule(
    id="build-scripts/placeholder",
    subject=Subject.PROJECT,
    needs=(),
    summary="an approval list holds an undecided entry",
    severity=Severity.MEDIUM,
    judge=_placeholder,
    why="A placeholder is neither yes nor no: what runs depends on the manager's version.",
    fix="Decide it.",
)
UNBOUND = Rule(
    id="build-scripts/unbound-approval",
    subject=Subject.PROJECT,
    needs=(),
    summary="an approval holds for every version",
    severity=Severity.LOW,
    judge=_unbound,
    why="The next release of that name runs code without anybody being asked.",
    fix="Name the version, or the digest.",
)
STALE = Rule(
    id="build-scripts/stale-approval",
    subject=Subject.PROJECT,
    needs=(),
    summary="an approval that nothing uses",
    severity=Severity.LOW,
    judge=_stale,
    why="It waits for whoever brings that name in again.",
    fix="Remove it.",
)
DEAD_KEY = Rule(
    id="build-scripts/dead-setting",
    subject=Subject.PROJECT,
    needs=(),
    summary="a setting that the manager ignores where it stands",
    severity=Severity.MEDIUM,
    judge=_dead,
    why="Whoever reads it believes in a protection that is not there.",
    fix="Move it to where the manager reads it, or remove it.",
)

LAYER = Layer(
    "build-scripts",
    3,
    "build scripts",
    (UNDECIDED, UNSTATED, FLAG_DIFFERS, GIT_PREPARE, PLACEHOLDER, UNBOUND, STALE, DEAD_KEY),
    BuildScriptsSettings,
    passed="{} releases, none runs code undecided",
)
