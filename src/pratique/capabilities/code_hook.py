"""code.hook: replaces what other code relies on."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities import _flows as flows
from pratique.capabilities._spotting import seen
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "code.hook"
TITLE = "replaces what other code relies on"
_PROTOTYPES = frozenset({
    "XMLHttpRequest", "WebSocket", "Promise", "Function", "EventTarget", "Response", "Request",
    "Storage", "Element", "Node", "HTMLFormElement", "HTMLInputElement", "Module", "Document",
})  # fmt: skip
_REPLACED = frozenset({
    "fetch", "XMLHttpRequest", "WebSocket", "JSON.parse", "JSON.stringify", "Promise", "eval",
    "process.stdout.write", "process.stderr.write", "process.emit", "process.exit", "require",
    "navigator.sendBeacon", "process.binding",
})  # fmt: skip
_LOADERS = frozenset({"_load", "_extensions", "_resolveFilename", "_compile", "_findPath"})
_REGISTERED = frozenset({"module:register", "module:registerHooks"})
_REQUESTS = frozenset({"http", "https", "net", "tls", "dns", "child_process", "fs", "crypto"})
GLOBALS = frozenset({
    *_PROTOTYPES, "fetch", "JSON.parse", "JSON.stringify", "process.stdout.write", "process.emit",
    "process.stderr.write", "process.exit", "require.extensions", "require.cache", "process.env",
})  # fmt: skip
MODULES = frozenset({"module"} | _REQUESTS)
MEMBERS = _LOADERS
TEXTS = (r"--(?:require|import|loader|experimental-loader)\b",)


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in source.sites:
        if site.form is Form.WRITE and (detail := _detail(site)):
            yield seen(f"{ID}:{detail}", site)
        elif site.form is Form.CALL and site.path in _REGISTERED:
            yield seen(f"{ID}:module", site)
    yield from flows.meeting(ID, source.sites, _replaces)


def _replaces(site: Site) -> bool:
    return site.form is Form.WRITE and bool(_detail(site))


def _detail(site: Site) -> str:
    path = site.path
    parts = path.partition(":")[2].split(".") if ":" in path else path.split(".")
    if path.startswith("require.cache"):
        return "cache"
    if path.startswith("require.extensions") or _LOADERS & set(parts):
        return "module"
    if path in {"process.env.NODE_OPTIONS", "process.execArgv"}:
        return "node-options"
    module = path.partition(":")[0] if ":" in path else ""
    if module == "module" and parts[0] == "prototype":
        return "module"
    if module in _REQUESTS and len(parts) == 1:
        return "builtin"
    if len(parts) >= 3 and parts[1] == "prototype" and parts[0] in _PROTOTYPES:
        return "prototype"
    return "global" if path in _REPLACED else ""
