"""How a lockfile is tampered with: one edit per format and kind, in the file's own text.

Each edit takes the entry's pin (from the untouched file) and returns the edited file. The kinds are
those of the table in tests/contract/tamper_matrix.toml.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pratique.model.package import Digest
from pratique.model.pin import Lockfile, Pin

WRONG = Digest("sha512", "e" * 128).sri
SHA1 = Digest("sha1", "5" * 40)
OTHER = "asked-for-by-nobody"
OTHER_VERSION = "1.0.0"
HOST = "https://registry.example/"
NEVER = "0.0.0-never-was"


def tarball(name: str, version: str, base: str = HOST) -> str:
    return f"{base}{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


def ends(kind: str, pin: Pin) -> str:
    """The address that an entry gets under `kind`."""
    return {
        "re-pointed": tarball(OTHER, OTHER_VERSION),
        "foreign-host": tarball(pin.name, pin.version, "https://files.evil.example/"),
        "http": tarball(pin.name, pin.version, "http://registry.example/"),
        "git": f"git+https://git.example/{OTHER}.git#{'d' * 40}",
    }[kind]


# -- JSON: package-lock and npm-shrinkwrap ---------------------------------------------------------

Entry = dict[str, Any]


def tamper_npm(source: str, locked: Lockfile, pins: list[Pin], kind: str) -> str:
    document = json.loads(source)
    for pin in pins:
        entry, siblings, key = _npm_entry(document, pin.key)
        _npm_edit(entry, siblings, key, pin, kind)
        if "packages" in document and kind == "never-existed":
            _forget_mirror(document, pin)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _forget_mirror(document: Entry, pin: Pin) -> None:
    """Version 2 holds a second half; an edit of the version is made in both."""
    for half in (document.get("dependencies") or {},):
        entry = _v1_entry(half, pin.key)
        if entry is not None:
            entry["version"] = NEVER


def _v1_entry(half: Entry, key: str) -> Entry | None:
    entry: Entry | None = None
    for name in re.split(r"(?:^|/)node_modules/", key)[1:]:
        entry = half.get(name)
        if entry is None:
            return None
        half = entry.get("dependencies", {})
    return entry


def _npm_entry(document: Entry, key: str) -> tuple[Entry, Entry, str]:
    if "packages" in document:
        return document["packages"][key], document["packages"], key
    half = document["dependencies"]
    *above, last = re.split(r"(?:^|/)node_modules/", key)[1:]
    for name in above:
        half = half[name]["dependencies"]
    return half[last], half, last


def _npm_edit(  # noqa: C901 - one branch per kind
    entry: Entry, siblings: Entry, key: str, pin: Pin, kind: str
) -> None:
    is_v1 = "node_modules/" not in key
    if kind in {"foreign-host", "http"}:
        entry["resolved"] = ends(kind, pin)
    elif kind == "re-pointed":
        entry.update(resolved=ends(kind, pin), integrity=WRONG)
    elif kind == "git":
        entry.pop("integrity", None)
        entry.update({"version": ends(kind, pin)} if is_v1 else {"resolved": ends(kind, pin)})
        if is_v1:
            entry.pop("resolved", None)
    elif kind == "stripped":
        entry.pop("integrity")
    elif kind == "wrong-digest":
        entry["integrity"] = WRONG
    elif kind == "sha1-only":
        entry["integrity"] = SHA1.sri
    elif kind == "alias" and is_v1:
        entry.update(version=f"npm:{OTHER}@{OTHER_VERSION}", resolved=tarball(OTHER, OTHER_VERSION))
    elif kind == "alias":
        entry.update(name=OTHER, version=OTHER_VERSION, resolved=tarball(OTHER, OTHER_VERSION))
    elif kind == "never-existed":
        entry.update(version=NEVER, resolved=tarball(pin.name, NEVER))
    elif kind == "disagreeing" and is_v1:
        twin = {**entry, "integrity": WRONG}
        twin.pop("dependencies", None)
        siblings[f"holder-of-{len(siblings)}"] = {
            "version": OTHER_VERSION, "resolved": tarball(OTHER, OTHER_VERSION),
            "integrity": WRONG, "bundled": True, "dependencies": {key: twin},
        }  # fmt: skip
    else:
        siblings[f"node_modules/holder/{key}"] = {**entry, "integrity": WRONG}


# -- lines: pnpm and yarn --------------------------------------------------------------------------


def _block(lines: list[str], pin: Pin) -> range:
    """The lines of an entry: its key and all that is indented below it."""
    first = (pin.where.line or 1) - 1
    depth = _depth(lines[first])
    last = first + 1
    while last < len(lines) and lines[last].strip() and _depth(lines[last]) > depth:
        last += 1
    return range(first, last)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def tamper_pnpm(source: str, locked: Lockfile, pins: list[Pin], kind: str) -> str:
    lines = source.splitlines()
    for pin in sorted(pins, key=lambda each: -(each.where.line or 0)):
        # The document of the manager's own is in the older form, whatever the project's is in.
        is_json = locked.version == "13.0" and not pin.key.startswith("env:")
        (_pnpm_13 if is_json else _pnpm_old)(lines, pin, kind)
    return "\n".join(lines) + "\n"


def alias_pnpm(source: str, locked: Lockfile, pins: list[Pin]) -> tuple[str, set[str]]:
    """A dependent's reference to each of `pins` turned to another entry: (file, those entries)."""
    others = [
        pin
        for pin in locked.pins
        if pin.is_release and (pin.digests or pin.checksum) and not pin.alias
    ]
    reached: set[str] = set()
    # What a project asks for stands above the entries, and would change with the reference.
    section = '"packages": {' if locked.version == "13.0" else "\npackages:\n"
    projects, section, entries = source.rpartition(section)
    for pin in pins:
        other = next((x for x in others if x.name != pin.name and x.key not in reached), None)
        if other is None:
            continue
        wanted = re.compile(
            rf"""^(\s+)(['"]?){re.escape(pin.name)}\2: (['"]?){re.escape(pin.version)}\3(,?)$""",
            re.MULTILINE,
        )
        slash = {"5.4": f"/{other.name}/{other.version}", "6.0": f"/{other.name}@{other.version}"}
        target = slash.get(locked.version, f"{other.name}@{other.version}")
        quote = '"' if locked.version == "13.0" else "'"
        edited, count = wanted.subn(
            rf"\1\2{pin.name}\2: {quote}{target}{quote}\4", entries, count=1
        )
        if count:
            entries = edited
            reached.add(other.key)
    return projects + section + entries, reached


