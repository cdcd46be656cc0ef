"""The tuples of bun.lock's `packages`: one form per kind of source.

npm                  ["name@1.0.0", url or "", {requirements}, integrity]
remote, local tarball ["name@https://...", {requirements}, integrity?]
git, github          ["name@git+https://...#commit", {requirements}, commit, integrity?]
folder, symlink      ["name@file:path", {requirements}]
workspace            ["name@workspace:path"], in version 0 with {requirements}
root                 ["name@root:", {}]
(bun's text lockfile, 1.1.39 to 1.4, source read 2026-11. The form follows from the first element.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pratique.ecosystems.npm.addresses import classify, classify_tarball
from pratique.ecosystems.npm.versions import is_version
from pratique.model.pin import Source

_ARCHIVE = re.compile(r"\.(?:tgz|tar\.gz|tar)$", re.IGNORECASE)
_SRI = re.compile(r"sha\d+-")
_FOLDERS = {"file:": Source.FILE, "link:": Source.LINK, "workspace:": Source.WORKSPACE}


@dataclass(frozen=True, slots=True)
class Tuple:
    """What a tuple says.

    Attributes:
        name: The package's own name.
        version: The version of an npm tuple; else "".
        source: By the address, where there is one.
        url, integrity: As recorded; None where absent or empty.
        commit: The commit of a git source.
        folder: The folder of a workspace; else None.
        fields: The requirements and what else is recorded of the manifest.
        url_at, fields_at, integrity_at: Their indices in the tuple; None where absent.
        odd: What is odd about it, else "".
    """

    name: str
    version: str
    source: Source
    fields: Mapping[str, object]
    url: str | None = None
    integrity: str | None = None
    commit: str | None = None
    folder: str | None = None
    url_at: int | None = None
    fields_at: int | None = None
    integrity_at: int | None = None
    odd: str = ""


class TupleError(ValueError):
    """A tuple of no known form; `at` is the index of the element that is wrong."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at
        self.message = message


def is_root(value: object) -> bool:
    """Whether a tuple stands for the project's own root."""
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], str)
        and value[0].endswith("@root:")
    )


def parse_tuple(value: object) -> Tuple:
    """What the tuple `value` says.

    Raises:
        TupleError: It is of no known form.
    """
    if not isinstance(value, list) or not value:
        raise TupleError(0, "should be a list with a resolution")
    resolution = _text(value, 0)
    at = resolution.find("@", 1)
    if at < 1:
        raise TupleError(0, f"the resolution {resolution!a} is not `name@reference`")
    name, reference = resolution[:at], resolution[at + 1 :]
    if is_version(reference):
        return _registered(name, reference, value)
    for prefix, source in _FOLDERS.items():
        if reference.startswith(prefix):
            return _folder(name, reference, source, value)
    return _elsewhere(name, reference, value)


def _registered(name: str, version: str, value: list[object]) -> Tuple:
    _check_length(value, 4, 4)
    url = _text(value, 1) or None
    return Tuple(
        name=name,
        version=version,
        source=Source.REGISTRY if url is None else classify_tarball(url, name, version),
        fields=_fields(value, 2),
        url=None if url is None else url.partition("#")[0],
        integrity=_text(value, 3) or None,
        url_at=None if url is None else 1,
        fields_at=2,
        integrity_at=3,
    )


def _folder(name: str, reference: str, source: Source, value: list[object]) -> Tuple:
    _check_length(value, 1 if source is Source.WORKSPACE else 2, 2)
    path = reference.partition(":")[2]
    return Tuple(
        name=name,
        version="",
        source=source,
        fields=_fields(value, 1) if len(value) > 1 else {},
        url=None if source is Source.WORKSPACE else reference,
        folder=path if source is Source.WORKSPACE else None,
        url_at=None if source is Source.WORKSPACE else 0,
        fields_at=1 if len(value) > 1 else None,
    )


def _elsewhere(name: str, reference: str, value: list[object]) -> Tuple:
    source, commit = classify(reference)
    if ":" not in reference and _ARCHIVE.search(reference):
        source = Source.FILE  # bun writes `github:` before a shorthand: `a/b.tgz` is a path
    if source is Source.GIT and not _is_plain_archive(reference, value):
        return _repository(name, reference, commit, value)
    if source is Source.REGISTRY:
        source = Source.UNKNOWN
    _check_length(value, 2, 3)
    return Tuple(
        name=name,
        version="",
        source=source,
        fields=_fields(value, 1),
        url=reference.partition("#")[0],
        integrity=(_text(value, 2) or None) if len(value) > 2 else None,
        commit=commit,
        url_at=0,
        fields_at=1,
        integrity_at=2 if len(value) > 2 else None,
        odd="its reference has no known form" if source is Source.UNKNOWN else "",
    )


def _is_plain_archive(reference: str, value: list[object]) -> bool:
    """A forge's archive, which bun locks as the tarball that it is: without a commit beside it."""
    last = value[2] if len(value) > 2 else "sha512-"
    is_url = reference.startswith(("http:", "https:"))
    return is_url and len(value) < 4 and isinstance(last, str) and bool(_SRI.match(last))


def _repository(name: str, reference: str, commit: str | None, value: list[object]) -> Tuple:
    _check_length(value, 3, 4)
    tag = _text(value, 2)
    named = reference.partition("#")[2]
    # A github tag is `owner-repository-commit`; a git one is the commit itself.
    agree = not named or tag.rpartition("-")[2].startswith(named) or named.startswith(tag)
    return Tuple(
        name=name,
        version="",
        source=Source.GIT,
        fields=_fields(value, 1),
        url=reference.partition("#")[0],
        integrity=(_text(value, 3) or None) if len(value) > 3 else None,
        commit=commit or named or tag or None,
        url_at=0,
        fields_at=1,
        integrity_at=3 if len(value) > 3 else None,
        odd="" if agree else f"disagrees: its reference says {named}, its tag says {tag}",
    )


def _check_length(value: list[object], least: int, most: int) -> None:
    if not least <= len(value) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise TupleError(0, f"has {len(value)} elements, not {wanted}")


def _text(value: list[object], at: int) -> str:
    found = value[at]
    if not isinstance(found, str):
        raise TupleError(at, f"element {at} should be a string")
    return found


def _fields(value: list[object], at: int) -> Mapping[str, object]:
    found = value[at]
    if not isinstance(found, dict):
        raise TupleError(at, f"element {at} should be an object")
    return found
