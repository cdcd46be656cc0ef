"""What a build says about itself: in its certificate, and in its SLSA predicate.

The two are made from the same values, and each can be changed afterwards, which is what a
forgery does. https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md (read 2026-11-24) and
npm's `libnpmpublish/lib/provenance.js` (12.2.0) are the sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

GITHUB, GITLAB = "https://token.actions.githubusercontent.com", "https://gitlab.com"
SLSA_V02, SLSA_V1 = "https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"
STATEMENT_V01 = "https://in-toto.io/Statement/v0.1"
STATEMENT_V1 = "https://in-toto.io/Statement/v1"
GITHUB_BUILD = "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
NPM_9_BUILD = "https://github.com/npm/cli/gha@v0"
GITLAB_BUILD = "https://github.com/npm/cli/gitlab/v0alpha1"

Document = dict[str, Any]


@dataclass(frozen=True)
class Build:
    """One run of a workflow that published; by default GitHub's, on GitHub's own runner.

    Attributes:
        repository: Its address, without `.git`.
        signer: Of a reusable workflow: its address, `https://.../.github/workflows/x.yml@ref`.
        environment: Of a deployment; None leaves the claim out.
        subject: The token's subject; None leaves the claim out, as certificates did until 2026.
    """

    repository: str = "https://github.com/acme/widget"
    repository_id: str = "1001"
    owner_id: str = "2002"
    workflow: str = ".github/workflows/release.yml"
    workflow_name: str = "Release"
    ref: str = "refs/heads/main"
    commit: str = "06528997c3c8ab9f864fad9a3658446aca7fd86d"
    event: str = "push"
    runner: str = "github-hosted"
    run: str = "7000000001"
    attempt: int = 1
    visibility: str | None = "public"
    environment: str | None = None
    signer: str | None = None
    signer_commit: str | None = None
    subject: str | None = None
    issuer: str = GITHUB

    @property
    def slug(self) -> str:
        """`owner/name`."""
        return "/".join(self.repository.split("/")[3:])

    @property
    def owner(self) -> str:
        return self.repository.rpartition("/")[0]

    @property
    def config(self) -> str:
        """The workflow's address with its ref: the Build Config URI."""
        between = "/" if self.issuer == GITHUB else "//"
        return f"{self.repository}{between}{self.workflow}@{self.ref}"

    @property
    def name(self) -> str:
        """The certificate's subject alternative name, which is the Build Signer URI."""
        return self.signer or self.config

    @property
    def invocation(self) -> str:
        if self.issuer == GITHUB:
            return f"{self.repository}/actions/runs/{self.run}/attempts/{self.attempt}"
        return f"{self.repository}/-/jobs/{self.run}"

    def old_claims(self) -> Iterator[tuple[int, bytes]]:
        """Extensions .1 to .6: raw strings, all that certificates had until March 2023."""
        yield 1, self.issuer.encode()
        if self.issuer == GITHUB:
            values = (self.event, self.commit, self.workflow_name, self.slug, self.ref)
            yield from ((number, text.encode()) for number, text in enumerate(values, 2))

    def claims(self) -> Iterator[tuple[int, bytes]]:
        """Every extension by its number below 1.3.6.1.4.1.57264.1."""
        yield from self.old_claims()
        values = {
            8: self.issuer, 9: self.name, 10: self.signer_commit or self.commit,
            11: self.runner, 12: self.repository, 13: self.commit, 14: self.ref,
            15: self.repository_id, 16: self.owner, 17: self.owner_id, 18: self.config,
            19: self.commit, 20: self.event, 21: self.invocation, 22: self.visibility,
            23: self.environment, 24: self.subject,
        }  # fmt: skip
        yield from ((number, utf8(text)) for number, text in values.items() if text is not None)


def utf8(text: str) -> bytes:
    """A DER UTF8String."""
    return tagged(0x0C, text.encode())


