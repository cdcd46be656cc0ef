"""Layer 10 in `check`: lists lie beside the policy that names them, and are the base's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.e2e.checking import NOW, POLICY, User, Work, entry, npm, rules, user, work
from tests.registry import Registry, Shelved

from pratique.errors import Exit
from pratique.model.report import Report

__all__ = ["user", "work"]

NAMES = '[layers.registry]\nblocklists = ["lists/blocked.json"]\n'
FILE = "lists/blocked.json"


def listing(*versions: str, expires: str = "2026-12-24T00:00:00Z") -> str:
    entry = {"package": "steady", "versions": versions, "reason": "hijacked"}
    entries = [entry] if versions else []
    return json.dumps({"pratique-blocklist": 1, "expires_at": expires, "entries": entries})


@pytest.fixture
def steady(registry: Registry) -> Shelved:
    return registry.publish("steady", "1.0.0")


@pytest.fixture
def files(registry: Registry, steady: Shelved) -> dict[str, str]:
    return {**npm({"steady": entry(registry, steady)}), POLICY: NAMES}


def undecided(found: Report) -> list[str]:
    return [each.missing.detail for each in found.unknowns if each.rule == "registry/blocked"]


def test_a_list_beside_the_policy_blocks_what_it_names(
    user: User, work: Work, files: dict[str, str]
) -> None:
    work.begin({**files, FILE: listing("1.0.0")})
    found = user.check(work.folder)
    assert "registry/blocked" in rules(found)
    assert Exit.BLOCKED is found.exit
    work.write({FILE: listing("9.0.0")})
    found = user.check(work.folder)
    assert "registry/blocked" not in rules(found)
    assert [] == undecided(found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "is not among the repository's files"),
        ("{", f"cannot be read: {FILE}:1: not JSON"),
        (listing(expires=NOW.isoformat()), "is stale since 2026-11-22 12:00 UTC"),
    ],
)
def test_a_list_that_is_missing_malformed_or_stale_leaves_releases_undecided(
    user: User, work: Work, files: dict[str, str], text: str | None, why: str
) -> None:
    work.begin(files if text is None else {**files, FILE: text})
    found = user.check(work.folder)
    (detail,) = undecided(found)
    assert why in detail
    assert Exit.UNDECIDED is found.exit


def test_a_change_is_judged_by_the_bases_list(
    user: User, work: Work, registry: Registry, files: dict[str, str]
) -> None:
    work.begin({**files, FILE: listing("1.0.1")})
    newer = registry.publish("steady", "1.0.1")
    work.commit({**npm({"steady": entry(registry, newer)}), FILE: listing()})
    assert "registry/blocked" in rules(user.check(work.folder, base="main"))
    accepted = user.check(work.folder, base="main", accept_head_policy=True)
    assert "registry/blocked" not in rules(accepted)


def test_a_change_that_takes_a_list_out_of_the_policy_loosens_it(
    user: User, work: Work, files: dict[str, str]
) -> None:
    work.begin({**files, FILE: listing("1.0.0")})
    work.commit({POLICY: ""})
    found = user.check(work.folder, base="main")
    loosened = [x.finding.key for x in found.judged if x.finding.rule == "policy/loosened"]
    assert ["layers.registry.blocklists"] == loosened


def test_lists_of_a_policy_file_elsewhere_lie_beside_that(
    user: User, work: Work, files: dict[str, str], tmp_path: Path
) -> None:
    work.begin({**files, POLICY: ""})
    policy = tmp_path / "company" / "policy.toml"
    (policy.parent / "lists").mkdir(parents=True)
    policy.write_text(NAMES)
    (policy.parent / FILE).write_text(listing("1.0.0"))
    assert "registry/blocked" in rules(user.check(work.folder, policy_file=policy))
    (policy.parent / FILE).unlink()
    (detail,) = undecided(user.check(work.folder, policy_file=policy))
    assert "cannot be read: No such file" in detail


def test_an_own_name_that_the_default_registry_serves_is_a_finding(
    user: User, work: Work, registry: Registry, files: dict[str, str]
) -> None:
    own = '[layers.registry]\nown = ["steady"]\nown-registry = "{}"\n'
    work.begin({**files, POLICY: own.format("https://packages.corp.example/")})
    assert "registry/owned-name" in rules(user.check(work.folder))
    work.write({POLICY: own.format(registry.url)})
    assert "registry/owned-name" not in rules(user.check(work.folder))


def test_a_release_that_depends_on_git_is_a_finding_of_the_one_who_asks(
    user: User, work: Work, registry: Registry
) -> None:
    needs = {"helper": "git+https://forge.example/a/helper.git"}
    odd = registry.publish("odd", "1.0.0", dependencies=needs)
    work.begin(npm({"odd": entry(registry, odd)}))
    found = user.check(work.folder)
    assert "registry/exotic-dependency" in rules(found)
    row = next(each for each in found.layers if each.name == "registry")
    assert (10, "quarantine") == (row.number, str(row.state))
