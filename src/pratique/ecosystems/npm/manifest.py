"""Reads package.json: what it asks for, its workspaces, its overrides. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pratique.errors import ManifestError
from pratique.model.pin import Group, Location, Requirement
from pratique.model.project import Manifest
from pratique.syntax.json import read_json
from pratique.syntax.text import MANIFEST, Lines, TextError

Document = Mapping[str, object]
"""A JSON object as read: every key is text."""

_OVERRIDE_FIELDS = (("overrides",), ("resolutions",), ("pnpm", "overrides"))
_DEEPEST_OVERRIDE = 16


def read_object(source: bytes, path: str) -> tuple[Document, Lines]:
    """The object that the JSON file at `path` holds, and its lines.

    Raises:
        ManifestError: It is not such a file, or beyond a bound.
    """
    try:
        value, lines = read_json(source, MANIFEST)
    except TextError as error:
        raise ManifestError(path, error.line, error.message) from None
    if not isinstance(value, dict):
        raise ManifestError(path, 1, "not a JSON object")
    return value, lines


def read_manifest(source: bytes, path: str) -> Manifest:
    """A package.json as a `Manifest`.

    A member of a wrong type is an error where it could hide a requirement, and as good as absent
    elsewhere (`name`, `version`). `package_manager` falls back to `devEngines.packageManager`, as
    `name@range` (docs: npm 11 package.json, devEngines).

    Raises:
        ManifestError: It is malformed, or beyond a bound; with file and line.
    """
    document, lines = read_object(source, path)
    return Manifest(
        path=path,
        name=_text(document.get("name")),
        version=_text(document.get("version")),
        requirements=tuple(_requirements(document, lines, path)),
        workspaces=_workspaces(document, lines, path),
        overrides=tuple(_overrides(document, lines, path)),
        package_manager=_text(document.get("packageManager")) or _engine(document),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _requirements(document: Document, lines: Lines, path: str) -> Iterator[Requirement]:
    for group in Group:
        members = document.get(group.value)
        if members is None or members == []:  # npm's own normalisation takes [] for {}
            continue
        if not isinstance(members, dict):
            raise ManifestError(path, lines.of(group.value), f"{group.value} is not an object")
        for name, specifier in members.items():
            line = lines.of(group.value, name)
            if not isinstance(specifier, str):
                raise ManifestError(path, line, f"the specifier of {name!r} is not text")
            yield Requirement(name, specifier, group, where=Location(path, line))


def _workspaces(document: Document, lines: Lines, path: str) -> tuple[str, ...]:
    """`workspaces: [...]`, or yarn's and bun's `workspaces: {packages: [...]}`."""
    declared = document.get("workspaces")
    if isinstance(declared, dict):
        declared = declared.get("packages")
    if declared is None:
        return ()
    if not isinstance(declared, list) or not all(isinstance(glob, str) for glob in declared):
        raise ManifestError(path, lines.of("workspaces"), "workspaces is not a list of patterns")
    return tuple(declared)


def _overrides(document: Document, lines: Lines, path: str) -> Iterator[tuple[str, str, Location]]:
    for field in _OVERRIDE_FIELDS:
        members: object = document
        for step in field:
            members = members.get(step) if isinstance(members, dict) else None
        if isinstance(members, dict):
            yield from _flattened(members, field, (), lines, path)


def _flattened(
    members: Document, field: tuple[str, ...], above: tuple[str, ...], lines: Lines, path: str
) -> Iterator[tuple[str, str, Location]]:
    """Overrides, nested by parent; `.` names the parent itself."""
    for key, value in members.items():
        names = above if key == "." and above else (*above, key)
        line = lines.of(*field, *above, key)
        if isinstance(value, str):
            yield " > ".join(names), value, Location(path, line)
        elif isinstance(value, dict) and len(above) < _DEEPEST_OVERRIDE:
            yield from _flattened(value, field, (*above, key), lines, path)
        else:
            raise ManifestError(path, line, f"the override of {key!r} is neither text nor object")


def _engine(document: Document) -> str | None:
    engines = document.get("devEngines")
    wanted = engines.get("packageManager") if isinstance(engines, dict) else None
    if isinstance(wanted, list):
        wanted = wanted[0] if wanted else None
    if not isinstance(wanted, dict) or not _text(wanted.get("name")):
        return None
    return f"{wanted['name']}@{_text(wanted.get('version')) or '*'}"
