"""A printed line is typed as it stands, and the finding is gone (DECISIONS 37).

Edits of lockfile lines are tested elsewhere; here are exempt lines, lines for the policy, and the
commands of package managers, which the real clients execute.
"""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.clients import Client, Clients
from tests.e2e import installing
from tests.e2e.checking import POLICY, User, Work, address, entry, make_user, npm, user, work
from tests.registry import Registry

from pratique.errors import Exit
from pratique.model.policy import Action
from pratique.model.report import Judged, Report

__all__ = ["user", "work"]

NOW = datetime.now(UTC)  # noqa: TID251 - the command line and the clients read the clock, too
UNTIL = (NOW + timedelta(days=10)).date().isoformat()


def printed(folder: Path, user: User) -> list[str]:
    return user.run("check", ".", "--width", "80", cwd=folder).stdout.splitlines()


def below(lines: list[str], at: int) -> str:
    """The lines of a fix whose heading is the line `at`."""
    depth = len(lines[at]) - len(lines[at].lstrip())
    taken = []
    for line in lines[at + 1 :]:
        if len(line) - len(line.lstrip()) <= depth:
            break
        taken.append(line.strip())
    return "\n".join(taken) + "\n"


# -- exempt lines ----------------------------------------------------------------------------------


@pytest.fixture
def troubled(registry: Registry, work: Work) -> Path:
    """A project with a finding of nearly every rule on releases."""

    def publish(name: str, **details: Any) -> Any:
        return registry.publish(name, "1.0.0", **details)

    other = publish("@corp/other")
    git = "git+ssh://git@host.example/a/b.git"
    evil = "https://evil.example/foreign/-/foreign-1.0.0.tgz"
    work.write(
        npm(
            {
                "young": entry(registry, publish("young", published=NOW - timedelta(days=1))),
                "native": entry(registry, publish("native", scripts={"install": "node x"})),
                "@corp/plain": entry(
                    registry,
                    plain := publish("@corp/plain"),
                    resolved=address(registry, plain).replace("https:", "http:"),
                ),
                "gone": entry(registry, publish("gone")),
                "moved": entry(
                    registry,
                    publish("moved"),
                    resolved=address(registry, other),
                    integrity=other.integrity,
                ),
                "foreign": entry(registry, publish("foreign"), resolved=evil),
                "from-git": {"version": "1.0.0", "resolved": f"{git}#{'a' * 40}"},
                "steady": entry(registry, publish("steady")),
                "second": entry(registry, publish("second")),
                "third": entry(registry, publish("third")),
            },
            asks={"from-git": git},
        )
    )
    registry.withdraw("gone", "1.0.0")
    return work.folder


EXEMPTABLE = {
    ("release-age/too-new", "young@1.0.0"),
    ("build-scripts/undecided", "native@1.0.0"),
    ("build-scripts/git-prepare", "from-git@1.0.0"),
    ("lockfile/exotic-direct", "from-git@1.0.0"),
    ("lockfile/plain-http", "@corp/plain@1.0.0"),
    ("lockfile/absent-upstream", "gone@1.0.0"),
    ("lockfile/not-bound", "moved@1.0.0"),
    ("signatures/invalid", "moved@1.0.0"),
    ("lockfile/foreign-host", "foreign@1.0.0"),
}


def test_every_printed_exempt_line_exempts_its_finding_and_no_other(
    troubled: Path, user: User
) -> None:
    left = set(EXEMPTABLE)
    assert loud(user.check(troubled, now=NOW)) == left
    lines = [
        line.strip().removeprefix("exempt").strip()
        for line in printed(troubled, user)
        if line.strip().startswith("exempt ")
    ]
    assert len(lines) == len(EXEMPTABLE)
    for line in lines:
        typed = line.replace('--reason "…"', "--reason 'read it, fine'")
        typed = typed.replace('--owner "…"', "--owner team-web").replace("YYYY-MM-DD", UNTIL)
        program, *arguments = shlex.split(typed)
        assert program == "pratique"
        ran = user.run(*arguments, cwd=troubled)
        assert ran.returncode == 0, (line, ran.stderr)
        left -= {_typed(arguments)}
        assert loud(user.check(troubled, now=NOW)) == left, line
    assert left == set()
    report = user.check(troubled, now=NOW)
    # Nobody can exempt what nobody has read: the bytes that it locks are another package's.
    loudest = [each for each in report.unknowns if each.action >= Action.QUARANTINE]
    assert {each.release.name for each in loudest if each.release} == {"moved"}
    assert report.exit is Exit.UNDECIDED
    assert {each.exemption.reason for each in report.judged if each.exemption} == {"read it, fine"}


