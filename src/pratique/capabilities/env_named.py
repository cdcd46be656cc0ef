"""env.named: reads one variable of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pratique.capabilities._spotting import USES, seen
from pratique.capabilities.source import Form, Occurrence, Source
from pratique.model.behavior import Tier

ID = "env.named"
TITLE = "reads one variable of the environment"
GLOBALS = frozenset({"process.env", "Deno.env", "Bun.env"})
MODULES = frozenset({"process"})
MEMBERS: frozenset[str] = frozenset()
TEXTS: tuple[str, ...] = ()
_SECRET = re.compile(
    r"(?:^|_)(?:TOKEN|SECRETS?|KEY|APIKEY|PASSWORD|PASSWD|PASS|CREDENTIALS?|MNEMONIC|PRIVATE)(?:_|$)"
    r"|^ACTIONS_ID_TOKEN|^ACTIONS_RUNTIME|^GITHUB_(?:ENV|OUTPUT|PATH|STATE|EVENT_PATH)$"
    r"|^NPM_CONFIG_.*AUTH|^(?:DATABASE|MONGO\w*|REDIS)_UR[LI]$"
)
_NAME = re.compile(r"[A-Za-z_]\w{0,79}")


def tier(detail: str) -> Tier:
    return Tier.A if _SECRET.search(detail.upper()) else Tier.C


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in source.sites:
        if site.form in USES and site.path.startswith(("process.env.", "process:env.", "Bun.env.")):
            name = re.split(r"[.:]", site.path)[2]
            if _NAME.fullmatch(name):
                yield seen(f"{ID}:{name}", site)
        elif site.form is Form.CALL and site.path == "Deno.env.get":
            name = (site.args[0] if site.args else None) or ""
            if _NAME.fullmatch(name):
                yield seen(f"{ID}:{name}", site)
