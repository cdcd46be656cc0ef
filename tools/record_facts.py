"""Record what the configured registry says of the releases that eight real repositories lock.

    python -m tools.record_facts SHARED

SHARED is the folder with `repos/` (PRATIQUE_SHARED of the tests). Writes
tests/data/facts/eight-repositories.jsonl.gz, whose form tests/e2e/noise.py describes. Addresses of
the registry are left out. What cannot be had stops it: a recording with holes proves nothing.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e import noise

from pratique.gather.npm import How, gather
from pratique.gather.times import Cutoffs
from pratique.gather.user import user_registries
from pratique.model.fact import REGISTERED, Clock, Missing
from pratique.store import location, open_store


def main(shared: Path) -> int:
    """Ask, and write; 1 where an answer is missing."""
    now = datetime.now(UTC)  # noqa: TID251 - the recording is dated
    registries = user_registries(os.environ)
    base = registries.default or ""
    asked = {
        release
        for name in noise.NAMES
        for release in noise.asked_of(noise.read(shared, name), base)
    }
    how = How(Cutoffs(now - timedelta(days=3), now - timedelta(days=30)), workers=16)
    with open_store(location(os.environ), Clock(now)) as store:
        wish = [(REGISTERED, release) for release in asked]
        known = gather(wish, registries, store, Clock(now), how)
    answers = {release: known[REGISTERED.name, release] for release in asked}
    missing = {r: told for r, told in answers.items() if isinstance(told, Missing)}
    for release, told in sorted(missing.items()):
        print(f"{release}: {told.detail}", file=sys.stderr)
    about = {"recorded": f"{now:%Y-%m-%d}", "by": "tools/record_facts.py"}
    size = noise.write(noise.FACTS, about, answers.items()) if not missing else 0
    print(f"{len(answers)} releases, {len(missing)} missing, {size} bytes")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
