"""What layers 7 and 8 need: signatures and attestations judged, and what came before a release.

Attestations come first: what a registry attests of a publication is a better time than what its
document states, and a signature is judged by the best time that there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from pratique.gather.attesting import Roots, Wanted, digest_of, gather_attestations
from pratique.gather.behavior import Sources
from pratique.gather.carrying import either
from pratique.gather.history import Histories
from pratique.gather.npm import Known
from pratique.gather.past import Past
from pratique.model.evidence import (
    ATTESTATIONS,
    CLAIMED,
    EARLIER,
    ROOT,
    SIGNATURE,
    Attestations,
    Carries,
    Claimed,
    Earlier,
    History,
    Provenance,
    RootFact,
    SignatureFact,
    SignatureState,
)
from pratique.model.fact import PUBLISHED, Key, Kind, Missing, Published, PublishSource, Why
from pratique.model.package import Digest, Release, in_order
from pratique.model.registry import Registry
from pratique.model.signer import SignerPin, pins_for
from pratique.provenance.binding import ISSUERS, Expected
from pratique.provenance.signatures import verify_signature
from pratique.store import Entry, Shelf

Wish = tuple[Kind[Any], Key]
KINDS: frozenset[Kind[Any]] = frozenset({SIGNATURE, ATTESTATIONS, EARLIER})
_SIGNED = Shelf("signatures", 1, "", "")
"""Of no registry: a judgement is found by all that it depends on."""
_FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
_DIFFERENT = Missing(Why.FAILED, "entries lock it with different digests")
_NO_DIGEST = Missing(Why.FAILED, "no SHA-512 of its bytes is known")
_WAIVED = SignatureFact(
    SignatureState.WAIVED, detail="the policy says that its registry signs none"
)
_BAD = frozenset({SignatureState.INVALID, SignatureState.MALFORMED, SignatureState.ABSENT})
_UNREAD = Missing(Why.NOT_ASKED, "the manifest among its bytes was not read for it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What evidence is judged by.

    Attributes:
        roots: The pinned keys and the trusted root.
        updated: When they were last compared with where they come from.
        pins: Who the policy says builds packages; a pinned one has to have provenance.
        issuers: Who may vouch for a build, beside those that npm takes provenance from.
        locked: Release -> what its entries lock, None for one without a SHA-512. What is not in it
            is judged by the digest that its registry states.
        manifests: Release -> the source that the manifest among its bytes names, or why that is
            not known, where those were asked for.
        compared: Whether there is a base or a ledger: without, nothing came before.
        accepted: Release -> the records of its line that the ledger accepts.
        before: Release -> what the ledger knows of the package's other releases.
        pasts: Package -> what came before, where that is known already: it is not asked for.
    """

    roots: Roots
    updated: datetime
    pins: tuple[SignerPin, ...] = ()
    issuers: tuple[str, ...] = ()
    locked: Mapping[Release, frozenset[Digest | None]] = field(default_factory=dict)
    manifests: Mapping[Release, str | Missing | None] = field(default_factory=dict)
    compared: bool = False
    accepted: Mapping[Release, tuple[Provenance, ...]] = field(default_factory=dict)
    before: Mapping[Release, tuple[Earlier, ...]] = field(default_factory=dict)
    pasts: Mapping[str, Past | Missing] = field(default_factory=dict)


def with_claims(asked: Iterable[Wish]) -> set[Wish]:
    """What is asked, and what documents have to be asked for it."""
    every = set(asked)
    return every | {(CLAIMED, key) for kind, key in every if kind in KINDS}


def claims_and_attestations(
    release: Release, known: Known
) -> tuple[Claimed | Missing, Attestations | Missing]:
    """Both facts of a release, as they were gathered."""
    claimed = known.get((CLAIMED.name, release))
    attested = known.get((ATTESTATIONS.name, release))
    unasked = Missing(Why.NOT_ASKED, "its evidence was not asked for")
    return (
        claimed if isinstance(claimed, Claimed | Missing) else unasked,
        attested if isinstance(attested, Attestations | Missing) else unasked,
    )


