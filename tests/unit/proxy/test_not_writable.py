"""A database that takes nothing: what has to be on record is refused, the rest goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from tests.contract.conftest import _at_every_connection
from tests.registry import Registry
from tests.unit.proxy.stand import Stand, days, publish

from pratique.store.firewall.opening import SqlFirewall

TARBALL, YOUNG = "left-pad/-/left-pad-1.1.0.tgz", "left-pad/-/left-pad-1.1.1.tgz"


@pytest.fixture
def filled(stand: Stand, registry: Registry) -> Stand:
    for name in ("left-pad", "right-pad"):
        publish(registry, name)
        registry.publish(name, "1.1.1", published=days(1))
    return stand


@pytest.fixture
def hinder(filled: Stand) -> Callable[[], None]:
    """Makes it so. A full disk: `tests/e2e/test_serve_failing.py`."""
    firewall = filled.running.firewall
    assert isinstance(firewall, SqlFirewall)
    engine: Engine = firewall._database.engine
    return lambda: _at_every_connection(engine, "PRAGMA query_only = ON")


def test_what_was_judged_is_given_and_what_was_not_is_neither_given_nor_refused(
    filled: Stand, hinder: Callable[[], None]
) -> None:
    page, given = filled.ask("left-pad"), filled.ask(TARBALL)
    assert (page.status, given.status) == (200, 200)
    hinder()
    assert filled.ask("left-pad").body == page.body
    assert filled.ask(TARBALL).body == given.body
    for path in ("right-pad", "right-pad/-/right-pad-1.1.0.tgz", YOUNG):
        found = filled.ask(path)
        assert found.status == 503, path
        assert "cannot write its record" in found.error
        assert "decision" not in found.reason


def test_nothing_is_left_half_written_and_no_request_is_lost(
    filled: Stand, hinder: Callable[[], None]
) -> None:
    filled.ask("left-pad")
    hinder()
    for _ in range(5):
        filled.ask("right-pad/-/right-pad-1.1.0.tgz")
    filled.running.recording._write()
    assert filled.running.recording.waiting >= 5
    assert filled.running.recording.unsaid == 0
    assert not list((filled.running.settings.data / "blobs" / "tmp").iterdir())
    told = filled.ask("-/ready")
    assert (told.status, "read-only" in told.error) == (503, True)
