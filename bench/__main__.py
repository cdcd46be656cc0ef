"""Print the tables: python -m bench [artifacts | check | provenance] [--write] [--runs N]

`check` is what a check costs (kept in results.md by `--write`), `artifacts` what reading artifacts
costs (artifacts.md), `provenance` what verifying evidence costs (provenance.md); without any, all.

Needs the recorded repositories (PRATIQUE_SHARED, default ../shared). The registry's documents are
recorded once in `pratique-bench` of the user's cache directory (PRATIQUE_BENCH says elsewhere).
"""

from __future__ import annotations

import argparse
import compileall
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pratique
from bench import artifacts, costs, provenance, verify_again
from bench.loopback import recordings
from bench.table import Row, machine, table
from pratique.errors import SettingsError
from pratique.gather.user import user_registries

RESULTS = Path(__file__).with_name("results.md")
SHARED = Path(os.environ.get("PRATIQUE_SHARED", RESULTS.parent.parent.parent / "shared"))
ARTIFACTS = Path(__file__).with_name("artifacts.md")
PROVENANCE = Path(__file__).with_name("provenance.md")
RUNS, ARTIFACT_RUNS, PROVENANCE_RUNS = 9, 3, 25
NOTE = """
A loopback registry answers at once. Its cold row therefore holds all that a check does (start,
reading, decoding, judging, the report) against the processor time of bare HTTP. Wall times of a
busy machine are longer than the processor time beside them. Where nothing is said of artifacts,
the rules that read them are off, and all else is asked of the registry's documents.
"""


def rows(place: costs.Place) -> Iterator[Row]:
    """Every row, over the loopback registry at `place` first."""
    paths = place.scratch / "paths"
    costs.asked(place.registry)
    place.cold("untrusted")
    paths.write_text("\n".join(costs.asked(place.registry)), encoding="utf-8")
    yield from costs.reading(place)
    yield from costs.warm(place, "untrusted", "publish times untrusted")
    yield from costs.warm(place, "stated", "publish times asked for")
    yield from costs.cold(place, paths, "loopback registry")
    yield from costs.revalidation(place)
    yield from costs.help_(place)
    try:
        configured = user_registries(os.environ).default or ""
        real = replace(place, registry=configured)
        yield from costs.cold(real, paths, "configured registry")
        yield from costs.whole(real)
    except (SettingsError, RuntimeError) as error:
        why = str(error) if isinstance(error, SettingsError) else "a run failed"
        yield Row("cold check, configured registry", "", f"not measured: {why}", "")


def measured(runs: int) -> str:
    repository = SHARED / "repos" / "tanstack-router"
    stated = machine(runs)
    with tempfile.TemporaryDirectory(prefix="pratique-bench-") as scratch:
        place = costs.Place(repository, Path(scratch), "", runs)
        with costs.loopback(recordings(), "--record") as registry:
            costs.record(replace(place, registry=registry))
        with costs.loopback(recordings()) as registry:
            found = []
            for row in rows(replace(place, registry=registry)):
                found.append(row)
                print(" | ".join(row.cells()), file=sys.stderr)
    return f"{stated}\n{table(found)}{NOTE}"


def measured_rows(measure: Callable[[int], Iterator[Row]], runs: int) -> str:
    stated = machine(runs)
    found = []
    for row in measure(runs):
        found.append(row)
        print(" | ".join(row.cells()), file=sys.stderr)
    return f"{stated}\n{table(found)}"


def show(title: str, text: str, place: Path | None) -> None:
    print(text, end="")
    if place:
        day = datetime.now(UTC).date()  # noqa: TID251 - the day of the measurement
        place.write_text(f"# {title}\n\n{day}. {text}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("artifacts", "check", "provenance"))
    parser.add_argument("--write", action="store_true", help="keep the tables")
    parser.add_argument("--runs", type=int)
    options = parser.parse_args()
    # As it is installed; of a fresh clone each run would compile each module.
    compileall.compile_dir(Path(pratique.__file__).parent, quiet=2)
    chosen = (options.what,) if options.what else ("check", "artifacts", "provenance")
    if "check" in chosen:
        title = "Benchmark of `pratique check` on tanstack-router (2,723 releases)"
        show(title, measured(options.runs or RUNS), RESULTS if options.write else None)
    if "artifacts" in chosen:
        title = "Benchmark of reading artifacts (25 popular tarballs)"
        text = measured_rows(artifacts.rows, options.runs or ARTIFACT_RUNS)
        show(title, text, ARTIFACTS if options.write else None)
    if "provenance" in chosen:
        title = "Benchmark of verifying evidence (60 minted releases)"
        text = measured_rows(provenance.rows, options.runs or PROVENANCE_RUNS) + provenance.NOTE
        text += "\n" + measured_rows(verify_again.rows, options.runs or RUNS)
        show(title, text, PROVENANCE if options.write else None)


main()
