"""Measure layer 9: python -m evals [--sample N | --rest-only].

Prints the tables and keeps them in results.md and results.json. With --sample or --rest-only, for
tuning, only packages and shapes that are not held out are looked at, and nothing is kept. The
tarballs are fetched before by `python -m evals.corpus`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evals import guarddog, report
from evals.analyses import overlay_digest, source_digest
from evals.corpus import LONG_TAIL, POPULAR, Tarball, listed
from evals.dependencies import known
from evals.judged import Judged, judged, works
from evals.overlay import SEED
from evals.shapes import shapes
from evals.split import is_held_out
from evals.versus import versus
from pratique.model.behavior import ANALYSER

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.md"
HELD, REST, TAIL = "held out", "the rest", "long tail"


def sampled(tarballs: Sequence[Tarball], count: int) -> list[Tarball]:
    """Those of `count` packages, drawn by hash."""
    names = {each.name for each in tarballs}
    order = sorted(names, key=lambda name: hashlib.sha256(f"{SEED}\0{name}".encode()).digest())
    drawn = set(order[:count])
    return [each for each in tarballs if each.name in drawn]


def measured(tarballs: Sequence[Tarball], with_shapes: bool) -> list[Judged]:  # noqa: FBT001
    analyser, overlay = source_digest(), overlay_digest()
    work = works(tarballs, list(shapes()) if with_shapes else [])
    found: list[Judged] = []
    for number, row in enumerate(judged(work, analyser, overlay, known())):
        found.append(row)
        if number % 100 == 0:
            print(f"\r{number} pairs", end="", file=sys.stderr)
    print(f"\r{len(found)} pairs", file=sys.stderr)
    return sorted(found, key=lambda row: (row.name, row.newer, row.shape))


def corpus_digest() -> str:
    """Of the lists of releases; the tarballs are bound by the integrity in them."""
    lists = [path.read_bytes() for path in (POPULAR, LONG_TAIL) if path.exists()]
    return hashlib.sha256(b"\0".join(lists)).hexdigest()


def head() -> str:
    day = datetime.now(UTC).date()  # noqa: TID251 - the day of the measurement
    return (
        f"{day}, analyser {ANALYSER} (source {source_digest()[:16]}), corpus "
        f"{corpus_digest()[:16]}, shapes {overlay_digest()[:16]}.\n"
    )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="N packages that are not held out")
    parser.add_argument("--rest-only", action="store_true", help="all that are not held out")
    parser.add_argument("--no-guarddog", action="store_true", help="leave its table out")
    return parser.parse_args()


def tuned(count: int | None) -> str:
    """The figures of what is not held out."""
    tarballs = [each for each in listed(POPULAR) if not is_held_out(each.name)]
    rows = measured(sampled(tarballs, count) if count else tarballs, with_shapes=True)
    return head() + "\n" + report.document({REST: rows}, [REST])


def beside(parts: report.Parts) -> str:
    """GuardDog on samples of the parts that hostile updates belong to."""
    tarballs, every = listed(POPULAR), list(shapes())
    found = {
        title: guarddog.beside(guarddog.sample(parts[title]), tarballs, every)
        for title in (HELD, REST)
    }
    return versus(found, guarddog.release())


def main() -> None:
    asked = options()
    if asked.sample or asked.rest_only:
        print(tuned(asked.sample))
        return
    rows = measured(listed(POPULAR), with_shapes=True)
    parts = {
        HELD: [row for row in rows if is_held_out(row.name)],
        REST: [row for row in rows if not is_held_out(row.name)],
    }
    if LONG_TAIL.exists():
        parts[TAIL] = measured(listed(LONG_TAIL), with_shapes=False)
    text = f"# What layer 9 says of benign and of hostile updates\n\n{head()}\n"
    text += f"{(HERE / 'notes.md').read_text(encoding='utf-8')}\n"
    text += report.document(parts, [HELD, REST])
    if guarddog.release() and not asked.no_guarddog:
        text += beside(parts)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    kept = json.dumps(report.plain(parts), indent=1, sort_keys=True, ensure_ascii=True)
    RESULTS.with_suffix(".json").write_text(kept + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
