"""The value of a JavaScript string from its source (ECMA-262, 12.9.4)."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{1,3})|(\r\n|.))",
    re.DOTALL,
)
_SINGLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "\n": "", "\r\n": "",
           "\r": "", "\u2028": "", "\u2029": ""}  # fmt: skip


def unescaped(text: str) -> str:
    """`text` with its escapes replaced by what they stand for."""
    return whole(_ESCAPE.sub(_value, text)) if "\\" in text else text


def whole(text: str) -> str:
    """`text` with the halves of pairs joined, and a lone half replaced: it can be encoded."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _value(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    if match[4]:
        return chr(int(match[4], 8))
    return _SINGLE.get(match[5], match[5])