def _pnpm_old(lines: list[str], pin: Pin, kind: str) -> None:
    at = (pin.digest_line or 1) - 1
    sri = pin.integrity or pin.checksum or ""
    new = {
        "re-pointed": f"{{integrity: {WRONG}, tarball: {tarball(OTHER, OTHER_VERSION)}}}",
        "stripped": f"{{tarball: {tarball(pin.name, pin.version)}}}",
        "wrong-digest": f"{{integrity: {WRONG}}}",
        "sha1-only": f"{{integrity: {SHA1.sri}}}",
        "git": f"{{type: git, repo: https://git.example/{OTHER}.git, commit: {'d' * 40}}}",
    }
    if kind in {"foreign-host", "http"}:
        new[kind] = f"{{integrity: {sri}, tarball: {ends(kind, pin)}}}"
    if kind in new:
        lines[at] = re.sub(r"resolution: \{.*\}", lambda _: f"resolution: {new[kind]}", lines[at])
        return
    key = (pin.where.line or 1) - 1
    if kind == "never-existed":
        _rename(lines, pin)
        return
    peer = (
        "_peer@9.9.9"
        if lines[key].lstrip(" '\"").startswith("/") and "@" not in pin.key[2:]
        else ""
    )
    block = [lines[each] for each in _block(lines, pin)]
    block[0] = re.sub(r"(['\"]?):$", lambda m: f"{peer or '(peer@9.9.9)'}{m.group(1)}:", block[0])
    block[at - key] = block[at - key].replace(sri, WRONG)
    lines[key:key] = [*block, ""]


