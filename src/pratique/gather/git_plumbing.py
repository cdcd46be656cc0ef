"""git as data: plumbing that reads, under a configuration that cannot run anything.

A repository's own `.git/config`, hooks and attributes are as hostile as its files:
`core.fsmonitor`, `core.sshCommand`, a promisor remote with an `ext::` address or a replace ref
would otherwise run code or change what is read. So git gets a fixed environment (nothing of the
caller's `GIT_*`), no system or user configuration, no transport at all, and only commands that read
objects, refs and the index (https://git-scm.com/docs/git, "Environment Variables", read 2026-11).
Passing `--git-dir` switches git's own ownership test off, so `find_checkout` makes it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pratique.errors import RepositoryError

SECONDS = 60.0
MAX_OUTPUT = 256 * 1024 * 1024
_MAX_GITFILE = 4096
_LONGEST_ADDRESS = 254
"""Octets of a mail address (RFC 5321, 4.5.3.1.3)."""

# `-c` outranks every file; each entry names what it would otherwise run or read.
_CONFIGURATION = (
    "core.fsmonitor=false",  # a command, or a daemon, asked for changed files
    "core.hooksPath=/dev/null",  # post-index-change and the like
    "core.pager=cat",
    "core.editor=false",
    "core.sshCommand=false",
    "core.askPass=false",
    "core.gitProxy=false",
    "core.alternateRefsCommand=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "credential.helper=",
    "diff.external=",
    "gpg.program=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "maintenance.auto=false",
    "gc.auto=0",
)

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # outranks `protocol.<name>.allow` of the repository
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": os.devnull,
    "LC_ALL": "C",
    "XDG_CONFIG_HOME": os.devnull,
}
_PASSED_ON = ("SYSTEMROOT", "TMPDIR", "TEMP", "TMP")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A work tree with its repository.

    Attributes:
        top: The work tree's root, resolved.
        git_dir: The repository's own directory (of a linked work tree: its private one).
    """

    top: Path
    git_dir: Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git command left: its exit status, and its output."""

    status: int
    output: bytes
    errors: str


def find_checkout(path: Path) -> Checkout | None:
    """The work tree that `path` (an existing directory) lies in; None where there is none.

    Raises:
        RepositoryError: A bare repository, a damaged `.git` file, or one of another owner.
    """
    start = path.resolve()
    for folder in (start, *start.parents):
        dot_git = folder / ".git"
        if dot_git.is_dir() or dot_git.is_file():
            git_dir = dot_git if dot_git.is_dir() else _linked(dot_git)
            checkout = Checkout(folder, git_dir.resolve())
            _check_owner(checkout, dot_git)
            return checkout
        if _is_bare(folder):
            raise RepositoryError(
                f"{folder} is a bare repository: it has no work tree to examine",
                hint=f"git clone {folder} somewhere, and name that directory",
            )
    return None


def git(checkout: Checkout, *arguments: str, stdin: bytes = b"", limit: int = MAX_OUTPUT) -> bytes:
    """The output of a git command that must succeed.

    Raises:
        RepositoryError: It failed, took longer than `SECONDS`, or printed more than `limit` bytes.
    """
    answer = ask(checkout, *arguments, stdin=stdin, limit=limit)
    if answer.status != 0:
        raise RepositoryError(f"git {arguments[0]} failed in {checkout.top}: {_said(answer)}")
    return answer.output


def ask(checkout: Checkout, *arguments: str, stdin: bytes = b"", limit: int = MAX_OUTPUT) -> Answer:
    """Run a git command in a checkout; its exit status is the caller's to judge.

    Raises:
        RepositoryError: It took longer than `SECONDS`, or printed more than `limit` bytes.
    """
    options = [f"--git-dir={checkout.git_dir}", f"--work-tree={checkout.top}", "--no-pager"]
    for entry in _CONFIGURATION:
        options += ["-c", entry]
    command = [_program(), *options, "--no-replace-objects", *arguments]
    return _run(command, checkout.top, _environment(), stdin, limit)


def _run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: bytes, limit: int
) -> Answer:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as errors:
        given.write(stdin)
        given.seek(0)
        with subprocess.Popen(  # noqa: S603 - an absolute program, a list of arguments, no shell
            command,
            cwd=folder,
            env=environment,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        ) as process:
            output, late = _read_bounded(process, limit)
        errors.seek(0)
        said = errors.read(4096).decode("utf-8", "backslashreplace")
    if late:
        raise RepositoryError(f"git did not answer within {SECONDS:.0f} seconds in {folder}")
    if len(output) > limit:
        raise RepositoryError(f"git printed more than {limit} bytes in {folder}")
    return Answer(process.returncode, output, said)


def _read_bounded(process: subprocess.Popen[bytes], limit: int) -> tuple[bytes, bool]:
    """At most `limit` + 1 bytes of output, and whether time ran out; the process has ended."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(SECONDS, stop)
    timer.start()
    try:
        output = process.stdout.read(limit + 1) if process.stdout else b""
        if len(output) > limit:
            _kill(process)
        process.wait()
    finally:
        timer.cancel()
    return output, late.is_set()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started (it leads a session of its own)."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        process.kill()


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed_on, **_ENVIRONMENT, "PATH": os.pathsep.join(_search_path())}


