"""What the tests say of a registry, compared, and as tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_CLIENT = re.compile(r"### \S+ (\S+)")
_ROW = re.compile(r"\| (?P<part>(?:&nbsp;)*)(?P<name>.*?) \| (?P<mark>✅|❌) \| .* \|")
_PART = ": "

Outcomes = dict[str, bool]
"""Test, or `test: part of it` -> whether it was passed."""


@dataclass
class Run:
    """One client's tests against both registries; what neither ran is in neither."""

    client: str
    verdaccio: Outcomes = field(default_factory=dict)
    pratique: Outcomes = field(default_factory=dict)

    @property
    def worse(self) -> list[str]:
        """What Verdaccio passes, and the firewall does not."""
        return [each for each, passed in self.verdaccio.items()
                if passed and not self.pratique.get(each)]  # fmt: skip


def read_summary(text: str) -> tuple[str, Outcomes]:
    """The client, and what it found, from the summary that the tests write for a workflow."""
    client, test = "", ""
    found: Outcomes = {}
    for line in text.splitlines():
        if heading := _CLIENT.match(line):
            client = heading[1]
        row = _ROW.match(line)
        if row is None:
            continue
        # A failed one has its error behind its name.
        passed = row["mark"] == "✅"
        name = row["name"].strip("*")
        name = name if passed else re.sub(r"(?<!scenario): .*", "", name)
        if row["part"]:
            name = f"{test}: {name}"
        else:
            test = name
        found[name] = passed
    return client, found


def table(runs: Mapping[str, Run]) -> Iterator[str]:
    """Rows of tests, a column of each client: both registries' outcomes, Verdaccio's first."""
    every = dict.fromkeys(name for run in runs.values() for name in (*run.verdaccio, *run.pratique))
    yield f"| | {' | '.join(run.client for run in runs.values())} |"
    yield "|---" * (len(runs) + 1) + "|"
    for name in every:
        if _PART not in name:
            yield f"| {name} | {' | '.join(_cell(run, name) for run in runs.values())} |"
    sums = [f"{_sum(run.verdaccio)} / {_sum(run.pratique)}" for run in runs.values()]
    yield f"| **passed** | {' | '.join(sums)} |"


def _cell(run: Run, name: str) -> str:
    if name not in run.verdaccio and name not in run.pratique:
        return ""
    return f"{_mark(run.verdaccio, name)} / {_mark(run.pratique, name)}"


def _mark(outcomes: Outcomes, name: str) -> str:
    return {True: "pass", False: "**fail**", None: "-"}[outcomes.get(name)]


def _sum(outcomes: Outcomes) -> str:
    whole = {name: passed for name, passed in outcomes.items() if _PART not in name}
    return f"{sum(whole.values())} of {len(whole)}"


def parts(run: Run) -> Iterator[str]:
    """The parts of tests that the two registries do not pass alike."""
    for name in dict.fromkeys((*run.verdaccio, *run.pratique)):
        if _PART in name and run.verdaccio.get(name) != run.pratique.get(name):
            yield f"| {name} | {_mark(run.verdaccio, name)} | {_mark(run.pratique, name)} |"
