"""What `inspect` and `diff` are asked about: a release, written NAME@VERSION, or a file.

Which of the two it is depends on the text alone, never on which files there are: a repository must
not be able to put a file in the place of a release.
"""

from __future__ import annotations

from dataclasses import dataclass

from pratique.ecosystems.npm.names import why_illegal
from pratique.ecosystems.npm.versions import is_range, is_version

_PATHS = ("/", "./", "../")
_ARCHIVES = (".tgz", ".tar.gz", ".tar")


@dataclass(frozen=True, slots=True)
class Operand:
    """A release by its name and a version, or a tag (`latest`) that stands for one."""

    name: str
    wanted: str

    @property
    def is_exact(self) -> bool:
        return is_version(self.wanted)


def is_path(text: str) -> bool:
    """Whether `text` names a file; else it names a release, or should."""
    if text.startswith(_PATHS) or text.lower().endswith(_ARCHIVES):
        return True
    return "@" not in text or ("/" in text and not text.startswith("@"))


def read_operand(text: str) -> Operand | str:
    """The release that `text` names, or why it names none, as the end of a sentence."""
    at = text.rfind("@")
    name, wanted = (text[:at], text[at + 1 :]) if at > 0 else (text, "")
    if why := why_illegal(name):
        return f"names no package: {why}"
    if not wanted:
        return "has no version"
    exact = wanted.lstrip("v=")
    if is_version(exact):
        return Operand(name, exact)
    if is_range(wanted):
        return "asks for a range, which many versions lie in"
    return Operand(name, wanted)
