"""The projects that a pnpm lockfile was made for, and what each requirement resolves to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pratique.ecosystems.npm.lockfiles.pnpm_keys import LINKS
from pratique.ecosystems.npm.lockfiles.pnpm_shape import Document, Fields
from pratique.model.pin import Group, Importer, Location, Requirement

GROUPS = {
    "dependencies": Group.PROD,
    "devDependencies": Group.DEV,
    "optionalDependencies": Group.OPTIONAL,
    "configDependencies": Group.PROD,
    "packageManagerDependencies": Group.PROD,
}
"""Field of a project -> group. The last two stand only in the manager's own document."""

Resolve = Callable[[str, str], "str | None"]
"""(local name, reference) -> key of the entry."""


def importers(file: Document, section: str, resolve: Resolve) -> tuple[Importer, ...]:
    """Every project of `file`. Before 6.1 a lone project's fields stand in the document itself."""
    if section not in file.root:
        return (Importer("", tuple(_requirements(file, file.root, (), resolve))),)
    projects = file.fields(file.root, section)
    found = []
    for path in projects:
        project = file.fields(projects, section, path)
        needs = tuple(_requirements(file, project, (section, path), resolve))
        name = file.text(project, section, path, "name") or ""
        found.append(Importer("" if path == "." else path, needs, name))
    return tuple(found)


def _requirements(
    file: Document, project: Fields, at: tuple[str, ...], resolve: Resolve
) -> Iterator[Requirement]:
    specifiers = file.texts(project, *at, "specifiers") if "specifiers" in project else None
    for field, group in GROUPS.items():
        if field not in project:
            continue
        needs = file.fields(project, *at, field)
        for name, need in needs.items():
            where = Location(file.path, file.lines.of(*at, field, name))
            if isinstance(need, str):
                reference = need
                specifier = need if specifiers is None else specifiers.get(name, "")
            else:
                specifier, reference = _pair(file, need, (*at, field, name))
            yield Requirement(name, specifier, group, resolve(name, reference), where)


def _pair(file: Document, need: object, at: tuple[str, ...]) -> tuple[str, str]:
    fields = file.checked(need, *at)
    specifier = fields.get("specifier")
    version = fields.get("version")
    if isinstance(specifier, str) and isinstance(version, str):
        return specifier, version
    raise file.error(f"{at[-1]!a} should have a specifier and a version", *at)


def reference_of(file: Document, catalogs: Fields, name: str, specifier: str) -> str:
    """What a bare specifier of 13.0 refers to: it is left bare where it says the version itself."""
    if specifier.startswith("npm:"):
        return specifier.removeprefix("npm:")
    if specifier.startswith("catalog:"):
        catalog = specifier.removeprefix("catalog:") or "default"
        entry = catalogs.get(catalog)
        entry = entry.get(name) if isinstance(entry, dict) else None
        version = entry.get("version") if isinstance(entry, dict) else None
        if not isinstance(version, str):
            raise file.error(f"{name!a} is in no catalog {catalog!a}", "settings", "catalogs")
        return version
    return "link:" if specifier.startswith(LINKS) else specifier
