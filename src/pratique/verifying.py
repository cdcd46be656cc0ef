"""The shell that composes `verify`: evidence is had, judged, and told release by release."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha512
from pathlib import Path

from pratique.archives import read_archive
from pratique.ecosystems.npm import binding
from pratique.ecosystems.npm.lockfiles import format_of
from pratique.ecosystems.npm.operands import Operand, is_path, read_operand
from pratique.ecosystems.npm.repositories import repository_of
from pratique.errors import RefusedError, UsageError
from pratique.evaluate.verification import Demands, Given, verification, verified
from pratique.gather.artifacts import fetch
from pratique.gather.attesting import MOST_BYTES, Roots, judged_answer
from pratique.gather.behavior import Sources, wanted_of
from pratique.gather.configured import publish_times, signatures, stated_by
from pratique.gather.evidence import Terms, gather_evidence, with_claims
from pratique.gather.files import read_artifact
from pratique.gather.npm import How, Known, gather
from pratique.gather.progress import Progress
from pratique.gather.times import Cutoffs
from pratique.gather.tree import find_place
from pratique.gather.user import user_registries
from pratique.layers import signatures as layer
from pratique.model.evidence import (
    ATTESTATIONS,
    EARLIER,
    EXPIRED,
    PROVENANCE,
    PUBLISH,
    ROOT,
    SIGNATURE,
    SLSA_V1,
    STALE,
    Attestations,
    History,
    RootFact,
    SignatureFact,
)
from pratique.model.fact import (
    HOSTS,
    PUBLISHED,
    REGISTERED,
    Clock,
    Hosts,
    Missing,
    Published,
    Why,
)
from pratique.model.package import Package, Release
from pratique.model.pin import Pin, Source
from pratique.model.policy import Policy
from pratique.model.registry import Registries
from pratique.model.signer import SignerPin
from pratique.model.verification import Verification, Verified
from pratique.provenance import strict
from pratique.provenance.binding import ISSUERS, RULES, Expected
from pratique.provenance.sources import source_of
from pratique.sides import Sides, read_head, read_policy_at
from pratique.store import location, open_store, pinned

__all__ = ["Call", "verify"]

_KINDS = PROVENANCE | {PUBLISH}
_STALE = "the pinned keys and roots are {} days old: update pratique, or import newer ones"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the command is told.

    Attributes:
        now: The time of the run, aware.
        environment: The process's variables: where settings, store and proxies are found.
        policy_file: A policy file instead of the one that is found.
        offline: Ask no registry.
        attestations: The file with a FILE.tgz's attestations.
        repository: `OWNER/NAME` that must have built a FILE.tgz.
        explain: Whether each rule's word is wanted.
        progress: Is told of each question to a registry.
    """

    now: datetime
    environment: Mapping[str, str]
    policy_file: Path | None = None
    offline: bool = False
    attestations: Path | None = None
    repository: str | None = None
    explain: bool = False
    progress: Progress | None = None


def verify(target: str, call: Call) -> Verification:
    """Verify what `target` names: a project, a lockfile, a release, or an archive.

    Raises:
        PratiqueError: See `errors`; each carries its exit code.
    """
    if call.attestations is not None:
        return _of_file(Path(target), call.attestations, call)
    if call.repository is not None:
        raise UsageError("--identity-repository is about a file", hint="add --attestations FILE")
    path = Path(target)
    if is_path(target):
        if path.is_file() and format_of(path.name) is None:
            hint = "add --attestations FILE: the registry's answer, or a bundle"
            raise UsageError(f"{target} is a file, and nothing attests to it", hint=hint)
        return _of_project(path, call)
    read = read_operand(target)
    if isinstance(read, str) or not read.is_exact:
        why = read if isinstance(read, str) else "names no exact version"
        raise UsageError(f"{target} {why}", hint="write NAME@VERSION, or the path of a project")
    return _of_release(read, call)


# -- a project -------------------------------------------------------------------------------------


def _of_project(path: Path, call: Call) -> Verification:
    place = find_place(path)
    head = read_head(place, call.policy_file, call.now)
    registries = user_registries(call.environment, stated_by(head.policy))
    told: Future[Registries] = Future()
    told.set_result(registries)
    sides = Sides(head, None, told)
    hosts = sides.facts(call.now).need(HOSTS)
    pins = [
        pin
        for project in sides.repository.projects
        for pin in (project.lockfile.every_pin if project.lockfile else ())
    ]
    locked = {pin.release for pin in pins if binding.is_bindable(pin, hosts)}
    releases, others = sorted(locked), [pin for pin in pins if _is_elsewhere(pin, hosts)]
    unread = [each.unread for each in sides.repository.projects if each.unread]
    if not (releases or unread or others):
        raise UsageError(f"nothing is locked in {place.root}", hint="name a project or a lockfile")
    run = _Run(head.policy, registries, call)
    found = run.judged(releases, sides.evidence(call.environment, releases))
    notes = [f"{each.path} could not be read: {each.why}" for each in unread]
    notes += _told_of(others)
    made = verification(found, (*notes, *run.notes))
    return replace(made, exit=made.exit or 3) if unread or others else made


