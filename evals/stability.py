"""Fingerprints of real packages whose code was rewritten: minified, and obfuscated.

    python -m evals.stability [NAME ...]        keeps evals/stability.md

The packages are those of stability.tsv: sources that are not minified, none of them held out. Every
file of JavaScript is rewritten by terser (compress, mangle, toplevel): the package keeps every
capability but `shape.*`, and gains none. Rewritten by a preset of javascript-obfuscator, it gains
`shape.obfuscated` or `code.dynamic-load`: the package as a whole, and each of its files alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from tests.mutators import PRESETS, TERSER, rewritten

from evals.corpus import Tarball, fetch, folder, listed
from pratique.archives import Archive, Entry, read_archive
from pratique.capabilities.analysis import analyse, read_member
from pratique.capabilities.formats import format_of
from pratique.gather.http import Client
from pratique.gather.user import user_registries

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "stability.tsv"
REPORT = HERE / "stability.md"
LARGEST, MOST = 40_000, 120_000
"""Bytes of one file, and of one package's files together, that are obfuscated: it takes long."""
EMPTY = 40
"""Bytes of an obfuscated file in which there was nothing to hide: `export{};`."""
_TYPED = (".ts", ".tsx", ".mts", ".cts", ".jsx")
_SIGNS = ("shape.obfuscated", "code.dynamic-load")


@dataclass(frozen=True)
class Kept:
    """What terser changed of one package.

    Attributes:
        tarball: The package.
        files: How many were rewritten, of how many.
        capabilities: Ids of it, `shape.*` aside.
        lost: Those that are gone afterwards.
        gained: Those that were not there.
    """

    tarball: Tarball
    files: tuple[int, int]
    capabilities: frozenset[str]
    lost: frozenset[str]
    gained: frozenset[str]


@dataclass(frozen=True)
class Hidden:
    """What one preset did to one package: files rewritten, and those that show no sign of it."""

    tarball: Tarball
    preset: str
    files: int
    plain: tuple[str, ...]


def fetched(names: Collection[str] = ()) -> list[Tarball]:
    """The packages of the list, or those of `names`; what could not be fetched is an OSError."""
    folder().mkdir(parents=True, exist_ok=True)
    found = [each for each in listed(PACKAGES) if not names or each.name in names]
    registries = user_registries(os.environ)
    with Client(registries, connections=2) as client:
        for each in found:
            if why := fetch(client, registries.default or "", each):
                raise OSError(f"{each.name}@{each.version}: {why}")
    return found


def kept(tarball: Tarball) -> Kept:
    """Minify one package, and compare its fingerprint."""
    archive = read_archive(tarball.read())
    code = scripts(archive)
    new = rewritten(TERSER, code)
    before = capabilities(archive.entries)
    after = capabilities(
        [
            Entry(each.path, new[each.path].encode()) if each.path in new else each
            for each in archive.entries
        ]
    )
    return Kept(
        tarball, (len(new), len(code)), before, frozenset(before - after), frozenset(after - before)
    )


def hidden(tarball: Tarball, preset: str) -> Hidden:
    """Obfuscate files of one package, and look for signs of it in each."""
    code = some(scripts(read_archive(tarball.read())))
    done = rewritten(preset, code)
    new = {path: text for path, text in done.items() if len(text) >= EMPTY}
    plain = tuple(path for path in new if not signs(path, new[path]) - signs(path, code[path]))
    return Hidden(tarball, preset, len(new), plain)


def signs(path: str, code: str) -> set[str]:
    found = read_member(path, code.encode()).occurrences
    return {each.capability for each in found if each.capability.startswith(_SIGNS)}


def scripts(archive: Archive) -> dict[str, str]:
    """The files of JavaScript."""
    return {
        each.path: each.content.decode()
        for each in archive.entries
        if format_of(each.path, each.content) == "code" and not each.path.endswith(_TYPED)
    }


def some(code: Mapping[str, str]) -> dict[str, str]:
    """The largest files within the bounds."""
    chosen: dict[str, str] = {}
    for path in sorted(code, key=lambda path: (-len(code[path]), path)):
        total = sum(map(len, chosen.values())) + len(code[path])
        if len(code[path]) <= LARGEST and total <= MOST:
            chosen[path] = code[path]
    return chosen


def capabilities(entries: Sequence[Entry]) -> frozenset[str]:
    found = analyse(Archive(tuple(entries), (), 0), "0" * 128).capabilities
    return frozenset(each for each in found if not each.startswith("shape."))


def report(kept_: list[Kept], hidden_: list[Hidden], today: date) -> str:
    """The table that is committed."""
    families = sorted({c.partition(":")[0] for each in kept_ for c in each.capabilities})
    same = sum(1 for each in kept_ if not each.lost | each.gained)
    files = sum(each.files for each in hidden_)
    plain = sum(len(each.plain) for each in hidden_)
    return "\n".join(
        [
            "# Stability of fingerprints",
            "",
            f"Written by `python -m evals.stability` on {today}; see there what is measured.",
            "",
            f"- terser: {same} of {len(kept_)} packages keep their fingerprint.",
            f"- {len(families)} families: {', '.join(families)}.",
            f"- javascript-obfuscator: {files - plain} of {files} rewritten files show it.",
            "",
            "| package | files minified | capabilities | lost | gained |",
            "|---|---|---|---|---|",
            *map(_row, kept_),
            "",
            "| preset | packages | files | without a sign |",
            "|---|---|---|---|",
            *_presets(hidden_),
            "",
        ]
    )


def _row(each: Kept) -> str:
    lost, gained = (", ".join(sorted(ids)) or "-" for ids in (each.lost, each.gained))
    name = f"{each.tarball.name}@{each.tarball.version}"
    done, of = each.files
    return f"| {name} | {done} of {of} | {len(each.capabilities)} | {lost} | {gained} |"


def _presets(found: list[Hidden]) -> Iterator[str]:
    for preset in PRESETS:
        those = [each for each in found if each.preset == preset]
        plain = [f"{each.tarball.name} {path}" for each in those for path in each.plain]
        files = sum(each.files for each in those)
        yield f"| {preset} | {len(those)} | {files} | {', '.join(plain) or '-'} |"


def main() -> int:
    wanted = sys.argv[1:]
    tarballs = fetched(wanted)
    all_kept: list[Kept] = []
    all_hidden: list[Hidden] = []
    for tarball in tarballs:
        all_kept.append(kept(tarball))
        print(_row(all_kept[-1]), flush=True)
        all_hidden += [hidden(tarball, preset) for preset in PRESETS]
        for each in all_hidden[-len(PRESETS) :]:
            print(f"  {each.preset}: {each.files} files, plain: {each.plain}", flush=True)
    if not wanted:
        today = datetime.now(UTC).date()  # noqa: TID251 - the day of the measurement
        REPORT.write_text(report(all_kept, all_hidden, today), encoding="utf-8")
    bad = [each for each in all_kept if each.lost | each.gained or each.files[0] != each.files[1]]
    return 1 if bad or any(each.plain for each in all_hidden) else 0


if __name__ == "__main__":
    raise SystemExit(main())
