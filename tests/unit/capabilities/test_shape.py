"""What is told of a file by its bytes: characters that hide, and blobs."""

from __future__ import annotations

import pytest

from pratique.capabilities.code.shape import _BIDI, _HIDDEN, _may_hide, needs_tree
from pratique.capabilities.shape_opaque import BLOB, spot
from pratique.capabilities.source import Source

HIDING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u2060"
SELECTING = [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]


@pytest.mark.parametrize("character", [*HIDING, *(chr(each) * 16 for each in SELECTING)])
def test_characters_that_hide_are_not_passed_over(character: str) -> None:
    content = f"a{character}b".encode()
    assert _BIDI.search(content) or _HIDDEN.search(content)
    assert _may_hide(content)
    assert needs_tree(content)


@pytest.mark.parametrize("content", ["a = 1", "é = 'ü'", "漢字", "\u2028"])
def test_others_need_no_tree(content: str) -> None:
    assert not needs_tree(content.encode())


@pytest.mark.parametrize("before", [0, 1, 2047, 2048, 2049, 4095, 4096, 9_999])
@pytest.mark.parametrize("behind", [0, 1, 3_000])
def test_a_blob_is_seen_wherever_it_begins(before: int, behind: int) -> None:
    def spotted(length: int) -> list[str]:
        content = b"'" * before + b"A" * length + b"'" * behind
        return [each.capability for each in spot(Source("a.js", content, format="code"))]

    assert spotted(BLOB) == ["shape.opaque:blob"]
    assert spotted(BLOB - 1) == []