def _is_elsewhere(pin: Pin, hosts: Hosts) -> bool:
    """Whether its bytes come from outside, and no registry could have signed for them."""
    return pin.source not in _COVERED and not binding.is_bindable(pin, hosts)


_COVERED = frozenset({Source.FILE, Source.LINK, Source.WORKSPACE, Source.BUNDLED})
"""The repository's own, and what the digest of another release covers."""
_MOST_NAMED = 5


def _told_of(pins: list[Pin]) -> list[str]:
    """What is locked, and is nothing that evidence could be about."""
    named = list(dict.fromkeys(f"{each.name} ({each.source})" for each in pins))
    if not named:
        return []
    more = f" and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else ""
    listed = f"{', '.join(named[:_MOST_NAMED])}{more}"
    return [f"not verified, as it is locked from elsewhere than a registry: {listed}"]


# -- a release -------------------------------------------------------------------------------------


def _of_release(operand: Operand, call: Call) -> Verification:
    release = Release(Package(operand.name), operand.wanted)
    policy = read_policy_at(find_place(Path.cwd()), call.policy_file, call.now)
    registries = user_registries(call.environment, stated_by(policy))
    run = _Run(policy, registries, call)
    return verification(run.judged([release], _terms(policy, call), by_bytes=True), run.notes)


def _terms(policy: Policy, call: Call) -> Terms:
    trusted = pinned.pinned(pinned.location(call.environment))
    settings = policy.layers[layer.LAYER.name].settings
    return Terms(
        roots=Roots(trusted.keys, trusted.root),
        updated=trusted.updated,
        pins=settings.pins,
        issuers=settings.issuers,
        compared=True,
    )


# -- a file ----------------------------------------------------------------------------------------


def _of_file(path: Path, attestations: Path, call: Call) -> Verification:
    policy = read_policy_at(find_place(Path.cwd()), call.policy_file, call.now)
    source = read_artifact(path)
    name, version, repository = _manifest(source, path)
    terms = _terms(policy, call)
    pins = terms.pins
    if call.repository is not None:
        address = source_of(call.repository)
        if address is None:
            hint = "OWNER/NAME at GitHub, or its address"
            raise UsageError(f"{call.repository} is no repository", hint=hint)
        pins = (SignerPin(package=name, repository=address),)
    expected = Expected(
        name=name,
        version=version,
        sha512=sha512(source).hexdigest(),
        repository=repository,
        claims_provenance=True,
        issuers=ISSUERS | set(terms.issuers),
    )
    if call.now - terms.updated > EXPIRED:
        raise UsageError("the pinned keys and roots are too old", hint="pratique keys update")
    found = judged_answer(_answer(attestations), expected, terms.roots)
    given = Given(
        release=Release(Package(name), version),
        signature=None,
        attestations=found,
        history=History(),
        bytes_read=True,
        at=found.publish or call.now,
    )
    known_signers = policy.layers[layer.LAYER.name].settings.known_signers
    demands = Demands(pins=pins, known_signers=known_signers)
    found_of_it = verified(given, demands, RULES if call.explain else None)
    return verification([found_of_it], _age(terms, call.now))


def _manifest(source: bytes, path: Path) -> tuple[str, str, str | Missing | None]:
    """(name, version, the source that it names) of the manifest in an archive."""
    from pratique.capabilities.manifests import read_manifest  # noqa: PLC0415 - loads every family

    archive = read_archive(source)
    content = next((x.content for x in archive.entries if x.path == "package.json"), None)
    manifest = read_manifest(content) if content is not None else None
    if manifest is None or archive.oddities:
        raise UsageError(f"{path} has no package.json that can be read")
    stated = manifest.document
    name, version = stated.get("name"), stated.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise UsageError(f"the package.json of {path} states no name and version")
    return name, version, repository_of(stated.get("repository"))


def _answer(path: Path) -> bytes:
    """A registry's answer as it is; a bundle as an answer with it alone."""
    source = read_artifact(path)
    try:
        document = strict.members(strict.read_json(source, MOST_BYTES), "the file")
    except RefusedError as error:
        raise UsageError(f"{path} holds no attestations: {error.message}") from None
    if "attestations" in document:
        return source
    kind = _kind(document)
    return b'{"attestations":[{"predicateType":"%b","bundle":%b}]}' % (kind.encode(), source)


def _kind(bundle: Mapping[str, object]) -> str:
    """The type that a bundle's own statement gives it; one that it gives none is a provenance."""
    envelope = bundle.get("dsseEnvelope")
    payload = envelope.get("payload") if isinstance(envelope, dict) else None
    try:
        raw = base64.b64decode(payload if isinstance(payload, str) else "", validate=True)
        stated = strict.members(strict.read_json(raw), "the statement").get("predicateType")
    except (RefusedError, ValueError):
        return SLSA_V1
    return stated if isinstance(stated, str) and stated in _KINDS else SLSA_V1


