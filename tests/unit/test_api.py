"""The public API is four names, and no more is loaded than is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import pratique
assert not {"msgspec", "sqlalchemy", "urllib3", "yaml"} & set(sys.modules)
from pratique import Policy, PratiqueError, Verdict, check
assert callable(check) and issubclass(PratiqueError, Exception)
assert pratique.check is check
"""


def test_the_four_public_names_are_there_and_load_late() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


def test_nothing_else_is_public() -> None:
    import pratique

    assert ["Policy", "PratiqueError", "Verdict", "check"] == sorted(pratique.__all__)
    with pytest.raises(AttributeError, match="no attribute 'audit'"):
        _ = pratique.audit
