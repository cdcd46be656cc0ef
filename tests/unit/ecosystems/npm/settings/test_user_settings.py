from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.settings.stated import Stated
from pratique.ecosystems.npm.settings.user import (
    UserFile,
    from_environment,
    places,
    read_registries,
)
from pratique.errors import SettingsError
from pratique.model.pin import Manager
from pratique.model.registry import Registries

_URL = "https://registry.example/"


def _read(manager: Manager, text: str, environment: dict[str, str] | None = None) -> Registries:
    file = UserFile(manager, "~/settings", text.encode())
    return read_registries([file], environment or {}, manager=manager)


def _header(registries: Registries, url: str) -> str | None:
    found = registries.credential_for(url)
    return None if found is None else found.header


@pytest.mark.parametrize(
    ("manager", "text"),
    [
        (Manager.NPM, "registry=https://registry.example\n//registry.example/:_authToken=tok"),
        (Manager.NPM, "registry=https://registry.example\n//registry.example/:_authToken=${TOK}"),
        (Manager.PNPM, "registry=https://registry.example\n//registry.example/:_authToken=tok"),
        (
            Manager.YARN_CLASSIC,
            'registry "https://registry.example"\n"//registry.example/:_authToken" "tok"',
        ),
        (Manager.YARN_BERRY, "npmRegistryServer: https://registry.example\nnpmAuthToken: tok"),
        (Manager.YARN_BERRY, "npmRegistryServer: https://registry.example\nnpmAuthToken: ${TOK}"),
        (
            Manager.YARN_BERRY,
            (
                "npmRegistryServer: https://registry.example\n"
                "npmRegistries:\n  //registry.example:\n    npmAuthToken: tok"
            ),
        ),
        (Manager.BUN, "[install]\nregistry = {url='https://registry.example', token='tok'}"),
        (Manager.BUN, "[install]\nregistry = {url='https://registry.example', token='$TOK'}"),
    ],
)  # fmt: skip
def test_every_manager_states_a_registry_and_its_token(manager: Manager, text: str) -> None:
    found = _read(manager, text, {"TOK": "tok"})
    assert found.default == _URL
    assert _header(found, f"{_URL}left") == "Bearer tok"
    assert _header(found, "https://other.example/left") is None
    assert "tok" not in repr(found)


@pytest.mark.parametrize(
    ("manager", "text"),
    [
        (Manager.NPM, "//registry.example/:_auth=YW5uOnBhc3M="),
        (Manager.NPM, "//registry.example/:username=ann\n//registry.example/:_password=cGFzcw=="),
        (Manager.YARN_BERRY, f"npmRegistryServer: {_URL}\nnpmAuthIdent: ann:pass"),
        (Manager.YARN_BERRY, f"npmRegistryServer: {_URL}\nnpmAuthIdent: YW5uOnBhc3M="),
        (Manager.BUN, f"[install]\nregistry = {{url='{_URL}', username='ann', password='pass'}}"),
    ],
)
def test_every_manager_states_basic_authentication(manager: Manager, text: str) -> None:
    assert _header(_read(manager, text), f"{_URL}left") == "Basic YW5uOnBhc3M="


@pytest.mark.parametrize(
    ("manager", "text"),
    [
        (Manager.NPM, f"@corp:registry={_URL}"),
        (Manager.YARN_CLASSIC, f'"@corp:registry" "{_URL}"'),
        (Manager.YARN_BERRY, f"npmScopes:\n  corp:\n    npmRegistryServer: {_URL}"),
        (Manager.BUN, f"[install.scopes]\ncorp = '{_URL}'"),
        (Manager.BUN, f"[install.scopes]\n'@corp' = {{url = '{_URL}'}}"),
    ],
)
def test_every_manager_states_scopes(manager: Manager, text: str) -> None:
    found = _read(manager, text)
    assert found.scopes == {"@corp": _URL}
    assert found.default is None


def test_authorities_and_proxies_are_the_users() -> None:
    text = (
        'cafile=/ca.pem\nca[]="PEM"\nproxy=http://p.example\nhttps-proxy=http://s.example\n'
        "noproxy=a.example, b.example\nstrict-ssl=false"
    )
    found = _read(Manager.NPM, text).transport
    assert (found.cafile, found.authorities) == ("/ca.pem", ("PEM",))
    assert (found.proxy, found.secure_proxy) == ("http://p.example", "http://s.example")
    assert found.no_proxy == ("a.example", "b.example")
    assert not found.verify
    berry = _read(
        Manager.YARN_BERRY, "httpsProxy: http://s.example\nhttpsCaFilePath: /c\n"
    ).transport
    assert (berry.secure_proxy, berry.cafile, berry.verify) == ("http://s.example", "/c", True)


def test_the_environment_states_registries_proxies_and_authorities() -> None:
    found = from_environment({
        "NPM_CONFIG_REGISTRY": _URL,
        "npm_config_@corp:registry": "https://corp.example",
        "npm_config_//registry.example/:_authToken": "tok",
        "HTTPS_PROXY": "http://s.example",
        "http_proxy": "http://p.example",
        "NO_PROXY": "a.example,,b.example",
        "NODE_EXTRA_CA_CERTS": "/extra.pem",
        "SSL_CERT_FILE": "/other.pem",
        "UNRELATED": "x",
    })  # fmt: skip
    assert found.default == _URL
    assert found.scopes == {"@corp": "https://corp.example/"}
    assert found.credentials["//registry.example/"].header == "Bearer tok"
    assert (found.proxy, found.secure_proxy) == ("http://p.example", "http://s.example")
    assert found.no_proxy == ("a.example", "b.example")
    assert found.cafile == "/extra.pem"
    assert "tok" not in repr(found)


