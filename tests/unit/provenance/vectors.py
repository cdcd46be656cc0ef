"""The recorded bundles, and the verdict that each must have."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

from pratique.errors import RefusedError
from pratique.model.evidence import Sealed
from pratique.provenance import keys, root
from pratique.provenance.bundle import read_bundle
from pratique.provenance.strict import read_json
from pratique.provenance.verifying import verify

TABLE = ROOT / "tests" / "vectors" / "provenance.tsv"


@dataclass(frozen=True, slots=True)
class Row:
    file: str
    number: int
    is_accepted: bool
    rule: str

    @property
    def name(self) -> str:
        return f"{self.file}#{self.number}"


def rows() -> list[Row]:
    with TABLE.open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    return [
        Row(x["file"], int(x["number"]), x["cryptography"] == "accepted", x["rule"]) for x in lines
    ]


def folder(shared: Path) -> Path:
    return shared / "vectors" / "provenance"


def documents(path: Path) -> list[bytes]:
    """A file is one JSON text, or one a line."""
    source = path.read_bytes()
    lines = [line for line in source.splitlines() if line.strip()]
    return lines if path.suffix == ".jsonl" else [source]


def bundles(path: Path) -> list[Any]:
    """The bundles of a file as JSON values: of an endpoint's answer, or as they are."""
    found: list[Any] = []
    for source in documents(path):
        value: Any = read_json(source)
        listed = value.get("attestations") if isinstance(value, dict) else None
        found += [each["bundle"] for each in listed] if listed else [value]
    return found


def stated(shared: Path, row: Row) -> Any:
    return bundles(folder(shared) / row.file)[row.number]


def verified(value: object) -> Sealed:
    return verify(read_bundle(value), root.shipped(), keys.shipped())


def refusal(value: object) -> str | None:
    """The rule by which it is refused; None where it is not."""
    try:
        verified(value)
    except RefusedError as error:
        return error.rule
    return None
