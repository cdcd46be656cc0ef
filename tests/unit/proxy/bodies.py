"""Bodies as npm sends them, built here."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from tests.registry.tarball import pack, sha1, sri


def tarball(name: str, version: str, **members: Any) -> bytes:
    manifest = {"name": name, "version": version, **members}
    return pack([("package.json", json.dumps(manifest).encode()), ("index.js", b"1\n")])


def publish_document(
    name: str = "@corp/tool", version: str = "1.0.0", *, tag: str = "latest", **manifest: Any
) -> dict[str, Any]:
    content = tarball(name, version, **manifest)
    dist = {
        "integrity": sri(content),
        "shasum": sha1(content),
        "tarball": f"http://registry.example/{name}/-/{name}-{version}.tgz",
    }
    return {
        "_id": name,
        "name": name,
        "dist-tags": {tag: version},
        "versions": {version: {"name": name, "version": version, **manifest, "dist": dist}},
        "access": None,
        "_attachments": {
            f"{name}-{version}.tgz": {
                "content_type": "application/octet-stream",
                "data": base64.b64encode(content).decode(),
                "length": len(content),
            }
        },
    }


def as_body(document: object) -> bytes:
    return json.dumps(document).encode()


def publish_body(name: str = "@corp/tool", version: str = "1.0.0", **details: Any) -> bytes:
    return as_body(publish_document(name, version, **details))


def bundle(
    name: str = "@corp/tool", version: str = "1.0.0", *, sha512: str = "", **statement: Any
) -> bytes:
    """A Sigstore bundle about the tarball of `publish_document`; its signature is nobody's."""
    digest = sha512 or hashlib.sha512(tarball(name, version)).hexdigest()
    purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
    told = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": purl, "digest": {"sha512": digest}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
        **statement,
    }
    payload = base64.b64encode(json.dumps(told).encode()).decode()
    whole = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {},
        "dsseEnvelope": {"payload": payload, "payloadType": "x", "signatures": [{"sig": "eA=="}]},
    }
    return json.dumps(whole).encode()


def with_bundle(document: dict[str, Any], content: bytes) -> dict[str, Any]:
    """The publish as `npm publish --provenance` sends it."""
    (version,) = document["versions"]
    attached = {
        "content_type": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "data": content.decode(),
        "length": len(content),
    }
    file = f"{document['name']}-{version}.sigstore"
    return document | {"_attachments": {**document["_attachments"], file: attached}}
