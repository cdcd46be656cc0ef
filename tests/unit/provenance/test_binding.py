from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.evidence_builders import (
    AT,
    CERTIFIED,
    EXPECTED,
    ISSUER,
    KEY,
    NAME,
    OLD,
    PUBLICATION,
    REPOSITORY,
    SHA512,
    V02,
    V1,
    answer,
    build,
    publication,
    sealed,
    statement,
)

from pratique.errors import RefusedError
from pratique.model.evidence import (
    PUBLISH,
    SLSA_V02,
    SLSA_V1,
    UNREAD,
    Attestations,
    Certified,
    Logged,
    Provenance,
    Sealed,
    Usage,
)
from pratique.model.fact import Missing, Why
from pratique.provenance.binding import RULES, Expected, bind

HOURS = timedelta(hours=1)


def seal(bundle: object) -> Sealed:
    if not isinstance(bundle, Sealed):
        raise RefusedError("crypto", "it does not verify")
    return bundle


def judged(
    *entries: tuple[str, object], expected: Expected = EXPECTED, **more: Any
) -> Attestations:
    return bind(answer(*entries), replace(expected, **more), seal)


def pair(
    one: Sealed | None = None, two: Sealed | None = None, kind: str = SLSA_V1, **more: Any
) -> Attestations:
    return judged((PUBLISH, one or publication()), (kind, two or build(kind)), **more)


def rules(found: Attestations) -> list[tuple[str, str]]:
    assert not found.refused or (found.publish, found.provenance) == (None, None)
    return [(each.rule, each.name) for each in found.refused]


def without(stated: Any, *path: str | int, put: object = None) -> Any:
    """`stated` with the member at `path` as `put`, or without it."""
    changed = copy.deepcopy(stated)
    node = changed
    for step in path[:-1]:
        node = node[step]
    if put is None:
        del node[path[-1]]
    else:
        node[path[-1]] = put
    return changed


# -- what holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SLSA_V1, SLSA_V02])
def test_a_pair_that_is_bound_gives_the_certificates_values_and_the_attested_time(
    kind: str,
) -> None:
    found = pair(kind=kind)
    assert found.refused == ()
    assert found.publish == AT + timedelta(seconds=2)
    built = found.provenance
    assert built is not None
    assert (built.repository, built.repository_id, built.run, built.attempt) == (
        REPOSITORY, "11", "33", 1,
    )  # fmt: skip
    assert (built.workflow, built.event, built.at) == (
        ".github/workflows/release.yml", "release", found.publish,
    )  # fmt: skip
    assert Provenance.from_json(built.to_json()) == built


def test_an_old_certificate_leaves_unknown_what_it_does_not_carry() -> None:
    found = pair(two=build(SLSA_V02, signer=OLD), kind=SLSA_V02)
    built = found.provenance
    assert built is not None
    assert (built.repository_id, built.run, built.runner) == (None, None, None)
    assert built.workflow == ".github/workflows/release.yml"


def test_an_old_certificate_of_a_reusable_workflow_does_not_tell_which_was_started() -> None:
    signer = replace(OLD, identity="https://github.com/other/flows/.github/workflows/x.yml@v1")
    built = pair(two=build(SLSA_V02, signer=signer), kind=SLSA_V02).provenance
    assert built is not None
    assert built.workflow is None
    assert built.signer_uri == signer.identity


def test_the_same_build_by_the_same_tool_has_one_shape_and_another_tool_another() -> None:
    one, two = pair().provenance, pair(kind=SLSA_V02).provenance
    assert one
    assert two
    assert one.shape != two.shape
    again = pair().provenance
    assert again is not None
    assert again.shape == one.shape


def test_a_publication_alone_is_enough_where_nothing_says_there_is_provenance() -> None:
    found = judged((PUBLISH, publication()), claims_provenance=False)
    assert (found.refused, found.publish is not None, found.provenance) == ((), True, None)


