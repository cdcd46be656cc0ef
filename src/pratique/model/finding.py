"""Finding, Evidence, Remedy: what a rule says when it fires."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pratique.model.action import Action
from pratique.model.package import Release
from pratique.model.pin import Location


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation behind a finding. `text` may hold foreign text: reports escape it."""

    text: str
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of one line: `old` on the line at `where` becomes `new`.

    Where `old` is "", `new` is a line of its own that goes in below `where`.
    """

    where: Location
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """What makes the finding go away: a line to type in the project's directory, or edits.

    Attributes:
        command: The line.
        edits: The edits.
        look: A line that shows what it is about. Where there is one, `command` mends nothing: it
            accepts what was looked at.
    """

    command: str | None = None
    edits: tuple[Edit, ...] = ()
    look: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule fired.

    Attributes:
        rule: Its id.
        message: One sentence without the release's name: "published 7 hours ago".
        project: Path of the project it was found in; "" for the root.
        release: The release it is about; None for a finding about a project or a file.
        where: The first place to look at.
        evidence: What was observed.
        remedy: What to do; None where nothing can be typed.
        sha512: Hex digest of the bytes that it is about, where known: what an exemption binds to.
        key: What tells this finding from others of the same rule, file and release (a lockfile
            entry's key, a setting's name); part of the fingerprint, as the message is not.
        weight: The most that it can lead to, whatever the policy says of its rule.
    """

    rule: str
    message: str
    project: str = ""
    release: Release | None = None
    where: Location | None = None
    evidence: tuple[Evidence, ...] = ()
    remedy: Remedy | None = None
    sha512: str | None = None
    key: str = ""
    weight: Action = Action.BLOCK

    @property
    def fingerprint(self) -> str:
        """Stable over time and line moves: hash of rule, project, file, release and key."""
        file = self.where.file if self.where else ""
        purl = self.release.purl if self.release else ""
        parts = (self.rule, self.project, file, purl, self.key)
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[
            :32
        ]
