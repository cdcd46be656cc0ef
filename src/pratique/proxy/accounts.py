"""Answers about the one who asks: login, whoami, profile, tokens. Pure.

There is no account and no self-registration: a token is made on the host (`pratique token create`)
or from a token that can do at least as much. `npm login` takes a token where it asks for a
password, and writes it into the user's own .npmrc.

Every function takes the caller's token as the store knows it, or None where the request had none
that is valid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pratique.ecosystems.npm.names import is_legal
from pratique.model.private import PrivatePackage, Right, Token
from pratique.proxy import tokens
from pratique.proxy.answers import JSON, Answer, failed
from pratique.proxy.private import as_text, revision_of
from pratique.proxy.publishing import Refused

LARGEST_BODY = 16 * 1024
"""Bytes of a body that is read here."""
LONGEST_LIFE = timedelta(days=3650)
_PRIVATE = (b"cache-control", b"no-store")
_CHALLENGE = (b"www-authenticate", b'Bearer realm="pratique"')
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_UNKNOWN = "this needs a valid token: npm login, or `pratique token create` on the host"
_NO_LOGIN = "log in with a token as the password; `pratique token create` on the host makes one"


class _Login(msgspec.Struct):
    name: str = ""
    password: str = ""


class _Wanted(msgspec.Struct):
    password: str = ""
    name: str = ""
    readonly: bool = False
    read_only: bool = False
    packages: list[str] | None = None
    scopes: list[str] | None = None
    expires: int | None = None
    permission: str = msgspec.field(default="", name="packages_and_scopes_permission")


@dataclass(frozen=True, slots=True)
class Presented:
    """What a login sends: whom it speaks for, and the token in the password's place."""

    name: str
    token: str = field(repr=False)


# -- who is asking ---------------------------------------------------------------------------------


def unauthorised(why: str = _UNKNOWN) -> Answer:
    """401: no token, or one that is unknown, expired or revoked."""
    plain = failed(401, why)
    return Answer(plain.status, (*plain.headers, _CHALLENGE), plain.body, plain.reason)


def too_often(seconds: int, what: str) -> Answer:
    """429: once too often."""
    plain = failed(429, f"{what}: try again in {seconds} seconds")
    wait = (b"retry-after", str(seconds).encode())
    return Answer(plain.status, (*plain.headers, wait), plain.body, plain.reason)


def forbidden(token: Token, right: Right, package: str) -> Answer:
    """403: a valid token that is not for this."""
    what = f"{right.value} {package}" if package else right.value
    return failed(403, f"the token of {token.name} may not {what}")


def whoami(token: Token | None) -> Answer:
    """`GET /-/whoami`."""
    return unauthorised() if token is None else _json(200, {"username": token.name})


def profile(token: Token | None) -> Answer:
    """`GET /-/npm/v1/user`: what `npm profile get` prints."""
    if token is None:
        return unauthorised()
    created = as_text(token.created_at)
    return _json(200, {
        "tfa": False,
        "name": token.name,
        "email": "",
        "email_verified": False,
        "created": created,
        "updated": created,
        "cidr_whitelist": None,
        "fullname": "",
    })  # fmt: skip


def unchangeable_profile() -> Answer:
    """`POST /-/npm/v1/user`."""
    return failed(405, "there are no profiles here to change: a token is all there is")


def user(name: str, known: Iterable[str], token: Token | None) -> Answer:
    """`GET /-/user/org.couchdb.user:NAME`, which `npm owner add` asks first.

    Only for who has a token, or anybody could try names.
    """
    if token is None:
        return unauthorised()
    if name not in set(known):
        return failed(404, "no token here has that name")
    found = {"_id": f"org.couchdb.user:{name}", "name": name, "email": "", "type": "user"}
    return _json(200, found)


# -- login -----------------------------------------------------------------------------------------


def web_login() -> Answer:
    """`POST /-/v1/login`: there is none, and npm falls back to `PUT /-/user/...`."""
    return failed(404, "there is no login in a browser: use a token as the password")


def read_login(body: bytes, name: str) -> Presented | Answer:
    """The body of `PUT /-/user/org.couchdb.user:NAME`: what has to be looked up.

    The answer is `logged_in` with what the store has under `tokens.hash_of(presented.token)`.
    """
    if len(body) > LARGEST_BODY:
        return failed(413, "the body is too large")
    try:
        read = msgspec.json.decode(body, type=_Login)
    except _BROKEN:
        return failed(400, "the body is not a login")
    if read.name != name:
        return failed(400, "the body names another user than the address")
    if not tokens.is_token(read.password):
        return unauthorised(_NO_LOGIN)
    return Presented(name, read.password)


def logged_in(presented: Presented, found: Token | None, now: datetime) -> Answer:
    """201 with the same token, for npm to keep; 401 where it is not that user's, or not valid."""
    if found is None or not tokens.is_same(presented.token, found):
        return unauthorised(_NO_LOGIN)
    if not tokens.is_valid(found, now):
        return unauthorised("the token has expired or was revoked")
    if found.name != presented.name:
        return unauthorised(f"the token is that of {found.name}: log in under this name")
    return _json(201, {
        "ok": True,
        "id": f"org.couchdb.user:{found.name}",
        "rev": "1-0",
        "token": presented.token,
    })  # fmt: skip


# -- tokens ----------------------------------------------------------------------------------------


def listed(token: Token | None, every: Iterable[Token], now: datetime) -> Answer:
    """`GET /-/npm/v1/tokens`: the valid tokens of the caller's name, without the tokens."""
    if token is None:
        return unauthorised()
    own = [each for each in every if each.name == token.name and tokens.is_valid(each, now)]
    objects = [_shown(each) for each in own]
    return _json(200, {"objects": objects, "total": len(objects), "urls": {}})


