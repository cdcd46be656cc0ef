"""What can be said of one lockfile entry: where it comes from, whether it is bound, what it hides.

The judgements behind layer 1's rules on pins; `lockfile` has the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pratique.ecosystems.npm import binding
from pratique.ecosystems.npm.lockfiles import lines
from pratique.layers._asked import (
    dependents,
    is_asked_elsewhere,
    is_asked_for,
    is_asked_locally,
    replaces_a_release,
)
from pratique.model.fact import HOSTS, REGISTERED, Facts, Hosts, Key, Kind, Missing, Registered
from pratique.model.finding import Edit, Evidence, Finding, Remedy
from pratique.model.layer import PinIn
from pratique.model.package import Digest, Release, strongest
from pratique.model.pin import Manager, Pin, Source
from pratique.model.project import Project

EXOTIC = frozenset({Source.GIT, Source.REMOTE, Source.FILE, Source.EXEC, Source.UNKNOWN})
LOCAL = frozenset({Source.FILE, Source.LINK})
DISAGREES = "disagrees:"
"""How a reader begins the note of an entry whose own halves contradict each other."""


def finding(rule: str, subject: PinIn, message: str, *edits: Edit, **more: Any) -> Finding:
    """A finding about one entry, at its line, with the digest that it locks."""
    pin = subject.pin
    digest = strongest(pin.digests)
    fields: dict[str, Any] = {"where": pin.where, **more}
    return Finding(
        rule,
        message,
        project=subject.project.path,
        release=pin.release if pin.version else Release(pin.release.package, "0"),
        remedy=Remedy(edits=edits) if edits else None,
        sha512=digest.hex if digest and digest.algorithm == "sha512" else None,
        key=pin.key,
        **fields,
    )


def pins(project: Project) -> tuple[Pin, ...]:
    return project.lockfile.every_pin if project.lockfile else ()


# -- where entries come from -----------------------------------------------------------------------


def foreign(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    pin, hosts = subject.pin, facts.need(HOSTS)
    host = binding.host_of(pin.url)
    if host and hosts.registry_at(host) is None:
        message = f"is recorded at {host}, which no configured registry is"
        yield finding("lockfile/foreign-host", subject, message, *_right_url(subject, facts, hosts))


def _right_url(subject: PinIn, facts: Facts, hosts: Hosts) -> tuple[Edit, ...]:
    answer = facts.get(REGISTERED, subject.pin.release)
    if not isinstance(answer, Registered) or answer.document is None:
        return ()
    url = binding.expected_url(subject.pin, answer.document, answer.registry, hosts)
    return _url_edits(subject, url)


def _url_edits(subject: PinIn, url: str) -> tuple[Edit, ...]:
    """The edit of the address; none for yarn berry, which writes it encoded into a locator."""
    is_berry = subject.project.manager is Manager.YARN_BERRY
    return () if is_berry else lines.replace_url(subject.pin, url)


def http(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    url = (subject.pin.url or "").strip()
    if url.lower().startswith(("http://", "git+http://", "git://")):
        secure = re.sub(r"(?i)http://", "https://", url, count=1)
        edits = _registrys_url(subject, facts) or _url_edits(subject, secure)
        yield finding("lockfile/plain-http", subject, "is fetched without encryption", *edits)


def _registrys_url(subject: PinIn, facts: Facts) -> tuple[Edit, ...]:
    """The edit to the registry's own address of what is fetched from elsewhere, and nobody asked.

    A foreign host is no better for being asked with encryption.
    """
    hosts = facts.get(HOSTS)
    if isinstance(hosts, Missing) or is_asked_elsewhere(subject):
        return ()
    host = binding.host_of(subject.pin.url)
    return _right_url(subject, facts, hosts) if host and hosts.registry_at(host) is None else ()


def exotic(subject: PinIn, _facts: Facts, _settings: object) -> Iterator[Finding]:
    pin = subject.pin
    asked = is_asked_elsewhere(subject)
    rule = "lockfile/exotic-direct" if asked else "lockfile/exotic-transitive"
    unasked = ", which no manifest asks for" if pin.direct and not asked else ""
    pinned = f" at {pin.commit}" if pin.commit else ""
    unpinned = " without a commit" if pin.source is Source.GIT and not pin.commit else ""
    where = f" {pin.url}" if pin.url else ""
    yield finding(rule, subject, f"comes from {WHAT[pin.source]}{where}{pinned}{unpinned}{unasked}")


WHAT = {
    Source.GIT: "git",
    Source.REMOTE: "a URL",
    Source.FILE: "a file",
    Source.LINK: "a directory",
    Source.EXEC: "a script that makes it at install",
    Source.UNKNOWN: "an address of unknown form",
}


def is_exotic(subject: PinIn, facts: Facts, *, direct: bool) -> bool:
    """Whether its source is none of a registry; `direct` where a manifest asks for such a one.

    A direct entry that the manifests ask a registry for, and that comes from elsewhere, was put
    into the lockfile: nobody who reads the manifests knows of it. So was a directory that stands
    where a release asks for another; not one that other code of the repository asks for.
    """
    pin = subject.pin
    is_put_in = pin.source is Source.LINK and (pin.direct or replaces_a_release(subject))
    if pin.source not in EXOTIC and not is_put_in:
        return False
    if pin.source in LOCAL and not pin.direct and is_asked_locally(subject):
        return False
    asked = is_asked_elsewhere(subject)
    if asked is not direct or (pin.source in LOCAL and asked):
        return False
    hosts = facts.get(HOSTS)
    return not (isinstance(hosts, Hosts) and binding.is_bindable(pin, hosts))


def local(subject: PinIn, _facts: Facts, _settings: object) -> Iterator[Finding]:
    pin = subject.pin
    yield finding(
        "lockfile/local-source", subject, f"comes from {WHAT[pin.source]} {pin.url or ''}".rstrip()
    )


# -- binding ---------------------------------------------------------------------------------------


def _document(subject: PinIn, facts: Facts) -> Registered:
    return facts.need(REGISTERED, subject.pin.release)


def absent_upstream(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    answer = _document(subject, facts)
    if answer.document is None:
        what = "this version" if answer.package_exists else "a package of this name"
        yield finding("lockfile/absent-upstream", subject, f"the registry does not have {what}")


def not_bound(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    answer, pin = _document(subject, facts), subject.pin
    if answer.document is None:
        return
    hosts = facts.need(HOSTS)
    address = binding.address_differs(pin, answer.document, answer.registry, hosts)
    if not address:
        return
    digest = binding.digest_differs(pin, answer.document)
    edits = _right_url(subject, facts, hosts)
    edits += _right_digest(subject, facts) if digest else ()
    evidence = (Evidence(digest, pin.where),) if digest else ()
    yield finding("lockfile/not-bound", subject, address, *edits, evidence=evidence)


def digest(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    answer, pin = _document(subject, facts), subject.pin
    if answer.document is None:
        return
    if binding.address_differs(pin, answer.document, answer.registry, facts.need(HOSTS)):
        return  # not-bound says it, with the digest as evidence
    differs = binding.digest_differs(pin, answer.document)
    if differs:
        yield finding("lockfile/digest-mismatch", subject, differs, *_right_digest(subject, facts))


def unbound_digest(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    document = _document(subject, facts).document
    if document is not None and not binding.shares_algorithm(subject.pin, document):
        message = "the registry states no digest of the algorithm that the entry locks"
        yield finding("lockfile/unbound-digest", subject, message)


def _right_digest(subject: PinIn, facts: Facts) -> tuple[Edit, ...]:
    """The edit that puts the registry's digest in the place of what is recorded, or of nothing."""
    pin, lockfile = subject.pin, subject.project.lockfile
    answer = facts.get(REGISTERED, pin.release)
    known = answer.document if isinstance(answer, Registered) else None
    sri = binding.expected_integrity(known) if known else None
    if known is None or sri is None or lockfile is None or pin.checksum:
        return ()
    fragment = lines.replace_fragment(pin, known.digests)
    if pin.integrity is None:
        return fragment + lines.insert_integrity(lockfile, pin, sri)
    return fragment + lines.replace_integrity(pin, sri)


