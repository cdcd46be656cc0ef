"""Any bytes are a packument of which only what may be seen is given, or a reason why not."""

from __future__ import annotations

import json

from tests.builders import NOW

from pratique.proxy.packument import Packument, Shown, documents, published_at, read, render
from pratique.proxy.paths import tarball_path

BASE = "https://registry.example/"
OURS = "http://127.0.0.1:4873/"
NAME = "left-pad"


def one(data: bytes) -> None:
    found = read(data, NAME, now=NOW)
    if isinstance(found, Packument):
        documents(found)
        paths = {v: tarball_path(BASE, (), NAME, of.tarball) for v, of in found.versions.items()}
        ours = {version: OURS + path for version, path in paths.items() if path is not None}
        for version in found.versions:
            published_at(found, version)
        every = list(found.versions)
        for visible, soft in ((every, ()), (every[::2], ()), (every, every[:1])):
            shown = Shown(visible, ours, dict.fromkeys(soft, "blocked"))
            for short in (False, True):
                _check(render(found, shown, short=short), shown)


def _check(body: bytes, shown: Shown) -> None:
    told = json.loads(body)
    may = set(shown.versions) & shown.addresses.keys()
    assert told["versions"].keys() == may
    for version, each in told["versions"].items():
        assert each["dist"]["tarball"] == shown.addresses[version]
    assert told.get("time", {}).keys() <= may | {"created", "modified"}
    assert set(told["dist-tags"].values()) <= may - set(shown.deprecated)
