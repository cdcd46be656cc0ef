"""The user's registries, from their own files, their environment, and npm itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pratique.errors import Exit, SettingsError
from pratique.gather.user import user_registries
from pratique.model.pin import Manager

ADDRESS = "https://registry.example/npm/"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory; the process stands in a hostile project below another one."""
    project = tmp_path / "project"
    project.mkdir()
    (project / ".npmrc").write_text(
        "registry=https://hostile.example/\n//hostile.example/:_authToken=x\n"
    )
    (project / ".yarnrc.yml").write_text('npmRegistryServer: "https://hostile.example/"\n')
    (project / "bunfig.toml").write_text('[install]\nregistry = "https://hostile.example/"\n')
    (project / "package.json").write_text("{}")
    monkeypatch.chdir(project)
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": str(home / "bin"), **more}


def fake_npm(home: Path, script: str) -> None:
    (home / "bin").mkdir()
    (home / "bin" / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (home / "bin" / "npm").chmod(0o755)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".npmrc", f"registry={ADDRESS}"),
        (".yarnrc.yml", f'npmRegistryServer: "{ADDRESS}"'),
        (".yarnrc", f'registry "{ADDRESS}"'),
        (".bunfig.toml", f'[install]\nregistry = "{ADDRESS}"'),
        (".config/pnpm/rc", f"registry={ADDRESS}"),
    ],
)
def test_every_managers_file_of_the_user_is_read(home: Path, file: str, text: str) -> None:
    (home / file).parent.mkdir(parents=True, exist_ok=True)
    (home / file).write_text(text + "\n")
    assert user_registries(environment(home)).default == ADDRESS


def test_the_environment_names_a_registry_before_the_files(home: Path) -> None:
    (home / ".npmrc").write_text("registry=https://other.example/\n")
    variables = environment(home, npm_config_registry=ADDRESS)
    assert user_registries(variables).default == ADDRESS


def test_the_projects_own_manager_comes_first(home: Path) -> None:
    (home / ".npmrc").write_text("registry=https://npm.example/\n")
    (home / ".yarnrc.yml").write_text('npmRegistryServer: "https://yarn.example/"\n')
    found = [user_registries(environment(home), manager=m).default for m in
             (Manager.NPM, Manager.YARN_BERRY)]  # fmt: skip
    assert found == ["https://npm.example/", "https://yarn.example/"]


def test_tokens_may_come_from_variables_of_the_users_own_files(home: Path) -> None:
    (home / ".npmrc").write_text(
        f"registry={ADDRESS}\n//registry.example/npm/:_authToken=${{MY_TOKEN}}\n"
    )
    user = user_registries(environment(home, MY_TOKEN="t0ken"))
    credential = user.credential_for(ADDRESS + "is-odd")
    assert credential is not None
    assert credential.header == "Bearer t0ken"
    assert user.credential_for("https://registry.example/other/") is None
    assert user.credential_for("https://hostile.example/") is None
    assert "t0ken" not in repr(user)


def test_authorities_and_proxies_of_the_environment_are_taken(home: Path) -> None:
    (home / ".npmrc").write_text(f"registry={ADDRESS}\n")
    transport = user_registries(
        environment(home, NODE_EXTRA_CA_CERTS="/ca.pem", HTTPS_PROXY="http://p.example:1",
                    no_proxy="a.example,b.example")
    ).transport  # fmt: skip
    assert transport.cafile == "/ca.pem"
    assert transport.secure_proxy == "http://p.example:1"
    assert transport.no_proxy == ("a.example", "b.example")


def test_npm_is_asked_only_where_nothing_is_configured_and_where_no_project_can_answer(
    home: Path,
) -> None:
    fake_npm(home, f'pwd > "{home}/where"; ls -a > "{home}/what"; echo "$@" > "{home}/how"; '
                   f"echo warning; echo {ADDRESS}".replace("ls", "/bin/ls"))  # fmt: skip
    assert user_registries(environment(home)).default == ADDRESS
    assert (home / "how").read_text() == "config get registry\n"
    assert (home / "what").read_text().split() == [".", "..", "package.json"]
    where = Path((home / "where").read_text().strip())
    assert not where.exists()
    (home / "how").unlink()
    (home / ".npmrc").write_text(f"registry={ADDRESS}\n")
    user_registries(environment(home))
    assert not (home / "how").exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "no npm to ask"),
        ("exit 1", "could not say"),
        ("echo undefined", "names none"),
        ("true", "names none"),
        ("printf '\\377\\376'", "names none"),
        ("exec /bin/sleep 30", "did not answer"),
    ],
)
def test_without_an_answer_the_error_has_the_line_to_add(
    home: Path, script: str | None, words: str
) -> None:
    if script is not None:
        fake_npm(home, script)
    with pytest.raises(SettingsError, match=words) as caught:
        user_registries(environment(home), patience=0.5)
    assert "registry=ADDRESS" in caught.value.hint
    assert caught.value.exit_code is Exit.USAGE


def test_a_file_that_cannot_be_used_is_an_error_that_names_it(home: Path) -> None:
    (home / ".npmrc").write_bytes(b"x" * 1_100_000)
    with pytest.raises(SettingsError, match=r"\.npmrc is larger"):
        user_registries(environment(home))


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(home: Path) -> None:
    os.mkfifo(home / ".npmrc")
    (home / ".yarnrc").write_text(f'registry "{ADDRESS}"\n')
    assert user_registries(environment(home)).default == ADDRESS
