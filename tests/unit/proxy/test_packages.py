"""What the desk keeps in mind, for how long, and who waits for whom."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from tests.e2e.raw_upstream import raw_upstream
from tests.registry import Registry
from tests.unit.proxy.stand import HOST, SHORT, Clock, days, policy, publish, standing

from pratique.model.registry import Registries
from pratique.proxy.shelf import Shelf

SMALL = "left-pad/-/left-pad-1.1.0.tgz"
UNREAD = "[rules]\n" + "".join(
    f'"{rule}" = "off"\n'
    for rule in (
        "behavior/unanalysable", "behavior/new-capability", "behavior/no-baseline",
        "behavior/partly-read", "build-scripts/unstated", "lockfile/manifest-confusion",
        "release-age/too-new", "release-age/new-package",
    )
)  # fmt: skip
"""Nothing is analysed, and nothing is too young."""


def test_many_who_wait_for_one_artifact_hold_up_no_other_package(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    publish(registry, "other")
    stop, begun, came = threading.Event(), threading.Event(), []
    with raw_upstream(registry) as raw:

        def hang(_connection: object) -> None:
            came.append(1)
            begun.set()
            stop.wait(20)

        raw.acts[SMALL] = hang
        more = {"registries": Registries(default=raw.url)}
        judged_by = policy(UNREAD, "lenient")
        with standing(tmp_path / "data", registry, clock, judged_by, **more) as stand:
            assert stand.ask("left-pad").status == 200

            async def asked() -> None:
                wanted = {"host": HOST}
                waiting = [
                    asyncio.create_task(stand._asked("GET", SMALL, wanted, [b""], "127.0.0.1"))
                    for _ in range(40)
                ]
                assert await asyncio.to_thread(begun.wait, 20)
                await asyncio.sleep(0.5)
                other = stand._asked("GET", "other", wanted, [b""], "127.0.0.1")
                try:
                    found = await asyncio.wait_for(other, 3)
                finally:
                    stop.set()
                assert found.status == 200
                assert {each.status for each in await asyncio.gather(*waiting)} == {502}

            stand.loop.run_until_complete(asked())
    assert len(came) < 10


def test_what_was_judged_before_is_forgotten_with_its_pages(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    with standing(tmp_path / "data", registry, clock, policy(UNREAD, "lenient")) as stand:
        for number in range(4):
            version = f"2.{number}.0"
            registry.publish("left-pad", version, published=days(300 - number))
            clock.move(minutes=6)
            assert version in stand.ask("left-pad").versions
            assert stand.ask(f"left-pad/-/left-pad-{version}.tgz").status == 200
        gc.collect()
        kept = [each for each in gc.get_objects() if isinstance(each, Shelf)]
        assert len(kept) == 1


def test_pages_take_no_more_room_than_they_may(
    tmp_path: Path, registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.proxy.shelves.ROOM", 1_000_000)
    chosen = random.Random(1)  # noqa: S311 - no secret
    with standing(tmp_path / "data", registry, clock, policy(UNREAD, "lenient")) as stand:
        for number in range(8):
            said = "".join(chosen.choices("abcdefghijklmnop", k=200_000))
            registry.publish(f"p{number}", "1.0.0", published=days(900), manifest={"said": said})
            for encoding in ("identity", "gzip"):
                assert stand.ask(f"p{number}", accept_encoding=encoding).status == 200
        kept = stand.running.packages._shelves.values()
        size = sum(len(page.body) for each in kept for page in each.pages.values())
        assert 200_000 < size < 1_300_000
        assert stand.ask("p0").status == 200


def test_a_short_document_that_lagged_behind_is_read_again(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    registry.publish("left-pad", "1.0.0", published=days(900))
    with standing(tmp_path / "data", registry, clock, policy(UNREAD, "lenient")) as stand:
        assert stand.ask("left-pad", accept=SHORT).versions == ["1.0.0"]
        clock.move(minutes=2)
        registry.publish("left-pad", "1.1.0", published=days(800))
        stand.running.packages._shelves["left-pad"].good_until = clock()
        stand.running.firewall.documents.checked(registry.url, "left-pad", "full", days(1))
        assert stand.ask("left-pad").versions == ["1.0.0", "1.1.0"]
        assert stand.ask("left-pad", accept=SHORT).versions == ["1.0.0"]
        clock.move(minutes=6)
        assert stand.ask("left-pad", accept=SHORT).versions == ["1.0.0", "1.1.0"]


def test_a_search_leaves_what_is_pending_to_be_looked_at_again(
    tmp_path: Path, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(20))
    with standing(tmp_path / "data", registry, clock, patience=timedelta()) as stand:
        stand.ask("left-pad")
        shelf = stand.running.packages._shelves["left-pad"]
        assert shelf.seen.pending
        found = stand.loop.run_until_complete(stand.running.packages.glimpse("left-pad"))
        assert found is shelf
        assert stand.running.packages.ready("left-pad") is None
        assert json.loads(stand.ask("left-pad").body)["name"] == "left-pad"
