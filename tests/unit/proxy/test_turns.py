"""One at a time for each name, all of them in the end, and nothing left of any."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from pratique.proxy.turns import ThreadTurns, Turns


def test_coroutines_have_a_name_one_after_the_other_and_other_names_at_once() -> None:
    turns, inside, most = Turns(), {"a": 0, "b": 0}, 0

    async def work(name: str) -> None:
        nonlocal most
        async with turns.at(name):
            inside[name] += 1
            assert inside[name] == 1
            most = max(most, sum(inside.values()))
            await asyncio.sleep(0.001)
            inside[name] -= 1

    async def every() -> None:
        await asyncio.gather(*(work("ab"[number % 2]) for number in range(20)))

    asyncio.run(every())
    assert most == 2
    assert len(turns) == 0


def test_who_fails_or_is_cancelled_gives_the_turn_back() -> None:
    turns = Turns()

    async def fail() -> None:
        async with turns.at("a"):
            raise ValueError

    async def every() -> None:
        async with turns.at("a"):
            waiting = asyncio.create_task(fail())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        with pytest.raises(ValueError):  # noqa: PT011 - raised above
            await fail()

    asyncio.run(every())
    assert len(turns) == 0


def test_threads_have_a_name_one_after_the_other() -> None:
    turns, inside, wrong = ThreadTurns(), [0], []

    def work() -> None:
        for _ in range(20):
            with turns.at("a"):
                inside[0] += 1
                if inside[0] != 1:
                    wrong.append(inside[0])
                time.sleep(0.0001)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert len(turns) == 0
