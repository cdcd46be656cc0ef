"""The keys and roots that a test's user imported, as `pratique keys update` keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.registry import SigningKey

from pratique.store.pinned import Imported, put

OURS = {"keys": [SigningKey.of("test registry").document()]}
"""Of the test registry, which signs what it publishes."""


def trust(
    place: Path,
    keys: Mapping[str, Any] | None = None,
    root: Mapping[str, Any] | None = None,
    *,
    updated: datetime | None = None,
) -> Path:
    """Write the file `place`; without keys, the test registry's are pinned.

    Args:
        place: The file.
        keys: In either of their forms.
        root: A `trusted_root.json`; None for the one that is shipped.
        updated: When they were compared with where they come from; today if not told.
    """
    at = updated or datetime.now(UTC)  # noqa: TID251 - what is served has the machine's clock
    put(place, "keys", Imported(json.dumps(keys or OURS).encode(), at))
    if root is not None:
        put(place, "root", Imported(json.dumps(root).encode(), at))
    return place
