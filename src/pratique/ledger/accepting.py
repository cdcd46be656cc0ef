"""What `pratique accept` makes of a ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date

from pratique.ledger.asking import GROUPS, digest_of_command, line_for
from pratique.ledger.evidence import Made, joined
from pratique.ledger.merging import earliest, merged
from pratique.ledger.purls import key_of
from pratique.model.behavior import ANALYSER, Analysis, Baseline, Inner
from pratique.model.ledger import BOOTSTRAP, AcceptedArtifact, Ledger, Line
from pratique.model.package import Package, Release

Entry = tuple[Release, str, Analysis]
"""A release, the normalised base URL of its registry, and what its artifact can do."""


_UNKNOWN = Made()


def accept(
    ledger: Ledger,
    entries: Iterable[Entry],
    today: date,
    by: str,
    why: str,
    made: Mapping[Release, Made] | None = None,
) -> Ledger:
    """The ledger with the artifacts of `entries` accepted.

    A capability keeps the day on which it was first accepted, also over release lines. An artifact
    that is accepted already gives its line what a newer analyser sees in it; that is as old as the
    line.

    Args:
        ledger: What was accepted until now.
        entries: What is accepted now; none of them unanalysable.
        today: The day of it.
        by: Who answers for it.
        why: For what reason; BOOTSTRAP where nobody has looked, which replaces no other.
        made: How each of them was made, where that is known.
    """
    lines = dict(ledger.lines)
    for release, registry, analysis in sorted(entries, key=lambda entry: entry[:2]):
        before = line_for(Ledger(lines), release, registry)
        added = _line(release, registry, analysis, before, today)
        known = lines.get(added.key)
        how = (made or {}).get(release, _UNKNOWN)
        added = replace(
            added, by=by, why=why, evidence=how.evidence, signer=how.signer, provenance=how.records
        )
        lines[added.key] = added if known is None else _joined(known, added)
    return replace(ledger, lines=lines)


def refreshed(ledger: Ledger, release: Release, registry: str, baseline: Baseline) -> Ledger:
    """The ledger with what this analyser sees in the artifacts that a line accepts already.

    Args:
        ledger: What was accepted.
        release: Whose line it is.
        registry: Of the release.
        baseline: What the line's artifacts can do.
    """
    line = line_for(ledger, release, registry)
    if line is None or line.analyser == ANALYSER:
        return ledger
    seen = dict.fromkeys(baseline.capabilities, line.first)
    capabilities = earliest((*seen.items(), *line.capabilities.items()))
    newer = replace(line, analyser=ANALYSER, capabilities=capabilities)
    return replace(ledger, lines={**ledger.lines, line.key: newer})


def pruned(ledger: Ledger, locked: Collection[Package]) -> Ledger:
    """The ledger without the lines of packages that are not in `locked`."""
    kept = {key: line for key, line in ledger.lines.items() if key.package in locked}
    return replace(ledger, lines=kept)


def _line(
    release: Release, registry: str, analysis: Analysis, before: Line | None, today: date
) -> Line:
    """A line of this one artifact; days of capabilities are those of `before` where it has them."""
    inner = analysis.inner or Inner()
    artifact = AcceptedArtifact(release.version, analysis.sha512)
    known = before.capabilities if before else {}
    is_accepted = before is not None and _has(before, artifact)
    day = before.first if before and is_accepted else today
    return Line(
        key=key_of(release, registry),
        first=before.first if before else today,
        last=today,
        analyser=analysis.analyser,
        accepted=(artifact,),
        capabilities={each: known.get(each, day) for each in sorted(analysis.capabilities)},
        scripts=tuple(
            sorted((event, digest_of_command(command)) for event, command in analysis.installs)
        ),
        dependencies=tuple(
            sorted({name for group, name, _ in inner.dependencies if group in GROUPS})
        ),
        bins=tuple(sorted({name for name, _ in inner.bins})),
        binaries=tuple(sorted({path for path, _ in analysis.binaries})),
        size=analysis.size,
        code=analysis.code,
        files=analysis.files,
    )


def _has(line: Line, artifact: AcceptedArtifact) -> bool:
    return any(
        (each.version, each.sha512) == (artifact.version, artifact.sha512) for each in line.accepted
    )


def _joined(known: Line, added: Line) -> Line:
    """What is there with what is added, under the name of who adds it, and of this analyser."""
    answers = known if added.why == BOOTSTRAP and _has(known, added.accepted[0]) else added
    return replace(
        merged(known, added),
        last=answers.last,
        by=answers.by,
        why=answers.why,
        analyser=added.analyser,
        evidence=added.evidence or known.evidence,
        signer=added.signer or known.signer,
        provenance=joined(known.provenance, added.provenance),
    )
