"""code.eval: turns text into running code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pratique.capabilities import _flows as flows
from pratique.capabilities._spotting import imported, seen
from pratique.capabilities.source import LONGEST_SNIPPET, Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "code.eval"
TITLE = "turns text into running code"
_MODULES = {"vm": "vm", "repl": "vm", "inspector": "inspector",
            "inspector/promises": "inspector"}  # fmt: skip
_CALLED = {"eval": "eval", "Function": "function", "execScript": "eval", "setTimeout": "timer",
           "setInterval": "timer"}  # fmt: skip
_WORKERS = frozenset({"worker_threads:Worker", "Worker", "SharedWorker"})
_BLOB = "URL.createObjectURL"
"""What gives text an address, which a worker can then be started from."""
GLOBALS = frozenset({*_CALLED, "Worker", "SharedWorker", _BLOB})
MODULES = frozenset({*_MODULES, "worker_threads"})
MEMBERS = frozenset({"_compile", "runInThisContext", "runInNewContext", "runInContext"})
TEXTS = (r"^data:(?:text|application)/(?:java|ecma)script",)
_HARMLESS = frozenset({"return this", "return this;", "return this()", "this", ""})
"""How a program asks for the global object; it runs nothing."""
_IS_CODE = re.compile(rb"\beval\s*:\s*(?:true\b|!0)")
"""The option of a worker that is given code instead of a file."""

_FIRST_LINE = re.compile(
    rb"#![^\n]{0,400}(?:\bdata:|\s(?:-e|-p|-pe|--eval|--print|eval)\b)[^\n]{0,400}"
)


def tier(detail: str) -> Tier:
    return Tier.B if detail == "constant" else Tier.A


def is_hard(detail: str) -> bool:
    return detail == "remote"


def spot(source: Source) -> Iterator[Occurrence]:
    if match := _FIRST_LINE.match(source.content):
        yield Occurrence(f"{ID}:import", 1, match[0].decode("utf-8", "replace")[:LONGEST_SNIPPET])
    if source.sites:
        yield from _of_code(source)


def _of_code(source: Source) -> Iterator[Occurrence]:
    yield from imported(source, _MODULES, ID)
    for site in source.sites:
        detail = _detail(site)
        if detail:
            yield seen(f"{ID}:{detail}", site)
    yield from _workers(source)
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
    return ""


def _workers(source: Source) -> Iterator[Occurrence]:
    """Workers that are given code instead of a file: as text, by the option, or as a blob."""
    started = [each for each in source.sites if each.form is Form.NEW and each.path in _WORKERS]
    under_another_name = [each for each in source.sites if _is_threads(each)]
    if not (started or under_another_name):
        return
    is_option = _IS_CODE.search(source.content) is not None
    if is_option and not started:
        started = under_another_name
    is_blob = any(each.form is Form.CALL and each.path == _BLOB for each in source.sites)
    for site in started:
        given = (site.args[0] or "") if site.args else ""
        of_threads = site.path.startswith("worker_threads:") or _is_threads(site)
        is_text = "(" in given or given.startswith("data:")
        if is_text or (is_option if of_threads else is_blob):
            yield seen(f"{ID}:worker", site)


def _is_threads(site: Site) -> bool:
    return site.form is Form.IMPORT and (site.value or "").removeprefix("node:") == "worker_threads"


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
