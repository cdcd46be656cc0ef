"""Settings of yarn 1: .yarnrc, lines of `key value` with the value quoted where it has a space.

Format: https://classic.yarnpkg.com/lang/en/docs/yarnrc/ (read 2026-11). yarn 1 also reads .npmrc
(npm.py), and every .yarnrc of the directories above.
"""

from __future__ import annotations

import re

from pratique.ecosystems.npm.settings.draft import Draft
from pratique.ecosystems.npm.settings.ini import Entry
from pratique.ecosystems.npm.settings.npm import why_refused
from pratique.errors import ManifestError
from pratique.model.pin import Manager
from pratique.model.project import CodeForm, Settings
from pratique.syntax.text import SETTINGS, TextError, decoded

FILE = ".yarnrc"

_SETTING = re.compile(r"""("(?:[^"\\]|\\.)*+"|[^\s"#:]\S*?):?\s++("(?:[^"\\]|\\.)*+"|\S++)""")
_NEWLINE = re.compile(r"\r\n|\n|\r")


def read_entries(source: bytes) -> tuple[Entry, ...]:
    """The settings of a .yarnrc, in file order; a line of another form is no setting.

    Raises:
        TextError: It is not UTF-8, or beyond the size of a settings file.
    """
    lines = _NEWLINE.split(decoded(source, SETTINGS))
    found = ((number, _SETTING.match(line)) for number, line in enumerate(lines, start=1))
    return tuple(Entry(_bare(m[1]), _bare(m[2]), number) for number, m in found if m)


def _bare(text: str) -> str:
    return text[1:-1].replace('\\"', '"') if text.startswith('"') else text


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


def _take(draft: Draft, entry: Entry) -> None:
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
