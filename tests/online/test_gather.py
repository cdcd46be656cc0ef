"""A handful of real documents from the registry that this machine is configured for."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import unavailable

from pratique.gather.http import Limits
from pratique.gather.npm import How, gather
from pratique.gather.times import Cutoffs
from pratique.gather.user import user_registries
from pratique.model.fact import (
    FIRST_PUBLISHED,
    PUBLISHED,
    REGISTERED,
    Clock,
    Missing,
    Registered,
    Why,
)
from pratique.model.package import Package, Release
from pratique.model.registry import Registries
from pratique.store import Forgetful, open_store

pytestmark = pytest.mark.online
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOW = How(Cutoffs(NOW - timedelta(days=3), NOW - timedelta(days=30)), limits=Limits(total=60))
ODD = Release(Package("is-odd"), "3.0.1")


@pytest.fixture(scope="module")
def user() -> Registries:
    found = user_registries(os.environ)
    told = gather([(REGISTERED, ODD)], found, Forgetful(), Clock(NOW), HOW)["registered", ODD]
    if isinstance(told, Missing):
        unavailable("online", f"the configured registry does not answer: {told.detail}")
    return found


def ask(user: Registries, *asked: Any, how: How = HOW) -> dict[Any, Any]:
    return gather(asked, user, Forgetful(), Clock(NOW), how)


def test_real_releases_are_registered_with_strong_digests(user: Registries) -> None:
    releases = [
        ODD,
        Release(Package("@babel/core"), "7.24.0"),
        Release(Package("esbuild"), "0.21.5"),
        Release(Package("core-js"), "3.37.0"),
        Release(Package("left-pad"), "1.3.0"),
    ]
    told = ask(user, *((REGISTERED, release) for release in releases))
    for release in releases:
        document = told["registered", release].document
        assert (document.name, document.version) == (release.name, release.version)
        assert document.digests[0].algorithm == "sha512"
        assert document.tarball.endswith(".tgz")
    events = {one.name: dict(told["registered", one].document.scripts) for one in releases}
    installs = {name for name, scripts in events.items() if "postinstall" in scripts}
    assert installs == {"esbuild", "core-js"}


def test_what_the_registry_does_not_have_is_told_apart(user: Registries) -> None:
    no_version = Release(ODD.package, "99.99.99")
    no_package = Release(Package("@pratique-no-such-scope/no-such-package"), "1.0.0")
    told = ask(user, (REGISTERED, no_version), (REGISTERED, no_package))
    assert told["registered", no_version] == Registered(user.default or "", None)
    absent = told["registered", no_package]
    # A registry may refuse to say of a scope that it does not have whether it exists.
    assert absent == Registered(user.default or "", None, package_exists=False) or (
        isinstance(absent, Missing) and absent.why is Why.FAILED
    )


def test_times_that_the_policy_calls_untrusted_are_absent(user: Registries) -> None:
    how = How(HOW.cutoffs, publish_time={user.default or "": "untrusted"})
    told = ask(user, (PUBLISHED, ODD), (FIRST_PUBLISHED, ODD.package), how=how)
    assert {one.why for one in told.values()} == {Why.ABSENT}


def test_a_second_run_asks_for_nothing(user: Registries, tmp_path: Path) -> None:
    for offline in (False, True):
        how = How(HOW.cutoffs, offline=offline)
        with open_store(tmp_path, Clock(NOW)) as store:
            told = gather([(REGISTERED, ODD)], user, store, Clock(NOW), how)
        assert isinstance(told["registered", ODD], Registered)
