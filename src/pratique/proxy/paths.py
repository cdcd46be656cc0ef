"""What a request's path asks for, and the path under which an artifact is served.

A path is decoded once, and what it means is decided on the decoded form alone. Everything that two
readers could read differently is refused: dots, empty parts, a second encoding, a slash in the
wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from pratique.ecosystems.npm.names import LONGEST as LONGEST_NAME
from pratique.ecosystems.npm.names import why_unservable
from pratique.ecosystems.npm.versions import is_version

LONGEST = 2048
"""Bytes of a path, and of an artifact's address, as they were sent."""

_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
# What a name, a version, a tag, a file, a revision or a user may have, and the slash of a scope.
_PART = re.compile(r"[A-Za-z0-9\-_.!~*'()@+:/]+")
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._+~-]*")
_ODD = re.compile(r"[^\x21-\x7e]|[\\?#]")
_DECISION = re.compile(r"[a-z2-7]{10,64}")
_USER = "org.couchdb.user:"
_DEFAULT_PORTS = {"http": 80, "https": 443}

NO_SUCH = "nothing is served under this path"


class What(StrEnum):
    """What a path names. The method says what is to be done with it."""

    PACKUMENT = "packument"
    VERSION = "version"
    TARBALL = "tarball"
    DIST_TAGS = "dist-tags"
    DIST_TAG = "dist-tag"
    COLLABORATORS = "collaborators"
    VISIBILITY = "visibility"
    SEARCH = "search"
    PING = "ping"
    WHOAMI = "whoami"
    ADVISORIES = "advisories"
    AUDIT = "audit"
    QUICK_AUDIT = "quick-audit"
    KEYS = "keys"
    ATTESTATIONS = "attestations"
    LOGIN = "login"
    USER = "user"
    TOKENS = "tokens"
    PROFILE = "profile"
    REVISION = "revision"
    TARBALL_REVISION = "tarball-revision"
    DECISION = "decision"
    HEALTH = "health"
    READY = "ready"
    METRICS = "metrics"
    ROOT = "root"


_READ = frozenset({"GET", "HEAD"})
METHODS: Mapping[What, frozenset[str]] = dict.fromkeys(What, _READ) | {
    What.PACKUMENT: _READ | {"PUT"},
    What.DIST_TAG: frozenset({"PUT", "POST", "DELETE"}),
    What.WHOAMI: frozenset({"GET"}),
    What.ADVISORIES: frozenset({"POST"}),
    What.AUDIT: frozenset({"POST"}),
    What.QUICK_AUDIT: frozenset({"POST"}),
    What.LOGIN: frozenset({"GET", "POST"}),
    What.USER: frozenset({"GET", "PUT"}),
    What.TOKENS: frozenset({"GET", "POST", "DELETE"}),
    What.PROFILE: frozenset({"GET", "POST"}),
    What.REVISION: frozenset({"PUT", "DELETE"}),
    What.TARBALL_REVISION: frozenset({"DELETE"}),
}
"""The methods that are served for each; every other one is answered with 405."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a path asks for; what does not belong to `what` is "".

    Attributes:
        name: Of the package, legal by npm's rules.
        version: An exact version (VERSION, ATTESTATIONS).
        file: An artifact's file name, with the scope in front where the path repeats it.
        tag: A dist-tag (DIST_TAG; VERSION where no exact version is asked for).
        rest: A revision, a decision's id, a user's name, a token's key, or a login's id.
    """

    what: What
    name: str = ""
    version: str = ""
    file: str = ""
    tag: str = ""
    rest: str = ""


def read_path(raw: bytes) -> Asked | str:
    """What the path asks for, or why it is refused, as a short sentence.

    Args:
        raw: The path as it was sent, without the query.
    """
    parts = _parts(raw)
    if isinstance(parts, str):
        return parts
    if not parts:
        return Asked(What.ROOT)
    return _service(parts[1:]) if parts[0] == "-" else _package(parts)


