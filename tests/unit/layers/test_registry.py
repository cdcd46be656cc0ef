"""Layer 10: what is blocked, whose names are whose, and what leads around every registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from tests.builders import (
    BASE,
    NOW,
    A,
    B,
    facts,
    fired,
    known,
    pin,
    policy,
    project,
    registered,
    release,
    report,
)

from pratique.config import read_policy
from pratique.ecosystems.npm.blocklist import blocked_by
from pratique.errors import PolicyError
from pratique.evaluate.door import Ruling, instants, judge_release, rules_at_the_door
from pratique.layers.registry import LAYER, RegistrySettings
from pratique.model.behavior import ANALYSED, ANALYSER, Analysis
from pratique.model.blocklist import BLOCKED
from pratique.model.fact import CLOCK, REGISTERED, Facts, Missing, Registered, Why
from pratique.model.finding import Finding
from pratique.model.package import Release
from pratique.model.pin import Source
from pratique.model.policy import Action, Policy, Verdict

CORP = "https://packages.corp.example/"
PIN = pin()
LISTS = {"blocklists": ("blocked.json",)}
OSV = {"id": "MAL-2026-1", "summary": "steals tokens", "affected": []}


def only(settings: Mapping[str, Any], **more: Any) -> Policy:
    """A policy with this layer's rules alone."""
    chosen = {LAYER.name: RegistrySettings(**settings)}
    actions = {rule.id: Action.BLOCK for rule in LAYER.rules}
    return policy(action=Action.OFF, actions=actions, settings=chosen, **more)


def lists(*entries: Mapping[str, Any], **more: Any) -> tuple[Any, None, object]:
    stated = [{"package": "left-pad", "reason": "hijacked", **each} for each in entries]
    value = {"pratique-blocklist": 1, "entries": stated, **more}
    return BLOCKED, None, blocked_by({"blocked.json": json.dumps(value).encode()})


def at_door(
    *more: tuple[Any, Any, object], settings: Mapping[str, Any] | None = None, **document: Any
) -> Ruling:
    given = facts((REGISTERED, PIN.release, registered(**document)), *more)
    return ruled(given, settings or {})


def ruled(given: Facts, settings: Mapping[str, Any], of: Release = PIN.release) -> Ruling:
    chosen = only(settings)
    return judge_release(of, given, chosen, rules_at_the_door(chosen))


def one(found: Ruling) -> Finding:
    (each,) = found.judged
    return each.finding


# -- blocked ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ({"versions": ["1.3.0"]}, Verdict.BLOCK),
        ({"versions": ["1.3.1"]}, Verdict.ALLOW),
        ({"range": "^1.0.0"}, Verdict.BLOCK),
        ({"range": "^1.0.0", "until": "2026-11-22"}, Verdict.ALLOW),
        ({"range": "^1.0.0", "until": "2026-11-23"}, Verdict.BLOCK),
        ({"sha512": A.hex}, Verdict.BLOCK),
        ({"sha512": B.hex}, Verdict.ALLOW),
    ],
)
def test_what_a_list_names_is_blocked_at_the_door_and_in_a_project(
    entry: Mapping[str, Any], verdict: Verdict
) -> None:
    assert verdict is at_door(lists(entry), settings=LISTS).verdict
    given = known(PIN).with_facts({(BLOCKED.name, None): lists(entry)[2]})
    found = report(project(PIN), facts=given, policy=only(LISTS))
    assert verdict is found.verdict
    assert (verdict is Verdict.BLOCK) == (("registry/blocked", "left-pad@1.3.0") in fired(found))


def test_a_blocked_release_says_why_by_which_entry_and_for_which_bytes() -> None:
    entries = ({"versions": ["1.3.0"]}, {"range": "*", "reason": "for good"})
    found = one(at_door(lists(*entries), settings=LISTS))
    assert "is blocked: hijacked" == found.message
    assert ["blocked.json:1: hijacked", "blocked.json:1: for good"] == [
        each.text for each in found.evidence
    ]
    assert A.hex == found.sha512


