"""env.bulk: takes the environment as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities import _flows as flows
from pratique.capabilities._spotting import seen
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "env.bulk"
TITLE = "takes the environment as a whole"
GLOBALS = frozenset({"process.env", "Deno.env"})
MODULES = frozenset({"process"})
MEMBERS: frozenset[str] = frozenset()
TEXTS: tuple[str, ...] = ()
_LISTS = frozenset({"keys", "entries", "values", "stringify", "getOwnPropertyNames", "for",
                    "ownKeys", "inspect", "fromEntries"})  # fmt: skip


def tier(detail: str) -> Tier:
    return Tier.B if detail == "value" else Tier.A


def is_hard(detail: str) -> bool:
    return detail == "listed"


def spot(source: Source) -> Iterator[Occurrence]:
    for site in source.sites:
        if site.form is Form.READ and site.path in {"process.env", "process:env"}:
            handed = (site.value or "").rpartition(".")[2]
            yield seen(f"{ID}:{'listed' if handed in _LISTS else 'value'}", site)
        elif site.form is Form.CALL and site.path == "Deno.env.toObject":
            yield seen(f"{ID}:listed", site)
    yield from flows.meeting(ID, source.sites, _is_listed)


def _is_listed(site: Site) -> bool:
    handed = (site.value or "").rpartition(".")[2]
    whole = site.form is Form.READ and site.path in {"process.env", "process:env"}
    return whole and handed in _LISTS
