"""sys.fingerprint: asks whose machine it runs on."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._spotting import member_uses, seen
from pratique.capabilities.source import Form, Occurrence, Source
from pratique.model.behavior import Tier

ID = "sys.fingerprint"
TITLE = "asks whose machine it runs on"
_DETAILS = {"hostname": "identity", "userInfo": "identity", "networkInterfaces": "identity",
            "homedir": "home"}  # fmt: skip
GLOBALS: frozenset[str] = frozenset()
MODULES = frozenset({"os", "node-machine-id", "systeminformation"})
MEMBERS = frozenset(_DETAILS)
TEXTS: tuple[str, ...] = ()


def tier(_detail: str) -> Tier:
    return Tier.B


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in member_uses(source, MODULES, MEMBERS):
        if site.path.startswith("?.") and site.form is not Form.CALL:
            continue  # an address has a `hostname`, too
        name = site.path.partition(":")[2].partition(".")[0] or site.path[2:].partition(".")[0]
        yield seen(f"{ID}:{_DETAILS[name]}", site)
