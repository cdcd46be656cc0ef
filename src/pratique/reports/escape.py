"""What came from outside, made harmless for the medium it is printed in (DECISIONS 38).

Names, paths, versions, messages and evidence are foreign text. `terminal` is the first step for
every medium that people read: what would move the cursor, hide itself, or turn the text around is
shown as a visible escape. `prose` and `code` then keep Markdown from reading what is left.
Machine formats keep the exact text; `ascii_json` keeps their bytes printable.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from urllib.parse import quote

LONGEST = 400
"""Characters of one foreign string that a report for people shows; the rest is said to be cut."""
_EXPANDED = 20 * LONGEST
"""More than `LONGEST` characters can become by escaping (ten each) and the words on the cut."""

# Categories that print nothing or change what stands around them: control, format (bidi,
# zero-width, tags), surrogate, private use, unassigned, line and paragraph separators (Unicode 15).
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that print as nothing although their category does not say so: Hangul fillers,
# combining grapheme joiner, Khmer inherent vowels, Mongolian and other variation selectors.
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0"
    "\ufe00\ufe01\ufe02\ufe03\ufe04\ufe05\ufe06\ufe07"
    "\ufe08\ufe09\ufe0a\ufe0b\ufe0c\ufe0d\ufe0e\ufe0f"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN = re.compile(r"[ -~]*")
# Words that no Markdown dialect gives a meaning: letters, digits, and punctuation inside or after
# them. Everything else goes into a code span.
_WORD = re.compile(
    r"[(\"']?[^\W_](?:[^\W_]|[.,'%+-](?=[^\W_])|(?<=\d):(?=\d))*[%)\"']?[.,;:!?]{0,2}"
)
_LONE = frozenset({"-", "\u00b7", "\u2026", "\u2014"})


def _visible(character: str, marks: int) -> str:
    category = unicodedata.category(character)
    spacing = category == "Zs" and character != " "
    stacked = category in {"Mn", "Me"} and marks > 2
    if category in _HIDDEN or spacing or stacked or character in _BLANK:
        return _NAMED.get(character) or _numbered(ord(character))
    return character


def _numbered(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def terminal(text: str) -> str:
    """`text` on one line, without anything that a terminal acts on or that cannot be seen.

    At most two combining marks stand on one letter; more are shown as escapes.
    """
    if _PLAIN.fullmatch(text):
        return text
    shown = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        shown.append(_visible(character, marks))
    return "".join(shown)


def shown(text: str, longest: int = LONGEST) -> str:
    """`terminal(text)`, cut at `longest` characters with the number of those left out."""
    if len(text) <= longest:
        return terminal(text)
    return f"{terminal(text[:longest])}\u2026 [{len(text) - longest:,} more characters]"


def markup(text: str, longest: int = LONGEST) -> str:
    """HTML that shows `text` and is nothing but text: what cannot be seen stands in a frame.

    The frame (`b.hidden`) tells an escape of ours from a backslash that was there.
    """
    more = len(text) - longest
    cut = f"\u2026 <small>[{more:,} more characters]</small>" if more > 0 else ""
    text = text[:longest]
    if _PLAIN.fullmatch(text):
        return html.escape(text) + cut
    parts = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        seen = _visible(character, marks)
        framed = f'<b class="hidden">{seen}</b>'
        parts.append(html.escape(character) if seen == character else framed)
    return "".join(parts) + cut


def code(text: str, *, cell: bool = False, longest: int = LONGEST) -> str:
    """A Markdown code span that shows `text`: no link, mention, markup or HTML in it is read.

    With `cell`, also no pipe: it may stand in a table (GFM 4.10: pipes split cells even in code).
    """
    text = shown(text, longest) or " "
    if cell:
        text = text.replace("\\|", "\\\\u007c").replace("|", "\\|")
    longest_run = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest_run + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str, *, cell: bool = False) -> str:
    """A sentence as Markdown: plain words stay, everything else goes into code spans."""
    runs: list[tuple[bool, list[str]]] = []
    for word in shown(text).split(" "):
        plain = _is_plain(word)
        if runs and runs[-1][0] is plain:
            runs[-1][1].append(word)
        else:
            runs.append((plain, [word]))
    return " ".join(_run(plain, " ".join(words), cell=cell) for plain, words in runs)


def _is_plain(word: str) -> bool:
    if word.lower().lstrip("(\"'").startswith(("www.", "http", "ftp")):
        return False
    return not word or word in _LONE or _WORD.fullmatch(word) is not None


def _run(plain: bool, text: str, *, cell: bool) -> str:  # noqa: FBT001 - the run's own kind
    return text if plain else code(text, cell=cell, longest=_EXPANDED)


def sarif(text: str) -> str:
    """A SARIF message: one visible line that holds neither a placeholder nor a link.

    SARIF 2.1.0 (errata 01) 3.11.5: a literal brace is doubled; 3.11.6: a bracket is escaped, which
    is done only where the text could be read as a link, since many viewers print the backslash.
    """
    text = shown(text).replace("{", "{{").replace("}", "}}")
    return re.sub(r"([\\\[\]])", r"\\\1", text) if "](" in text else text


def uri(path: str) -> str:
    """A repository path as a relative URI reference (RFC 3986), percent-encoded."""
    return quote(path.encode("utf-8", "surrogatepass"), safe="/")


def ascii_json(document: object) -> str:
    """`document` as JSON in printable ASCII, indented, ending in a newline; keys in their order."""
    text = json.dumps(_sound(document), indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"


def ascii_line(document: object) -> str:
    """`ascii_json` on one line."""
    text = json.dumps(_sound(document), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f") + "\n"


def _sound(node: object) -> object:
    """`node` without lone surrogates (undecodable bytes of a path), which JSON readers refuse."""
    if isinstance(node, str):
        return node if node.isascii() else node.encode("utf-8", "backslashreplace").decode()
    if isinstance(node, dict):
        return {_sound(key): _sound(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [_sound(member) for member in node]
    return node
