"""What a file is: told by its first bytes, whatever its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.capabilities.formats import CODE, NATIVE, extension_of, format_of

FAR_PE = b"MZ" + bytes(58) + (8192).to_bytes(4, "little") + bytes(8192 - 64) + b"PE\0\0"
PE = b"MZ" + bytes(62) + b"PE\0\0" + bytes(8)


@pytest.mark.parametrize(
    ("path", "extension"),
    [
        ("a.js", ".js"), ("a/b.MJS", ".mjs"), ("a.d.ts", ".ts"), ("a.tar.gz", ".gz"),
        ("a", ""), (".npmrc", ""), ("a.b/c", ""), ("a/.env", ""), ("a.", "."), ("", ""),
    ],
)  # fmt: skip
def test_an_extension_is_the_last_one_in_lower_case(path: str, extension: str) -> None:
    assert extension_of(path) == extension


@pytest.mark.parametrize("path", ["a.node", "a.js", "a.png", "README.md", "a", "package.json"])
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x7fELF" + bytes(9), "elf"),
        (PE, "pe"),
        (FAR_PE, "pe"),
        (b"\xcf\xfa\xed\xfe" + bytes(9), "mach-o"),
        (b"\xce\xfa\xed\xfe" + bytes(9), "mach-o"),
        (b"\xca\xfe\xba\xbe" + bytes(9), "mach-o"),
        (b"\xca\xfe\xba\xbf" + bytes(9), "mach-o"),
        (b"\0asm\1\0\0\0", "wasm"),
        (b"!<arch>\nx", "archive"),
        (b"BC\xc0\xde" + bytes(9), "bitcode"),
    ],
)
def test_native_code_is_told_whatever_its_name(path: str, content: bytes, name: str) -> None:
    assert format_of(path, content) == name
    assert name in NATIVE


@pytest.mark.parametrize(
    ("path", "content", "name"),
    [
        ("a.txt", b"MZ is how it begins, and it is a text", "text"),
        ("a.js", b"MZ = 1; // and more than sixty-four bytes of code follow behind it", "code"),
        ("a.js", b"", "code"),
        ("a.TS", b"x", "code"),
        ("a.js", b"\x89PNG\r\n" + bytes(9), "code"),
        ("a.png", b"\x89PNG\r\n" + bytes(9), "media"),
        ("a.png", b"eval(x)", "text"),
        ("a", b"#!/usr/bin/env node\nx", "code"),
        ("a", b"#!/usr/bin/env -S bun run\nx", "code"),
        ("a", b"#!/bin/sh\nx", "shell"),
        ("a", b"#!" + b" " * 200 + b"node\n", "code"),
        ("a", b"#!" + b" " * 2000 + b"node\n", "shell"),
        ("a", b'#!/bin/sh -c "exec node"\nx', "shell"),
        ("a.ps1", b"x", "shell"),
        ("a.CMD", b"x", "shell"),
        ("a.json", b'{"a": 1}', "json"),
        ("a.txt", b" \n[1, 2]", "json"),
        ("a.json", b"{", "text"),
        ("a.json", b"[" * 100_000, "text"),
        ("a.bin", b"a\0b", "binary"),
        ("a", b"", "text"),
        ("a", b"plain", "text"),
    ],
)  # fmt: skip
def test_what_else_a_file_is(path: str, content: bytes, name: str) -> None:
    assert format_of(path, content) == name


@given(st.binary(max_size=300), st.sampled_from(sorted(CODE)))
def test_what_is_named_like_code_is_code_or_native(content: bytes, extension: str) -> None:
    """No first bytes take code out of what is read."""
    assert format_of(f"a{extension}", content) in {"code", *NATIVE}


@given(st.binary(max_size=300), st.sampled_from(["a", "a.json", "a.md", "a.png", "a.sh"]))
def test_every_file_has_a_format(content: bytes, path: str) -> None:
    known = {"code", "media", "shell", "binary", "json", "text", *NATIVE}
    assert format_of(path, content) in known
