"""Layer 10, registry: what comes from a registry is what its name says, and from whom.

Releases that lists block; names that are the user's own and come from elsewhere, or only look like
it; dependencies that go around every registry; lockfiles that lead past the configured one.
docs/layers/registry.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache

from pratique.ecosystems.npm import binding
from pratique.ecosystems.npm.addresses import classify_specifier
from pratique.ecosystems.npm.blocking import entries_for, needs_bytes
from pratique.ecosystems.npm.ownership import Ownership
from pratique.layers._digests import any_sha512_of, sha512_of
from pratique.model.blocklist import BLOCKED, BlockedEntry
from pratique.model.fact import CLOCK, HOSTS, REGISTERED, Facts, Missing, Why
from pratique.model.finding import Edit, Evidence, Finding, Remedy
from pratique.model.layer import Layer, ReleaseIn, Rule, Severity, Subject
from pratique.model.pin import Location, Manager, Pin, Source
from pratique.model.project import Project
from pratique.model.registry import NO_REGISTRY, OwnName, RegistryUrl

_MOST_SHOWN = 12
_LONGEST = 200
"""Characters of a specifier in a line of evidence."""
_INSTALLED = frozenset({"dependencies", "optionalDependencies"})
"""Groups that a client installs without being asked again. Peers that are no ranges fail."""
_OTHER_REGISTRIES = ("jsr:",)
"""Schemes that name a registry of their own, whatever is configured."""


@dataclass(frozen=True, kw_only=True)
class RegistrySettings:
    """What is the user's own, and what is known to be bad.

    Attributes:
        own: Names (`corp-lib`), families of them (`corp-*`) and scopes (`@corp`) of the user's own.
        own_registry: Base URL of the registry that alone may serve them; "" for none.
        others: Names and scopes that look like an own one, and are known to be somebody else's.
        blocklists: Files with blocked releases, relative to the policy file.
    """

    own: tuple[OwnName, ...] = field(default=(), metadata={"looser": "removed"})
    own_registry: RegistryUrl = NO_REGISTRY
    others: tuple[OwnName, ...] = field(default=(), metadata={"looser": "added"})
    blocklists: tuple[str, ...] = field(default=(), metadata={"looser": "removed"})

    @cached_property
    def ownership(self) -> Ownership:
        """Whose names are; made once for all releases that are judged."""
        return Ownership(self.own, self.others)


# -- blocked ---------------------------------------------------------------------------------------


def _blocked(subject: ReleaseIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    entries = _entries(subject, facts)
    if entries:
        first = entries[0]
        what = f"is known malware ({first.id})" if first.id else "is blocked"
        evidence = tuple(
            Evidence(f"{each.where}: {each.id}{' ' if each.id else ''}{each.reason}")
            for each in entries[:_MOST_SHOWN]
        )
        message = f"{what}: {first.reason}"
        sha512 = any_sha512_of(subject, facts)
        yield _finding(BLOCKED_RELEASE, subject, message, sha512, evidence)


def _entries(subject: ReleaseIn, facts: Facts) -> tuple[BlockedEntry, ...]:
    now, blocked = facts.need(CLOCK).at, facts.need(BLOCKED)
    if subject.release.name not in blocked.entries:
        return ()
    return entries_for(blocked, subject.release, any_sha512_of(subject, facts), now)


def _unlisted(subject: ReleaseIn, facts: Facts) -> Missing | None:
    """Why a release that no entry means is not known to be free: a stale list, unknown bytes."""
    if _entries(subject, facts):
        return None
    now, blocked = facts.need(CLOCK).at, facts.need(BLOCKED)
    for file, expires in blocked.expires:
        if now >= expires:
            return Missing(Why.FAILED, f"the blocklist {file} is stale since {_instant(expires)}")
    if needs_bytes(blocked, subject.release, now) and any_sha512_of(subject, facts) is None:
        return Missing(Why.FAILED, "a blocklist names bytes of it, and its SHA-512 is not known")
    return None


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}".strip()


def _has_lists(_subject: ReleaseIn, _facts: Facts, settings: RegistrySettings) -> bool:
    return bool(settings.blocklists)


# -- names -----------------------------------------------------------------------------------------


def _owned(subject: ReleaseIn, facts: Facts, settings: RegistrySettings) -> Iterator[Finding]:
    answer = facts.need(REGISTERED, subject.release)
    if not settings.own_registry or answer.registry != settings.own_registry:
        alone = f"and {settings.own_registry} alone may serve it"
        message = f"has a name of your own, {alone if settings.own_registry else 'and is upstream'}"
        evidence = (Evidence(f"comes from {answer.registry}", subject.where),)
        yield _finding(OWNED_NAME, subject, message, sha512_of(subject, facts), evidence)


def _is_owned(subject: ReleaseIn, facts: Facts, settings: RegistrySettings) -> bool:
    if not settings.own or not settings.ownership.is_owned(subject.release.name):
        return False
    return _from_registry(subject, facts, settings)


def _look_alike(subject: ReleaseIn, facts: Facts, settings: RegistrySettings) -> Iterator[Finding]:
    own = settings.ownership.alike(subject.release.name)
    if own:
        message = f"has a name that can be taken for {own}, which is your own"
        yield _finding(LOOK_ALIKE, subject, message, sha512_of(subject, facts))


def _may_be_alike(subject: ReleaseIn, facts: Facts, settings: RegistrySettings) -> bool:
    return bool(settings.own) and _from_registry(subject, facts, settings)


# -- dependencies ----------------------------------------------------------------------------------


def _exotic(subject: ReleaseIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    document = facts.need(REGISTERED, subject.release).document
    if document is None:
        return
    found = [
        each for each in document.dependencies if each[0] in _INSTALLED and _is_exotic(each[2])
    ]
    if found:
        _, name, specifier = found[0]
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        message = f"depends on code that no registry keeps: {name} from {_kind(specifier)}{more}"
        evidence = tuple(
            Evidence(f"{group} {name}: {specifier[:_LONGEST]}", subject.where)
            for group, name, specifier in found[:_MOST_SHOWN]
        )
        yield _finding(EXOTIC, subject, message, sha512_of(subject, facts), evidence)


@lru_cache(maxsize=32768)
def _is_exotic(specifier: str) -> bool:
    if specifier.strip().lower().startswith(_OTHER_REGISTRIES):
        return True
    return classify_specifier(specifier) is not Source.REGISTRY


_KINDS = {
    Source.GIT: "git",
    Source.REMOTE: "a URL",
    Source.FILE: "a file",
    Source.LINK: "a directory",
    Source.WORKSPACE: "a workspace",
    Source.EXEC: "a script",
    Source.REGISTRY: "another registry",
}


def _kind(specifier: str) -> str:
    return _KINDS.get(classify_specifier(specifier), "a source that is not known")


# -- ways past the registry ------------------------------------------------------------------------


def _led_past(project: Project, facts: Facts, _settings: object) -> Iterator[Finding]:
    hosts = facts.need(HOSTS)
    by_host: dict[str, list[Pin]] = {}
    for pin in binding.led_past(project, hosts):
        by_host.setdefault(binding.host_of(pin.url), []).append(pin)
    for host, pins in sorted(by_host.items()):
        message = f"{project.manager} asks {host} for {len(pins)} entries, not {hosts.default}"
        yield Finding(
            LED_PAST.id,
            message,
            project=project.path,
            where=pins[0].where,
            evidence=tuple(
                Evidence(f"{pin.name}@{pin.version}: {(pin.url or '')[:_LONGEST]}", pin.where)
                for pin in pins[:_MOST_SHOWN]
            ),
            remedy=_replacing(project),
            key=host,
        )


def _replacing(project: Project) -> Remedy | None:
    """Npm's own line; the other managers have none."""
    if project.manager is not Manager.NPM:
        return None
    file = Location(f"{project.path}/.npmrc" if project.path else ".npmrc")
    return Remedy(edits=(Edit(file, "", "replace-registry-host=always"),))