def speaks_against(release: Release, known: Known) -> str:
    """What its evidence says against a release, as the end of a sentence; "" for nothing."""
    claimed, attested = claims_and_attestations(release, known)
    signature = known.get((SIGNATURE.name, release))
    if isinstance(signature, SignatureFact) and signature.state in _BAD:
        return f"its registry signature is {signature.state}: {signature.detail}"
    if isinstance(attested, Attestations) and attested.refused:
        first = attested.refused[0]
        return f"its attestations are refused by {first.rule}: {first.why}"
    is_told_of = isinstance(claimed, Claimed) and claimed.attestations
    if isinstance(attested, Missing) and attested.why is not Why.ABSENT and is_told_of:
        return f"its attestations could not be had: {attested.detail}"
    return ""


def gather_evidence(asked: Iterable[Wish], known: Known, terms: Terms, sources: Sources) -> Known:
    """SIGNATURE, ATTESTATIONS and EARLIER of the releases that `asked` names, and ROOT.

    PUBLISHED of a release is among them where its registry attested the time, and CLAIMED where
    what came before shows more of what its registry carries.

    Args:
        asked: What the layers need.
        known: What is gathered already: CLAIMED of all these releases, PUBLISHED where asked for.
        terms: What evidence is judged by.
        sources: Where to ask.

    Raises:
        SettingsError: The user's authorities or proxies cannot be used.
        StoreError: The store is damaged.
    """
    run = _Run(known, terms, sources)
    by_kind: dict[Kind[Any], list[Release]] = {kind: [] for kind in KINDS}
    for kind, key in asked:
        if kind in KINDS and isinstance(key, Release):
            by_kind[kind].append(key)
    earlier = in_order(by_kind[EARLIER])
    run.learn(earlier)
    run.attestations(in_order(by_kind[ATTESTATIONS]))
    run.earlier(earlier)
    run.signatures(in_order(by_kind[SIGNATURE]))
    return run.found