def loud(report: Report) -> set[tuple[str, str]]:
    """(rule, release) of what no exemption removes."""
    return {(one.finding.rule, str(one.finding.release)) for one in report.judged if one.verdict}


def _typed(arguments: list[str]) -> tuple[str, str]:
    """(rule, release) that an exempt line names."""
    return arguments[arguments.index("--rule") + 1], arguments[1]


# -- lines for the policy --------------------------------------------------------------------------

REQUIRED = "\n[layers.lockfile]\nrequired = true\n"
HOSTS = {
    "no file": "",
    "another table at the end": REQUIRED,
    "the table already": f'[hosts]\n"old.example" = "default"\n{REQUIRED}',
    "the table in one line": f'hosts = {{ "old.example" = "default" }}\n{REQUIRED}',
}
OLD = '{ package = "old", reason = "r" }'
APPROVALS = {
    "no file": "",
    "the layer's table already": f"[layers.build-scripts]\nrequired = true\n{REQUIRED}",
    "a list in one line": f"[layers.build-scripts]\napprove = [{OLD}]\n{REQUIRED}",
    "a list": f"[layers.build-scripts]\napprove = [\n  {OLD},\n]\n{REQUIRED}",
    "an empty list": f"[layers.build-scripts]\napprove = []\n{REQUIRED}",
    "tables": f'[[layers.build-scripts.approve]]\npackage = "old"\nreason = "r"\n{REQUIRED}',
}


def put(report: Report, rule: str, folder: Path) -> None:
    """Do what the first fix says: in a line, below a line, or at the end of the file."""
    (edit,) = next(one.finding.remedy.edits for one in _of(report, rule) if one.finding.remedy)
    path = folder / edit.where.file
    lines = path.read_text().splitlines() if path.exists() else []
    at = edit.where.line
    if edit.old:
        assert at
        assert edit.old in lines[at - 1]
        lines[at - 1] = lines[at - 1].replace(edit.old, edit.new, 1)
    else:
        lines.insert(len(lines) if at is None else at, edit.new)
    path.write_text("\n".join(lines).replace("…", "read it") + "\n")


@pytest.mark.parametrize("policy", HOSTS)
def test_the_host_alias_for_the_policy_maps_the_host(
    policy: str, registry: Registry, work: Work, user: User
) -> None:
    releases = [registry.publish(name, "1.0.0") for name in ("one", "two", "three")]
    base = "https://registry.example/"
    work.write(
        npm({each.name: entry(registry, each, resolved=base + each.path) for each in releases})
    )
    if HOSTS[policy]:
        work.write({POLICY: HOSTS[policy]})
    before = user.check(work.folder, now=NOW)
    found = {"lockfile/unmapped-host", "registry/led-past"}
    assert {one.finding.rule for one in before.judged} == found
    for rule in found:
        put(before, rule, work.folder)
    after = user.check(work.folder, now=NOW)
    assert after.judged == ()
    assert set(HOSTS[policy].split()) <= set((work.folder / POLICY).read_text().split())


@pytest.mark.parametrize("policy", APPROVALS)
def test_the_approvals_for_the_policy_approve_one_after_the_other(
    policy: str, registry: Registry, work: Work, user: User
) -> None:
    native = [registry.publish(f"native-{n}", "1.0.0", scripts={"install": "x"}) for n in (1, 2)]
    work.write(npm({each.name: entry(registry, each) for each in native}))
    if APPROVALS[policy]:
        work.write({POLICY: APPROVALS[policy]})
    for left in (2, 1, 0):
        report = user.check(work.folder, now=NOW)
        assert len(_of(report, "build-scripts/undecided")) == left
        if left:
            put(report, "build-scripts/undecided", work.folder)


