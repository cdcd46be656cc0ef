"""Names in an archive -> paths below the package, and which of them some systems hold for one."""

from __future__ import annotations

import re
import unicodedata

from pratique.archives.archive import Limits

_PLAIN = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)+", re.ASCII)
"""Most names: nothing of what is looked for below can be in them, but their length and depth."""
_DRIVE = re.compile(r"[A-Za-z]:")


def path_of(name: str, limits: Limits) -> tuple[str, str]:
    """(path without its first folder, what is odd about the name); the path is "" where it is odd.

    npm, pnpm and yarn drop the first part whatever it is called: `./package/a` becomes `package/a`.
    """
    if _PLAIN.fullmatch(name) and len(name) <= min(limits.name, limits.part):
        rest = name[name.index("/") + 1 :]
        if rest.count("/") < limits.depth - 1:
            return rest, ""
    if "\0" in name:
        return "", "holds a name with a NUL byte"
    if name.startswith("/") or "\\" in name or _DRIVE.match(name):
        return "", f"holds the name {name[:80]!r}, which leaves the package on some systems"
    first, _, rest = name.partition("/")
    parts = [part for part in rest.split("/") if part not in {"", "."}]
    if ".." in (first, *parts):
        return "", f"holds the name {name[:80]!r}, which leaves the package"
    if first == "." or (parts and _DRIVE.match(parts[0])):
        return "", f"holds the name {name[:80]!r}, whose first folder readers do not agree on"
    if _is_too_long(name, parts, limits):
        return "", "holds a name that is too long or too deep"
    if not parts:
        # Some clients drop the first part and so this file; others keep its name.
        return "", f"holds the file {name[:80]!r} outside of its folder"
    return "/".join(parts), ""


def _is_too_long(name: str, parts: list[str], limits: Limits) -> bool:
    if len(parts) >= limits.depth or len(name.encode("utf-8", "replace")) > limits.name:
        return True
    return len(name) > limits.part // 4 and any(
        len(part.encode("utf-8", "replace")) > limits.part for part in parts
    )


def key_of(path: str) -> str:
    """Equal for paths that some file system holds for one.

    Case and composition of letters (macOS, Windows); dots and spaces at the end of a part, and
    what follows a colon (Windows).
    """
    if not path.isascii():
        path = unicodedata.normalize("NFKD", path).casefold()
    path = path.lower()
    if ":" in path or " " in path or "./" in path or path[-1:] == ".":
        parts = (part.partition(":")[0].rstrip(" .") for part in path.split("/"))
        return "/".join(parts)
    return path
