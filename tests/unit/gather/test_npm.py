"""What the registries say: each answer, each way in which it can fail, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.registry import Fault, Registry, faults

from pratique.gather.http import Limits
from pratique.gather.npm import How, gather
from pratique.gather.times import Cutoffs
from pratique.model.fact import (
    CLOCK,
    FIRST_PUBLISHED,
    PUBLISHED,
    REGISTERED,
    Clock,
    FirstPublished,
    Missing,
    Published,
    PublishSource,
    Registered,
    Why,
)
from pratique.model.package import Package, Release
from pratique.model.registry import Credential, Registries, dart_of
from pratique.store import Forgetful, Shelf, Store, open_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CUTOFFS = Cutoffs(NOW - 3 * DAY, NOW - 30 * DAY)
HOW = How(CUTOFFS, limits=Limits(connect=2.0, read=1.0, total=6.0, attempts=2, backoff=0.001))
ODD = Release(Package("is-odd"), "1.0.0")


class Counted:
    """A progress that only counts."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def start(self, total: int) -> None:
        self.seen.append(f"start {total}")

    def advance(self) -> None:
        self.seen.append("advance")

    def finish(self) -> None:
        self.seen.append("finish")


def run(
    registry: Registry,
    *asked: Any,
    how: How = HOW,
    store: Store | None = None,
    at: datetime = NOW,
    user: Registries | None = None,
    progress: Counted | None = None,
) -> Any:
    """The answer to one question, or a list of answers to several."""
    user = user or Registries(registry.url)
    facts = gather(asked, user, store or Forgetful(), Clock(at), how, progress)
    told = [facts[kind.name, key] for kind, key in asked]
    return told[0] if len(told) == 1 else told


def missing(why: Why, words: str, told: object) -> bool:
    return isinstance(told, Missing) and told.why is why and words in told.detail


# The document of a release


def test_a_release_is_registered_with_what_its_document_says(registry: Registry) -> None:
    shelved = registry.publish(
        "@corp/tool", "1.2.3-rc.1",
        scripts={"postinstall": "node a.js", "prepare": "tsc", "test": "jest"},
        gypfile=False, deprecated="use another", metadata={"hasInstallScript": True},
    )  # fmt: skip
    told = run(registry, (REGISTERED, Release(Package("@corp/tool"), "1.2.3-rc.1")))
    assert isinstance(told, Registered)
    assert told.registry == registry.url
    document = told.document
    assert document is not None
    assert document.tarball == f"{registry.url}@corp/tool/-/tool-1.2.3-rc.1.tgz"
    assert document.scripts == (("postinstall", "node a.js"), ("prepare", "tsc"))
    assert document.has_install_script is True
    assert document.gypfile is False
    assert document.deprecated == "use another"
    assert [digest.algorithm for digest in document.digests] == ["sha512", "sha1"]
    assert document.digests[0].sri == shelved.metadata["dist"]["integrity"]
    assert [one.path for one in registry.requests] == ["/@corp%2Ftool/1.2.3-rc.1"]


