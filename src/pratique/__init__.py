"""pratique: a supply-chain firewall for the dependencies of JavaScript projects.

The public API is `check`, `Policy`, `Verdict`, `PratiqueError`; nothing else. Names are looked up
when they are first used, so that `pratique --help` does not load what only a check needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pratique.check import check as check
    from pratique.errors import PratiqueError as PratiqueError
    from pratique.model.policy import Policy as Policy
    from pratique.model.policy import Verdict as Verdict

__all__ = ["Policy", "PratiqueError", "Verdict", "check"]

_HOMES = {
    "check": "pratique.check",
    "Policy": "pratique.model.policy",
    "PratiqueError": "pratique.errors",
    "Verdict": "pratique.model.policy",
}


def __getattr__(name: str) -> Any:
    """The public name, from the module it is defined in."""
    from importlib import import_module  # noqa: PLC0415 - only when a name is asked for

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value  # importing pratique.check has put the module there
    return value
