"""Archives that are made to be misread, or to break what reads them; and what is said of each.

Every one is drawn when it is used: none of them lies in the repository.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat

from tests.tars import (
    END,
    GNU,
    MANIFEST,
    V7,
    header,
    link,
    long_name,
    manifest,
    member,
    package,
    padded,
    pax,
    record,
    streamed,
    tgz,
)

CODE = b"module.exports = 1;\n"
EVIL = b'{"name": "pratique-test-archive", "version": "1.0.0", "scripts": {"install": "true"}}\n'
MEBIBYTE = bytes(1024 * 1024)


@dataclass(frozen=True)
class Row:
    """An archive and its verdict.

    `odd`: a part of the sentence for which it is unanalysable; "" where nothing is wrong with it.
    `is_large`: it takes seconds to draw.
    """

    name: str
    make: Callable[[], bytes]
    odd: str = ""
    is_large: bool = False


def _bomb() -> bytes:
    files = (header(b"package/%d" % number, 2**20) + MEBIBYTE for number in range(600))
    return streamed(chain([manifest()], files, [END]), level=6)


def _noisy(mebibytes: int) -> Iterator[bytes]:
    """Text that packs about a hundred times: no bound on the ratio stops it."""
    noise = hashlib.shake_128(b"noise").digest(9_000)
    return repeat(noise + bytes(len(MEBIBYTE) - len(noise)), mebibytes)


def _slow_bomb() -> bytes:
    head = header(b"package/noise", 700 * 1024 * 1024)
    return streamed(chain([manifest(), head], _noisy(700), [END]), level=1)


def _large() -> bytes:
    """Allowed: 30 files of 10 MiB each, 300 MiB together, as the largest real packages have."""
    noise = b"".join(_noisy(10))
    files = (header(b"package/large-%d.bin" % n, len(noise)) + noise for n in range(30))
    return streamed(chain([manifest()], files, [END]), level=1)


def _million() -> bytes:
    block = b"".join(header(b"package/%d" % number) for number in range(1_000))
    return streamed(chain([manifest()], repeat(block, 1_000), [END]), level=1)


def _folders() -> bytes:
    block = header(b"package/lib/", 0, b"5") * 1_000
    return streamed(chain([manifest()], repeat(block, 1_000), [END]), level=1)


def _written(format_: int) -> bytes:
    """What Python's own writer makes of ordinary and of long names."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as archive:
        for name in ("package.json", "lib/index.js", "lib/" + "deep/" * 30 + "index.js"):
            content = MANIFEST if name == "package.json" else CODE
            entry = tarfile.TarInfo("package/" + name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(out.getvalue())


def _records(count: int) -> bytes:
    return pax(*repeat(record("comment", "x"), count))


FILE = member("package/index.js", CODE)
LONG = "package/" + "a/" * 20 + "b" * 120

ROWS = (
    # -- how much there is
    Row("a zip bomb of 600 MiB", _bomb, "times its size", is_large=True),
    Row("a bomb below the bound on the ratio", _slow_bomb, "more than 512 MiB", is_large=True),
    Row("gzip in gzip", lambda: gzip.compress(gzip.compress(END)), "inside a block"),
    Row("a million files", _million, "100,000 entries", is_large=True),
    Row("a million times one folder", _folders, "100,000 entries", is_large=True),
    Row("300 MiB of files", _large, is_large=True),
    Row("two gibibytes declared", lambda: package(header(b"package/a", 2**31)), "512 MiB"),
    Row("400 MiB declared, none there", lambda: package(header(b"package/a", 400 << 20)),
        "ends inside a file"),
    Row("a pax header of two mebibytes", lambda: package(_records(200_000), FILE),
        "more than a mebibyte"),
    Row("a pax header of 50,000 records", lambda: package(_records(50_000), FILE)),
    Row("a long name of a mebibyte", lambda: package(long_name("package/" + "a" * 1_000_000), FILE),
        "too long or too deep"),
    Row("a path of 400 folders", lambda: package(pax(record("path", "package/" + "a/" * 400 + "b")),
        FILE), "too long or too deep"),
    Row("a name of 300 bytes", lambda: package(pax(record("path", "package/" + "a" * 300)), FILE),
        "too long or too deep"),
    # -- where files go
    Row("a symbolic link out", lambda: package(link("package/a", "../../../etc/passwd")),
        "a symbolic link"),
    Row("a hard link out", lambda: package(link("package/a", "/etc/passwd", b"1")), "a hard link"),
    Row("a file through a link", lambda: package(link("package/a", "/none"), member("package/a/b")),
        "a symbolic link"),
    Row("a link named by a pax header", lambda: package(pax(record("linkpath", "/etc")), FILE),
        "holds a link"),
    Row("a GNU long link", lambda: package(member("././@LongLink", b"/etc\0", b"K"), FILE),
        "a long link name"),
    Row("a file that names a link's target",
        lambda: package(header(b"package/a", 512, link=b"b") + header(b"package/c")),
        "the target of a link"),
    Row("a way up", lambda: package(member("package/../../out", CODE)), "leaves the package"),
    Row("a way up as the first folder", lambda: package(member("../out", CODE)),
        "leaves the package"),
    Row("a way up in a pax header",
        lambda: package(pax(record("path", "package/../../out")), FILE), "leaves the package"),
    Row("an absolute name", lambda: package(member("/none/out", CODE)), "leaves the package"),
    Row("a drive's letter", lambda: package(member("C:/package/a", CODE)), "leaves the package"),
    Row("a drive's letter below the first folder",
        lambda: package(member("package/c:/package.json", EVIL)), "do not agree on"),
    Row("backslashes", lambda: package(member("package\\..\\out", CODE)), "leaves the package"),
    Row("a folder above", lambda: package(member("package/../..", b"", b"5")),
        "leaves the package"),
    Row("a file without a folder", lambda: package(member("index.js", CODE)), "outside of its"),
    # -- which file is meant
    Row("two manifests", lambda: package(manifest(EVIL)), "holds 'package.json' twice"),
    Row("a manifest twice", lambda: package(manifest(), member("package/a.js", CODE))),
    Row("a file twice with the same bytes",
        lambda: package(member("package/a.js", CODE), member("package/a.js", CODE))),
    Row("a file twice, once as a program",
        lambda: package(member("package/a.js", CODE), member("package/a.js", CODE, mode=0o755)),
        "holds 'a.js' twice"),
    Row("two manifests below two roots", lambda: package(member("other/package.json", EVIL)),
        "holds 'package.json' twice"),
    Row("two manifests by an empty folder's name",
        lambda: package(member("package/./package.json", EVIL)), "holds 'package.json' twice"),
    Row("two manifests in two cases", lambda: package(member("package/Package.JSON", EVIL)),
        "in two spellings"),
    Row("two spellings of one letter",
        lambda: package(member("package/\u00e9.js", CODE), member("package/e\u0301.js", CODE)),
        "in two spellings"),
    Row("a dot that Windows drops", lambda: package(member("package/package.json.", EVIL)),
        "in two spellings"),
    Row("a stream that Windows drops", lambda: package(member("package/package.json::$DATA", EVIL)),
        "in two spellings"),
    Row("a file and a folder", lambda: package(member("package/package.json/a", CODE)),
        "below a file"),
    Row("a folder and a file", lambda: package(member("package/a/b", CODE), member("package/a")),
        "as a file and as a folder"),
    # -- what a header says
    Row("a pax path for a long name", lambda: package(pax(record("path", LONG)), FILE)),
    Row("a pax path over a GNU long name",
        lambda: package(pax(record("path", "package/a.js")), long_name("package/b.js"), FILE),
        "in two ways"),
    Row("a pax size before a GNU long name",  # CVE-2026-53655
        lambda: package(pax(record("size", "0")), long_name("package/b.js"), FILE), "in two ways"),
    Row("a pax header before a global one",
        lambda: package(pax(record("path", "package/a.js")), pax(kind=b"g"), FILE), "in two ways"),
    Row("a pax size that hides a manifest",
        lambda: package(pax(record("size", "0")), member("package/a", manifest(EVIL))),
        "two sizes"),
    Row("a pax path with a line break",
        lambda: package(pax(record("path", "package/a\nb")), FILE), "line breaks"),
    Row("a pax path in a comment",
        lambda: package(pax(record("comment", "a\n22 path=package/evil")), FILE), "hold records"),
    Row("a pax comment of two lines", lambda: package(pax(record("comment", "a\nb=c")), FILE)),
    Row("a manifest in a pax header, as npm wrote it",
        lambda: package(pax(record("NODETAR.package.main", "a.js")), FILE)),
    Row("a pax path with a NUL byte", lambda: package(pax(record("path", "package/a\0b")), FILE),
        "NUL bytes"),
    Row("a pax type that makes a folder", lambda: package(pax(record("type", "Directory")), FILE),
        "a key that only some readers know"),
    Row("a pax length that lies", lambda: package(pax(b"99 path=package/a\n"), FILE),
        "cannot be read"),
    Row("a global pax path", lambda: package(pax(record("path", "package/a"), kind=b"g"), FILE),
        "every file the same name"),
    Row("a global pax comment, as git writes it",
        lambda: package(pax(record("comment", "0" * 40), kind=b"g"), FILE)),
    Row("a pax header of an old kind",
        lambda: package(pax(record("path", "package/a"), kind=b"X"), FILE), "an old extended"),
    Row("a sparse file", lambda: package(member("package/a", CODE, b"S", magic=GNU)),
        "a sparse file"),
    Row("a sparse file by pax",
        lambda: package(pax(record("GNU.sparse.name", "package/package.json")), FILE),
        "a sparse file"),
    Row("a device", lambda: package(header(b"package/a", 0, b"3")), "a device"),
    Row("a pipe", lambda: package(header(b"package/a", 0, b"6")), "a pipe"),
    Row("a contiguous file", lambda: package(member("package/a/", CODE, b"7")), "a contiguous"),
    Row("a kind that nobody knows", lambda: package(member("package/a", CODE, b"Z")), "nobody"),
    Row("a folder with bytes", lambda: package(header(b"package/a/", 512, b"5") + manifest(EVIL)),
        "a size to an entry that has no bytes"),
    Row("a file named as a folder, with bytes",
        lambda: package(header(b"package/a/", 2 * 512) + manifest(EVIL)), "a folder that has"),
    Row("a NUL byte in a name", lambda: package(member(b"package/a\0\n/b", CODE)),
        "bytes behind the end of a name"),
    Row("a name that is not UTF-8", lambda: package(member(b"package/\xff\xfe", CODE)),
        "not UTF-8"),
    Row("a header without a name", lambda: package(header(b"", 512) + manifest(EVIL)),
        "without a name"),
    Row("a prefix in a form without one",
        lambda: package(member("package/a", CODE, magic=GNU, prefix=b"evil")), "only some readers"),
    Row("a size in base 256",
        lambda: package(header(b"package/a", b"\x80" + bytes(10) + b"\x14") + padded(CODE)),
        "only some readers know"),
    Row("a negative size", lambda: package(header(b"package/a", b"-0000000024\0")), "no number"),
    Row("a negative size in base 256", lambda: package(header(b"package/a", b"\xff" * 12)),
        "only some readers know"),
    Row("a size behind a NUL byte",
        lambda: package(header(b"package/a", b"\0" + b"0000001000\0") + manifest(EVIL)),
        "no number"),
    Row("a size with a sign of its own", lambda: package(header(b"package/a", b"0o000001000\0")),
        "no number"),
    Row("a wrong checksum", lambda: package(header(b"package/a", checksum=b"000000\0 "), FILE),
        "wrong checksum"),
    Row("a checksum without an end", lambda: package(_endless(), FILE), "wrong checksum"),
    # -- where it ends
    Row("a gzip stream cut off", lambda: package(FILE)[:-20], "end too early"),
    Row("a gzip stream with a wrong check", lambda: package(FILE)[:-8] + bytes(8), "damaged"),
    Row("two gzip members", lambda: package(end=b"") + tgz(FILE), "a second compressed stream"),
    Row("bytes behind the gzip member", lambda: package(FILE) + b"trailing", "behind the comp"),
    Row("zeros behind the gzip member", lambda: package(FILE) + bytes(512)),
    Row("a tar behind the end mark", lambda: package(FILE, end=END + manifest(EVIL) + END),
        "behind its end mark"),
    Row("one zero block between files", lambda: package(FILE, bytes(512), manifest(EVIL)),
        "behind its end mark"),
    Row("no end mark", lambda: package(FILE, end=b""), "no end mark"),
    Row("an end inside a header", lambda: package(FILE, end=FILE[:300]), "inside a block"),
    Row("an end inside a file", lambda: package(member("package/a", bytes(4096))[:1024], end=b""),
        "inside a file"),
    Row("a pax header for no file", lambda: package(pax(record("path", "package/a"))), "no file"),
    Row("an empty archive", tgz, "holds no file"),
    Row("no bytes at all", lambda: b"", "not compressed by gzip"),
    Row("a tar that is not compressed", lambda: manifest() + FILE + END, "not compressed by gzip"),
    Row("no manifest", lambda: tgz(FILE), "no package.json"),
    Row("a manifest that is no JSON", lambda: tgz(manifest(b"\x7fELF")), "no package.json"),
    # -- nothing wrong with it
    Row("an old archive of the form v7", lambda: tgz(
        member("package/", magic=V7), member("package/package.json", MANIFEST, b"\0", magic=V7))),
    Row("several roots", lambda: package(member("other/index.js", CODE))),
    Row("Python's ustar", lambda: _written(tarfile.USTAR_FORMAT)),
    Row("Python's GNU", lambda: _written(tarfile.GNU_FORMAT)),
    Row("Python's pax", lambda: _written(tarfile.PAX_FORMAT)),
)  # fmt: skip


def _endless() -> bytes:
    """A checksum of eight digits: node-tar reads on into the type."""
    block = header(b"package/a")
    stated = int(block[148:154], 8)
    return header(b"package/a", checksum=b"%08o" % stated)
