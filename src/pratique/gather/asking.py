"""One question to a registry about one release or one package, and what its answer means.

Runs in a worker thread: it touches neither the store nor anything that another question touches,
but for the listings of packages, which are fetched once for all releases that need them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, urlsplit

import msgspec

from pratique.ecosystems.npm.names import why_illegal
from pratique.ecosystems.npm.versions import is_version
from pratique.gather.documents import read_packument, read_release, read_releases
from pratique.gather.http import Client, Failure, Request, Response
from pratique.gather.times import Cutoffs, Times, first_published, published, times_of
from pratique.model.evidence import Claimed
from pratique.model.fact import Missing, Registered, VersionDocument, Why
from pratique.model.package import Release
from pratique.store import Entry

BINDING = timedelta(hours=24)
WITHDRAWN = timedelta(hours=1)
"""DECISIONS 18: how long an answer is fresh; "there is no such release" changes more often."""
SHORT_FORM = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"
_MOST_OF_A_PACKUMENT = 128 * 1024 * 1024

Told = tuple[VersionDocument, Claimed]
Listing = dict[str, Told | str] | Missing | None
"""Version -> document or why not; Missing where it could not be read; None: no such package."""


class Answered(msgspec.Struct, frozen=True):
    """A registry's answer about a release, as it is stored.

    Attributes:
        registered: What it says of it.
        claimed: What its document claims of who made it; None where there is no document.
        whole: False for the short form of a packument, which says nothing of publishers.
    """

    registered: Registered
    claimed: Claimed | None = None
    whole: bool = True


@dataclass(slots=True)
class Source:
    """One registry with the questions' shared state.

    Attributes:
        id: Normalised base URL.
        client: Gives how it is asked: one client, made when it is first wanted.
        now: The time of the run.
        wanted: Package name -> versions whose documents are asked for.
        listings, locks: Listings fetched so far, and a lock for each package.
    """

    id: str
    client: Callable[[], Client]
    now: datetime
    wanted: dict[str, set[str]] = field(default_factory=dict)
    listings: dict[str, Listing] = field(default_factory=dict)
    locks: dict[str, threading.Lock] = field(default_factory=dict)

    def want(self, release: Release) -> None:
        """Say that the release's document will be asked for; before any question is asked."""
        self.wanted.setdefault(release.name, set()).add(release.version)
        self.locks.setdefault(release.name, threading.Lock())

    @property
    def place(self) -> str:
        return urlsplit(self.id).netloc

    def entry(self, subject: str, value: object, fresh: timedelta, etag: str | None) -> Entry:
        return Entry(subject, msgspec.msgpack.encode(value), self.now, self.now + fresh, etag)


@lru_cache(maxsize=1 << 13)
def why_unaskable(name: str, version: str | None = None) -> str | None:
    """Why no registry can have this release; an address made of it could mean anything."""
    if why := why_illegal(name):
        return f"no registry has a package of that name: {why}"
    if version is not None and not is_version(version):
        return "no registry has a release of that version: it is no version"
    return None


def address_of(registry: str, name: str, version: str | None = None) -> str:
    """Address of a packument, or of one version's document. A scope's slash is `%2F`."""
    path = quote(name, safe="@")
    return registry + path + ("" if version is None else f"/{quote(version, safe='')}")


# A release's document


def ask_document(
    source: Source, release: Release, known: tuple[Answered, str | None] | None
) -> tuple[Answered | Missing, Entry | None]:
    """The release's document, and what to store of it.

    `known` is the stored answer with its validator, where there is one.
    """
    etag = known[1] if known else None
    url = address_of(source.id, release.name, release.version)
    with source.client().get(Request(url, etag=etag)) as answer:
        if isinstance(answer, Response) and answer.status == 404:
            found, new_etag = _from_listing(source, release), None
        elif isinstance(answer, Response) and answer.status == 304 and known:
            found, new_etag = known[0], etag
        else:
            found, new_etag = _bound(source, release, answer)
    if isinstance(found, Missing):
        return found, None
    fresh = WITHDRAWN if found.registered.document is None else BINDING
    return found, source.entry(str(release), found, fresh, new_etag)


def _bound(
    source: Source, release: Release, answer: Response | Failure
) -> tuple[Answered | Missing, str | None]:
    if isinstance(answer, Failure):
        return Missing(Why.FAILED, answer.why), None
    if answer.status != 200:
        return refused(source.place, answer.status), None
    told = read_release(answer.body, release.name, release.version)
    return _answered(source, told), answer.etag


