"""What is asked for: documents and tarballs of real packages, as paths below a registry."""

from __future__ import annotations

from dataclasses import dataclass

SMALL = "bench-small"
RELEASES = tuple(f"1.0.{number}" for number in range(200))
"""SMALL's versions: the load goes over so many releases."""
SOURCE = ("semver", "7.7.2")
"""What each of them holds: 28 kB."""
BIG = ("npm", "10.9.4")
"""A tarball of 2.7 MB."""
LARGEST = "typescript"
"""The largest document: 13.7 MB, some 3,500 versions."""


def tarball_of(name: str, version: str) -> str:
    return f"{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


@dataclass(frozen=True, slots=True)
class Subject:
    """One row's requests.

    Attributes:
        title: What the table calls it.
        paths: What is asked for in turn, without the leading slash.
        faster: Times the requests a second of Verdaccio that are demanded.
        of_nginx: Likewise of nginx; None where nothing is demanded.
        costs: Times the processor time of nginx that is allowed; None likewise.
    """

    title: str
    paths: tuple[str, ...]
    faster: float | None
    of_nginx: float | None = None
    costs: float | None = None


REACT = Subject("react, whole document", ("react",), faster=300, of_nginx=0.5)
SEMVER = Subject("semver, whole document", ("semver",), faster=50)
TARBALLS = Subject(
    "28 kB tarball, 200 releases",
    tuple(tarball_of(SMALL, version) for version in RELEASES),
    faster=6,
)
LARGE = Subject("2.7 MB tarball", (tarball_of(*BIG),), faster=None, costs=2)
MIXED = Subject(
    "mixed: 200 tarballs of 28 kB, 40 documents of semver, 1 of react",
    (*TARBALLS.paths, *("semver",) * 40, "react"),
    faster=None,
)
SUBJECTS = (REACT, SEMVER, TARBALLS, LARGE, MIXED)
