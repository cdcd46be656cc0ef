"""Source: what a capability family looks at: one file of an artifact, or the artifact whole.

Structs and not dataclasses: there are some for each file and place, and these are made in a tenth
of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

LONGEST_SNIPPET = 160
"""Characters of a snippet."""


class Form(StrEnum):
    """What a site is."""

    IMPORT = "import"
    CALL = "call"
    NEW = "new"
    READ = "read"
    WRITE = "write"
    TEXT = "text"


class Site(Struct, frozen=True):
    """One place of a program that a family may want to know of: names resolved, constants folded.

    Attributes:
        form: What it is.
        path: CALL, NEW, READ, WRITE: the dotted name that is called, read or written. Names of the
            global object are dropped (`window.fetch` is `fetch`); members of a module are
            `module:member` (`child_process:exec`, `fs:promises.writeFile`), without `node:`;
            an unknown object is `?` (`?.constructor.constructor`); a member that cannot be resolved
            is `[?]` (`process.env.[?]`). IMPORT: how: `require`, `import`, `import()`, `export`,
            `require.resolve`, `createRequire`. TEXT: "".
        value: IMPORT: the specifier, verbatim with `node:`, None where it cannot be resolved.
            TEXT: the text of a string. WRITE: the text that is written, where it is constant.
            READ: the name of the function that it is handed to, `...` where it is spread, `for`
            where it is looped over. Else None.
        args: CALL, NEW: what each argument folds to; None for one that is no constant.
        folded: It was not written so: concatenated, joined, reversed, decoded, escaped.
        line: 1-based.
        snippet: The code of it, at most LONGEST_SNIPPET characters.
        within: Byte range of the innermost function that it stands in; (0, 0) at the top level.
    """

    form: Form
    path: str = ""
    value: str | None = None
    args: tuple[str | None, ...] = ()
    folded: bool = False
    line: int = 0
    snippet: str = ""
    within: tuple[int, int] = (0, 0)


class Shape(Struct, frozen=True):
    """Figures of a file of code that tell obfuscated from minified. Densities: per 1,000 bytes."""

    hex_numbers: int = 0
    decimal_numbers: int = 0
    computed_calls: float = 0.0
    hex_names: int = 0
    """Distinct identifiers of the form `_0x1a2b`."""
    far_code_line: int = 0
    """First line on which code stands behind more than 200 blanks; 0: none."""
    bidi_line: int = 0
    """First line with a bidirectional control or an invisible character in code; 0: none."""
    broken: bool = False
    """More than a tenth of it is no code to the grammar: the tree cannot be believed."""


class Manifest(Struct, frozen=True):
    """A package.json inside an artifact, or a nested one of a bundled package.

    `document` is the decoded JSON object; `lines` finds the 1-based line of a top-level key.
    """

    document: Mapping[str, object]
    lines: Mapping[str, int] = field(default_factory=dict)


class Member(Struct, frozen=True):
    """One file of the artifact, for the families that judge the artifact as a whole."""

    path: str
    size: int
    format: str
    """`javascript`, `json`, `text`, or of native code `elf`, `pe`, `mach-o`, `wasm`, `node`, ..."""


class Source(Struct, frozen=True):
    """What `spot` gets. Only the parts that apply to this source are set.

    Attributes:
        path: Path inside the artifact; "" for the artifact as a whole.
        content: The file's bytes.
        sites: Of code, in source order; empty for anything else.
        shape: Of code; None for anything else.
        manifest: The root's or a bundled package's manifest.
        members: The whole artifact's files; only where `path` is "".
        covered: Path -> whether the manifest's `files` covers it; only where `path` is "".
        format: As in `Member`.
        is_root: The manifest at the root, or binding.gyp beside it.
    """

    path: str
    content: bytes = b""
    sites: Sequence[Site] = ()
    shape: Shape | None = None
    manifest: Manifest | None = None
    members: Sequence[Member] = ()
    covered: Mapping[str, bool] = field(default_factory=dict)
    format: str = ""
    is_root: bool = False


class Occurrence(Struct, frozen=True, order=True):
    """A family recognised its capability.

    Attributes:
        capability: The id, with its detail: `exec.process:shell`.
        line: 1-based; 0 for the whole file.
        snippet: The code, at most LONGEST_SNIPPET characters.
    """

    capability: str
    line: int
    snippet: str
