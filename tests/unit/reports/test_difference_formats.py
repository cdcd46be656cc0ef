"""What each report of `diff` and `inspect` promises beyond its snapshots."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from tests.difference_builders import (
    FETCH,
    INSPECTIONS,
    SAMPLES,
    SHELL,
    compared,
    difference,
    gain,
    worm,
)
from tests.unit.reports.samples import page

from pratique.model.behavior import Change, Seen, Tier
from pratique.reports import (
    analysis_json_v1,
    analysis_text,
    difference_json_v1,
    difference_text,
)
from pratique.reports.analysis_json_v1 import canonical
from pratique.reports.difference_subject import Age
from pratique.reports.layout import columns

SCHEMAS = {
    name: json.loads((files("pratique") / f"schemas/{name}-v1.schema.json").read_text("utf-8"))
    for name in ("diff", "inspect")
}


def _diff(name: str) -> Any:
    return json.loads(difference_json_v1.render(SAMPLES[name](), page()))


def _inspect(name: str) -> Any:
    return json.loads(analysis_json_v1.render(INSPECTIONS[name](), page()))


DOCUMENTS = [("diff", _diff, name) for name in SAMPLES]
DOCUMENTS += [("inspect", _inspect, name) for name in INSPECTIONS]


@pytest.mark.parametrize(("schema", "make", "name"), DOCUMENTS)
def test_json_fits_its_published_schema(schema: str, make: Any, name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[schema])
    jsonschema.Draft202012Validator(SCHEMAS[schema]).validate(make(name))


@pytest.mark.parametrize(("schema", "make", "name"), [DOCUMENTS[1], DOCUMENTS[-3]])
def test_the_schema_asks_for_every_part_and_no_other(schema: str, make: Any, name: str) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS[schema])
    document = make(name)
    assert validator.is_valid(document)
    for part in document:
        assert not validator.is_valid({key: document[key] for key in document if key != part})
    assert not validator.is_valid(document | {"new": 1})


def test_json_carries_what_was_gained_and_lost_with_its_evidence() -> None:
    document = _diff("worm")
    assert (document["verdict"], document["exit"]) == ("block", 1)
    by_id = {each["id"]: each for each in document["gained"]}
    shell = by_id["exec.process:shell"]
    assert (shell["tier"], shell["hard"]) == ("A", False)
    place = shell["evidence"][0]
    assert (place["file"], place["line"]) == ("lib/setup.js", 15)
    assert place["sha256"] == hashlib.sha256(place["snippet"].encode()).hexdigest()
    assert [each["id"] for each in document["lost"]] == ["fs.read"]
    assert document["lost"][0]["evidence"][0]["file"] == "lib/theme.js"


def test_a_snippet_s_digest_is_of_the_text_that_stands_in_the_document() -> None:
    place = _diff("hostile")["gained"][0]["evidence"][0]
    assert place["sha256"] == hashlib.sha256(place["snippet"].encode()).hexdigest()


def test_the_fingerprint_is_the_canonical_set() -> None:
    print_ = _inspect("native")["fingerprint"]
    assert print_["capabilities"] == sorted(set(print_["capabilities"]))
    content = canonical(print_["capabilities"])
    assert content == json.dumps(print_["capabilities"], separators=(",", ":")).encode()
    assert print_["sha256"] == hashlib.sha256(content).hexdigest()
    assert canonical(["b", "a", "b"]) == b'["a","b"]'


@pytest.mark.parametrize("name", SAMPLES)
def test_equal_comparisons_have_equal_bytes(name: str) -> None:
    for render in (difference_json_v1.render, difference_text.render):
        assert render(SAMPLES[name](), page()) == render(SAMPLES[name](), page())


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", [*SAMPLES, *(f"inspect-{name}" for name in INSPECTIONS)])
def test_lines_keep_to_the_width_except_those_to_copy(name: str, width: int) -> None:
    if name.startswith("inspect-"):
        rendered = analysis_text.render(INSPECTIONS[name[8:]](), page(width))
    else:
        rendered = difference_text.render(SAMPLES[name](), page(width))
    for line in rendered.splitlines():
        assert columns(line) <= width or line.startswith(("look ", "accept ")), line


@pytest.mark.parametrize("name", SAMPLES)
def test_the_first_line_says_who_what_and_the_verdict(name: str) -> None:
    sample = SAMPLES[name]()
    first = difference_text.render(sample, page(10_000)).splitlines()[0]
    assert f": {sample.verdict.name}, " in first
    if name != "hostile":
        assert first.startswith(f"{sample.difference.name} ")
        assert sample.difference.version in first


@pytest.mark.parametrize("name", SAMPLES)
def test_colour_says_nothing_that_the_words_do_not(name: str) -> None:
    coloured = difference_text.render(SAMPLES[name](), page(colour=True))
    assert "\x1b[" in coloured
    plain = difference_text.render(SAMPLES[name](), page())
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b" not in plain


def test_an_inspection_says_that_nothing_is_compared() -> None:
    for name in INSPECTIONS:
        rendered = analysis_text.render(INSPECTIONS[name](), page())
        assert "what it can do, not what is new" in rendered


def test_tiers_come_in_their_order() -> None:
    rendered = analysis_text.render(INSPECTIONS["native"](), page())
    places = [rendered.index(f"tier {tier}: ") for tier in "ABC"]
    assert places == sorted(places)


def test_what_was_not_read_is_said() -> None:
    assert "unread      dist/all.js: it is larger" in difference_text.render(worm(), page())
    native = analysis_text.render(INSPECTIONS["native"](), page())
    assert "unread      dist/all.js: it is larger" in native
    odd = difference_text.render(SAMPLES["unanalysable"](), page())
    assert "the archive has bytes behind its end" in odd


def test_no_age_is_said_to_count_as_none() -> None:
    assert "not stated: judged as if it was published now" in difference_text.render(worm(), page())
    assert "age         30 days, as stated" in difference_text.render(SAMPLES["quiet"](), page())
    inspection = analysis_text.render(INSPECTIONS["native"](), page())
    assert "age         90 minutes, as stated" in inspection


def test_an_age_is_told_with_who_tells_it() -> None:
    bundle = difference_text.render(SAMPLES["bundle"](), page())
    assert "age         published 2026-11-22 05:00 UTC, by the registry's word" in bundle
    unknown = replace(SAMPLES["bundle"](), age=Age(why="offline"))
    said = "age         not known (offline): judged as if it was published now"
    assert said in difference_text.render(unknown, page())
    document = json.loads(difference_json_v1.render(unknown, page()))
    assert (document["age"], document["notes"]) == (None, ["its age is not known: offline"])


def test_many_light_gains_of_one_family_take_a_line_each() -> None:
    names = ("HOME", "PATH", "USER", "API_TOKEN")
    gains = [
        gain(Seen(f"env.named:{name}", "lib/a.js", line, f"process.env.{name}"), tier_of(name))
        for line, name in enumerate(names, start=1)
    ]
    rendered = difference_text.render(compared(difference(gained=tuple(gains))), page())
    assert "  C  env.named   reads one variable of the environment (3)" in rendered
    assert "       env.named:PATH   lib/a.js:2" in rendered.splitlines()
    assert "process.env.PATH" not in rendered
    assert "process.env.API_TOKEN" in rendered


def tier_of(name: str) -> Tier:
    return Tier.A if name.endswith("TOKEN") else Tier.C


def test_what_only_its_developers_install_is_counted() -> None:
    changes = (
        Change("devDependencies", "linter", "^1", "^2"),
        Change("dependencies", "helper", "^1", "^2"),
        Change("devDependencies", "tester", "", "^2"),
    )
    rendered = difference_text.render(compared(difference(changes=changes)), page())
    assert "  ~  dependencies helper: ^1 -> ^2\n     2 entries of devDependencies" in rendered
    assert "linter" not in rendered
    document = json.loads(difference_json_v1.render(compared(difference(changes=changes)), page()))
    assert len(document["changes"]) == 3


def test_of_what_cannot_be_analysed_nothing_good_is_said() -> None:
    rendered = analysis_text.render(INSPECTIONS["broken"](), page())
    assert "runs nothing" not in rendered
    assert "none" not in rendered
    assert "fingerprint" not in rendered


def test_much_is_folded_and_counted() -> None:
    rendered = difference_text.render(SAMPLES["many"](), page())
    for words in ("and 140 more", "and 30 more", "and 70 more", "and 20 more"):
        assert words in rendered
    assert len(rendered.splitlines()) < 900


def test_the_line_to_copy_is_quoted_for_the_shell() -> None:
    sample = compared(
        difference(gained=(gain(SHELL, Tier.A), gain(FETCH, Tier.B))),
        worm().outcome,
        asked=("$(id).tgz", "b c.tgz"),
    )
    rendered = difference_text.render(sample, page())
    assert "pratique diff '$(id).tgz' 'b c.tgz' --format html --output diff.html" in rendered
