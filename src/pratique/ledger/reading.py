"""`pratique.lock` -> Ledger: JSON Lines, as written, or as git's `merge=union` leaves them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pratique.errors import LedgerError
from pratique.ledger.merging import MOST_PROVENANCE, merged
from pratique.ledger.purls import package_of
from pratique.ledger.rows import Row, canonical
from pratique.model.ledger import LEDGER_FILE, AcceptedArtifact, Ledger, Line, LineKey, More
from pratique.syntax.json import read_json
from pratique.syntax.text import Bounds, TextError

VERSION = 1
"""Of the format. A reader refuses a newer one: it may mean what this one does not know."""
HEADER = "pratique-lock"
HOST = "net.host:"
"""Capabilities of this family are written as `hosts`."""
MOST_BYTES = 64 * 1024 * 1024
MOST_LINES = 200_000
MOST_IN_LINE = 4 * 1024 * 1024
_OF_LINE = Bounds(max_bytes=MOST_IN_LINE, max_depth=12, max_nodes=200_000)
_CONFLICT = re.compile(rb"(?:<{7}|={7}|>{7}|\|{7})(?:[ \t\r].*)?")


def read_ledger(source: bytes, path: str = LEDGER_FILE) -> Ledger:
    """The ledger that `source` holds.

    Rows may stand in any order; a repeated header and repeated rows count once, and two rows about
    one line are merged member by member: that is what git's `merge=union` leaves.

    Args:
        source: The file.
        path: What errors call it.

    Raises:
        LedgerError: It is not a ledger, is of a newer format, holds a merge conflict, or is beyond
            a bound.
    """
    headers: list[tuple[int, More]] = []
    rows: list[Row] = []
    for row in _rows(source, path):
        header = _header(row)
        if header is None:
            rows.append(row)
        else:
            headers.append(header)
    if not headers:
        hint = f'it begins with {{"{HEADER}": {VERSION}, ...}}; `pratique accept --all` writes one'
        raise LedgerError(path, 1, "no header: this is not a ledger", hint=hint)
    analyser = min(number for number, _ in headers)
    lines: dict[LineKey, Line] = {}
    for row in rows:
        line = _line(row, analyser)
        known = lines.get(line.key)
        lines[line.key] = line if known is None else merged(known, line)
    return Ledger(lines, tuple(sorted(dict(sorted(_of_all(headers))).items())))


def _of_all(headers: list[tuple[int, More]]) -> Iterator[tuple[str, str]]:
    for _, more in headers:
        yield from more


def _rows(source: bytes, path: str) -> Iterator[Row]:
    if len(source) > MOST_BYTES:
        raise LedgerError(path, 1, f"larger than {MOST_BYTES} bytes")
    for number, text in enumerate(source.split(b"\n"), start=1):
        if number > MOST_LINES:
            raise LedgerError(path, number, f"more than {MOST_LINES} lines")
        if _CONFLICT.fullmatch(text):
            hint = "keep both sides: delete this line and the others like it"
            raise LedgerError(path, number, "merge conflict marker", hint=hint)
        if text.strip():
            yield Row(_members(text, path, number), path, number)


def _members(text: bytes, path: str, number: int) -> dict[str, object]:
    try:
        value, _ = read_json(text, _OF_LINE)
    except TextError as error:
        raise LedgerError(path, number, error.message) from None
    if not isinstance(value, dict):
        raise LedgerError(path, number, "not a JSON object")
    return value


def _header(row: Row) -> tuple[int, More] | None:
    """(analyser, further members) where `row` is a header."""
    version = row.number_of(HEADER, 0)
    if not version:
        return None
    if version > VERSION:
        row.refuse(
            f"written in format {version}; this version reads {VERSION}",
            "update pratique to the version that wrote it",
        )
    return row.number_of("analyser", 1), row.more()


def _line(row: Row, analyser: int) -> Line:
    return Line(
        key=_key(row),
        first=row.day("first"),
        last=row.day("last"),
        by=row.text("by"),
        why=row.text("why"),
        analyser=row.number_of("analyser", analyser),
        accepted=_accepted(row),
        capabilities=_capabilities(row),
        scripts=tuple(sorted(_scripts(row))),
        dependencies=row.names("dependencies"),
        bins=row.names("bins"),
        binaries=row.names("binaries"),
        size=row.number_of("size", 0),
        code=row.number_of("code", 0),
        files=row.number_of("files", 0),
        evidence=row.text("evidence"),
        signer=row.text("signer"),
        provenance=tuple(canonical(each) for each in row.items("provenance")[-MOST_PROVENANCE:]),
        row=row.number,
        more=row.more(),
    )


def _key(row: Row) -> LineKey:
    package = package_of(row.text("package", needed=True))
    if package is None:
        row.refuse("package is not a purl without a version, as in pkg:npm/left-pad")
    registry, line = row.text("registry", needed=True), row.text("line", needed=True)
    return LineKey(package, registry, line)


def _accepted(row: Row) -> tuple[AcceptedArtifact, ...]:
    inner = [row.inner(each, "a member of accepted") for each in row.items("accepted")]
    found = {
        AcceptedArtifact(each.text("version", needed=True), each.digest("sha512", 128), each.more())
        for each in inner
    }
    return tuple(sorted(found))


def _capabilities(row: Row) -> dict[str, date]:
    hosts = {f"{HOST}{host}": day for host, day in row.days("hosts").items()}
    found = row.days("capabilities")
    return found | {each: min(day, found.get(each, day)) for each, day in hosts.items()}


def _scripts(row: Row) -> Iterator[tuple[str, str]]:
    for event, value in row.members("scripts"):
        for each in value if isinstance(value, list) else [value]:
            yield event, row.as_digest(each, f"the script {event}", 64)
