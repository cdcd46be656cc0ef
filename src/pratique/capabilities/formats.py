"""What a file is, by its first bytes and not by its name."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import re2

_MAGIC = (
    (b"\x7fELF", "elf"), (b"MZ", "pe"), (b"\xcf\xfa\xed\xfe", "mach-o"),
    (b"\xce\xfa\xed\xfe", "mach-o"), (b"\xca\xfe\xba\xbe", "mach-o"),
    (b"\xca\xfe\xba\xbf", "mach-o"), (b"\0asm", "wasm"),
    (b"!<arch>\n", "archive"), (b"BC\xc0\xde", "bitcode"),
)  # fmt: skip
"""ELF (gABI 4.1), PE (Microsoft's PE format), Mach-O (mach-o/loader.h; 0xcafebabe is also Java's
class file), WebAssembly (core 2.0, 5.5.16), ar, LLVM bitcode."""
_BEGINNINGS = tuple(magic for magic, _ in _MAGIC)
NATIVE = frozenset(name for _, name in _MAGIC)
_MEDIA = (
    b"\x89PNG\r\n", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"wOFF", b"wOF2", b"\0\1\0\0\0", b"OTTO",
    b"\x1f\x8b", b"PK\3\4", b"%PDF", b"\0\0\1\0", b"ID3", b"OggS",
)  # fmt: skip
CODE = frozenset({".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".es6", ".es"})
_SHELL = frozenset({".sh", ".bash", ".bat", ".cmd", ".ps1", ".vbs", ".command", ".zsh"})
_RUNTIME = re2.compile(
    rb"#![ \t]*(?:[^\s]*/env[ \t]+(?:-S[ \t]*)?(?:-[^\s]+[ \t]+|\w+=[^\s]*[ \t]+)*)?"
    rb"(?:[^\s]*/)?[\w.-]*(?:node|bun|deno|tsx|zx)[\w.-]*(?:[ \t]|$)"
)
_LONGEST_FIRST = 1024
_PE = b"PE\0\0"
_LEAST_PE = 64
"""Bytes of an MZ header; shorter files are texts that begin so."""


@lru_cache(maxsize=2048)
def extension_of(path: str) -> str:
    """In lower case, with its dot; "" where there is none."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def runs_elsewhere(content: bytes) -> bool:
    """Whether its first line names a program that is no run-time of JavaScript: a shell, mostly.

    What stands behind the program's name does not count: `#!/bin/sh -c "node"` is a shell's.
    """
    if not content.startswith(b"#!"):
        return False
    first = content[:_LONGEST_FIRST].partition(b"\n")[0].rstrip(b"\r")
    return _RUNTIME.match(first) is None


def format_of(path: str, content: bytes) -> str:
    """`elf`, `pe`, `mach-o`, `wasm`, ..., `media`, `shell`, `code`, `json`, `text` or `binary`."""
    if content.startswith(_BEGINNINGS) and (native := _native(content)):
        return native
    extension = extension_of(path)
    if extension in CODE:
        return "code"
    if content.startswith(_MEDIA):
        return "media"
    if content.startswith(b"#!"):
        return "shell" if runs_elsewhere(content) else "code"
    if extension in _SHELL:
        return "shell"
    if b"\0" in content[:8192]:
        return "binary"
    return "json" if _is_json(content) else "text"


def _native(content: bytes) -> str:
    name = next(name for magic, name in _MAGIC if content.startswith(magic))
    return name if name != "pe" or _is_program(content) else ""


def _is_program(content: bytes) -> bool:
    if len(content) <= _LEAST_PE:
        return len(content) <= 8
    at = int.from_bytes(content[60:64], "little")  # where a loader looks, wherever that is
    return content[at : at + 4] == _PE or _PE in content[:4096]


def _is_json(content: bytes) -> bool:
    if content[:64].lstrip()[:1] not in {b"{", b"["}:
        return False
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
