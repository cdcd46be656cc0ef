"""package-lock.json and npm-shrinkwrap.json, versions 1 to 3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pratique.ecosystems.npm.lockfiles.npm_entries import Document, Fields
from pratique.ecosystems.npm.lockfiles.npm_packages import read_packages
from pratique.ecosystems.npm.lockfiles.npm_v1 import read_dependencies
from pratique.errors import LockfileError
from pratique.model.pin import Importer, Lockfile, Manager, Pin, Source
from pratique.syntax.json import read_json
from pratique.syntax.text import TextError

_VERSIONS = (1, 2, 3)
_LINKS = frozenset({Source.LINK, Source.WORKSPACE})


def read(source: bytes, path: str) -> Lockfile:
    """The pins of a package-lock.json or an npm-shrinkwrap.json; `path` tells which.

    npm 7 and later read `packages` wherever there is one, npm 5 and 6 read `dependencies`: so the
    form is decided by what is there. Where both are, a pin's note beginning with "disagrees:" says
    how the second differs from the first, and an entry that only the second has is a pin as well.

    Raises:
        LockfileError: It is malformed, of an unknown version, or beyond a bound.
    """
    try:
        value, lines = read_json(source)
    except TextError as error:
        raise LockfileError(path, error.line, error.message) from None
    document = Document(path, lines)
    if not isinstance(value, dict):
        raise document.error("a lockfile should be a JSON object")
    version = _version(document, value)
    pins = read_dependencies(document, value)
    importers: tuple[Importer, ...] = ()
    if value.get("packages") is not None:
        newer, importers = read_packages(document, value["packages"])
        pins = _compared(newer, pins)
    shrinkwrap = path.rpartition("/")[2] == "npm-shrinkwrap.json"
    return Lockfile(
        path=path,
        manager=Manager.NPM,
        format="npm-shrinkwrap" if shrinkwrap else "package-lock",
        version=str(version),
        pins=pins,
        importers=importers,
    )


def _version(document: Document, value: Fields) -> int:
    version = value.get("lockfileVersion")
    if version is None:
        if "dependencies" not in value and "packages" not in value:
            raise document.error("neither 'packages' nor 'dependencies': not a lockfile")
        return 1
    if type(version) is not int or version not in _VERSIONS:
        raise LockfileError(
            document.file,
            document.lines.of("lockfileVersion"),
            f"lockfileVersion {version!a} is not known",
            hint="versions 1 to 3 are read",
        )
    if version == 3 and "packages" not in value:
        raise document.error("lockfileVersion 3 without 'packages'", "lockfileVersion")
    return version


def _compared(pins: tuple[Pin, ...], mirror: tuple[Pin, ...]) -> tuple[Pin, ...]:
    """`pins` with what the other half of the file says differently in their notes."""
    folders = {pin.key: pin.url for pin in pins if pin.source in _LINKS and pin.url is not None}
    others: dict[str, Pin] = {}
    for pin in mirror:
        key = _through_links(pin.key, folders)
        others[pin.key if key in others else key] = pin
    compared = [_noted(pin, others.pop(pin.key, None)) for pin in pins]
    only = (replace(pin, key=key, note=_ONLY) for key, pin in others.items())
    return (*compared, *only)


_ONLY = "disagrees: only 'dependencies' has this entry, which npm 6 installs and npm 7 does not"


def _through_links(key: str, folders: dict[str, str]) -> str:
    """The path of an entry as `packages` has it: below the folder that a link leads to."""
    head, inside, rest = key.partition("/node_modules/")
    return f"{folders[head]}{inside}{rest}" if inside and head in folders else key


def _noted(pin: Pin, other: Pin | None) -> Pin:
    if other is None:
        return pin
    differing = list(_differences(pin, other))
    if not differing:
        return pin
    note = f"disagrees: 'dependencies' ({other.where}) has {', '.join(differing)}"
    return replace(pin, note=note)


def _differences(pin: Pin, other: Pin) -> Iterable[str]:
    """What `other`, from the half that npm 6 reads, says differently of the same entry."""
    if pin.source in _LINKS or other.source in _LINKS:
        if _folder(pin) != _folder(other):
            yield f"source {other.source} {_folder(other)!a}"
        return
    if pin.name != other.name:
        yield f"name {other.name!a}"
    if other.version and pin.version != other.version:
        yield f"version {other.version!a}"
    if (pin.url, pin.commit) != (other.url, other.commit):
        yield f"resolved {other.url!a}"
    if pin.integrity != other.integrity:
        yield f"integrity {other.integrity!a}"


def _folder(pin: Pin) -> str | None:
    return pin.url.removeprefix("file:") if pin.source in _LINKS and pin.url else None
