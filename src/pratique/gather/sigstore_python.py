"""What npm's registry does not serve, verified by sigstore-python: the extra `provenance`.

Signatures over digests by certificates, logs of version 2, signed timestamps. It is loaded when it
is asked for, asks no network, and writes nothing: its own roots and caches are not used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pratique.errors import RefusedError, UsageError
from pratique.provenance import strict
from pratique.provenance.root import Window, certificate

_HINT = 'pip install "pratique[provenance]"'


def _loaded() -> Any:
    try:
        import sigstore.errors  # noqa: PLC0415 - an extra, and two thirds of a second
        import sigstore.models  # noqa: PLC0415 - as above
        import sigstore.verify  # noqa: PLC0415 - as above
    except ImportError as error:
        why = "this bundle is of a kind that sigstore-python verifies, which is not installed"
        raise UsageError(why, hint=_HINT) from error
    return sigstore


def verify_by_sigstore(
    source: bytes, root: bytes, digest: bytes, *, identity: str, issuer: str
) -> bytes | None:
    """Verify a bundle under a trusted root, both as their files have them.

    Args:
        source: The bundle.
        root: The trusted root.
        digest: SHA-256 of the artifact; of an envelope the caller asks what it is about.
        identity: The one subject alternative name that the certificate must have.
        issuer: Who must have vouched for it.

    Returns:
        The payload of an envelope; None for a signature over the digest itself.

    Raises:
        RefusedError: It does not hold.
        UsageError: sigstore-python is not installed.
    """
    library = _loaded()
    try:
        return _verified(library, source, root, digest, (identity, issuer))
    except (library.errors.Error, ValueError, TypeError, AttributeError, LookupError) as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        raise RefusedError("crypto", f"sigstore-python refuses it: {what}") from error


def _verified(
    library: Any, source: bytes, root: bytes, digest: bytes, expected: tuple[str, str]
) -> bytes | None:
    from sigstore.hashes import Hashed  # noqa: PLC0415 - as above
    from sigstore_models.common.v1 import HashAlgorithm  # noqa: PLC0415 - as above
    from sigstore_models.trustroot.v1 import TrustedRoot  # noqa: PLC0415 - as above

    models, verify = library.models, library.verify
    trusted = models.TrustedRoot(TrustedRoot.from_json(_inclusive(root)))
    bundle = models.Bundle.from_json(source)
    verifier = verify.Verifier(trusted_root=trusted)
    policy = verify.policy.Identity(identity=expected[0], issuer=expected[1])
    if bundle._dsse_envelope is not None:  # noqa: SLF001 - it says nowhere else which it is
        return bytes(verifier.verify_dsse(bundle, policy)[1])
    hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest)
    verifier.verify_artifact(hashed, bundle, policy)
    return None


def _inclusive(root: bytes) -> bytes:
    """The root with its timestamp authorities' last instants counted.

    The end of a window counts (protobuf-specs); sigstore-python 4.5 has it excluded for these.
    """
    document: Any = strict.read_json(root)
    for each in document.get("timestampAuthorities", []):
        window = each.get("validFor", {})
        if window.get("end") is not None:
            end = strict.instant(window["end"], "validFor.end") + timedelta(microseconds=1)
            window["end"] = end.isoformat()
    return json.dumps(document).encode()


def stamped(tokens: tuple[bytes, ...], message: bytes, root: bytes) -> Iterator[datetime]:
    """The times that authorities of the root put on `message`; others' tokens count for nothing.

    Raises:
        RefusedError: A token is malformed, or stands there twice.
        UsageError: The library for it is not installed.
    """
    try:
        import rfc3161_client  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("rfc3161-client is not installed", hint=_HINT) from error
    if len(set(tokens)) != len(tokens):
        raise RefusedError("crypto", "a signed timestamp stands there twice")
    authorities = list(_authorities(rfc3161_client, root))
    for token in tokens:
        try:
            response = rfc3161_client.decode_timestamp_response(token)
        except ValueError as error:
            raise RefusedError("crypto", "a signed timestamp is malformed") from error
        for verifier, window in authorities:
            try:
                verifier.verify_message(response, message)
            except (rfc3161_client.VerificationError, ValueError):
                continue
            if response.tst_info.gen_time in window:
                yield response.tst_info.gen_time.astimezone(UTC)


def _authorities(library: Any, root: bytes) -> Iterator[tuple[Any, Window]]:
    document: Any = strict.read_json(root)
    for each in document.get("timestampAuthorities", []):
        chain = [
            certificate(strict.b64(one["rawBytes"], "a certificate"), "a certificate of the root")
            for one in each["certChain"]["certificates"]
        ]
        if len(chain) < 2:
            continue
        builder = library.VerifierBuilder().tsa_certificate(chain[0])
        builder = builder.add_root_certificate(chain[-1])
        for one in chain[1:-1]:
            builder = builder.add_intermediate_certificate(one)
        window = each["validFor"]
        end = window.get("end")
        yield (
            builder.build(),
            Window(
                strict.instant(window.get("start"), "validFor.start"),
                None if end is None else strict.instant(end, "validFor.end"),
            ),
        )
