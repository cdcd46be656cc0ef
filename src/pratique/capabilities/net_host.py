"""net.host: names another machine in a string."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from pratique.capabilities._spotting import seen
from pratique.capabilities.source import Form, Occurrence, Source
from pratique.model.behavior import Tier

ID = "net.host"
TITLE = "names another machine in a string"
GLOBALS: frozenset[str] = frozenset()
MODULES: frozenset[str] = frozenset()
MEMBERS: frozenset[str] = frozenset()
_TOP = (
    "com|net|org|io|dev|app|co|ru|cn|top|xyz|info|me|cc|site|online|store|club|pro|biz|link|live|"
    "shop|tech|cloud|tk|ml|ga|cf|pw|su|in|eu|us|uk|de|fr|invalid|test|onion|page|space|website"
)
TEXTS = (
    r"(?i)(?:https?|wss?|ftp)://[^\s/]",
    rf"(?i)^(?:[a-z0-9_-]+\.)+(?:{_TOP})$",
    r"^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$",
)
_URL = re.compile(
    r"(?i)\b(?:https?|wss?|ftp)://(?:[^\s/@]*@)?(\[[0-9a-f:.]+\]|[^\s/:?#\"'`<>()\\,;]+)(\S*)"
)
_BARE = re.compile(rf"(?i)(?:[a-z0-9_-]+\.)+(?:{_TOP})|\d{{1,3}}(?:\.\d{{1,3}}){{3}}")
_NAME = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*")
_NUMBER, _OCTAL = re.compile(r"0x[0-9a-f]{1,16}|[0-9]{1,16}"), re.compile(r"0[0-7]+")
_WEBHOOK = re.compile(r"/api/webhooks/|/services/[A-Z0-9]+/B[A-Z0-9]+|^/bot\d+:|/hooks/|/webhook/")
_SECOND = frozenset({"co", "com", "org", "net", "gov", "ac", "edu", "or", "ne", "github", "gitlab"})
"""Labels under which names are registered, as under `co.uk` (a rule of thumb: the public suffix
list has 9,000 rows, and a host here is evidence only)."""
_DROPS = frozenset({
    "pastebin.com", "paste.ee", "hastebin.com", "transfer.sh", "file.io", "0x0.st", "ngrok.io",
    "ngrok.app", "ngrok-free.app", "trycloudflare.com", "webhook.site", "requestbin.com",
    "pipedream.net", "oast.fun", "oast.pro", "oast.live", "oast.site", "oast.me", "interact.sh",
    "burpcollaborator.net", "oastify.com", "serveo.net", "localhost.run", "loca.lt",
    "beeceptor.com",
    "requestcatcher.com", "dnslog.cn", "ceye.io", "githubusercontent.com", "telegram.org",
    "discordapp.com", "gofile.io", "anonfiles.com", "catbox.moe", "termbin.com", "rentry.co",
})  # fmt: skip
"""Where anybody can leave or fetch bytes: pastes, tunnels, request catchers, raw files."""


def tier(detail: str) -> Tier:
    lifted = detail.startswith(("webhook/", "xn--", "[")) or ".xn--" in detail
    return Tier.A if lifted or detail in _DROPS or _is_public_address(detail) else Tier.B


def is_hard(_detail: str) -> bool:
    return False


def spot(source: Source) -> Iterator[Occurrence]:
    for site in source.sites:
        if site.form is Form.TEXT and site.value:
            for host in hosts(site.value):
                yield seen(f"{ID}:{host}", site)


@lru_cache(maxsize=1024)
def hosts(text: str) -> tuple[str, ...]:
    """The registrable domains, and the addresses, that a string names, each once."""
    return tuple(dict.fromkeys(_hosts(text)))


def _hosts(text: str) -> Iterator[str]:
    found = False
    for match in _URL.finditer(text):
        found = True
        host = _domain(match[1].lower().rstrip("."))
        if host:
            yield f"webhook/{host}" if _WEBHOOK.search(match[2]) else host
    if not found and _BARE.fullmatch(text):
        host = _domain(text.lower())
        if host:
            yield host
    if not found and text.startswith("/") and _WEBHOOK.search(text):
        yield "webhook/?"


def _domain(host: str) -> str:
    """The registrable domain, or the address itself; "" for what names no machine outside."""
    host = _as_address(host)
    if host.startswith("[") or re.fullmatch(r"[\d.]+", host):
        return host if _is_public_address(host) else ""
    labels = host.split(".")
    if not _NAME.fullmatch(host) or labels[-1] in {"local", "localhost", "localdomain", "example"}:
        return ""
    keep = 3 if len(labels) > 2 and labels[-2] in _SECOND else 2
    domain = ".".join(labels[-keep:])
    return "" if domain in {"example.com", "example.org", "example.net", "w3.org"} else domain


def _as_address(host: str) -> str:
    """IPv4 in any spelling that a URL takes (WHATWG URL, 3.5): `0x7f.1` is `127.0.0.1`."""
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return host
    *first, last = map(_number, parts)
    value = last + sum(number << (24 - 8 * at) for at, number in enumerate(first))
    return str(ipaddress.IPv4Address(value)) if value < 1 << 32 else host


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text, 0)
    return int(text, 8) if _OCTAL.fullmatch(text) else int(text)


def _is_public_address(text: str) -> bool:
    if not (text[-1:].isdigit() or ":" in text):
        return False  # a name; most are
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    documentation = any(
        address in each for each in _DOCUMENTATION if each.version == address.version
    )
    return address.is_global or documentation


_DOCUMENTATION = tuple(
    map(
        ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    )
)
"""RFC 5737 and 3849: no machine has such an address; they stand for any other one."""
