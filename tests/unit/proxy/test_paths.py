"""Paths: every way that clients send them means the same; what two could read apart is refused."""

from __future__ import annotations

import pytest

from pratique.proxy.paths import LONGEST, Asked, What, read_path, tarball_path

BASE = "https://registry.example/"

READ: dict[str, Asked] = {
    "/": Asked(What.ROOT),
    "/left-pad": Asked(What.PACKUMENT, "left-pad"),
    "/left%2dpad": Asked(What.PACKUMENT, "left-pad"),
    "/JSONStream": Asked(What.PACKUMENT, "JSONStream"),
    "/-/package/@s%2fname/collaborators": Asked(What.COLLABORATORS, "@s/name"),
    "/-/package/left-pad/visibility": Asked(What.VISIBILITY, "left-pad"),
    "/-x": Asked(What.PACKUMENT, "-x"),
    "/-x/-/-x-1.0.0.tgz": Asked(What.TARBALL, "-x", file="-x-1.0.0.tgz"),
    "/@s/name": Asked(What.PACKUMENT, "@s/name"),
    "/@s%2fname": Asked(What.PACKUMENT, "@s/name"),
    "/@s%2Fname": Asked(What.PACKUMENT, "@s/name"),
    "/%40s%2fname": Asked(What.PACKUMENT, "@s/name"),
    "/%40s/name": Asked(What.PACKUMENT, "@s/name"),
    "/@s/_name": Asked(What.PACKUMENT, "@s/_name"),
    "/left-pad/1.3.0": Asked(What.VERSION, "left-pad", version="1.3.0"),
    "/left-pad/latest": Asked(What.VERSION, "left-pad", tag="latest"),
    "/@s%2fname/1.0.0-rc.1%2Bb": Asked(What.VERSION, "@s/name", version="1.0.0-rc.1+b"),
    "/left-pad/-/left-pad-1.3.0.tgz": Asked(What.TARBALL, "left-pad", file="left-pad-1.3.0.tgz"),
    "/@s/name/-/name-1.0.0.tgz": Asked(What.TARBALL, "@s/name", file="name-1.0.0.tgz"),
    "/@s%2fname/-/name-1.0.0.tgz": Asked(What.TARBALL, "@s/name", file="name-1.0.0.tgz"),
    "/@s/name/-/@s/name-1.0.0.tgz": Asked(What.TARBALL, "@s/name", file="@s/name-1.0.0.tgz"),
    "/left-pad/-rev/12-abc": Asked(What.REVISION, "left-pad", rest="12-abc"),
    "/@s%2fname/-rev/undefined": Asked(What.REVISION, "@s/name", rest="undefined"),
    "/left-pad/-/left-pad-1.3.0.tgz/-rev/3-x": Asked(
        What.TARBALL_REVISION, "left-pad", file="left-pad-1.3.0.tgz", rest="3-x"
    ),
    "/-/package/left-pad/dist-tags": Asked(What.DIST_TAGS, "left-pad"),
    "/-/package/@s%2fname/dist-tags": Asked(What.DIST_TAGS, "@s/name"),
    "/-/package/@s/name/dist-tags/next": Asked(What.DIST_TAG, "@s/name", tag="next"),
    "/-/ping": Asked(What.PING),
    "/-/whoami": Asked(What.WHOAMI),
    "/-/health": Asked(What.HEALTH),
    "/-/ready": Asked(What.READY),
    "/-/metrics": Asked(What.METRICS),
    "/-/v1/search": Asked(What.SEARCH),
    "/-/v1/login": Asked(What.LOGIN),
    "/-/v1/login/abc": Asked(What.LOGIN, rest="abc"),
    "/-/user/org.couchdb.user:joe": Asked(What.USER, rest="joe"),
    "/-/user/org.couchdb.user%3Ajoe": Asked(What.USER, rest="joe"),
    "/-/user/org.couchdb.user:joe/-rev/1-a": Asked(What.USER, rest="joe"),
    "/-/user/token/abc": Asked(What.TOKENS, rest="abc"),
    "/-/npm/v1/tokens": Asked(What.TOKENS),
    "/-/npm/v1/tokens/token/abc": Asked(What.TOKENS, rest="abc"),
    "/-/npm/v1/user": Asked(What.PROFILE),
    "/-/npm/v1/keys": Asked(What.KEYS),
    "/-/npm/v1/security/advisories/bulk": Asked(What.ADVISORIES),
    "/-/npm/v1/security/audits": Asked(What.AUDIT),
    "/-/npm/v1/security/audits/quick": Asked(What.QUICK_AUDIT),
    "/-/npm/v1/attestations/left-pad@1.3.0": Asked(What.ATTESTATIONS, "left-pad", version="1.3.0"),
    "/-/npm/v1/attestations/@s%2fname@1.0.0": Asked(What.ATTESTATIONS, "@s/name", version="1.0.0"),
    "/-/npm/v1/attestations/@s/name@1.0.0": Asked(What.ATTESTATIONS, "@s/name", version="1.0.0"),
    "/-/pratique/decisions/abcdefgh234567ab": Asked(What.DECISION, rest="abcdefgh234567ab"),
}

