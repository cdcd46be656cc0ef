"""The benign releases: which they are, and their tarballs, fetched once and verified.

    python -m evals.corpus        fetch all of them

They come from the registry that the machine is configured for, and are kept in `pratique-corpus`
of the user's cache directory (PRATIQUE_CORPUS says elsewhere).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import itertools
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from pratique.ecosystems.npm.versions import ascending, is_prerelease
from pratique.gather.http import Client, Failure, Request
from pratique.gather.user import user_registries

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("PRATIQUE_SHARED", HERE.parent.parent / "shared"))
POPULAR = SHARED / "corpus" / "benign-updates.tsv"
LONG_TAIL = HERE / "long-tail.tsv"
_MOST = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Tarball:
    """One release with the integrity of its tarball (`sha512-<base64>`)."""

    name: str
    version: str
    integrity: str

    @property
    def path(self) -> Path:
        return folder() / f"{self.name.replace('/', '+')}-{self.version}.tgz"

    @property
    def sha512(self) -> str:
        return base64.b64decode(self.integrity.removeprefix("sha512-")).hex()

    def read(self) -> bytes:
        """Its bytes, fetched before; they are what the list says."""
        source = self.path.read_bytes()
        if hashlib.sha512(source).hexdigest() != self.sha512:
            raise ValueError(f"{self.path} has another digest")
        return source


def folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("PRATIQUE_CORPUS") or cache / "pratique-corpus")


def listed(path: Path) -> list[Tarball]:
    """The releases that a list names, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [Tarball(row["name"], row["version"], row["integrity"]) for row in rows]


def pairs(tarballs: Sequence[Tarball]) -> Iterator[tuple[Tarball, Tarball]]:
    """Consecutive stable releases of each package, as (older, newer)."""
    by_name: dict[str, dict[str, Tarball]] = defaultdict(dict)
    for each in tarballs:
        if not is_prerelease(each.version):
            by_name[each.name][each.version] = each
    for name in sorted(by_name):
        versions = ascending(by_name[name])
        for older, newer in itertools.pairwise(versions):
            yield by_name[name][older], by_name[name][newer]


def address(registry: str, name: str, version: str) -> str:
    return f"{registry}{quote(name, safe='@/')}/-/{name.rpartition('/')[2]}-{version}.tgz"


def fetch(client: Client, registry: str, tarball: Tarball) -> str:
    """Fetch one; why it did not come, else ""."""
    if tarball.path.exists():
        return ""
    request = Request(address(registry, tarball.name, tarball.version), "*/*", None, _MOST)
    with client.get(request) as answer:
        if isinstance(answer, Failure):
            return answer.why
        if hashlib.sha512(answer.body).hexdigest() != tarball.sha512:
            return f"status {answer.status}, another digest"
        partly = tarball.path.with_suffix(".part")
        partly.write_bytes(answer.body)
        partly.replace(tarball.path)
    return ""


def main() -> int:
    folder().mkdir(parents=True, exist_ok=True)
    wanted = [each for path in (POPULAR, LONG_TAIL) if path.exists() for each in listed(path)]
    registries = user_registries(os.environ)
    failed = 0
    with Client(registries, connections=4) as client, ThreadPoolExecutor(4) as pool:
        job = partial(fetch, client, registries.default or "")
        for number, (tarball, why) in enumerate(zip(wanted, pool.map(job, wanted), strict=True)):
            failed += bool(why)
            if why:
                print(f"{tarball.name}@{tarball.version}: {why}", file=sys.stderr)
            print(f"\r{number + 1} of {len(wanted)}", end="", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
