"""What the firewall keeps in mind of a package: decisions, addresses and finished pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pratique.evaluate.door import Ruling
from pratique.model.behavior import Dependencies
from pratique.model.fact import Missing, VersionDocument
from pratique.model.package import Digest
from pratique.model.policy import Verdict
from pratique.model.record import Decision, Sight
from pratique.proxy.known import Known
from pratique.proxy.needs import Seen
from pratique.proxy.packument import Packument, documents
from pratique.proxy.paths import tarball_path
from pratique.proxy.settings import Effect, Enforcement


@dataclass(frozen=True, slots=True)
class Place:
    """Where a release's artifact is: upstream's address, our path, and what binds its bytes."""

    version: str
    url: str
    path: str
    digests: tuple[Digest, ...]

    @property
    def sha512(self) -> str | None:
        return next((each.hex for each in self.digests if each.algorithm == "sha512"), None)


@dataclass(slots=True)
class Page:
    """A document as it is sent.

    Attributes:
        told: The head of the last answer with it: seconds, headers, the same as they are written.
        line: What the record says of an answer with it, from the method to the bytes.
    """

    body: bytes
    etag: bytes
    kind: bytes
    encoding: bytes
    told: tuple[int, tuple[tuple[bytes, bytes], ...], bytes] | None = None
    line: bytes = b""

    def headers(self, caching: bytes) -> tuple[tuple[bytes, bytes], ...]:
        """What is said of it beside its length; `caching` is how long a client may keep it."""
        packed = ((b"content-encoding", self.encoding),) if self.encoding else ()
        return (
            (b"content-type", self.kind),
            (b"etag", self.etag),
            (b"vary", b"accept, accept-encoding"),
            (b"cache-control", caching),
            (b"x-content-type-options", b"nosniff"),
            *packed,
        )


Placed = tuple[str, str, tuple[str, ...]]
"""What places come from: a document's digest, the registry, and the hosts that stand for it."""


class Grounds(NamedTuple):
    """What a judgement rests on beside policy and lists; `now` is when it was made."""

    now: datetime
    document: str
    registry: str
    stated: bool
    sights: Mapping[str, Sight]
    analyses: Mapping[str, Missing | tuple[str, int]]
    dependencies: Mapping[str, Dependencies | Missing]
    evidence: Mapping[str, str]


def grounds_of(document: str, known: Known) -> Grounds:
    """Those of the document with this digest."""
    analyses = {
        version: each if isinstance(each, Missing) else (each.sha512, each.analyser)
        for version, each in known.analyses.items()
    }
    evidence = {version: each.identity for version, each in known.evidence.items()}
    return Grounds(
        known.now, document, known.registry, known.stated, known.sights, analyses,
        known.dependencies, evidence,
    )  # fmt: skip


@dataclass(slots=True)
class Shelf:
    """One package, judged.

    Attributes:
        document: Digest of the upstream's document.
        generation: Of the policy and the lists that judged it.
        good_until: From then on it has to be looked at again.
        enforced: Version -> what is decided of it here, as far as it is enforced.
        placed: What `places` and `files` come from.
        grounds: What it was judged by.
        pages: (short, encoding) -> page.
        given: Version -> its artifact, of those that may be given out.
    """

    name: str
    registry: str
    document: str
    generation: int
    good_until: datetime
    seen: Seen
    places: Mapping[str, Place]
    files: Mapping[str, str]
    enforced: Mapping[str, Ruling]
    placed: Placed = ("", "", ())
    grounds: Grounds | None = None
    pages: dict[tuple[bool, str], Page] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    hidden: int = field(init=False)
    """Releases that are kept from resolvers."""

    def __post_init__(self) -> None:
        self.hidden = sum(not self.is_visible(version) for version in self.places)

    def listed(self, effect: Effect, *, dry_run: bool) -> tuple[str, ...]:
        """The versions that a document shows."""
        if dry_run or effect is not Effect.HIDE:
            return tuple(self.places)
        return tuple(version for version in self.places if self.is_visible(version))

    def holds(self, grounds: Grounds) -> bool:
        """Whether judging by these would come to the same: nothing is new, no instant is over."""
        before, until = self.grounds, self.seen.until
        if before is None or (until is not None and grounds.now >= until):
            return False
        if grounds.now < before.now:  # the clock was ahead, and was set right
            return False
        return grounds._replace(now=before.now) == before

    def is_visible(self, version: str) -> bool:
        ruling = self.enforced.get(version)
        if ruling is None or ruling.verdict >= Verdict.QUARANTINE:
            return False
        return version not in self.seen.pending


