"""Hostile JSON, base64 and DER, read in one way only: what has two readings is refused.

Every function raises RefusedError. Nothing here is lenient, so that two readers of the same bytes
cannot come to different values: no duplicate members, no base64 with spare bits, no second
encoding of a number.
"""

from __future__ import annotations

import binascii
import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from pratique.errors import RefusedError
from pratique.model.evidence import MAX_TEXT

BUNDLE = 1024 * 1024
"""Bytes of one JSON text at most; the largest bundle seen is 36 kB."""
_DEEPEST = 32
_LARGEST = 2**53
"""Beyond it RFC 8785 has no exact number, and two readers may differ."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ECDSA = ec.ECDSA(SHA256())
_INTEGER = re.compile(r"0|[1-9][0-9]{0,15}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")


def refuse(why: str, rule: str = "crypto") -> NoReturn:
    """Raise RefusedError."""
    raise RefusedError(rule, why)


def read_json(source: bytes, limit: int = BUNDLE) -> object:
    """The value of a JSON text (RFC 8259) in UTF-8 without a byte order mark.

    Args:
        source: The text.
        limit: Bytes beyond which it is refused.

    Raises:
        RefusedError: It is larger, no such text, deeper than 32, has a member twice, a lone
            surrogate, NaN, Infinity, or a number that overflows.
    """
    if len(source) > limit:
        refuse(f"larger than {limit} bytes")
    try:
        text = source.decode("utf-8")
        value = _SCANNER.decode(text)
    except (ValueError, RecursionError) as error:
        refuse(f"no JSON that has one reading only: {_reason(error)}")
    if text.count("{") + text.count("[") > _DEEPEST:
        _require_shallow(value)
    if _SURROGATE.search(text):
        _refuse_lone_surrogates(value)
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands there twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number overflows")
    return number


_SCANNER = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_refuse_constant, parse_float=_finite
)


def _require_shallow(value: object) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        level = list(_inner(level))
        if not level:
            return
    refuse(f"nested deeper than {_DEEPEST}")


def _inner(level: Iterable[object]) -> Iterator[object]:
    for each in level:
        if isinstance(each, dict):
            yield from each.values()
        elif isinstance(each, list):
            yield from each


def _refuse_lone_surrogates(value: object) -> None:
    """An escape can make half a character, which nobody can write down again."""
    level = [value]
    while level:
        names = [name for each in level if isinstance(each, dict) for name in each]
        for each in (*names, *level):
            if isinstance(each, str) and any("\ud800" <= letter <= "\udfff" for letter in each):
                refuse("a lone surrogate in a string")
        level = list(_inner(level))


def b64(value: object, what: str) -> bytes:
    """The bytes that standard base64 stands for; canonical: padded, no spare bits, no spaces."""
    if not isinstance(value, str):
        refuse(f"{what} is no canonical base64")
    if not value:
        return b""
    pad = 2 if value.endswith("==") else int(value.endswith("="))
    try:
        raw = binascii.a2b_base64(value)
        last = binascii.b2a_base64(raw[pad - 3 :], newline=False)
    except ValueError:
        refuse(f"{what} is no canonical base64")
    # The decoder passes over what it does not know: then there are fewer bytes than there should.
    is_whole = len(raw) * 4 == len(value) * 3 - pad * 4
    if not is_whole or last.decode("ascii") != value[-4:]:
        refuse(f"{what} is no canonical base64")
    return raw


def members(value: object, what: str) -> dict[str, object]:
    """`value`, which must be an object."""
    if not isinstance(value, dict):
        refuse(f"{what} must be an object")
    return value


def items(value: object, what: str, most: int) -> list[object]:
    """`value`, which must be a list of at most `most`."""
    if not isinstance(value, list):
        refuse(f"{what} must be a list")
    if len(value) > most:
        refuse(f"{what} has more than {most} members")
    return value


def only(value: object, what: str, rule: str = "B2") -> object:
    """The one member of a list."""
    found = items(value, what, 1024)
    if len(found) != 1:
        refuse(f"{what} must have one member, not {len(found)}", rule)
    return found[0]


def text(value: object, what: str, most: int = MAX_TEXT) -> str:
    """`value`, which must be printable text of at most `most` characters; may be empty."""
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        refuse(f"{what} must be printable text of at most {most} characters")
    return value


def number(value: object, what: str) -> int:
    """A count of at most 2**53: an integer, or its one decimal form, as protobuf writes it."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        refuse(f"{what} must be a number from 0 to 2^53")
    return value


def instant(value: object, what: str) -> datetime:
    """An instant in UTC, `2025-01-29T00:00:00.000Z` (RFC 3339)."""
    if isinstance(value, str) and value.isascii() and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    refuse(f"{what} must be a time in UTC, as in 2025-01-29T00:00:00Z")


def curve_key(spki: bytes, what: str) -> ec.EllipticCurvePublicKey:
    """A key on the curve P-256 from the DER of its SubjectPublicKeyInfo."""
    key = _loaded(spki)
    if key is None:
        refuse(f"{what} is no P-256 key in canonical DER")
    return key


@lru_cache(maxsize=64)
def _loaded(spki: bytes) -> ec.EllipticCurvePublicKey | None:
    """Kept, since a run has few keys and each signs thousands of times."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        return None
    same = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == spki
    return key if same else None


def is_canonical_signature(signature: bytes) -> bool:
    """Whether it is an ECDSA signature in DER, in the one encoding that its two numbers have."""
    try:
        return encode_dss_signature(*decode_dss_signature(signature)) == signature
    except (ValueError, OverflowError):
        return False


def is_signed(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (canonical DER) is the key's, by ECDSA with SHA-256."""
    try:
        key.verify(signature, message, _ECDSA)
    except InvalidSignature:
        return False
    return True


def require_signed(
    key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes, what: str
) -> None:
    """Raise RefusedError where the signature is not canonical DER, or not the key's."""
    if not is_canonical_signature(signature):
        refuse(f"{what} is no signature in canonical DER")
    if not is_signed(key, signature, message):
        refuse(f"{what} does not verify")
