"""A lockfile entry that is re-pointed at another package: managers install it, `check` refuses.

One entry of a lockfile, written by the real client, gets the address and the digest of another
package of the same registry. Nothing else changes; digests match the bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.builders import fired
from tests.clients import Clients
from tests.e2e import installing
from tests.registry import Registry

pytestmark = pytest.mark.online

ODD, EVEN = "pratique-test-odd", "pratique-test-even"


def repoint_npm(text: str) -> str:
    lock = json.loads(text)
    odd, even = (lock["packages"][f"node_modules/{name}"] for name in (ODD, EVEN))
    odd |= {key: even[key] for key in ("resolved", "integrity")}
    return json.dumps(lock, indent=2) + "\n"


def repoint_yarn_classic(text: str) -> str:
    even = re.search(rf"\n{EVEN}@.*\n(.*\n)(  resolved .*\n  integrity .*\n)", text)
    assert even
    pattern = rf"(\n{ODD}@.*\n.*\n)  resolved .*\n  integrity .*\n"
    return re.sub(pattern, rf"\g<1>{even[2]}", text)


def repoint_yarn_berry(text: str) -> str:
    """The entry's resolution names the other package; its checksum goes, as after a merge."""
    pattern = rf'(  resolution: "){ODD}(@npm:1\.0\.0"\n)  checksum: .*\n'
    return re.sub(pattern, rf"\g<1>{EVEN}\g<2>", text)


def repoint_bun(text: str) -> str:
    even = re.search(rf'"{EVEN}@1\.0\.0", (.*)\],', text)
    assert even
    return re.sub(rf'("{ODD}@1\.0\.0", ).*\],', rf"\g<1>{even[1]}],", text)


@dataclass(frozen=True)
class Case:
    """A client, its frozen install, how its lockfile is re-pointed, what reports that.

    `wanted`: yarn 4 joins entries of one resolution, so there only the one package is wanted.
    """

    client: str
    frozen: tuple[str, ...]
    repoint: Callable[[str], str]
    rules: tuple[str, ...] = ("lockfile/not-bound",)
    wanted: tuple[str, ...] = (ODD, EVEN)


# yarn 4 records neither address nor the registry's digest: the entry contradicts itself instead.
RENAMED = ("lockfile/disagreeing-entries", "lockfile/hidden-alias", "lockfile/missing-integrity")

CASES = (
    Case("npm11", ("ci",), repoint_npm),
    Case("npm12", ("ci",), repoint_npm),
    Case("yarn1", ("install", "--frozen-lockfile"), repoint_yarn_classic),
    Case("yarn4", ("install", "--immutable"), repoint_yarn_berry, RENAMED, (ODD,)),
    Case("bun", ("install", "--frozen-lockfile"), repoint_bun),
)


@pytest.fixture(params=CASES, ids=[case.client for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def project(clients: Clients, secured: Registry, tmp_path: Path, case: Case) -> Path:
    """A project with a lockfile as the client wrote it, not installed."""
    for name in (ODD, EVEN):
        secured.publish(name, "1.0.0")
    folder = tmp_path / "project"
    wanted = dict.fromkeys(case.wanted, "^1.0.0")
    manifest = {"name": "re-pointed", "version": "1.0.0", "private": True, "dependencies": wanted}
    installing.write_json(folder / "package.json", manifest)
    installing.install(clients[case.client], folder, secured)
    installing.forget_installed(folder)
    return folder


def repoint(project: Path, case: Case) -> None:
    (lockfile,) = [project / name for name in installing.LOCKFILES if (project / name).is_file()]
    before = lockfile.read_text()
    after = case.repoint(before)
    assert after != before
    lockfile.write_text(after)


def test_a_frozen_install_puts_the_other_package_under_the_name(
    clients: Clients, secured: Registry, project: Path, case: Case
) -> None:
    repoint(project, case)
    ran = installing.run(clients[case.client], list(case.frozen), project, secured)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    installed = json.loads((project / "node_modules" / ODD / "package.json").read_text())
    assert installed["name"] == EVEN


def test_layer_1_reports_that_entry_and_no_other(
    secured: Registry, project: Path, case: Case
) -> None:
    untouched = installing.judged(project, secured)
    repoint(project, case)
    found = installing.judged(project, secured)
    assert fired(untouched) == set()
    assert {rule for rule, _release in fired(found)} == set(case.rules)
    assert len({one.finding.key for one in found.judged}) == 1


# -- the same project through the command line -----------------------------------------------------


def test_check_refuses_the_same_project(
    secured: Registry, project: Path, case: Case, tmp_path: Path
) -> None:
    untouched = installing.check(project, secured, tmp_path / "home")
    repoint(project, case)
    refused = installing.check(project, secured, tmp_path / "home")
    assert untouched.returncode == 0, untouched.stdout + untouched.stderr
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert any(ODD in json.dumps(one) for one in installing.findings(refused))
