"""code.eval: turns text into running code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pratique.capabilities import _flows as flows
from pratique.capabilities._spotting import imported, seen
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "code.eval"
TITLE = "turns text into running code"
_MODULES = {"vm": "vm", "inspector": "inspector",
            "inspector/promises": "inspector"}  # fmt: skip
_CALLED = {"eval": "eval", "Function": "function", "execScript": "eval", "setTimeout": "timer",
           "setInterval": "timer"}  # fmt: skip
GLOBALS = frozenset({*_CALLED, "Worker"})
MODULES = frozenset({*_MODULES, "worker_threads"})
MEMBERS = frozenset({"_compile", "runInThisContext", "runInNewContext", "runInContext"})
TEXTS = (r"^data:(?:text|application)/(?:java|ecma)script",)
_HARMLESS = frozenset({"return this", "return this;", "return this()", "this", ""})
"""How a program asks for the global object; it runs nothing."""
_IS_CODE = re.compile(r"\beval\s*:\s*(?:true|!0)")
"""The option of a worker that is given code instead of a file."""


def tier(detail: str) -> Tier:
    return Tier.B if detail == "constant" else Tier.A


def is_hard(detail: str) -> bool:
    return detail == "remote"


def spot(source: Source) -> Iterator[Occurrence]:
    yield from imported(source, _MODULES, ID)
    for site in source.sites:
        detail = _detail(site)
        if detail:
            yield seen(f"{ID}:{detail}", site)
    yield from flows.meeting(ID, source.sites, _is_evaluation)
    for site, _ in flows.pairs(source.sites, _is_evaluation, flows.is_request):
        yield seen(f"{ID}:remote", site)


def _detail(site: Site) -> str:
    if site.form in {Form.TEXT, Form.IMPORT}:
        is_code = (site.value or "").startswith("data:") and "script" in (site.value or "")[:40]
        return "import" if is_code else ""
    if site.form not in {Form.CALL, Form.NEW}:
        return ""
    if site.path in _CALLED:
        return _of_call(site)
    if site.path.endswith("._compile"):
        return "compile"
    is_worker = site.path in {"worker_threads:Worker", "Worker"} and bool(site.args)
    if is_worker and ("(" in (site.args[0] or "") or _IS_CODE.search(site.snippet)):
        return "worker"
    return ""


def _of_call(site: Site) -> str:
    """Text that is known is read as code itself: what it does is found there."""
    detail = _CALLED[site.path]
    body = (site.args[-1] if site.path == "Function" else site.args[0]) if site.args else ""
    if detail == "timer":
        return "timer" if body else ""
    if body is None:
        return detail
    return "" if body.strip() in _HARMLESS else "constant"


def _is_evaluation(site: Site) -> bool:
    if site.form not in {Form.CALL, Form.NEW}:
        return False
    name = site.path.rpartition(":")[2].rpartition(".")[2]
    return _of_call(site) in {"eval", "function"} if site.path in _CALLED else name in MEMBERS