REFUSED = [
    b"", b"left-pad", b"//", b"//left-pad", b"/left-pad/", b"/left-pad//1.3.0", b"/@s//name",
    b"/../left-pad", b"/left-pad/..", b"/left-pad/./1.3.0", b"/%2e%2e/left-pad", b"/left-pad/%2E.",
    b"/left-pad/-/..", b"/left-pad/-/%2e%2e", b"/left-pad/-/../left-pad", b"/left-pad/-/.x.tgz",
    b"/@s%2f..", b"/@s/..", b"/@..%2fname", b"/@../name", b"/..%2f@s%2fname", b"/@s/../left-pad",
    b"/@s%252fname", b"/%2540s%252fname", b"/left%25pad", b"/%252e%252e/x", b"/left-pad%2500",
    b"/left-pad%00", b"/left-pad\x00", b"/left-pad%0d%0aset-cookie:x", b"/left-pad\r\n",
    b"/left pad",
    b"/left%20pad", b"/left-pad\x7f", b"/left-pad%7f", b"/left-pad\\1.3.0", b"/left-pad%5c1.3.0",
    b"/left-pad%5C..%5Cx", b"/left%2fpad", b"/left-pad%2f1.3.0", b"/left-pad%2f-%2fx-1.0.0.tgz",
    b"/left-pad/-%2fx-1.0.0.tgz", b"/left-pad/-/x%2f1.tgz", b"/left-pad/-/a/b.tgz", b"/%2fleft-pad",
    b"/@s/name%2f1.0.0", b"/@s%2fname%2f1.0.0", b"/@s/name/@t%2fx", b"/@s/name/-/@t/x-1.0.0.tgz",
    b"/left-pad/-/@s/x-1.0.0.tgz", b"/@s", b"/@s%2f", b"/@/name", b"/@", b"/@s@t/name", b"/-",
    b"/%2d", b"/-/", b"/-/nothing", b"/-/all", b"/-/ping/x", b"/.hidden", b"/_private", b"/--",
    b"/node_modules", b"/favicon.ico", b"/left-pad?write=true", b"/left-pad#x", b"/left-pad%3fx",
    b"/left-pad%23x", b"/left-pad%", b"/left-pad%2", b"/left-pad%zz", b"/left-pad%u0041",
    "/l\u00e9ft".encode(), b"/l%c3%a9ft", b"/l%E2%80%AEeft", b"/%ef%bc%8e%ef%bc%8e/x", b"/a;b",
    b"/" + b"a" * 215, b"/" + b"a" * 3000, b"/left-pad/-rev", b"/left-pad/-rev/a/b", b"/left-pad/-",
    b"/left-pad/-x", b"/left-pad/1.3.0/x", b"/left-pad/-rev/@s%2fx",
    b"/left-pad/-/x.tgz/-rev/@s%2fx",
    b"/-/package/left-pad", b"/-/package/left-pad/access", b"/-/package/left-pad/dist-tags/a/b",
    b"/-/package/node_modules/dist-tags", b"/-/package/left%2fpad/dist-tags", b"/-/user/joe",
    b"/-/user/org.couchdb.user:", b"/-/user/org.couchdb.user:a%2fb",
    b"/-/npm/v1/attestations/left-pad",
    b"/-/npm/v1/attestations/left-pad@latest", b"/-/npm/v1/attestations/@s%2fname",
    b"/-/pratique/decisions/ABCDEFGHIJKLMNOP", b"/-/pratique/decisions/abc",
    b"/http://registry.example/x",
]  # fmt: skip


@pytest.mark.parametrize("sent", READ)
def test_a_path_that_clients_send_means_what_they_mean(sent: str) -> None:
    assert READ[sent] == read_path(sent.encode())


@pytest.mark.parametrize("sent", REFUSED, ids=lambda sent: repr(sent[:40]))
def test_a_path_that_could_mean_two_things_is_refused_with_a_sentence(sent: bytes) -> None:
    why = read_path(sent)
    assert isinstance(why, str)
    assert why.isascii()
    assert why.isprintable()


def test_a_path_that_is_encoded_twice_is_called_that() -> None:
    assert read_path(b"/@s%252fname") == "the path is encoded twice"


def test_a_path_may_be_as_long_as_the_longest_name_and_version_need() -> None:
    name, version = "a" * 214, "1.0.0-" + "x" * 250
    sent = f"/{name}/-/{name}-{version}.tgz/-rev/{'1' * 40}"
    assert isinstance(read_path(sent.encode()), Asked)
    assert isinstance(read_path(b"/" + b"%61" * LONGEST), str)