def created(
    token: Token | None, text: str, body: bytes, random: bytes, now: datetime
) -> tuple[Token, Answer] | Answer:
    """`POST /-/npm/v1/tokens`: another token of the caller's, which can do no more than theirs.

    The password that npm asks for is the caller's token once more, so that a request that was
    forged with a stolen session alone makes nothing.

    Args:
        token: The caller's.
        text: The caller's token itself, as it came in the header.
        body: What was sent.
        random: 32 fresh random bytes.
        now: When.
    """
    if token is None:
        return unauthorised()
    if len(body) > LARGEST_BODY:
        return failed(413, "the body is too large")
    try:
        read = msgspec.json.decode(body, type=_Wanted)
    except _BROKEN:
        return failed(400, "the body is not that of a token to make")
    if read.password != text or not tokens.is_same(read.password, token):
        return unauthorised("the password is your token: the one that you are logged in with")
    return _made(token, read, random, now)


def _made(
    token: Token, read: _Wanted, random: bytes, now: datetime
) -> tuple[Token, Answer] | Answer:
    patterns = (*(read.packages or ()), *(f"{scope}/*" for scope in read.scopes or ()))
    if wider := _wider(token, patterns):
        return failed(403, f"your own token is not for {wider[0][:80]}")
    only_read = read.readonly or read.read_only or read.permission == "read-only"
    rights = frozenset({Right.READ}) if only_read else token.rights
    if not rights <= _may(token):
        return failed(403, "your own token may not read")
    expires_at = _end(token, read.expires, now)
    fresh = tokens.spelled(random)
    try:
        new = tokens.made(
            fresh,
            token.name,
            rights=rights,
            now=now,
            packages=patterns or token.packages,
            expires_at=expires_at,
        )
    except ValueError as error:
        return failed(422, str(error))
    return new, _json(201, {**_shown(new), "token": fresh})


def _wider(token: Token, patterns: Iterable[str]) -> list[str]:
    """Those of the patterns that name packages the token is not for."""
    outside = [each for each in patterns if token.packages and each not in token.packages]
    # Whether one pattern lies in another is not decided here: only names are looked for.
    return [
        each
        for each in outside
        if not is_legal(each) or "*" in each or not tokens.covers(token.packages, each)
    ]


def _may(token: Token) -> frozenset[Right]:
    """What the holder may do: who may publish may read."""
    return token.rights | ({Right.READ} if Right.PUBLISH in token.rights else set())


def _end(token: Token, days: int | None, now: datetime) -> datetime | None:
    """The sooner end: the one that is asked for (in days, as npm 12 sends it), or the caller's."""
    asked = now + min(timedelta(days=min(days, 3650)), LONGEST_LIFE) if days and days > 0 else None
    ends = [each for each in (asked, token.expires_at) if each is not None]
    return min(ends, default=None)


def to_revoke(token: Token | None, key: str, every: Iterable[Token]) -> Token | Answer:
    """`DELETE /-/npm/v1/tokens/token/KEY` and `/-/user/token/TOKEN` (npm logout).

    `key` is an id, or the token itself. Only tokens of the caller's own name are found, and by
    its id none that may do more than the caller's: a stolen one must not take away the others.
    """
    if token is None:
        return unauthorised()
    own = [each for each in every if each.name == token.name]
    found = next((each for each in own if each.id == key or tokens.is_same(key, each)), None)
    if found is None:
        return failed(404, "you have no such token")
    is_held = found.id == token.id or tokens.is_same(key, found)
    is_less = found.rights <= _may(token) and not _wider(token, found.packages)
    if not is_held and (not is_less or (token.packages and not found.packages)):
        return failed(403, "that token may do more than yours: revoke it with another one")
    return found


def revoked() -> Answer:
    """What a deletion is answered with, once it is made."""
    return Answer(204, (_PRIVATE,), b"")


def _shown(token: Token) -> dict[str, Any]:
    return {
        "key": token.id,
        "id": token.id,
        "token": token.start,
        "name": token.name,
        "created": as_text(token.created_at),
        "updated": as_text(token.created_at),
        "readonly": Right.PUBLISH not in token.rights,
        "cidr_whitelist": None,
        "packages": list(token.packages),
        "expires": as_text(token.expires_at) if token.expires_at else None,
    }


# -- changes of packages ---------------------------------------------------------------------------


def changed(package: PrivatePackage, *, is_new: bool = False) -> Answer:
    """201 for a change that was made."""
    what = "created new package" if is_new else "package changed"
    done = {"ok": what, "success": True, "id": package.name, "rev": revision_of(package)}
    return _json(201, done)


def dist_tags(package: PrivatePackage) -> Answer:
    """`GET /-/package/NAME/dist-tags`."""
    return _json(200, dict(package.tags))


def collaborators(package: PrivatePackage) -> Answer:
    """`GET /-/package/NAME/collaborators`, which `npm access list collaborators` prints."""
    return _json(200, dict.fromkeys(package.owners, "write"))


def visibility() -> Answer:
    """`GET /-/package/NAME/visibility`: what is published here is shown to nobody else."""
    return _json(200, {"public": False})


def not_changed(refused: Refused) -> Answer:
    """What a client is told of a change that is not made."""
    return failed(refused.status, refused.why)


def _json(status: int, value: object) -> Answer:
    return Answer(status, JSON, msgspec.json.encode(value))
