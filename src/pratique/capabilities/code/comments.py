"""Block comments that surely are some, found without a parser.

To say of any place of a program whether it stands in a comment takes a parser. Here it is said of
comments that begin a line, before the first character of the file that could change what a line's
beginning means: no string, regular expression or other comment goes on over a line's end, but a
template does, and so does the text of an element (JSX) and a string whose line ends in a
backslash.
"""

from __future__ import annotations

_OPENS, _CLOSES = b"/*", b"*/"


def without_comments(content: bytes) -> bytes:
    """`content`, as long as it was, with blanks for comments that begin a line."""
    at = content.find(_OPENS)
    if at < 0:
        return content
    pieces: list[bytes] = []
    seen = done = 0
    while at >= 0 and not _may_go_on(content[seen:at]):
        seen = at
        end = content.find(_CLOSES, at + 2) + 2 if _begins_line(content, at) else at
        if end < at:
            break
        if end > at:
            pieces += [content[done:at], b" " * (end - at)]
            seen = done = end
        at = content.find(_OPENS, max(end, at + 2))
    return b"".join([*pieces, content[done:]]) if pieces else content


def _begins_line(content: bytes, at: int) -> bool:
    return not content[content.rfind(b"\n", 0, at) + 1 : at].strip(b" \t")


def _may_go_on(code: bytes) -> bool:
    """Whether there may begin what goes on over a line's end: `<=` begins no element."""
    if b"`" in code or (b"<" in code and code.count(b"<") != code.count(b"<=")):
        return True
    return b"\\" in code and (b"\\\n" in code or b"\\\r" in code)
