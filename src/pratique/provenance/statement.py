"""What an attestation says: in-toto statements, and the claims of SLSA predicates. Strict.

A predicate is written by the job that it is about, so whoever runs code in that job writes what he
likes. Nothing here is believed: the claims are read to be compared with the certificate, and what
nothing can be compared with is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from pratique.model.evidence import SLSA_V02, SLSA_V1, is_plain
from pratique.provenance.strict import items, members, only, read_json, refuse

STATEMENTS = frozenset({"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"})
GITHUB_V1 = frozenset(
    {
        "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
        "https://actions.github.io/buildtypes/workflow/v1",
    }
)
GITHUB_V02 = re.compile(r"https://github\.com/npm/cli/gha[@/]v[0-9]{1,3}")
DELEGATED_V02 = re.compile(
    r"https://github\.com/slsa-framework/slsa-github-generator/delegator-[a-z-]{1,40}@v[0-9]{1,3}"
)
"""A reusable workflow that others call writes the predicate, apart from the job that builds."""
GITLAB_V02 = re.compile(r"https://github\.com/npm/cli/gitlab/v[0-9]{1,3}(alpha[0-9]{1,3})?")
_GITHUB = "https://github.com/"
_SHA512 = re.compile(r"[0-9a-f]{128}")
_MOST = 32


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about; `sha512` is hex, None where it has no such digest."""

    name: str
    sha512: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """An in-toto statement.

    Attributes:
        type: Of the statement: the version of the form.
        predicate_type: What the predicate is.
        subjects: What it is about.
        predicate: As it stands there.
    """

    type: str
    predicate_type: str
    subjects: tuple[Subject, ...]
    predicate: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Stated:
    """What a provenance predicate claims of a build.

    Attributes:
        build_type, builder: As it states them.
        claims: (what, value), several of one kind where it says the same in several places. What
            is `repository`, `commit`, `ref`, `ref-name`, `branch`, `workflow`, `workflow-ref`,
            `event`, `repository-id`, `owner-id`, `run`, `attempt` or `runner`.
        unvouched: Members whose values nothing can be compared with, and that steer the build.
    """

    build_type: str
    builder: str
    claims: tuple[tuple[str, str], ...]
    unvouched: tuple[str, ...] = ()


def read_statement(payload: bytes) -> Statement:
    """The statement that an envelope holds.

    Raises:
        RefusedError: It is none of the two forms, has other members, or text that is too long.
    """
    node = members(read_json(payload), "the statement")
    if node.keys() != {"_type", "subject", "predicateType", "predicate"}:
        refuse("the statement has other members than in-toto gives it", "B2")
    kind = _text(node["_type"], "_type")
    if kind not in STATEMENTS:
        refuse(f"a statement of the unknown form {kind}", "B2")
    subjects = tuple(_subject(each) for each in items(node["subject"], "subject", _MOST))
    predicate = members(node["predicate"], "predicate")
    return Statement(kind, _text(node["predicateType"], "predicateType"), subjects, predicate)


def _subject(value: object) -> Subject:
    node = members(value, "a subject")
    if not {"name", "digest"} <= node.keys() <= {"name", "digest", "uri", "annotations"}:
        refuse("a subject has other members than in-toto gives it", "B2")
    digests = members(node["digest"], "a subject's digest")
    sha512 = digests.get("sha512")
    if sha512 is not None and not (isinstance(sha512, str) and _SHA512.fullmatch(sha512)):
        refuse("a subject's sha512 is not 128 lower-case hexadecimal digits", "B4")
    return Subject(_text(node["name"], "a subject's name"), sha512)


def read_publication(statement: Statement) -> tuple[str, str]:
    """(name, version) that the registry says it published.

    Raises:
        RefusedError: The predicate does not say so.
    """
    node = statement.predicate
    if node.keys() != {"name", "version", "registry"}:
        refuse("the publish predicate has other members than name, version and registry", "B6")
    _text(node["registry"], "registry")
    return _text(node["name"], "name"), _text(node["version"], "version")


