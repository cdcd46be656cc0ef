"""The recorded cases of sigstore-conformance, and how its protocol asks for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PRATIQUE_SHARED", ROOT.parent / "shared"))
CASES = SHARED / "vectors" / "provenance" / "sigstore-conformance" / "bundle-verify"
IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"
WAYS = (False, True)
"""By path, by digest."""


@dataclass(frozen=True, slots=True)
class Case:
    """One folder of the suite; its name says whether its bundle holds."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def should_hold(self) -> bool:
        return not self.name.endswith("_fail")

    def file(self, name: str) -> Path | None:
        found = self.folder / name
        return found if found.exists() else None

    def said(self, name: str, otherwise: str) -> str:
        found = self.file(name)
        return found.read_text(encoding="utf-8").strip() if found else otherwise

    @property
    def artifact(self) -> Path:
        return self.file("artifact") or self.folder.parent / "a.txt"

    @property
    def digest(self) -> bytes:
        return sha256(self.artifact.read_bytes()).digest()

    @property
    def identity(self) -> tuple[str, str]:
        """Who must have signed, and who must vouch for that."""
        return self.said("identity", IDENTITY), self.said("issuer", ISSUER)

    def words(self, *, by_digest: bool) -> Iterator[str]:
        """The command line, by the suite's client protocol."""
        yield from ("verify-bundle", "--bundle", str(self.folder / "bundle.sigstore.json"))
        if key := self.file("key.pub"):
            yield from ("--key", str(key))
        else:
            identity, issuer = self.identity
            yield from ("--certificate-identity", identity, "--certificate-oidc-issuer", issuer)
        if root := self.file("trusted_root.json"):
            yield from ("--trusted-root", str(root))
        yield f"sha256:{self.digest.hex()}" if by_digest else str(self.artifact)


def cases() -> list[Case]:
    """Every case, in order; none where the recorded data is not at hand."""
    return [Case(each) for each in sorted(CASES.glob("*/"))]
