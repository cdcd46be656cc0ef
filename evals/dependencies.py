"""Which new dependencies of the real updates run code when they are installed.

    python -m evals.dependencies DOCUMENTS > evals/dependencies.tsv

DOCUMENTS is a folder of registry documents, as `python -m bench` keeps them. A dependency that has
no document there is listed as `unknown`, and counts as one about which nothing is known.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals.corpus import POPULAR, Tarball, listed, pairs
from evals.draw import documents
from evals.entries import manifest_of
from pratique.archives import read_archive
from pratique.ecosystems.npm.versions import ascending, satisfies

FILE = Path(__file__).with_name("dependencies.tsv")
_GROUPS = ("dependencies", "optionalDependencies", "peerDependencies")
_EVENTS = frozenset({"preinstall", "install", "postinstall"})


def known(path: Path = FILE) -> dict[tuple[str, str], str]:
    """(package, dependency) -> "installs", for those that do."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["package"], row["dependency"]): "installs"
            for row in csv.DictReader(file, delimiter="\t")
            if row["installs"] == "yes"
        }


def _wanted(tarball: Tarball) -> dict[str, str]:
    """What a client installs with it: name -> range."""
    manifest = manifest_of(read_archive(tarball.read()))
    groups = [manifest.get(group) for group in _GROUPS]
    return {
        str(name): str(wanted)
        for group in groups
        if isinstance(group, Mapping)
        for name, wanted in group.items()
    }


def new() -> Iterator[tuple[str, str, str]]:
    """(package, dependency, range) of each dependency that an update brought in."""
    for older, newer in pairs(listed(POPULAR)):
        before = _wanted(older)
        for name, wanted in _wanted(newer).items():
            if name not in before:
                yield newer.name, name, wanted


def installs(document: Mapping[str, Any] | None, wanted: str) -> str:
    """Of the highest release that `wanted` allows: `yes`, `no`, or `unknown`."""
    versions = document["versions"] if document else {}
    fitting = [each for each in ascending(versions) if satisfies(each, wanted)]
    if not fitting:
        return "unknown"
    chosen = versions[fitting[-1]]
    runs = chosen.get("hasInstallScript") or _EVENTS & set(chosen.get("scripts") or {})
    return "yes" if runs else "no"


def main(folder: str) -> None:
    found = {str(each["name"]): each for each in documents(Path(folder))}
    rows = {(owner, name): installs(found.get(name), wanted) for owner, name, wanted in new()}
    write = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    write.writerow(("package", "dependency", "installs"))
    write.writerows((*key, rows[key]) for key in sorted(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
