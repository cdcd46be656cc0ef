"""Points a project's settings file at a registry, and takes that back byte for byte. Pure.

What is written stands between two marks; a line that says otherwise stays where it is, as a
comment. Undoing drops what stands between the marks and gives the other lines back, so that
whatever somebody added meanwhile stays, too. Nothing is written that does not read back as meant,
or that could not be undone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from pratique.ecosystems.npm.settings import bun, npm, pnpm, yarn_berry, yarn_classic
from pratique.ecosystems.npm.settings.ini import read_ini
from pratique.ecosystems.npm.settings.named import Named
from pratique.ecosystems.npm.settings.pnpm import read_document
from pratique.errors import ManifestError, UsageError
from pratique.model.pin import Manager
from pratique.model.registry import normalised
from pratique.syntax.text import TextError

_BEGIN = "# pratique setup: begin"
_END = "# pratique setup: end"
_WAS = "#pratique setup was# "
"""Before a line that stood here."""
_MADE = " (and made this file)"
_JOINED = " (and the newline before)"
_BOM = "\ufeff"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~%/-]*")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TABLE = re.compile(r"\s*\[")
_INSTALL = re.compile(r"\s*\[\s*install\s*\]\s*(?:#.*)?$")

Lines = list[str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of a file: which lines are commented, what is added, and before which line."""

    old: frozenset[int]
    added: tuple[str, ...]
    at: int


def address(url: str) -> str:
    """The registry's address as it is written.

    Raises:
        UsageError: It is none, or has a part that does not belong into a project's file.
    """
    base = normalised(url)
    if base is None or not _ADDRESS.fullmatch(base):
        hint = "as in http://127.0.0.1:4873/"
        raise UsageError(f"{url} is not the address of a registry", hint=hint)
    if "@" in urlsplit(url).netloc:
        hint = "give the token to the client: `npm login`, or its user's own settings"
        raise UsageError("an address with a password is not written into a project", hint=hint)
    return base


def pointed(file: str, source: bytes | None, url: str) -> bytes:
    """The settings file with `url` as its default registry; made where `source` is None.

    Args:
        file: Its name: `.npmrc`, `pnpm-workspace.yaml`, `.yarnrc`, `.yarnrc.yml`, `bunfig.toml`.
        source: Its bytes.
        url: From `address`.

    Raises:
        UsageError: It cannot be read, or says it in a way that is not understood.
    """
    if source is not None and is_pointed(source):
        source = unpointed(source)
    text = _text(file, source or b"")
    bom, lines = _BOM if text.startswith(_BOM) else "", _LINE.findall(text.removeprefix(_BOM))
    try:
        plan = _PLANS[file](lines, url)
        written = (bom + _written(lines, plan, is_new=source is None)).encode("utf-8")
        is_right = unpointed(written) == source and _says(file, written, source or b"", url)
    except (ManifestError, TextError, ValueError, RecursionError) as error:
        raise _by_hand(file, url, str(error)) from None
    if not is_right:
        raise _by_hand(file, url, "it says it in a way that is not understood")
    return written


def is_pointed(source: bytes) -> bool:
    """Whether `pointed` wrote it."""
    marks = (_BEGIN.encode(), _WAS.encode())
    return any(source.startswith(mark) or b"\n" + mark in source for mark in marks) or any(
        source.startswith(_BOM.encode() + mark) or b"\r" + mark in source for mark in marks
    )


def unpointed(source: bytes) -> bytes | None:
    """The file as it was; None where it was not there.

    Raises:
        UsageError: One of the marks is gone.
    """
    text = _text("it", source)
    bom, kept, is_new, inside = "", Lines(), False, False
    if text.startswith(_BOM):
        bom, text = _BOM, text.removeprefix(_BOM)
    for line in _LINE.findall(text):
        if line.startswith(_BEGIN) and not inside:
            inside = True
            is_new = is_new or _MADE in line
            if _JOINED in line and kept:
                kept[-1] = kept[-1].removesuffix(_newline_of(line))
        elif line.startswith(_END) and inside:
            inside = False
        elif not inside:
            kept.append(line.removeprefix(_WAS))
    if inside:
        raise UsageError(f"the line `{_END}` is gone", hint="take the added lines out by hand")
    left = (bom + "".join(kept)).encode("utf-8")
    return None if is_new and not left else left


def _by_hand(file: str, url: str, why: str) -> UsageError:
    lines = "\n".join(_BY_HAND[file](url))
    return UsageError(f"{file} is left as it is: {why}", hint=f"write into it by hand:\n{lines}")


