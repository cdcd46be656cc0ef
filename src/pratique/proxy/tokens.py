"""Tokens: their form, their hash, and what one may do. Pure: randomness and time are passed in.

A token is PREFIX + 43 characters + 6 characters: 32 random bytes and a CRC-32 of them, in base62.
The checksum lets a secret scanner tell a token from other text, and refuses a mistyped one without
a look into the store. What is kept is the SHA-256 of the token: of 256 random bits there is
nothing to guess, so a slow hash would cost time on every request and gain nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import zlib
from collections.abc import Iterable
from datetime import datetime

from pratique.ecosystems.npm.globs import matches
from pratique.model.private import Right, Token

PREFIX = "prt_"
RANDOM_BYTES = 32
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET, _SUM = 43, 6
"""Characters: the smallest numbers for which 62 ** n covers 256 and 32 bits."""
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET + _SUM}}}")
_LIKE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{16,}}")
_SHOWN = len(PREFIX) + 4
_ID = 12
_LONGEST_HEADER = 4096
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_PATTERN = re.compile(r"[A-Za-z0-9@/*?\[\]{},._~!'()-]{1,214}")
MOST_PATTERNS = 100


def spelled(random: bytes) -> str:
    """The token of 32 random bytes.

    Raises:
        ValueError: There are not 32 of them.
    """
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a token is made of {RANDOM_BYTES} random bytes, not {len(random)}")
    number = int.from_bytes(random, "big")
    return f"{PREFIX}{_base62(number, _SECRET)}{_base62(zlib.crc32(random), _SUM)}"


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        letters.append(_ALPHABET[rest])
    return "".join(reversed(letters))


def masked(text: str) -> str:
    """The text with nothing in it that looks like a token, mistyped or cut ones too."""
    return _LIKE.sub(f"{PREFIX}...", text) if PREFIX in text else text


def is_token(text: str) -> bool:
    """Whether `text` has a token's form and the right checksum; says nothing of its validity."""
    if not _FORM.fullmatch(text):
        return False
    number = 0
    for letter in text[len(PREFIX) : len(PREFIX) + _SECRET]:
        number = number * 62 + _ALPHABET.index(letter)
    if number >> (RANDOM_BYTES * 8):
        return False
    return spelled(number.to_bytes(RANDOM_BYTES, "big")) == text


def hash_of(text: str) -> str:
    """Hex SHA-256, under which a token is kept and looked up."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def id_of(text: str) -> str:
    """The public id of a token."""
    return hash_of(text)[:_ID]


def is_same(text: str, token: Token) -> bool:
    """Whether `text` is this token, in a time that does not depend on where they differ."""
    return hmac.compare_digest(hash_of(text), token.hash)


def made(
    text: str,
    name: str,
    *,
    rights: Iterable[Right],
    now: datetime,
    packages: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> Token:
    """What is kept of a new token.

    Raises:
        ValueError: The name, a right or a pattern is none; the message is one clause.
    """
    held, patterns = frozenset(rights), tuple(packages)
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a token's name has up to 64 letters, digits, dots, underscores and hyphens, "
            "and begins and ends with a letter or a digit"
        )
    if not held:
        raise ValueError("a token needs a right: read or publish")
    if len(patterns) > MOST_PATTERNS:
        raise ValueError(f"a token has at most {MOST_PATTERNS} patterns of packages")
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise ValueError(f"{pattern!r} is no pattern of package names")
    return Token(
        id=id_of(text),
        name=name,
        hash=hash_of(text),
        start=text[:_SHOWN],
        rights=held,
        created_at=now,
        packages=patterns,
        expires_at=expires_at,
    )


def is_valid(token: Token, now: datetime) -> bool:
    """Whether it is neither revoked nor expired."""
    if token.revoked_at is not None:
        return False
    return token.expires_at is None or now < token.expires_at


def allows(token: Token, right: Right, package: str, now: datetime) -> bool:
    """Whether the holder may do this with this package. Who may publish may read it, too."""
    if not is_valid(token, now):
        return False
    if right not in token.rights and not (right is Right.READ and Right.PUBLISH in token.rights):
        return False
    return covers(token.packages, package)


def covers(patterns: tuple[str, ...], package: str) -> bool:
    """Whether patterns name the package; none at all name every one.

    `*` stays on its side of the slash: `*` is every name without a scope, `@corp/*` a scope's,
    `**` every name.
    """
    return not patterns or any(matches(package, pattern) for pattern in patterns)


def presented(authorization: str) -> str | None:
    """The token in an Authorization header: as a bearer, or as a password (RFC 6750, RFC 7617).

    None where there is none. What it is worth, only the store knows.
    """
    if len(authorization) > _LONGEST_HEADER:
        return None
    scheme, _, rest = authorization.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return rest or None
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(rest, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return pair.partition(":")[2] or None
