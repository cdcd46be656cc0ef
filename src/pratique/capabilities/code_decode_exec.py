"""code.decode-exec: decodes something, and runs it."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities import _flows as flows
from pratique.capabilities._spotting import seen
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "code.decode-exec"
TITLE = "decodes something, and runs it"
GLOBALS = frozenset({"atob"})
MODULES = frozenset({"zlib", "crypto", "child_process", "vm"})
MEMBERS = frozenset({
    "createDecipher", "createDecipheriv", "gunzipSync", "inflateSync", "brotliDecompressSync",
    "inflateRawSync", "unzipSync", "_compile", "runInThisContext", "runInNewContext",
})  # fmt: skip
TEXTS: tuple[str, ...] = ()
_RUNS = frozenset({"eval", "Function", "execScript"})
_MEMBERS_THAT_RUN = frozenset({
    "_compile", "runInThisContext", "runInNewContext", "runInContext", "exec", "execSync",
    "constructor",
})  # fmt: skip
_ENCODINGS = frozenset({"base64", "base64url", "hex"})


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(_detail: str) -> bool:
    return True


def spot(source: Source) -> Iterator[Occurrence]:
    for site, _ in flows.pairs(source.sites, _runs, _decodes):
        yield seen(ID, site)
    for site in source.sites:
        if site.folded and site.form is Form.CALL and site.path.startswith("child_process:"):
            yield seen(ID, site)


def _decodes(site: Site) -> bool:
    if site.form not in {Form.CALL, Form.NEW}:
        return False
    if site.path in {"Buffer.from", "Buffer"}:
        return len(site.args) > 1 and (site.args[1] or "").lower() in _ENCODINGS
    name = site.path.rpartition(":")[2].rpartition(".")[2]
    return site.path == "atob" or (name in MEMBERS and name not in _MEMBERS_THAT_RUN)


def _runs(site: Site) -> bool:
    if site.form not in {Form.CALL, Form.NEW}:
        return False
    if site.path in _RUNS:
        return bool(site.args)
    module, colon, rest = site.path.rpartition(":")
    name = rest.rpartition(".")[2]
    if colon:
        return module in {"child_process", "vm"} and name in _MEMBERS_THAT_RUN
    if name == "constructor":
        return "()" in site.path or "function" in site.path
    return name in {"_compile", "runInThisContext", "runInNewContext"}
