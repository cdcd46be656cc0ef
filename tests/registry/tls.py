"""A certificate of our own for a registry that serves https."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_FROM, _TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


_SIGNS = x509.KeyUsage(
    key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
    key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
    decipher_only=False,
)  # fmt: skip

_Key = ec.EllipticCurvePrivateKey


def tls_in(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1, ::1 and localhost, and the file that clients trust."""
    issuer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    certificate = _server(key, issuer)
    trusted, chain = folder / "ca.pem", folder / "server.pem"
    trusted.write_bytes(_authority(issuer).public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain.write_bytes(certificate.public_bytes(Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, trusted


def _authority(issuer: _Key) -> x509.Certificate:
    ca = x509.BasicConstraints(ca=True, path_length=0)
    builder = _builder("test authority", issuer).add_extension(ca, critical=True)
    # Python 3.13 and later want the next two of an authority, and the identifier of a server.
    identifier = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())
    builder = builder.add_extension(identifier, critical=False)
    return builder.add_extension(_SIGNS, critical=True).sign(issuer, hashes.SHA256())


def _server(key: _Key, issuer: _Key) -> x509.Certificate:
    addresses = [ipaddress.ip_address(text) for text in ("127.0.0.1", "::1")]
    names = [x509.DNSName("localhost"), *map(x509.IPAddress, addresses)]
    known = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = (
        _builder("test registry", key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(known, critical=False)
    )
    return builder.sign(issuer, hashes.SHA256())


def _builder(subject: str, key: _Key) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name("test authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_TO)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
