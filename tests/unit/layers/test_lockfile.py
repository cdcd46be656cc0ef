"""Layer 1: which entries are reported, by which rule, and which are left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.builders import (
    BASE,
    OLD_SHA1,
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
    url,
)

from pratique.ecosystems.npm.binding import assumed_hosts
from pratique.model.fact import HOSTS, REGISTERED, Facts, Hosts, Missing, Registered, Why
from pratique.model.pin import Group, Importer, Location, Manager, Pin, Requirement, Source
from pratique.model.project import CodeForm, Drift, ManagerCode, Manifest, Project, Settings

GOOD = pin()
OTHER = pin("is-even", "1.0.0", where=Location("package-lock.json", 20))


def found_in(subject: Project, given: Facts) -> set[tuple[str, str]]:
    return {
        each
        for each in fired(report(subject, facts=given, policy=policy()))
        if "lockfile/" in each[0]
    }


def edited(**changes: Any) -> Pin:
    return replace(GOOD, **changes)


TAMPERED: dict[str, tuple[Pin, str]] = {
    "re-pointed at another package": (
        edited(url=url("is-even", "1.0.0"), digests=(B,), integrity=B.sri),
        "lockfile/not-bound",
    ),
    "re-pointed, and called a URL by the reader": (
        edited(url=url("is-even", "1.0.0"), source=Source.REMOTE),
        "lockfile/not-bound",
    ),
    "another version's tarball": (edited(url=url(version="1.2.0")), "lockfile/not-bound"),
    "wrong digest": (edited(digests=(B,), integrity=B.sri), "lockfile/digest-mismatch"),
    "wrong digest, no address": (edited(url=None, digests=(B,)), "lockfile/digest-mismatch"),
    "integrity stripped": (edited(digests=(), integrity=None), "lockfile/missing-integrity"),
    "sha1 only": (edited(digests=(OLD_SHA1,)), "lockfile/weak-integrity"),
    "foreign host": (
        edited(url=url(base="https://evil.example/")),
        "lockfile/foreign-host",
    ),
    "foreign port": (
        edited(url=url(base="https://registry.example:8443/")),
        "lockfile/foreign-host",
    ),
    "plain http": (edited(url=url(base="http://registry.example/")), "lockfile/plain-http"),
    "git, direct, which no manifest asks for": (
        edited(source=Source.GIT, url="git+https://git.example/a.git", digests=(), direct=True),
        "lockfile/exotic-transitive",
    ),
    "git, transitive": (
        edited(source=Source.GIT, url="git+https://git.example/a.git", digests=()),
        "lockfile/exotic-transitive",
    ),
    "a URL elsewhere": (
        edited(source=Source.REMOTE, url="https://files.example/left-pad.tgz"),
        "lockfile/exotic-transitive",
    ),
    "alias nobody asks for": (edited(alias="right-pad"), "lockfile/hidden-alias"),
    "halves that disagree": (
        edited(note="disagrees: the two halves name different versions"),
        "lockfile/disagreeing-entries",
    ),
    "odd form": (edited(note="its name is not a legal package name"), "lockfile/odd-entry"),
    "patched": (edited(patch="patches/left-pad.patch"), "lockfile/patched"),
}


@pytest.mark.parametrize(("tampered", "rule"), TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_entry_is_reported_by_its_rule(tampered: Pin, rule: str) -> None:
    given = known(GOOD, OTHER)
    if rule == "lockfile/weak-integrity":
        stated = registered(digests=(A, OLD_SHA1))
        given = given.with_facts({(REGISTERED.name, GOOD.release): stated})
    found = found_in(project(tampered, OTHER, *FILLER), given.with_facts(FILLER_FACTS))
    assert {(rule, str(GOOD.release))} == found


FILLER = tuple(pin(f"filler-{number}", "1.0.0", key=f"f{number}") for number in range(30))
FILLER_FACTS = {
    (REGISTERED.name, each.release): registered(each.name, each.version) for each in FILLER
}


def test_an_untouched_lockfile_gives_nothing() -> None:
    assert set() == found_in(project(GOOD, OTHER), known(GOOD, OTHER))


@pytest.mark.parametrize(
    "harmless",
    [
        edited(source=Source.BUNDLED, url=None, digests=(), integrity=None),
        edited(source=Source.WORKSPACE, url=None, digests=(), integrity=None),
        edited(url=None),
        edited(url="https://registry.example/left-pad/-/left-pad-1.3.0.tgz"),
        edited(url="https://registry.example/left%2dpad/-/left-pad-1.3.0.tgz"),
        edited(patch="builtin:compat/typescript"),
    ],
    ids=["bundled", "workspace", "no address", "same address", "encoded address", "yarn's patch"],
)
def test_legitimate_forms_are_left_alone(harmless: Pin) -> None:
    assert set() == found_in(project(harmless), known(GOOD))


def test_a_release_that_the_registry_lacks_is_reported() -> None:
    given = known(OTHER).with_facts({(REGISTERED.name, GOOD.release): Registered(BASE, None)})
    assert {("lockfile/absent-upstream", "left-pad@1.3.0")} == found_in(project(GOOD, OTHER), given)


def test_one_shared_unmapped_host_is_one_finding() -> None:
    host = "https://mirror.example/"
    pins = [pin(f"p{n}", "1.0.0", key=f"k{n}", url=url(f"p{n}", "1.0.0", host)) for n in range(40)]
    given = known(*pins)
    shop = project(*pins)
    hosts = Hosts({"registry.example": BASE}, BASE, assumed_hosts([shop], ["registry.example"]))
    found = report(shop, facts=given.with_facts({(HOSTS.name, None): hosts}), policy=policy())
    rules = [
        each.finding.rule for each in found.judged if each.finding.rule.startswith("lockfile/")
    ]
    assert ["lockfile/unmapped-host"] == rules
    remedy = found.judged[0].finding.remedy
    assert remedy is not None
    assert '[hosts]\n"mirror.example" = "default"' == remedy.edits[0].new


@pytest.mark.parametrize("place", [0, 1, 2])
def test_of_several_entries_the_one_that_most_contradict_is_reported(place: int) -> None:
    pins = [edited(key=f"k{number}", where=Location("x", number + 1)) for number in range(3)]
    pins[place] = replace(pins[place], digests=(B,))
    found = report(project(*pins), facts=known(GOOD), policy=policy())
    clashes = [each.finding for each in found.judged if "disagreeing" in each.finding.rule]
    assert [f"k{place}"] == [each.key for each in clashes]
    assert clashes[0].evidence[0].where == Location("x", 2 if place == 0 else 1)


@pytest.mark.parametrize(("recorded", "is_shared"), [(1, False), (20, False), (21, True)])
def test_a_host_is_shared_only_if_most_entries_record_it(recorded: int, *, is_shared: bool) -> None:
    host = "https://files.evil.example/"
    names = [f"p{number}" for number in range(40)]
    pins = [
        pin(name, "1.0.0", url=url(name, "1.0.0", host) if number < recorded else None)
        for number, name in enumerate(names)
    ]
    expected = frozenset({"files.evil.example"}) if is_shared else frozenset()
    assert expected == assumed_hosts([project(*pins)], ["registry.example"])


def test_a_lockfile_that_the_manager_does_not_keep_to_is_reported() -> None:
    where = Location(".yarnrc", 1)
    settings = Settings(unlocked=(("--install.no-lockfile true", where),))
    found = report(project(GOOD, settings=settings), facts=known(GOOD), policy=policy())
    assert [each.finding.where for each in found.judged if each.finding.rule == "lockfile/absent"]


def _with_directory(**more: Any) -> Project:
    asks = pin("is-odd", "3.0.1", requires=("node_modules/left-pad",))
    return project(edited(source=Source.LINK, url="vendor/left-pad", digests=()), asks, **more)


def test_a_directory_that_stands_where_a_release_asks_for_another_was_put_in() -> None:
    found = found_in(_with_directory(), known(GOOD, pin("is-odd", "3.0.1")))
    assert ("lockfile/exotic-transitive", "left-pad@1.3.0") in found


@pytest.mark.parametrize(
    ("key", "is_put_in"),
    [("left-pad@npm:^1.3.0", True), ("left-pad@link:./x::locator=shop%40workspace%3A.", False)],
)
def test_a_descriptor_of_yarns_that_names_a_directory_comes_of_a_resolution(
    key: str, *, is_put_in: bool
) -> None:
    put_in = edited(key=key, source=Source.LINK, url="link:./x", digests=())
    asks = pin("is-odd", "3.0.1", requires=(key,))
    found = found_in(project(put_in, asks, manager=Manager.YARN_BERRY), known(GOOD, asks))
    assert (("lockfile/exotic-transitive", "left-pad@1.3.0") in found) is is_put_in


def test_a_directory_that_code_of_the_repository_asks_for_is_its_own() -> None:
    nested = edited(source=Source.FILE, url="file:../nested", digests=(), integrity=None)
    helper = pin("helper", "", source=Source.FILE, url="file:helper", direct=True, digests=(),
                 requires=(nested.key,))  # fmt: skip
    needs = (Requirement("helper", "file:helper", Group.PROD),)
    manifests = (Manifest("package.json", "shop", "1.0.0", needs),)
    found = found_in(project(nested, helper, manifests=manifests), known())
    assert {rule for rule, _ in found} == {"lockfile/local-source"}
    release = pin("is-odd", "3.0.1", requires=(nested.key,))
    found = found_in(project(nested, helper, release, manifests=manifests), known(release))
    assert ("lockfile/exotic-transitive", "left-pad@1.3.0") in found


def test_a_directory_that_an_override_leads_to_was_not_put_in() -> None:
    overrides = (("left-pad", "file:vendor/left-pad", Location("package.json", 3)),)
    shop = _with_directory(
        manifests=(Manifest("package.json", "shop", "1.0.0", (), overrides=overrides),)
    )
    found = found_in(shop, known(GOOD, pin("is-odd", "3.0.1")))
    assert ("lockfile/exotic-transitive", "left-pad@1.3.0") not in found


def test_a_host_is_not_taken_for_a_mirror_where_no_digest_binds_its_bytes() -> None:
    host = "https://files.evil.example/"
    pins = [
        replace(pin(f"p{n}", "1.0.0", url=url(f"p{n}", "1.0.0", host)), digests=(), checksum="10/a")
        for n in range(3)
    ]
    assert frozenset() == assumed_hosts([project(*pins)], ["registry.example"])


def test_two_entries_that_disagree_name_both_lines() -> None:
    twin = edited(
        key="b/node_modules/left-pad",
        where=Location("package-lock.json", 90),
        url=None,
        digests=(B,),
    )
    found = report(project(GOOD, twin), facts=known(GOOD), policy=policy())
    clash = next(each.finding for each in found.judged if "disagreeing" in each.finding.rule)
    assert clash.where == Location("package-lock.json", 90)
    assert clash.evidence[0].where == Location("package-lock.json", 7)


def aliased(specifier: str, *, in_manifest: bool = True) -> Project:
    need = Requirement("right-pad", specifier, Group.PROD)
    manifests = (Manifest("package.json", "shop", "", (need,)),) if in_manifest else ()
    return project(edited(alias="right-pad"), manifests=manifests)


@pytest.mark.parametrize(
    ("specifier", "hidden"),
    [
        ("npm:left-pad@^1.0.0", False),
        ("npm:left-pad", False),
        ("^1.0.0", True),
        ("npm:left-padding@1", True),
    ],
)
def test_an_alias_is_hidden_unless_a_manifest_asks_for_it(specifier: str, *, hidden: bool) -> None:
    found = found_in(aliased(specifier), known(GOOD))
    assert hidden == (("lockfile/hidden-alias", "left-pad@1.3.0") in found)


def test_an_alias_that_a_dependents_document_asks_for_is_no_finding() -> None:
    target = edited(alias="right-pad")
    dependent = pin("parent", "2.0.0", key="node_modules/parent", requires=(target.key,))
    stated = registered("parent", "2.0.0", aliases=(("right-pad", "left-pad"),))
    given = known(GOOD, dependent).with_facts({(REGISTERED.name, dependent.release): stated})
    assert set() == found_in(project(target, dependent), given)


@pytest.mark.parametrize(
    ("specifier", "hidden"), [("file:pad", False), ("git+https://git.example/p.git", False),
                              ("^1.0.0", True), ("npm:other@1", True)],
)  # fmt: skip
def test_who_asks_for_an_address_asks_for_the_name_that_it_has(
    specifier: str, *, hidden: bool
) -> None:
    place = edited(alias="right-pad", source=Source.FILE, url="file:pad", digests=())
    need = Requirement("right-pad", specifier, Group.PROD, pin=place.key)
    shop = project(place, locked={"importers": (Importer("", (need,)),)})
    found = {rule for rule, _ in found_in(shop, known(place))}
    assert hidden == ("lockfile/hidden-alias" in found)


@pytest.mark.parametrize(
    ("asked", "hidden"),
    [
        (("right-pad", "pad"), ""),
        (("right-pad",), "under the name pad,"),
        (("pad",), "under the name right-pad,"),
        ((), "under the name right-pad and pad,"),
    ],
)
def test_every_name_that_an_entry_is_reached_by_has_to_be_asked_for(
    asked: tuple[str, ...], hidden: str
) -> None:
    target = edited(alias="right-pad", more_aliases=("pad",))
    needs = tuple(Requirement(name, "npm:left-pad@1", Group.PROD) for name in asked[:1])
    dependent = pin("parent", "2.0.0", key="node_modules/parent", requires=(target.key,))
    pairs = tuple((name, "left-pad") for name in asked[1:])
    given = known(GOOD, dependent).with_facts(
        {(REGISTERED.name, dependent.release): registered("parent", "2.0.0", aliases=pairs)}
    )
    shop = project(target, dependent, locked={"importers": (Importer("", needs),)})
    found = [each.finding for each in report(shop, facts=given, policy=policy()).judged]
    assert [each.rule for each in found] == (["lockfile/hidden-alias"] if hidden else [])
    assert all(hidden in each.message for each in found)


def test_an_alias_is_undecided_while_its_dependents_document_is_missing() -> None:
    target = edited(alias="right-pad")
    dependent = pin("parent", "2.0.0", key="node_modules/parent", requires=(target.key,))
    gone = Missing(Why.FAILED, "it timed out")
    given = known(GOOD, dependent).with_facts({(REGISTERED.name, dependent.release): gone})
    found = report(project(target, dependent), facts=given, policy=policy())
    assert ("lockfile/hidden-alias", "left-pad@1.3.0") in {
        (each.rule, str(each.release)) for each in found.unknowns
    }


def test_a_berry_entry_without_checksum_is_reported_unless_it_is_conditional() -> None:
    bare = edited(url=None, digests=(), integrity=None)
    conditional = pin("darwin", "1.0.0", key="d", url=None, digests=(), conditions="os=darwin")
    shop = project(bare, conditional, manager=Manager.YARN_BERRY)
    assert {("lockfile/missing-integrity", "left-pad@1.3.0")} == found_in(
        shop, known(bare, conditional)
    )


def test_a_digest_of_the_tar_binds_without_being_comparable() -> None:
    inner = edited(digests=(), integrity=None, checksum=A.sri)
    found = report(project(inner, OTHER), facts=known(inner, OTHER), policy=policy())
    assert set() == fired(found)
    assert ("partial", 1) == (found.layers[0].state.value, found.layers[0].partial)


def test_a_weak_digest_of_the_tar_is_reported() -> None:
    inner = edited(digests=(), integrity=None, checksum=OLD_SHA1.sri)
    assert {("lockfile/weak-integrity", "left-pad@1.3.0")} == found_in(project(inner), known(inner))


def test_berry_is_partial_because_its_bytes_are_not_bound() -> None:
    bare = edited(url=None, digests=(), checksum="10c0/abc")
    found = report(project(bare, manager=Manager.YARN_BERRY), facts=known(bare), policy=policy())
    assert ("partial", 1) == (found.layers[0].state.value, found.layers[0].partial)


def test_project_findings_name_their_file() -> None:
    settings = Settings(
        registry=("https://elsewhere.example/", Location(".npmrc", 1)),
        code=(ManagerCode(CodeForm.PNPMFILE, ".pnpmfile.cjs", Location(".pnpmfile.cjs")),),
        refused=(("_authToken", "a secret in a project's file", Location(".npmrc", 2)),),
    )
    drift = (
        Drift("left-pad is asked for as ^2.0.0 and locked at 1.3.0", Location("package.json", 5)),
    )
    shop = project(GOOD, settings=settings, drift=drift, rivals=("yarn.lock",))
    found = report(shop, facts=known(GOOD), policy=policy())
    assert {
        ("lockfile/project-registry", ".npmrc:1"),
        ("lockfile/refused-setting", ".npmrc:2"),
        ("lockfile/manager-code", ".pnpmfile.cjs"),
        ("lockfile/out-of-step", "package.json:5"),
        ("lockfile/several-managers", "yarn.lock"),
    } == {(each.finding.rule, str(each.finding.where)) for each in found.judged}


def test_dependencies_without_a_lockfile_are_reported() -> None:
    manifest = Manifest("package.json", "shop", "", (Requirement("a", "1", Group.PROD),))
    shop = project(lockfile=None, manifests=(manifest,))
    assert {("lockfile/absent", "")} == found_in(shop, facts())


def test_remedies_hold_the_registrys_own_address_and_digest() -> None:
    moved = edited(url=url("is-even", "1.0.0"), digests=(B,), integrity=B.sri)
    found = report(project(moved), facts=known(GOOD), policy=policy())
    remedy = found.judged[0].finding.remedy
    assert remedy is not None
    assert [(8, moved.url, GOOD.url), (9, B.sri, A.sri)] == [
        (each.where.line, each.old, each.new) for each in remedy.edits
    ]


@pytest.mark.parametrize(
    ("recorded", "right"),
    [
        ("http://evil.invalid/x.tgz", GOOD.url),
        ("http://registry.example/left-pad/-/left-pad-1.3.0.tgz", GOOD.url),
    ],
)
def test_what_is_fetched_in_the_clear_is_asked_of_its_registry_and_of_no_other_host(
    recorded: str, right: str
) -> None:
    tampered = edited(url=recorded, source=Source.REMOTE)
    given = known(GOOD, OTHER, *FILLER)
    found = report(project(tampered, OTHER, *FILLER), facts=given, policy=policy())
    [remedy] = [
        each.finding.remedy
        for each in found.judged
        if each.finding.rule == "lockfile/plain-http" and each.finding.remedy
    ]
    assert [each.new for each in remedy.edits] == [right]


def test_importers_of_the_lockfile_count_as_asking_for_an_alias() -> None:
    target = edited(alias="right-pad")
    need = Requirement("right-pad", "npm:left-pad@1", Group.PROD, pin=target.key)
    shop = project(target, locked={"importers": (Importer("", (need,)),)})
    assert set() == found_in(shop, known(GOOD))
    assert release() == GOOD.release
