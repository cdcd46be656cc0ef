"""Real files, and a thousand damaged ones: the same values as CSafeLoader, or both refuse.

What `read_yaml` refuses and CSafeLoader takes is a closed list, `OURS`: everything else that only
one of the two takes is an error of ours.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

from pratique.syntax.text import TextError
from pratique.syntax.yaml import read_yaml

DATA = Path(__file__).parents[2] / "data" / "lockfiles" / "pnpm-lock"
SEED = 20261122
MUTATIONS = 1000
OURS = {
    "duplicate key": "the last one would win, silently: in a lockfile that is an attack",
    "an anchor": "no manager writes one; it hides what stands where",
    "an alias of nothing": "an alias inside its own anchor is a value without an end",
    "a tag": "a value of a type of its own",
    "a tag directive": "likewise",
    "not a value: '<<'": "a merge key: what it brings has no line of its own",
    "not a value: '='": "as a key, CSafeLoader takes it for text",
    "not a value: a number is too long": "beyond 4300 digits Python cannot print it",
    "not UTF-8": "libyaml reads UTF-16, too; no manager does",
    "merge conflict marker": "named in place of the error that it is; or it is a long scalar",
    "nested deeper": "a bound",
    "more than": "a bound",
}
TOKENS = (
    *(": ", "- ", "#", " #", "'", '"', "{", "}", "[", "]", ",", "&a ", "*a", "!x ", "|\n", ">-\n"),
    *("? ", "\t", "\r", "\r\n", "\x85", "\u2028", "\ufeff", "\x00", "\x7f", "---\n", "...\n"),
    *("%YAML 1.1\n", "<<: ", "~", "true", "1.0", "1_0", "0x1f", "2001-01-01", "1:30", "  ", " "),
    *("\n", "\n\n", "@", "`", "\\", "=", "null", "|-\n", "\xe9", "\U0001f600", "k" * 1030, "-"),
)


def lockfiles(shared: Path) -> list[bytes]:
    paths = [*shared.rglob("pnpm-lock.yaml"), *shared.rglob("pnpm-workspace.yaml")]
    assert len(paths) > 20
    return [path.read_bytes() for path in sorted([*paths, *DATA.rglob("*.yaml")])]


def reference(source: bytes) -> list[object] | None:
    try:
        return list(yaml.load_all(source, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, OverflowError):
        return None


def outcome(source: bytes) -> str:
    """How the two compare; the reason where only ours refuses."""
    expected = reference(source)
    try:
        found = [value for value, _ in read_yaml(source)]
    except TextError as error:
        reason = next((each for each in OURS if error.message.startswith(each)), error.message)
        return "both refuse" if expected is None else f"ours: {reason}"
    # repr tells 1 from True and 1.0, keeps the order of keys, and finds nan equal to itself.
    return "equal" if expected is not None and repr(found) == repr(expected) else "DIFFERENT"


def excerpt(source: bytes, chance: random.Random) -> bytes:
    """A large file's head and one stretch of it, so that a thousand take seconds."""
    lines = source.split(b"\n")
    if len(lines) < 400:
        return source
    start = chance.randrange(len(lines))
    return b"\n".join(lines[: chance.randrange(60)] + lines[start : start + 150])


def mutate(source: bytes, chance: random.Random) -> bytes:
    lines = source.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    at = chance.randrange(len(source) + 1)
    match chance.randrange(8):
        case 0:
            return source[:at] + bytes([chance.randrange(256)]) + source[at + 1 :]
        case 1:
            del lines[one]
        case 2:
            lines.insert(other, lines[one])
        case 3:
            lines[one], lines[other] = lines[other], lines[one]
        case 4:
            lines[one] = b" " * chance.randrange(1, 4) + lines[one]
        case 5:
            lines[one] = lines[one].removeprefix(b" " * chance.randrange(1, 3))
        case _:
            return source[:at] + chance.choice(TOKENS).encode() + source[at:]
    return b"\n".join(lines)


def mutations(sources: list[bytes]) -> Iterator[bytes]:
    chance = random.Random(SEED)  # noqa: S311  # repeatable, not secret
    for _ in range(MUTATIONS):
        source = excerpt(chance.choice(sources), chance)
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            source = mutate(source, chance)
        yield source


def test_real_files_have_the_same_values(shared: Path) -> None:
    assert {outcome(source) for source in lockfiles(shared)} == {"equal"}


def test_damaged_files_have_the_same_values_or_are_refused_by_both(shared: Path) -> None:
    counts = Counter(outcome(source) for source in mutations(lockfiles(shared)))
    allowed = {"equal", "both refuse", *(f"ours: {reason}" for reason in OURS)}
    assert counts.keys() <= allowed, counts
    assert counts["equal"] > MUTATIONS // 5, counts
    assert counts["both refuse"] > MUTATIONS // 5, counts
