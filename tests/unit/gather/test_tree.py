"""The work tree's files: what git would commit, or a walk; never through a link to elsewhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import RepositoryError, UsageError
from pratique.gather import tree as module
from pratique.gather.tree import find_place, link_target, read_work_tree

LOCK = "package-lock.json"


def wanted(path: str) -> bool:
    return path.rpartition("/")[2] in {LOCK, "package.json", ".npmrc"}


def git(folder: Path, *arguments: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": os.devnull}
    subprocess.run(["git", "-C", folder, *arguments], env=environment, check=True)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        place = folder / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


@pytest.fixture
def tracked(tmp_path: Path) -> Path:
    """A repository with a tracked, an untracked and an ignored lockfile."""
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "-q")
    for folder in ("a", "b", "c", "node_modules/x"):
        place = top / folder / LOCK
        place.parent.mkdir(parents=True)
        place.write_text(folder, encoding="utf-8")
    (top / ".gitignore").write_text("/c/package-lock.json\n", encoding="utf-8")
    git(top, "add", ".gitignore", f"a/{LOCK}")
    return top


def test_tracked_and_new_files_are_read_and_ignored_ones_named(tracked: Path) -> None:
    tree = read_work_tree(tracked, wanted)
    assert tree.files == {f"a/{LOCK}": b"a", f"b/{LOCK}": b"b"}
    assert tree.ignored == {f"c/{LOCK}"}
    assert tree.paths == {".gitignore", f"a/{LOCK}", f"b/{LOCK}"}


def test_the_work_tree_is_read_and_not_the_index(tracked: Path) -> None:
    (tracked / "a" / LOCK).write_text("edited", encoding="utf-8")
    assert read_work_tree(tracked, wanted).files[f"a/{LOCK}"] == b"edited"


def test_a_file_that_is_deleted_but_tracked_is_not_there(tracked: Path) -> None:
    (tracked / "a" / LOCK).unlink()
    tree = read_work_tree(tracked, wanted)
    assert f"a/{LOCK}" not in tree.paths | tree.files.keys() | tree.refused.keys()


def test_a_subdirectory_is_read_relative_to_itself(tracked: Path) -> None:
    tree = read_work_tree(tracked / "a", wanted)
    assert tree.files == {LOCK: b"a"}
    assert tree.paths == {LOCK}


def test_a_directory_that_its_repository_ignores_is_walked(tracked: Path) -> None:
    (tracked / ".gitignore").write_text("/c/\n", encoding="utf-8")
    assert read_work_tree(tracked / "c", wanted).files == {LOCK: b"c"}


def test_excluded_files_are_not_read_but_known(tracked: Path) -> None:
    tree = read_work_tree(tracked, wanted, lambda path: path.startswith(("a/", "c/")))
    assert tree.files.keys() == {f"b/{LOCK}"}
    assert f"a/{LOCK}" in tree.paths
    assert tree.ignored == frozenset()


def test_without_a_repository_the_directory_is_walked(tmp_path: Path) -> None:
    for folder in ("a", "a/node_modules/x", ".git2/y"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / LOCK).write_text(folder, encoding="utf-8")
    tree = read_work_tree(tmp_path, wanted)
    assert tree.files == {f"a/{LOCK}": b"a", f".git2/y/{LOCK}": b".git2/y"}


@pytest.mark.parametrize("with_git", [True, False])
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("../secret.json", "a link that leaves the repository"),
        ("{outside}", "a link that leaves the repository"),
        ("out/secret.json", "a link that leaves the repository"),
        ("nowhere", "a link that leads nowhere"),
        ("package-lock.json", "cannot be read"),
        ("inside", "not a regular file"),
        ("pipe", "not a regular file"),
        ("inside/real.json", b"real"),
    ],
)
def test_a_link_is_followed_only_inside_the_repository(
    tmp_path: Path, target: str, expected: bytes | str, *, with_git: bool
) -> None:
    top = tmp_path / "top"
    (top / "inside").mkdir(parents=True)
    (top / "inside" / "real.json").write_text("real", encoding="utf-8")
    (tmp_path / "secret.json").write_text("secret", encoding="utf-8")
    (top / "out").symlink_to(tmp_path)
    os.mkfifo(top / "pipe")
    (top / LOCK).symlink_to(target.format(outside=tmp_path / "secret.json"))
    if with_git:
        git(top, "init", "-q")
    tree = read_work_tree(top, wanted)
    if isinstance(expected, bytes):
        assert tree.files == {LOCK: expected}
    else:
        assert tree.files == {}
        assert tree.refused[LOCK].startswith(expected)


def test_a_link_into_the_directory_of_git_is_refused(tracked: Path) -> None:
    (tracked / "package.json").symlink_to(".git/config")
    assert read_work_tree(tracked, wanted).refused == {
        "package.json": "a link into git's own directory"
    }


def test_a_tracked_file_whose_folder_became_a_link_to_elsewhere_is_refused(
    tracked: Path, tmp_path: Path
) -> None:
    (tracked / "a" / LOCK).unlink()
    (tracked / "a").rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).write_text("secret", encoding="utf-8")
    (tracked / "a").symlink_to(elsewhere)
    tree = read_work_tree(tracked, wanted)
    assert b"secret" not in tree.files.values()


def test_linked_directories_are_not_walked(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / LOCK).write_text("x", encoding="utf-8")
    assert read_work_tree(tmp_path, wanted).files == {LOCK: b"x"}


def test_a_file_beyond_the_bound_is_refused_with_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / LOCK).write_text("12345", encoding="utf-8")
    monkeypatch.setattr(module, "MAX_FILE", 4)
    tree = read_work_tree(tmp_path, wanted)
    assert (tree.files, tree.refused) == ({}, {LOCK: "larger than 4 bytes"})


@pytest.mark.parametrize(("bound", "value"), [("MAX_FILES", 1), ("MAX_TOTAL", 3), ("MAX_PATHS", 1)])
def test_more_than_the_bounds_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    write(tmp_path, **{"a__package.json": "12", "b__package.json": "34"})
    monkeypatch.setattr(module, bound, value)
    with pytest.raises(RepositoryError, match="more than"):
        read_work_tree(tmp_path, wanted)


def test_a_bare_repository_is_said_to_be_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare")
    with pytest.raises(RepositoryError, match="bare repository"):
        read_work_tree(tmp_path, wanted)


@pytest.mark.parametrize("content", ["", "gitdir: ", "gitdir: nowhere", "x: .", "gitdir: a\0b"])
def test_a_damaged_git_file_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content, encoding="utf-8")
    with pytest.raises(RepositoryError, match="names a git directory"):
        read_work_tree(tmp_path, wanted)


def test_a_linked_work_tree_is_read(tracked: Path, tmp_path: Path) -> None:
    git(tracked, "-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "c")
    git(tracked, "worktree", "add", "-q", str(tmp_path / "linked"))
    assert read_work_tree(tmp_path / "linked", wanted).files == {f"a/{LOCK}": b"a"}


def test_the_place_of_a_path_names_repository_directory_and_file(tracked: Path) -> None:
    place = find_place(tracked / "a" / LOCK)
    assert (place.top, place.root, place.inside, place.file) == (
        tracked,
        tracked / "a",
        "a",
        LOCK,
    )
    assert (find_place(tracked).inside, find_place(tracked).file) == ("", None)


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing at"):
        find_place(tmp_path / "gone")


@given(st.lists(st.sampled_from(["..", ".", "a", "", "b"])).map("/".join))
def test_a_link_target_stays_in_the_tree_or_is_none(target: str) -> None:
    there = link_target("x/y/link", target)
    by_os = os.path.normpath(os.path.join("/root/x/y", target))  # noqa: PTH118 - text, no path
    if there is not None:
        assert ".." not in there.split("/")
        assert os.path.normpath(f"/root/{there}") == by_os
    elif not target.startswith("/"):
        assert any(part == ".." for part in target.split("/"))