ADDRESSES: dict[tuple[str, str], str | None] = {
    ("left-pad", f"{BASE}left-pad/-/left-pad-1.3.0.tgz"): "left-pad/-/left-pad-1.3.0.tgz",
    ("@s/name", f"{BASE}@s/name/-/name-1.0.0.tgz"): "@s/name/-/name-1.0.0.tgz",
    ("@s/name", f"{BASE}@s%2fname/-/name-1.0.0.tgz"): "@s/name/-/name-1.0.0.tgz",
    ("@s/name", f"{BASE}%40s%2Fname/-/name-1.0.0.tgz"): "@s/name/-/name-1.0.0.tgz",
    ("@s/name", f"{BASE}@s/name/-/@s/name-1.0.0.tgz"): "@s/name/-/@s/name-1.0.0.tgz",
    ("left-pad", f"{BASE}left-pad/-/1.tar.gz"): "left-pad/-/1.tar.gz",
    ("left-pad", f"{BASE}left-pad/-/left-pad-1.0.0%2Bb.tgz"): "left-pad/-/left-pad-1.0.0+b.tgz",
    ("left-pad", "http://registry.example/left-pad/-/x.tgz"): "left-pad/-/x.tgz",
    ("left-pad", "https://REGISTRY.example:443/left-pad/-/x.tgz"): "left-pad/-/x.tgz",
    ("left-pad", "https://alias.example/left-pad/-/x.tgz"): "left-pad/-/x.tgz",
    ("left-pad", f"{BASE}other/-/left-pad-1.3.0.tgz"): None,
    ("left-pad", f"{BASE}left-pad/left-pad-1.3.0.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/"): None,
    ("left-pad", f"{BASE}left-pad/-/.."): None,
    ("left-pad", f"{BASE}left-pad/-/..%2fx.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/a%2fx.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/a/x.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/%252e.tgz"): None,
    ("left-pad", f"{BASE}x/../left-pad/-/x.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/x.tgz?a=b"): None,
    ("left-pad", f"{BASE}left-pad/-/x.tgz#a"): None,
    ("left-pad", f"{BASE}left-pad/-/x.tgz?"): None,
    ("left-pad", f"{BASE}left-pad\\-\\x.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/x\r\ny.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/x y.tgz"): None,
    ("left-pad", f" {BASE}left-pad/-/x.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/x\u00e9.tgz"): None,
    ("left-pad", f"{BASE}left-pad/-/{'x' * LONGEST}"): None,
    ("left-pad", "https://me@registry.example/left-pad/-/x.tgz"): None,
    ("left-pad", "https://registry.example@evil.invalid/left-pad/-/x.tgz"): None,
    ("left-pad", "https://registry.example.evil.invalid/left-pad/-/x.tgz"): None,
    ("left-pad", "https://evil.invalid/left-pad/-/x.tgz"): None,
    ("left-pad", "https://registry.example:8443/left-pad/-/x.tgz"): None,
    ("left-pad", "https://registry.example:x/left-pad/-/x.tgz"): None,
    ("left-pad", "https://[registry.example/left-pad/-/x.tgz"): None,
    ("left-pad", "ftp://registry.example/left-pad/-/x.tgz"): None,
    ("left-pad", "file:///left-pad/-/x.tgz"): None,
    ("left-pad", "//registry.example/left-pad/-/x.tgz"): None,
    ("left-pad", "left-pad/-/x.tgz"): None,
    ("left-pad", ""): None,
    ("node_modules", f"{BASE}node_modules/-/x.tgz"): None,
    ("../x", f"{BASE}../x/-/x.tgz"): None,
}


@pytest.mark.parametrize(("name", "url"), ADDRESSES, ids=lambda text: ascii(text[:70]))
def test_an_artifact_keeps_the_path_that_its_upstream_gives_it_or_has_none(
    name: str, url: str
) -> None:
    assert ADDRESSES[name, url] == tarball_path(BASE, {"alias.example"}, name, url)


def test_a_registry_below_a_path_serves_what_is_below_it() -> None:
    base = "https://host.example/api/npm/main/"
    url = f"{base}left-pad/-/x.tgz"
    assert tarball_path(base, (), "left-pad", url) == "left-pad/-/x.tgz"
    assert tarball_path(base, (), "left-pad", "https://host.example/left-pad/-/x.tgz") is None
    assert tarball_path(base, (), "left-pad", "https://host.example/api/npm/mainx/-/x.tgz") is None


@pytest.mark.parametrize("path", ["npm/left-pad/-/x.tgz", "left-pad/-/x.tgz"])
def test_an_alias_may_have_the_registrys_own_path_or_none(path: str) -> None:
    base = "https://host.example/npm/"
    url = f"https://alias.example/{path}"
    assert tarball_path(base, {"alias.example"}, "left-pad", url) == "left-pad/-/x.tgz"
    assert tarball_path(base, (), "left-pad", url) is None


def test_a_package_may_be_named_like_its_registrys_path() -> None:
    url = "https://alias.example/npm/-/npm-1.0.0.tgz"
    found = tarball_path("https://host.example/npm/", {"alias.example"}, "npm", url)
    assert found == "npm/-/npm-1.0.0.tgz"


def test_a_path_that_an_artifact_is_served_under_is_read_as_that_artifact() -> None:
    for (name, url), path in ADDRESSES.items():
        if path is not None:
            asked = read_path(f"/{path}".encode())
            assert isinstance(asked, Asked), url
            assert (asked.what, asked.name) == (What.TARBALL, name)
