"""Bodies as npm sends them, built here."""

from __future__ import annotations

import base64
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
