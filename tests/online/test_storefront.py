"""The example project against the registry that this machine is configured for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT, unavailable

pytestmark = pytest.mark.online
# The example's policy says that this registry's publish times are not those of the releases.
REASON = "the policy calls this registry's publish times untrusted"


def check(folder: Path, cache: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pratique", "check", str(folder), *options],
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that knows what the registry says of the example."""
    cache = tmp_path_factory.mktemp("cache")
    report = said(check(ROOT / "examples" / "storefront", cache, "--format", "json"))
    failed = [one for one in report["unknowns"] if one["why"] == "failed"]
    if failed:
        unavailable("online", f"the configured registry does not answer: {failed[0]}")
    return cache


@pytest.fixture
def storefront(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("node_modules")
    folder = tmp_path / "storefront"
    return Path(shutil.copytree(ROOT / "examples" / "storefront", folder, ignore=ignored))


def said(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def ages(report: dict[str, Any]) -> dict[str, Any]:
    """What could not be decided about ages, all of it for one reason."""
    (found,) = [one for one in report["unknowns"] if one["rule"] == "release-age/too-new"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("preset", "code", "verdict"), [("recommended", 0, "warn"), ("strict", 3, "block")]
)
def test_ages_are_unknown_with_the_reason_and_the_policy_says_what_that_weighs(
    preset: str, code: int, verdict: str, storefront: Path, cache: Path
) -> None:
    policy = storefront / "pratique.toml"
    policy.write_text(policy.read_text().replace('"recommended"', f'"{preset}"'))
    ran = check(storefront, cache, "--format", "json")
    report = said(ran)
    assert ran.returncode == code, ran.stdout
    assert report["verdict"] == verdict
    assert (ages(report)["why"], ages(report)["detail"]) == ("absent", REASON)
    assert ages(report)["count"] == report["releases"]
    # The compiler of TypeScript is one file that is larger than what is parsed.
    loud = {one["rule"] for one in report["findings"] if one["verdict"] != "allow"}
    assert loud <= {"behavior/partly-read"}
    text = check(storefront, cache)
    assert text.returncode == code
    assert REASON in " ".join(text.stdout.split())


def test_every_entry_is_bound_without_the_lockfile_naming_a_host(
    storefront: Path, cache: Path
) -> None:
    assert "resolved" not in (storefront / "package-lock.json").read_text()
    report = said(check(storefront, cache, "--format", "json"))
    (lockfile,) = [one for one in report["layers"] if one["name"] == "lockfile"]
    assert (lockfile["state"], lockfile["unknown"]) == ("pass", 0)
    assert lockfile["subjects"] >= report["releases"]


def test_offline_and_never_asked_nothing_is_cleared(storefront: Path, tmp_path: Path) -> None:
    ran = check(storefront, tmp_path / "empty", "--offline", "--format", "json")
    assert ran.returncode == 3
    reasons = {one["why"] for one in said(ran)["unknowns"]}
    assert "offline" in reasons
    assert said(ran)["verdict"] != "allow"
