"""Any bytes are a path that names one thing, or a sentence why not; so with addresses."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.ecosystems.npm.names import why_unservable
from pratique.proxy.paths import Asked, What, read_path, tarball_path

BASE = "https://registry.example/npm/"
_SEEDS = (
    b"/@s%2fname/-/name-1.0.0.tgz", b"/left-pad/1.3.0", b"/-/package/@s%2Fname/dist-tags/next",
    b"/-/npm/v1/attestations/@s/name@1.0.0", b"/-/user/org.couchdb.user:joe/-rev/1-a",
    b"/left-pad/-/left-pad-1.3.0.tgz/-rev/3-x", b"/-/npm/v1/security/advisories/bulk",
    b"/-/pratique/decisions/abcdefgh234567ab", b"/%2e%2e/%252f/%00/\\",
    b"https://registry.example/npm/@s%2fname/-/name-1.0.0.tgz",
    b"https://alias.example:443/@s/name/-/@s/name-1.0.0.tgz?x#y",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    yield from _SEEDS


def one(data: bytes) -> None:
    asked = read_path(data)
    if isinstance(asked, Asked):
        assert not asked.name or why_unservable(asked.name) is None
        for text in (asked.name, asked.version, asked.file, asked.tag, asked.rest):
            assert not set(text) & set("%\\?# \x00\r\n")
            assert not {"..", "."} & set(text.split("/"))
    url = data.decode("utf-8", "surrogateescape")
    for name in ("left-pad", "@s/name"):
        path = tarball_path(BASE, {"alias.example"}, name, url)
        if path is not None:
            again = read_path(b"/" + path.encode("ascii"))
            assert isinstance(again, Asked)
            assert (again.what, again.name) == (What.TARBALL, name)
