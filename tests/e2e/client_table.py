"""What each client does and prints behind the firewall: the tests expect it, the docs show it.

`tools/generate_client_docs.py` writes it into docs/clients.md. Each value is held by a test that
runs the real client; texts are parts of what it prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PHRASE = "blocked by policy: {release} {rule} (decision "
"""The reason phrase of a refusal, up to the decision's id."""
_OWN = "{release} is an own name, and nothing is published"

_NO_MATCH = {
    "npm": "No matching version found for",
    "pnpm": "ERR_PNPM_NO_MATCHING_VERSION",
    "yarn1": "Couldn't find any versions",
    "yarn4": "No candidates found",
    "bun": "No version matching",
}
_REFUSED = {
    "npm": PHRASE,
    "pnpm10": PHRASE,
    "pnpm11": PHRASE,
    "pnpm12": "Tarball server returned HTTP 403",
    "yarn1": 'Request failed "403 Forbidden"',
    "yarn4": PHRASE,
    "bun": ".tgz - 403",
}
_NOT_FOUND = {
    "npm": _OWN,
    "pnpm10": _OWN,
    "pnpm11": _OWN,
    "pnpm12": "ERR_PNPM_FETCH_404",
    "yarn1": _OWN,
    "yarn4": _OWN,
    "bun": " - 404",
}


@dataclass(frozen=True)
class Cell:
    """A row of the table: what a project asks for, and what comes of it.

    Attributes:
        asks: As the docs say it.
        gets: The version that is installed; "" where the client fails with 1.
        says: Client or kind of client -> what stands in its output.
    """

    asks: str
    gets: str = ""
    says: Mapping[str, str] = field(default_factory=dict)


MATRIX = {
    "young": Cell("a range, and the newest release is too young", "1.0.0"),
    "exempted": Cell("a range, and the young release is exempted", "1.0.1"),
    "range": Cell("a range that only a hidden release fits", says=_NO_MATCH),
    "exact": Cell("a hidden release, pinned exactly", says=_NO_MATCH),
    "locked": Cell("a hidden release, by lockfile", says=_REFUSED),
    "cached": Cell("a range; blocked after its document was kept", "1.0.0"),
    "stored": Cell("by lockfile; blocked after its artifact was kept", says=_REFUSED),
    "owned": Cell("an own name that nobody published here", says=_NOT_FOUND),
}


AUDITS = {
    "npm": "audit endpoint returned an error",
    "pnpm": "ERR_PNPM_AUDIT_ENDPOINT_NOT_EXISTS",
    "yarn4": "Response code 404",
    "bun": "/-/npm/v1/security/advisories/bulk - 404",
}
"""What an audit says, and fails with 1, where the upstream has no such endpoint. yarn 1 asks a host
of its own."""

BY_VARIABLES = {"npm10": True, "npm11": True, "npm12": False}
"""Whether npm goes past a firewall that only its environment names, without the line that `pratique
setup` writes, where a lockfile names another host; where not, it refuses."""

ODD_ADDRESS = {"pnpm10": True, "pnpm11": False, "pnpm12": False, "yarn4": True}
"""Whether those that record an address only where it is not the usual one install from it; all of
them ask there."""


def of_client(says: Mapping[str, str], name: str) -> str:
    """What one client says: what is noted for it alone, else for its kind."""
    kind = name if name.startswith("yarn") else name.rstrip("0123456789")
    return says[name] if name in says else says.get(kind, "")


def prints_the_phrase(name: str) -> bool:
    """Whether the client prints the reason of a refused artifact."""
    return of_client(_REFUSED, name) == PHRASE