def enforced(ruling: Ruling, how: Enforcement) -> Ruling:
    """What of it is enforced: nothing in a dry run, without the layers that only run dry."""
    if how.dry_run:
        return Ruling(Verdict.ALLOW)
    if not how.dry_layers:
        return ruling
    judged = tuple(x for x in ruling.judged if _layer(x.finding.rule) not in how.dry_layers)
    unknowns = tuple(x for x in ruling.unknowns if _layer(x.rule) not in how.dry_layers)
    verdicts = [*(each.verdict for each in judged), *(each.verdict for each in unknowns)]
    worst = max(verdicts, default=Verdict.ALLOW)
    rules = tuple(each for each in ruling.rules if _layer(each) not in how.dry_layers)
    return Ruling(worst, judged, unknowns, rules, ruling.text if rules else "")


def _layer(rule: str) -> str:
    return rule.partition("/")[0]


def paths_of(
    packument: Packument, registry: str, aliases: Collection[str]
) -> dict[str, str | None]:
    """Version -> the path under which its artifact is served here; None where there is none."""
    return {
        version: tarball_path(registry, tuple(aliases), packument.name, each.tarball)
        for version, each in packument.versions.items()
    }


def places_of(
    documents: Mapping[str, VersionDocument], paths: Mapping[str, str | None]
) -> tuple[dict[str, Place], dict[str, str]]:
    """(version -> place, path -> version); a path that two versions claim belongs to neither."""
    places: dict[str, Place] = {}
    files: dict[str, str] = {}
    twice: set[str] = set()
    for version, document in documents.items():
        path = paths.get(version)
        if path is None:
            continue
        if path in files:
            twice.add(path)
        files[path] = version
        places[version] = Place(version, document.tarball, path, document.digests)
    for path in twice:
        del files[path]
    return {v: place for v, place in places.items() if place.path not in twice}, files


def places_again(
    before: Shelf | None, packument: Packument, placed: Placed
) -> tuple[Mapping[str, Place], Mapping[str, str]]:
    """`places_of` the document, or those of the shelf before where they come from the same."""
    if before is not None and before.placed == placed:
        return before.places, before.files
    _, registry, aliases = placed
    return places_of(documents(packument), paths_of(packument, registry, aliases))


def soonest(asked: datetime, until: datetime | None) -> datetime:
    """When a shelf has to be looked at again: its document, or what is judged by the clock."""
    return asked if until is None else min(asked, until)


def last_moment(shelf: Shelf, now: datetime) -> int:
    """Seconds for which a client may keep a page."""
    return max(0, int((shelf.good_until - now).total_seconds()))


@dataclass(slots=True)
class Given:
    """An artifact that may be given out; `line` as that of a page."""

    sha512: str
    version: str
    decision: str
    line: bytes = b""


@dataclass(frozen=True, slots=True)
class Withheld:
    """An artifact that may not; `pending`: for now, since it is not read yet."""

    version: str
    decision: Decision
    pending: bool = False


class ChangedError(Exception):
    """The upstream's document is another one than the shelf was judged by: judge it again."""


class UnreadableError(Exception):
    """A document that was there a moment ago cannot be had; the message says why."""


def stated_digests(packument: Packument, versions: Iterable[str]) -> dict[str, str]:
    """Version -> hex SHA-512, of those of which the document states one."""
    there = documents(packument, [each for each in versions if each in packument.versions])
    return {
        version: digest.hex
        for version, document in there.items()
        for digest in document.digests
        if digest.algorithm == "sha512"
    }