@pytest.mark.parametrize(
    "environment",
    [
        {"YARN_NPM_REGISTRY_SERVER": _URL, "YARN_NPM_AUTH_TOKEN": "tok"},
        {"BUN_CONFIG_REGISTRY": _URL, "BUN_CONFIG_TOKEN": "tok"},
    ],
)
def test_yarns_and_buns_variables_count(environment: dict[str, str]) -> None:
    found = read_registries([], environment)
    assert found.default == _URL
    assert _header(found, _URL) == "Bearer tok"


def _at(host: str) -> str:
    return f"registry=https://{host}.example"


def test_the_strongest_source_that_states_a_registry_holds() -> None:
    files = [
        UserFile(Manager.NPM, "~/.npmrc", _at("npm").encode()),
        UserFile(Manager.YARN_BERRY, "~/.yarnrc.yml", b"npmRegistryServer: https://yarn.example"),
        UserFile(Manager.NPM, "/etc/npmrc", _at("global").encode()),
    ]
    policy = Stated(default="https://policy.example/")
    environment = {"npm_config_registry": "https://env.example"}
    found = [
        read_registries(files, environment, manager=Manager.YARN_BERRY, policy=policy),
        read_registries(files, environment, manager=Manager.YARN_BERRY),
        read_registries(files, {}, manager=Manager.YARN_BERRY),
        read_registries(files, {}),
        read_registries(files[2:], {}),
        read_registries([], {}),
    ]
    assert [each.default for each in found] == [
        "https://policy.example/",
        "https://env.example/",
        "https://yarn.example/",
        "https://npm.example/",
        "https://global.example/",
        None,
    ]


def test_a_token_of_a_weaker_source_serves_the_registry_of_a_stronger_one() -> None:
    files = [
        UserFile(Manager.NPM, "~/.npmrc", b"//a.example/:_authToken=tok"),
        UserFile(Manager.NPM, "/etc/npmrc", b"//a.example/:_authToken=old"),
    ]
    found = read_registries(files, {"npm_config_registry": "https://a.example"})
    assert _header(found, "https://a.example/x") == "Bearer tok"


@pytest.mark.parametrize(
    ("manager", "text", "names"),
    [
        (Manager.NPM, "registry=nonsense-s3cret", "registry"),
        (Manager.NPM, 'a=1\n//h.example/:_authToken="s3cret\\nX: y"', "_authToken"),
        (Manager.NPM, "//h.example/:username=a\n//h.example/:_password=s3cret!", "_password"),
        (Manager.YARN_BERRY, "npmRegistryServer: s3cret", "npmRegistryServer"),
        (Manager.YARN_BERRY, "a: [s3cret", "~/settings:"),
        (Manager.BUN, "[install]\nregistry = 's3cret'", "install.registry"),
        (Manager.BUN, "install = s3cret", "~/settings:1"),
    ],
)
def test_an_unusable_file_of_the_user_is_named_and_its_secrets_are_not(
    manager: Manager, text: str, names: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        _read(manager, text)
    assert refused.value.message.startswith("~/settings:")
    assert names in refused.value.message
    assert "s3cret" not in refused.value.message


def test_an_unset_variable_of_a_token_gives_no_token() -> None:
    found = _read(Manager.NPM, "//h.example/:_authToken=${UNSET}")
    assert found.credential_for("https://h.example/") is None


def test_the_files_are_where_the_environment_says() -> None:
    usual = [path for _, path in places({}, "/home/ann", "/usr/etc/npmrc")]
    assert usual[0] == "/home/ann/.npmrc"
    assert usual[-1] == "/usr/etc/npmrc"
    assert "/home/ann/.yarnrc.yml" in usual
    moved = {"NPM_CONFIG_USERCONFIG": "/x/npmrc", "XDG_CONFIG_HOME": "/cfg"}
    assert [path for _, path in places(moved, "/home/ann")] == [
        "/x/npmrc",
        "/cfg/pnpm/auth.ini",
        "/cfg/pnpm/rc",
        "/home/ann/.yarnrc.yml",
        "/home/ann/.yarnrc",
        "/cfg/.bunfig.toml",
    ]


@given(st.sampled_from(Manager), st.binary(max_size=120))
def test_only_a_settings_error_escapes_from_a_users_file(manager: Manager, source: bytes) -> None:
    with suppress(SettingsError):
        read_registries([UserFile(manager, "~/settings", source)], {})


@pytest.mark.parametrize("kind", ["default", "scope"])
@pytest.mark.parametrize(
    ("policy_says", "user_says", "carried"),
    [
        ("http://corp.example/", "https://corp.example/", False),
        ("http://corp.example/", "http://corp.example/", True),
        ("https://corp.example/", "http://other.example/", True),
    ],
)
def test_a_policy_does_not_make_the_users_secret_go_over_plain_http(
    kind: str, policy_says: str, user_says: str, carried: bool
) -> None:
    policy = Stated(**{kind: policy_says} if kind == "default" else {"scopes": {"@a": policy_says}})
    text = f"registry={user_says}\n//corp.example/:_authToken=secret\n"
    files = [UserFile(Manager.NPM, "~/.npmrc", text.encode())]
    found = read_registries(files, {}, policy=policy).registry_for("@a/b")
    assert found
    assert found.id == policy_says
    assert (found.credential is not None) is carried
