"""The errors that pratique raises on purpose, and the exit codes.

PratiqueError            every error below; has a hint
├── UsageError           a wrong argument, a path that is not there            exit 2
├── PolicyError          pratique.toml cannot be read or contradicts itself    exit 2
├── SettingsError        the user's own package-manager settings are unusable  exit 2
├── LockfileError        a lockfile is malformed or beyond a bound             exit 3, undecided
├── ManifestError        a package.json is malformed or beyond a bound         exit 3, undecided
├── LedgerError          pratique.lock is malformed or beyond a bound           exit 3, undecided
├── BlocklistError       a blocklist is malformed or beyond a bound             exit 3, undecided
├── ArtifactError        an artifact to look at could not be had or read        exit 3
├── RefusedError         evidence does not hold: a signature, a bundle, a key   exit 1
├── RepositoryError      git or the work tree could not be read                exit 3
└── StoreError           the store is newer than the program, or damaged       exit 4
    └── StoreUnavailableError   full, read-only, busy, unreachable              exit 4

What a registry fails to answer is never an exception: it is a `Missing` fact. Only where that
leaves nothing to report (`inspect`, `diff`) does the shell raise it.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Exit(IntEnum):
    """The process's exit codes; `highest` picks by rank 4, 2, 1, 3, 0 (docs/design.md)."""

    ALLOWED = 0
    BLOCKED = 1
    USAGE = 2
    UNDECIDED = 3
    INTERNAL = 4


_RANK = (Exit.INTERNAL, Exit.USAGE, Exit.BLOCKED, Exit.UNDECIDED, Exit.ALLOWED)


def highest(*codes: Exit) -> Exit:
    """The code that ranks highest among `codes`; `Exit.ALLOWED` where there is none."""
    return min(codes, key=_RANK.index, default=Exit.ALLOWED)


class PratiqueError(Exception):
    """An error with a sentence for the user (`message`) and what to do about it (`hint`)."""

    exit_code: Exit = Exit.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PratiqueError):
    """A wrong argument, or a path that is not there."""

    exit_code = Exit.USAGE


class PolicyError(PratiqueError):
    """`pratique.toml` cannot be read, or contradicts itself."""

    exit_code = Exit.USAGE


class SettingsError(PratiqueError):
    """The user's own package-manager settings are missing or unusable."""

    exit_code = Exit.USAGE


class PlacedError(PratiqueError):
    """An error at a place in a file from the repository.

    Attributes:
        file: Path relative to the repository's root, with forward slashes.
        line: 1-based line, or None where the whole file is meant.
    """

    exit_code = Exit.UNDECIDED

    def __init__(self, file: str, line: int | None, message: str, *, hint: str = "") -> None:
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {message}", hint=hint)
        self.file = file
        self.line = line


class LockfileError(PlacedError):
    """A lockfile is malformed, or beyond a bound."""


class ManifestError(PlacedError):
    """A manifest or a settings file of the repository is malformed, or beyond a bound."""


class LedgerError(PlacedError):
    """The ledger is malformed, newer than the program, or beyond a bound."""


class BlocklistError(PlacedError):
    """A blocklist is malformed, newer than the program, or beyond a bound."""


class ArtifactError(PratiqueError):
    """An artifact that is to be looked at could not be had, or not be read to its end."""

    exit_code = Exit.UNDECIDED


class RefusedError(PratiqueError):
    """Evidence does not hold: a signature, a bundle, a certificate, a file of keys.

    Attributes:
        rule: `B1` to `B12`, `R1` to `R6`, or `crypto`.
    """

    exit_code = Exit.BLOCKED

    def __init__(self, rule: str, why: str, *, hint: str = "") -> None:
        super().__init__(why, hint=hint)
        self.rule = rule


class RepositoryError(PratiqueError):
    """git or the work tree could not be read."""

    exit_code = Exit.UNDECIDED


class StoreError(PratiqueError):
    """The store is newer than the program, or damaged."""


class Hindrance(StrEnum):
    """Why a sound store cannot be used now."""

    FULL = "full"
    READ_ONLY = "read-only"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


class StoreUnavailableError(StoreError):
    """Nothing is wrong with the store, but it cannot be used now.

    Attributes:
        hindrance: Why.
    """

    def __init__(self, message: str, hindrance: Hindrance, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.hindrance = hindrance