@pytest.mark.parametrize(
    ("members", "field", "value"),
    [
        ({"deprecated": True}, "deprecated", "deprecated"),
        ({"deprecated": False}, "deprecated", None),
        ({"deprecated": ""}, "deprecated", None),
        ({"deprecated": 7}, "deprecated", None),
        ({"scripts": ["install"]}, "scripts", ()),
        ({"scripts": {"install": 1, "preinstall": "x", "postinstall": ""}}, "scripts",
         (("preinstall", "x"),)),
        ({"hasInstallScript": "yes"}, "has_install_script", None),
        ({"gypfile": 1}, "gypfile", None),
        ({"dist": {"tarball": "t", "integrity": 5, "shasum": "xyz"}}, "digests", ()),
    ],
)  # fmt: skip
def test_odd_members_are_read_as_npm_reads_them(
    registry: Registry, members: dict[str, Any], field: str, value: object
) -> None:
    registry.publish("is-odd", "1.0.0")
    registry.fault(faults.edited(lambda document: document.update(members)))
    assert getattr(run(registry, (REGISTERED, ODD)).document, field) == value


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.instead("is-even/1.0.0"), "another release"),
        (faults.instead("is-odd/2.0.0"), "another release"),
        (faults.edited(lambda d: d.update(name="Is-Odd")), "another release"),
        (faults.instead("is-odd"), "no document of a release"),
        (faults.malformed(), "no document of a release"),
        (faults.malformed(b""), "no document of a release"),
        (faults.malformed(b"[" * 100_000), "no document of a release"),
        (faults.malformed(b'{"name":"is-odd","version":"1.0.0"}'), "no document of a release"),
        (faults.malformed(b'{"name":"\xff"}'), "no document of a release"),
        (faults.status(401), "status 401: it wants a credential"),
        (faults.status(403), "status 403"),
        (faults.status(451), "status 451"),
        (faults.status(500), "status 500"),
        (faults.status(503), "status 503"),
        (faults.huge(5_000_000), "larger than"),
        (faults.gzip_bomb(5_000_000), "larger than"),
        (faults.truncated(), "broke off"),
        (faults.reset(), "broke off"),
        (faults.slow(wait=20), "in time"),
        (faults.redirect_to_itself(), "redirects more than"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_failed_and_names_the_host(
    registry: Registry, fault: Fault, words: str
) -> None:
    registry.publish("is-even", "1.0.0")
    registry.publish("is-odd", "1.0.0")
    registry.publish("is-odd", "2.0.0")
    registry.fault(fault, kind="version")
    told = run(registry, (REGISTERED, ODD))
    assert missing(Why.FAILED, words, told), told
    assert "127.0.0.1" in told.detail


def test_one_failure_blanks_one_release(registry: Registry) -> None:
    for name in ("a", "b", "c"):
        registry.publish(name, "1.0.0")
    registry.fault(faults.status(500), package="b")
    told = run(registry, *((REGISTERED, Release(Package(name), "1.0.0")) for name in "abc"))
    assert [isinstance(one, Missing) for one in told] == [False, True, False]


def test_a_version_that_is_not_there_is_told_from_a_package_that_is_not(registry: Registry) -> None:
    registry.publish("is-odd", "1.0.0")
    asked = [
        (REGISTERED, Release(Package(name), version))
        for name, version in (("is-odd", "9.0.0"), ("is-odd", "9.1.0"), ("gone", "1.0.0"))
    ]
    assert run(registry, *asked) == [
        Registered(registry.url, None),
        Registered(registry.url, None),
        Registered(registry.url, None, package_exists=False),
    ]
    assert len(registry.asked("is-odd")) == 1


def test_where_versions_have_no_documents_of_their_own_the_packument_tells(
    registry: Registry,
) -> None:
    registry.publish("is-odd", "1.0.0")
    direct = run(registry, (REGISTERED, ODD))
    registry.fault(faults.not_found(), kind="version")
    assert run(registry, (REGISTERED, ODD)) == direct
    assert isinstance(direct, Registered)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.status(500), "status 500"),
        (faults.malformed(), "no document of that package"),
        (faults.instead("is-even"), "no document of that package"),
        (faults.edited(lambda d: d["versions"]["1.0.0"].update(version="2.0.0")), "another"),
    ],
)
def test_a_packument_that_cannot_be_believed_says_nothing_of_a_release(
    registry: Registry, fault: Fault, words: str
) -> None:
    registry.publish("is-even", "1.0.0")
    registry.publish("is-odd", "1.0.0")
    registry.fault(faults.not_found(), kind="version")
    registry.fault(fault, kind="packument")
    assert missing(Why.FAILED, words, run(registry, (REGISTERED, ODD)))


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("../../admin", "1.0.0"),
        ("-", "1.0.0"),
        ("a/b/c", "1.0.0"),
        ("", "1.0.0"),
        ("is-odd", ".."),
        ("is-odd", "latest"),
        ("is-odd", "1.0.0/../../x"),
        ("is-odd", ""),
    ],
)
def test_what_no_registry_can_have_is_not_asked_for(
    registry: Registry, name: str, version: str
) -> None:
    release = Release(Package(name), version)
    told = run(registry, (REGISTERED, release), (PUBLISHED, release))
    assert all(missing(Why.FAILED, "no registry has", one) for one in told)
    assert registry.requests == []