# -- asking ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Read:
    """A release's bytes: why they were not had, and the source that their manifest names."""

    unread: Missing | None
    source: str | Missing | None


_NO_SHA512 = Missing(Why.ABSENT, "its registry states no SHA-512 of its bytes")


class _Run:
    """One question to registries about releases."""

    def __init__(self, policy: Policy, registries: Registries, call: Call) -> None:
        self._policy, self._registries, self._call = policy, registries, call
        self.notes: tuple[str, ...] = ()

    def judged(
        self, releases: list[Release], terms: Terms, *, by_bytes: bool = False
    ) -> list[Verified]:
        """Each release; with `by_bytes` its artifact is read, and its own digest counts."""
        call = self._call
        how = How(
            Cutoffs(call.now, call.now),
            offline=call.offline,
            publish_time=publish_times(self._policy, self._registries),
            signatures=signatures(self._policy, self._registries),
        )
        with open_store(location(call.environment), Clock(call.now)) as store:
            sources = Sources(self._registries, store, Clock(call.now), how, call.progress)
            known = self._gathered(releases, sources)
            read = self._read(releases, known, sources) if by_bytes else {}
            terms = replace(terms, manifests={key: each.source for key, each in read.items()})
            known |= self._evidence(releases, known, terms, sources)
            self.notes = (*_age(terms, call.now), *store.warnings)
        settings = self._policy.layers[layer.LAYER.name].settings
        demands = Demands(pins=settings.pins, known_signers=settings.known_signers)
        rules = RULES if call.explain else None
        return [
            verified(self._given(each, known, read.get(each)), demands, rules) for each in releases
        ]

    def _gathered(self, releases: Iterable[Release], sources: Sources) -> Known:
        asked = list(releases)
        wishes = with_claims((SIGNATURE, each) for each in asked)
        wishes |= {(kind, each) for kind in (REGISTERED, PUBLISHED) for each in asked}
        of = sources
        return gather(wishes, of.registries, of.store, of.clock, of.how, of.progress)

    def _evidence(
        self, releases: Iterable[Release], known: Known, terms: Terms, sources: Sources
    ) -> Known:
        """What came before is asked of those alone whose builder has to be known by it."""
        asked = list(releases)
        wishes = {(kind, each) for kind in (SIGNATURE, ATTESTATIONS) for each in asked}
        found = gather_evidence(wishes, known, terms, sources)
        built = [each for each in asked if _is_built(found.get((ATTESTATIONS.name, each)))]
        vouched = {each for each in built if terms.accepted.get(each)}
        for those, compared in ((vouched, False), (set(built) - vouched, terms.compared)):
            earlier = {(EARLIER, each) for each in those}
            of = replace(terms, compared=compared)
            found |= gather_evidence(earlier, known | found, of, sources)
        return found

    def _read(
        self, releases: Iterable[Release], known: Known, sources: Sources
    ) -> dict[Release, _Read]:
        """The bytes of each one: whether they are what is attested, and what source they name."""
        return {each: self._bytes_of(each, known, sources) for each in releases}

    def _bytes_of(self, release: Release, known: Known, sources: Sources) -> _Read:
        answer = known.get((REGISTERED.name, release))
        wanted = wanted_of(release, answer, None, sources.registries)
        if isinstance(wanted, Missing):
            return _Read(wanted, wanted)
        if wanted.digest is None or wanted.digest.algorithm != "sha512":
            return _Read(_NO_SHA512, _NO_SHA512)
        source = fetch(wanted, sources.registries, sources.how)
        if isinstance(source, Missing):
            return _Read(source, source)
        try:
            _, _, repository = _manifest(source, Path(str(release)))
        except UsageError as error:
            return _Read(None, Missing(Why.FAILED, error.message))
        return _Read(None, repository)

    def _given(self, release: Release, known: Known, read: _Read | None) -> Given:
        signature = known.get((SIGNATURE.name, release))
        attested = known.get((ATTESTATIONS.name, release))
        history = known.get((EARLIER.name, release), History())
        published = known.get((PUBLISHED.name, release))
        unasked = Missing(Why.NOT_ASKED, "it was not asked for")
        root = known.get((ROOT.name, None))
        if isinstance(root, RootFact) and self._call.now - root.updated > EXPIRED:
            attested = Missing(Why.FAILED, "the pinned keys and roots are too old")
            if isinstance(signature, SignatureFact) and signature.state.depends_on_age:
                signature = attested
        return Given(
            release=release,
            signature=signature if isinstance(signature, SignatureFact | Missing) else unasked,
            attestations=attested if isinstance(attested, Attestations | Missing) else unasked,
            history=history if isinstance(history, History | Missing) else unasked,
            bytes_read=read is not None and read.unread is None,
            unread=read.unread if read else None,
            at=published.at if isinstance(published, Published) else self._call.now,
        )


def _is_built(found: object) -> bool:
    return isinstance(found, Attestations) and found.provenance is not None


def _age(terms: Terms, now: datetime) -> Iterator[str]:
    if now - terms.updated > STALE:
        yield _STALE.format((now - terms.updated).days)
