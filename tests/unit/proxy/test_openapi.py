"""The OpenAPI document says what is served: every path, every method, every status."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import Stand, days, publish

from pratique.model.private import Right
from pratique.proxy.paths import METHODS, Asked, What, read_path

DOCUMENT: dict[str, Any] = json.loads(
    (files("pratique") / "schemas/openapi.json").read_text("utf-8")
)
PATHS: dict[str, dict[str, Any]] = DOCUMENT["paths"]
VERBS = ("get", "head", "put", "post", "delete", "patch")
OPERATIONS = [(path, verb) for path, item in PATHS.items() for verb in VERBS if verb in item]
BODIES = {"/-/npm/v1/security/": b"{}", "org.couchdb.user": b'{"name": "alice", "password": "x"}'}


def resolved(value: Any) -> Any:
    """What a reference means; anything else as it is."""
    while isinstance(value, dict) and "$ref" in value:
        place: Any = DOCUMENT
        for part in value["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        value = place
    return value


def inside(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from inside(each)


def example(path: str) -> str:
    """A path as a client would send it."""
    for each in map(resolved, PATHS[path].get("parameters", ())):
        path = path.replace(f"{{{each['name']}}}", each["example"])
    return path


def test_the_methods_of_every_path_are_those_that_are_served() -> None:
    said = defaultdict(set)
    for path, verb in OPERATIONS:
        said[What(PATHS[path]["x-pratique-what"])].add(verb.upper())
    assert dict(said) == {what: set(methods) for what, methods in METHODS.items()}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_read_as_what_the_document_calls_it(path: str) -> None:
    asked = read_path(example(path).encode())
    assert isinstance(asked, Asked), asked
    assert asked.what == PATHS[path]["x-pratique-what"]
    named = {each["name"] for each in map(resolved, PATHS[path].get("parameters", ()))}
    assert named == {part.partition("}")[0] for part in path.split("{")[1:]}


def test_the_document_is_one_of_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    ids = []
    for path, verb in OPERATIONS:
        operation = PATHS[path][verb]
        ids.append(operation["operationId"])
        assert operation["summary"].endswith("."), operation
        assert operation["responses"], operation
        for code, answer in operation["responses"].items():
            assert code == "default" or (code.isdigit() and len(code) == 3)
            assert resolved(answer)["description"].endswith("."), (path, code)
    assert len(ids) == len(set(ids))
    named = {name for name, _ in DOCUMENT["components"]["securitySchemes"].items()}
    for each in inside(DOCUMENT):
        for wanted in each.get("security", ()):
            assert wanted.keys() <= named


def test_every_reference_leads_somewhere_and_every_part_is_used() -> None:
    used = {each["$ref"] for each in inside(DOCUMENT) if "$ref" in each}
    parts = {
        f"#/components/{kind}/{name}"
        for kind, every in DOCUMENT["components"].items()
        for name in every
        if kind != "securitySchemes"
    }
    assert used == parts


def test_every_schema_is_one_of_json_schema() -> None:
    for schema in schemas():
        jsonschema.Draft202012Validator.check_schema(schema)


def schemas() -> Iterator[dict[str, Any]]:
    yield from DOCUMENT["components"]["schemas"].values()
    yield from (each["schema"] for each in inside(DOCUMENT) if isinstance(each.get("schema"), dict))


# What is answered


@pytest.fixture
def asked(stand: Stand, registry: Registry) -> Stand:
    publish(registry, "left-widget")
    registry.publish("left-widget", "1.2.0", published=days(1))
    assert stand.ask("left-widget").status == 200
    return stand


def test_what_is_answered_is_what_the_document_says(asked: Stand) -> None:
    """Each operation with a token and without, on a package that has a refused release."""
    decided = asked.decisions()[0].id
    for number, (path, verb) in enumerate(OPERATIONS):
        sent = example(path).replace("2ccpsnmpscs6sn5y", decided).lstrip("/")
        body = next((each for part, each in BODIES.items() if part in path), b"")
        token = asked.token("alice", Right.PUBLISH, seed=number + 1)
        for shown in (token, ""):
            found = asked.ask(sent, verb.upper(), body=body, token=shown)
            answers = PATHS[path][verb]["responses"]
            assert str(found.status) in answers or "default" in answers, (verb, path, found)
            said = resolved(answers.get(str(found.status), answers.get("default")))
            if verb != "head" and found.body:
                kind = found.headers["content-type"].partition(";")[0]
                schema = said["content"][kind].get("schema")
                if kind == "application/json" and schema is not None:
                    whole = {**schema, "components": DOCUMENT["components"]}
                    jsonschema.validate(found.json(), whole)


def test_every_other_method_is_answered_with_405(asked: Stand) -> None:
    token = asked.token("alice", Right.PUBLISH)
    for path, item in PATHS.items():
        allowed = METHODS[What(item["x-pratique-what"])]
        for verb in set(map(str.upper, VERBS)) - allowed:
            found = asked.ask(example(path).lstrip("/"), verb, token=token)
            assert found.status == 405, (verb, path, found)
            assert found.headers["allow"] == ", ".join(sorted(allowed))