def test_a_package_without_a_registry_is_failed() -> None:
    facts = gather([(REGISTERED, ODD)], Registries(), Forgetful(), Clock(NOW), HOW)
    assert missing(Why.FAILED, "no registry", facts["registered", ODD])


def test_scopes_are_asked_at_their_own_registry_with_their_own_token(registry: Registry) -> None:
    with Registry(prefix="/private/") as private:
        private.publish("@corp/tool", "1.0.0")
        private.protect("@corp/*", "t0ken")
        registry.publish("is-odd", "1.0.0")
        token, dart = Credential.of("Bearer", "t0ken"), dart_of(private.url)
        assert token
        assert dart
        user = Registries(registry.url, {"@corp": private.url}, {dart: token})
        tool = Release(Package("@corp/tool"), "1.0.0")
        told = run(registry, (REGISTERED, ODD), (REGISTERED, tool), user=user)
        assert [one.registry for one in told] == [registry.url, private.url]
        assert registry.credentials == set()
        assert private.credentials == {"Bearer t0ken"}


# When it was published


def publish_at(registry: Registry, **ages: timedelta) -> None:
    for version, age in ages.items():
        registry.publish("is-odd", version.lstrip("v").replace("_", "."), published=NOW - age)


def test_an_old_package_is_mature_by_its_short_form_alone(registry: Registry) -> None:
    publish_at(registry, v1_0_0=90 * DAY, v1_0_1=60 * DAY)
    told, began = run(registry, (PUBLISHED, ODD), (FIRST_PUBLISHED, ODD.package))
    assert told == Published(NOW - 60 * DAY, PublishSource.REGISTRY, exact=False)
    assert began == FirstPublished(NOW - 60 * DAY, PublishSource.REGISTRY, exact=False)
    assert len(registry.requests) == 1
    assert "vnd.npm.install-v1" in registry.requests[0].headers["accept"]


def test_a_package_that_changed_lately_is_settled_by_the_whole_document(registry: Registry) -> None:
    publish_at(registry, v1_0_0=90 * DAY, v1_0_1=5 * DAY, v1_1_0=1 * DAY)
    young = Release(ODD.package, "1.1.0")
    told = run(registry, (PUBLISHED, ODD), (PUBLISHED, young), (FIRST_PUBLISHED, ODD.package))
    assert told == [
        Published(NOW - 90 * DAY, PublishSource.REGISTRY),
        Published(NOW - DAY, PublishSource.REGISTRY, alternatives=(
            ("1.0.1", NOW - 5 * DAY), ("1.0.0", NOW - 90 * DAY))),
        FirstPublished(NOW - 90 * DAY, PublishSource.REGISTRY),
    ]  # fmt: skip
    assert len(registry.requests) == 2


def test_the_cutoff_itself_is_mature(registry: Registry) -> None:
    publish_at(registry, v1_0_0=3 * DAY)
    assert run(registry, (PUBLISHED, ODD)).exact is False
    later = replace(HOW, cutoffs=replace(CUTOFFS, release=CUTOFFS.release - timedelta(seconds=1)))
    assert run(registry, (PUBLISHED, ODD), how=later).exact is True


def test_a_registry_that_ignores_the_short_form_is_asked_once(registry: Registry) -> None:
    publish_at(registry, v1_0_0=90 * DAY, v1_1_0=1 * DAY)

    def whole(exchange: Any, answer: Any) -> Any:
        headers = {**exchange.request.headers, "accept": "application/json"}
        return registry.answers.to(replace(exchange.request, headers=headers), exchange.route,
                                   exchange.address)  # fmt: skip

    registry.fault(whole, kind="packument")
    assert run(registry, (PUBLISHED, ODD)).at == NOW - 90 * DAY
    assert len(registry.requests) == 1


