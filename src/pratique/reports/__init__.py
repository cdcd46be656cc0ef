"""What people and programs are told: pure, one format = one file.

A new format is one file with `render(report, page) -> str`, a snapshot, and one line in REPORTS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pratique.model.report import Report
from pratique.reports import json_v1, markdown, sarif, text
from pratique.reports.grouping import closing
from pratique.reports.page import Page

__all__ = ["REPORTS", "Format", "Page", "closing"]


@dataclass(frozen=True, slots=True)
class Format:
    """A report format: the name for `--format`, its media type, and the function that writes it."""

    name: str
    media_type: str
    render: Callable[[Report, Page], str]


REPORTS = (
    Format("text", "text/plain; charset=utf-8", text.render),
    Format("json", "application/json", json_v1.render),
    Format("sarif", "application/sarif+json", sarif.render),
    Format("markdown", "text/markdown; charset=utf-8", markdown.render),
)
