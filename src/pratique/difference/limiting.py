"""What a policy says of an outcome: how strict the table is read, and how far an action may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Self

from pratique.model.behavior import Outcome, Reason
from pratique.model.policy import Action, Policy

_GAINED = "behavior/new-capability"
_RULES = {
    "unanalysable": "behavior/unanalysable",
    "unknown-past": "behavior/no-baseline",
    "unknown-past-hard": "behavior/no-baseline",
}
"""Row of the table -> the rule of layer 9 whose action is its ceiling; of the others _GAINED."""


def _recommended() -> Mapping[str, Action]:
    return {
        "behavior/unanalysable": Action.BLOCK,
        "behavior/new-capability": Action.BLOCK,
        "behavior/no-baseline": Action.BLOCK,
        "behavior/partly-read": Action.OBSERVE,
    }


@dataclass(frozen=True, slots=True)
class Judge:
    """The part of a policy that counts; as it is, that of the preset `recommended`.

    It stands here again because to read the presets takes as long as to look at a small artifact;
    a test holds the two together.

    Attributes:
        actions: Rule id -> action.
        stricter, young: Settings of layer 9.
    """

    actions: Mapping[str, Action] = field(default_factory=_recommended)
    stricter: bool = False
    young: timedelta = timedelta(days=30)

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """That of `policy`."""
        settings = policy.layers["behavior"].settings
        return cls(policy.actions, settings.stricter, settings.young)

    def limited(self, outcome: Outcome, more: Sequence[Reason] = ()) -> Outcome:
        """The outcome under the policy's ceilings, with the reasons of other rules."""
        reasons = [
            replace(each, action=min(each.action, self.actions[_RULES.get(each.row, _GAINED)]))
            for each in outcome.reasons
        ]
        kept = [each for each in (*reasons, *more) if each.action is not Action.OFF]
        kept.sort(key=lambda reason: -reason.action)
        return Outcome(kept[0].action if kept else Action.OFF, tuple(kept))
