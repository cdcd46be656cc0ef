"""What a ledger says of releases: unchanged, or what they are compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pratique.ecosystems.npm.versions import ascending, order_of
from pratique.ledger.purls import key_of
from pratique.model.behavior import ANALYSER, Analysis, Baseline, Inner, Origin
from pratique.model.ledger import Ledger, Line
from pratique.model.package import Digest, Package, Release

MOST_AGAIN = 3
"""Accepted artifacts of a line, the highest, that are analysed again for a newer analyser."""
INSTALLED = "dependencies"
"""Group under which the names of a line's dependencies are told: the ledger keeps no other."""
GROUPS = frozenset({"dependencies", "optionalDependencies", "peerDependencies"})
"""Groups of a manifest that a client installs: their names are what the ledger keeps."""
_BY_DIGEST = "sha256:"
_BUNDLED = ("install.script:bundled-", "install.implicit:bundled-")
"""How capabilities begin that are of packages inside a package: no event of its own, and run."""


def accepted_releases(
    ledger: Ledger, digests: Mapping[Release, Digest], registry_of: Callable[[str], str | None]
) -> frozenset[Release]:
    """The releases whose very bytes the ledger accepts.

    Args:
        ledger: What was accepted.
        digests: What is locked of each release; only SHA-512 counts.
        registry_of: Name of a package -> normalised base URL of the registry that serves it.
    """
    known = {
        (line.key.package, line.key.registry, each.version, each.sha512)
        for line in ledger.lines.values()
        for each in line.accepted
    }
    return frozenset(
        release
        for release, digest in digests.items()
        if digest.algorithm == "sha512"
        and (release.package, registry_of(release.name), release.version, digest.hex) in known
    )


def accepted_artifacts(
    ledger: Ledger, registry_of: Callable[[str], str | None]
) -> frozenset[tuple[Release, str]]:
    """(release, SHA-512 in hex) of all bytes that the ledger accepts."""
    return frozenset(
        (Release(key.package, each.version), each.sha512)
        for key, line in ledger.lines.items()
        if key.registry == registry_of(key.package.name)
        for each in line.accepted
    )


def running_at_install(
    ledger: Ledger, releases: Iterable[Release], registry_of: Callable[[str], str | None]
) -> frozenset[Release]:
    """Those of `releases` in whose line the ledger knows of something that runs at install."""
    return frozenset(
        release
        for release in releases
        if (line := ledger.lines.get(key_of(release, registry_of(release.name) or "")))
        and (line.scripts or any(each.startswith(_BUNDLED) for each in line.capabilities))
    )


def is_settled(ledger: Ledger, release: Release, registry: str, sha512: str) -> bool:
    """Whether the bytes are accepted, and this analyser looked at all that their line accepts."""
    line = ledger.lines.get(key_of(release, registry))
    if line is None or line.analyser != ANALYSER:
        return False
    return any((each.version, each.sha512) == (release.version, sha512) for each in line.accepted)


def packages_of(ledger: Ledger) -> frozenset[Package]:
    """The packages that something was accepted of."""
    return frozenset(key.package for key in ledger.lines)


def line_for(ledger: Ledger, release: Release, registry: str) -> Line | None:
    """The line that a release is compared with: its own, else the highest below (DECISIONS 12)."""
    key = key_of(release, registry)
    if key in ledger.lines:
        return ledger.lines[key]
    own = order_of(release.version)
    below = [
        (order, each.line)
        for each in ledger.lines
        if (each.package, each.registry) == (release.package, registry)
        and (order := order_of(_lowest(each.line)))
        and own
        and order < own
    ]
    return ledger.lines[replace(key, line=max(below)[1])] if below else None


def _lowest(line: str) -> str:
    """The lowest stable version of a release line."""
    return ".".join([*line.split("."), "0", "0"][:3])


def baseline_from(ledger: Ledger, release: Release, registry: str) -> Baseline | None:
    """What the ledger accepts of the release's line; None where it knows none.

    `installs`, `dependencies` and `bins` are told by digest and name only, as the ledger keeps
    them: `spelled_out` puts in what an analysis has under them.
    """
    line = line_for(ledger, release, registry)
    if line is None:
        return None
    return Baseline(
        origin=Origin.LEDGER,
        versions=tuple(ascending({each.version for each in line.accepted})),
        capabilities=frozenset(line.capabilities),
        installs=tuple((event, f"{_BY_DIGEST}{digest}") for event, digest in line.scripts),
        dependencies=tuple((INSTALLED, name, "") for name in line.dependencies),
        bins=tuple((name, "") for name in line.bins),
        binaries=frozenset(line.binaries),
        size=line.size,
        code=line.code,
        files=line.files,
        # What the line began with was never brought in by one release for the next one to use.
        since={each: day for each, day in line.capabilities.items() if day > line.first},
    )


def to_analyse_again(ledger: Ledger, release: Release, registry: str) -> dict[Release, Digest]:
    """The accepted artifacts of the release's line that another analyser looked at.

    What this one sees in them is nothing that the release gained (DECISIONS 11). Of the release's
    own version there is none: who asks about it asks about other bytes.
    """
    line = line_for(ledger, release, registry)
    if line is None or line.analyser == ANALYSER:
        return {}
    digests = {each.version: Digest("sha512", each.sha512) for each in line.accepted}
    digests.pop(release.version, None)
    versions = ascending(digests)[-MOST_AGAIN:]
    return {Release(release.package, version): digests[version] for version in versions}


def spelled_out(baseline: Baseline, analysis: Analysis) -> Baseline:
    """A ledger's baseline with the texts that it knows by digest or name, as `analysis` has them.

    What differs then is what is new or gone, and not that the ledger keeps no texts.
    """
    inner = analysis.inner or Inner()
    return replace(
        baseline,
        installs=tuple(sorted(_installs(baseline, dict(_by_digest(analysis))))),
        dependencies=tuple(sorted(_dependencies(baseline, inner))),
        bins=tuple(
            sorted((name, dict(inner.bins).get(name, path)) for name, path in baseline.bins)
        ),
    )


def digest_of_command(command: str) -> str:
    """SHA-256 in hex, as the ledger keeps the commands that a client runs at install."""
    return hashlib.sha256(command.encode("utf-8", "surrogatepass")).hexdigest()


def _by_digest(analysis: Analysis) -> Iterator[tuple[tuple[str, str], str]]:
    for event, command in analysis.installs:
        yield (event, f"{_BY_DIGEST}{digest_of_command(command)}"), command


def _installs(
    baseline: Baseline, commands: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, str]]:
    for event, digest in baseline.installs:
        yield event, commands.get((event, digest), digest)


def _dependencies(baseline: Baseline, inner: Inner) -> Iterator[tuple[str, str, str]]:
    """The analysis's rows about known names; of the names that are gone, the ledger's own row.

    Groups that the ledger does not keep (of development) count as they are.
    """
    known = {name for _, name, _ in baseline.dependencies}
    have = {name for _, name, _ in inner.dependencies}
    for row in inner.dependencies:
        if row[1] in known or row[0] not in GROUPS:
            yield row
    yield from (row for row in baseline.dependencies if row[1] not in have)
