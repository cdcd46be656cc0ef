"""The base's files: read from objects, under a configuration that runs nothing."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.errors import RepositoryError, UsageError
from pratique.gather import git_plumbing
from pratique.gather.git import read_base
from pratique.gather.tree import find_place, read_work_tree

LOCK = "package-lock.json"


def wanted(path: str) -> bool:
    return path.rpartition("/")[2] in {LOCK, "package.json"}


class Repository:
    """A repository in a directory of the test, driven by the real git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
        environment = {"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", *identity, "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            self.write(LOCK if name == "lock" else name, text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "c")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "work")
    made.git("init", "-q", "-b", "main")
    return made


@pytest.fixture
def forked(repository: Repository) -> Repository:
    """main went on after the branch `topic`, which is checked out, left it."""
    repository.commit(lock="at the fork")
    repository.git("checkout", "-q", "-b", "topic")
    repository.commit(lock="of the topic")
    repository.git("checkout", "-q", "main")
    repository.commit(lock="of main, later")
    repository.git("checkout", "-q", "topic")
    return repository


def test_the_base_is_where_the_branches_parted(forked: Repository) -> None:
    tree, commit = read_base(forked.folder, "main", wanted)
    assert tree.files == {LOCK: b"at the fork"}
    assert commit == forked.git("merge-base", "main", "topic")


def test_a_subdirectory_is_read_relative_to_itself(repository: Repository) -> None:
    repository.write("app/package.json", "{}")
    repository.write("app/src/x.js", "")
    repository.commit(lock="outer")
    tree, _ = read_base(repository.folder / "app", "main", wanted)
    assert tree.files == {"package.json": b"{}"}
    assert tree.paths == {"package.json", "src/x.js"}


def test_a_directory_that_the_base_does_not_have_is_empty_there(repository: Repository) -> None:
    repository.commit(lock="x")
    repository.write("new/package.json", "{}")
    tree, _ = read_base(repository.folder / "new", "main", wanted)
    assert (tree.files, tree.paths) == ({}, frozenset())


@pytest.mark.parametrize("ref", ["--output=canary", "-", "", "  ", "main\n--all", "a\0b"])
def test_a_revision_with_the_form_of_an_option_is_a_usage_error(
    forked: Repository, ref: str
) -> None:
    with pytest.raises(UsageError, match="not the name of a revision"):
        read_base(forked.folder, ref, wanted)
    assert not (forked.folder / "canary").exists()


def test_an_unknown_revision_is_a_usage_error_with_the_fetch_line(forked: Repository) -> None:
    with pytest.raises(UsageError, match="names no commit") as caught:
        read_base(forked.folder, "origin/nothing", wanted)
    assert caught.value.hint == ("git fetch origin +refs/heads/nothing:refs/remotes/origin/nothing")


def test_unrelated_histories_are_said_to_be(forked: Repository) -> None:
    forked.git("checkout", "-q", "--orphan", "alien")
    forked.commit(lock="alien")
    with pytest.raises(RepositoryError, match="no common history"):
        read_base(forked.folder, "main", wanted)


def test_a_repository_without_a_commit_is_said_to_be(repository: Repository) -> None:
    with pytest.raises(RepositoryError, match="no commit yet"):
        read_base(repository.folder, "main", wanted)


def test_outside_a_repository_there_is_no_base(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="not in a git work tree"):
        read_base(tmp_path, "main", wanted)


@pytest.mark.parametrize("ref", ["origin/main", "main"])
def test_the_hint_of_a_shallow_clone_is_the_line_that_helps(
    forked: Repository, tmp_path: Path, ref: str
) -> None:
    forked.commit(lock="one more, so that the fork is out of sight")
    origin = f"file://{forked.folder}"
    clone = Repository(tmp_path / "clone")
    clone.git("clone", "-q", "--depth=1", "--branch=topic", origin, ".")
    with pytest.raises(RepositoryError, match="shallow") as caught:
        read_base(clone.folder, ref, wanted)
    assert caught.value.exit_code == 3
    clone.git(*shlex.split(caught.value.hint)[1:])
    tree, _ = read_base(clone.folder, ref, wanted)
    assert tree.files == {LOCK: b"at the fork"}


def test_a_shallow_clone_that_knows_both_tips_says_what_to_fetch(
    forked: Repository, tmp_path: Path
) -> None:
    clone = Repository(tmp_path / "clone")
    origin = f"file://{forked.folder}"
    clone.git("clone", "-q", "--depth=1", "--no-single-branch", "-b", "topic", origin, ".")
    with pytest.raises(RepositoryError, match="too shallow to hold the merge base") as caught:
        read_base(clone.folder, "origin/main", wanted)
    clone.git(*shlex.split(caught.value.hint)[1:])
    assert read_base(clone.folder, "origin/main", wanted)[0].files == {LOCK: b"at the fork"}


def test_a_replace_ref_does_not_change_what_is_read(forked: Repository) -> None:
    blob = forked.git("rev-parse", f"main~1:{LOCK}")
    forked.write("forged", "forged")
    forged = forked.git("hash-object", "-w", "forged")
    forked.git("replace", blob, forged)
    assert forked.git("show", f"main~1:{LOCK}") == "forged"
    tree, _ = read_base(forked.folder, "main", wanted)
    assert tree.files == {LOCK: b"at the fork"}


def test_a_graft_does_not_move_the_merge_base(forked: Repository) -> None:
    later = forked.git("rev-parse", "main")
    topic = forked.git("rev-parse", "topic")
    forked.write(".git/info/grafts", f"{topic} {later}\n")
    assert forked.git("merge-base", "main", "topic") == later
    assert read_base(forked.folder, "main", wanted)[0].files == {LOCK: b"at the fork"}


LINKS: list[tuple[str, bytes | str]] = [
    ("../outside.json", "leaves the repository"),
    ("/etc/hostname", "leaves the repository"),
    ("app/../../outside.json", "leaves the repository"),
    ("nowhere.json", "leads nowhere"),
    ("package.json", "a chain of links"),
    ("real.json", b"inside"),
    ("app/../real.json", b"inside"),
]


@pytest.mark.parametrize(("target", "expected"), LINKS)
def test_a_link_in_the_base_is_followed_only_inside_it(
    repository: Repository, target: str, expected: bytes | str
) -> None:
    repository.write("real.json", "inside")
    (repository.folder / "package.json").symlink_to(target)
    repository.commit(lock="x")
    tree, _ = read_base(repository.folder, "main", wanted)
    if isinstance(expected, bytes):
        assert tree.files["package.json"] == expected
    else:
        assert "package.json" not in tree.files
        assert expected in tree.refused["package.json"]


def test_a_submodule_is_not_entered(repository: Repository, tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.git("init", "-q", "-b", "main")
    inner.commit(lock="inner")
    repository.git("submodule", "--quiet", "add", str(inner.folder), "package.json")
    repository.commit(lock="outer")
    tree, _ = read_base(repository.folder, "main", wanted)
    assert tree.files == {LOCK: b"outer"}
    work_tree = read_work_tree(repository.folder, wanted)
    assert work_tree.files == {LOCK: b"outer"}
    assert "package.json" not in work_tree.paths


def test_names_that_need_quoting_are_read(repository: Repository) -> None:
    repository.write('a "b"\té\n/package.json', "odd")
    repository.commit(lock="x")
    assert read_base(repository.folder, "main", wanted)[0].files['a "b"\té\n/package.json'] == (
        b"odd"
    )
    assert read_work_tree(repository.folder, wanted).files['a "b"\té\n/package.json'] == b"odd"


RUNNABLE = """
core.fsmonitor core.pager core.editor core.sshCommand core.askPass core.gitProxy
core.alternateRefsCommand diff.external gpg.program credential.helper pager.ls-tree pager.ls-files
pager.cat-file diff.evil.textconv diff.evil.command filter.evil.clean filter.evil.smudge
filter.evil.process uploadpack.packObjectsHook trace2.eventTarget remote.origin.uploadpack
""".split()  # noqa: SIM905 - a list of words reads better as words


def canary_config(repository: Repository, canary: Path) -> None:
    """Every setting that could run something touches the canary."""
    touch = repository.folder / "touch.sh"
    touch.write_text(f"#!/bin/sh\ntouch {canary}\ncat\n", encoding="utf-8")
    touch.chmod(0o755)
    run = str(touch)
    for key in RUNNABLE:
        repository.git("config", key, run)
    for name in ["ls-files", "ls-tree", "cat-file", "merge-base", "rev-parse"]:
        repository.git("config", f"alias.{name}", f"!{run}")
    repository.git("config", "protocol.ext.allow", "always")
    repository.git("config", "protocol.file.allow", "always")
    repository.write(".gitattributes", "* filter=evil diff=evil\n")
    repository.write(".git/info/attributes", "* filter=evil diff=evil\n")
    repository.write(".git/included", f"[core]\n\tfsmonitor = {run}\n")
    repository.git("config", "includeIf.gitdir:**.path", "included")
    hooks = repository.folder / "hooks"
    hooks.mkdir()
    for name in ["post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc"]:
        (hooks / name).symlink_to(touch)
        (repository.folder / ".git" / "hooks").mkdir(exist_ok=True)
        (repository.folder / ".git" / "hooks" / name).symlink_to(touch)
    repository.git("config", "core.hooksPath", str(hooks))


def test_nothing_of_a_hostile_repository_runs(
    forked: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    canary_config(forked, canary)
    forked.git("status")
    assert canary.exists(), "the canary sings where git is used without care"
    canary.unlink()
    forked.write(LOCK, "changed in the work tree")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(forked.folder / "touch.sh"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    find_place(forked.folder)
    assert read_work_tree(forked.folder, wanted).files == {LOCK: b"changed in the work tree"}
    assert read_base(forked.folder, "main", wanted)[0].files == {LOCK: b"at the fork"}
    with pytest.raises(UsageError):
        read_base(forked.folder, "gone", wanted)
    assert not canary.exists()


@pytest.mark.parametrize(
    "address", ["ext::{touch}", "{origin}", "file://{origin}", "ssh://host.invalid/x"]
)
def test_a_missing_object_is_never_fetched(
    forked: Repository, tmp_path: Path, address: str
) -> None:
    canary = tmp_path / "canary"
    canary_config(forked, canary)
    canary.unlink(missing_ok=True)
    blob = forked.git("rev-parse", f"topic~1:{LOCK}")
    touch = forked.folder / "touch.sh"
    origin = tmp_path / "origin.git"
    forked.git("-c", "core.fsmonitor=false", "clone", "-q", "--bare", ".", str(origin))
    canary.unlink(missing_ok=True)
    (forked.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    settings = (
        f"\n[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n"
        f'[remote "origin"]\n\turl = {address.format(touch=touch, origin=origin)}\n'
        "\tpromisor = true\n\tpartialclonefilter = blob:none\n"
    )
    with (forked.folder / ".git" / "config").open("a", encoding="utf-8") as file:
        file.write(settings)
    with pytest.raises(RepositoryError):
        read_base(forked.folder, "main", wanted)
    assert not canary.exists()


def test_a_program_of_the_repository_is_not_taken_for_git(
    forked: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    forged = forked.folder / "git"
    forged.write_text(f"#!/bin/sh\ntouch {canary}\n", encoding="utf-8")
    forged.chmod(0o755)
    monkeypatch.chdir(forked.folder)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    read_work_tree(forked.folder, wanted)
    assert not canary.exists()


def test_without_git_a_work_tree_is_an_error_and_not_a_walk(
    forked: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RepositoryError, match="git is not installed"):
        read_work_tree(forked.folder, wanted)


def foreign_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    monkeypatch.delenv("SUDO_UID", raising=False)


def test_a_repository_of_another_user_is_refused_with_what_to_do(
    forked: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_owner(monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(RepositoryError, match="belongs to another user") as caught:
        read_work_tree(forked.folder, wanted)
    line = f"git config --global --add safe.directory {forked.folder}"
    assert caught.value.hint == f"if you trust it: {line}"


SAFE: list[tuple[str, bool]] = [
    ("directory = {top}", True),
    ("directory = *", True),
    ("directory = {parent}/*", True),
    ("directory = {parent}", False),
    ("directory = {top}\n\tdirectory =", False),
    ("directory = {top}x", False),
]


@pytest.mark.parametrize(("setting", "is_safe"), SAFE)
def test_the_users_own_list_of_safe_directories_counts(
    forked: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    *,
    is_safe: bool,
) -> None:
    foreign_owner(monkeypatch)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    text = setting.format(top=forked.folder, parent=forked.folder.parent)
    (home / ".gitconfig").write_text(f"[safe]\n\t{text}\n", encoding="utf-8")
    forked.git("config", "--add", "safe.directory", "*")
    if is_safe:
        assert read_work_tree(forked.folder, wanted).files
    else:
        with pytest.raises(RepositoryError, match="another user"):
            read_work_tree(forked.folder, wanted)


BROKEN: list[tuple[str, Callable[[Path], object]]] = [
    ("bad config", lambda top: (top / ".git/config").write_text("[core\n")),
    (
        "unknown repository extension",
        lambda top: (top / ".git/config").write_text(
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tfrobnicate = 1\n"
        ),
    ),
    ("index", lambda top: (top / ".git/index").write_bytes(b"DIRC garbage")),
]


@pytest.mark.parametrize(("said", "damage"), BROKEN)
def test_a_damaged_repository_is_an_error_that_says_so(
    forked: Repository, said: str, damage: Callable[[Path], object]
) -> None:
    damage(forked.folder)
    with pytest.raises(RepositoryError, match=said):
        read_work_tree(forked.folder, wanted)


def test_a_git_that_hangs_is_ended(forked: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(forked.folder / ".git" / "hang")
    with (forked.folder / ".git" / "config").open("a", encoding="utf-8") as file:
        file.write("[include]\n\tpath = hang\n")
    monkeypatch.setattr(git_plumbing, "SECONDS", 0.3)
    with pytest.raises(RepositoryError, match="did not answer"):
        read_work_tree(forked.folder, wanted)


def test_output_beyond_the_bound_is_an_error(forked: Repository) -> None:
    checkout = git_plumbing.find_checkout(forked.folder)
    assert checkout is not None
    with pytest.raises(RepositoryError, match="more than 3 bytes"):
        git_plumbing.git(checkout, "rev-parse", "HEAD", limit=3)
