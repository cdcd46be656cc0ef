"""secret.path: names a place where secrets lie."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities import _flows as flows
from pratique.capabilities._patterns import matches
from pratique.capabilities._spotting import seen
from pratique.capabilities.source import Form, Occurrence, Site, Source
from pratique.model.behavior import Tier

ID = "secret.path"
TITLE = "names a place where secrets lie"
GLOBALS: frozenset[str] = frozenset()
MODULES: frozenset[str] = frozenset()
MEMBERS: frozenset[str] = frozenset()
_PLACES: dict[str, tuple[str, ...]] = {
    "npmrc": (r"(?:^|[/\\~])\.npmrc\b", r"(?:^|[/\\])\.yarnrc(?:\.yml)?$",
    r"(?:^|[/\\])\.pypirc\b"),
    "ssh": (r"(?:^|[/\\])\.ssh(?:[/\\]|$)", r"\bid_(?:rsa|ed25519|ecdsa|dsa)\b"),
    "aws": (r"(?:^|[/\\])\.aws(?:[/\\]|$)",),
    "gcloud": (r"gcloud[/\\]", r"application_default_credentials\.json"),
    "azure": (r"(?:^|[/\\])\.azure(?:[/\\]|$)",),
    "kube": (r"(?:^|[/\\])\.kube(?:[/\\]|$)",),
    "docker": (r"(?:^|[/\\])\.docker[/\\]config",),
    "git": (r"\.git-credentials\b", r"(?:^|[/\\])\.netrc\b", r"(?:^|[/\\])gh[/\\]hosts\.yml"),
    "gnupg": (r"(?:^|[/\\])\.gnupg(?:[/\\]|$)",),
    "browser": (r"(?i)\bUser Data\b", r"(?i)Local Extension Settings", r"(?i)\bLogin Data\b",
                r"(?i)(?:google-chrome|BraveSoftware|Mozilla[/\\]Firefox|[/\\~]\.mozilla\b)"),
    "wallet": (r"(?i)wallet\.dat\b", r"(?i)\.config[/\\]solana",
    r"(?i)\bexodus\.wallet\b|[/\\]\.?(?:Exodus|Electrum|atomic|\.electrum)[/\\]",
               r"(?i)(?:^|[/\\])keystore[/\\]"),
    "history": (r"\.(?:bash|zsh|node_repl|python|mysql|psql)_history\b",),
    "proc": (r"^/proc/?$", r"^/proc/\$\{[^}]*\}/(?:environ|mem|maps)$",
             r"^/proc/self/(?:environ|mem)$", r"^/environ$"),
    "assistant": (r"(?:^|[/\\])\.(?:claude|cursor|codex|gemini|windsurf|continue)(?:[/\\.]|$)",
                  r"(?:^|[/\\])\.vscode[/\\]tasks\.json",
                  r"--dangerously-skip-permissions", r"^--yolo$"),
    "metadata": (r"169\.254\.169\.254", r"(?i)\bfd00:ec2::254\b",
                 r"(?i)\b(?:2852039166|0xa9fea9fe)\b",
                  r"169\.254\.170\.2\b", r"(?i)metadata\.google\.internal"),
    "keychain": (r"(?i)login\.keychain", r"(?i)find-generic-password"),
}  # fmt: skip
TEXTS = tuple(pattern for patterns in _PLACES.values() for pattern in patterns)


def tier(_detail: str) -> Tier:
    return Tier.A


def is_hard(detail: str) -> bool:
    return not detail.startswith("meets/")


def spot(source: Source) -> Iterator[Occurrence]:
    for site in source.sites:
        if _is_place(site):
            for place, patterns in _PLACES.items():
                if matches(patterns, site.value or ""):
                    yield seen(f"{ID}:{place}", site)
    yield from flows.meeting(ID, source.sites, _is_place)


def _is_place(site: Site) -> bool:
    is_path = site.form is Form.TEXT and site.value and len(site.value) <= _LONGEST
    return bool(is_path) and matches(TEXTS, site.value or "")


_LONGEST = 1_000
"""Characters of a string that can be a path or an address: longer ones are texts about them."""
