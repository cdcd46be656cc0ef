"""Facts: what was observed, or why it could not be. Evidence, never opinion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pratique.model.package import Digest, Package, Release

T = TypeVar("T")


class Why(StrEnum):
    """Why a fact is missing. Only ABSENT says something about the source itself."""

    NOT_ASKED = "not-asked"
    OFFLINE = "offline"
    ABSENT = "absent"
    """The source is known not to carry this fact for anything it has."""
    FAILED = "failed"
    """It was asked for and did not come, or came in a form that cannot be believed."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that could not be had, and why; `detail` is one sentence for the user."""

    why: Why
    detail: str


class Per(Enum):
    """What a fact is about: the whole run, a package, or a release."""

    RUN = "run"
    PACKAGE = "package"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of fact. `version` is the schema's: a stored fact of another version is not used."""

    name: str
    per: Per
    type: type[T]
    version: int = 1

    def __hash__(self) -> int:
        """Of the name alone, which is its own: tens of thousands of facts are asked for at once."""
        return hash(self.name)


@lru_cache(maxsize=256)
def _not_asked(name: str) -> Missing:
    return Missing(Why.NOT_ASKED, f"{name} was not asked for")


Key = Release | Package | None
"""The subject of a fact: a release, a package, or None for the whole run."""


class Facts:
    """The facts of one run. A fact nobody gathered is Missing(NOT_ASKED), never a default."""

    __slots__ = ("_known",)

    def __init__(self, known: Mapping[tuple[str, Key], object] | None = None) -> None:
        self._known: Mapping[tuple[str, Key], Any] = known or {}

    @classmethod
    def of(cls, *facts: tuple[Kind[Any], Key, object]) -> Facts:
        """Facts from (kind, subject, value or Missing) triples."""
        return cls({(kind.name, key): value for kind, key, value in facts})

    def get(self, kind: Kind[T], key: Key = None) -> T | Missing:
        value: T | Missing | None = self._known.get((kind.name, key))
        return _not_asked(kind.name) if value is None else value

    def need(self, kind: Kind[T], key: Key = None) -> T:
        """The fact, where it is certain to be there: a rule's `needs` have been seen to.

        Raises:
            LookupError: It is missing; the rule does not name it in its needs.
        """
        value: T | Missing | None = self._known.get((kind.name, key))
        if value is None or isinstance(value, Missing):
            detail = "it was not asked for" if value is None else value.detail
            raise LookupError(f"{kind.name} of {key}: {detail}")
        return value

    def with_facts(self, more: Mapping[Any, object]) -> Facts:
        """The same facts and `more`, as (name of the kind, subject) -> value or Missing."""
        return Facts({**self._known, **more})

    def without(self, dropped: Iterable[tuple[str, Key]], missing: Missing) -> Facts:
        """The same facts with the named ones turned into `missing`."""
        return Facts({**self._known, **dict.fromkeys(dropped, missing)})

    def known(self) -> Iterable[tuple[str, Key]]:
        """(name of the kind, subject) of every fact, missing ones too."""
        return self._known.keys()


class PublishSource(StrEnum):
    """Where a publish time comes from, best first."""

    ATTESTED = "attested"
    REGISTRY = "registry"
    FIRST_SEEN = "first-seen"


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of the run, aware, in UTC."""

    at: datetime


@dataclass(frozen=True, slots=True)
class VersionDocument:
    """What a registry says of one release: the parts that rules read.

    Attributes:
        name, version: As the document itself states them (gather has compared them).
        tarball: `dist.tarball`, verbatim.
        digests: From `dist.integrity` and `dist.shasum`, strongest first.
        scripts: (event, command) of the events that npm runs when it installs a dependency:
            preinstall, install, postinstall; and prepare (run for git sources only).
        has_install_script: The registry's own flag; None where it gives none.
        gypfile: The document's own `gypfile` value; None where absent.
        deprecated: The deprecation message, else None.
        aliases: (local name, target name) of its dependencies that ask for `npm:target@...`.
        dependencies: (group, name, specifier) of what an install brings in, sorted; group is the
            document's member: dependencies, optionalDependencies or peerDependencies.
        bins: (command, path) as the document states them, sorted.
        source: What its `repository` names, verbatim, where it speaks of attestations; else None.
    """

    name: str
    version: str
    tarball: str
    digests: tuple[Digest, ...]
    scripts: tuple[tuple[str, str], ...] = ()
    has_install_script: bool | None = None
    gypfile: bool | None = None
    deprecated: str | None = None
    aliases: tuple[tuple[str, str], ...] = ()
    dependencies: tuple[tuple[str, str, str], ...] = ()
    bins: tuple[tuple[str, str], ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A registry's answer about a release: its document, or that it has none.

    Attributes:
        registry: Normalised base URL of the registry that answered, ending in "/".
        document: None where the registry answered that there is no such release.
        package_exists: False where it has no package of that name at all.
    """

    registry: str
    document: VersionDocument | None
    package_exists: bool = True


@dataclass(frozen=True, slots=True)
class Published:
    """When a release was published.

    Attributes:
        at: The time, aware, in UTC. Where not `exact`, it was published at this time or earlier.
        source: Where the time comes from.
        exact: False where only "not later than" is known (a packument's `modified`).
        alternatives: Mature releases of the same line, as (version, time), newest first, at most 5;
            only where the whole document was read.
    """

    at: datetime
    source: PublishSource
    exact: bool = True
    alternatives: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class FirstPublished:
    """When the first release of a package was published; fields as in `Published`."""

    at: datetime
    source: PublishSource
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Newcomers:
    """The packages that neither the base's lockfiles nor the ledger know.

    Attributes:
        packages: Empty where nothing was compared.
        compared: False without a base and without a ledger: then no package can be called new.
    """

    packages: frozenset[Package]
    compared: bool


@dataclass(frozen=True, slots=True)
class Hosts:
    """Which registry a host that a lockfile records stands for.

    Attributes:
        registries: Host (with port where given) -> normalised base URL of a configured registry,
            for the configured registries themselves and for the policy's host aliases.
        default: Base URL of the default registry.
        assumed: Hosts that are neither, but that nearly all entries of a lockfile share: binding
            compares them with the default registry, and one finding says so.
        scopes: Scope (`@corp`) -> base URL of the registry that serves it; others the default.
    """

    registries: Mapping[str, str]
    default: str
    assumed: frozenset[str] = frozenset()
    scopes: Mapping[str, str] = field(default_factory=dict)

    def registry_at(self, host: str) -> str | None:
        """The registry that `host` stands for, or None for a foreign host."""
        known = self.registries.get(host)
        return self.default if known is None and host in self.assumed else known


CLOCK = Kind("clock", Per.RUN, Clock)
REGISTERED = Kind("registered", Per.RELEASE, Registered, version=5)
PUBLISHED = Kind("published", Per.RELEASE, Published)
FIRST_PUBLISHED = Kind("first-published", Per.PACKAGE, FirstPublished)
NEWCOMERS = Kind("newcomers", Per.RUN, Newcomers)
HOSTS = Kind("hosts", Per.RUN, Hosts)
