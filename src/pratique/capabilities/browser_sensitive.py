"""browser.sensitive: touches wallets, cookies, storage, clipboard or keys in a browser."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.capabilities._patterns import matches
from pratique.capabilities._spotting import seen, used
from pratique.capabilities.source import Form, Occurrence, Source
from pratique.model.behavior import Tier

ID = "browser.sensitive"
TITLE = "touches wallets, cookies, storage, clipboard or keys in a browser"
_GLOBALS = {
    "ethereum": "wallet", "solana": "wallet", "phantom": "wallet", "tronWeb": "wallet",
    "document.cookie": "cookie", "cookieStore": "cookie", "localStorage": "storage",
    "sessionStorage": "storage", "indexedDB": "storage", "navigator.clipboard": "clipboard",
    "navigator.credentials": "credentials", "document.onkeydown": "keys",
    "document.onkeyup": "keys", "document.onkeypress": "keys", "onkeydown": "keys",
    "onkeyup": "keys", "onkeypress": "keys",
}  # fmt: skip
GLOBALS = frozenset(_GLOBALS)
MODULES: frozenset[str] = frozenset()
MEMBERS = frozenset({"ethereum", "solana", "signTransaction", "signAllTransactions"})
_WALLET = (
    r"^eth_(?:sendTransaction|requestAccounts|accounts|sign|signTypedData\w*)$",
    r"^personal_sign$",
    r"^wallet_\w{4,40}$",
)
_KEYS = (r"^key(?:down|up|press)$",)
TEXTS = (*_WALLET, *_KEYS)


def tier(detail: str) -> Tier:
    return Tier.A if detail == "wallet" else Tier.C if detail == "keys" else Tier.B


def is_hard(detail: str) -> bool:
    return detail == "wallet"


def spot(source: Source) -> Iterator[Occurrence]:
    yield from used(source, _GLOBALS, ID)
    for site in source.sites:
        if site.form is Form.TEXT:
            if matches(_WALLET, site.value or ""):
                yield seen(f"{ID}:wallet", site)
            elif matches(_KEYS, site.value or ""):
                yield seen(f"{ID}:keys", site)
        elif site.path.startswith("?.") and site.path[2:].partition(".")[0] in MEMBERS:
            yield seen(f"{ID}:wallet", site)
