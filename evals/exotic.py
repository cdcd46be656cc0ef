"""How many real releases `registry/exotic-dependency` holds: offline, by the rule itself.

    python -m evals.exotic

Judged are the manifests inside the tarballs that `python -m evals.corpus` fetched, in place of the
registry's documents, which are made of them.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

from evals.corpus import LONG_TAIL, POPULAR, Tarball, listed
from pratique.layers.registry import EXOTIC, RegistrySettings
from pratique.model.fact import REGISTERED, Facts, Registered, VersionDocument
from pratique.model.finding import Finding
from pratique.model.layer import ReleaseIn
from pratique.model.package import Package, Release

_GROUPS = ("dependencies", "optionalDependencies", "peerDependencies")


def manifest_of(source: bytes) -> dict[str, Any]:
    """The package.json of the outermost folder; {} where there is none."""
    with tarfile.open(fileobj=io.BytesIO(source)) as archive:
        for member in archive:
            parts = member.name.removeprefix("./").split("/")
            if len(parts) == 2 and parts[1] == "package.json":
                file = archive.extractfile(member)
                return json.load(file) if file else {}
    return {}


def judged(tarball: Tarball) -> list[Finding]:
    """What the rule says of a release."""
    manifest = manifest_of(tarball.read())
    rows = tuple(
        (group, name, text)
        for group in _GROUPS
        for name, text in (manifest.get(group) or {}).items()
        if isinstance(text, str)
    )
    release = Release(Package(tarball.name), tarball.version)
    document = VersionDocument(tarball.name, tarball.version, "", (), dependencies=rows)
    facts = Facts.of((REGISTERED, release, Registered("https://registry.example/", document)))
    return list(EXOTIC.judge(ReleaseIn(release), facts, RegistrySettings()))


def lines() -> Iterator[str]:
    for title, path in (("popular packages", POPULAR), ("the long tail", LONG_TAIL)):
        tarballs = [each for each in listed(path) if each.path.exists()]
        found = [(each, finding) for each in tarballs for finding in judged(each)]
        names = len({each.name for each in tarballs})
        yield f"{title}: {len(found)} of {len(tarballs)} releases of {names} packages"
        yield from (f"  {one.name}@{one.version} {each.message}" for one, each in found)


if __name__ == "__main__":
    for line in lines():
        print(line)
