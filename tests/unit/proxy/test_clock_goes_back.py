"""A clock that was ahead, and is set right: what was judged by it then holds no longer."""

from __future__ import annotations

from tests.registry import Registry
from tests.unit.proxy.stand import SHORT, Clock, Stand, days, publish

YOUNG = "left-pad/-/left-pad-1.1.1.tgz"


def test_what_was_old_enough_by_a_wrong_clock_is_refused_once_it_is_right(
    stand: Stand, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    registry.publish("left-pad", "1.1.1", published=days(1))
    clock.move(days=300)
    for accept in ("application/json", SHORT):
        assert "1.1.1" in stand.ask("left-pad", accept=accept).versions
    found = stand.ask(YOUNG)
    assert found.status == 200, found.body
    clock.move(days=-300)
    for accept in ("application/json", SHORT):
        found = stand.ask("left-pad", accept=accept)
        assert "1.1.1" not in found.versions
        assert int(found.headers["cache-control"].rpartition("=")[2]) <= 300
    assert stand.ask(YOUNG).status == 403
    assert stand.ask("-/npm/v1/attestations/left-pad@1.1.1").status == 404


def test_what_was_asked_for_by_a_wrong_clock_is_asked_for_again(
    stand: Stand, registry: Registry, clock: Clock
) -> None:
    publish(registry)
    clock.move(days=300)
    stand.ask("left-pad")
    clock.move(days=-300)
    registry.publish("left-pad", "1.2.0", published=days(100))
    stand.ask("left-pad")
    before = len(registry.requests)
    clock.move(minutes=6)
    stand.ask("left-pad")
    assert len(registry.requests) > before
