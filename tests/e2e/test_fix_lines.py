"""The edits that a finding prints are made by machine, and the finding is gone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import pytest
from tests.contract import tampering
from tests.contract.test_tamper_matrix import Case, by_key, case_of, findings, lockfile_of

from pratique.ecosystems.npm.lockfiles import format_of
from pratique.model.finding import Edit, Finding

FILES = (
    "package-lock/v3-plain/package-lock.json",
    "package-lock/v3-without-resolved/package-lock.json",
    "pnpm-lock/6.0-pnpm8/plain/pnpm-lock.yaml",
    "pnpm-lock/9.0-pnpm12/plain/pnpm-lock.yaml",
    "pnpm-lock/13.0-pnpm12/plain/pnpm-lock.yaml",
    "yarn-classic/plain/yarn.lock",
    "bun/v2-registry/bun.lock",
)
KINDS = ("re-pointed", "stripped", "wrong-digest", "sha1-only", "foreign-host", "http")


def applied(source: str, edits: Iterable[Edit]) -> str:
    """`source` with the edits made from the last line up, each one once."""
    lines = source.splitlines()
    unique = dict.fromkeys(edits)
    by_line = sorted(unique, key=lambda each: -(each.where.line or 0))
    for number, at_line in groupby(by_line, key=lambda each: each.where.line):
        assert number is not None
        for edit in sorted(at_line, key=lambda each: not each.old):
            if edit.old:
                assert edit.old in lines[number - 1], (edit, lines[number - 1])
                lines[number - 1] = lines[number - 1].replace(edit.old, edit.new, 1)
            else:
                lines.insert(number, edit.new)
    return "\n".join(lines) + "\n"


def tampered(case: Case, kind: str) -> tuple[str, list[Finding]]:
    """A third of the entries tampered with, and what is found then that was not before."""
    pins = case.candidates()[::3]
    source = tampering.TAMPERINGS[case.locked.format](case.source, case.locked, pins, kind)
    found = findings(case.edited(source), case)
    news = [each for each in found if each.rule not in case.before.get(each.key, set())]
    assert {pin.key for pin in pins} <= {each.key for each in news}
    return source, news


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FILES)
def test_a_finding_is_gone_after_its_edits(name: str, kind: str) -> None:
    case = case_of(name)
    source, news = tampered(case, kind)
    mending = [each for each in news if each.remedy]
    assert {each.key for each in mending} == {each.key for each in news}
    edits = [edit for each in mending if each.remedy for edit in each.remedy.edits]
    assert {edit.where.file for edit in edits} == {case.lock}
    mended = applied(source, edits)
    assert by_key(findings(case.edited(mended), case)) == case.before


@pytest.mark.parametrize("kind", KINDS)
def test_the_edits_of_one_finding_mend_that_entry_alone(kind: str) -> None:
    case = case_of(FILES[0])
    source, news = tampered(case, kind)
    one = news[0]
    assert one.remedy is not None
    after = by_key(findings(case.edited(applied(source, one.remedy.edits)), case))
    assert one.key not in after
    assert {each.key for each in news} - {one.key} == after.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_bound_by_the_registrys_digest_after_its_edits(kind: str) -> None:
    case = case_of(FILES[0])
    source, news = tampered(case, kind)
    edits = [edit for each in news if each.remedy for edit in each.remedy.edits]
    reader = format_of(case.lock)
    assert reader is not None
    mended = reader.read(applied(source, edits).encode(), case.lock)
    before = {pin.key: (pin.digests[0], pin.url) for pin in lockfile_of(case.project).pins}
    assert {pin.key: (pin.digests[0], pin.url) for pin in mended.pins} == before
