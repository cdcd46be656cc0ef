"""code.dynamic-load: loads a module whose name is not written down."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._spotting import seen
from pratique.capabilities.code.loads import NAMELESS
from pratique.capabilities.code.paths import UNRESOLVED
from pratique.capabilities.manifests import RENAMED
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "code.dynamic-load"
TITLE = "loads a module whose name is not written down"
GLOBALS = frozenset({"require", "process"})
MODULES = frozenset({"module", "process"})
MEMBERS = frozenset({"createRequire", "getBuiltinModule"})
TEXTS: tuple[str, ...] = ()
_SENSITIVE = frozenset({
    "child_process", "fs", "fs/promises", "http", "https", "net", "dns", "os", "vm", "tls", "dgram",
    "module", "worker_threads", "inspector", "crypto", "zlib", "process",
})  # fmt: skip
_OTHER_LOADERS = ("process.getBuiltinModule", "process:getBuiltinModule", "module:_load")

_POWERS = frozenset({
    UNRESOLVED, "exec", "execSync", "spawn", "spawnSync", "execFile", "execFileSync", "fork",
    "writeFileSync", "unlinkSync", "rmSync", "runInThisContext", "runInNewContext", "_load",
    "homedir", "hostname", "userInfo", "resolveTxt",
})  # fmt: skip
"""Members that name what the module is although its name is hidden; or are hidden themselves."""


def tier(detail: str) -> Tier:
    return Tier.A if detail in {"builtin", "used", "renamed"} else Tier.B


def is_hard(detail: str) -> bool:
    return detail == "builtin"


def spot(source: Source) -> Iterator[Occurrence]:
    for site in source.sites:
        detail = _detail(site)
        if detail:
            yield seen(f"{ID}:{detail}", site)


def _detail(site: Site) -> str:
    if site.form is Form.CALL and site.path in {"module:createRequire", "?.createRequire"}:
        return "createRequire"
    if site.form is Form.CALL and site.path.endswith(_OTHER_LOADERS) and site.args[:1] == (None,):
        return "require"
    if site.path.startswith(f"{NAMELESS}:"):
        first = site.path.partition(":")[2].partition(".")[0]
        return "used" if site.form is Form.CALL and first in _POWERS else ""
    if site.form is Form.TEXT:
        name = (site.value or "").removeprefix("node:")
        return "builtin" if site.folded and name in {"child_process", "worker_threads"} else ""
    if site.form is not Form.IMPORT or site.path == "require.resolve":
        return ""
    if site.path == RENAMED and site.value is not None:
        return "renamed" if site.value.removeprefix("node:") in _SENSITIVE else ""
    if site.value is None:
        return "import" if site.path in {"import()", RENAMED} else "require"
    # A name that is put together although it is no secret hides it from who reads the code.
    hides = site.folded and site.path in {"require", "import()"}
    return "builtin" if hides and site.value.removeprefix("node:") in _SENSITIVE else ""
