"""A blocklist that is replaced, edited, broken or removed while the firewall runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.registry import Registry
from tests.unit.proxy.stand import Clock, Stand, policy, publish, standing

from pratique.model.record import PolicyChange

NAMED = '[layers.registry]\nblocklists = ["blocked.json"]\n'
PATH = "left-pad/-/left-pad-1.1.0.tgz"


def listing(*versions: str) -> bytes:
    entries = [{"package": "left-pad", "versions": [v], "reason": "steals"} for v in versions]
    return json.dumps({"pratique-blocklist": 1, "entries": entries}).encode()


def replace_file(path: Path, content: bytes) -> None:
    """As an updater does it: the old one is there until the new one is."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "blocked.json"
    path.write_bytes(listing())
    return path


@pytest.fixture
def listed(tmp_path: Path, file: Path, registry: Registry, clock: Clock) -> Iterator[Stand]:
    publish(registry)
    with standing(
        tmp_path / "data", registry, clock, policy(NAMED), policy_folder=tmp_path
    ) as made:
        yield made


def test_a_release_is_refused_from_the_reading_of_the_new_list_on(
    listed: Stand, file: Path
) -> None:
    assert listed.ask(PATH).status == 200
    replace_file(file, listing("1.1.0"))
    listed.running.renew_lists()
    assert listed.ask(PATH).json()["rules"] == ["registry/blocked"]
    assert "1.1.0" not in listed.ask("left-pad").versions
    replace_file(file, listing())
    listed.running.renew_lists()
    assert listed.ask(PATH).status == 200


def test_a_list_of_the_same_length_and_time_in_the_same_place_is_another_one(
    listed: Stand, file: Path
) -> None:
    before = file.stat()
    file.write_bytes(listing("1.0.1"))
    listed.running.renew_lists()
    assert "1.0.1" not in listed.ask("left-pad").versions
    times = (before.st_atime_ns, before.st_mtime_ns)
    os.utime(file, ns=times)
    listed.running.renew_lists()
    file.write_bytes(listing("1.1.0"))
    os.utime(file, ns=times)
    listed.running.renew_lists()
    assert listed.ask("left-pad").versions == ["1.0.0", "1.0.1"]


@pytest.mark.parametrize("content", [b"", b'{"pratique-blocklist": 1, "en', None])
def test_everything_is_held_while_a_list_is_broken_or_gone(
    listed: Stand, file: Path, content: bytes | None
) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    listed.running.renew_lists()
    assert listed.ask("left-pad").versions == []
    assert listed.ask(PATH).status == 403
    replace_file(file, listing("1.0.1"))
    listed.running.renew_lists()
    assert listed.ask("left-pad").versions == ["1.0.0", "1.1.0"]


def test_a_list_that_stays_is_not_read_again_and_each_reading_is_on_record(
    listed: Stand, file: Path
) -> None:
    before = listed.running.packages.generation
    listed.running.renew_lists()
    assert listed.running.packages.generation == before
    replace_file(file, listing("1.1.0"))
    listed.running.renew_lists()
    listed.running.renew_lists()
    assert listed.running.packages.generation == before + 1
    changes = [each for each in listed.log() if isinstance(each, PolicyChange)]
    assert [(each.by, each.changes) for each in changes[1:]] == [
        ("blocklists", ("blocked.json was read again",))
    ]
    assert changes[1].policy == changes[1].before == changes[0].policy
