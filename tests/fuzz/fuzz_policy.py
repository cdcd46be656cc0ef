"""Any bytes are a policy, or a PolicyError."""

from __future__ import annotations

from tests.builders import NOW

from pratique.config import POLICY_FILE, read_policy
from pratique.errors import PolicyError


def one(data: bytes) -> None:
    try:
        policy = read_policy(data, POLICY_FILE, now=NOW)
    except PolicyError:
        return
    assert len(policy.digest) == 64