# -- the answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([], [("B7", "attestation-missing")], id="an empty list"),
        pytest.param(
            [(SLSA_V1, build())], [("B5", "publish-attestation-missing")], id="publish stripped"
        ),
        pytest.param(
            [(PUBLISH, publication())], [("B7", "attestation-missing")], id="provenance stripped"
        ),
        pytest.param(
            [(PUBLISH, publication()), (SLSA_V1, build()), (SLSA_V1, build())],
            [("B2", "attestation-invalid")],
            id="two of one type",
        ),
        pytest.param(
            [(PUBLISH, publication()), (SLSA_V1, build()), (SLSA_V02, build(SLSA_V02))],
            [("B2", "attestation-invalid")],
            id="two provenances of two versions",
        ),
        pytest.param(
            [(PUBLISH, publication()), (PUBLISH, publication()), (SLSA_V1, build())],
            [("B2", "attestation-invalid")],
            id="two publications",
        ),
        pytest.param(
            [(PUBLISH, publication()), (SLSA_V1, build()), ("https://other.example/v1", "broken")],
            [("crypto", "attestation-invalid")],
            id="a third of an unknown type that does not verify",
        ),
    ],
)
def test_what_is_not_there_or_there_twice_is_refused_by_name(
    entries: list[tuple[str, object]], expected: list[tuple[str, str]]
) -> None:
    assert rules(judged(*entries)) == expected


def test_a_third_attestation_of_another_type_changes_nothing_where_it_holds() -> None:
    stated = statement("https://other.example/v1", {})
    third = ("https://other.example/v1", sealed(stated, KEY))
    found = judged((PUBLISH, publication()), (SLSA_V1, build()), third)
    assert found.refused == ()
    assert len(found.present) == 3


@pytest.mark.parametrize("node", [None, [], {}, {"attestations": {}}, {"attestations": [7]}])
def test_an_answer_that_is_none_is_refused(node: object) -> None:
    assert [each.rule for each in bind(node, EXPECTED, seal).refused] == ["crypto"]


def test_an_answer_beyond_the_bound_is_refused_and_nothing_of_it_verified() -> None:
    entries = [(PUBLISH, publication())] * 17
    assert rules(judged(*entries)) == [("crypto", "attestation-invalid")]


# -- each rule -------------------------------------------------------------------------------------


def test_b1_a_type_outside_that_is_not_the_one_inside() -> None:
    found = judged((PUBLISH, publication()), (SLSA_V02, build()))
    assert ("B1", "attestation-mismatch") in rules(found)
    found = judged(("https://elsewhere.example/v1", publication()), (SLSA_V1, build()))
    assert {"B1", "B5"} == {rule for rule, _ in rules(found)}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (publication(payload_type="text/plain"), None),
        (publication(keyid="SHA256:another"), None),
        (publication(signatures=2), None),
        (None, build(entries=2)),
        (None, build(keyid="SHA256:registry")),
    ],
)
def test_b2_an_envelope_of_another_form(one: Sealed | None, two: Sealed | None) -> None:
    assert rules(pair(one, two)) == [("B2", "attestation-invalid")]


def test_b2_a_keys_own_id_and_none_at_all_are_the_same() -> None:
    assert pair(publication(keyid="SHA256:registry")).refused == ()


SUBJECT = {"name": "pkg:npm/%40corp/left-widget@2.4.1", "digest": {"sha512": SHA512}}


@pytest.mark.parametrize(
    ("subjects", "rule"),
    [
        ([], "B2"),
        ([SUBJECT, SUBJECT], "B2"),
        ([{**SUBJECT, "name": "pkg:npm/%40corp/left-widget@2.4.2"}], "B3"),
        ([{**SUBJECT, "name": "pkg:npm/%2540corp/left-widget@2.4.1"}], "B3"),
        ([{**SUBJECT, "name": "pkg:npm/left-widget@2.4.1"}], "B3"),
        ([{**SUBJECT, "digest": {"sha512": "cd" * 64}}], "B4"),
        ([{**SUBJECT, "digest": {"sha512": SHA512.upper()}}], "B4"),
        ([{**SUBJECT, "digest": {"sha256": "ab" * 32}}], "B4"),
    ],
)
def test_b2_b3_b4_a_subject_that_is_not_this_artifact(subjects: list[object], rule: str) -> None:
    stated = statement(SLSA_V1, V1, subject=subjects)
    assert [each for each, _ in rules(pair(two=build(stated=stated)))] == [rule]
    stated = statement(PUBLISH, PUBLICATION, subject=subjects)
    assert [each for each, _ in rules(pair(sealed(stated, KEY)))] == [rule]