def test_lines_for_the_policy_are_printed_as_they_are_typed(
    registry: Registry, work: Work, user: User
) -> None:
    native = registry.publish("native", "1.0.0", scripts={"install": "node x"})
    elsewhere = f"https://registry.example/{native.path}"
    work.write(npm({"native": entry(registry, native, resolved=elsewhere)}))
    lines = printed(work.folder, user)
    headings = [n for n, line in enumerate(lines) if line.endswith(f"add to {POLICY}:")]
    assert len(headings) >= 2
    text = "".join({below(lines, at): "" for at in headings})
    (work.folder / POLICY).write_text(text.replace("…", "read it"))
    # That one is a line for npm's own settings.
    assert loud(user.check(work.folder, now=NOW)) == {("registry/led-past", "None")}


# -- commands --------------------------------------------------------------------------------------


def test_the_printed_git_rm_leaves_one_managers_lockfile(
    registry: Registry, work: Work, user: User
) -> None:
    steady = registry.publish("steady", "1.0.0")
    rivals = {"yarn.lock": "# yarn lockfile v1\n\n\n", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}
    inside = {**npm({"steady": entry(registry, steady)}), **rivals}
    work.begin({f"an app/{name}": text for name, text in inside.items()})
    (command,) = _commands(user.check(work.folder, now=NOW), "lockfile/several-managers")
    app = Work(work.folder / "an app")
    app.git(*shlex.split(command)[1:])
    assert loud(user.check(work.folder, now=NOW)) == set()
    assert not (app.folder / "yarn.lock").exists()


def _commands(report: Report, rule: str) -> list[str]:
    return [one.finding.remedy.command or "" for one in _of(report, rule) if one.finding.remedy]


def _of(report: Report, rule: str) -> list[Judged]:
    return [one for one in report.judged if one.finding.rule == rule]


CLIENTS = ("npm11", "npm12", "pnpm11", "pnpm12", "yarn1", "yarn4", "bun")


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, clients: Clients) -> Client:
    return clients[request.param]


@pytest.fixture
def known(tmp_path: Path, secured: Registry) -> User:
    secured.publish("tool", "0.9.0", published=NOW - timedelta(days=200))
    secured.publish("tool", "1.0.0", published=NOW - timedelta(days=100))
    secured.publish("tool", "1.0.1", published=NOW - timedelta(days=2))
    return make_user(tmp_path / "home", f"registry={secured.url}", f"cafile={secured.ca}")


def project(work: Work, version: str) -> Path:
    document = {"name": "shop", "version": "1.0.0", "dependencies": {"tool": version}}
    work.write({"package.json": json.dumps(document, indent=2) + "\n"})
    return work.folder


def type_in(client: Client, command: str, folder: Path, registry: Registry) -> None:
    program, *arguments = shlex.split(command)
    assert client.name.startswith(program)
    ran = installing.run(client, arguments, folder, registry)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.online
def test_the_printed_commands_end_their_findings(
    client: Client, secured: Registry, known: User, work: Work
) -> None:
    """An older release instead of a young one; then a lockfile in step with the manifest."""
    folder = project(work, "1.0.1")
    installing.install(client, folder, secured)
    installing.forget_installed(folder)
    (command,) = _commands(known.check(folder, now=NOW), "release-age/too-new")
    type_in(client, command, folder, secured)
    manifest = json.loads((folder / "package.json").read_text())
    assert manifest["dependencies"] == {"tool": "1.0.0"}
    assert only_builds(known.check(folder, now=NOW)) == []
    project(work, "0.9.0")
    (command,) = _commands(known.check(folder, now=NOW), "lockfile/out-of-step")
    type_in(client, command, folder, secured)
    assert only_builds(known.check(folder, now=NOW)) == []


def only_builds(report: Report) -> list[str]:
    """The rules that fired, but for those on the managers' own settings for build scripts."""
    return [one.finding.rule for one in report.judged if not one.finding.rule.startswith("build-")]
