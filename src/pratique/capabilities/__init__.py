"""What code can do: one capability family = one file, and one .md that documents and tests it.

FAMILIES is an explicit tuple: a firewall must not load code it was not told to, nor silently lose
a family. A new one is its two files and its line here.
"""

from __future__ import annotations

from functools import cache, lru_cache
from types import ModuleType

from pratique.capabilities import (
    browser_sensitive,
    code_decode_exec,
    code_dynamic_load,
    code_eval,
    code_hook,
    code_reflect,
    code_wasm,
    dep_new,
    dep_url,
    env_bulk,
    env_named,
    exec_process,
    fs_delete,
    fs_read,
    fs_write,
    install_implicit,
    install_script,
    native_binary,
    net_client,
    net_dns,
    net_host,
    net_server,
    persist,
    secret_path,
    shape_obfuscated,
    shape_opaque,
    sys_fingerprint,
)
from pratique.capabilities.code import Wanted
from pratique.model.behavior import Tier

FAMILIES: tuple[ModuleType, ...] = (
    install_script,
    install_implicit,
    dep_url,
    dep_new,
    exec_process,
    code_eval,
    code_decode_exec,
    code_dynamic_load,
    code_hook,
    code_reflect,
    code_wasm,
    native_binary,
    net_client,
    net_dns,
    net_server,
    net_host,
    fs_read,
    fs_write,
    fs_delete,
    secret_path,
    env_named,
    env_bulk,
    sys_fingerprint,
    browser_sensitive,
    persist,
    shape_obfuscated,
    shape_opaque,
)
WITHOUT_SITES: tuple[ModuleType, ...] = tuple(
    family for family in FAMILIES if family is code_eval or not hasattr(family, "TEXTS")
)
"""Those that may find something where code has no site: in bytes, shapes, names and manifests."""
OF_SHAPE: tuple[ModuleType, ...] = (shape_obfuscated, shape_opaque)
"""Those of them that may in a file whose name is one of code, and that has no `#!` line."""
_BY_ID = {family.ID: family for family in FAMILIES}


def split(capability: str) -> tuple[str, str]:
    """(family, detail) of an id: `net.host:a.b` is (`net.host`, `a.b`)."""
    family, _, detail = capability.partition(":")
    return family, detail


def is_known(capability: str) -> bool:
    """Whether this version has the family of `capability`."""
    return split(capability)[0] in _BY_ID


@lru_cache(maxsize=8192)
def tier_of(capability: str) -> Tier:
    """How much it weighs where it is new. A family that this version does not know weighs most."""
    family, detail = split(capability)
    tier: Tier = _BY_ID[family].tier(detail) if family in _BY_ID else Tier.A
    return tier


def is_hard(capability: str) -> bool:
    """Whether it is of the set that benign updates gain most rarely."""
    family, detail = split(capability)
    return bool(_BY_ID[family].is_hard(detail)) if family in _BY_ID else False


def title_of(capability: str) -> str:
    """What it is, in a few words."""
    family, _ = split(capability)
    return str(_BY_ID[family].TITLE) if family in _BY_ID else family


@cache
def wanted() -> Wanted:
    """What all families together want to know of code."""
    of_code = [family for family in FAMILIES if hasattr(family, "TEXTS")]
    return Wanted(
        globals=frozenset().union(*(family.GLOBALS for family in of_code)),
        members=frozenset().union(*(family.MEMBERS for family in of_code)),
        modules=frozenset().union(*(family.MODULES for family in of_code)),
        texts=tuple(dict.fromkeys(text for family in of_code for text in family.TEXTS)),
    )