def _has_entries(project: Project, _facts: Facts, _settings: object) -> bool:
    return project.lockfile is not None


# -- the rules -------------------------------------------------------------------------------------


def _finding(
    rule: Rule,
    subject: ReleaseIn,
    message: str,
    sha512: str | None,
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    return Finding(
        rule.id,
        message,
        project=subject.path,
        release=subject.release,
        where=subject.where,
        evidence=evidence,
        sha512=sha512,
    )


def _from_registry(subject: ReleaseIn, facts: Facts, _settings: object) -> bool:
    if not subject.pins:
        return True
    hosts = facts.get(HOSTS)
    return binding.may_be_published(subject.pins, hosts)


BLOCKED_RELEASE = Rule(
    id="registry/blocked",
    subject=Subject.RELEASE,
    needs=(CLOCK, BLOCKED),
    summary="a release is on a blocklist",
    severity=Severity.CRITICAL,
    judge=_blocked,
    applies=_has_lists,
    lacks=_unlisted,
    bound=True,
    why="It is known to be malicious, or somebody decided that it does not come in.",
    fix="Move to a release that no list names; where it was installed, treat its host as lost.",
)
OWNED_NAME = Rule(
    id="registry/owned-name",
    subject=Subject.RELEASE,
    needs=(REGISTERED,),
    summary="a name of your own comes from another registry",
    severity=Severity.CRITICAL,
    judge=_owned,
    applies=_is_owned,
    why="Whoever publishes a private name in a public registry is installed in its place by every "
    "client that asks there: dependency confusion.",
    fix="Configure the registry of your own names for their scope; take out the foreign release.",
    references=("https://medium.com/@alex.birsan/dependency-confusion-4a5d60fec610",),
)
LOOK_ALIKE = Rule(
    id="registry/look-alike",
    subject=Subject.RELEASE,
    needs=(),
    summary="a name can be taken for one of your own",
    severity=Severity.HIGH,
    judge=_look_alike,
    applies=_may_be_alike,
    why="A name one letter or one scope away from a private one waits for whoever mistypes it.",
    fix="Take the name that was meant. Where the other one is meant, list it in `others`.",
)
EXOTIC = Rule(
    id="registry/exotic-dependency",
    subject=Subject.RELEASE,
    needs=(REGISTERED,),
    summary="a release depends on code from git, a URL, a file or another registry",
    severity=Severity.HIGH,
    judge=_exotic,
    applies=_from_registry,
    why="Such code is bound to no registry's digest, has no age, and git sources run scripts on "
    "the installing machine; releases that newly had one were how code was brought in unseen.",
    fix="Stay on a release without it, or override the dependency with a published release.",
)
LED_PAST = Rule(
    id="registry/led-past",
    subject=Subject.PROJECT,
    needs=(HOSTS,),
    summary="a lockfile leads its manager past the configured registry",
    severity=Severity.MEDIUM,
    judge=_led_past,
    applies=_has_entries,
    why="yarn, bun and pnpm ask the address that the lockfile records, whatever registry they are "
    "configured for, and so does npm up to 11 for most hosts; npm 12 refuses. A firewall is not "
    "asked then, and refuses nothing. A host alias in the policy changes that for no manager.",
    fix="Replace the beginnings of the recorded addresses by your registry's, or write the "
    "lockfile anew through it; for npm put `replace-registry-host=always` into the project's "
    ".npmrc (`pratique setup npm` does).",
)

LAYER = Layer(
    "registry",
    10,
    "registry",
    (BLOCKED_RELEASE, OWNED_NAME, LOOK_ALIKE, EXOTIC, LED_PAST),
    RegistrySettings,
    passed="{} releases, no name and no source out of place",
)