@pytest.mark.parametrize(
    "signer",
    [
        replace(KEY, usage=Usage.SIGNATURES),
        replace(KEY, end=AT + timedelta(seconds=2)),
        replace(KEY, start=AT + timedelta(seconds=3)),
        replace(CERTIFIED, identity="mail@corp.example", identity_kind="email"),
        CERTIFIED,
    ],
)
def test_b5_a_publication_that_the_registrys_key_did_not_sign_then(signer: Any) -> None:
    assert rules(pair(_published_by(signer))) == [("B5", "attestation-invalid")]


def _published_by(signer: Any) -> Sealed:
    logged = Logged("dsse/0.0.1", 2, AT + timedelta(seconds=2), has_proof=True)
    return sealed(statement(PUBLISH, PUBLICATION), signer, logged=logged)


@pytest.mark.parametrize(
    "predicate",
    [
        {**PUBLICATION, "version": "2.4.2"},
        {**PUBLICATION, "name": "left-widget"},
        {**PUBLICATION, "more": "x"},
        {"name": NAME, "version": "2.4.1"},
    ],
)
def test_b6_a_publication_of_something_else(predicate: dict[str, Any]) -> None:
    found = pair(sealed(statement(PUBLISH, predicate), KEY, logged=publication().logged))
    assert rules(found) == [("B6", "attestation-mismatch")]


@pytest.mark.parametrize(
    "signer",
    [
        replace(CERTIFIED, issuer="https://issuer.example"),
        replace(CERTIFIED, identity="mail@corp.example", identity_kind="email"),
        replace(CERTIFIED, identity_kind="other"),
        KEY,
    ],
)
def test_b8_a_build_that_another_vouches_for(signer: Any) -> None:
    hint = KEY.id if signer is KEY else ""
    assert rules(pair(two=build(signer=signer, hint=hint))) == [("B8", "signer-unexpected")]


def test_b8_a_publication_signed_by_a_person_and_called_provenance_is_refused_twice() -> None:
    person = replace(CERTIFIED, identity="mail@corp.example", identity_kind="email")
    found = judged((PUBLISH, publication()), (SLSA_V1, _published_by(person)))
    assert [("B1", "attestation-mismatch"), ("B8", "signer-unexpected")] == rules(found)[:2]


def test_b8_a_policy_names_further_issuers() -> None:
    signer = replace(CERTIFIED, issuer="https://issuer.example")
    issuers = frozenset({ISSUER, "https://issuer.example"})
    assert pair(two=build(signer=signer), issuers=issuers).refused == ()


LIKE: list[tuple[str, Callable[[Certified], Certified]]] = [
    (name, lambda each, name=name, value=value: replace(each, **{name: value}))  # type: ignore[misc]
    for name, value in {
        "repository": "https://github.com/corp/right-widget",
        "repository_id": "12",
        "owner_id": "23",
        "commit": "f" * 40,
        "ref": "refs/heads/main",
        "trigger": "push",
        "run": f"{REPOSITORY}/actions/runs/33/attempts/2",
        "config_uri": f"{REPOSITORY}/.github/workflows/other.yml@refs/tags/v2.4.1",
    }.items()
]


@pytest.mark.parametrize("kind", [SLSA_V1, SLSA_V02])
@pytest.mark.parametrize(("name", "changed"), LIKE, ids=[name for name, _ in LIKE])
def test_b9_a_predicate_that_says_other_than_its_certificate(
    kind: str, name: str, changed: Callable[[Certified], Certified]
) -> None:
    found = pair(two=build(kind, signer=changed(CERTIFIED)), kind=kind)
    named = {rule for rule, _ in rules(found)}
    assert named == ({"B9", "B11"} if name == "repository" else {"B9"})


def test_b9_a_run_of_an_unknown_form_equals_nothing() -> None:
    signer = replace(CERTIFIED, run="https://elsewhere.example/33/1")
    assert rules(pair(two=build(signer=signer))) == [("B9", "attestation-mismatch")]


def test_b9_a_runner_that_the_predicate_states_is_the_certificates() -> None:
    signer = replace(CERTIFIED, runner="self-hosted")
    assert rules(pair(two=build(signer=signer))) == [("B9", "attestation-mismatch")]


