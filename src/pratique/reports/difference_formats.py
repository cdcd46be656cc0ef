"""The formats of `diff` and of `inspect`: name -> (media type, the function that writes it).

A new one is one file with `render(subject, page) -> str`, a snapshot, and one line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pratique.reports import (
    analysis_json_v1,
    analysis_text,
    difference_html,
    difference_json_v1,
    difference_markdown,
    difference_text,
)
from pratique.reports.difference_subject import Compared, Inspected
from pratique.reports.page import Page

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Form(Generic[Subject]):
    """A format: the name for `--format`, its media type, and the function that writes it."""

    name: str
    media_type: str
    render: Callable[[Subject, Page], str]


DIFF: tuple[Form[Compared], ...] = (
    Form("text", "text/plain; charset=utf-8", difference_text.render),
    Form("json", "application/json", difference_json_v1.render),
    Form("markdown", "text/markdown; charset=utf-8", difference_markdown.render),
    Form("html", "text/html; charset=utf-8", difference_html.render),
)
INSPECT: tuple[Form[Inspected], ...] = (
    Form("text", "text/plain; charset=utf-8", analysis_text.render),
    Form("json", "application/json", analysis_json_v1.render),
)
