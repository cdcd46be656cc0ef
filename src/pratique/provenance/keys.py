"""The keys by which registries sign: read from a file, pinned by id and usage, not by host.

Two forms are read. Sigstore's repository of trust has a key with its usage and the time in which
it signs; a registry's own endpoint has it with an end at most, and means it for both usages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from pratique.model.evidence import Key, Keys, Usage
from pratique.provenance import strict

_SHIPPED = "npm-keys.json"
_LARGEST = 256 * 1024
_MOST = 256
_TUF_KIND = "PKIX_ECDSA_P256_SHA_256"
_ENDPOINT_KIND = "ecdsa-sha2-nistp256"
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a key counts whose file does not say."""


@cache
def shipped() -> Keys:
    """The keys that come with the program: those of npm's public registry."""
    place = files("pratique.provenance").joinpath("shipped", _SHIPPED)
    return read_keys(place.read_bytes())


def read_keys(source: bytes) -> Keys:
    """The keys of a file, of either form; keys of other kinds than P-256 are left out.

    Args:
        source: JSON, at most 256 kB and 256 keys.

    Raises:
        RefusedError: It is malformed, has a key twice, or has none that can be used.
    """
    document = strict.members(strict.read_json(source, _LARGEST), "the file of keys")
    found: dict[tuple[str, Usage], Key] = {}
    for each in strict.items(document.get("keys"), "keys", _MOST):
        for key in _keys(strict.members(each, "a key")):
            if found.setdefault((key.id, key.usage), key) != key:
                strict.refuse(f"two keys have the id {key.id}")
    if not found:
        strict.refuse("the file has no P-256 key")
    return Keys(tuple(found.values()))


def _keys(stated: dict[str, object]) -> Iterator[Key]:
    if "publicKey" in stated:
        return _of_tuf(stated)
    return _of_endpoint(stated)


def _of_tuf(stated: dict[str, object]) -> Iterator[Key]:
    public = strict.members(stated["publicKey"], "publicKey")
    usage = stated.get("keyUsage")
    if public.get("keyDetails") != _TUF_KIND or usage not in tuple(Usage):
        return
    window = strict.members(public.get("validFor"), "validFor")
    end = window.get("end")
    yield Key(
        id=_id(stated.get("keyId")),
        usage=Usage(str(usage)),
        spki=_spki(public.get("rawBytes")),
        start=strict.instant(window.get("start"), "validFor.start"),
        end=None if end is None else strict.instant(end, "validFor.end"),
    )


def _of_endpoint(stated: dict[str, object]) -> Iterator[Key]:
    kinds = (stated.get("keytype"), stated.get("scheme", _ENDPOINT_KIND))
    if kinds != (_ENDPOINT_KIND, _ENDPOINT_KIND):
        return
    expires = stated.get("expires")
    end = None if expires is None else strict.instant(expires, "expires")
    for usage in Usage:
        yield Key(_id(stated.get("keyid")), usage, _spki(stated.get("key")), _ALWAYS, end)


def _id(value: object) -> str:
    return strict.text(value, "the key's id") or strict.refuse("a key has no id")


def _spki(value: object) -> bytes:
    raw = strict.b64(value, "the key")
    strict.curve_key(raw, "the key")
    return raw