@pytest.mark.parametrize(
    "path",
    [
        ("buildDefinition", "resolvedDependencies", 0, "digest", "gitCommit"),
        ("buildDefinition", "internalParameters", "github", "event_name"),
        ("buildDefinition", "externalParameters", "workflow", "path"),
        ("runDetails", "metadata", "invocationId"),
        ("runDetails", "builder", "id"),
    ],
)
def test_b9_a_predicate_that_leaves_out_what_it_is_compared_by(path: tuple[str | int, ...]) -> None:
    found = pair(two=build(predicate=without(V1, *path)))
    assert rules(found) == [("B9", "attestation-mismatch")]


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        (SLSA_V1, without(V1, "buildDefinition", "externalParameters", "inputs", put={"a": "b"})),
        (SLSA_V1, without(V1, "runDetails", "metadata", "startedOn", put="2026-11-01T12:00:00Z")),
        (SLSA_V1, without(V1, "buildDefinition", "buildType", put="https://builds.example/v1")),
        (
            SLSA_V1,
            without(
                V1, "buildDefinition", "resolvedDependencies",
                put=V1["buildDefinition"]["resolvedDependencies"] * 2,
            ),
        ),
        (SLSA_V02, without(V02, "invocation", "parameters", put={"inputs": "x"})),
        (SLSA_V02, without(V02, "buildConfig", put={"steps": "x"})),
        (SLSA_V02, without(V02, "materials", put=[])),
        (SLSA_V02, without(V02, "invocation", "environment", "GITHUB_WORKFLOW_REF", put="x@y")),
    ],
)  # fmt: skip
def test_b9_claims_that_no_certificate_vouches_for_are_refused(kind: str, predicate: Any) -> None:
    found = pair(two=build(kind, predicate=predicate), kind=kind)
    assert rules(found) == [("B9", "attestation-mismatch")]


GITLAB = {
    "buildType": "https://github.com/npm/cli/gitlab/v0alpha1",
    "builder": {"id": "https://gitlab.com/corp/left-widget/-/runners/7"},
    "invocation": {
        "configSource": {
            "uri": "git+https://gitlab.com/corp/left-widget",
            "digest": {"sha1": "1" * 40},
            "entryPoint": "publish",
        },
        "parameters": {
            "CI_COMMIT_SHA": "1" * 40,
            "CI_CONFIG_PATH": ".gitlab-ci.yml",
            "CI_JOB_ID": "55",
            "CI_PIPELINE_SOURCE": "push",
            "CI_PROJECT_ID": "11",
            "CI_PROJECT_NAMESPACE_ID": "22",
            "CI_PROJECT_URL": "https://gitlab.com/corp/left-widget",
            "CI_COMMIT_REF_NAME": "main",
            "CI_COMMIT_BRANCH": "main",
        },
        "environment": {"name": "runner"},
    },
    "metadata": {"buildInvocationId": "https://gitlab.com/corp/left-widget/-/jobs/55"},
    "materials": [{"uri": "git+https://gitlab.com/corp/left-widget", "digest": {"sha1": "1" * 40}}],
}
OF_GITLAB = replace(
    CERTIFIED,
    issuer="https://gitlab.com",
    identity="https://gitlab.com/corp/left-widget//.gitlab-ci.yml@refs/heads/main",
    repository="https://gitlab.com/corp/left-widget",
    commit="1" * 40,
    ref="refs/heads/main",
    config_uri="https://gitlab.com/corp/left-widget//.gitlab-ci.yml@refs/heads/main",
    trigger="push",
    runner="gitlab-hosted",
    run="https://gitlab.com/corp/left-widget/-/jobs/55",
)


def of_gitlab(predicate: Any, signer: Certified = OF_GITLAB) -> Attestations:
    two = build(SLSA_V02, predicate=predicate, signer=signer)
    return pair(two=two, kind=SLSA_V02, repository="gitlab:corp/left-widget")


def test_a_build_at_gitlab_is_bound_as_one_at_github_is() -> None:
    found = of_gitlab(GITLAB)
    assert found.refused == ()
    assert found.provenance
    assert (found.provenance.workflow, found.provenance.run) == (".gitlab-ci.yml", "55")
    assert found.provenance.attempt is None