def _rename(lines: list[str], pin: Pin) -> None:
    """The entry's key, and 9.0's keys of its combinations of peers, get another version."""
    written = re.compile(rf"""  (['"]?){re.escape(pin.key.removeprefix("env:"))}(?:\(.*)?\1: ?.*""")
    for at, line in enumerate(lines):
        if written.fullmatch(line):
            head, found, tail = line.partition(pin.version)
            assert found, line
            lines[at] = head + NEVER + tail


def _last(line: str, old: str, new: str) -> str:
    head, found, tail = line.rpartition(old)
    assert found, line
    return head + new + tail


def _pnpm_13(lines: list[str], pin: Pin, kind: str) -> None:
    at, key = (pin.digest_line or 1) - 1, (pin.where.line or 1) - 1
    url = {
        "re-pointed": tarball(OTHER, OTHER_VERSION),
        "foreign-host": tarball(pin.name, pin.version, "https://files.evil.example/"),
        "http": tarball(pin.name, pin.version, "http://registry.example/"),
    }
    sri = {"re-pointed": WRONG, "wrong-digest": WRONG, "sha1-only": SHA1.sri}
    if kind == "never-existed":
        lines[key] = _last(lines[key], pin.version, NEVER)
    elif kind == "git":
        repo = f"https://git.example/{OTHER}.git"
        origin = json.dumps({"commit": "d" * 40, "repo": repo, "type": "git"})
        lines[at] = f'\t\t\t"resolution": {origin},'
    elif kind == "stripped":
        del lines[at]
    else:
        recorded = pin.integrity or pin.checksum
        lines[at] = f'\t\t\t"integrity": "{sri.get(kind, recorded)}",'
    if kind in url:
        lines.insert(at, f'\t\t\t"resolution": {json.dumps({"tarball": url[kind]})},')


def tamper_classic(source: str, locked: Lockfile, pins: list[Pin], kind: str) -> str:
    lines = source.splitlines()
    for pin in sorted(pins, key=lambda each: -(each.where.line or 0)):
        _classic(lines, pin, kind)
    return "\n".join(lines) + "\n"


def _classic(lines: list[str], pin: Pin, kind: str) -> None:  # noqa: C901 - one branch per kind
    key = (pin.where.line or 1) - 1
    block = _block(lines, pin)
    text = [lines[each] for each in block]

    def put(field: str, value: str | None) -> None:
        kept = [line for line in text if not line.startswith(f"  {field} ")]
        if value is not None:
            kept.insert(2, f"  {field} {value}")
        text[:] = kept

    if kind in {"foreign-host", "http", "git"}:
        put("resolved", f'"{ends(kind, pin)}"')
        if kind == "git":
            put("integrity", None)
    elif kind == "re-pointed":
        put("integrity", WRONG)
        put("resolved", f'"{ends(kind, pin)}"')
    elif kind == "stripped":
        put("integrity", None)
        put("resolved", f'"{tarball(pin.name, pin.version)}"')
    elif kind == "wrong-digest":
        put("resolved", f'"{tarball(pin.name, pin.version)}"')
        put("integrity", WRONG)
    elif kind == "sha1-only":
        put("integrity", None)
        put("resolved", f'"{tarball(pin.name, pin.version)}#{SHA1.hex}"')
    elif kind == "alias":
        text[0] = f'"{pin.name}@npm:{OTHER}@{OTHER_VERSION} || {pin.version}", {text[0]}'
        put("resolved", f'"{tarball(OTHER, OTHER_VERSION)}"')
        text[1] = f'  version "{OTHER_VERSION}"'
    elif kind == "never-existed":
        put("resolved", f'"{tarball(pin.name, NEVER)}"')
        text[1] = f'  version "{NEVER}"'
    else:
        twin = [f'"{pin.name}@99 || {pin.version}":', *text[1:]]
        twin = [f"  integrity {WRONG}" if x.startswith("  integrity ") else x for x in twin]
        twin = [re.sub(r"#[0-9a-f]{40}", "", line) for line in twin]
        text[0:0] = [*twin, ""]
    lines[key : block.stop] = text