class _Run:
    """One call of `gather_evidence`."""

    def __init__(self, known: Known, terms: Terms, sources: Sources) -> None:
        self._known, self._terms, self._sources = known, terms, sources
        self.found: Known = {(ROOT.name, None): RootFact(terms.updated)}
        self._registries: dict[str, Registry | None] = {}
        issuers = ISSUERS | set(terms.issuers)
        self._histories = Histories(sources, terms.roots, issuers, terms.pasts)

    def learn(self, releases: Sequence[Release]) -> None:
        """What came before shows what a registry carries, also where one document is all else."""
        if self._terms.compared:
            self._histories.ask(releases)
        for release in releases:
            claimed = self._claimed(release)
            if not isinstance(claimed, Missing):
                carries = self._carries(release, claimed)
                self.found[CLAIMED.name, release] = replace(claimed, carries=carries)

    def _carries(self, release: Release, claimed: Claimed) -> Carries:
        registry = self._registry(release)
        shown = self._histories.carries.get(registry.id, Carries()) if registry else Carries()
        own = self._histories.own(release)
        # Of the short form of a document nobody can say that it names no publisher.
        shown = replace(shown, publishers=shown.publishers and bool(own and not own.publisher))
        vouched = bool(self._terms.before.get(release) or self._terms.accepted.get(release))
        return either(either(claimed.carries, shown), Carries(attestations=vouched))

    def _claimed(self, release: Release) -> Claimed | Missing:
        key = CLAIMED.name, release
        found = self.found.get(key, self._known.get(key))
        if isinstance(found, Claimed | Missing):
            return found
        return Missing(Why.NOT_ASKED, "its document was not asked for")

    def _registry(self, release: Release) -> Registry | None:
        """Looked up once for each scope: with its credential it costs more than a judgement."""
        scope = release.name.partition("/")[0] if release.name.startswith("@") else ""
        if scope not in self._registries:
            self._registries[scope] = self._sources.registries.registry_for(release.name)
        return self._registries[scope]

    def _place(self, release: Release) -> str:
        registry = self._registry(release)
        return urlsplit(registry.id).netloc if registry else "the registry"

    def _published(self, release: Release) -> Published | None:
        key = PUBLISHED.name, release
        found = self.found.get(key, self._known.get(key))
        return found if isinstance(found, Published) else None

    def _sha512(self, release: Release, claimed: Claimed) -> str | Missing:
        """Hex digest of the bytes that evidence has to be of."""
        locked = {each for each in self._terms.locked.get(release, ()) if each is not None}
        stated = locked or set(Digest.from_sri(claimed.integrity or ""))
        strong = {each.hex for each in stated if each.algorithm == "sha512"}
        if len(strong) > 1:
            return _DIFFERENT
        return next(iter(strong), _NO_DIGEST)

    # Attestations

    def attestations(self, releases: Iterable[Release]) -> None:
        wanted: list[Wanted] = []
        for release in releases:
            found = self._wanted(release)
            if isinstance(found, Wanted):
                wanted.append(found)
            else:
                self.found[ATTESTATIONS.name, release] = found
        told = gather_attestations(wanted, self._sources, self._terms.roots)
        for release, value in told.items():
            self.found[ATTESTATIONS.name, release] = value
            if isinstance(value, Attestations) and value.publish is not None:
                self._take_time(release, value.publish)

    def _wanted(self, release: Release) -> Wanted | Attestations | Missing:
        """What to ask about; or what is known without."""
        claimed = self._claimed(release)
        if isinstance(claimed, Missing):
            return claimed
        is_pinned = bool(pins_for(release.name, self._terms.pins))
        if not claimed.attestations and not is_pinned:
            if claimed.carries.attestations:
                return Attestations()
            why = f"no document of {self._place(release)} speaks of attestations"
            return Missing(Why.ABSENT, why)
        registry = self._registry(release)
        sha512 = self._sha512(release, claimed)
        if registry is None or isinstance(sha512, Missing):
            return sha512 if isinstance(sha512, Missing) else _NO_DIGEST
        expected = Expected(
            name=release.name,
            version=release.version,
            sha512=sha512,
            repository=self._repository(release, claimed),
            claims_provenance=is_pinned or claimed.provenance is not None,
            is_staged=claimed.approver,
            issuers=ISSUERS | set(self._terms.issuers),
        )
        return Wanted(release, registry, expected)

    def _repository(self, release: Release, claimed: Claimed) -> str | Missing | None:
        """The manifest's word. Where nobody asked for the bytes, its registry's counts for it."""
        if release in self._terms.manifests:
            return self._terms.manifests[release]
        return claimed.repository or _UNREAD

    def _take_time(self, release: Release, at: datetime) -> None:
        """The time that the registry attested, in place of the one that it states."""
        known = self._published(release)
        alternatives = known.alternatives if known else ()
        attested = Published(at, PublishSource.ATTESTED, alternatives=alternatives)
        self.found[PUBLISHED.name, release] = attested

    # What came before

    def earlier(self, releases: Iterable[Release]) -> None:
        asked = list(releases) if self._terms.compared else []
        at = {each: told.at if (told := self._published(each)) and told.exact else None
              for each in asked}  # fmt: skip
        found = self._histories.of(at)
        for release in releases:
            value = found.get(release, History(compared=self._terms.compared))
            self.found[EARLIER.name, release] = self._with_ledger(release, value)

    def _with_ledger(self, release: Release, history: History | Missing) -> History | Missing:
        """The history with what the ledger knows: whoever strips evidence of old is noticed."""
        before = self._terms.before.get(release, ())
        if isinstance(history, Missing) and not before:
            return history
        listed = () if isinstance(history, Missing) else history.earlier
        every = {each.version: each for each in listed}
        every |= {each.version: _joined(every.get(each.version), each) for each in before}
        earlier = sorted(every.values(), key=lambda each: (each.published, each.version))
        accepted = self._terms.accepted.get(release, ())
        is_compared = isinstance(history, Missing) or history.compared or bool(before or accepted)
        unlisted = history if isinstance(history, Missing) else None
        return History(tuple(earlier), accepted, is_compared, unlisted)

    # Signatures

    def signatures(self, releases: Iterable[Release]) -> None:
        questions: dict[Release, _Question] = {}
        for release in releases:
            found = self._question(release)
            if isinstance(found, _Question):
                questions[release] = found
            else:
                self.found[SIGNATURE.name, release] = found
        self._judge(questions)

    def _question(self, release: Release) -> _Question | SignatureFact | Missing:
        claimed = self._claimed(release)
        registry = self._registry(release)
        if registry and self._sources.how.signatures.get(registry.id) == "none":
            return _WAIVED
        if isinstance(claimed, Missing):
            return claimed
        if not claimed.signatures and not claimed.carries.signatures:
            why = f"no document of {self._place(release)} carries a signature"
            return Missing(Why.ABSENT, why)
        locked = self._terms.locked.get(release)
        if locked is None:
            locked = frozenset(Digest.from_sri(claimed.integrity or "")) or frozenset({None})
        strong = {each for each in locked if each and each.algorithm == "sha512"}
        if len(strong) > 1:
            return _DIFFERENT
        sri = None if None in locked else next((each.sri for each in strong), None)
        return _Question(release, sri, claimed.signatures, self._published(release))

    def _judge(self, questions: Mapping[Release, _Question]) -> None:
        roots, store = self._terms.roots, self._sources.store
        keys = {release: each.key(roots) for release, each in questions.items()}
        stored = store.load(_SIGNED, keys.values())
        fresh: list[Entry] = []
        for release, each in questions.items():
            found = _decoded(stored.get(keys[release]))
            if found is None:
                found = each.judged(roots)
                value = msgspec.msgpack.encode(found)
                fresh.append(Entry(keys[release], value, self._sources.clock.at, _FOR_GOOD))
            self.found[SIGNATURE.name, release] = found
        store.save(_SIGNED, fresh)


