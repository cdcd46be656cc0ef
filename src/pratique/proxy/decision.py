"""A decision, its id, and the chain over the record: the firewall's own door to the nouns. Pure.

They stand in `model.record`, since the store, below this package, keeps and verifies them.
"""

from pratique.model.record import Decision, Door, chained, decision_id

__all__ = ["Decision", "Door", "chained", "decision_id"]
