"""Action and Verdict: what a finding leads to, and what that comes to."""

from __future__ import annotations

from enum import IntEnum


class Action(IntEnum):
    """What a finding, or an Unknown, leads to. Ordered."""

    OFF = 0
    OBSERVE = 1
    WARN = 2
    QUARANTINE = 3
    BLOCK = 4


class Verdict(IntEnum):
    """May it go in? Ordered."""

    ALLOW = 0
    WARN = 1
    QUARANTINE = 2
    BLOCK = 3

    @staticmethod
    def of(action: Action) -> Verdict:
        return _OF[action]


_OF = {action: Verdict(max(0, action - 1)) for action in Action}
