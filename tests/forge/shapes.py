"""The forms in which npm's registry has served bundles, by the client that wrote them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Shape:
    """How a bundle is written.

    Attributes:
        version: Of the bundle format: `0.1`, `0.2`, `0.3`.
        chain: Certificates that it carries: 3 (to the root), or 1; a 0.3 has one, by itself.
        kind: Of the log's entry: `intoto` (0.0.2) or `dsse` (0.0.1).
        is_proven: Whether the entry has an inclusion proof.
    """

    version: str
    chain: int
    kind: str
    is_proven: bool

    @property
    def media_type(self) -> str:
        if self.version == "0.3":
            return "application/vnd.dev.sigstore.bundle.v0.3+json"
        return f"application/vnd.dev.sigstore.bundle+json;version={self.version}"

    def but(self, **changes: Any) -> Shape:
        return replace(self, **changes)


FIRST = Shape("0.1", 3, "intoto", is_proven=False)
"""npm 9.5, from 2023: a promise only."""
SECOND = Shape("0.2", 1, "intoto", is_proven=True)
"""npm 9 and 10, from August 2023: a promise and a proof."""
THIRD = Shape("0.3", 1, "dsse", is_proven=True)
"""npm 11, from December 2024. The registry's own publish attestations are 0.2 with `dsse`."""
THIRD_BY_KEY = Shape("0.2", 1, "dsse", is_proven=True)

SHAPES = {"first": FIRST, "second": SECOND, "third": THIRD}


def material(shape: Shape, chain: tuple[bytes, ...], encode: Any) -> dict[str, Any]:
    """What verifies a keyless bundle: its certificate, or a chain of so many."""
    raw = [{"rawBytes": encode(one)} for one in chain]
    if shape.version == "0.3":
        return {"certificate": raw[0]}
    return {"x509CertificateChain": {"certificates": raw[: shape.chain]}}
