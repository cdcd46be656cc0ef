"""Each fail mode of a real server, and the answer that the operator's guide promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.conftest import unavailable
from tests.e2e.lifecycle import Child, until
from tests.registry import Registry

NOW = datetime.now(UTC)  # noqa: TID251 - the firewall that is served has the machine's clock

HASTY = ("--upstream-timeout", "5 seconds")
"""It asks twice, not four times with longer and longer waits."""


def publish(registry: Registry, name: str) -> str:
    """Two old releases and a young one; the path of the newest old one's artifact."""
    for version, days in (("1.0.0", 900), ("1.0.1", 800), ("1.0.2", 0.1)):
        registry.publish(name, version, published=NOW - timedelta(days=days))
    return f"{name}/-/{name}-1.0.1.tgz"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 16 MB of its own, where the machine lets us have one."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        unavailable("tmpfs", f"no file system can be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as filler:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    filler.write(b"\0" * size)
            except OSError:
                continue
    return file


def test_a_full_disk_refuses_what_has_to_be_written_and_is_well_again_by_itself(
    tmp_path: Path, registry: Registry
) -> None:
    known, fresh = publish(registry, "known"), publish(registry, "fresh")
    young = known.replace("1.0.1", "1.0.2")
    firewall = Child(tmp_path / "firewall", registry.url)
    with small_disk(firewall.data), firewall:
        first, page = firewall.ask(known), firewall.ask("known")
        assert (first.status, page.versions) == (200, ["1.0.0", "1.0.1"])
        before = firewall.stored()
        filler = fill(firewall.data)
        assert firewall.ask(known).body == first.body
        assert firewall.ask("known").body == page.body
        for path in ("fresh", fresh, young):
            found = firewall.ask(path)
            assert found.status == 503, (path, found)
            assert "record" in found.json()["error"]
        until(lambda: firewall.ask("-/ready").status == 503, "it says that it is ready")
        assert "full" in firewall.ask("-/ready").json()["error"]
        refused_writes = "pratique_writes_refused_total"
        until(lambda: firewall.metric(refused_writes) > 0, "no write is counted as refused")
        assert firewall.stored() == before
        for number in range(20):
            firewall.ask("known", user_agent=f"client-{number}-")
        filler.unlink()
        until(lambda: firewall.ask("-/ready").status == 200, "it is never well again")
        assert firewall.ask("fresh").versions == ["1.0.0", "1.0.1"]
        assert firewall.ask(fresh).status == 200
        refused = firewall.ask(young)
        assert refused.status == 403
        firewall.stop()
        assert firewall.log("verify").returncode == 0
        entries = firewall.entries()
        agents = {each["client"] for each in entries if each["type"] == "request"}
        assert {f"client-{number}-" for number in range(20)} <= agents
        assert refused.json()["decision"] in {each.get("id") for each in entries}


def test_a_folder_that_cannot_be_written_is_not_served_from(
    tmp_path: Path, registry: Registry
) -> None:
    firewall = Child(tmp_path / "firewall", registry.url)
    with small_disk(firewall.data):
        with firewall:
            assert firewall.ask("-/ready").status == 200
        remount = ["mount", "-o", "remount,ro", str(firewall.data)]
        subprocess.run(remount, check=True)
        command = [
            sys.executable, "-m", "pratique", "serve", "--port", "0", "--upstream", registry.url,
            "--data", str(firewall.data),
        ]  # fmt: skip
        given = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        ended = subprocess.run(
            command, capture_output=True, text=True, env=given, cwd=tmp_path, timeout=60,
            check=False,
        )  # fmt: skip
        assert (ended.returncode, ended.stdout) == (4, "")
        assert "Read-only file system" in ended.stderr or "read-only" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_an_upstream_that_is_away_is_stood_in_for_by_what_is_stored(
    tmp_path: Path, registry: Registry
) -> None:
    known, other = publish(registry, "known"), publish(registry, "other")
    options = ("--fresh", "0 seconds", *HASTY)
    with Child(tmp_path / "firewall", registry.url, options=options) as firewall:
        page, given = firewall.ask("known"), firewall.ask(known)
        short = firewall.ask("known", accept="application/vnd.npm.install-v1+json")
        registry.close()
        assert firewall.ask("known").body == page.body
        assert firewall.ask(known).body == given.body
        away = firewall.ask("known", accept="application/vnd.npm.install-v1+json")
        assert away.versions == short.versions
        assert firewall.ask(known.replace("1.0.1", "1.0.2")).status == 403
        for path in ("other", other):
            gone = firewall.ask(path)
            assert gone.status == 502
            assert "could not be reached" in gone.json()["error"]


def test_what_stands_in_for_an_upstream_stops_doing_so_at_its_bound(
    tmp_path: Path, registry: Registry
) -> None:
    path = publish(registry, "known")
    options = ("--fresh", "0 seconds", "--stale", "4 seconds", *HASTY)
    with Child(tmp_path / "firewall", registry.url, options=options) as firewall:
        assert firewall.ask("known").status == 200
        assert firewall.ask(path).status == 200
        registry.close()
        assert firewall.ask("known").status == 200
        until(lambda: firewall.ask("known").status == 502, "it stands in for ever")
        assert "too old" in firewall.ask("known").json()["error"]
        assert firewall.ask(path).status == 502


def listing(*versions: str, expires: datetime | None = None) -> str:
    entries = [{"package": "known", "versions": [each], "reason": "steals"} for each in versions]
    ends = {"expires_at": expires.isoformat().replace("+00:00", "Z")} if expires else {}
    return json.dumps({"pratique-blocklist": 1, "entries": entries, **ends})


def replace(file: Path, text: str) -> None:
    """As an updater does it: the old one is there until the new one is."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def test_a_list_that_goes_stale_holds_everything_until_a_newer_one_is_there(
    tmp_path: Path, registry: Registry
) -> None:
    path = publish(registry, "known")
    policy = 'preset = "recommended"\n[layers.registry]\nblocklists = ["blocked.json"]\n'
    firewall = Child(tmp_path / "firewall", registry.url, policy)
    firewall.folder.mkdir()
    file = firewall.folder / "blocked.json"
    file.write_text(listing())
    with firewall:
        assert firewall.ask(path).status == 200
        assert firewall.ask("known").versions == ["1.0.0", "1.0.1"]
        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)  # noqa: TID251 - as above
        replace(file, listing(expires=soon))
        until(lambda: firewall.ask("known").versions == [], "a stale list judges on")
        assert datetime.now(UTC) >= soon  # noqa: TID251 - as above
        held = firewall.ask(path)
        assert (held.status, held.json()["rules"][0]) == (403, "registry/blocked")
        assert "held" in held.reason or "blocked by policy" in held.reason
        replace(file, listing("1.0.0"))
        until(lambda: firewall.ask("known").versions == ["1.0.1"], "the newer list is not read")
        assert firewall.ask(path).status == 200
        assert firewall.ask(path.replace("1.0.1", "1.0.0")).status == 403
    changes = [each for each in firewall.entries() if each["type"] == "policy"]
    assert [each["by"] for each in changes] == ["start", "blocklists", "blocklists"]