def _text(file: str, source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{file} is left as it is: it is not UTF-8") from None


def _newline_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _written(lines: Sequence[str], plan: _Plan, *, is_new: bool) -> str:
    newline = next((found for line in lines if (found := _newline_of(line))), "\n")
    before = [_WAS + line if n in plan.old else line for n, line in enumerate(lines[: plan.at])]
    after = [_WAS + line if n in plan.old else line for n, line in enumerate(lines)][plan.at :]
    if not plan.added:
        return "".join(before + after)
    joins = bool(before) and not _newline_of(before[-1])
    notes = (_MADE if is_new else "") + (_JOINED if joins else "")
    block = [f"{_BEGIN}{notes}", *plan.added, _END]
    start = [newline] if joins else []
    return "".join([*before, *start, *(line + newline for line in block), *after])


# -- npm, pnpm: .npmrc ----------------------------------------------------------------------------


def _npmrc_lines(url: str) -> tuple[str, ...]:
    return f"registry={url}", "replace-registry-host=always"


def _npmrc(lines: Lines, url: str) -> _Plan:
    ours = {"registry", "replace-registry-host"}
    entries = read_ini("".join(lines).encode())
    old = frozenset(each.line - 1 for each in entries if each.key in ours)
    return _Plan(old, _npmrc_lines(url), 0)


def _npmrc_says(written: bytes, _source: bytes, url: str) -> bool:
    found = [each.value for each in read_ini(written) if each.key == "registry"]
    return found == [url]


# -- pnpm: pnpm-workspace.yaml --------------------------------------------------------------------


def _workspace_lines(url: str) -> tuple[str, ...]:
    return "registries:", f'  default: "{url}"'


def _workspace(lines: Lines, url: str) -> _Plan:
    """Only where the file states a registry itself; else .npmrc is what counts.

    pnpm 10 fails where `registries` lacks a default, so that is replaced and not only commented.
    """
    document, where = read_document("".join(lines).encode(), pnpm.FILE)
    old = _extent(lines, where.of("registry") - 1) if "registry" in document else set()
    named = document.get("registries")
    if not isinstance(named, Mapping) or "default" not in named:
        return _Plan(frozenset(old), (), 0)
    at = where.of("registries", "default") - 1
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    return _Plan(frozenset({*old, at}), (f'{indent}default: "{url}"',), at)


def _workspace_says(written: bytes, source: bytes, url: str) -> bool:
    now, _ = read_document(written, pnpm.FILE)
    before, _ = read_document(source, pnpm.FILE)
    stated = pnpm.read_workspace(written, pnpm.FILE, Named(Manager.PNPM)).registry
    is_ours = stated is None or stated[0] == url
    return is_ours and _without_default(now) == _without_default(before)


def _is_silent(workspace: bytes) -> bool:
    return pnpm.read_workspace(workspace, pnpm.FILE, Named(Manager.PNPM)).registry is None


def _without_default(document: Mapping[str, object]) -> dict[str, object]:
    """The settings that are to stay."""
    rest = {key: value for key, value in document.items() if key != "registry"}
    named = rest.pop("registries", None)
    if isinstance(named, Mapping):
        named = {key: value for key, value in named.items() if key != "default"}
    return {**rest, "registries": named} if named else rest


# -- yarn 1: .yarnrc ------------------------------------------------------------------------------


def _yarnrc_lines(url: str) -> tuple[str, ...]:
    return (f'registry "{url}"',)


def _yarnrc(lines: Lines, url: str) -> _Plan:
    entries = yarn_classic.read_entries("".join(lines).encode())
    old = frozenset(each.line - 1 for each in entries if each.key == "registry")
    return _Plan(old, _yarnrc_lines(url), 0)


def _yarnrc_says(written: bytes, _source: bytes, url: str) -> bool:
    entries = yarn_classic.read_entries(written)
    return [each.value for each in entries if each.key == "registry"] == [url]


# -- yarn 4: .yarnrc.yml --------------------------------------------------------------------------

_SERVER, _UNSAFE = "npmRegistryServer", "unsafeHttpWhitelist"


def _yarn_berry_lines(url: str, listed: Sequence[str] = ()) -> tuple[str, ...]:
    parts = urlsplit(url)
    server = f'{_SERVER}: "{url.rstrip("/")}"'
    if parts.scheme == "https":
        return (server,)
    hosts = dict.fromkeys((*listed, parts.hostname or ""))
    return server, f"{_UNSAFE}:", *(f'  - "{host}"' for host in hosts)


def _yarn_berry(lines: Lines, url: str) -> _Plan:
    document, where = read_document("".join(lines).encode(), yarn_berry.FILE)
    parts = urlsplit(url)
    is_open = parts.scheme == "http"
    if is_open and parts.hostname not in _LOOPBACK:
        raise ValueError("over http yarn is only let to this machine; give an https address")
    listed = document.get(_UNSAFE) or []
    if not isinstance(listed, list) or not all(_is_host(host) for host in listed):
        raise ValueError(f"{_UNSAFE} is no list of hosts")
    keys = (_SERVER, _UNSAFE) if is_open else (_SERVER,)
    old = [_extent(lines, where.of(key) - 1) for key in keys if key in document]
    added = _yarn_berry_lines(url, listed)
    return _Plan(frozenset().union(*old), added, _after_start(lines))


def _is_host(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and not set(value) & set('"\\')


def _yarn_berry_says(written: bytes, source: bytes, url: str) -> bool:
    now, _ = read_document(written, yarn_berry.FILE)
    before, _ = read_document(source, yarn_berry.FILE)
    ours = {_SERVER, _UNSAFE}
    rest = {key: value for key, value in now.items() if key not in ours}
    same = rest == {key: value for key, value in before.items() if key not in ours}
    return same and now.get(_SERVER) == url.rstrip("/")


def _after_start(lines: Lines) -> int:
    """Behind a document's start: what stands before it would be a document of its own."""
    for number, line in enumerate(lines):
        if line.startswith("---"):
            return number + 1
        if line.strip() and line[0] not in "#%":
            break
    return 0


def _extent(lines: Lines, first: int) -> set[int]:
    """The lines of a top-level member of a block mapping."""
    last = first
    for number in range(first + 1, len(lines)):
        line = lines[number]
        if (line[0] in " \t" and line.strip()) or re.match(r"-(?:\s|$)", line):
            last = number
        elif line.strip() and line[0] != "#":
            break
    return set(range(first, last + 1))


# -- bun: bunfig.toml -----------------------------------------------------------------------------


def _bunfig_lines(url: str) -> tuple[str, ...]:
    return "[install]", f'registry = "{url}"'


def _bunfig(lines: Lines, url: str) -> _Plan:
    """Into the table `install` where there is one, else before the first table, or at the end."""
    table, line = _bunfig_lines(url)
    tables = [n for n, each in enumerate(lines) if _TABLE.match(each)]
    own = next((n for n in tables if _INSTALL.match(lines[n].rstrip("\r\n"))), None)
    if own is None:
        return _Plan(frozenset(), (table, line), tables[0] if tables else len(lines))
    end = next((n for n in tables if n > own), len(lines))
    old = frozenset(n for n in range(own + 1, end) if re.match(r"\s*registry\s*=", lines[n]))
    return _Plan(old, (line,), own + 1)


def _bunfig_says(written: bytes, source: bytes, url: str) -> bool:
    now, before = (tomllib.loads(_text(bun.FILE, each).removeprefix(_BOM))
                   for each in (written, source))  # fmt: skip
    install = before.setdefault("install", {})
    if not isinstance(install, dict):
        return False
    install["registry"] = url
    return now == before


# -- all of them ----------------------------------------------------------------------------------

_PLANS: Mapping[str, Callable[[Lines, str], _Plan]] = MappingProxyType({
    npm.FILE: _npmrc,
    pnpm.FILE: _workspace,
    yarn_classic.FILE: _yarnrc,
    yarn_berry.FILE: _yarn_berry,
    bun.FILE: _bunfig,
})  # fmt: skip
_READ: Mapping[str, Callable[[bytes, bytes, str], bool]] = MappingProxyType({
    npm.FILE: _npmrc_says,
    pnpm.FILE: _workspace_says,
    yarn_classic.FILE: _yarnrc_says,
    yarn_berry.FILE: _yarn_berry_says,
    bun.FILE: _bunfig_says,
})  # fmt: skip
_BY_HAND: Mapping[str, Callable[[str], tuple[str, ...]]] = MappingProxyType({
    npm.FILE: _npmrc_lines,
    pnpm.FILE: _workspace_lines,
    yarn_classic.FILE: _yarnrc_lines,
    yarn_berry.FILE: _yarn_berry_lines,
    bun.FILE: _bunfig_lines,
})  # fmt: skip


def _says(file: str, written: bytes, source: bytes, url: str) -> bool:
    return _READ[file](written, source, url)


def files_of(manager: str, present: Mapping[str, bytes], package_manager: str = "") -> tuple[
    str, ...
]:  # fmt: skip
    """The settings files to write for `npm`, `pnpm`, `yarn` or `bun`.

    Args:
        manager: Whose.
        present: Name -> bytes of the settings files and of the yarn.lock that the project has.
        package_manager: What the manifest names (`yarn@4.1.0`); "" for nothing.
    """
    if manager == "pnpm":
        states = present.get(pnpm.FILE)
        return (npm.FILE, pnpm.FILE) if states and _speaks(states) else (npm.FILE,)
    if manager == "yarn":
        return tuple(_yarn_files(present, package_manager))
    return (npm.FILE,) if manager == "npm" else (bun.FILE,)


def _speaks(workspace: bytes) -> bool:
    return is_pointed(workspace) or not _is_silent(workspace)


def _yarn_files(present: Mapping[str, bytes], package_manager: str) -> Iterator[str]:
    """Both yarns read different files; where nothing tells which it is, both."""
    name, _, version = package_manager.partition("@")
    lock = present.get("yarn.lock", b"")
    new = name == "yarn" and version[:1].isdigit() and not version.startswith(("0.", "1."))
    new = new or yarn_berry.FILE in present or b"__metadata:" in lock
    old = (name == "yarn" and version.startswith("1.")) or b"# yarn lockfile v1" in lock
    if old or not new:
        # yarn 1 prefers what any .npmrc says, the user's too, to its own file (tested).
        yield npm.FILE
        yield yarn_classic.FILE
    if new or not old:
        yield yarn_berry.FILE
