"""The ledger `pratique.lock`: what a repository has accepted of each package. Pure."""

from pratique.ledger.accepting import Entry, accept, pruned, refreshed
from pratique.ledger.asking import (
    accepted_artifacts,
    accepted_releases,
    baseline_from,
    is_settled,
    packages_of,
    running_at_install,
    spelled_out,
    to_analyse_again,
)
from pratique.ledger.evidence import Made, accepted_before, accepted_records, made_of
from pratique.ledger.merging import merged
from pratique.ledger.reading import read_ledger
from pratique.ledger.writing import ATTRIBUTE, write_ledger

__all__ = [
    "ATTRIBUTE",
    "Entry",
    "Made",
    "accept",
    "accepted_artifacts",
    "accepted_before",
    "accepted_records",
    "accepted_releases",
    "baseline_from",
    "is_settled",
    "made_of",
    "merged",
    "packages_of",
    "pruned",
    "read_ledger",
    "refreshed",
    "running_at_install",
    "spelled_out",
    "to_analyse_again",
    "write_ledger",
]
