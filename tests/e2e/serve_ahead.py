"""`pratique` by a clock that goes ahead: `python serve_ahead.py SECONDS serve ...`.

The product has no switch for that (DECISIONS 32): this puts another clock in its place.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from pratique.cli import main
from pratique.proxy import running


def ahead(seconds: int) -> None:
    """From now on the server's clock is so many seconds ahead of the machine's."""
    machine = running.utc_now

    def now() -> datetime:
        return machine() + timedelta(seconds=seconds)

    running.utc_now = now


if __name__ == "__main__":  # the workers that it starts load this file, too
    ahead(int(sys.argv[1]))
    raise SystemExit(main(sys.argv[2:]))
