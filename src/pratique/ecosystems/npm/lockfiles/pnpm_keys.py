"""Keys of pnpm's lockfiles: which package and version they name, and how others refer to them.

Forms (https://github.com/pnpm/spec/tree/master/lockfile and pnpm 7, 8, 9 and 12 themselves):
5.x `/name/1.0.0_peers`, 6.x `/name@1.0.0(peer@1.0.0)`, 9.0 and 13.0 `name@1.0.0`; without the slash
in 5.x and 6.x, and with an address for the version in 9.0 and 13.0, the bytes are not a registry's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from pratique.ecosystems.npm.names import why_illegal

_VERSION = re.compile(r"\d++\.\d++\.\d++(?:[-+][0-9A-Za-z.+-]++)?")
_NAMED_REGISTRY = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*+):(\d++\.\d++\.\d++.*+)")
_PROTOCOLS = frozenset({"runtime", "file", "link", "git", "http", "https", "workspace", "portal"})
_HOST = re.compile(r"[A-Za-z0-9.+-]+\.[A-Za-z0-9.+-]+")
_PATCH_HASH = re.compile(r"\(patch_hash=([^()]*+)\)")
LINKS = ("link:", "workspace:")


class KeyShapeError(ValueError):
    """A key names no package; the message is one clause."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a key says.

    Attributes:
        name: The package's name.
        version: The version; "" where the key holds an address in its place.
        reference: The address; in 5.x and 6.x the whole key. "" where it names a registry's
            release.
        registry: The registry that the key itself names, else None.
        note: What is odd about it, else "".
    """

    name: str
    version: str
    reference: str = ""
    registry: str | None = None
    note: str = ""


def bare(key: str) -> str:
    """`key` without the peers and the patch in parentheses at its end."""
    if not key.endswith(")"):
        return key
    depth = 0
    end = len(key)
    for at in range(len(key) - 1, -1, -1):
        if key[at] == ")":
            depth += 1
        elif key[at] == "(":
            depth -= 1
            if depth == 0:
                end = at
        elif depth == 0:
            break
    return key[:end]


def patch_hash(key: str) -> str | None:
    """The digest of the patch that a key of 6.x or later names; None where it names none."""
    found = _PATCH_HASH.search(key)
    return found[1] if found else None


def parse_at(key: str) -> Key:
    """A key of 9.0 or 13.0: `name@version`, `name@registry:version`, `name@address`."""
    name, mark, reference = bare(key).partition("@")
    if not name:
        rest, mark, reference = reference.partition("@")
        name = f"@{rest}"
    if not mark or not reference:
        raise KeyShapeError("names no version")
    return _with_reference(name, reference)


def _with_reference(name: str, reference: str) -> Key:
    note = _illegal(name)
    if _VERSION.fullmatch(reference):
        return Key(name, reference, note=note)
    named = _NAMED_REGISTRY.fullmatch(reference)
    if named and named[1] == "runtime":
        return Key(name, named[2], reference, note=note)
    if named and named[1] not in _PROTOCOLS:
        return Key(name, named[2], registry=named[1], note=note)
    return Key(name, "", reference, note=note)


def parse_slash(key: str) -> Key:
    """A key of 5.x: `/name/1.0.0_peers`, `registry.example/name/1.0.0`, else an address."""
    return _slashed(key, "/", "_/(")


def parse_slash_at(key: str) -> Key:
    """A key of 6.x: `/name@1.0.0(peers)`, `registry.example/name@1.0.0`, else an address."""
    return _slashed(key, "@", "(")


def _slashed(key: str, mark: str, ends: str) -> Key:
    host, slash, rest = key.partition("/")
    scope, _, inner = rest.partition("/") if rest[:1] == "@" else ("", "", rest)
    name, found, version = inner.partition(mark)
    name = f"{scope}/{name}" if scope else name
    version = re.split(f"[{re.escape(ends)}]", version, maxsplit=1)[0]
    if slash and found and (not host or _HOST.fullmatch(host)) and _VERSION.fullmatch(version):
        return Key(name, version, registry=host or None, note=_illegal(name))
    if not host:
        raise KeyShapeError("names no package and version")
    return Key("", "", key)


def _illegal(name: str) -> str:
    why = why_illegal(name)
    return f"no registry can have this name: {why}" if why else ""


Refer = Callable[[str, str], Iterator[str]]


def refer_at(name: str, reference: str) -> Iterator[str]:
    """Keys that `reference` may mean below the local name `name`, best first (9.0, 13.0)."""
    short = reference.partition("(")[0]
    yield f"{name}@{short}"
    yield short
    full = bare(reference)
    if full != short:
        yield f"{name}@{full}"
        yield full


def refer_slash(name: str, reference: str) -> Iterator[str]:
    """As `refer_at`, for 5.x; a reference keeps its peers, as the key does."""
    yield f"/{name}/{reference}"
    yield reference


def refer_slash_at(name: str, reference: str) -> Iterator[str]:
    """As `refer_slash`, for 6.x."""
    yield f"/{name}@{reference}"
    yield reference


def find(refer: Refer, known: Container[str], name: str, reference: str) -> str | None:
    """The key that a reference means; None for a link, and where there is no such entry."""
    if reference.startswith(LINKS):
        return None
    for key in refer(name, reference):
        if key in known:
            return key
    return None
