"""Locators and descriptors of yarn 2 and later: `name@protocol:source#selector::parameters`.

The grammar is that of yarn's `structUtils.parseRange` (yarn 2.4 to 4.18, read 2026-11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from pratique.ecosystems.npm.addresses import classify, classify_tarball
from pratique.ecosystems.npm.versions import is_version
from pratique.model.pin import Source

_DEEPEST_PATCH = 4
_BUILTIN = re.compile(r"(?:optional!|~)?builtin<([^<>]+)>")
# What JavaScript's encodeURIComponent leaves, beyond what Python's quote does.
_JAVASCRIPT_SAFE = "!'()*"


@dataclass(frozen=True, slots=True)
class Locator:
    """What a `resolution` says of an entry.

    Attributes:
        name: The package's own name; for a patch, that of what is patched.
        version: The version of an `npm:` reference; "" for every other.
        source: By the reference's protocol and address.
        url: The address that the reference holds, without fragment and parameters, or None.
        commit: The commit of a git source.
        patch: The patches laid over it, joined by "&": paths, or `builtin:<name>`.
        inner: What is patched, as a locator; else None.
        folder: The folder of a workspace ("" for the root); else None.
        odd: What is odd about it, else "".
    """

    name: str
    version: str
    source: Source
    url: str | None = None
    commit: str | None = None
    patch: str | None = None
    inner: str | None = None
    folder: str | None = None
    odd: str = ""


def split_ident(text: str) -> tuple[str, str] | None:
    """`name@reference` in its two parts; None where there is no such "@"."""
    at = text.find("@", 1)
    return (text[:at], text[at + 1 :]) if at > 0 else None


def parse_locator(text: str, version: str) -> Locator | None:
    """The locator that `text` is, or None where it is none.

    Args:
        text: A `resolution`, verbatim.
        version: The entry's own `version`, which a tarball's address is compared with.
    """
    return _parse(text, version, 0)


def _parse(text: str, version: str, depth: int) -> Locator | None:
    parts = split_ident(text)
    if parts is None:
        return None
    name, reference = parts
    if reference.startswith("patch:"):
        return _patched(name, reference, version, depth)
    if reference.startswith("npm:"):
        return _registered(name, reference)
    return _elsewhere(name, reference, version)


def _registered(name: str, reference: str) -> Locator:
    selector, _, parameters = reference.removeprefix("npm:").partition("::")
    if not is_version(selector):
        odd = "its npm: reference is not an exact version"
        return Locator(name, selector, Source.UNKNOWN, odd=odd)
    urls = [value for name, value in parse_qsl(parameters) if name == "__archiveUrl"]
    if len(urls) > 1:
        return Locator(name, selector, Source.UNKNOWN, urls[0], odd="it has several addresses")
    url = urls[0] if urls else None
    source = Source.REGISTRY if url is None else classify_tarball(url, name, selector)
    return Locator(name, selector, source, url=url)


def _elsewhere(name: str, reference: str, version: str) -> Locator:
    plain = reference.partition("::")[0]
    if plain.startswith("workspace:"):
        folder = unquote(plain.removeprefix("workspace:"))
        return Locator(name, "", Source.WORKSPACE, folder="" if folder == "." else folder)
    source, commit = classify(plain)
    address = plain.partition("#")[0]
    if source is Source.REMOTE:
        source = classify_tarball(plain, name, version)
    elif source is Source.REGISTRY:
        return Locator(name, "", Source.UNKNOWN, odd="its reference has no known protocol")
    return Locator(name, "", source, url=address, commit=commit)


def _patched(name: str, reference: str, version: str, depth: int) -> Locator:
    below, _, selector = reference.removeprefix("patch:").partition("#")
    inner_text = unquote(below)
    inner = _parse(inner_text, version, depth + 1) if depth < _DEEPEST_PATCH else None
    patch = _patch_names(selector.partition("::")[0])
    if inner is None:
        return Locator(name, "", Source.UNKNOWN, patch=patch, odd="a patch over no locator")
    return Locator(
        name=inner.name,
        version=inner.version,
        source=inner.source,
        url=inner.url,
        commit=inner.commit,
        patch=f"{inner.patch}&{patch}" if inner.patch else patch,
        inner=inner_text,
        folder=inner.folder,
        odd=inner.odd or ("" if inner.name == name else f"a patch named {name!a}"),
    )


def _patch_names(selector: str) -> str:
    names = []
    for path in unquote(selector).split("&"):
        builtin = _BUILTIN.fullmatch(path)
        names.append(f"builtin:{builtin[1]}" if builtin else path.removeprefix("optional!"))
    return "&".join(names)


def builtin_target(descriptor: str) -> str | None:
    """The descriptor that yarn silently replaces by this one: what a builtin patch lies over.

    Yarn lays its compatibility patches over some packages without being asked: who depends on
    `resolve@npm:^1` gets `resolve@patch:resolve@npm%3A^1#optional!builtin<compat/resolve>`.
    """
    parts = split_ident(descriptor)
    if parts is None or not parts[1].startswith("patch:"):
        return None
    below, _, selector = parts[1].removeprefix("patch:").partition("#")
    if not _BUILTIN.fullmatch(unquote(selector.partition("::")[0])):
        return None
    return with_protocol(unquote(below))


def with_protocol(descriptor: str) -> str:
    """`name@^1` as `name@npm:^1`: yarn 2 and 3 leave the default protocol out of requirements."""
    parts = split_ident(descriptor)
    if parts is None:
        return descriptor
    name, wanted = parts
    bare = (
        re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|[^\s@]+@[^\s@]+:", wanted) is None and "/" not in wanted
    )
    return f"{name}@npm:{wanted}" if bare else descriptor


def bound_to(descriptor: str, parent: str) -> str:
    """A descriptor with a relative path, bound to the locator of the package that asks for it."""
    return f"{descriptor}::locator={quote(parent, safe=_JAVASCRIPT_SAFE)}"