def test_known_malware_is_named_by_its_id() -> None:
    record = {**OSV, "affected": [{"package": {"ecosystem": "npm", "name": "left-pad"}}]}
    found = one(at_door(lists(osv=[record]), settings=LISTS))
    assert "is known malware (MAL-2026-1): steals tokens" == found.message


def test_a_stale_list_still_blocks_what_it_names_and_leaves_the_rest_undecided() -> None:
    stale = {"expires_at": NOW.isoformat()}
    assert one(at_door(lists({"range": "*"}, **stale), settings=LISTS)).rule == "registry/blocked"
    found = at_door(lists({"versions": ["9.0.0"]}, **stale), settings=LISTS)
    assert (Verdict.BLOCK, 0) == (found.verdict, len(found.judged))
    assert "the blocklist blocked.json is stale since 2026-11-22 12:00 UTC" == found.text
    assert [Why.FAILED] == [each.missing.why for each in found.unknowns]
    fresh = {"expires_at": (NOW + timedelta(seconds=1)).isoformat()}
    assert Verdict.ALLOW is at_door(lists(**fresh), settings=LISTS).verdict


@pytest.mark.parametrize(
    "more",
    [
        [(BLOCKED, None, Missing(Why.FAILED, "the blocklist blocked.json is not there"))],
        [],
    ],
)
def test_lists_that_are_named_and_not_there_leave_every_release_undecided(more: list[Any]) -> None:
    found = at_door(*more, settings=LISTS)
    assert (Verdict.BLOCK, ("registry/blocked",)) == (found.verdict, found.rules)


def test_who_names_no_list_is_asked_nothing_about_lists() -> None:
    assert Verdict.ALLOW is at_door().verdict


def test_an_entry_by_digest_leaves_a_release_undecided_whose_digest_nobody_knows() -> None:
    entry = lists({"sha512": A.hex})
    found = at_door(entry, settings=LISTS, digests=())
    assert "a blocklist names bytes of it, and its SHA-512 is not known" == found.text
    read = (ANALYSED, PIN.release, Analysis(A.hex, ANALYSER))
    assert "is blocked: hijacked" == at_door(entry, read, settings=LISTS, digests=()).text
    other = lists({"package": "other", "sha512": A.hex})
    assert Verdict.ALLOW is at_door(other, settings=LISTS, digests=()).verdict


def test_the_bytes_that_a_project_locks_are_the_ones_that_are_looked_up() -> None:
    locked = pin(digests=(B,), integrity=B.sri)
    for digest, verdict in ((B, Verdict.BLOCK), (A, Verdict.ALLOW)):
        given = known(locked).with_facts({(BLOCKED.name, None): lists({"sha512": digest.hex})[2]})
        found = report(project(locked), facts=given, policy=only(LISTS))
        assert verdict is found.verdict


def test_a_ruling_changes_when_an_entry_ends_and_when_its_list_gets_stale() -> None:
    end = NOW + timedelta(hours=5)
    given = facts(lists({"range": "*", "until": "2026-12-01"}, expires_at=end.isoformat()))
    midnight = NOW.replace(month=12, day=1, hour=0)
    assert (end, midnight) == instants(PIN.release, given, only(LISTS))
    assert (end,) == instants(release("other"), given, only(LISTS))


# -- names -----------------------------------------------------------------------------------------

OWN = {"own": ("@corp", "corp-lib"), "own_registry": CORP}


def from_registry(name: str, registry: str, settings: Mapping[str, Any] = OWN) -> Ruling:
    of = release(name)
    answer = Registered(registry, registered(name).document)
    return ruled(facts((REGISTERED, of, answer)), settings, of)


@pytest.mark.parametrize("name", ["@corp/app", "corp-lib"])
def test_a_name_of_ones_own_may_come_from_its_registry_alone(name: str) -> None:
    assert Verdict.ALLOW is from_registry(name, CORP).verdict
    found = one(from_registry(name, BASE))
    assert ("registry/owned-name", A.hex) == (found.rule, found.sha512)
    assert f"has a name of your own, and {CORP} alone may serve it" == found.message
    assert f"comes from {BASE}" == found.evidence[0].text