def missing(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    edits = _right_digest(subject, facts)
    yield finding(
        "lockfile/missing-integrity",
        subject,
        "has no integrity, so any bytes would be installed",
        *edits,
    )


def lacks_integrity(subject: PinIn) -> bool:
    pin = subject.pin
    if pin.source not in {Source.REGISTRY, Source.REMOTE}:
        return False
    is_berry = subject.project.manager is Manager.YARN_BERRY
    return not (pin.digests or pin.checksum or (is_berry and pin.conditions))


def weak(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    pin = subject.pin
    edits = _right_digest(subject, facts)
    algorithm = _recorded(pin)[0].algorithm
    yield finding("lockfile/weak-integrity", subject, f"is locked by {algorithm} only", *edits)


# -- entries that hide something -------------------------------------------------------------------


def hidden_alias(subject: PinIn, facts: Facts, _settings: object) -> Iterator[Finding]:
    names = " and ".join(_hidden(subject, facts))
    message = f"is installed under the name {names}, which nothing that depends on it asks for"
    yield finding("lockfile/hidden-alias", subject, message)


def is_hidden(subject: PinIn, facts: Facts, _settings: object) -> bool:
    """Whether no manifest and no dependent's registry document asks for one of its aliases.

    A dependent whose document is missing leaves the pair Unknown, by `also`.
    """
    return bool(_hidden(subject, facts))


def _hidden(subject: PinIn, facts: Facts) -> list[str]:
    unasked = _unasked(subject)
    if not unasked:
        return []
    stated = {pair for release in dependents(subject) for pair in _aliases(facts, release)}
    return [local for local in unasked if (local, subject.pin.name) not in stated]


def _aliases(facts: Facts, release: Release) -> tuple[tuple[str, str], ...]:
    answer = facts.get(REGISTERED, release)
    document = answer.document if isinstance(answer, Registered) else None
    return document.aliases if document else ()


def _unasked(subject: PinIn) -> list[str]:
    """The aliases that neither a manifest, nor an override or a catalog, asks for."""
    return [local for local in subject.pin.local_names if not is_asked_for(subject, local)]


def patched(subject: PinIn, _facts: Facts, _settings: object) -> Iterator[Finding]:
    yield finding("lockfile/patched", subject, f"is patched by {subject.pin.patch}")


def odd(subject: PinIn, _facts: Facts, _settings: object) -> Iterator[Finding]:
    yield finding("lockfile/odd-entry", subject, subject.pin.note)


def is_weak(pin: Pin) -> bool:
    recorded = _recorded(pin)
    return bool(recorded) and not any(digest.is_strong for digest in recorded)


def _recorded(pin: Pin) -> tuple[Digest, ...]:
    """What it is locked by: digests of the artifact, else of the bytes within it."""
    return pin.digests or Digest.from_sri(pin.checksum or "")


def is_local(subject: PinIn) -> bool:
    pin = subject.pin
    is_ours = pin.direct or pin.source is Source.LINK
    return pin.source in LOCAL and (is_ours or is_asked_locally(subject))


def is_odd(pin: Pin) -> bool:
    return bool(pin.note) and not pin.note.startswith(DISAGREES)


def is_patched(pin: Pin) -> bool:
    """Patched by the project; yarn's own built-in patches of old releases are not its doing."""
    return pin.patch is not None and not pin.patch.startswith("builtin:")


def alias_facts(subject: PinIn) -> Iterable[tuple[Kind[Any], Key]]:
    """The documents that could show that a dependent asks for an alias."""
    if not _unasked(subject):
        return ()
    return [(REGISTERED, release) for release in dependents(subject)]
