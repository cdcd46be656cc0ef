"""Runs `pratique check` in fresh copies of this process, and kills those that are to be killed.

Not a test: `test_kill.py` starts it once, so that a hundred checks do not import a hundred times.
One line of JSON in, {"cache": folder, "arguments": [...], "kill": seconds or null}; one line out,
how the copy ended (negative: the signal).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

import pratique.cli.check as _command  # noqa: F401 - every copy has it
import pratique.store.sqlite as _store  # noqa: F401 - and this, which a check loads late
from pratique.cli import main
from pratique.gather import npm, pool

FEW = 20
"""Entries in one write, so that a small project's check writes often."""


def run(cache: str, arguments: list[str], kill: float | None) -> int:
    pid = os.fork()
    if not pid:
        os.environ["PRATIQUE_CACHE"] = cache
        os._exit(main(arguments))
    if kill is not None:
        time.sleep(kill)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def serve() -> None:
    npm._BATCH = FEW
    pool.MOST_WORKERS = 1  # to start a second one takes longer than all there is to read
    for line in sys.stdin:
        print(run(**json.loads(line)), flush=True)


if __name__ == "__main__":
    serve()
