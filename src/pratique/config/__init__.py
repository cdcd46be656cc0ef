"""`pratique.toml`: read into a Policy, described by a JSON schema, started and appended to."""

from pratique.config.exemptions import append_exemption, latest_day
from pratique.config.reading import LOOSENED, POLICY_FILE, policy_digest, read_policy
from pratique.config.schema import schema
from pratique.config.starter import starter_policy
from pratique.model.duration import format_duration, parse_duration

__all__ = [
    "LOOSENED",
    "POLICY_FILE",
    "append_exemption",
    "format_duration",
    "latest_day",
    "parse_duration",
    "policy_digest",
    "read_policy",
    "schema",
    "starter_policy",
]
