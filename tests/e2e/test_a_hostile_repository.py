"""A repository whose git configuration is an attack: nothing of it runs (DECISIONS 22)."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest
from tests.e2e.checking import LOCK, POLICY, User, Work, entry, npm, user, work
from tests.registry import Registry

__all__ = ["user", "work"]

EVENTS = (
    "post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction", "post-merge",
    "pre-commit", "post-commit", "fsmonitor-watchman", "query-watchman", "proc-receive",
)  # fmt: skip


class Trap:
    """A script that leaves a canary, wherever git would run one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.canary = folder / "canary"
        self.script = folder / "trap"
        folder.mkdir()
        # It passes its input on, so that as a filter it would not even be noticed.
        self.script.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.canary}\ncat\n')
        self.script.chmod(self.script.stat().st_mode | stat.S_IXUSR)

    @property
    def settings(self) -> dict[str, str]:
        trap = str(self.script)
        return {
            "core.fsmonitor": trap,
            "core.hooksPath": str(self.folder / "hooks"),
            "core.pager": trap,
            "core.editor": trap,
            "core.sshCommand": trap,
            "core.gitProxy": trap,
            "core.askPass": trap,
            "core.alternateRefsCommand": trap,
            "core.attributesFile": str(self.folder / "attributes"),
            "core.untrackedCache": "true",
            "credential.helper": f"!{trap}",
            "gpg.program": trap,
            "diff.external": trap,
            "diff.evil.command": trap,
            "diff.evil.textconv": trap,
            "filter.evil.clean": trap,
            "filter.evil.smudge": trap,
            "filter.evil.process": trap,
            "filter.evil.required": "true",
            "merge.evil.driver": trap,
            "alias.ls-files": f"!{trap}",
            "alias.cat-file": f"!{trap}",
            "alias.rev-parse": f"!{trap}",
            "pager.ls-files": trap,
            "pager.ls-tree": trap,
            "uploadpack.packObjectsHook": trap,
            "remote.origin.url": f"ext::{trap}",
            "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
            "remote.origin.promisor": "true",
            "remote.origin.uploadpack": trap,
            "extensions.partialClone": "origin",
            "protocol.ext.allow": "always",
            "include.path": str(self.folder / "more"),
        }

    def set_in(self, work: Work) -> None:
        hooks = (self.folder / "hooks", work.folder / ".git" / "hooks")
        for place in (place / event for place in hooks for event in EVENTS):
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(self.script.read_bytes())
            place.chmod(0o755)
        attributes = "* filter=evil diff=evil merge=evil\n"
        (self.folder / "attributes").write_text(attributes)
        (self.folder / "more").write_text(f"[core]\n\tfsmonitor = {self.script}\n")
        (work.folder / ".git" / "info").mkdir(exist_ok=True)
        (work.folder / ".git" / "info" / "attributes").write_text(attributes)
        (work.folder / ".gitattributes").write_text(attributes)
        for key, value in self.settings.items():
            work.git("config", key, value)


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path / "trap")


@pytest.fixture
def change(registry: Registry, work: Work) -> Work:
    """A base with one dependency, and a change that brings another."""
    first, second = registry.publish("first", "1.0.0"), registry.publish("second", "1.0.0")
    both = {"first": entry(registry, first), "second": entry(registry, second)}
    work.begin(npm({"first": both["first"]}))
    work.commit(npm(both))
    return work


