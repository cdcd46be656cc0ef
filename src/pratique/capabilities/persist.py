"""persist: stays on the machine, or spreads from it."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._patterns import matches
from pratique.capabilities._spotting import seen
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "persist"
TITLE = "stays on the machine, or spreads from it"
GLOBALS: frozenset[str] = frozenset()
MODULES: frozenset[str] = frozenset()
MEMBERS: frozenset[str] = frozenset()
_PLACES: dict[str, tuple[str, ...]] = {
    "schedule": (r"(?i)\bcrontab\b", r"/etc/cron", r"(?i)\bschtasks\b"),
    "service": (r"systemd/(?:user|system)\b", r"(?i)LaunchAgents|LaunchDaemons",
                r"(?i)CurrentVersion\\+Run\b", r"(?i)Start Menu\\+Programs\\+Startup"),
    "shell": (r"(?:^|[/\\])\.(?:bashrc|zshrc|bash_profile|zprofile|profile)\b",),
    "git-hook": (r"\.git[/\\]hooks\b",),
    "workflow": (r"\.github[/\\]workflows\b",),
    "publish": (r"\bnpm\s+(?:publish|whoami|token)\b", r"/-/npm/v1/tokens\b", r"/-/whoami\b",
                r"/-/package/[^\s/]{1,200}/(?:access|collaborators|dist-tags)\b"),
}  # fmt: skip
TEXTS = tuple(pattern for patterns in _PLACES.values() for pattern in patterns)


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in source.sites:
        if _is_place(site):
            for place, patterns in _PLACES.items():
                if matches(patterns, site.value or ""):
                    yield seen(f"{ID}:{place}", site)


def _is_place(site: Site) -> bool:
    is_path = site.form is Form.TEXT and site.value and len(site.value) <= _LONGEST
    return bool(is_path) and matches(TEXTS, site.value or "")


_LONGEST = 1_000
