"""Recorded registry documents from a folder.

The folder's form, looked through with its sub-folders:
    anything.json                            a packument: an object with `name` and `versions`
    is-odd-1.0.0.tgz, scope-name-1.0.0.tgz   a tarball, named as `npm pack` or a registry names it
    NAME@VERSION.attestations.json           what the attestation endpoint gave; a scope's slash
                                             is written %2f
Everything else is left alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.registry.shelf import Document, Shelf, Shelved

_ATTESTATIONS = ".attestations.json"
# Members that a shelf makes itself.
_OWN = frozenset({"_id", "_rev", "name", "dist-tags", "versions", "time", "modified"})


def read_folder(folder: Path) -> list[Shelf]:
    """A shelf per packument in `folder`, in the order of the file names."""
    tarballs = {path.name: path for path in sorted(folder.rglob("*.tgz"))}
    attestations = {
        unquote(path.name.removesuffix(_ATTESTATIONS)): json.loads(path.read_bytes())
        for path in sorted(folder.rglob(f"*{_ATTESTATIONS}"))
    }
    found = []
    for path in sorted(folder.rglob("*.json")):
        document = json.loads(path.read_bytes())
        if isinstance(document, dict) and {"name", "versions"} <= document.keys():
            found.append(_shelf(document, tarballs, attestations))
    return found


def _shelf(document: Document, tarballs: dict[str, Path], attested: dict[str, Any]) -> Shelf:
    name = document["name"]
    time = dict(document.get("time", {}))
    if "modified" in document:
        time.setdefault("modified", document["modified"])
    shelf = Shelf(
        name,
        tags=dict(document.get("dist-tags", {})),
        time=time,
        extra={key: value for key, value in document.items() if key not in _OWN},
    )
    for version, metadata in document["versions"].items():
        release = Shelved(name, version, metadata, None, published=time.get(version))
        names = (release.file_name, f"{name.lstrip('@').replace('/', '-')}-{version}.tgz")
        path = next((tarballs[one] for one in names if one in tarballs), None)
        release.tarball = path.read_bytes() if path else None
        release.attestations = attested.get(f"{name}@{version}", {}).get("attestations")
        shelf.versions[version] = release
    return shelf
