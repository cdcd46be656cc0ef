"""What came before a release: every release of its package, as the whole packument tells it.

Once for each package. Nothing in it is verified: it says which releases there are to verify.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from pratique.gather.asking import BINDING, address_of, refused
from pratique.gather.behavior import Sources
from pratique.gather.claims import Told, authority_of, claimed_by
from pratique.gather.documents import NO_PACKAGE, digests_of
from pratique.gather.http import Client, Failure, Request
from pratique.gather.times import moment_of
from pratique.model.evidence import Authority, Claimed
from pratique.model.fact import Missing, Why
from pratique.model.package import Release
from pratique.model.registry import Registry
from pratique.store import Entry, Shelf, Store

_KIND, _VERSION = "past", 2
_MOST = 128 * 1024 * 1024
_THREADS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One release, as its package's document has it.

    Attributes:
        version: As published.
        at: When, in microseconds since 1970.
        sha512: Hex digest of its artifact; "" where the document states none.
        authority: As in `Authority`; of an account where the document says nothing.
        publisher: "" where the document says nothing.
        attestations, provenance: Whether it claims them.
        repository: Address of the source that the document states; "" for none.
        signed: Whether it has a signature.
    """

    version: str
    at: int
    sha512: str
    authority: int
    publisher: str
    attestations: bool
    provenance: bool
    repository: str
    signed: bool

    @property
    def published(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.at)

    @property
    def is_staged(self) -> bool:
        return self.authority == Authority.STAGED


class Past(msgspec.Struct, frozen=True):
    """A package's releases that have a publish time, the oldest first."""

    rows: tuple[Row, ...]


class _Packument(msgspec.Struct):
    name: str
    time: dict[str, Any] = {}
    versions: dict[str, msgspec.Raw] = {}


_PACKUMENT = msgspec.json.Decoder(_Packument)
_TOLD = msgspec.json.Decoder(Told)
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def gather_pasts(releases: Iterable[Release], sources: Sources) -> dict[str, Past | Missing]:
    """The past of each package that one of `releases` is of, by its name.

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
        StoreError: The store is damaged.
    """
    versions: dict[str, set[str]] = {}
    for release in releases:
        versions.setdefault(release.name, set()).add(release.version)
    found: dict[str, Past | Missing] = {}
    left: list[tuple[str, Registry]] = []
    for name, wanted in sorted(versions.items()):
        registry = sources.registries.registry_for(name)
        if registry is None:
            found[name] = Missing(Why.FAILED, "no registry is configured for it")
            continue
        stored = _stored(name, registry, wanted, sources)
        if stored is not None:
            found[name] = stored
        elif sources.how.offline:
            why = "offline, and what came before it is not known, or not of today"
            found[name] = Missing(Why.OFFLINE, why)
        else:
            left.append((name, registry))
    if left:
        found |= _asked(left, sources)
    return found


def shelf_of(registry: Registry, store: Store) -> Shelf:
    """Where a registry's pasts stand."""
    secret = registry.credential.header if registry.credential else None
    return Shelf(_KIND, _VERSION, registry.id, store.credential_key(secret))


def _stored(name: str, registry: Registry, wanted: set[str], sources: Sources) -> Past | None:
    """What is kept, where it is fresh and knows the releases that are asked about."""
    entry = sources.store.load(shelf_of(registry, sources.store), [name]).get(name)
    if entry is None:
        return None
    try:
        past = msgspec.msgpack.decode(entry.value, type=Past)
    except _BROKEN:
        return None
    now, how = sources.clock.at, sources.how
    is_fresh = not how.revalidate and entry.fetched_at <= now < entry.fresh_until
    knows = wanted <= {row.version for row in past.rows}
    return past if is_fresh and knows else None


def _asked(left: Sequence[tuple[str, Registry]], sources: Sources) -> Mapping[str, Past | Missing]:
    client = Client(sources.registries, limits=sources.how.limits, connections=_THREADS)
    with client, ThreadPoolExecutor(_THREADS, thread_name_prefix="past") as pool:
        answers = list(pool.map(lambda each: _ask(client, *each), left))
    now = sources.clock.at
    for (name, registry), answer in zip(left, answers, strict=True):
        if isinstance(answer, Past):
            entry = Entry(name, msgspec.msgpack.encode(answer), now, now + BINDING)
            sources.store.save(shelf_of(registry, sources.store), [entry])
    return {name: answer for (name, _), answer in zip(left, answers, strict=True)}


def _ask(client: Client, name: str, registry: Registry) -> Past | Missing:
    place = urlsplit(registry.id).netloc
    request = Request(address_of(registry.id, name), most=_MOST)
    with client.get(request) as answer:
        if isinstance(answer, Failure):
            return Missing(Why.FAILED, answer.why)
        if answer.status == 404:
            return Missing(Why.FAILED, "the registry has no package of that name")
        if answer.status != 200:
            return refused(place, answer.status)
        past = read_past(answer.body, name)
    return Missing(Why.FAILED, f"{place} {past}") if isinstance(past, str) else past


def read_past(body: bytes | bytearray, name: str) -> Past | str:
    """A whole packument's releases, or why it is not believed, as the end of a sentence.

    A release without a time that can be read is nobody's past.
    """
    try:
        found = _PACKUMENT.decode(body)
    except _BROKEN:
        return NO_PACKAGE
    if found.name != name:
        return NO_PACKAGE
    rows: list[Row] = []
    for version, raw in found.versions.items():
        at = moment_of(found.time.get(version))
        claimed = _claimed(raw)
        if at is not None and claimed is not None:
            rows.append(row_of(version, at, claimed))
    return Past(tuple(sorted(rows, key=lambda row: (row.at, row.version))))


def _claimed(raw: msgspec.Raw) -> Claimed | None:
    try:
        return claimed_by(_TOLD.decode(raw))
    except _BROKEN:
        return None


def row_of(version: str, at: datetime, claimed: Claimed) -> Row:
    """The release with that publish time, as its document has it."""
    digests = digests_of(claimed.integrity, None)
    return Row(
        version=version,
        at=(at - _EPOCH) // timedelta(microseconds=1),
        sha512=next((each.hex for each in digests if each.algorithm == "sha512"), ""),
        authority=int(authority_of(claimed)),
        publisher=claimed.publisher or "",
        attestations=claimed.attestations,
        provenance=claimed.provenance is not None,
        repository=claimed.repository or "",
        signed=bool(claimed.signatures),
    )
