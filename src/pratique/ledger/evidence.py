"""What a ledger keeps of who made a line's artifacts, and what it says of it later (DECISIONS 11).

`evidence` is two words, by whose leave and how far the build is known: `trusted-publisher
verified`. `signer` names the source and the workflow of the newest record, for who reads the file;
what counts are the records themselves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pratique.ledger.asking import line_for
from pratique.ledger.merging import MOST_PROVENANCE
from pratique.ledger.rows import canonical
from pratique.model.evidence import (
    Attestations,
    Authority,
    Build,
    Claimed,
    Earlier,
    Provenance,
)
from pratique.model.fact import Missing, Why
from pratique.model.ledger import Ledger, Line
from pratique.model.package import Package, Release
from pratique.provenance.trust import level_of

_AUTHORITIES = {each.name.lower().replace("_", "-"): each for each in Authority}
_BUILDS = {each.name.lower(): each for each in Build}
_UNKNOWN = "unknown"
_UNTOLD = Missing(Why.NOT_ASKED, "the ledger does not say by whose leave it was published")


@dataclass(frozen=True, slots=True)
class Made:
    """How an artifact was made that is accepted: both levels, None where not known."""

    authority: Authority | None = None
    build: Build | None = None
    provenance: Provenance | None = None

    @property
    def evidence(self) -> str:
        """As a line has it; "" where nothing is known."""
        if self.authority is None and self.build is None:
            return ""
        leave = _UNKNOWN if self.authority is None else self.authority.name.lower()
        build = _UNKNOWN if self.build is None else self.build.name.lower()
        return f"{leave.replace('_', '-')} {build}"

    @property
    def signer(self) -> str:
        """As a line has it; "" without verified provenance."""
        built = self.provenance
        if built is None:
            return ""
        return f"{built.repository} {built.workflow}" if built.workflow else built.repository

    @property
    def records(self) -> tuple[str, ...]:
        """As a line has them: JSON with sorted keys."""
        if self.provenance is None:
            return ()
        return (canonical(json.loads(self.provenance.to_json())),)


def made_of(claimed: Claimed | Missing, attestations: Attestations | Missing) -> Made:
    """How an artifact was made, by what its document claims and what was verified of it."""
    level = level_of(claimed, attestations)
    return Made(
        None if isinstance(level.authority, Missing) else level.authority,
        None if isinstance(level.build, Missing) else level.build,
        None if isinstance(attestations, Missing) else attestations.provenance,
    )


def joined(known: Iterable[str], added: Iterable[str]) -> tuple[str, ...]:
    """The last records of both, the oldest build first; of a version the added one."""
    records = {_member(each, "version") or each: each for each in (*known, *added)}
    return tuple(sorted(records.values(), key=_built)[-MOST_PROVENANCE:])


def records_of(line: Line) -> tuple[Provenance, ...]:
    """A line's records. One that this version does not understand vouches for nobody."""
    found: list[Provenance] = []
    for each in line.provenance:
        try:
            compact = json.dumps(json.loads(each), sort_keys=True, separators=(",", ":"))
            found.append(Provenance.from_json(compact))
        except (ValueError, TypeError):
            continue
    return tuple(found)


def accepted_records(ledger: Ledger, release: Release, registry: str) -> tuple[Provenance, ...]:
    """The records that vouch for a release: of its line, else of the highest below."""
    line = line_for(ledger, release, registry)
    return records_of(line) if line else ()


def accepted_before(
    ledger: Ledger, releases: Iterable[tuple[Release, str]]
) -> dict[Release, tuple[Earlier, ...]]:
    """What the ledger knows of the other releases of each one's package, whoever says what now.

    Only those with a record: of the others it keeps the bytes alone.

    Args:
        ledger: What was accepted.
        releases: Each with the normalised base URL of its registry.
    """
    lines: dict[tuple[Package, str], list[Line]] = defaultdict(list)
    for line in ledger.lines.values():
        if line.provenance:
            lines[line.key.package, line.key.registry].append(line)
    return {
        release: _in_order(
            each
            for line in lines.get((release.package, registry), ())
            for each in _earlier(line)
            if each.version != release.version
        )
        for release, registry in releases
    }


def _in_order(those: Iterable[Earlier]) -> tuple[Earlier, ...]:
    return tuple(sorted(those, key=lambda each: (each.published, each.version)))


def _earlier(line: Line) -> Iterator[Earlier]:
    digests = {each.version: each.sha512 for each in line.accepted}
    authority = _AUTHORITIES.get(line.evidence.partition(" ")[0])
    for record in records_of(line):
        if record.version in digests:
            yield Earlier(
                version=record.version,
                published=record.at or record.built,
                sha512=digests[record.version],
                authority=_UNTOLD if authority is None else authority,
                build=Build.VERIFIED,
                provenance=record,
            )


def _built(record: str) -> tuple[str, str]:
    return _member(record, "built"), record


def _member(record: str, name: str) -> str:
    members = json.loads(record)
    value = members.get(name) if isinstance(members, dict) else None
    return value if isinstance(value, str) else ""
