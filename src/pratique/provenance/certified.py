"""What a certificate says of a build, in the words that predicates are compared in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pratique.model.evidence import Certified

_RUNS = re.compile(r"/actions/runs/([0-9]{1,20})/attempts/([0-9]{1,9})")
_JOBS = re.compile(r"/-/jobs/([0-9]{1,20})")
_HEADS = "refs/heads/"


def claims_of(certified: Certified) -> Mapping[str, str]:
    """What -> value, without what the certificate does not carry. Names as in `Stated`."""
    workflow, workflow_ref = workflow_of(certified)
    run, attempt = run_of(certified)
    ref = certified.ref
    found = {
        "repository": certified.repository,
        "commit": certified.commit,
        "ref": ref,
        "ref-name": ref.split("/", 2)[-1] if ref else None,
        "branch": ref.removeprefix(_HEADS) if ref and ref.startswith(_HEADS) else ref,
        "workflow": workflow,
        "workflow-ref": workflow_ref,
        "event": certified.trigger,
        "repository-id": certified.repository_id,
        "owner-id": certified.owner_id,
        "run": run,
        "attempt": attempt,
        "runner": certified.runner,
    }
    return {what: value for what, value in found.items() if value is not None}


def workflow_of(certified: Certified) -> tuple[str | None, str | None]:
    """(path, ref) of the workflow that was started; the whole address where it is of elsewhere.

    An old certificate tells it by its name alone, and that may be of a reusable workflow instead:
    then it does not carry which one was started.
    """
    stated = certified.config_uri
    if stated is None and certified.identity_kind == "uri":
        stated = certified.identity
    if stated is None:
        return None, None
    address, _, ref = stated.partition("@")
    base = f"{certified.repository}/"
    if address.startswith(base):
        return address.removeprefix(base).removeprefix("/"), ref or None
    return (None, None) if certified.config_uri is None else (address, ref or None)


def run_of(certified: Certified) -> tuple[str | None, str | None]:
    """(run, attempt) in numbers; a job of GitLab is a run of its own, and has no attempts.

    An address of another form stands for itself: nothing equals it, and nothing passes unseen.
    """
    address, base = certified.run, certified.repository or ""
    rest = address.removeprefix(base) if address and base else ""
    if found := _RUNS.fullmatch(rest):
        return found[1], found[2]
    job = _JOBS.fullmatch(rest)
    return (job[1] if job else address), None