def tamper_berry(source: str, locked: Lockfile, pins: list[Pin], kind: str) -> str:
    lines = source.splitlines()
    for pin in sorted(pins, key=lambda each: -(each.where.line or 0)):
        _berry(lines, pin, kind)
    return "\n".join(lines) + "\n"


def _berry(lines: list[str], pin: Pin, kind: str) -> None:
    block = _block(lines, pin)
    text = [lines[each] for each in block]
    resolution = next(n for n, line in enumerate(text) if line.startswith("  resolution: "))
    version = next(n for n, line in enumerate(text) if line.startswith("  version: "))
    locator = f"{pin.name}@npm:{pin.version}"
    if kind in {"re-pointed", "foreign-host", "http"}:
        address = ends(kind, pin).replace(":", "%3A").replace("/", "%2F")
        text[resolution] = f'  resolution: "{locator}::__archiveUrl={address}"'
    elif kind == "git":
        repo = f"https://git.example/{OTHER}.git#commit={'d' * 40}"
        text[resolution] = f'  resolution: "{pin.name}@{repo}"'
    elif kind == "stripped":
        text = [line for line in text if not line.startswith("  checksum: ")]
    elif kind == "alias":
        text[resolution] = f'  resolution: "{OTHER}@npm:{OTHER_VERSION}"'
        text[version] = f"  version: {OTHER_VERSION}"
    elif kind == "never-existed":
        text[resolution] = f'  resolution: "{pin.name}@npm:{NEVER}"'
        text[version] = f"  version: {NEVER}"
    else:
        twin = [f'"{pin.name}@npm:99 || {pin.version}":', *text[1:]]
        checksum = "10c0/" + "e" * 128
        twin = [f"  checksum: {checksum}" if x.startswith("  checksum") else x for x in twin]
        text[0:0] = [*twin, ""]
    lines[block.start : block.stop] = text


# -- tuples: bun -----------------------------------------------------------------------------------


def tamper_bun(source: str, locked: Lockfile, pins: list[Pin], kind: str) -> str:
    lines = source.splitlines()
    for pin in pins:
        at = (pin.where.line or 1) - 1
        found = re.fullmatch(r'(\s*)("(?:[^"\\]|\\.)*"): (\[.*\]),?', lines[at])
        assert found, lines[at]
        indent, key, written = found.groups()
        lines[at] = _bun(indent, key, json.loads(written), pin, kind)
    return "\n".join(lines) + "\n"


def _bun(indent: str, key: str, entry: list[Any], pin: Pin, kind: str) -> str:
    twin = ""
    if kind in {"re-pointed", "foreign-host", "http"}:
        entry[1] = ends(kind, pin)
        entry[3] = WRONG if kind == "re-pointed" else entry[3]
    elif kind == "git":
        entry = [f"{pin.name}@{ends(kind, pin)}", entry[2], "d" * 40]
    elif kind == "stripped":
        entry[3] = ""
    elif kind == "wrong-digest":
        entry[3] = WRONG
    elif kind == "sha1-only":
        entry[3] = SHA1.sri
    elif kind == "alias":
        entry[0] = f"{OTHER}@{OTHER_VERSION}"
    elif kind == "never-existed":
        entry[0] = f"{pin.name}@{NEVER}"
    else:
        other = [*entry[:3], WRONG]
        twin = f"\n{indent}{json.dumps('holder/' + json.loads(key))}: {json.dumps(other)},"
    return f"{indent}{key}: {json.dumps(entry)},{twin}"


TAMPERINGS = {
    "npm-shrinkwrap": tamper_npm,
    "package-lock": tamper_npm,
    "pnpm-lock": tamper_pnpm,
    "yarn-classic": tamper_classic,
    "yarn-berry": tamper_berry,
    "bun": tamper_bun,
}