def test_where_no_registry_is_named_none_may_serve_an_own_name() -> None:
    settings = {"own": ("@corp",)}
    for registry in (BASE, CORP):
        assert Verdict.BLOCK is from_registry("@corp/app", registry, settings).verdict


def test_an_own_name_that_its_registry_does_not_have_is_not_looked_for_elsewhere() -> None:
    given = facts((REGISTERED, release("corp-lib"), Registered(BASE, None)))
    assert ("registry/owned-name",) == ruled(given, OWN, release("corp-lib")).rules


def test_an_own_name_of_which_no_registry_says_anything_is_undecided() -> None:
    found = ruled(facts(), OWN, release("corp-lib"))
    assert "registry/owned-name" in {each.rule for each in found.unknowns}
    assert Verdict.BLOCK is found.verdict


@pytest.mark.parametrize("name", ["corp-libs", "Corp.Lib", "@c0rp/app"])
def test_a_foreign_name_that_looks_like_an_own_one_is_a_finding_whoever_serves_it(
    name: str,
) -> None:
    for registry in (BASE, CORP):
        found = one(from_registry(name, registry))
        assert "registry/look-alike" == found.rule
        assert found.message.endswith("which is your own")


def test_nobody_elses_names_are_looked_at_where_nothing_is_owned() -> None:
    assert Verdict.ALLOW is from_registry("corp-libs", BASE, {}).verdict
    assert Verdict.ALLOW is from_registry("react", BASE).verdict
    others = {**OWN, "others": ("corp-libs",)}
    assert Verdict.ALLOW is from_registry("corp-libs", BASE, others).verdict


def test_a_look_alike_in_a_lockfile_is_shown_where_it_stands() -> None:
    alike = pin("corp-libs")
    found = report(project(alike), facts=known(alike), policy=only(OWN))
    assert {("registry/look-alike", "corp-libs@1.3.0")} == fired(found)
    assert alike.where == found.judged[0].finding.where


def test_what_comes_from_the_repository_itself_has_no_registry() -> None:
    local = pin("corp-lib", source=Source.WORKSPACE, url=None, digests=())
    found = report(project(local), facts=facts(), policy=only(OWN))
    assert (set(), ()) == (fired(found), found.unknowns)


# -- dependencies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("specifier", "source"),
    [
        ("git+https://forge.example/a/b.git", "git"),
        ("git+ssh://git@forge.example/a/b.git#v1", "git"),
        ("GIT://forge.example/a.git", "git"),
        ("someone/repository", "git"),
        ("github:someone/repository#main", "git"),
        ("git@forge.example:a/b.git", "git"),
        ("https://files.example/a.tgz", "a URL"),
        (" https://files.example/a.tgz", "a URL"),
        ("file:../a", "a file"),
        ("./a.tgz", "a file"),
        ("link:../a", "a directory"),
        ("portal:../a", "a directory"),
        ("workspace:^", "a workspace"),
        ("exec:./make.js", "a script"),
        ("jsr:@std/path@1", "another registry"),
        ("JSR:1", "another registry"),
        ("corp:lib@1", "a source that is not known"),
        ("catalog:", "a source that is not known"),
    ],
)
@pytest.mark.parametrize("group", ["dependencies", "optionalDependencies"])
def test_a_dependency_that_no_registry_keeps_is_a_finding(
    specifier: str, source: str, group: str
) -> None:
    found = one(at_door(dependencies=((group, "helper", specifier),)))
    assert "registry/exotic-dependency" == found.rule
    expected = f"depends on code that no registry keeps: helper from {source}"
    assert expected == found.message
    assert f"{group} helper: {specifier}" == found.evidence[0].text


@pytest.mark.parametrize(
    "specifier",
    [
        "^1.0.0",
        "",
        "*",
        "latest",
        ">=1 <2 || 3.x",
        "npm:other@^1.0.0",
        "1.0.0 - 2.0.0",
        "~1",
        "=1.2",
    ],
)
def test_ranges_tags_and_aliases_stay_in_the_registry(specifier: str) -> None:
    row = ("dependencies", "helper", specifier)
    assert Verdict.ALLOW is at_door(dependencies=(row,)).verdict


