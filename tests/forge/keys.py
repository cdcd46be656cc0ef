"""Key pairs that belong to a seed, and signatures that are the same in every run."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

P256, P384 = ec.SECP256R1(), ec.SECP384R1()


@dataclass(frozen=True)
class Key:
    """An ECDSA key pair on P-256 or P-384; it signs with the hash of the curve's size."""

    private: ec.EllipticCurvePrivateKey

    @classmethod
    def of(cls, seed: str, curve: ec.EllipticCurve = P256) -> Key:
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:31], "big") + 1
        return cls(ec.derive_private_key(number, curve))

    @cached_property
    def spki(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @cached_property
    def pem(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the public key: what logs are called by."""
        return hashlib.sha256(self.spki).digest()

    @property
    def id(self) -> str:
        """As npm names its keys: `SHA256:<base64 without padding>`."""
        return f"SHA256:{b64(self.digest).rstrip('=')}"

    @property
    def hash(self) -> hashes.HashAlgorithm:
        return hashes.SHA256() if self.private.key_size == 256 else hashes.SHA384()

    def sign(self, message: bytes) -> bytes:
        """The DER signature, with the nonce that follows from key and message (RFC 6979)."""
        return self.private.sign(message, ec.ECDSA(self.hash, deterministic_signing=True))


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
