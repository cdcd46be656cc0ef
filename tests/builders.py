"""Short ways to say a pin, a project, a document, a policy: what judgements are tested with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pratique.evaluate import Asked, evaluate
from pratique.layers import LAYERS
from pratique.model.behavior import ANALYSED, ANALYSER, BASELINE, Analysis, Baseline, Origin
from pratique.model.evidence import (
    ATTESTATIONS,
    CLAIMED,
    EARLIER,
    ROOT,
    SIGNATURE,
    Attestations,
    Carries,
    Claimed,
    History,
    RootFact,
    SignatureFact,
    SignatureState,
)
from pratique.model.fact import (
    CLOCK,
    HOSTS,
    NEWCOMERS,
    PUBLISHED,
    REGISTERED,
    Clock,
    Facts,
    Hosts,
    Key,
    Newcomers,
    Published,
    PublishSource,
    Registered,
    VersionDocument,
)
from pratique.model.package import Digest, Package, Release
from pratique.model.pin import Location, Lockfile, Manager, Pin
from pratique.model.policy import Action, LayerPolicy, OnUnknown, Policy
from pratique.model.project import Project, Repository
from pratique.model.report import Report

BASE = "https://registry.example/"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
A = Digest("sha512", "a" * 128)
B = Digest("sha512", "b" * 128)
OLD_SHA1 = Digest("sha1", "c" * 40)


def release(name: str = "left-pad", version: str = "1.3.0") -> Release:
    return Release(Package(name), version)


def url(name: str = "left-pad", version: str = "1.3.0", base: str = BASE) -> str:
    return f"{base}{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


def pin(name: str = "left-pad", version: str = "1.3.0", **more: Any) -> Pin:
    fields: dict[str, Any] = {
        "key": f"node_modules/{name}",
        "where": Location("package-lock.json", 7),
        "url": url(name, version),
        "digests": (A,),
        "integrity": A.sri,
        "url_line": 8,
        "digest_line": 9,
        **more,
    }
    return Pin(name=name, version=version, **fields)


def lockfile(*pins: Pin, manager: Manager = Manager.NPM, **more: Any) -> Lockfile:
    fields: dict[str, Any] = {"path": "package-lock.json", "format": "package-lock", **more}
    return Lockfile(manager=manager, version="3", pins=pins, **fields)


def project(*pins: Pin, **more: Any) -> Project:
    manager = more.pop("manager", Manager.NPM)
    fields: dict[str, Any] = {
        "lockfile": lockfile(*pins, manager=manager, **more.pop("locked", {})),
        "manifests": (),
        **more,
    }
    return Project(path=fields.pop("path", ""), name="shop", manager=manager, **fields)


def document(name: str = "left-pad", version: str = "1.3.0", **more: Any) -> VersionDocument:
    fields: dict[str, Any] = {"tarball": url(name, version), "digests": (A,), **more}
    return VersionDocument(name, version, **fields)


def registered(name: str = "left-pad", version: str = "1.3.0", **more: Any) -> Registered:
    return Registered(BASE, document(name, version, **more))


def published(age: timedelta, **more: Any) -> Published:
    return Published(NOW - age, PublishSource.REGISTRY, **more)


RUN: Mapping[tuple[str, Key], object] = {
    (CLOCK.name, None): Clock(NOW),
    (HOSTS.name, None): Hosts({"registry.example": BASE}, BASE),
    (NEWCOMERS.name, None): Newcomers(frozenset(), compared=False),
    (ROOT.name, None): RootFact(NOW),
}


def facts(*more: tuple[Any, Key, object], **_: Any) -> Facts:
    """The facts of a run, and `more` as (kind, subject, value)."""
    return Facts({**RUN, **{(kind.name, key): value for kind, key, value in more}})


def known(*pins: Pin, age: timedelta = timedelta(days=400)) -> Facts:
    """Facts under which every pin is bound and old."""
    found: list[tuple[Any, Key, object]] = []
    for each in pins:
        answer = registered(each.name, each.version)
        found += [(REGISTERED, each.release, answer), (PUBLISHED, each.release, published(age))]
        found += [(ANALYSED, each.release, Analysis("ab" * 64, ANALYSER))]
        found += [(BASELINE, each.release, Baseline(Origin.NONE))]
        found += made(each.release)
    return facts(*found)


def made(of: Release) -> list[tuple[Any, Key, object]]:
    """Evidence against which nothing speaks: signed, without attestations, and nothing before."""
    carries = Carries(signatures=True, attestations=True, publishers=True)
    return [
        (CLAIMED, of, Claimed(signatures=(("key", "sig"),), publisher="ann", carries=carries)),
        (SIGNATURE, of, SignatureFact(SignatureState.VALID, "key")),
        (ATTESTATIONS, of, Attestations()),
        (EARLIER, of, History()),
    ]


def policy(
    *,
    action: Action = Action.BLOCK,
    actions: Mapping[str, Action] | None = None,
    required: bool = True,
    absent: Action = Action.WARN,
    failed: Action = Action.QUARANTINE,
    **more: Any,
) -> Policy:
    """A policy with one action for every rule, but for `actions`."""
    every = {rule.id: action for layer in LAYERS for rule in layer.rules}
    unknown = OnUnknown(absent, failed)
    settings = more.pop("settings", {})
    layers = {
        layer.name: LayerPolicy(required, unknown, settings.get(layer.name, layer.settings()))
        for layer in LAYERS
    }
    return Policy("recommended", {**every, **(actions or {})}, layers, **more)


def report(
    *projects: Project, facts: Facts, policy: Policy, asked: Asked | None = None, **more: Any
) -> Report:
    return evaluate("shop", Repository(projects), facts, policy, asked or Asked(), **more)


def fired(found: Report) -> set[tuple[str, str]]:
    """(rule, release) of every finding."""
    return {(each.finding.rule, str(each.finding.release or "")) for each in found.judged}
