"""`pratique` with artifacts that hang their reader, and bounds that a test can wait for.

`python serve_bounded.py serve ...`; the worker processes load this file, too. What a file of an
artifact says decides: HANGS, HANGS-IN-C, or WAITS for the end of the file that TEST_GATE names.
"""

from __future__ import annotations

import os
import time
from collections import deque
from itertools import repeat
from pathlib import Path

from pratique.capabilities.analysis import Reading, read_member
from pratique.cli import main
from pratique.gather import worker
from pratique.store.firewall import queue


def _read(path: str, content: bytes) -> Reading:
    while b"WAITS" in content and Path(os.environ["TEST_GATE"]).exists():
        time.sleep(0.05)
    if b"HANGS-IN-C" in content:
        deque(repeat(0), maxlen=0)
    while b"HANGS" in content:
        pass
    return read_member(path, content)


worker.__dict__["read_member"] = _read
worker.MOST_SECONDS = int(os.environ.get("TEST_SECONDS", worker.MOST_SECONDS))
worker.GRACE = 0
if jobs := os.environ.get("TEST_JOBS"):
    queue.SqlQueue.__init__.__defaults__ = (int(jobs),)

if __name__ == "__main__":
    raise SystemExit(main())
