"""Writers that are killed at random moments. Run as a program: a process without threads may fork.

python -m tests.contract.killing decisions|blobs FOLDER ROUNDS [URL]

Prints, as JSON, what was seen to be wrong, and how much was written.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.contract.recorded import NOW, decision, request

from pratique.model.record import Gap
from pratique.store.blobs import Blobs
from pratique.store.firewall import Where, exported_head, open_firewall
from pratique.store.firewall.port import Wanted

LONGEST = 0.06
"""Seconds after which a writer is killed at the latest."""
CHANCE = random.Random(4)  # noqa: S311 - moments, not secrets
Say = Callable[[str], None]


def killed(write: Callable[[Say], None], *, early: bool) -> list[str]:
    """What a writer said before it was killed: while it opens, or somewhere in its work."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            write(lambda word: (os.write(writer, f"{word}\n".encode()), None)[1])
        finally:
            os._exit(1)
    os.close(writer)
    first = b"" if early else os.read(reader, 1)
    time.sleep(CHANCE.uniform(0, LONGEST))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        words = (first.decode() + said.read()).split("\n")[:-1]
    return words if os.WIFSIGNALED(status) else [*words, "the writer ended by itself"]


def decisions(folder: Path, rounds: int, url: str | None) -> dict[str, object]:
    """Decisions and requests, each said only after it was written."""
    where = Where(folder=folder, url=url)
    open_firewall(where, NOW, serving=True).close()
    wrong: list[str] = []
    said: list[str] = []
    for number in range(rounds):
        now = NOW + timedelta(seconds=number)

        def write(say: Say, number: int = number, now: object = now) -> None:
            firewall = open_firewall(where, now, serving=True)  # type: ignore[arg-type]  # a time
            say("opened")
            for each in range(100_000):
                made = decision(number * 100_000 + each)
                firewall.record.decide(made)
                say(made.id)
                firewall.record.requests([request(n) for n in range(50)])

        said += killed(write, early=number % 3 == 0)
        with open_firewall(where, now) as firewall:
            head = exported_head(folder)
            wrong += firewall.record.verify([head] if head else []).problems
            lost = [each for each in said[-20:] if len(each) == 16]
            wrong += [each for each in lost if firewall.record.decision(each) is None]
    with open_firewall(where, NOW, serving=True) as firewall:
        ids = {each for each in said if len(each) == 16}
        wrong += [each for each in ids if firewall.record.decision(each) is None]
        wrong += [each for each in said if " " in each]
        gaps = [each for each in firewall.record.log(Wanted()) if isinstance(each.entry, Gap)]
        whys = {gap.entry.why for gap in gaps if isinstance(gap.entry, Gap)}
    written = {"decisions": len(ids), "opened": said.count("opened"), "gaps": len(gaps)}
    return {"wrong": wrong, **written, "whys": sorted(whys)}


def blobs(folder: Path, rounds: int) -> dict[str, object]:
    """Files, each said only after it was kept."""
    wrong: list[str] = []
    said: list[str] = []
    for number in range(rounds):

        def write(say: Say, number: int = number) -> None:
            store = Blobs(folder, clear=True)
            chance = random.Random(number)  # noqa: S311 - sizes, not secrets
            while True:
                with store.spool() as spool:
                    for _ in range(chance.randrange(1, 20)):
                        spool.write(chance.randbytes(chance.randrange(1, 20_000)))
                    say(spool.keep())

        said += killed(write, early=number % 3 == 0)
        for each in Blobs(folder):
            file = folder / each.sha512[:2] / each.sha512
            if hashlib.sha512(file.read_bytes()).hexdigest() != each.sha512:
                wrong.append(each.sha512)
    store = Blobs(folder, clear=True)
    wrong += [each for each in said if store.size(each) is None]
    wrong += [each.name for each in (folder / "tmp").iterdir()]
    return {"wrong": wrong, "files": len(said), "total": store.total}


if __name__ == "__main__":
    what, folder, rounds, *url = sys.argv[1:]
    if what == "blobs":
        print(json.dumps(blobs(Path(folder), int(rounds))))
    else:
        print(json.dumps(decisions(Path(folder), int(rounds), url[0] if url else None)))
