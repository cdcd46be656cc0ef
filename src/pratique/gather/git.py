"""The files of the commit that a change is compared with, read from git's objects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pratique.errors import RepositoryError, UsageError
from pratique.gather.git_plumbing import Checkout, ask, find_checkout, git
from pratique.gather.tree import MAX_FILE, MAX_TOTAL, Wanted, check_bounds, link_target
from pratique.model.tree import Tree

_COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?\n")
_LINK = "120000"
_SUBMODULE = "160000"
_MAX_LINKS = 8


def read_base(root: Path, ref: str, wanted: Wanted) -> tuple[Tree, str]:
    """The files below `root` as of the merge base of `ref` and HEAD, and that commit (hex).

    Paths are relative to `root`, as in `read_work_tree`. A directory that the base does not have
    gives an empty tree. Submodules are not entered.

    Raises:
        UsageError: `ref` is no revision, or has the form of an option.
        RepositoryError: No repository, no common history, or a clone too shallow to tell.
    """
    if ref.startswith("-") or not ref.strip() or any(ord(sign) < 0x20 for sign in ref):
        raise UsageError(f"{ref!r} is not the name of a revision", hint="name a branch or a commit")
    root = root.resolve()
    checkout = find_checkout(root)
    if checkout is None:
        raise RepositoryError(f"{root} is not in a git work tree, so there is no {ref}")
    commit = _merge_base(checkout, ref)
    inside = root.relative_to(checkout.top).as_posix()
    entries = {entry.path: entry for entry in _entries(checkout, commit)}
    return _read(checkout, entries, "" if inside == "." else f"{inside}/", wanted), commit


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    object_id: str
    path: str


def _merge_base(checkout: Checkout, ref: str) -> str:
    head = _commit(checkout, "HEAD")
    if head is None:
        raise RepositoryError("HEAD has no commit yet, so there is nothing to compare with")
    base = _commit(checkout, ref)
    if base is None:
        _refuse_unknown(checkout, ref)
    answer = ask(checkout, "merge-base", "--end-of-options", str(base), head, limit=4096)
    if _COMMIT.fullmatch(answer.output):
        return answer.output.decode("ascii").strip()
    if _is_shallow(checkout):
        raise RepositoryError(
            f"this clone is too shallow to hold the merge base of {ref} and HEAD",
            hint=_fetch_line(checkout, ref),
        )
    if answer.status == 1:
        raise RepositoryError(
            f"{ref} and HEAD have no common history", hint="compare with a branch that HEAD is from"
        )
    raise RepositoryError(f"git merge-base failed: {answer.errors.strip()[:500]}")


def _commit(checkout: Checkout, ref: str) -> str | None:
    """The commit that `ref` names, in hex; None where it names none."""
    wish = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    output = ask(checkout, *wish, limit=4096).output
    return output.decode("ascii").strip() if _COMMIT.fullmatch(output) else None


def _refuse_unknown(checkout: Checkout, ref: str) -> None:
    hint = _fetch_line(checkout, ref)
    if _is_shallow(checkout):
        raise RepositoryError(f"this clone is shallow and does not hold {ref}", hint=hint)
    raise UsageError(f"{ref} names no commit of this repository", hint=hint)


def _is_shallow(checkout: Checkout) -> bool:
    output = git(checkout, "rev-parse", "--is-shallow-repository", limit=4096)
    return output.strip() == b"true"


def _fetch_line(checkout: Checkout, ref: str) -> str:
    """The line that fetches `ref` with its history, to where `ref` is looked for."""
    deepen = "--unshallow " if _is_shallow(checkout) else ""
    if re.fullmatch(r"[0-9a-f]{7,64}", ref):
        return f"git fetch {deepen}origin {ref}"
    if not re.fullmatch(r"[A-Za-z0-9][\w./+-]*", ref):
        return f"git fetch {deepen}origin"
    remote, slash, branch = ref.removeprefix("refs/remotes/").partition("/")
    if slash and remote in _remotes(checkout):
        return f"git fetch {deepen}{remote} +refs/heads/{branch}:refs/remotes/{remote}/{branch}"
    branch = ref.removeprefix("refs/heads/")
    if _commit(checkout, f"refs/heads/{branch}"):
        return f"git fetch {deepen}origin {branch}"
    return f"git fetch {deepen}origin +refs/heads/{branch}:refs/heads/{branch}"


def _remotes(checkout: Checkout) -> frozenset[str]:
    return frozenset(os.fsdecode(git(checkout, "remote", limit=1024 * 1024)).split()) | {"origin"}


def _entries(checkout: Checkout, commit: str) -> Iterator[_Entry]:
    """Every file of a commit; submodules are left out."""
    output = git(checkout, "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit)
    for line in os.fsdecode(output).split("\0")[:-1]:
        head, _, path = line.partition("\t")
        mode, _, object_id = head.split(" ")
        if mode != _SUBMODULE:
            yield _Entry(mode, object_id, path)


def _read(checkout: Checkout, entries: Mapping[str, _Entry], prefix: str, wanted: Wanted) -> Tree:
    paths = [path.removeprefix(prefix) for path in entries if path.startswith(prefix)]
    asked = sorted(path for path in paths if wanted(path))
    check_bounds(len(asked), 0)
    found: dict[str, str] = {}
    refused: dict[str, str] = {}
    links = [entry.object_id for entry in entries.values() if entry.mode == _LINK]
    is_any_link = any(entries[prefix + path].mode == _LINK for path in asked)
    targets = _blobs(checkout, links, 4096) if is_any_link else {}
    for path in asked:
        try:
            found[path] = _resolved(prefix + path, entries, targets)
        except _RefusedError as refusal:
            refused[path] = str(refusal)
    blobs = _blobs(checkout, list(found.values()), MAX_FILE)
    files = {path: blobs[blob] for path, blob in found.items() if blob in blobs}
    too_large = dict.fromkeys(found.keys() - files.keys(), f"larger than {MAX_FILE} bytes")
    return Tree(files=files, paths=frozenset(paths), refused=refused | too_large)


class _RefusedError(Exception):
    """Why a path is not read."""


def _resolved(path: str, entries: Mapping[str, _Entry], targets: Mapping[str, bytes]) -> str:
    """The id of the blob that a path leads to, through links that stay in the tree."""
    for _ in range(_MAX_LINKS):
        entry = entries.get(path)
        if entry is None:
            raise _RefusedError("a link that leads nowhere")
        if entry.mode != _LINK:
            return entry.object_id
        target = link_target(path, os.fsdecode(targets.get(entry.object_id, b"/")))
        if target is None:
            raise _RefusedError("a link that leaves the repository")
        path = target
    raise _RefusedError("a chain of links")


def _blobs(checkout: Checkout, ids: Sequence[str], largest: int) -> dict[str, bytes]:
    """Object id -> bytes, without those larger than `largest`."""
    sizes = _sizes(checkout, sorted(set(ids)))
    small = [blob for blob, size in sizes.items() if size <= largest]
    total = sum(sizes[blob] for blob in small)
    check_bounds(len(small), total)
    stdin = "".join(f"{blob}\n" for blob in small).encode("ascii")
    limit = MAX_TOTAL + len(small) * 200
    output = git(checkout, "cat-file", "--batch", stdin=stdin, limit=limit) if small else b""
    blobs: dict[str, bytes] = {}
    at = 0
    for blob in small:  # "<id> blob <size>\n<bytes>\n" for each
        start = output.index(b"\n", at) + 1
        at = start + sizes[blob] + 1
        blobs[blob] = output[start : at - 1]
    return blobs


def _sizes(checkout: Checkout, ids: Sequence[str]) -> dict[str, int]:
    """Object id -> size in bytes.

    Raises:
        RepositoryError: An object is not there, as in a partial clone.
    """
    if not ids:
        return {}
    stdin = "".join(f"{blob}\n" for blob in ids).encode("ascii")
    sizes: dict[str, int] = {}
    for line in git(checkout, "cat-file", "--batch-check", stdin=stdin).decode().splitlines():
        blob, kind, size = [*line.split(" "), "", ""][:3]
        if kind != "blob":
            raise RepositoryError(
                f"git does not have the object {blob} of the base ({kind})",
                hint="a partial clone? git fetch --refetch --no-filter origin",
            )
        sizes[blob] = int(size)
    return sizes