def read_provenance(statement: Statement) -> Stated:
    """What a provenance predicate claims.

    Raises:
        RefusedError: It is of no form whose claims can be compared with a certificate.
    """
    if statement.predicate_type == SLSA_V1:
        return _v1(statement.predicate)
    if statement.predicate_type != SLSA_V02:
        refuse(f"{statement.predicate_type} is no provenance", "B1")
    return _v02(statement.predicate)


# -- SLSA v1: GitHub -------------------------------------------------------------------------------


def _v1(predicate: Mapping[str, object]) -> Stated:
    definition = _node(predicate, "buildDefinition")
    build_type = _text(definition.get("buildType"), "buildType")
    if build_type not in GITHUB_V1:
        _unknown_form(build_type)
    external, details = _node(definition, "externalParameters"), _node(predicate, "runDetails")
    workflow = _node(external, "workflow")
    github = _node(_node(definition, "internalParameters"), "github")
    source = members(
        only(definition.get("resolvedDependencies"), "resolvedDependencies", "B9"), "a source"
    )
    metadata = _node(details, "metadata")
    builder = _text(_node(details, "builder").get("id"), "the builder's id")
    claims = [
        ("repository", _text(workflow.get("repository"), "workflow.repository")),
        ("workflow-ref", _text(workflow.get("ref"), "workflow.ref")),
        ("workflow", _text(workflow.get("path"), "workflow.path")),
        ("event", _text(github.get("event_name"), "event_name")),
        ("repository-id", _text(github.get("repository_id"), "repository_id")),
        ("owner-id", _text(github.get("repository_owner_id"), "repository_owner_id")),
        *_git(_text(source.get("uri"), "a dependency's uri")),
        ("commit", _text(_node(source, "digest").get("gitCommit"), "gitCommit")),
        *_run(_text(metadata.get("invocationId"), "invocationId")),
        *_v1_runner(builder, github),
    ]
    beside = [*(external.keys() - {"workflow"}), *(metadata.keys() - {"invocationId"})]
    return Stated(build_type, builder, tuple(claims), tuple(sorted(beside)))


_RUNNER = "https://github.com/actions/runner/"


