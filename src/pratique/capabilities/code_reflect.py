"""code.reflect: reaches what runs code by another way than its name."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._spotting import seen
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "code.reflect"
TITLE = "reaches what runs code by another way than its name"
_POWERS = frozenset({"eval", "Function", "require", "process", "execScript"})
_GOT = _POWERS | {"constructor"}
_BUILT = frozenset({"eval", "Function", "execScript", "constructor"})
"""Names that nobody has to put together from pieces."""
_CALLED_THROUGH = frozenset(
    f"{power}.{by}" for power in ("eval", "Function") for by in ("call", "apply", "bind")
)
_BINDINGS = frozenset({"process.binding", "process._linkedBinding", "process.dlopen"})
GLOBALS = frozenset({"eval", "Function", "require", "module", "Reflect.get", *_BINDINGS,
                     "process.mainModule", "Deno.dlopen"})  # fmt: skip
MODULES = frozenset({"bun:ffi", "module"})
MEMBERS = frozenset({"constructor", "_linkedBinding", "dlopen", "_load"})
_INTERNAL = frozenset({"spawn_sync", "process_wrap", "tcp_wrap", "pipe_wrap", "cares_wrap",
                       "contextify", "module_wrap"})  # fmt: skip
"""Internal bindings of Node.js with powers, whose names are no words of ours: whoever names one
asks for it, whatever `process` is called there."""
TEXTS = (f"^(?:{'|'.join(sorted(_INTERNAL))})$",)
_OF_MODULES = frozenset({"module.require", "module.constructor", "process.mainModule.require",
                         "module.parent.require", "module.constructor._load",
                         "require.main.require", "module:_load"})  # fmt: skip
_NATIVE_CALLS = frozenset({"bun:ffi", "Deno.dlopen"})
"""How other runtimes call into native code."""
_MAKERS = (
    "Object.getPrototypeOf()",
    "Reflect.getPrototypeOf()",
    "function.",
    "[]",
    '""',
    "{}.",
    "number.",
    "regex.",
)
_COMPUTED = frozenset({"[?]", "[?].call", "[?].apply", "[?].bind"})
"""A member of the global object that is not known by name."""
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
    if site.form is Form.IMPORT:
        return "binding" if site.value in _NATIVE_CALLS else ""
    if site.form is Form.TEXT and site.value in _INTERNAL:
        return "binding"
    if site.form is Form.TEXT:
        is_hidden = site.value in _BUILT and site.value not in site.snippet
        return "global-member" if is_hidden else ""
    return "" if site.form is Form.WRITE else _of_use(site)


def _of_use(site: Site) -> str:
    path, is_called = site.path, site.form in {Form.CALL, Form.NEW}
    if path in _BINDINGS or path in {"?._linkedBinding", "?.dlopen", *_NATIVE_CALLS}:
        return "binding"
    if path in _OF_MODULES or (is_called and path in _CALLED_THROUGH):
        return "alias"
    if not is_called and path in {"eval", "require", "Function"}:
        return "alias" if path != "Function" or site.value in _CALLERS else ""
    if path == "globalThis" or (is_called and path in _COMPUTED):
        return "global-member"
    is_run = is_called or site.value in _CALLERS
    return _of_built(site) or ("constructor" if is_run and _makes(path) else "")


def _of_built(site: Site) -> str:
    """The name of a power is put together, or handed to what gets a member."""
    power = site.path.partition(".")[0] in _POWERS
    if site.folded and power and not site.path.startswith("process.env."):
        return "global-member"
    is_got = site.path == "Reflect.get" and len(site.args) > 1 and site.args[1] in _GOT
    return "global-member" if is_got else ""


def _makes(path: str) -> bool:
    """Whether it is the constructor of functions, reached through a value."""
    if path.endswith(".constructor()"):
        return True
    if not path.endswith(".constructor"):
        return False
    is_chain = path.endswith("constructor.constructor")
    return is_chain or path.startswith(_MAKERS) or path == "Function.prototype.constructor"