def tagged(tag: int, content: bytes) -> bytes:
    """One DER value."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def slsa_v1(build: Build) -> Document:
    """The predicate that npm writes on GitHub since version 10."""
    workflow = {"ref": build.ref, "repository": build.repository, "path": build.workflow}
    ids = {"repository_id": build.repository_id, "repository_owner_id": build.owner_id}
    source = {
        "uri": f"git+{build.repository}@{build.ref}",
        "digest": {"gitCommit": build.commit},
    }
    return {
        "buildDefinition": {
            "buildType": GITHUB_BUILD,
            "externalParameters": {"workflow": workflow},
            "internalParameters": {"github": {"event_name": build.event, **ids}},
            "resolvedDependencies": [source],
        },
        "runDetails": {
            "builder": {"id": f"https://github.com/actions/runner/{build.runner}"},
            "metadata": {"invocationId": build.invocation},
        },
    }


def slsa_v02(build: Build) -> Document:
    """The predicate that npm 9 wrote on GitHub, and that npm writes on GitLab."""
    if build.issuer != GITHUB:
        return _on_gitlab(build)
    where = f"{build.slug}/{build.workflow}@{build.ref}"
    environment = {
        "GITHUB_EVENT_NAME": build.event,
        "GITHUB_REF": build.ref,
        "GITHUB_REPOSITORY": build.slug,
        "GITHUB_REPOSITORY_ID": build.repository_id,
        "GITHUB_REPOSITORY_OWNER_ID": build.owner_id,
        "GITHUB_RUN_ATTEMPT": str(build.attempt),
        "GITHUB_RUN_ID": build.run,
        "GITHUB_SHA": build.commit,
        "GITHUB_WORKFLOW_REF": where,
        "GITHUB_WORKFLOW_SHA": build.commit,
    }
    source = {
        "uri": f"git+{build.repository}@{build.ref}",
        "digest": {"sha1": build.commit},
        "entryPoint": where,
    }
    return {
        "buildType": NPM_9_BUILD,
        "builder": {"id": "https://github.com/npm/cli@9.5.0"},
        "invocation": {"configSource": source, "parameters": {}, "environment": environment},
        "metadata": _metadata(f"{build.run}-{build.attempt}", is_complete=False),
        "materials": [{"uri": f"git+{build.repository}", "digest": {"sha1": build.commit}}],
    }


def _on_gitlab(build: Build) -> Document:
    parameters = {
        "CI": "true",
        "CI_COMMIT_REF_NAME": build.ref.rpartition("/")[2],
        "CI_COMMIT_REF_PROTECTED": "true",
        "CI_COMMIT_SHA": build.commit,
        "CI_CONFIG_PATH": build.workflow,
        "CI_JOB_ID": build.run,
        "CI_JOB_URL": build.invocation,
        "CI_PIPELINE_SOURCE": build.event,
        "CI_PROJECT_ID": build.repository_id,
        "CI_PROJECT_NAMESPACE_ID": build.owner_id,
        "CI_PROJECT_PATH": build.slug,
        "CI_PROJECT_URL": build.repository,
        "CI_PROJECT_VISIBILITY": build.visibility,
    }
    source = {"uri": f"git+{build.repository}", "digest": {"sha1": build.commit}}
    return {
        "buildType": GITLAB_BUILD,
        "builder": {"id": f"{build.repository}/-/runners/12270845"},
        "invocation": {
            "configSource": {**source, "entryPoint": "publish"},
            "parameters": parameters,
            "environment": {"server": GITLAB, "project": build.slug, "job": {"id": build.run}},
        },
        "metadata": _metadata(build.invocation, is_complete=True),
        "materials": [source],
    }


def _metadata(invocation: str, *, is_complete: bool) -> Document:
    complete = {"parameters": is_complete, "environment": is_complete, "materials": False}
    return {"buildInvocationId": invocation, "completeness": complete, "reproducible": False}