def test_an_exotic_peer_is_nothing_that_a_client_installs() -> None:
    row = ("peerDependencies", "helper", "git+https://forge.example/a/b.git")
    assert Verdict.ALLOW is at_door(dependencies=(row,)).verdict


def test_several_are_one_finding_with_the_first_named_and_twelve_shown() -> None:
    rows = tuple(("dependencies", f"h{each:02}", "a/b") for each in range(20))
    found = one(at_door(dependencies=rows))
    assert "no registry keeps: h00 from git, and 19 more" in found.message
    assert 12 == len(found.evidence)


def test_a_release_of_which_no_registry_says_anything_is_undecided() -> None:
    found = ruled(facts(), {})
    assert ("registry/exotic-dependency",) == found.rules


# -- the policy ------------------------------------------------------------------------------------


def read(text: str) -> Policy:
    return read_policy(text.encode(), "pratique.toml", now=NOW)


def test_the_settings_are_read_from_the_policy_file() -> None:
    settings = read(
        '[layers.registry]\nown = ["@corp", "corp-lib", "@corp/lib"]\n'
        'own-registry = "HTTPS://packages.corp.example:443"\n'
        'others = ["corp-libs"]\nblocklists = ["lists/blocked.json"]\n'
    ).layers["registry"].settings  # fmt: skip
    assert CORP == settings.own_registry
    assert ("@corp", "corp-lib", "@corp/lib") == settings.own
    assert ("corp-libs",) == settings.others
    assert ("lists/blocked.json",) == settings.blocklists
    assert (
        "" == read('[layers.registry]\nown-registry = ""').layers["registry"].settings.own_registry
    )


def test_a_family_of_names_is_a_beginning_with_a_star() -> None:
    settings = read('[layers.registry]\nown = ["corp-*", "@corp/app-*", "-x-*"]').layers
    ownership = settings["registry"].settings.ownership
    for name in ("corp-lib", "corp-", "@corp/app-web", "-x-1"):
        assert ownership.is_owned(name), name
    for name in ("corp", "corporate", "@corp/lib", "x-1"):
        assert not ownership.is_owned(name), name


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('own = ["@corp/*"]', "neither a package's name nor a scope"),
        ('own = ["@corp*"]', "neither a package's name nor a scope"),
        ('own = ["*"]', "neither a package's name nor a scope"),
        ('own = ["co*"]', "neither a package's name nor a scope"),
        ('own = ["co*rp"]', "neither a package's name nor a scope"),
        ('own = ["corp**"]', "neither a package's name nor a scope"),
        ('others = ["corp-*"]', "neither a package's name nor a scope"),
        ('own = ["../x"]', "neither a package's name nor a scope"),
        ('own = ["@"]', "neither a package's name nor a scope"),
        ('own = ["k\u00f6rp"]', "neither a package's name nor a scope"),
        ('own = "corp"', "must be a list of texts"),
        ('own-registry = "packages.corp.example"', "is no base URL"),
        ('own-registry = "https://u:p@packages.corp.example/"', "is no base URL"),
        ('own-registry = "https://$HOST/"', "is no base URL"),
        ("own-registry = 7", "is no base URL"),
        ("blocklists = [7]", "must be a list of texts"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_an_error_with_its_line(line: str, words: str) -> None:
    with pytest.raises(PolicyError, match=r"pratique\.toml:2") as caught:
        read(f"[layers.registry]\n{line}")
    assert words in caught.value.message


def test_a_blocked_release_is_exempted_for_known_bytes_only() -> None:
    exemption = (
        '[[exemptions]]\nrule = "registry/{}"\npurl = "pkg:npm/left-*@*"\n'
        'reason = "x"\nowner = "y"\nuntil = 2026-12-01\n'
    )
    with pytest.raises(PolicyError, match="known bytes only"):
        read(exemption.format("blocked"))
    assert read(exemption.format("look-alike")).exemptions


def test_without_a_clock_no_list_can_be_applied() -> None:
    given = facts(lists({"range": "*"})).without([(CLOCK.name, None)], Missing(Why.FAILED, "no"))
    found = ruled(given, LISTS)
    assert "registry/blocked" in {each.rule for each in found.unknowns}
