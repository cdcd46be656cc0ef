"""What a release can do that it could not do before, and what that leads to. Pure."""

from pratique.difference.comparing import SETTLED, baseline_of, compare, new_dependencies, step_of
from pratique.difference.judging import LIGHT, judge
from pratique.difference.table import Table, table

__all__ = [
    "LIGHT",
    "SETTLED",
    "Table",
    "baseline_of",
    "compare",
    "judge",
    "new_dependencies",
    "step_of",
    "table",
]
