"""The source that a package.json names."""

from __future__ import annotations

from pratique.model.evidence import is_plain


def repository_of(stated: object) -> str | None:
    """The address that a manifest's `repository` states, in any of its forms; None for none."""
    text = stated.get("url") if isinstance(stated, dict) else stated
    return text if isinstance(text, str) and is_plain(text) else None
