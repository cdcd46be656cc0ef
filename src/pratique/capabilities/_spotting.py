"""What the families for code have in common: sites -> occurrences by tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pratique.capabilities._files import FILES
from pratique.capabilities.code.paths import UNRESOLVED
from pratique.capabilities.source import Form, Occurrence, Site, Source

USES = frozenset({Form.CALL, Form.NEW, Form.READ, Form.WRITE})


def seen(capability: str, site: Site) -> Occurrence:
    return Occurrence(capability, site.line, site.snippet)


def imported(source: Source, details: Mapping[str, str], family: str) -> Iterator[Occurrence]:
    """Occurrences of the imports of modules: specifier without `node:` -> detail."""
    for site in source.sites:
        if site.form is Form.IMPORT and site.value and site.path != "require.resolve":
            detail = details.get(site.value.removeprefix("node:"))
            if detail is not None:
                yield seen(f"{family}:{detail}" if detail else family, site)


def used(source: Source, details: Mapping[str, str], family: str) -> Iterator[Occurrence]:
    """Occurrences of the uses of dotted names, and of what lies below them: name -> detail."""
    for site in source.sites:
        if site.form in USES and (detail := _longest(site.path, details)) is not None:
            yield seen(f"{family}:{detail}" if detail else family, site)


def _longest(path: str, details: Mapping[str, str]) -> str | None:
    while path:
        if path in details:
            return details[path]
        path = path.rpartition(".")[0]
    return None


def imports_any(source: Source, modules: Collection[str]) -> bool:
    """Whether the file loads any of the modules."""
    return any(
        site.form is Form.IMPORT and (site.value or "").removeprefix("node:") in modules
        for site in source.sites
    )


def member_uses(source: Source, modules: Collection[str], names: Collection[str]) -> Iterator[Site]:
    """Uses of members of modules; of unknown objects, too, in a file that loads such a module.

    Which member of a module of files a computed one is, is not known: it is each of them.
    """
    loads = imports_any(source, modules)
    for site in source.sites:
        if site.form not in USES:
            continue
        base, colon, rest = site.path.partition(":")
        if colon and base in modules:
            parts = rest.removeprefix("promises.").split(".")
            if parts[0] in names or (parts[0] == UNRESOLVED and base in FILES):
                yield site
        elif loads and site.path[:2] == "?." and site.path[2:].partition(".")[0] in names:
            yield site
