"""A registry's signing key: ECDSA P-256 over `name@version:integrity`, as npm's registry signs.

Format: "About registry signatures" in the documentation of npm (read 2026-11-22).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_KEY_TYPE = "ecdsa-sha2-nistp256"


@dataclass(frozen=True)
class SigningKey:
    """A key pair; `expires` is None or the text that the keys endpoint gives."""

    private: ec.EllipticCurvePrivateKey
    expires: str | None = None

    @classmethod
    def of(cls, seed: str) -> SigningKey:
        """The key that belongs to a seed: the same in every run."""
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:31], "big") + 1
        return cls(ec.derive_private_key(number, ec.SECP256R1()))

    def expiring(self, when: str) -> SigningKey:
        return replace(self, expires=when)

    @property
    def spki(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def id(self) -> str:
        digest = base64.b64encode(hashlib.sha256(self.spki).digest()).decode("ascii")
        return f"SHA256:{digest.rstrip('=')}"

    def sign(self, message: str) -> dict[str, str]:
        """One member of `dist.signatures`."""
        raw = self.private.sign(message.encode(), ec.ECDSA(hashes.SHA256()))
        return {"keyid": self.id, "sig": base64.b64encode(raw).decode("ascii")}

    def document(self) -> dict[str, str | None]:
        """One member of `/-/npm/v1/keys`."""
        return {
            "expires": self.expires,
            "keyid": self.id,
            "keytype": _KEY_TYPE,
            "scheme": _KEY_TYPE,
            "key": base64.b64encode(self.spki).decode("ascii"),
        }
