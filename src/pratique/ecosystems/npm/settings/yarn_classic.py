"""Settings of yarn 1: .yarnrc, lines of `key value` with the value quoted where it has a space.

Format: https://classic.yarnpkg.com/lang/en/docs/yarnrc/ (read 2026-11), and the parser of yarn
1.22, which is that of its lockfile: it also takes `key: value`, `key, another value`, and several
such pairs on one line. yarn 1 also reads .npmrc (npm.py), and every .yarnrc of the directories
above.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pratique.ecosystems.npm.settings.draft import Draft
from pratique.ecosystems.npm.settings.ini import Entry
from pratique.ecosystems.npm.settings.npm import why_refused
from pratique.errors import ManifestError
from pratique.model.pin import Manager
from pratique.model.project import CodeForm, Settings
from pratique.syntax.text import SETTINGS, TextError, decoded

FILE = ".yarnrc"

_TOKEN = re.compile(
    r"""\s*+(?:(\#.*)|([:,])|("(?:[^"\\]|\\.)*+")|([^\s:,"\#](?:[^\s:,]|:(?=//))*+)|(.))"""
)
_COMMENT, _MARK, _QUOTED, _BARE = range(1, 5)
_UNLOCKING = frozenset({"no-lockfile", "update-checksums"})
"""Options of the command line: yarn 1 takes those of a .yarnrc even with --frozen-lockfile."""
_NEWLINE = re.compile(r"\r\n|\n|\r")


def read_entries(source: bytes) -> tuple[Entry, ...]:
    """The settings of a .yarnrc, in file order; a line of another form is no setting.

    Raises:
        TextError: It is not UTF-8, or beyond the size of a settings file.
    """
    lines = _NEWLINE.split(decoded(source, SETTINGS))
    return tuple(
        Entry(key, value, number)
        for number, line in enumerate(lines, start=1)
        if not line[:1].isspace()  # else a member of what stands above
        for key, value in _settings(list(_words(line)))
    )


def _words(line: str) -> Iterator[tuple[str, bool]]:
    """The words of a line, unquoted, and its colons and commas; whether each is a word."""
    for found in _TOKEN.finditer(line):
        if found.lastindex == _QUOTED:
            yield _unquoted(found[_QUOTED]), True
        elif found.lastindex != _COMMENT:
            yield found[0].lstrip(), found.lastindex == _BARE


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]


def _settings(words: list[tuple[str, bool]]) -> Iterator[tuple[str, str]]:
    """`a value`, `a: value`, `a, b value`, and such pairs behind one another."""
    at = 0
    while at < len(words) and words[at][1]:
        keys = [words[at][0]]
        at += 1
        while words[at : at + 1] == [(",", False)] and at + 1 < len(words) and words[at + 1][1]:
            keys.append(words[at + 1][0])
            at += 2
        at += words[at : at + 1] == [(":", False)]
        if at >= len(words) or not words[at][1]:
            return
        yield from ((key, words[at][0]) for key in keys)
        at += 1


def read_yarnrc(source: bytes, path: str) -> Settings:
    """The project settings of a .yarnrc.

    Raises:
        ManifestError: It is beyond a bound, or not UTF-8.
    """
    try:
        entries = read_entries(source)
    except TextError as error:
        raise ManifestError(path, error.line, error.message) from None
    draft = Draft(path, Manager.YARN_CLASSIC)
    for entry in entries:
        _take(draft, entry)
    return draft.settings()


def _option(key: str) -> str:
    """`no-lockfile` of `--no-lockfile` and `--install.no-lockfile`; "" of what is no option."""
    return key.removeprefix("--").rpartition(".")[2] if key.startswith("--") else ""


def _take(draft: Draft, entry: Entry) -> None:
    option = _option(entry.key)
    if option in _UNLOCKING and entry.value == "true":
        draft.unlock(f"{entry.key} true", entry.line)
    elif option == "registry":
        draft.registry = draft.address(entry.key, entry.value, entry.line) or draft.registry
    else:
        _take_setting(draft, entry)


def _take_setting(draft: Draft, entry: Entry) -> None:
    why = why_refused(entry.key)
    if why is not None:
        draft.refuse(entry.key, why, entry.line)
    elif entry.key == "registry":
        draft.registry = draft.address(entry.key, entry.value, entry.line) or draft.registry
    elif entry.key.startswith("@") and entry.key.endswith(":registry"):
        stated = draft.address(entry.key, entry.value, entry.line)
        if stated:
            draft.scopes[entry.key.removesuffix(":registry")] = stated
    elif entry.key == "yarn-path":
        draft.run(CodeForm.YARN_PATH, entry.value, entry.line)
    elif entry.key in {"ignore-scripts", "--ignore-scripts", "--install.ignore-scripts"}:
        draft.scripts_off = entry.value == "true"
