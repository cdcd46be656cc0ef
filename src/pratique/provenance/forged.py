"""What is odd about a release by what its forge says of its run and commit: D14, D15, D16.

A provenance is true of a stolen workflow too. How its run ended, whether its commit is where
releases come from, and who started it, the certificate does not say.
"""

from __future__ import annotations

from collections.abc import Iterator

from pratique.model.fact import Missing, Why
from pratique.model.forge import Forged, Order
from pratique.provenance.drift import Drift, Strength

SUCCESS = "success"


def of_run(forged: Forged) -> Iterator[Drift]:
    """D15: the run did not succeed, or no step of it that publishes did.

    Where such a step did succeed in a run that failed, what failed may have come after it: that is
    only held.
    """
    publishing = () if isinstance(forged.publishing, Missing) else forged.publishing
    steps = {each.conclusion for each in publishing}
    named = ", ".join(f"{each.name}: {each.conclusion}" for each in publishing)
    told = f" ({named})" if named else ""
    if forged.conclusion != SUCCESS:
        strength = Strength.HOLD if SUCCESS in steps else Strength.CHANGED
        yield Drift("D15", strength, f"its run ended with {forged.conclusion}{told}")
    elif steps and SUCCESS not in steps:
        yield Drift("D15", Strength.CHANGED, f"nothing that publishes succeeded in its run{told}")


def of_commit(forged: Forged) -> Iterator[Drift]:
    """D14: its commit is not where that of the release before it was, or is an older one.

    A line that was never released from the default branch is not asked to be on it.
    """
    if not forged.on_branch and (forged.previous is None or forged.was_on_branch is True):
        strength = Strength.NOTE if forged.previous is None else Strength.HOLD
        before = "" if forged.previous is None else f", as that of {forged.previous} is"
        yield Drift("D14", strength, f"its commit is not on {forged.branch}{before}")
    if forged.since is Order.BEHIND:
        yield Drift("D14", Strength.HOLD, f"its commit is older than that of {forged.previous}")


def of_actor(forged: Forged) -> Iterator[Drift]:
    """D16: who started the run started none of those of earlier releases."""
    actor, known = forged.actor, forged.actors
    if actor is None or isinstance(known, Missing) or not known:
        return
    if actor.id not in {each.id for each in known}:
        names = ", ".join(dict.fromkeys(each.name for each in known))
        yield Drift("D16", Strength.NOTE, f"{actor.name} started its run, and before {names}")


def run_unknown(forged: Forged) -> Missing | None:
    """Why D15 cannot be told."""
    if forged.conclusion is None:
        return Missing(Why.FAILED, "its run is not over yet")
    if forged.conclusion == SUCCESS and isinstance(forged.publishing, Missing):
        return forged.publishing
    return None


def commit_unknown(forged: Forged) -> Missing | None:
    """Why D14 cannot be told."""
    for each in (forged.since, forged.was_on_branch):
        if isinstance(each, Missing):
            return each
    return None


def actor_unknown(forged: Forged) -> Missing | None:
    """Why D16 cannot be told."""
    if isinstance(forged.actors, Missing):
        return forged.actors
    if forged.actor is None:
        return Missing(Why.FAILED, "the forge does not say who started its run")
    return None
