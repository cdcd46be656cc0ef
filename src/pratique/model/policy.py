"""Policy: what is asked of each layer, what a finding leads to, what is exempted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from pratique.model.action import Action, Verdict
from pratique.model.fact import Why
from pratique.model.finding import Finding
from pratique.model.pin import Location

__all__ = ["Action", "Exemption", "LayerPolicy", "OnUnknown", "Policy", "Verdict"]


@dataclass(frozen=True, slots=True)
class OnUnknown:
    """What an Unknown leads to.

    Attributes:
        absent: Where the source is known not to carry the fact.
        failed: Where it was not asked, could not be asked, or failed to answer.
    """

    absent: Action
    failed: Action

    def action(self, why: Why) -> Action:
        return self.absent if why is Why.ABSENT else self.failed


@dataclass(frozen=True, slots=True)
class LayerPolicy:
    """One layer under a policy; `settings` is an instance of the layer's settings type."""

    required: bool
    on_unknown: OnUnknown
    settings: Any


@dataclass(frozen=True, slots=True)
class Exemption:
    """One accepted risk: removes the finding of one rule for one release, until a day.

    Attributes:
        rule: The rule's id.
        purl: A purl with a version where `sha512` is set; else a pattern (`*` and `?`) over purls.
        sha512: Hex digest of the bytes that were looked at, or None for a pattern.
        reason, owner: Never empty.
        until: The first day (UTC) on which it no longer counts.
        advisory: Identifier of an advisory that it answers, or None.
        where: Its line in the policy file.
    """

    rule: str
    purl: str
    sha512: str | None
    reason: str
    owner: str
    until: date
    advisory: str | None = None
    where: Location | None = None

    def is_expired(self, now: datetime) -> bool:
        return now.date() >= self.until

    def covers(self, finding: Finding) -> bool:
        """Whether it names this finding's rule and release; the date is not looked at."""
        if finding.rule != self.rule or finding.release is None:
            return False
        if self.sha512 is None:
            return fnmatchcase(finding.release.purl, self.purl)
        return finding.release.purl == self.purl and finding.sha512 == self.sha512


@dataclass(frozen=True, slots=True)
class RegistryPolicy:
    """`[registries.NAME]`: "default" is the user's own default registry.

    Attributes:
        url: Base URL; None for "default".
        scopes: Scopes (`@corp`) that it serves.
        publish_time: "stated" or "untrusted".
        signatures: "learn": it signs once it was seen to; "expected"; or "none".
    """

    name: str
    url: str | None = None
    scopes: tuple[str, ...] = ()
    publish_time: str = "stated"
    signatures: str = "learn"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy, complete: preset and file merged.

    Attributes:
        preset: `lenient`, `recommended` or `strict`.
        actions: Rule id -> action, for every rule of the program.
        layers: Layer name -> its policy, for every layer of the program.
        exemptions: In file order.
        hosts: Recorded host -> name of a configured registry ("default").
        registries: Name -> settings.
        exclude: (glob, reason) of paths that are not examined.
        longest_exemption: How far ahead an exemption may end.
        path: The file it was read from, relative to the repository; None for the bare preset.
        digest: sha256 hex of the policy's canonical form.
        lines: Path of a key in the file -> its 1-based line, for the keys that the file sets.
    """

    preset: str
    actions: Mapping[str, Action]
    layers: Mapping[str, LayerPolicy]
    exemptions: tuple[Exemption, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    registries: Mapping[str, RegistryPolicy] = field(default_factory=dict)
    exclude: tuple[tuple[str, str], ...] = ()
    longest_exemption: timedelta = timedelta(days=90)
    path: str | None = None
    digest: str = ""
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict, compare=False)