def _answered(source: Source, told: Told | str | None, *, whole: bool = True) -> Answered | Missing:
    if isinstance(told, str):
        return Missing(Why.FAILED, f"{source.place} {told}")
    if told is None:
        return Answered(Registered(source.id, None))
    document, claimed = told
    return Answered(Registered(source.id, document), claimed, whole)


def refused(place: str, status: int) -> Missing:
    """What an answer of another status than 200 and 404 comes to."""
    why = {401: ": it wants a credential", 403: ": it refuses the credential, or the release"}
    return Missing(Why.FAILED, f"{place} answered with status {status}{why.get(status, '')}")


def _from_listing(source: Source, release: Release) -> Answered | Missing:
    """What the packument says of a release whose own document is not there.

    Some registries serve no documents of single versions; and "no such release" is another thing
    than "no such package".
    """
    with source.locks[release.name]:
        if release.name not in source.listings:
            source.listings[release.name] = _listing(source, release.name)
    listing = source.listings[release.name]
    if isinstance(listing, Missing):
        return listing
    if listing is None:
        return Answered(Registered(source.id, None, package_exists=False))
    return _answered(source, listing.get(release.version), whole=False)


def _listing(source: Source, name: str) -> Listing:
    request = Request(address_of(source.id, name), SHORT_FORM, most=_MOST_OF_A_PACKUMENT)
    with source.client().get(request) as answer:
        if isinstance(answer, Failure):
            return Missing(Why.FAILED, answer.why)
        if answer.status == 404:
            return None
        if answer.status != 200:
            return refused(source.place, answer.status)
        found = read_releases(answer.body, name, source.wanted[name])
    return Missing(Why.FAILED, f"{source.place} {found}") if isinstance(found, str) else found


# A package's times


@dataclass(frozen=True, slots=True)
class TimesWanted:
    """What is asked about the times of one package: of which versions, and of its beginning."""

    name: str
    versions: frozenset[str]
    first: bool
    cutoffs: Cutoffs
    now: datetime

    def settled_by(self, times: Times) -> bool:
        """Whether `times` answers everything without the whole document."""
        if times.exists and not self.versions <= times.asked:
            return False
        cutoff, now = self.cutoffs.release, self.now
        told: list[object] = [published(times, v, cutoff, now) for v in self.versions]
        if self.first:
            told.append(first_published(times, self.cutoffs.first, now))
        return not any(isinstance(one, Missing) and one.why is Why.NOT_ASKED for one in told)


def ask_times(
    source: Source, wanted: TimesWanted, known: tuple[Times, str | None] | None
) -> tuple[Times | Missing, Entry | None]:
    """The package's times, and what to store of them. At most two requests.

    `known` is the stored answer with its validator, where it is about the same versions.
    """
    whole = known is not None and known[0].whole
    times, etag = _asked(source, wanted, whole=whole, known=known)
    if isinstance(times, Times) and not wanted.settled_by(times):
        times, etag = _asked(source, wanted, whole=True, known=None)
    if isinstance(times, Missing):
        return times, None
    is_whole = times.exists and times.carries is not False and times.asked <= times.listed
    fresh = BINDING if is_whole else WITHDRAWN
    return times, source.entry(wanted.name, times, fresh, etag)


def _asked(
    source: Source,
    wanted: TimesWanted,
    *,
    whole: bool,
    known: tuple[Times, str | None] | None,
) -> tuple[Times | Missing, str | None]:
    etag = known[1] if known else None
    accept = "application/json" if whole else SHORT_FORM
    url = address_of(source.id, wanted.name)
    request = Request(url, accept, etag, _MOST_OF_A_PACKUMENT)
    with source.client().get(request) as answer:
        if isinstance(answer, Failure):
            return Missing(Why.FAILED, answer.why), None
        if answer.status == 304 and known:
            return known
        if answer.status == 404:
            return Times(whole=whole, exists=False), None
        if answer.status != 200:
            return refused(source.place, answer.status), None
        times = _read_times(answer, wanted, whole=whole)
    if isinstance(times, str):
        return Missing(Why.FAILED, f"{source.place} {times}"), None
    return times, answer.etag


def _read_times(answer: Response, wanted: TimesWanted, *, whole: bool) -> Times | str:
    document = read_packument(answer.body, wanted.name)
    if isinstance(document, str):
        return document
    return times_of(document, wanted.versions, wanted.cutoffs.release, whole=whole)
