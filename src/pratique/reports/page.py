"""Page: what a report is printed for. Nothing of it changes what a report says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pratique.model.layer import Rule


@dataclass(frozen=True, slots=True)
class Page:
    """What a format is told beside the report.

    Attributes:
        width: Columns that text is wrapped at.
        colour: Text may use ANSI colours; they repeat what the words say.
        version: The program's version.
        took: Seconds that the run took, for the text report; None leaves it out.
        rules: Rule id -> rule, for severities and explanations.
    """

    width: int = 80
    colour: bool = False
    version: str = ""
    took: float | None = None
    rules: Mapping[str, Rule] = field(default_factory=dict)
