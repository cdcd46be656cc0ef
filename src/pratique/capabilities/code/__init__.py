"""JavaScript and TypeScript, read for what a program can do: names resolved, constants folded.

One pass of a pattern set over the bytes finds the places worth a look; only then is the file
parsed, and only the nodes at those places are looked at. So the cost is that of the parser.
"""

from __future__ import annotations

from pratique.capabilities.code.reading import is_code, may_be_code, read_code
from pratique.capabilities.code.wanted import Wanted

__all__ = ["Wanted", "is_code", "may_be_code", "read_code"]
