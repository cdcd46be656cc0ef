"""shape.obfuscated: is written so that nobody can read it."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities.source import Occurrence, Shape, Source
from pratique.model.behavior import Tier

ID = "shape.obfuscated"
TITLE = "is written so that nobody can read it"
_FEWEST_HEX, _HEX_SHARE = 16, 1.0
_COMPUTED_CALLS, _SMALLEST = 3.0, 1_500
_BENIGN_CALLS = 0.81
"""Most computed calls for each 1,000 bytes of a benign minified file (see `code.shape`)."""
_FEWEST_NAMES = 10
_PACKER = b"eval(function(p,a,c,k,e,"
_PACKERS = (_PACKER + b"d)", _PACKER + b"r)")
_ALPHABET = bytes(ord("+") if byte in b"[]()!+" else 32 for byte in range(256))
_JSFUCK = b"+" * 400
"""A run of brackets, signs and nothing else, all of them read as plus signs."""
_PLAIN = Shape()


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(_detail: str) -> bool:
    return True


def spot(source: Source) -> Iterator[Occurrence]:
    shape = source.shape
    if shape is None or (shape == _PLAIN and not _is_packed(source.content)):
        return
    for detail, line, what in _signs(shape, source.content):
        yield Occurrence(f"{ID}:{detail}", line, what)


def _signs(shape: Shape, content: bytes) -> Iterator[tuple[str, int, str]]:
    hexes, decimals = shape.hex_numbers, shape.decimal_numbers
    dense = shape.computed_calls > _COMPUTED_CALLS and len(content) >= _SMALLEST
    mixed = shape.computed_calls > _BENIGN_CALLS
    names = shape.hex_names >= _FEWEST_NAMES
    if hexes >= _FEWEST_HEX and hexes > decimals * _HEX_SHARE and (mixed or names):
        yield "numbers", 0, f"{hexes} hexadecimal numbers, {decimals} decimal ones"
    if dense:
        yield "calls", 0, f"{shape.computed_calls} computed calls for each 1,000 bytes"
    if names:
        yield "names", 0, f"{shape.hex_names} names of the form _0x…"
    if shape.far_code_line:
        yield "hidden", shape.far_code_line, "code behind more than 200 blanks"
    if shape.bidi_line:
        yield "invisible", shape.bidi_line, "characters that change how the line is seen"
    if _is_packed(content):
        yield "packer", 0, "a packer's output"


def _is_packed(content: bytes) -> bool:
    if _PACKER in content and any(each in content for each in _PACKERS):
        return True
    return b"[]" in content and _JSFUCK in content.translate(_ALPHABET)
