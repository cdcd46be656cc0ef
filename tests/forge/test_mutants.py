"""Whoever serves an answer and holds no key can have it refused, and can change nothing of it."""

from __future__ import annotations

import json
from random import Random

import pytest
from tests.forge import SHAPES, Artifact, Build, Forge
from tests.forge.judging import attested
from tests.forge.mutants import mutant
from tests.forge.offer import offer

MUTANTS = 300


@pytest.mark.parametrize("shape", SHAPES)
def test_an_edited_answer_is_refused_or_proves_the_same(shape: str) -> None:
    build = Build(environment="npm")
    good = offer(Forge(), Artifact("@acme/widget"), build, shape=SHAPES[shape])
    right, document = attested(good), json.loads(good.answer or b"")
    outcomes = {True: 0, False: 0}
    for seed in range(MUTANTS):
        changed = mutant(document, Random(seed))  # noqa: S311 - the same mutants in every run
        if changed == document:
            continue
        found = attested(good.but(answer=json.dumps(changed).encode()))
        outcomes[bool(found.refused)] += 1
        if not found.refused:
            same = (found.publish, found.provenance) == (right.publish, right.provenance)
            assert same, f"seed {seed}"
    # Most are refused; those that are not touch what nobody reads.
    assert outcomes[True] > outcomes[False] > 0
