"""Check examples/storefront against the registry that this machine is configured for.

    python examples/demo.py PRATIQUE

Prints the report and exits 0 where `pratique check` exits as expected (0: allowed; what the
registry cannot be trusted with is shown as unknown, not as a pass).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXPECTED = 0
STOREFRONT = Path(__file__).resolve().parent / "storefront"


def main(program: str) -> int:
    """Run the check; 0 where it exits as expected, else 1."""
    done = subprocess.run([program, "check", str(STOREFRONT)], check=False)
    if done.returncode != EXPECTED:
        print(f"demo: pratique exited {done.returncode}, expected {EXPECTED}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
