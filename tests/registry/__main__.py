"""The test registry by hand: prints its address, serves until it is interrupted."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from tests.registry.registry import Registry


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.registry", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--prefix", default="/", help="path of the registry: / or /npm/")
    parser.add_argument("--load", type=Path, help="a folder of recorded documents to serve")
    arguments = parser.parse_args()
    registry = Registry(prefix=arguments.prefix, port=arguments.port)
    registry.publish("hello-registry", "1.0.0")
    if arguments.load:
        registry.load(arguments.load)
    with registry:
        print(registry.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("closed")


main()
