"""`pratique verify-bundle`: one Sigstore bundle, as sigstore-conformance asks for it."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from pratique.errors import Exit, RefusedError, UsageError
from pratique.model.evidence import EXPIRED

_DIGEST = re.compile(r"sha256:([0-9a-fA-F]{64})")


class _Options(TypedDict):
    bundle: Path
    certificate_identity: str | None
    certificate_oidc_issuer: str | None
    key: Path | None
    trusted_root: Path | None
    staging: bool


@click.command(
    epilog="""\b
Examples:
  pratique verify-bundle --bundle app.sigstore.json \\
    --certificate-identity https://github.com/o/r/.github/workflows/ci.yml@refs/tags/v1 \\
    --certificate-oidc-issuer https://token.actions.githubusercontent.com app.tgz
  pratique verify-bundle --bundle app.sigstore.json --key signer.pub sha256:9f86d0...

It speaks the protocol of sigstore-conformance. Nothing is asked of the network.
"""
)
@click.option("--bundle", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--certificate-identity", metavar="NAME", help="The identity that must have signed.")
@click.option("--certificate-oidc-issuer", metavar="URL", help="Who must vouch for it.")
@click.option(
    "--key",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The public key that must have signed, in PEM; in place of an identity.",
)
@click.option(
    "--trusted-root",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The trusted root to verify under; else Sigstore's, as it was shipped or imported.",
)
@click.option("--staging", is_flag=True, help="Refused: name its root by --trusted-root.")
@click.argument("artifact", metavar="FILE|sha256:DIGEST")
def command(artifact: str, **options: Unpack[_Options]) -> int:
    """Verify that a bundle signs FILE, or what has DIGEST. Exit 0 if it does, 1 if not.

    It says nothing of a release: `pratique verify` judges the attestations of a registry.
    """
    if options["staging"] and options["trusted_root"] is None:
        raise UsageError("no root of the staging instance is shipped", hint="give --trusted-root")
    identity, issuer = options["certificate_identity"], options["certificate_oidc_issuer"]
    if (options["key"] is None) == (identity is None) or (identity is None) != (issuer is None):
        hint = "--certificate-identity and --certificate-oidc-issuer, or --key"
        raise UsageError("say who must have signed it", hint=hint)
    expected = _key(options["key"]) if options["key"] else (identity or "", issuer or "")
    root = _read(options["trusted_root"]) if options["trusted_root"] else _own_root()
    if root is None:
        click.echo("the root is too old to say: `pratique keys list`", err=True)
        return int(Exit.UNDECIDED)
    _verify(_read(options["bundle"]), root, _digest(artifact), expected)
    click.echo("verified")
    return int(Exit.ALLOWED)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _digest(artifact: str) -> bytes:
    found = _DIGEST.fullmatch(artifact)
    if found and not Path(artifact).exists():
        return bytes.fromhex(found[1])
    return sha256(_read(Path(artifact))).digest()


def _key(path: Path) -> bytes:
    """DER of a key in PEM."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - only if asked
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    try:
        key = load_pem_public_key(_read(path))
    except ValueError as error:
        raise UsageError(f"{path} is no public key in PEM") from error
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _own_root() -> bytes | None:
    """The root that is shipped, or was imported; None where it is too old."""
    from pratique.store.pinned import location, pinned  # noqa: PLC0415 - loads cryptography

    now = datetime.now(UTC)  # noqa: TID251 - here the clock is read, once
    found = pinned(location(os.environ))
    return None if now - found.root_updated > EXPIRED else found.root.source


def _verify(source: bytes, root: bytes, digest: bytes, expected: bytes | tuple[str, str]) -> None:
    from pratique.gather.sigstore_python import verify_by_sigstore  # noqa: PLC0415 - only if asked
    from pratique.provenance.managed import verify_managed  # noqa: PLC0415 - as above
    from pratique.provenance.root import read_root  # noqa: PLC0415 - as above
    from pratique.provenance.strict import read_json  # noqa: PLC0415 - as above

    stated = read_json(source)
    roots = read_root(root)
    if isinstance(expected, bytes):
        verify_managed(stated, digest, expected, roots)
    elif _is_ours(stated):
        _require_about(_npm(stated, roots, expected), digest)
    else:
        identity, issuer = expected
        payload = verify_by_sigstore(source, root, digest, identity=identity, issuer=issuer)
        if payload is not None:
            _require_about(payload, digest)


def _is_ours(stated: object) -> bool:
    """Whether npm's registry serves such bundles: an envelope, in a log of version 1.

    What the bundle says of itself only chooses who verifies it: both refuse what is not as it says.
    """
    from pratique.provenance import strict  # noqa: PLC0415 - only if asked
    from pratique.provenance.verifying import KINDS  # noqa: PLC0415 - as above

    bundle = strict.members(stated, "the bundle")
    material = strict.members(bundle.get("verificationMaterial"), "verificationMaterial")
    entry = strict.only(material.get("tlogEntries"), "tlogEntries")
    kind = strict.members(strict.members(entry, "an entry").get("kindVersion"), "kindVersion")
    named = f"{kind.get('kind')}/{kind.get('version')}"
    return bundle.get("dsseEnvelope") is not None and named in KINDS


def _npm(stated: object, roots: Any, expected: tuple[str, str]) -> bytes:
    """The payload, by our own verifier; signed timestamps besides the log's count as well."""
    from pratique.gather.sigstore_python import stamped  # noqa: PLC0415 - only if asked
    from pratique.model.evidence import Certified, Keys  # noqa: PLC0415 - as above
    from pratique.provenance.bundle import read_bundle  # noqa: PLC0415 - as above
    from pratique.provenance.certificates import verify_certificate  # noqa: PLC0415 - as above
    from pratique.provenance.verifying import verify_logged  # noqa: PLC0415 - as above

    bundle = read_bundle(stated)
    sealed = verify_logged(bundle, roots, Keys())
    signer = sealed.signer
    if not isinstance(signer, Certified) or (signer.identity, signer.issuer) != expected:
        raise RefusedError("crypto", "somebody else signed it")
    if bundle.timestamps:
        for at in stamped(bundle.timestamps, bundle.envelope.signature, roots.source):
            verify_certificate(bundle.certificates[0], at, roots)
    return sealed.payload


def _require_about(payload: bytes, digest: bytes) -> None:
    """That the statement's subject is what has the digest."""
    from pratique.provenance import strict  # noqa: PLC0415 - only if asked

    statement = strict.members(strict.read_json(payload), "the statement")
    for each in strict.items(statement.get("subject"), "subject", 1024):
        named = strict.members(strict.members(each, "a subject").get("digest"), "digest")
        if named.get("sha256") == digest.hex():
            return
    raise RefusedError("crypto", "the statement is about another artifact")
