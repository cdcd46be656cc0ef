"""YAML with the line of every member, strict and bounded: for files that come from outside."""

from __future__ import annotations

import re

from pratique.syntax.text import LOCKFILE, Bounds, Lines, TextError, conflict_line, decoded
from pratique.syntax.yaml_events import read_events
from pratique.syntax.yaml_flow import UnsureError
from pratique.syntax.yaml_lines import read_document

# What the line reader does not take on: tabs and other controls, the line breaks of YAML 1.1 that
# are not line feeds, a byte order mark inside, what libyaml calls not printable.
_UNUSUAL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_INDICATOR = re.compile(r"^(?:---(?!\n)|\.\.\.)", re.MULTILINE)
"""A document's start with content on its line, or a document's end: left to libyaml."""
_MARKER = re.compile(r"^---\n", re.MULTILINE)


def read_yaml(source: bytes, bounds: Bounds = LOCKFILE) -> tuple[tuple[object, Lines], ...]:
    """Every document of a YAML text in file order, with the lines of its members.

    Values are those of PyYAML's `CSafeLoader` (YAML 1.1). Beyond what it refuses, this refuses
    duplicate keys, tags, merge keys, keys that are containers, encodings other than UTF-8, and
    anchors and aliases where `bounds.max_aliases` is 0.

    Raises:
        TextError: It is none of that, or is beyond a bound.
    """
    text = decoded(source, bounds).replace("\r\n", "\n")
    # A literal scalar that ends the file without a line feed holds none either.
    is_usual = not (_UNUSUAL.search(text) or _INDICATOR.search(text))
    is_usual = is_usual and (text.endswith("\n") or "|" not in text)
    if is_usual and text.count("\n") + text.count(",") < bounds.max_nodes // 2:
        try:
            return _by_lines(text if text.endswith("\n") else text + "\n", bounds)
        except UnsureError:
            pass
        except TextError as error:
            raise _as_conflict(text, error) from None
    try:
        return read_events(source, bounds)
    except TextError as error:
        raise _as_conflict(text, error) from None


def _by_lines(text: str, bounds: Bounds) -> tuple[tuple[object, Lines], ...]:
    documents = []
    line = at = 0
    for end, after in [
        *((found.start(), found.end()) for found in _MARKER.finditer(text)),
        (-1, 0),
    ]:
        part = text[at:end] if end >= 0 else text[at:]
        read = read_document(part, line, bounds.max_depth)
        if read is not None:
            documents.append((read[0], Lines(read[1])))
        elif at or end < 0:
            raise UnsureError  # an empty document, or none at all
        line += part.count("\n") + 1
        at = after
    return tuple(documents)


def _as_conflict(text: str, error: TextError) -> TextError:
    line = conflict_line(text)
    return TextError(line, "merge conflict marker") if line else error
