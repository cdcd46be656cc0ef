"""Archives in memory: what is read of the ordinary ones, and what no bytes can do."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import tarfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tars import (
    END,
    MANIFEST,
    header,
    long_name,
    manifest,
    member,
    package,
    padded,
    pax,
    record,
    tgz,
)

from pratique.archives import Archive, Entry, Limits, read_archive
from pratique.archives.paths import key_of, path_of

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
SMALL = Limits(size=64 * 1024, free=16 * 1024, kept=8 * 1024, file=4 * 1024, entries=50)


def paths(archive: Archive) -> list[str]:
    return [entry.path for entry in archive.entries]


# -- ordinary archives -----------------------------------------------------------------------------


def written(files: dict[str, bytes], format_: int, root: str = "package/") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(root + name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(out.getvalue())


PARTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z", "S", "P", "M"]),
    min_size=1, max_size=12,
)  # fmt: skip
NAMES = st.lists(PARTS, min_size=1, max_size=8).map("/".join)


def are_apart(names: set[str]) -> bool:
    """No two that some file system holds for one, and no file where another needs a folder."""
    keys = {key_of(name) for name in names}
    above = {key.rsplit("/", n)[0] for key in keys for n in range(1, key.count("/") + 1)}
    return len(keys) == len(names) and not keys & above


@given(
    names=st.sets(NAMES, min_size=1, max_size=6).filter(are_apart),
    content=st.binary(max_size=2000),
    format_=st.sampled_from(FORMATS),
)
def test_what_other_writers_write_is_read_as_it_was_written(
    names: set[str], content: bytes, format_: int
) -> None:
    files = dict.fromkeys(sorted(names), content)
    archive = read_archive(written(files, format_))
    assert archive.oddities == ()
    assert archive.entries == tuple(Entry(name, content, 0o755) for name in files)
    assert archive.size == len(content) * len(files)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("root", ["package/", "p-v1.0.0/", "./", "package/./"])
def test_the_first_folder_is_dropped_whatever_it_is_called(format_: int, root: str) -> None:
    archive = read_archive(written({"package.json": MANIFEST, "a/b.js": b"1"}, format_, root))
    if root == "./":
        assert "do not agree on" in archive.oddities[0]
    else:
        assert (paths(archive), archive.oddities) == (["package.json", "a/b.js"], ())


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_that_no_header_has_room_for_are_read(format_: int) -> None:
    name = "lib/" + "ö" * 100 + "/" + "x" * 250
    archive = read_archive(written({name: b"1"}, format_))
    assert (paths(archive), archive.oddities) == ([name], ())


# -- bytes of any kind -----------------------------------------------------------------------------

BLOCKS = st.sampled_from([
    manifest(), member("package/a.js", b"1"), member("package/lib/", b"", b"5"), bytes(512), END,
    pax(record("path", "package/b.js")), pax(record("size", "1")), pax(record("comment", "c"),
    kind=b"g"), long_name("package/c.js"), header(b"package/huge", 2**31), padded(b"x" * 700),
    header(b"package/a", 0, b"2", link=b"/etc"), member("../a", b"1"), member("package/A.JS"),
])  # fmt: skip


def is_sound(archive: Archive, limits: Limits) -> None:
    """Bounds hold, and an archive that is not read whole says so."""
    assert sum(len(entry.content) for entry in archive.entries) <= limits.size
    assert len(archive.entries) <= limits.entries
    assert all(len(entry.content) <= limits.file for entry in archive.entries)
    assert all(entry.path and not entry.path.startswith("/") for entry in archive.entries)
    assert not any(".." in entry.path.split("/") for entry in archive.entries)
    assert archive.entries or archive.oddities
    assert len(set(paths(archive))) == len(archive.entries) or archive.oddities


@given(st.binary(max_size=3000))
def test_any_bytes_are_an_archive_or_an_oddity(source: bytes) -> None:
    is_sound(read_archive(source, SMALL), SMALL)
    is_sound(read_archive(gzip.compress(source), SMALL), SMALL)


@given(st.lists(BLOCKS, max_size=12), st.randoms(use_true_random=False))
def test_an_archive_with_some_bytes_changed_never_breaks_the_bounds(
    blocks: list[bytes], chance: random.Random
) -> None:
    stream = bytearray(b"".join(blocks))
    for _ in range(min(len(stream), chance.randrange(8))):
        stream[chance.randrange(len(stream))] = chance.randrange(256)
    packed = bytearray(gzip.compress(stream, mtime=0))
    is_sound(read_archive(bytes(packed), SMALL), SMALL)
    for _ in range(chance.randrange(3)):
        packed[chance.randrange(len(packed))] = chance.randrange(256)
    is_sound(read_archive(bytes(packed), SMALL), SMALL)


@given(st.lists(BLOCKS, max_size=12))
def test_what_is_kept_in_memory_and_what_is_unpacked_anew_are_the_same(
    blocks: list[bytes],
) -> None:
    source = tgz(*blocks)
    kept, anew = read_archive(source), read_archive(source, Limits(kept=0))
    assert tuple(anew.entries) == tuple(kept.entries)
    assert (anew.oddities, anew.size, anew.cut) == (kept.oddities, kept.size, kept.cut)


@given(st.lists(BLOCKS, min_size=1, max_size=8), st.integers(min_value=1))
def test_an_archive_that_was_cut_off_is_never_clean(blocks: list[bytes], at: int) -> None:
    source = tgz(manifest(), *blocks)
    assert read_archive(source[: at % len(source)]).oddities


# -- bounds ----------------------------------------------------------------------------------------


def test_a_large_archive_is_gone_through_without_being_kept() -> None:
    contents = [bytes([65 + number]) * 3000 for number in range(4)]
    files = [member(f"package/{n}.js", content) for n, content in enumerate(contents)]
    archive = read_archive(tgz(*files), SMALL)
    assert not isinstance(archive.entries, tuple)
    assert [entry.content for entry in archive.entries] == contents
    assert [entry.content for entry in archive.entries[1:3]] == contents[1:3]
    assert archive.entries[-1] == Entry("3.js", contents[3])
    assert (archive.oddities, archive.size) == ((), 12_000)


def test_of_a_large_file_only_the_first_bytes_are_read_and_that_is_said() -> None:
    content = b"a" * 4096 + b"b" * 6000
    archive = read_archive(package(member("package/big.js", content)), SMALL)
    assert archive.cut == ("big.js",)
    assert archive.entries[-1].content == content[:4096]
    assert archive.oddities == ()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (tgz(*(header(b"package/%d" % n) for n in range(51))), "has more than 50 entries"),
        (tgz(member("package/a", bytes(70_000))), "holds a file of more than 0 MiB"),
        (tgz(*(member(f"package/{n}", bytes(9_000)) for n in range(9))),
         "unpacks to more than 0 MiB"),
        (tgz(*(member(f"package/{n}", bytes(9_000)) for n in range(6))),
         "unpacks to more than 9 times its size"),
    ],
    ids=["entries", "file", "size", "ratio"],
)  # fmt: skip
def test_a_broken_bound_comes_first_and_leaves_no_entries(source: bytes, why: str) -> None:
    ratio = 9 if "times" in why else 200
    limits = Limits(size=64 * 1024, free=16 * 1024, ratio=ratio, entries=50)
    archive = read_archive(source, limits)
    assert archive.oddities[0] == why
    assert archive.entries == ()


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("package/a.js", "a.js"),
        ("x/lib//a.js", "lib/a.js"),
        ("package/./a.js", "a.js"),
        ("package/..a", "..a"),
        ("package/ab:c", "ab:c"),
        ("package/ä\n", "ä\n"),
        ("package/x/c:/a", "x/c:/a"),
    ],
)
def test_the_path_is_what_is_below_the_first_folder(name: str, path: str) -> None:
    assert path_of(name, Limits()) == (path, "")


@pytest.mark.parametrize(
    "name",
    [
        "", "a", "package/", "/package/a", "../a", "package/../a", "package/a/..", "./package/a",
        "C:/a/b", "package/c:a", "package/c:/a", "package\\a", "package/a\0",
        "package/" + "a" * 256, "package/" + "ä" * 128,
        "package/" + "a/" * 64 + "b", "package/" + "ab/" * 400,
    ],
)  # fmt: skip
def test_a_name_that_some_client_puts_elsewhere_has_no_path(name: str) -> None:
    path, why = path_of(name, Limits())
    assert (path, bool(why)) == ("", True)


@pytest.mark.parametrize("first", ["package", ".package"])
def test_a_name_has_its_bounds_whatever_letters_it_is_made_of(first: str) -> None:
    """Names of letters alone take a shorter way."""
    deep, limits = "/".join("a" * 63), Limits(name=250)
    assert path_of(f"{first}/{deep}", limits) == (deep, "")
    assert path_of(f"{first}/{deep}/a", limits)[1] == "holds a name that is too long or too deep"
    long = "/".join(["b" * 40] * 6)[: 250 - len(first) - 1]
    assert path_of(f"{first}/{long}", limits) == (long, "")
    assert path_of(f"{first}/{long}b", limits)[1] == "holds a name that is too long or too deep"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("package.json", "Package.JSON"),
        ("é", "e\u0301"),
        ("straße", "STRASSE"),
        ("a/b", "A/B"),
        ("a", "a."),
        ("a/b", "a./b "),
        ("a", "a::$DATA"),
        ("ﬁle", "file"),
    ],
)
def test_paths_that_some_file_system_holds_for_one_have_one_key(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("a/b", "ab"), (".a", "a"), ("a b", "ab")])
def test_other_paths_have_their_own_keys(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


def test_a_file_that_is_packed_twice_with_the_same_bytes_is_one_file() -> None:
    """npm 9 packed a package's `main` twice where `files` named it, too."""
    code = member("package/index.js", b"1;\n")
    archive = read_archive(package(code, member("package/b.js"), code))
    assert (paths(archive), archive.oddities) == (["package.json", "index.js", "b.js"], ())


def test_the_same_holds_where_files_are_too_large_to_keep() -> None:
    large = member("package/index.js", hashlib.shake_128(b"1").digest(9_000))
    limits = replace(SMALL, size=2**20)
    assert read_archive(package(large, large), limits).oddities == ()
    other = member("package/index.js", hashlib.shake_128(b"2").digest(9_000))
    (odd,) = read_archive(package(large, other), limits).oddities
    assert odd == "holds 'index.js' twice"


@pytest.mark.parametrize("between", [1, 2, 4])
def test_the_same_holds_where_only_the_first_one_was_kept(between: int) -> None:
    """Up to two files are: the second of a name is among them, the first that is not, or later."""
    one, other = (member("package/index.js", letter * 3000) for letter in (b"a", b"b"))
    filling = [member(f"package/{number}.js", b"c" * 3000) for number in range(between)]
    files = ["index.js", *(f"{number}.js" for number in range(between))]
    again = read_archive(tgz(one, *filling, one, END), SMALL)
    assert (paths(again), again.oddities) == (files, ())
    twice = read_archive(tgz(one, *filling, other, one, END), SMALL)
    assert "holds 'index.js' twice" in twice.oddities
    assert paths(twice) == [*files, "index.js", "index.js"]