def test_alternatives_are_mature_of_the_same_line_not_deprecated_and_at_most_five(
    registry: Registry,
) -> None:
    for minor in range(8):
        registry.publish("is-odd", f"1.{minor}.0", published=NOW - (50 - minor) * DAY)
    registry.publish("is-odd", "1.8.0-beta.1", published=NOW - 9 * DAY)
    registry.publish("is-odd", "1.8.0", published=NOW - 8 * DAY, deprecated="broken")
    registry.publish("is-odd", "2.0.0", published=NOW - 8 * DAY)
    registry.publish("is-odd", "1.9.0", published=NOW - 2 * DAY)
    registry.publish("is-odd", "1.10.0", published=NOW - DAY)
    told = run(registry, (PUBLISHED, Release(ODD.package, "1.10.0")))
    assert [version for version, _ in told.alternatives] == [f"1.{n}.0" for n in (7, 6, 5, 4, 3)]


def test_a_document_without_any_time_is_a_failure(registry: Registry) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    registry.fault(faults.without("time", "modified"))
    told = run(registry, (PUBLISHED, ODD), (FIRST_PUBLISHED, ODD.package))
    assert all(missing(Why.FAILED, "carries no publish times", one) for one in told)


def test_untrusted_times_are_not_asked_for(registry: Registry) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    how = replace(HOW, publish_time={registry.url: "untrusted"})
    told = run(registry, (PUBLISHED, ODD), (FIRST_PUBLISHED, ODD.package), how=how)
    words = "the policy calls this registry's publish times untrusted"
    assert all(missing(Why.ABSENT, words, one) for one in told)
    assert registry.requests == []
    assert isinstance(run(registry, (REGISTERED, ODD), how=how), Registered)


@pytest.mark.parametrize(
    ("form", "exact"),
    [
        (lambda text: text.replace("Z", "+00:00"), True),
        (lambda text: text.replace("Z", "+02:00"), True),
        (lambda text: text.replace(".000Z", "Z"), True),
        (lambda text: text.replace("000Z", "000123Z"), True),
    ],
)
def test_times_are_read_in_every_form_in_use(
    registry: Registry, form: Callable[[str], str], exact: bool
) -> None:
    publish_at(registry, v1_0_0=1 * DAY)
    registry.fault(faults.times(form))
    told = run(registry, (PUBLISHED, ODD))
    assert abs(told.at - (NOW - DAY)) <= timedelta(hours=2)
    assert told.exact is exact


def set_time(key: str, value: Any) -> Fault:
    def edit(document: Any) -> None:
        document["modified"] = NOW.isoformat()
        if "time" in document:
            document["time"][key] = value
            if value is None:
                del document["time"][key]

    return faults.edited(edit)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is not stated"),
        ("yesterday", "cannot be read"),
        ("2026-11-01T00:00:00", "cannot be read"),
        (20261101, "cannot be read"),
        ({}, "cannot be read"),
        ("0001-01-01T00:00:00+14:00", "cannot be read"),
        ("2026-11-01T00:00:00Z" + " " * 99, "cannot be read"),
        ("2027-11-01T00:00:00Z", "in the future"),
    ],
)
def test_a_time_that_cannot_be_believed_is_failed(
    registry: Registry, value: Any, words: str
) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    registry.fault(set_time("1.0.0", value))
    assert missing(Why.FAILED, words, run(registry, (PUBLISHED, ODD)))
    registry.heal()
    registry.fault(set_time("created", value))
    assert missing(Why.FAILED, words, run(registry, (FIRST_PUBLISHED, ODD.package)))


