"""What the families want to know of, compiled to patterns: where a file is worth a look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import re2

from pratique.capabilities.code.comments import without_comments

GLOBAL_OBJECTS = frozenset({"globalThis", "window", "self", "global"})
"""Names of the global object: a member of theirs is a global name."""
_BUILDERS = ("fromCharCode", "fromCodePoint", "atob", "unescape", "decodeURIComponent", "Buffer")
_LOADERS = ("module", "createRequire", "Reflect", "constructor", "__require")
_QUOTE = "[\"'`]"
# A require or an import() that is not simply given one string; RE2 has no lookahead.
_ODD_LOADS = (
    rf"\brequire\s*(?:[^\s(\w$]|\(\s*[^\s\"'`)]|\(\s*{_QUOTE}[^\"'`\n]*{_QUOTE}\s*[^)\s])",
    rf"\bimport\s*\(\s*(?:[^\s\"'`)]|{_QUOTE}[^\"'`\n]*{_QUOTE}\s*[^)\s,])",
    # A template with an expression in it, and a name with letters that are escaped for nothing.
    r"\b(?:require|import)\s*\(\s*`[^`$]*\$\{",
    rf"\b(?:require|import|from)\s*\(?\s*{_QUOTE}[^\"'`\n]*\\",
    rf"{_QUOTE}[\w$]*\\[ac-eg-mo-qswyzA-Z][\w$\\]*{_QUOTE}\s*\]",
)
_LETTER = "(?:[4-7][0-9a-fA-F]|2[eEfF]|3[aA])"
"""Of a letter, or of what paths and addresses are told by: `.`, `/` and `:`."""
# Strings that are put together from constants, and letters that are written as escapes.
_BUILT = (
    rf"{_QUOTE}\s*\+\s*{_QUOTE}",
    r"\]\s*\.\s*(?:join|reverse|map)\s*\(",
    r"\.\s*reverse\s*\(\s*\)",
    rf"\\x{_LETTER}",
    rf"\\u00{_LETTER}",
    r"\\(?:1[0-7]{2}|5[67]|72)",
    rf"\\u\{{0*{_LETTER}\}}",
    r"\bthis\s*\[",
)
MOST_HITS = 200_000
"""Places that are looked at in one file; behind them it is not examined, and said to be."""


def _words(words: Iterable[str]) -> str:
    return "|".join(
        sorted((word.replace("$", r"\$") for word in words), key=lambda w: (-len(w), w))
    )


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    return options


def _in_file(pattern: str) -> str:
    """A pattern over the value of a string, as it is found in the source of a file."""
    flags, pattern = ("(?i)", pattern[4:]) if pattern.startswith("(?i)") else ("", pattern)
    pattern = pattern.replace("(?:^|", f"(?:{_QUOTE}|").replace("|$)", f"|{_QUOTE})")
    pattern = pattern.replace("://", r":\\?/\\?/")  # escaped for nothing, as JSON's writers do
    if pattern.startswith("^"):
        pattern = _QUOTE + pattern[1:]
    if pattern.endswith("$"):
        pattern = pattern[:-1] + _QUOTE
    return flags + pattern


@dataclass(frozen=True)
class Wanted:
    """The tables of all families.

    Attributes:
        globals: Global names, dotted (`process.env`, `fetch`): their uses.
        members: Names of members whose use is wanted whatever their object is (`writeFileSync`).
        modules: Specifiers without `node:`: imports of these, and of what lies below (`fs/x`).
        texts: RE2 patterns over the values of strings. `^` and `$` stand for the whole string's
            ends, and then enclose the whole pattern.
    """

    globals: frozenset[str]
    members: frozenset[str]
    modules: frozenset[str]
    texts: tuple[str, ...]

    @cached_property
    def names(self) -> frozenset[str]:
        """Identifiers whose uses as global names are looked at."""
        first = {name.partition(".")[0] for name in self.globals}
        return frozenset(first | GLOBAL_OBJECTS | {*_BUILDERS, *_LOADERS, "require", "eval"})

    @cached_property
    def _trigger(self) -> re2._Regexp:
        # `require`, `import` and `module` are everywhere: only their odd uses are worth a look.
        names = self.names - {"require", "module"} | self.members
        modules = _words(self.modules).replace(".", r"\.")
        parts = [
            rf"\b(?:{_words(names)})\b",
            r"\bmodule\s*\.\s*(?:require|constructor|children|paths|parent|_compile)\b|\bmodule\s*\[",
            rf"{_QUOTE}(?:node:)?(?:{modules})(?:/[\w./-]*)?{_QUOTE}",
            *_ODD_LOADS,
            *_BUILT,
            *map(_in_file, self.texts),
        ]
        return re2.compile("|".join(f"(?:{part})" for part in parts).encode(), _options())

    @cached_property
    def _texts(self) -> re2._Regexp:
        parts = [*self.texts, rf"^(?:{_words(self.names | self.members)})$"]
        parts.append(rf"^(?:node:)?(?:{_words(self.modules)})$")
        return re2.compile("|".join(f"(?:{part})" for part in parts), _options())

    def hits(self, content: bytes) -> list[tuple[int, int]]:
        """(start, end) of the places that are worth a look, at most MOST_HITS."""
        matches = self._trigger.finditer(without_comments(content))
        return [match.span() for match in islice(matches, MOST_HITS)]

    def may_hold(self, content: bytes) -> bool:
        """Whether a file has to be parsed; False: no family can find anything in its code."""
        return self._trigger.search(content) is not None

    def wants_text(self, text: str) -> bool:
        """Whether any family looks for such a string."""
        return self._texts.search(text) is not None

    def wants_module(self, specifier: str) -> bool:
        name = specifier.removeprefix("node:")
        return name in self.modules or any(name.startswith(f"{each}/") for each in self.modules)