@pytest.mark.parametrize("options", [(), ("--base", "main")], ids=["whole", "base"])
def test_no_command_of_its_git_configuration_runs(
    options: tuple[str, ...], change: Work, trap: Trap, user: User
) -> None:
    trap.set_in(change)
    (change.folder / LOCK).touch()  # so that git would look at its content again
    ran = user.run("check", ".", *options, cwd=change.folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not trap.canary.exists(), trap.canary.read_text()


def test_no_command_of_the_users_git_configuration_runs_either(
    change: Work, trap: Trap, user: User
) -> None:
    lines = [f'[core]\n\tfsmonitor = "{trap.script}"\n\tpager = "{trap.script}"\n']
    (user.home / ".gitconfig").write_text("".join(lines))
    variables = {
        "GIT_EXTERNAL_DIFF": str(trap.script),
        "GIT_PAGER": str(trap.script),
        "GIT_SSH_COMMAND": str(trap.script),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(trap.script),
    }
    ran = user.run("check", ".", "--base", "main", cwd=change.folder, env=variables)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not trap.canary.exists(), trap.canary.read_text()


def test_the_trap_is_one_that_git_falls_into(change: Work, trap: Trap) -> None:
    trap.set_in(change)
    (change.folder / LOCK).write_text("{}")
    environment = {"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in ("status", "diff"):
        trap.canary.unlink(missing_ok=True)
        subprocess.run(
            ["git", command], cwd=change.folder, env=environment, capture_output=True, check=False,
            timeout=60,
        )  # fmt: skip
        assert trap.canary.exists(), command


def test_an_object_that_is_not_there_is_not_fetched(change: Work, trap: Trap, user: User) -> None:
    """A partial clone: git itself would run the remote's command to get the base's lockfile."""
    trap.set_in(change)
    blob = change.git("rev-parse", f"main:{LOCK}")
    (change.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    ran = user.run("check", ".", "--base", "main", cwd=change.folder)
    assert ran.returncode == 3, ran.stdout + ran.stderr
    assert "git fetch" in ran.stderr
    assert not trap.canary.exists(), trap.canary.read_text()


@pytest.mark.parametrize("ref", ["-x", "--output=canary", "--upload-pack=touch canary", "-"])
def test_a_revision_that_begins_with_a_dash_is_refused(ref: str, change: Work, user: User) -> None:
    ran = user.run("check", ".", f"--base={ref}", cwd=change.folder)
    assert ran.returncode == 2
    assert "not the name of a revision" in ran.stderr
    assert not (change.folder / "canary").exists()


def test_a_lockfile_that_is_a_link_out_of_the_repository_is_not_read(
    change: Work, user: User, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text((change.folder / LOCK).read_text().replace("second", "secret-name"))
    (change.folder / LOCK).unlink()
    (change.folder / LOCK).symlink_to(secret)
    change.commit({})
    for options in ((), ("--base", "main")):
        ran = user.run("check", ".", *options, cwd=change.folder)
        assert ran.returncode == 3, ran.stdout + ran.stderr
        assert "a link that leaves the repository" in ran.stdout
        assert "secret-name" not in ran.stdout + ran.stderr


def test_a_base_whose_lockfile_leaves_the_repository_vouches_for_nothing(
    registry: Registry, user: User, work: Work, tmp_path: Path
) -> None:
    young = registry.publish("young", "1.0.0", scripts={"install": "node x.js"})
    files = npm({"young": entry(registry, young)})
    (tmp_path / "elsewhere").write_text(files[LOCK])
    work.folder.mkdir()
    (work.folder / LOCK).symlink_to(tmp_path / "elsewhere")
    work.begin({"package.json": files["package.json"]})
    (work.folder / LOCK).unlink()
    work.commit(files)
    ran = user.run("check", ".", "--base", "main", "--format", "json", cwd=work.folder)
    found = [one["rule"] for one in json.loads(ran.stdout)["findings"] if one["verdict"] != "allow"]
    assert found == ["build-scripts/undecided"]


@pytest.mark.parametrize("folder", ["", "app"])
def test_a_policy_that_is_a_link_out_of_the_repository_stops_the_check(
    folder: str, change: Work, user: User, tmp_path: Path
) -> None:
    place = change.folder / folder
    if folder:
        change.write({f"{folder}/{LOCK}": (change.folder / LOCK).read_text()})
    (tmp_path / "lax.toml").write_text('preset = "lenient"\n')
    (place / POLICY).symlink_to(tmp_path / "lax.toml")
    ran = user.run("check", str(place), cwd=change.folder)
    assert ran.returncode == 2, ran.stdout
    assert "a link that leaves the repository" in ran.stderr


@pytest.mark.parametrize("ref", ["main", "origin/main"])
def test_a_shallow_clone_is_undecided_and_the_printed_command_helps(
    ref: str, change: Work, user: User, tmp_path: Path
) -> None:
    clone = Work(tmp_path / "clone")
    clone.folder.mkdir()
    origin = f"file://{change.folder}"
    clone.git("clone", "-q", "--depth=1", "--branch=topic", origin, ".")
    ran = user.run("check", ".", "--base", ref, cwd=clone.folder)
    assert ran.returncode == 3, ran.stdout + ran.stderr
    (hint,) = [line for line in ran.stderr.splitlines() if line.startswith("hint: ")]
    typed = shlex.split(hint.removeprefix("hint: "))
    assert typed[:2] == ["git", "fetch"]
    clone.git(*typed[1:])
    again = user.run("check", ".", "--base", ref, "--format", "json", cwd=clone.folder)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "second@1.0.0" in json.dumps(json.loads(again.stdout)["change"]["added"])


def test_the_files_of_a_change_that_is_not_committed_are_judged(change: Work, user: User) -> None:
    text = (change.folder / LOCK).read_text()
    (change.folder / LOCK).write_text(text.replace('"integrity": "sha512-', '"was": "sha512-'))
    ran = user.run("check", ".", "--base", "main", "--format", "json", cwd=change.folder)
    assert ran.returncode == 1
    found = {one["rule"] for one in json.loads(ran.stdout)["findings"]}
    assert "lockfile/missing-integrity" in found