def test_a_tag_at_gitlab_is_compared_by_its_name() -> None:
    tagged = without(GITLAB, "invocation", "parameters", "CI_COMMIT_BRANCH")
    signer = replace(OF_GITLAB, ref="refs/tags/main")
    assert of_gitlab(tagged, signer).refused == ()
    assert [rule for rule, _ in rules(of_gitlab(GITLAB, signer))] == ["B9"]


@pytest.mark.parametrize("name", sorted(GITLAB["invocation"]["parameters"]))  # type: ignore[index]
def test_b9_each_variable_of_a_job_at_gitlab_is_the_certificates(name: str) -> None:
    changed = without(GITLAB, "invocation", "parameters", name, put="other")
    assert [rule for rule, _ in rules(of_gitlab(changed))] == ["B9"]


@pytest.mark.parametrize(
    ("apart", "staged", "refused"),
    [
        (HOURS, False, False),
        (HOURS + timedelta(seconds=1), False, True),
        (20 * HOURS, True, False),
        (timedelta(0), False, False),
        (timedelta(seconds=-1), False, True),
        (timedelta(seconds=-1), True, True),
    ],
)
def test_b10_a_build_is_signed_shortly_before_its_publication(
    apart: timedelta, *, staged: bool, refused: bool
) -> None:
    one = publication(logged=Logged("dsse/0.0.1", 2, AT + apart, has_proof=True))
    expected = [("B10", "attestation-mismatch")] if refused else []
    assert rules(pair(one, is_staged=staged)) == expected


@pytest.mark.parametrize(
    ("stated", "refused"),
    [
        ("git+https://github.com/corp/left-widget.git", False),
        ("https://github.com/corp/left-widget", False),
        ("git@github.com:corp/left-widget.git", False),
        ("git+ssh://git@github.com/corp/left-widget.git", False),
        ("github:corp/left-widget", False),
        ("corp/left-widget", False),
        ("git+https://github.com/corp/left-widget.git#main", False),
        ("https://github.com/Corp/left-widget", True),
        ("https://github.com/corp/right-widget", True),
        ("https://gitlab.com/corp/left-widget", True),
        ("https://github.com/corp/left-widget/../right-widget", True),
        (None, True),
        ("", True),
    ],
)
def test_b11_the_manifest_names_the_certificates_source(
    stated: str | None, *, refused: bool
) -> None:
    expected = [("B11", "attestation-mismatch")] if refused else []
    assert rules(pair(repository=stated)) == expected


def test_b11_is_open_without_the_bytes_and_for_an_old_certificate() -> None:
    missing = Missing(Why.NOT_ASKED, "the artifact was not read")
    found = pair(repository=missing)
    assert (found.refused, [(each.rule, each.name) for each in found.open]) == (
        (),
        [("B11", UNREAD)],
    )
    old = pair(two=build(SLSA_V02, signer=OLD), kind=SLSA_V02, repository="github:corp/before")
    assert (old.refused, [each.rule for each in old.open]) == ((), ["B11"])
    assert old.open[0].name != UNREAD
    assert old.provenance is not None


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"[]",
        b'{"_type":1}',
        b"\xff",
        json.dumps({**statement(SLSA_V1, V1), "more": 1}).encode(),
        json.dumps(statement(SLSA_V1, V1, _type="https://in-toto.io/Statement/v2")).encode(),
        json.dumps({**statement(SLSA_V1, V1), "predicate": []}).encode(),
        json.dumps(statement(SLSA_V1, V1)).encode()[:-1] + b',"_type":"x"}',
        json.dumps(statement("https://slsa.dev/\u202eprovenance/v1", V1)).encode(),
    ],
)
def test_a_payload_that_is_no_statement_is_refused(payload: bytes) -> None:
    assert pair(two=build(payload=payload)).refused != ()
    assert pair(two=build(payload=payload)).provenance is None


def test_every_rule_is_told_in_one_sentence() -> None:
    assert list(RULES) == ["crypto", *(f"B{number}" for number in range(1, 13))]
    assert all(each.endswith(".") and each.count(".") == 1 for each in RULES.values())