def _parts(raw: bytes) -> list[str] | str:
    """The decoded parts; a scoped name is one of them, however its slash was sent."""
    if len(raw) > LONGEST:
        return f"the path is longer than {LONGEST} bytes"
    text = raw.decode("latin-1")
    if not text.startswith("/"):
        return "the path does not begin with a slash"
    if _ODD.search(text):
        return "the path has a character that has to be encoded"
    if _ENCODED.search(text):
        return "the path has a broken encoding"
    if text == "/":
        return []
    parts: list[str] = []
    for sent in text[1:].split("/"):
        part = unquote(sent, encoding="latin-1") if "%" in sent else sent
        if why := _why_odd(part):
            return why
        if parts and _is_scope(parts[-1]):
            parts[-1] += f"/{part}"
        else:
            parts.append(part)
    return next((why for part in parts if (why := _why_misplaced(part))), parts)


def _why_odd(part: str) -> str:
    """Why one part could mean something else than it says; "" where it could not."""
    if "%" in part:
        return "the path is encoded twice"
    if not part:
        return "the path has an empty part"
    if not _PART.fullmatch(part):
        return "the path has a character that belongs in no name"
    if {"", ".", ".."} & set(part.split("/")):
        return "the path has a part that leads elsewhere"
    return ""


def _is_scope(part: str) -> bool:
    return part.startswith("@") and "/" not in part and "@" not in part[1:]


def _why_misplaced(part: str) -> str:
    """A slash belongs into a scoped name, and nowhere else."""
    if "/" in part and not (part.startswith("@") and part.count("/") == 1):
        return "the path has an encoded slash outside of a scoped name"
    return ""


# Packages


def _package(parts: list[str]) -> Asked | str:
    name, rest = parts[0], parts[1:]
    if why := why_unservable(name):
        return f"no package can have this name: {why}"
    match rest:
        case []:
            return Asked(What.PACKUMENT, name)
        case ["-rev", revision]:
            return _plain(Asked(What.REVISION, name, rest=revision), revision)
        case ["-", file]:
            return _of_file(Asked(What.TARBALL, name, file=file))
        case ["-", file, "-rev", revision]:
            asked = _of_file(Asked(What.TARBALL_REVISION, name, file=file, rest=revision))
            return _plain(asked, revision)
        case [wanted] if not wanted.startswith("-"):
            return _plain(_release(What.VERSION, name, wanted), wanted)
        case _:
            return NO_SUCH


def _plain(asked: Asked | str, *texts: str) -> Asked | str:
    """`asked`, where no slash is left in the texts of it that are no names."""
    return NO_SUCH if any("/" in text for text in texts) else asked


def _release(what: What, name: str, wanted: str) -> Asked:
    if is_version(wanted):
        return Asked(what, name, version=wanted)
    return Asked(what, name, tag=wanted)


def _of_file(asked: Asked) -> Asked | str:
    """A file of the package; some registries repeat its scope before the file."""
    scope, slash, _ = asked.name.partition("/")
    file = asked.file.removeprefix(f"{scope}/") if slash else asked.file
    return asked if _FILE.fullmatch(file) else "no artifact can have this file name"


# What is no package


_FIXED: Mapping[tuple[str, ...], What] = {
    ("ping",): What.PING,
    ("whoami",): What.WHOAMI,
    ("health",): What.HEALTH,
    ("ready",): What.READY,
    ("metrics",): What.METRICS,
    ("v1", "search"): What.SEARCH,
    ("v1", "login"): What.LOGIN,
    ("npm", "v1", "keys"): What.KEYS,
    ("npm", "v1", "user"): What.PROFILE,
    ("npm", "v1", "tokens"): What.TOKENS,
    ("npm", "v1", "security", "advisories", "bulk"): What.ADVISORIES,
    ("npm", "v1", "security", "audits"): What.AUDIT,
    ("npm", "v1", "security", "audits", "quick"): What.QUICK_AUDIT,
}