def test_a_release_that_the_package_does_not_list_is_not_mature_by_the_packages_age(
    registry: Registry,
) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    ghost = Release(ODD.package, "1.5.0")
    assert missing(Why.FAILED, "lists no such release", run(registry, (PUBLISHED, ghost)))
    gone = Release(Package("gone"), "1.0.0")
    told = run(registry, (PUBLISHED, gone), (FIRST_PUBLISHED, gone.package))
    assert all(missing(Why.FAILED, "no package of that name", one) for one in told)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.instead("is-even"), "no document of that package"),
        (faults.malformed(), "no document of that package"),
        (faults.edited(lambda d: d.update(time=[])), "publish times of no known form"),
        (faults.edited(lambda d: d.update(versions=[])), "no document of that package"),
        (faults.status(403), "status 403"),
        (faults.truncated(), "broke off"),
    ],
)
def test_a_package_that_cannot_be_believed_has_no_times(
    registry: Registry, fault: Fault, words: str
) -> None:
    registry.publish("is-even", "1.0.0")
    publish_at(registry, v1_0_0=90 * DAY)
    registry.fault(fault)
    assert missing(Why.FAILED, words, run(registry, (PUBLISHED, ODD)))


def test_one_packument_serves_all_releases_of_a_package(registry: Registry) -> None:
    for minor in range(20):
        registry.publish("is-odd", f"1.{minor}.0", published=NOW - 40 * DAY)
    run(registry, *((PUBLISHED, Release(ODD.package, f"1.{n}.0")) for n in range(20)))
    assert len(registry.requests) == 1


# What is kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


EVERYTHING = ((REGISTERED, ODD), (PUBLISHED, ODD), (FIRST_PUBLISHED, ODD.package))


def kept(registry: Registry, folder: Path, at: datetime = NOW, **how: Any) -> tuple[Any, int]:
    """The three answers, and how many requests they took."""
    registry.forget()
    with open_store(folder, Clock(at)) as store:
        told = run(registry, *EVERYTHING, how=replace(HOW, **how), store=store, at=at)
        assert not store.warnings
    return told, len(registry.requests)


@pytest.mark.parametrize("age", [90 * DAY, 1 * DAY])
def test_what_is_fresh_is_not_asked_for_again(
    registry: Registry, folder: Path, age: timedelta
) -> None:
    publish_at(registry, v1_0_0=age)
    first, asked = kept(registry, folder)
    assert asked > 0
    assert kept(registry, folder, NOW + timedelta(hours=23)) == (first, 0)
    assert kept(registry, folder, NOW, offline=True) == (first, 0)


def test_what_is_stale_is_revalidated_and_fresh_again(registry: Registry, folder: Path) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    first, _ = kept(registry, folder)
    later = NOW + timedelta(hours=25)
    told, asked = kept(registry, folder, later)
    assert (told, asked) == (first, 2)
    assert all("if-none-match" in one.headers for one in registry.requests)
    assert kept(registry, folder, later + timedelta(hours=23))[1] == 0


def test_revalidation_can_be_demanded(registry: Registry, folder: Path) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    first, _ = kept(registry, folder)
    assert kept(registry, folder, revalidate=True) == (first, 2)
    registry.deprecate("is-odd", "1.0.0")
    told, _ = kept(registry, folder, revalidate=True)
    assert told[0].document.deprecated


def test_a_short_form_that_no_longer_proves_anything_is_followed_by_the_whole(
    registry: Registry, folder: Path
) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    kept(registry, folder)
    cutoffs = Cutoffs(NOW - 100 * DAY, NOW - 100 * DAY)
    told, asked = kept(registry, folder, cutoffs=cutoffs)
    assert told[1] == Published(NOW - 90 * DAY, PublishSource.REGISTRY)
    assert asked == 2


def test_an_absent_release_is_asked_for_again_after_an_hour(
    registry: Registry, folder: Path
) -> None:
    registry.publish("is-odd", "0.9.0", published=NOW - 90 * DAY)
    first, _ = kept(registry, folder)
    assert first[0] == Registered(registry.url, None)
    assert kept(registry, folder, NOW + timedelta(minutes=50))[1] == 0
    publish_at(registry, v1_0_0=90 * DAY)
    told, _ = kept(registry, folder, NOW + timedelta(minutes=70))
    assert told[0].document is not None


