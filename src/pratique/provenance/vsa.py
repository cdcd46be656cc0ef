"""What a check came to, as a Verification Summary Attestation (VSA) of SLSA 1.1 over lockfiles.

https://slsa.dev/spec/v1.1/verification_summary. PASSED is written for one outcome alone: everything
was examined, and it may go in. An undecided or partial run is FAILED, and not silence: silence
would leave an older PASSED standing where the new one was to be. Which of them it was stands in
OUTCOME, a member of our own, as the specification allows.

`inputAttestations` is left out, as a verifier may that does not list them all. `verifiedLevels`
claims no level of SLSA: a lockfile is not built.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256, sha512
from urllib.parse import quote

from pratique.errors import Exit
from pratique.model.action import Verdict
from pratique.model.report import Examined, Report, State
from pratique.provenance import strict
from pratique.provenance.dsse import PrivateKey, PublicKey, opened, sealed, under

IN_TOTO = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/verification_summary/v1"
VERIFIER = "pkg:pypi/pratique"
OUTCOME = "urn:pratique:outcome"
_SLSA = "1.1"
_FAILED = "FAILED"
_LEVEL = "PRATIQUE_"
"""Levels of our own may not begin with `SLSA_`."""
LARGEST = 8 * 1024 * 1024
"""Bytes of an envelope at most."""
_MOST_SUBJECTS = 10_000
_LONGEST_NAME = 16 * 1024
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


class Outcome(StrEnum):
    """How a run ended."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNDECIDED = "undecided"
    PARTIAL = "partial"
    """Nothing stands against it, but layers were left out, or only a change was judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a VSA says.

    Attributes:
        outcome: How the run ended.
        verdict: `ALLOW`, `WARN`, `QUARANTINE`, `BLOCK`.
        at: The time of the run, aware, in UTC, whole seconds.
        resource: URI of the project.
        policy: URI of the policy: which preset it began with.
        policy_sha256: Hex digest of the policy's canonical form.
        version: Of the program that judged.
        subjects: The lockfiles that were examined.
    """

    outcome: Outcome
    verdict: Verdict
    at: datetime
    resource: str
    policy: str
    policy_sha256: str
    version: str
    subjects: tuple[Examined, ...]

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.ALLOWED


def summary_of(report: Report, at: datetime, version: str) -> Summary | None:
    """What is to be attested of a report; None where no lockfile was examined."""
    if not report.examined:
        return None
    return Summary(
        outcome=outcome_of(report),
        verdict=report.verdict,
        at=at.astimezone(UTC).replace(microsecond=0),
        resource=f"urn:pratique:project:{quote(report.name[:200], safe='@') or '-'}",
        policy=f"urn:pratique:policy:{report.policy.preset}",
        policy_sha256=report.policy.digest,
        version=version,
        subjects=report.examined,
    )


def outcome_of(report: Report) -> Outcome:
    """How a run ended. ALLOWED only where nothing stands against it and every layer ran."""
    if report.exit is Exit.BLOCKED:
        return Outcome.BLOCKED
    if report.exit is not Exit.ALLOWED:
        return Outcome.UNDECIDED
    has_run = all(each.ran or each.state is State.NOT_IN_THIS_VERSION for each in report.layers)
    return Outcome.ALLOWED if has_run and report.change is None else Outcome.PARTIAL


def attested(summary: Summary, key: PrivateKey) -> bytes:
    """The signed envelope of a summary."""
    stated = {
        "_type": STATEMENT,
        "subject": [
            {
                "name": quote(each.path, safe="/@"),
                "digest": {"sha256": each.sha256, "sha512": each.sha512},
            }
            for each in summary.subjects
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "verifier": {"id": VERIFIER, "version": {"pratique": summary.version}},
            "timeVerified": summary.at.strftime(_INSTANT),
            "resourceUri": summary.resource,
            "policy": {"uri": summary.policy, "digest": {"sha256": summary.policy_sha256}},
            "verificationResult": "PASSED" if summary.passed else _FAILED,
            "verifiedLevels": [_level(summary)],
            "slsaVersion": _SLSA,
            OUTCOME: {"ended": summary.outcome.value, "verdict": summary.verdict.name},
        },
    }
    payload = json.dumps(stated, sort_keys=True, separators=(",", ":")).encode("ascii")
    return sealed(IN_TOTO, payload, key)


