"""The ledger's file: where it lies, and what git does with it."""

from __future__ import annotations

import os
from pathlib import Path

from pratique.errors import LedgerError
from pratique.gather.git_plumbing import ask, find_checkout
from pratique.gather.tree import Place
from pratique.model.ledger import LEDGER_FILE

_MOST = 4096


def ledger_file(place: Place) -> Path:
    """The ledger that `pratique check` reads here: the directory's own, else the repository's.

    Where there is none yet, the directory's own.
    """
    own, top = place.root / LEDGER_FILE, place.top / LEDGER_FILE
    return top if os.path.lexists(top) and not os.path.lexists(own) else own


def bytes_of(file: Path) -> bytes | None:
    """What is in the file; None where there is none.

    Raises:
        LedgerError: It cannot be read.
    """
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(LEDGER_FILE, None, f"cannot be read: {error.strerror}") from error


def is_ignored(file: Path) -> bool:
    """Whether git would leave the file out of every commit.

    Raises:
        RepositoryError: git failed.
    """
    checkout = find_checkout(file.parent)
    if checkout is None:
        return False
    inside = file.relative_to(checkout.top).as_posix()
    return ask(checkout, "check-ignore", "--quiet", "--", inside, limit=_MOST).status == 0


def lacks_attribute(file: Path) -> Path | None:
    """The `.gitattributes` in which no line has git merge the file by union.

    None where one has, or where the file is in no work tree.

    Raises:
        RepositoryError: git failed.
    """
    checkout = find_checkout(file.parent)
    if checkout is None:
        return None
    inside = file.relative_to(checkout.top).as_posix()
    answer = ask(checkout, "check-attr", "-z", "merge", "--", inside, limit=_MOST).output
    is_union = answer.split(b"\0")[1:3] == [b"merge", b"union"]
    return None if is_union else checkout.top / ".gitattributes"
