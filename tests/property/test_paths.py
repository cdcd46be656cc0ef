"""Paths: what one reading says, every other reading of the same path says, too."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.ecosystems.npm.names import is_legal, why_unservable
from pratique.proxy.paths import Asked, What, read_path, tarball_path

PIECES = st.sampled_from(
    ["/", "-", "-", "@s", "@s/", "%2f", "%2F", "%252f", "..", ".", "%2e", "%00", "\\", "%5c",
     "left-pad", "1.0.0", "x-1.0.0.tgz", "-rev", "package", "dist-tags", "npm", "v1", "a", "%61",
     "%40", "@", "?", "#", "%", "\r\n", "%0a", "\u00e9", "%c3%a9", "+", "%2b", ":", ";", "//"]
)  # fmt: skip
SEGMENTS = st.lists(PIECES, min_size=1, max_size=2).map("".join)
PATHS = st.lists(SEGMENTS, max_size=5).map(lambda parts: ("/" + "/".join(parts)).encode())
PART = st.text("abcXYZ019-_.", min_size=1, max_size=8)
NAMES = (PART | st.tuples(PART, PART).map(lambda both: f"@{both[0]}/{both[1]}")).filter(is_legal)
FILES = st.text("abc019._-", min_size=1, max_size=12).map(lambda text: f"x{text}.tgz")


@settings(max_examples=2000)
@given(sent=PATHS | st.binary(max_size=40))
def test_what_is_read_is_a_name_that_can_be_served_and_leads_nowhere_else(sent: bytes) -> None:
    asked = read_path(sent)
    if isinstance(asked, str):
        assert asked
        return
    assert not asked.name or why_unservable(asked.name) is None
    for text in (asked.name, asked.version, asked.file, asked.tag, asked.rest):
        assert text.isascii()
        assert not set(text) & set("%\\?# \x00\r\n")
        assert not {"..", "."} & set(text.split("/"))
        assert not text.startswith("/")
        assert not text.endswith("/")


@given(name=NAMES, file=FILES, encoded=st.booleans(), lower=st.booleans())
def test_every_way_to_send_a_name_reads_the_same(
    name: str, file: str, encoded: bool, lower: bool
) -> None:
    spelled = quote(name, safe="" if encoded else "@/")
    spelled = spelled.replace("%2F", "%2f") if lower else spelled
    assert read_path(f"/{spelled}".encode()) == Asked(What.PACKUMENT, name)
    assert read_path(f"/{spelled}/-/{file}".encode()) == Asked(What.TARBALL, name, file=file)
    tags = f"/-/package/{spelled}/dist-tags"
    assert read_path(tags.encode()) == Asked(What.DIST_TAGS, name)


@given(name=NAMES, url=st.lists(PIECES, max_size=9).map("".join))
def test_an_artifact_has_a_path_only_where_that_path_is_read_as_it(name: str, url: str) -> None:
    base = "https://registry.example/"
    for address in (url, base + url, f"{base}{name}/-/{url}", f"https://alias.example/{url}"):
        path = tarball_path(base, {"alias.example"}, name, address)
        if path is not None:
            asked = read_path(f"/{path}".encode())
            assert isinstance(asked, Asked)
            assert (asked.what, asked.name) == (What.TARBALL, name)
            assert path == f"{name}/-/{asked.file}"