def test_failures_are_not_kept(registry: Registry, folder: Path) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    registry.fault(faults.status(500))
    told, _ = kept(registry, folder)
    assert all(isinstance(one, Missing) for one in told)
    registry.heal()
    told, _ = kept(registry, folder)
    assert not any(isinstance(one, Missing) for one in told)


def test_a_failure_is_not_papered_over_with_a_stale_answer(
    registry: Registry, folder: Path
) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    kept(registry, folder)
    registry.fault(faults.status(500))
    told, _ = kept(registry, folder, NOW + timedelta(hours=25))
    assert all(missing(Why.FAILED, "status 500", one) for one in told)


def test_offline_says_what_was_never_asked_and_what_is_out_of_date(
    registry: Registry, folder: Path
) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    told, asked = kept(registry, folder, offline=True)
    assert asked == 0
    assert all(missing(Why.OFFLINE, "never asked", one) for one in told)
    kept(registry, folder)
    told, asked = kept(registry, folder, NOW + timedelta(hours=25), offline=True)
    assert asked == 0
    assert all(missing(Why.OFFLINE, "2026-11-22 12:00", one) for one in told)


def test_an_answer_from_the_future_is_not_fresh(registry: Registry, folder: Path) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    kept(registry, folder, NOW + 100 * DAY)
    assert kept(registry, folder, NOW)[1] == 2


def test_what_one_token_may_see_is_not_served_to_another(registry: Registry, folder: Path) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    registry.protect("*", "t0ken")
    dart = dart_of(registry.url)
    token, other = Credential.of("Bearer", "t0ken"), Credential.of("Bearer", "other")
    assert dart
    assert token
    assert other
    told = []
    for credential in (token, other, token):
        with open_store(folder, Clock(NOW)) as store:
            user = Registries(registry.url, credentials={dart: credential})
            told.append(run(registry, (REGISTERED, ODD), user=user, store=store))
    assert isinstance(told[0], Registered)
    assert missing(Why.FAILED, "status 401", told[1])
    assert told[2] == told[0]
    assert len(registry.requests) == 2


def test_a_stored_value_that_cannot_be_read_is_asked_for_again(
    registry: Registry, folder: Path
) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    first, _ = kept(registry, folder)
    with open_store(folder, Clock(NOW)) as store:
        documents = (REGISTERED.name, REGISTERED.version, "is-odd@1.0.0")
        for kind, version, subject in (documents, ("times", 1, "is-odd")):
            shelf = Shelf(kind, version, registry.url, "")
            [entry] = store.load(shelf, [subject]).values()
            store.save(shelf, [replace(entry, value=b"\xc1 no value")])
    assert kept(registry, folder) == (first, 2)


# The whole


def test_progress_is_told_of_every_request(registry: Registry) -> None:
    publish_at(registry, v1_0_0=90 * DAY)
    progress = Counted()
    run(registry, *EVERYTHING, progress=progress)
    assert progress.seen == ["start 2", "advance", "advance", "finish"]
    untold = Counted()
    run(registry, *EVERYTHING, how=replace(HOW, offline=True), progress=untold)
    assert untold.seen == []


def test_the_order_of_the_questions_changes_no_answer(registry: Registry, folder: Path) -> None:
    questions: list[Any] = []
    for number in range(30):
        name = f"p{number % 10}"
        registry.publish(name, f"1.{number}.0", published=NOW - number * DAY)
        release = Release(Package(name), f"1.{number}.0")
        questions += [
            (REGISTERED, release),
            (PUBLISHED, release),
            (FIRST_PUBLISHED, release.package),
        ]
    user = Registries(registry.url)
    first = gather(questions, user, Forgetful(), Clock(NOW), HOW)
    questions.sort(key=lambda asked: str(asked)[::-1])
    with open_store(folder, Clock(NOW)) as store:
        again = gather(questions * 2, user, store, Clock(NOW), replace(HOW, workers=3))
    assert again == first
    assert len(again) == 70


def test_other_kinds_are_left_alone(registry: Registry) -> None:
    assert gather([(CLOCK, None)], Registries(registry.url), Forgetful(), Clock(NOW), HOW) == {}
