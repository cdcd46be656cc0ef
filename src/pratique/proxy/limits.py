"""How often somebody may do something: buckets that fill again, for so many people. Pure.

Who has not done it for long is forgotten; of too many, those who did it longest ago are. Both are
right for somebody whose bucket is full again, and the second costs an attacker as many addresses.
"""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

MOST_KNOWN = 20_000
"""People that are remembered."""
_MINUTE = 60.0
_ROUNDED = 1e-6
"""What sums of small parts may be wrong by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Times a minute, and as many at once; 0 for as often as one likes.

    Attributes:
        failures: Logins and tokens that are refused, by client address.
        publishes: Changes of packages, by token.
    """

    failures: int = 30
    publishes: int = 600


class Limiter:
    """Counts by key.

    Args:
        rate: Times a minute; 0 for no limit.
        most: Keys that are remembered.
    """

    def __init__(self, rate: int, most: int = MOST_KNOWN) -> None:
        self._rate, self._most = rate, most
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def hit(self, key: str, now: float) -> int:
        """Count one more time at `now` (seconds).

        Returns:
            Seconds to wait, where it was once too often; 0 where it was not.
        """
        if not self._rate:
            return 0
        spent, at = self._spent.pop(key, (0.0, now))
        regained = max(0.0, now - at) * self._rate / _MINUTE
        spent = max(0.0, spent - regained)
        is_over = spent + 1 > self._rate + _ROUNDED
        # Who is refused spends nothing: else nobody who keeps trying would ever be let in again.
        self._spent[key] = (spent if is_over else spent + 1, now)
        while len(self._spent) > self._most:
            self._spent.popitem(last=False)
        if not is_over:
            return 0
        return max(1, math.ceil((spent + 1 - self._rate) * _MINUTE / self._rate - _ROUNDED))

    def __len__(self) -> int:
        return len(self._spent)


def address_of(client: object) -> str:
    """The address of ASGI's `client`; a network of IPv6, of which one person has all of it."""
    host = client[0] if isinstance(client, (list, tuple)) and client else ""
    try:
        found = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        if mapped is not None:
            return str(mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