def _service(parts: list[str]) -> Asked | str:
    fixed = _FIXED.get(tuple(parts))
    if fixed is not None:
        return Asked(fixed)
    match parts:
        case ["package", name, "dist-tags", *tag] if len(tag) < 2:
            return _of_name(name, lambda: _dist_tag(name, tag))
        case ["package", name, "collaborators" | "visibility" as what]:
            return _of_name(name, lambda: Asked(What(what), name))
        case ["npm", "v1", "attestations", subject]:
            name, _, version = subject.rpartition("@")
            return _of_name(name, lambda: _attestations(name, version))
        case ["v1", "login", text]:
            return _plain(Asked(What.LOGIN, rest=text), text)
        case ["user", "token", text] | ["npm", "v1", "tokens", "token", text]:
            return _plain(Asked(What.TOKENS, rest=text), text)
        case ["user", text] | ["user", text, "-rev", _] if text.startswith(_USER):
            user = text.removeprefix(_USER)
            return _plain(Asked(What.USER, rest=user), text) if user else NO_SUCH
        case ["pratique", "decisions", text] if _DECISION.fullmatch(text):
            return Asked(What.DECISION, rest=text)
        case _:
            return NO_SUCH


def _of_name(name: str, asked: Callable[[], Asked | str]) -> Asked | str:
    why = why_unservable(name)
    return f"no package can have this name: {why}" if why else asked()


def _dist_tag(name: str, tag: list[str]) -> Asked | str:
    if not tag:
        return Asked(What.DIST_TAGS, name)
    return _plain(Asked(What.DIST_TAG, name, tag=tag[0]), tag[0])


def _attestations(name: str, version: str) -> Asked | str:
    asked = Asked(What.ATTESTATIONS, name, version=version)
    return asked if is_version(version) else NO_SUCH


# Artifacts


def tarball_path(base: str, aliases: Collection[str], name: str, url: str) -> str | None:
    """The path, without a slash in front, under which our registry serves an artifact.

    It is the path that the upstream has it under, so that a lockfile's path is kept.

    Args:
        base: Normalised address of the upstream, ending in "/".
        aliases: Hosts (with the port where one is given) that stand for the upstream, too.
        name: Of the package.
        url: The artifact's address at the upstream, verbatim.

    Returns:
        None where `url` is not below `base` (or at an alias), is not of the form NAME/-/FILE, or
        could mean another path.
    """
    before = f"{base}{name}/-/"
    if url.startswith(before) and len(url) <= LONGEST and len(name) <= LONGEST_NAME:
        file = url[len(before) :]
        if _FILE.fullmatch(file) and why_unservable(name) is None:
            return f"{name}/-/{file}"
    return _other_path(base, aliases, name, url)


def _other_path(base: str, aliases: Collection[str], name: str, url: str) -> str | None:
    """The same where the address is spelled in another way than most are."""
    if len(url) > LONGEST or _ODD.search(url):
        return None
    try:
        parts, ours = urlsplit(url), urlsplit(base)
        place, our_place = _place(parts), _place(ours)
    except ValueError:
        return None
    if "@" in parts.netloc or not place:
        return None
    path, prefix = parts.path, ours.path.rstrip("/")
    below = [path.removeprefix(prefix)] if path.startswith(f"{prefix}/") else []
    if place != our_place:
        if place not in aliases:
            return None
        below.append(path)
    found = (_file_of(name, candidate) for candidate in below)
    return next(filter(None, found), None)


def _file_of(name: str, path: str) -> str | None:
    asked = read_path(path.encode("ascii"))
    if isinstance(asked, str) or (asked.what, asked.name) != (What.TARBALL, name):
        return None
    return f"{name}/-/{asked.file}"


def _place(parts: SplitResult) -> str:
    """Host, lower case, with the port where it is not the scheme's own; "" for other schemes.

    Raises:
        ValueError: The port is no number.
    """
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return ""
    if parts.port in {None, _DEFAULT_PORTS[parts.scheme]}:
        return parts.hostname
    return f"{parts.hostname}:{parts.port}"
