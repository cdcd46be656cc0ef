"""The plain download that a cold check is held against: every body is read and dropped.

    python bench/download.py CLIENT REGISTRY FILE

FILE has one path below REGISTRY a line. CLIENT is `same`: the HTTP client of `pratique check`, with
its bounds and threads and the settings of the user; or `bare`: urllib3 alone, with as many threads.
Nothing is decoded, judged or kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

THREADS = 32
MOST = 128 * 1024 * 1024


def same() -> Callable[[str], int]:
    from pratique.gather.http import Client, Request, Response  # noqa: PLC0415 - one of the two
    from pratique.gather.user import user_registries  # noqa: PLC0415 - one of the two

    client = Client(user_registries(os.environ), connections=THREADS)

    def fetch(url: str) -> int:
        with client.get(Request(url, most=MOST)) as answer:
            return len(answer.body) if isinstance(answer, Response) else 0

    return fetch


def bare() -> Callable[[str], int]:
    import urllib3  # noqa: PLC0415 - one of the two

    headers = {
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "pratique-bench",
    }
    pool = urllib3.PoolManager(num_pools=16, maxsize=THREADS, retries=False)

    def fetch(url: str) -> int:
        answer = pool.request("GET", url, headers=headers, preload_content=False, redirect=False)
        size = len(answer.read(decode_content=False))
        answer.release_conn()
        return size

    return fetch


def main(client: str, registry: str, paths: list[str]) -> None:
    fetch = {"same": same, "bare": bare}[client]()
    with ThreadPoolExecutor(THREADS) as threads:
        print(sum(threads.map(fetch, [registry + path for path in paths])), "bytes")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_text(encoding="utf-8").splitlines())
