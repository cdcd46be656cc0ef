"""Draw the long tail: python -m evals.draw DOCUMENTS DOWNLOADS > evals/long-tail.tsv

DOCUMENTS is a folder of registry documents, as `python -m bench` keeps them (gzipped JSON): those
of every package in the tree of a large real project. DOWNLOADS is a table with the columns `name`
and `downloads_a_month`. Of the packages below MOST_DOWNLOADS, with two stable releases or more,
PACKAGES are drawn by hash and seed, and of each the latest stable releases are listed. So nobody
has to be asked for names; the price is that the draw is of what one project depends on, not of
everything that was ever published.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals.corpus import POPULAR, listed
from evals.overlay import SEED
from pratique.ecosystems.npm.versions import ascending, is_prerelease

PACKAGES, RELEASES = 200, 4
MOST_DOWNLOADS = 10_000_000
"""Downloads a month; the packages of the benign corpus have a median of many times that."""
Row = tuple[str, str, str]


def documents(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The registry documents in `folder`; other answers that are kept there are passed over."""
    for path in sorted(folder.glob("*.gz")):
        packed = path.read_bytes()
        if packed:
            document = json.loads(gzip.decompress(packed))
            if isinstance(document, dict) and {"name", "versions"} <= document.keys():
                yield document


def rare(table: Path) -> set[str]:
    """Names below MOST_DOWNLOADS."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {
            row["name"]
            for row in rows
            if (count := row["downloads_a_month"] or "").isdigit() and int(count) < MOST_DOWNLOADS
        }


def releases(document: Mapping[str, Any]) -> list[Row]:
    """Of the latest stable releases of one package: name, version, integrity."""
    versions = document["versions"]
    stable = [each for each in versions if not is_prerelease(each) and _integrity(versions[each])]
    return [
        (str(document["name"]), each, _integrity(versions[each]))
        for each in ascending(stable)[-RELEASES:]
    ]


def _integrity(version: Mapping[str, Any]) -> str:
    value = version.get("dist", {}).get("integrity", "")
    return value if isinstance(value, str) and value.startswith("sha512-") else ""


def drawn(found: Mapping[str, list[Row]]) -> list[Row]:
    """The releases of PACKAGES of them."""
    order = sorted(found, key=lambda name: hashlib.sha256(f"{SEED}\0{name}".encode()).digest())
    return sorted(row for name in order[:PACKAGES] for row in found[name])


def main(folder: str, table: str) -> None:
    wanted = rare(Path(table)) - {each.name for each in listed(POPULAR)}
    found = {
        str(each["name"]): rows
        for each in documents(Path(folder))
        if each["name"] in wanted and len(rows := releases(each)) > 1
    }
    print(f"{PACKAGES} of {len(found)} packages", file=sys.stderr)
    write = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    write.writerow(("name", "version", "integrity"))
    write.writerows(drawn(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
