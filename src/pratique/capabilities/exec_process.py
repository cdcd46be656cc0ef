"""exec.process: starts another program."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities import _flows as flows
from pratique.capabilities._patterns import matches
from pratique.capabilities._spotting import imported, seen, used
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "exec.process"
TITLE = "starts another program"
_MODULES = {"child_process": "child_process", "cluster": "cluster"}
_GLOBALS = {"Bun.spawn": "runtime", "Bun.spawnSync": "runtime", "Deno.Command": "runtime",
            "Deno.run": "runtime", "Bun.$": "runtime", "bun:$": "runtime",
            "bun:spawn": "runtime", "bun:spawnSync": "runtime",
            "process.execve": "runtime"}  # fmt: skip
GLOBALS = frozenset(each for each in _GLOBALS if ":" not in each)
MODULES = frozenset({*_MODULES, "bun"})
MEMBERS: frozenset[str] = frozenset()
DOWNLOAD = (
    r"\b(?:curl|wget)\b[^\n]{0,200}\|\s*(?:ba|z|da)?sh\b",
    r"base64\s+(?:-d|-D|--decode)\b[^\n]{0,80}\|\s*(?:ba|z|da)?sh\b",
    r"(?i)\bpowershell(?:\.exe)?\b[^\n]{0,120}\s-(?:e|en|enc|encodedcommand|w hidden)\b",
    r"(?i)\bcertutil(?:\.exe)?\b[^\n]{0,60}-(?:urlcache|decode)\b",
    r"(?i)\bInvoke-(?:WebRequest|Expression)\b",
    r"(?i)\bbitsadmin\b",
    r"\|\s*base64\s+(?:-d|-D|--decode)",
)
"""Commands that fetch or decode a program and run it."""
TEXTS = (*DOWNLOAD, r"(?i)^powershell(?:\.exe)?$", r"^(?:/bin/)?(?:ba)?sh$", r"^cmd(?:\.exe)?$")
_STARTS = frozenset({"exec", "execSync", "spawn", "spawnSync", "execFile", "execFileSync", "fork"})


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(detail: str) -> bool:
    return detail in {"download", "remote", "shell"}


def spot(source: Source) -> Iterator[Occurrence]:
    yield from imported(source, _MODULES, ID)
    yield from used(source, _GLOBALS, ID)
    for site in source.sites:
        if (site.form is Form.TEXT and matches(DOWNLOAD, site.value or "")) or (
            _starts(site) and any("powershell" in (arg or "").lower() for arg in site.args[:1])
        ):
            yield seen(f"{ID}:download", site)
    yield from flows.meeting(ID, source.sites, _starts)
    for site, _ in flows.pairs(source.sites, _starts, _fetches_code):
        yield seen(f"{ID}:remote", site)


def _starts(site: Site) -> bool:
    module, colon, name = site.path.partition(":")
    return site.form is Form.CALL and bool(colon) and module in _MODULES and name in _STARTS


def _fetches_code(site: Site) -> bool:
    return flows.is_request(site) and not site.path.startswith("dns")