def _level(summary: Summary) -> str:
    return f"{_LEVEL}{summary.verdict.name}" if summary.passed else _FAILED


def verify(
    source: bytes, key: PublicKey, lockfile: bytes, policy_sha256: str | None = None
) -> Summary:
    """What a VSA says of a lockfile; whether that is good news, its `outcome` says.

    Args:
        source: The envelope.
        key: Whose signature counts.
        lockfile: The lockfile's bytes.
        policy_sha256: Digest of the policy that must have judged; None for any.

    Raises:
        RefusedError: By the rules of `dsse.opened`, or `statement` where it is no such statement
            of this program, `lockfile` where it is about another, `policy` where another judged.
    """
    payload = opened(source, IN_TOTO, key, LARGEST)
    with under("statement"):
        summary = _read(payload)
    digests = (sha256(lockfile).hexdigest(), sha512(lockfile).hexdigest())
    if digests not in [(each.sha256, each.sha512) for each in summary.subjects]:
        strict.refuse("it is about another lockfile, or this one was changed since", "lockfile")
    if policy_sha256 not in {None, summary.policy_sha256}:
        strict.refuse("another policy judged, or this one was changed since", "policy")
    return summary


def _read(payload: bytes) -> Summary:
    statement = strict.members(strict.read_json(payload, LARGEST), "the statement")
    for name, wanted in (("_type", STATEMENT), ("predicateType", PREDICATE)):
        if statement.get(name) != wanted:
            strict.refuse(f"{name} is not {wanted}")
    predicate = strict.members(statement.get("predicate"), "predicate")
    verifier = strict.members(predicate.get("verifier"), "verifier")
    if verifier.get("id") != VERIFIER:
        strict.refuse(f"the verifier is not {VERIFIER}")
    policy = strict.members(predicate.get("policy"), "policy")
    versions = strict.members(verifier.get("version"), "version")
    outcome, verdict = _outcome(predicate)
    return Summary(
        outcome=outcome,
        verdict=verdict,
        at=strict.instant(predicate.get("timeVerified"), "timeVerified"),
        resource=strict.text(predicate.get("resourceUri"), "resourceUri"),
        policy=strict.text(policy.get("uri"), "the policy's uri"),
        policy_sha256=_digest(policy.get("digest"), "sha256"),
        version=strict.text(versions.get("pratique"), "version"),
        subjects=tuple(_subjects(statement.get("subject"))),
    )


def _outcome(predicate: dict[str, object]) -> tuple[Outcome, Verdict]:
    """How the run ended, where all that the predicate says of that agrees."""
    stated = strict.members(predicate.get(OUTCOME), OUTCOME)
    try:
        outcome = Outcome(strict.text(stated.get("ended"), "ended"))
        verdict = Verdict[strict.text(stated.get("verdict"), "verdict")]
    except (ValueError, KeyError):
        strict.refuse(f"{OUTCOME} is none that this version knows")
    level = f"{_LEVEL}{verdict.name}" if outcome is Outcome.ALLOWED else _FAILED
    result = "PASSED" if outcome is Outcome.ALLOWED else _FAILED
    if (predicate.get("verificationResult"), predicate.get("verifiedLevels")) != (result, [level]):
        strict.refuse("its result, its levels and its outcome do not agree")
    if outcome is Outcome.ALLOWED and verdict > Verdict.WARN:
        strict.refuse(f"no run passes whose verdict is {verdict.name}")
    return outcome, verdict


def _subjects(stated: object) -> Iterator[Examined]:
    for each in strict.items(stated, "subject", _MOST_SUBJECTS):
        subject = strict.members(each, "a subject")
        digest = subject.get("digest")
        name = strict.text(subject.get("name"), "a subject's name", _LONGEST_NAME)
        yield Examined(name, _digest(digest, "sha256"), _digest(digest, "sha512"))


def _digest(stated: object, name: str) -> str:
    value = strict.text(strict.members(stated, "a digest").get(name), name)
    if len(value) != int(name.removeprefix("sha")) // 4 or set(value) - set("0123456789abcdef"):
        strict.refuse(f"a digest is no {name} in hexadecimal")
    return value