def _v1_runner(builder: str, github: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if builder.startswith(_RUNNER):
        yield "runner", builder.removeprefix(_RUNNER)
    if "runner_environment" in github:
        yield "runner", _text(github["runner_environment"], "runner_environment")


def _git(uri: str) -> Iterator[tuple[str, str]]:
    """Repository and ref of `git+https://host/owner/name@refs/...`; the ref may be left out."""
    if not uri.startswith("git+https://"):
        refuse(f"a source that is no git repository over https: {uri}", "B9")
    repository, at, ref = uri.removeprefix("git+").partition("@")
    yield "repository", repository
    if at:
        yield "ref", ref


_INVOCATION = re.compile(r"(https://[^/]+/.+)/actions/runs/([0-9]{1,20})/attempts/([0-9]{1,9})")


def _run(uri: str) -> Iterator[tuple[str, str]]:
    found = _INVOCATION.fullmatch(uri)
    if found is None:
        refuse(f"an invocation that names no run and attempt: {uri}", "B9")
    yield from (("repository", found[1]), ("run", found[2]), ("attempt", found[3]))


# -- SLSA v0.2: GitHub and GitLab ------------------------------------------------------------------


def _v02(predicate: Mapping[str, object]) -> Stated:
    build_type = _text(predicate.get("buildType"), "buildType")
    builder = _text(_node(predicate, "builder").get("id"), "the builder's id")
    invocation = _node(predicate, "invocation")
    source = _node(invocation, "configSource")
    material = _only(predicate, "materials")
    read = _reader(build_type)
    claims = [
        *_git(_text(source.get("uri"), "configSource.uri")),
        ("commit", _text(_node(source, "digest").get("sha1"), "configSource.digest.sha1")),
        *_git(_text(material.get("uri"), "a material's uri")),
        ("commit", _text(_node(material, "digest").get("sha1"), "a material's sha1")),
        *read(invocation),
    ]
    return Stated(build_type, builder, tuple(claims), _beside(predicate, build_type))


def _reader(build_type: str) -> Callable[[Mapping[str, object]], Iterator[tuple[str, str]]]:
    if GITHUB_V02.fullmatch(build_type) or DELEGATED_V02.fullmatch(build_type):
        return _github
    if not GITLAB_V02.fullmatch(build_type):
        _unknown_form(build_type)
    return _gitlab


def _beside(predicate: Mapping[str, object], build_type: str) -> tuple[str, ...]:
    """What steers the build and stands in no certificate.

    A job at GitLab tells all of its variables; a delegated build tells its inputs from outside.
    """
    known = {"buildType", "builder", "invocation", "metadata", "materials"}
    beside = sorted(predicate.keys() - known)
    if GITHUB_V02.fullmatch(build_type) and _node(predicate, "invocation").get("parameters"):
        beside.append("parameters")
    return tuple(beside)


_OF_GITHUB = (
    ("GITHUB_EVENT_NAME", "event"),
    ("GITHUB_REF", "ref"),
    ("GITHUB_REPOSITORY_ID", "repository-id"),
    ("GITHUB_REPOSITORY_OWNER_ID", "owner-id"),
    ("GITHUB_RUN_ATTEMPT", "attempt"),
    ("GITHUB_RUN_ID", "run"),
    ("GITHUB_SHA", "commit"),
)


def _github(invocation: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    variables = _node(invocation, "environment")
    name = _text(variables.get("GITHUB_REPOSITORY"), "GITHUB_REPOSITORY")
    yield "repository", f"{_GITHUB}{name}"
    for variable, what in _OF_GITHUB:
        yield what, _text(variables.get(variable), variable)
    yield from _workflow(_text(variables.get("GITHUB_WORKFLOW_REF"), "GITHUB_WORKFLOW_REF"), name)
    entry = _text(_node(invocation, "configSource").get("entryPoint"), "entryPoint")
    if "@" in entry:
        yield from _workflow(entry, name)
    else:
        yield "workflow", entry


def _workflow(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Path and ref of `owner/name/.github/workflows/x.yml@refs/...`."""
    path, _, ref = text.partition("@")
    if not path.startswith(f"{name}/") or not ref:
        refuse(f"a workflow that is not of the repository it runs for: {text}", "B9")
    yield "workflow", path.removeprefix(f"{name}/")
    yield "workflow-ref", ref


_OF_GITLAB = (
    ("CI_COMMIT_SHA", "commit"),
    ("CI_CONFIG_PATH", "workflow"),
    ("CI_JOB_ID", "run"),
    ("CI_PIPELINE_SOURCE", "event"),
    ("CI_PROJECT_ID", "repository-id"),
    ("CI_PROJECT_URL", "repository"),
    ("CI_COMMIT_REF_NAME", "ref-name"),
)
_OF_SOME_GITLAB = (("CI_PROJECT_NAMESPACE_ID", "owner-id"), ("CI_COMMIT_BRANCH", "branch"))
"""Variables that an older GitLab, or a pipeline of a tag, does not have."""


def _gitlab(invocation: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    variables = _node(invocation, "parameters")
    for variable, what in _OF_GITLAB:
        yield what, _text(variables.get(variable), variable)
    for variable, what in _OF_SOME_GITLAB:
        if variable in variables:
            yield what, _text(variables[variable], variable)


# -- parts -----------------------------------------------------------------------------------------


def _node(node: Mapping[str, object], name: str) -> Mapping[str, object]:
    return members(node.get(name), name)


def _only(node: Mapping[str, object], name: str) -> Mapping[str, object]:
    return members(only(node.get(name), name, "B9"), name)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not is_plain(value):
        refuse(f"{what} is no short, printable text", "B9")
    return value


def _unknown_form(build_type: str) -> NoReturn:
    refuse(f"a build of the unknown type {build_type}: none of its claims can be compared", "B9")