def _search_path() -> list[str]:
    """PATH without relative entries, which would find programs of the repository."""
    return [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if _rooted(part)]


def _rooted(part: str) -> bool:
    return Path(part).is_absolute()


def _program() -> str:
    for folder in _search_path():
        for name in ("git", "git.exe"):
            program = Path(folder, name)
            if program.is_file() and os.access(program, os.X_OK):
                return str(program)
    raise RepositoryError(
        "git is not installed, and this is a git work tree",
        hint="install git, version 2.30 or later",
    )


def _said(answer: Answer) -> str:
    lines = [line for line in answer.errors.splitlines() if line.strip()]
    return lines[0] if lines else f"exit status {answer.status}"


def _linked(dot_git: Path) -> Path:
    """The directory that a `.git` file (linked work tree, submodule) names."""
    with dot_git.open("rb") as file:
        text = os.fsdecode(file.read(_MAX_GITFILE)).rstrip("\r\n")
    marker, _, target = text.partition(": ")
    folder = dot_git.parent / target
    if marker != "gitdir" or not target or "\0" in target or not folder.is_dir():
        raise RepositoryError(
            f"{dot_git} is not a file that names a git directory",
            hint=f"git -C {dot_git.parent} worktree repair, or remove the file",
        )
    return folder


def _is_bare(folder: Path) -> bool:
    return (
        (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    )


def _check_owner(checkout: Checkout, dot_git: Path) -> None:
    """Refuse a repository of another user, as git itself does since 2.35.2 (CVE-2022-24765)."""
    if not hasattr(os, "geteuid"):
        return
    trusted = {os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        trusted.add(int(os.environ["SUDO_UID"]))
    for place in (checkout.top, dot_git, checkout.git_dir):
        owner = place.stat().st_uid
        if owner not in trusted and not _is_declared_safe(checkout.top):
            raise RepositoryError(
                f"{place} belongs to another user (uid {owner}), so what git reads there"
                " may have been prepared by someone else",
                hint=f"if you trust it: git config --global --add safe.directory {checkout.top}",
            )


def _is_declared_safe(top: Path) -> bool:
    """Whether the user's own or the system's git configuration lists `top` as safe.directory."""
    listed: list[str] = []
    for scope in ("--system", "--global"):
        command = [_program(), "config", scope, "--includes", "-z", "--get-all", "safe.directory"]
        answer = _run(command, Path(top.anchor), _user_environment(), b"", 1024 * 1024)
        for entry in os.fsdecode(answer.output).split("\0")[:-1]:
            listed = [*listed, entry] if entry else []  # an empty entry clears the list
    return any(_names(entry, top) for entry in listed)


def author(folder: Path) -> str | None:
    """The address that the user's own commits in `folder` carry; None where git knows none.

    This alone is asked with the user's and the repository's configuration: it is a word for a
    record, and no verdict depends on it.

    Raises:
        RepositoryError: git is not installed, or did not answer.
    """
    command = [_program(), "config", "--get", "user.email"]
    answer = _run(command, folder, _user_environment(), b"", 4096)
    said = answer.output.decode("utf-8", "replace").strip()
    return said if said.isprintable() and 0 < len(said) <= _LONGEST_ADDRESS else None


def _user_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME") if name in os.environ}
    return {**kept, "PATH": os.pathsep.join(_search_path()), "LC_ALL": "C"}


def _names(entry: str, top: Path) -> bool:
    if entry == "*":
        return True
    folder = Path(entry.removesuffix("/*")).expanduser()
    return folder == top or (entry.endswith("/*") and folder in top.parents)
