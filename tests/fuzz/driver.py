"""One fuzzing process: `python -m tests.fuzz.driver TARGET [libFuzzer options]`."""

from __future__ import annotations

import importlib
import sys


def main() -> None:
    import atheris

    target = sys.argv.pop(1)
    with atheris.instrument_imports(include=["pratique"]):
        one = importlib.import_module(f"tests.fuzz.fuzz_{target}").one
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
