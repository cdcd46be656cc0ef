"""code.reflect: reaches what runs code by another way than its name."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._spotting import seen
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "code.reflect"
TITLE = "reaches what runs code by another way than its name"
_POWERS = frozenset({"eval", "Function", "require", "process", "execScript"})
_BINDINGS = frozenset({"process.binding", "process._linkedBinding", "process.dlopen"})
GLOBALS = frozenset({"eval", "Function", "require", "module", "Reflect.get", *_BINDINGS,
                     "process.mainModule", "Deno.dlopen"})  # fmt: skip
MODULES = frozenset({"bun:ffi", "module"})
MEMBERS = frozenset({"constructor", "_linkedBinding", "dlopen", "_load"})
TEXTS: tuple[str, ...] = ()
_OF_MODULES = frozenset({"module.require", "module.constructor", "process.mainModule.require",
                         "module.parent.require", "module.constructor._load",
                         "require.main.require", "module:_load"})  # fmt: skip
_NATIVE_CALLS = frozenset({"bun:ffi", "Deno.dlopen"})
"""How other runtimes call into native code."""
_MAKERS = ("Object.getPrototypeOf()", "function.", "[]", '""', "{}.", "number.", "regex.")
_CALLERS = frozenset({"Reflect.construct", "Reflect.apply"})


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in source.sites:
        detail = _detail(site)
        if detail:
            yield seen(f"{ID}:{detail}", site)


def _detail(site: Site) -> str:
    path, form = site.path, site.form
    if form is Form.IMPORT:
        return "binding" if site.value in _NATIVE_CALLS else ""
    if form is Form.TEXT or form is Form.WRITE:
        return ""
    if path in _BINDINGS or path in {"?._linkedBinding", "?.dlopen", *_NATIVE_CALLS}:
        return "binding"
    if path in _OF_MODULES:
        return "alias"
    if form is Form.READ and path in {"eval", "require", "Function"}:
        return "alias" if path != "Function" or site.value in _CALLERS else ""
    if path == "globalThis" or (path == "[?]" and form in {Form.CALL, Form.NEW}):
        return "global-member"
    if site.folded and path.partition(".")[0] in _POWERS:
        return "global-member"
    if path == "Reflect.get" and len(site.args) > 1 and site.args[1] in _POWERS:
        return "global-member"
    return "constructor" if form in {Form.CALL, Form.NEW} and _makes(path) else ""


def _makes(path: str) -> bool:
    """Whether it is the constructor of functions, reached through a value."""
    if not path.endswith(".constructor"):
        return False
    return path.endswith("constructor.constructor") or path.startswith(_MAKERS)
