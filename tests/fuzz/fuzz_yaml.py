"""Any bytes are YAML with lines, or a TextError; never more than libyaml accepts."""

from __future__ import annotations

import yaml

from pratique.syntax.text import Bounds, TextError
from pratique.syntax.yaml import read_yaml


def one(data: bytes) -> None:
    for bounds in (Bounds(), Bounds(max_aliases=100)):
        try:
            documents = read_yaml(data, bounds)
        except TextError:
            continue
        expected = list(yaml.load_all(data, Loader=yaml.CSafeLoader))
        assert repr([value for value, _ in documents]) == repr(expected)
        assert all(lines.of() >= 1 for _, lines in documents)
