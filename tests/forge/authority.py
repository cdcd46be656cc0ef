"""A certificate authority like Fulcio: root, intermediate, and leaves with an embedded SCT.

The log's signature covers the certificate without its SCT extension, as RFC 6962 (3.2) wants.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from tests.forge.claims import tagged
from tests.forge.keys import P384, Key

BORN, DIES = datetime(2021, 1, 1, tzinfo=UTC), datetime(2051, 1, 1, tzinfo=UTC)
_SCTS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_CODE_SIGNING = (ExtendedKeyUsageOID.CODE_SIGNING,)


class Sct(StrEnum):
    """Whose signed certificate timestamp a leaf holds, and over what."""

    GOOD = "the log's own"
    NONE = "no extension"
    EMPTY = "an empty list"
    OTHER_LOG = "signed by a key that says it is the log"
    OTHER_LEAF = "of another certificate"


@dataclass(frozen=True)
class Leaf:
    """A signing certificate as a test describes it.

    Attributes:
        name: Its subject alternative name.
        claims: (number below 1.3.6.1.4.1.57264.1, raw value) in order.
        start: Not before; it lives ten minutes.
        usages: The extended key usages; empty leaves the extension out.
        edit: Changes the bytes that log and authority sign: both see the same.
    """

    name: x509.GeneralName
    claims: tuple[tuple[int, bytes], ...]
    start: datetime
    life: timedelta = timedelta(minutes=10)
    usages: tuple[ObjectIdentifier, ...] = _CODE_SIGNING
    is_authority: bool = False
    signs: bool = True
    sct: Sct = Sct.GOOD
    edit: Callable[[bytes], bytes] | None = None
    more: tuple[tuple[x509.ExtensionType, bool], ...] = field(default=())

    def but(self, **changes: object) -> Leaf:
        return replace(self, **changes)  # type: ignore[arg-type]  # what a test says, by name


class Authority:
    """Root, intermediate and certificate log of one seed.

    Attributes:
        chain: The intermediate and the root, in DER: what a trusted root lists.
    """

    def __init__(self, seed: str, *, dies: datetime = DIES) -> None:
        """An authority whose intermediate ends at `dies`."""
        self._seed = seed
        self.key, self.root_key = (Key.of(f"{seed} {one}", P384) for one in ("sub", "root"))
        self.log = Key.of(f"{seed} certificate log")
        self._root = self._of_authority("root", self.root_key, "root", self.root_key, DIES)
        self._sub = self._of_authority("sub", self.key, "root", self.root_key, dies)
        self._known = x509.AuthorityKeyIdentifier.from_issuer_public_key(
            self.key.private.public_key()
        )

    @property
    def chain(self) -> tuple[bytes, bytes]:
        return self._sub.public_bytes(Encoding.DER), self._root.public_bytes(Encoding.DER)

    def issue(self, leaf: Leaf, key: Key) -> bytes:
        """The certificate in DER: signed once for the log to see, and once with its SCT."""
        builder, edit = self._leaf(leaf, key), leaf.edit or bytes
        if leaf.sct is not Sct.NONE:
            seen = edit(_signed(builder, self.key).tbs_certificate_bytes)
            value = x509.UnrecognizedExtension(_SCTS, self._scts(leaf, seen))
            builder = builder.add_extension(value, critical=False)
        whole = _signed(builder, self.key)
        if leaf.edit is None:
            return whole.public_bytes(Encoding.DER)
        return self.sealed(edit(whole.tbs_certificate_bytes))

    def sealed(self, tbs: bytes) -> bytes:
        """A certificate of these very bytes, whatever they are."""
        algorithm = bytes.fromhex("300a06082a8648ce3d040303")
        signature = tagged(0x03, b"\0" + self.key.sign(tbs))
        return tagged(0x30, tbs + algorithm + signature)

    def _leaf(self, leaf: Leaf, key: Key) -> x509.CertificateBuilder:
        public = key.private.public_key()
        serial = hashlib.sha256(key.spki + repr(leaf.claims).encode()).digest()[:19]
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self._sub.subject)
            .public_key(public)
            .serial_number(int.from_bytes(serial, "big") | 1)
            .not_valid_before(leaf.start)
            .not_valid_after(leaf.start + leaf.life)
            .add_extension(_usage(signs=leaf.signs), critical=True)
        )
        if leaf.usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(leaf.usages), critical=False)
        if leaf.is_authority:
            ca = x509.BasicConstraints(ca=True, path_length=None)
            builder = builder.add_extension(ca, critical=True)
        builder = (
            builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(self._known, critical=False)
            .add_extension(x509.SubjectAlternativeName([leaf.name]), critical=True)
        )
        for number, value in leaf.claims:
            oid = ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
        for extension, is_critical in leaf.more:
            builder = builder.add_extension(extension, is_critical)
        return builder

    def _scts(self, leaf: Leaf, tbs: bytes) -> bytes:
        """The value of the extension: an octet string with a list of at most one timestamp."""
        if leaf.sct is Sct.EMPTY:
            return tagged(0x04, b"\0\0")
        key = Key.of(f"{self._seed} other log") if leaf.sct is Sct.OTHER_LOG else self.log
        when = int(leaf.start.timestamp() * 1000).to_bytes(8, "big")
        seen = tbs[:-1] + b"\0" if leaf.sct is Sct.OTHER_LEAF else tbs
        entry = b"\0\1" + self.key.digest + len(seen).to_bytes(3, "big") + seen
        signature = key.sign(b"\0\0" + when + entry + b"\0\0")
        signed = b"\4\3" + len(signature).to_bytes(2, "big") + signature
        one = b"\0" + self.log.digest + when + b"\0\0" + signed
        return tagged(0x04, _sized(_sized(one)))

    def _of_authority(
        self, name: str, key: Key, issuer: str, signer: Key, dies: datetime
    ) -> x509.Certificate:
        public, above = key.private.public_key(), signer.private.public_key()
        depth = 0 if name == "sub" else None
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._name(name))
            .issuer_name(self._name(issuer))
            .public_key(public)
            .serial_number(int.from_bytes(key.digest[:19], "big") | 1)
            .not_valid_before(BORN)
            .not_valid_after(dies)
            .add_extension(_usage(signs=False, certifies=True), critical=True)
            .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False
            )
        )
        if name == "sub":
            builder = builder.add_extension(x509.ExtendedKeyUsage(_CODE_SIGNING), critical=False)
        return _signed(builder, signer)

    def _name(self, which: str) -> x509.Name:
        parts = {NameOID.ORGANIZATION_NAME: "forge.example", NameOID.COMMON_NAME: which}
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts.items()])


def _signed(builder: x509.CertificateBuilder, key: Key) -> x509.Certificate:
    return builder.sign(key.private, key.hash, ecdsa_deterministic=True)  # type: ignore[arg-type]  # SHA-256 or SHA-384


def _usage(*, signs: bool, certifies: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs, key_cert_sign=certifies, crl_sign=certifies,
        content_commitment=not signs and not certifies, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _sized(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content