def _joined(listed: Earlier | None, known: Earlier) -> Earlier:
    """What the ledger knows of a release, with what it does not keep: who published it.

    Of the two words on by whose leave that was, the higher one counts: so no later one is lower
    unseen.
    """
    if listed is None:
        return known
    told = (listed.authority, known.authority)
    highest = max((each for each in told if not isinstance(each, Missing)), default=None)
    authority = known.authority if highest is None else highest
    return replace(known, authority=authority, publisher=listed.publisher)


@dataclass(frozen=True, slots=True)
class _Question:
    """What a judgement of registry signatures depends on, beside the keys."""

    release: Release
    locked: str | None
    signatures: tuple[tuple[str, str], ...]
    published: Published | None

    def key(self, roots: Roots) -> str:
        time = (str(self.published.at), self.published.exact) if self.published else None
        return digest_of([str(self.release), self.locked, self.signatures, time, roots.digest])

    def judged(self, roots: Roots) -> SignatureFact:
        """By the time of publication. A bound of it, which it is not after, can only clear."""
        at = self.published.at if self.published else None
        found = self._at(at, roots)
        is_bound = self.published is not None and not self.published.exact
        if is_bound and found.state is SignatureState.OUTSIDE_WINDOW:
            return self._at(None, roots)
        return found

    def _at(self, at: datetime | None, roots: Roots) -> SignatureFact:
        name, version = self.release.name, self.release.version
        found = verify_signature(name, version, self.locked, self.signatures, at, roots.keys)
        return SignatureFact(*found)


def _decoded(entry: Entry | None) -> SignatureFact | None:
    if entry is None:
        return None
    try:
        return msgspec.msgpack.decode(entry.value, type=SignatureFact)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
