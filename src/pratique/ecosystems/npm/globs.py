"""Path patterns of workspaces and of exclusions: `*`, `?`, `[...]`, `**`, `{a,b}`, `!`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from functools import lru_cache

_LONGEST = 1024
_MOST_ALTERNATIVES = 64
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")


def chosen(paths: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """The paths that a pattern names and that no pattern with a leading `!` names, in order."""
    wanted = [plain(each) for each in patterns if not each.startswith("!")]
    unwanted = [plain(each[1:]) for each in patterns if each.startswith("!")]
    return [
        path
        for path in paths
        if any(matches(path, each) for each in wanted)
        and not any(matches(path, each) for each in unwanted)
    ]


def plain(pattern: str) -> str:
    """`packages/*` of `./packages/*/`."""
    return pattern.removeprefix("./").strip("/")


def alternatives(pattern: str) -> tuple[str, ...]:
    """The patterns that one with braces stands for; none beyond the bounds of `matches`."""
    return tuple("/".join(steps) for steps in _alternatives(pattern))


def matches(path: str, pattern: str) -> bool:
    """Whether `pattern` names the whole of `path`; both with forward slashes.

    `*` and `?` stay inside one directory and do not name what begins with a dot; `**` is any
    number of directories. A pattern beyond 1,024 characters or 64 alternatives names nothing.
    """
    parts = path.split("/") if path else []
    return any(_reaches(steps, parts) for steps in _alternatives(pattern))


def _reaches(steps: tuple[str, ...], parts: list[str]) -> bool:
    """Linear in both: the set of positions in `parts` that the steps so far can reach."""
    reached = {0}
    for step in steps:
        if step == "**":
            first = min(reached, default=len(parts) + 1)
            reached = set(range(first, len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and _is(parts[at], step)}
    return len(parts) in reached


def _is(part: str, step: str) -> bool:
    if part.startswith(".") and not step.startswith("."):
        return False
    return _compiled(step).match(part) is not None


@lru_cache(maxsize=4096)
def _compiled(step: str) -> re.Pattern[str]:
    return re.compile(translate(step))


@lru_cache(maxsize=1024)
def _alternatives(pattern: str) -> tuple[tuple[str, ...], ...]:
    """The pattern's steps, once for each way through its braces."""
    if len(pattern) > _LONGEST:
        return ()
    waiting = [pattern]
    done: list[tuple[str, ...]] = []
    while waiting:
        if len(waiting) + len(done) > _MOST_ALTERNATIVES:
            return ()
        each = waiting.pop()
        found = _BRACES.search(each)
        if found is None:
            done.append(tuple(each.split("/")) if each not in {"", "."} else ())
        else:
            head, tail = each[: found.start()], each[found.end() :]
            waiting.extend(f"{head}{middle}{tail}" for middle in found[1].split(","))
    return tuple(done)
