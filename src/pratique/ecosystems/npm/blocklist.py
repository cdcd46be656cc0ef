"""Blocklists' bytes -> what they block. Pure and bounded; an error names the file and the line.

Two forms: pratique's own, and records of known malware in OSV's, one or a list of them.
docs/layers/registry.md shows both.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pratique.ecosystems.npm.names import why_illegal
from pratique.ecosystems.npm.osv import read_osv
from pratique.ecosystems.npm.versions import is_range, is_version
from pratique.errors import BlocklistError
from pratique.model.blocklist import Blocked, BlockedEntry
from pratique.model.fact import Missing, Why
from pratique.model.package import Digest
from pratique.model.pin import Location
from pratique.syntax.json import read_json
from pratique.syntax.parts import Part
from pratique.syntax.text import LOCKFILE, TextError

HEADER, VERSION = "pratique-blocklist", 1
MOST_BYTES = LOCKFILE.max_bytes
_MOST_ENTRIES, _MOST_VERSIONS = 500_000, 100_000
_LONGEST_REASON = 300
_OF_LIST = (HEADER, "generated_at", "expires_at", "entries", "osv")
_OF_ENTRY = ("package", "versions", "range", "sha512", "reason", "until")
_WHICH = ("versions", "range", "sha512")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Blocklist:
    """One list.

    Attributes:
        entries: In file order.
        expires: The instant from which it is stale; None where it does not say.
    """

    entries: tuple[BlockedEntry, ...]
    expires: datetime | None = None


def read_blocklist(source: bytes, file: str) -> Blocklist:
    """The list that `source` holds.

    Raises:
        BlocklistError: It is no list, is of a newer form, or is beyond a bound.
    """
    try:
        root = Part(*read_json(source))
        if isinstance(root.value, list):
            return Blocklist(tuple(_records(root, file)))
        if root.get(HEADER):
            return _own(root, file)
        if root.get("id"):
            return Blocklist(tuple(read_osv(root, file)))
        root.refuse(f'is no blocklist: it has neither "{HEADER}" nor the "id" of an OSV record')
    except TextError as error:
        raise BlocklistError(file, error.line, error.message) from None


def _records(records: Part, file: str) -> list[BlockedEntry]:
    return [each for one in records.items(_MOST_ENTRIES) for each in read_osv(one, file)]


def _own(root: Part, file: str) -> Blocklist:
    root.members(_OF_LIST)
    header = root.needed(HEADER)
    if header.value is True or header.value != VERSION:
        header.refuse(f"this version reads {VERSION}")
    made = root.get("generated_at")
    if made:
        _instant(made)
    expires = root.get("expires_at")
    entries = [_entry(each, file) for each in root.each("entries", _MOST_ENTRIES)]
    records = root.get("osv")
    more = _records(records, file) if records else []
    return Blocklist((*entries, *more), _instant(expires) if expires else None)


def _entry(part: Part, file: str) -> BlockedEntry:
    part.members(_OF_ENTRY)
    package = part.needed("package")
    if why := why_illegal(package.text()):
        package.refuse(f"is no package's name: {why}")
    said = [name for name in _WHICH if part.get(name)]
    if len(said) != 1:
        part.refuse(f"must say which releases by one of {', '.join(_WHICH)}")
    versions = [_version(each) for each in part.each("versions", _MOST_VERSIONS)]
    if "versions" in said and not versions:
        part.inner("versions").refuse("must not be empty")
    until = part.get("until")
    wanted, sha512 = part.get("range"), part.get("sha512")
    return BlockedEntry(
        package.text(),
        part.needed("reason").text()[:_LONGEST_REASON],
        Location(file, part.line),
        versions=frozenset(versions),
        range=_range(wanted) if wanted else "",
        sha512=_digest(sha512) if sha512 else "",
        until=_day(until) if until else None,
    )


def _version(part: Part) -> str:
    text = part.text().lstrip("v=")
    if not is_version(text):
        part.refuse("is no exact version")
    return text.partition("+")[0]


def _range(part: Part) -> str:
    if not is_range(part.text()):
        part.refuse("is no range of versions")
    return part.text()


def _digest(part: Part) -> str:
    """Hexadecimal, or as subresource integrity."""
    text = part.text()
    sri = Digest.from_sri(text)
    found = Digest.from_hex("sha512", text) or (sri[0] if len(sri) == 1 else None)
    if found is None or found.algorithm != "sha512":
        part.refuse("is no SHA-512 digest")
    return found.hex


def _day(part: Part) -> date:
    text = part.text()
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        part.refuse("must be a day, as in 2026-12-01")


def _instant(part: Part) -> datetime:
    text = part.text()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        part.refuse("must be an instant, as in 2026-12-01T00:00:00Z")
    if found.tzinfo is None:
        part.refuse("must name its offset, as in 2026-12-01T00:00:00Z")
    return found


def blocked_by(sources: Mapping[str, bytes | str]) -> Blocked | Missing:
    """What lists block together; Missing where one of them cannot be read.

    Args:
        sources: File -> its bytes, or why they could not be had. In the policy's order.
    """
    entries: dict[str, list[BlockedEntry]] = {}
    expires: list[tuple[str, datetime]] = []
    digest = hashlib.sha256()
    for file, source in sources.items():
        if isinstance(source, str):
            return Missing(Why.FAILED, f"the blocklist {file} {source}")
        try:
            found = read_blocklist(source, file)
        except BlocklistError as error:
            return Missing(Why.FAILED, f"the blocklist cannot be read: {error.message}")
        for each in found.entries:
            entries.setdefault(each.package, []).append(each)
        if found.expires:
            expires.append((file, found.expires))
        digest.update(hashlib.sha256(source).digest())
    together = {name: tuple(those) for name, those in entries.items()}
    return Blocked(together, tuple(expires), digest.hexdigest() if sources else "")
