"""From a request's path to what it asks for; every way in which clients write a scope."""

from __future__ import annotations

from urllib.parse import unquote

from tests.registry.exchange import Route

ENDPOINTS = frozenset({
    "-/ping",
    "-/whoami",
    "-/v1/search",
    "-/npm/v1/keys",
    "-/npm/v1/security/advisories/bulk",
})  # fmt: skip

_ATTESTATIONS = "-/npm/v1/attestations/"
_TAGS = "-/package/"


def route(path: str) -> Route | None:
    """What `path` (below the registry's address, without a leading slash) asks for, or None.

    The path is decoded once: `@s/n`, `@s%2fn` and `@s%2Fn` are the same package.
    """
    plain = unquote(path.partition("?")[0])
    if plain in ENDPOINTS or plain in {"", "-"}:
        return Route(plain)
    if plain.startswith(_ATTESTATIONS):
        name, at, version = plain.removeprefix(_ATTESTATIONS).rpartition("@")
        return Route("attestations", name, version) if at else None
    if plain.startswith(_TAGS):
        return Route("dist-tags", plain.removeprefix(_TAGS).removesuffix("/dist-tags"))
    return _package(plain)


def _package(plain: str) -> Route | None:
    parts = plain.split("/")
    size = 2 if plain.startswith("@") else 1
    name, rest = "/".join(parts[:size]), parts[size:]
    if len(parts) < size or not all(parts) or plain.startswith("-"):
        return None
    if not rest:
        return Route("packument", name)
    if rest[0] == "-" and len(rest) >= 2:
        # yarn 4 repeats the scope: `@s%2fn/-/n-1.0.0.tgz` and `@s/n/-/@s/n-1.0.0.tgz` both occur.
        return Route("tarball", name, rest[-1])
    return Route("version", name, rest[0]) if len(rest) == 1 else None
