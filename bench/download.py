"""The plain download that a cold check is held against: every body is read and dropped.

    python bench/download.py REGISTRY FILE

FILE has one path below REGISTRY a line. The client, its number of threads, its connections and its
headers are those that `pratique check` has; nothing is decoded, judged or kept.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import urllib3

THREADS = 32
HEADERS = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": "pratique-bench"}


def main(registry: str, paths: list[str]) -> None:
    pool = urllib3.PoolManager(num_pools=16, maxsize=THREADS, retries=False)

    def fetch(path: str) -> int:
        answer = pool.request(
            "GET", registry + path, headers=HEADERS, preload_content=False, redirect=False
        )
        size = len(answer.read(decode_content=False))
        answer.release_conn()
        return size

    with ThreadPoolExecutor(THREADS) as threads:
        print(sum(threads.map(fetch, paths)), "bytes")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8").splitlines())
