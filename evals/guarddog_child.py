"""Runs in GuardDog's own environment: paths of tarballs on stdin, a line of JSON for each.

Its scanner is called as its command line calls it for a local tarball: unpack into a folder, scan
the folder with every rule about source code. Its rules about registry metadata are not run: they
ask registries and name servers.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

from guarddog.scanners.npm_package_scanner import NPMPackageScanner
from guarddog.utils.archives import safe_extract

scanner = NPMPackageScanner()
print("ready", flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        safe_extract(line.strip(), folder)
        found = scanner.scan_local(folder)
    answer = {
        "score": found["risk_score"]["score"],
        "risks": sorted({risk["threat_rule"] for risk in found["risks"]}),
        "errors": len(found["errors"]),
        "seconds": time.perf_counter() - began,
    }
    print(json.dumps(answer), flush=True)
