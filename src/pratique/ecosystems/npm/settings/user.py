"""The user's own registries: from their package managers' files and the environment. Pure.

Strongest first: the policy; the environment; the user's file of the manager in question; the
user's .npmrc; the other managers' files; the global .npmrc. Of each setting the strongest source
that states it holds. Here, and only here, `${NAME}` is expanded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from pratique.ecosystems.npm.settings import yarn_berry
from pratique.ecosystems.npm.settings.bun import read_install
from pratique.ecosystems.npm.settings.ini import (
    Entry,
    expanded,
    has_variable,
    read_ini,
)
from pratique.ecosystems.npm.settings.pnpm import read_document
from pratique.ecosystems.npm.settings.stated import Stated, combined, decoded_password
from pratique.ecosystems.npm.settings.yarn_classic import read_entries
from pratique.errors import ManifestError, SettingsError
from pratique.model.pin import Manager
from pratique.model.registry import Credential, Registries
from pratique.syntax.text import TextError

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UserFile:
    """A settings file of the user as read; `source` may hold secrets."""

    manager: Manager
    path: str
    source: bytes = field(repr=False)


def places(environment: Environment, home: str, global_npmrc: str = "") -> tuple[
    tuple[Manager, str], ...
]:  # fmt: skip
    """The files to look for, as (manager that writes it, path), strongest first.

    Args:
        environment: Variables that move a file (`NPM_CONFIG_USERCONFIG`, `XDG_CONFIG_HOME`, ...).
        home: The user's home directory, without a closing slash.
        global_npmrc: npm's global file (`<prefix>/etc/npmrc`); "" where the prefix is not known.
    """
    npm = _npm_environment(environment)
    config = environment.get("XDG_CONFIG_HOME") or f"{home}/.config"
    found = (
        (Manager.NPM, npm.get("userconfig") or f"{home}/.npmrc"),
        (Manager.PNPM, f"{config}/pnpm/auth.ini"),
        (Manager.PNPM, f"{config}/pnpm/rc"),
        (Manager.YARN_BERRY, f"{home}/.yarnrc.yml"),
        (Manager.YARN_CLASSIC, f"{home}/.yarnrc"),
        (Manager.BUN, f"{environment.get('XDG_CONFIG_HOME') or home}/.bunfig.toml"),
        (Manager.NPM, npm.get("globalconfig") or global_npmrc),
    )
    return tuple((manager, path) for manager, path in found if path)


def read_registries(
    files: Sequence[UserFile],
    environment: Environment,
    *,
    manager: Manager = Manager.NPM,
    policy: Stated | None = None,
) -> Registries:
    """The user's registries.

    Args:
        files: In the order of `places`; those that do not exist are left out.
        environment: The process's variables.
        manager: The manager of the project in question: its own files come before the others.
        policy: What the policy file says of registries; it holds before everything else.

    Raises:
        SettingsError: A file cannot be read, or an address in it is none. The message names file
            and key and never shows a value.
    """
    own_first = sorted(files, key=lambda file: file.manager is not manager)
    read = [read_file(file, environment) for file in own_first]
    users = [from_environment(environment), *read]
    if policy is None:
        return combined(users)
    stated = frozenset().union(*map(_bases, users))
    return replace(combined([policy, *users]), not_the_users=_bases(policy) - stated)


def _bases(stated: Stated) -> frozenset[str]:
    return frozenset(filter(None, (stated.default, *stated.scopes.values())))


def read_file(file: UserFile, environment: Environment) -> Stated:
    """What one of the user's files says.

    Raises:
        SettingsError: As in `read_registries`.
    """
    try:
        stated = _READERS[file.manager](file.source, environment)
    except TextError as error:
        raise SettingsError(f"{file.path}:{error.line}: {error.message}") from None
    except ManifestError as error:
        message = str(error).removeprefix(f"{error.file}:")
        raise SettingsError(f"{file.path}:{message}") from None
    _refuse_unusable(stated, file.path)
    return stated


def _refuse_unusable(stated: Stated, where: str) -> None:
    if stated.unusable:
        raise SettingsError(
            f"{where}: {stated.unusable[0]} cannot be used",
            hint="write an http(s) address, and secrets without spaces or control characters",
        )


def from_environment(environment: Environment) -> Stated:
    """What the environment says: `npm_config_*`, `YARN_*`, `BUN_CONFIG_*`, proxies, authorities.

    Raises:
        SettingsError: An address is none; the message names the variable.
    """
    entries = [Entry(key, value, 0) for key, value in _npm_environment(environment).items()]
    stated = _npm_entries(entries, {})
    for name in ("YARN_NPM_REGISTRY_SERVER", "YARN_REGISTRY", "BUN_CONFIG_REGISTRY"):
        if environment.get(name) and stated.default is None:
            stated.set_default(name, environment[name])
    for name in ("YARN_NPM_AUTH_TOKEN", "BUN_CONFIG_TOKEN"):
        if environment.get(name) and stated.default and not stated.credentials:
            stated.set_secret(name, stated.default, Credential.of("Bearer", environment[name]))
    lower = {name.lower(): value for name, value in sorted(environment.items()) if value}
    stated.proxy = stated.proxy or lower.get("http_proxy") or lower.get("all_proxy")
    stated.secure_proxy = stated.secure_proxy or lower.get("https_proxy") or lower.get("all_proxy")
    if stated.no_proxy is None and "no_proxy" in lower:
        stated.set_no_proxy(lower["no_proxy"])
    authorities = environment.get("NODE_EXTRA_CA_CERTS") or environment.get("SSL_CERT_FILE")
    stated.cafile = stated.cafile or authorities or None
    _refuse_unusable(stated, "environment")
    return stated


def _npm_environment(environment: Environment) -> dict[str, str]:
    """The settings of npm among the variables: `npm_config_cafile` -> `cafile`.

    As npm does, case and underscores are folded, but not in keys that name a host or a scope.
    pnpm's own prefix counts after npm's.
    """
    found: dict[str, str] = {}
    for prefix in ("npm_config_", "pnpm_config_"):
        for name, value in environment.items():
            if name.lower().startswith(prefix) and value:
                key = name[len(prefix) :]
                folded = key if key[:1] in "/@" else key.lower().replace("_", "-")
                found.setdefault(folded, value)
    return found


def _npm_entries(entries: Iterable[Entry], environment: Environment) -> Stated:
    """What .npmrc settings say, once their variables are expanded."""
    stated = Stated()
    named: dict[str, dict[str, str]] = {}
    for entry in entries:
        key, value = expanded(entry.key, environment), expanded(entry.value, environment)
        if key.startswith("//"):
            prefix, _, name = key.rpartition(":")
            named.setdefault(prefix, {})[name] = _set(value)
        elif key.startswith("@") and key.endswith(":registry"):
            stated.set_scope(key, key.removesuffix(":registry"), value)
        elif (setter := _SETTERS.get(key.lower())) is not None and value not in {"", "null"}:
            setter(stated, value)
    for prefix, secrets in named.items():
        _npm_secrets(stated, prefix, secrets)
    return stated


def _set(secret: str) -> str:
    """A secret, or "" where it is a variable that is not set: then there is none to present."""
    return "" if has_variable(secret) else secret


def _npm_secrets(stated: Stated, prefix: str, secrets: Mapping[str, str]) -> None:
    """File them in npm's order: a token, basic authentication in one piece, then in two."""
    if secrets.get("_authToken"):
        credential = Credential.of("Bearer", secrets["_authToken"])
        stated.set_secret(f"{prefix}:_authToken", prefix, credential)
    elif secrets.get("_auth"):
        credential = Credential.of("Basic", secrets["_auth"])
        stated.set_secret(f"{prefix}:_auth", prefix, credential)
    elif secrets.get("username") and secrets.get("_password"):
        password = decoded_password(secrets["_password"])
        credential = None
        if password is not None:
            credential = Credential.basic(secrets["username"], password)
        stated.set_secret(f"{prefix}:_password", prefix, credential)


def _set_registry(stated: Stated, value: str) -> None:
    stated.set_default("registry", value)


def _set_cafile(stated: Stated, value: str) -> None:
    stated.cafile = value


def _set_authority(stated: Stated, value: str) -> None:
    stated.authorities.append(value.replace("\\n", "\n"))


def _set_proxy(stated: Stated, value: str) -> None:
    stated.proxy = None if value == "false" else value


def _set_secure_proxy(stated: Stated, value: str) -> None:
    stated.secure_proxy = None if value == "false" else value


def _set_no_proxy(stated: Stated, value: str) -> None:
    stated.set_no_proxy(value)


def _set_verify(stated: Stated, value: str) -> None:
    stated.verify = value != "false"


_SETTERS: Mapping[str, Callable[[Stated, str], None]] = MappingProxyType({
    "registry": _set_registry,
    "cafile": _set_cafile,
    "ca": _set_authority,
    "proxy": _set_proxy,
    "http-proxy": _set_proxy,
    "https-proxy": _set_secure_proxy,
    "noproxy": _set_no_proxy,
    "no-proxy": _set_no_proxy,
    "strict-ssl": _set_verify,
})  # fmt: skip


def _npm(source: bytes, environment: Environment) -> Stated:
    return _npm_entries(read_ini(source), environment)


def _yarn_classic(source: bytes, environment: Environment) -> Stated:
    return _npm_entries(read_entries(source), environment)


def _yarn_berry(source: bytes, environment: Environment) -> Stated:
    document, _ = read_document(source, ".yarnrc.yml")
    stated = Stated()

    def text(settings: Mapping[str, object], key: str) -> str:
        value = settings.get(key)
        return expanded(value, environment) if isinstance(value, str) else ""

    server = text(document, "npmRegistryServer")
    if server:
        stated.set_default("npmRegistryServer", server)
        _yarn_secrets(stated, "", server, document, text)
    for name, settings in _tables(document, "npmScopes"):
        url = text(settings, "npmRegistryServer")
        if url:
            stated.set_scope(f"npmScopes.{name}", f"@{name}", url)
            _yarn_secrets(stated, f"npmScopes.{name}.", url, settings, text)
    for name, settings in _tables(document, "npmRegistries"):
        _yarn_secrets(stated, f"npmRegistries.{name}.", name, settings, text)
    stated.proxy = text(document, "httpProxy") or None
    stated.secure_proxy = text(document, "httpsProxy") or None
    stated.cafile = text(document, "httpsCaFilePath") or text(document, "caFilePath") or None
    if yarn_berry.is_false(document.get("enableStrictSsl")):
        stated.verify = False
    return stated


def _yarn_secrets(
    stated: Stated,
    above: str,
    url: str,
    settings: Mapping[str, object],
    text: Callable[[Mapping[str, object], str], str],
) -> None:
    token, pair = _set(text(settings, "npmAuthToken")), _set(text(settings, "npmAuthIdent"))
    if token:
        stated.set_secret(f"{above}npmAuthToken", url, Credential.of("Bearer", token))
    elif pair:
        username, colon, password = pair.partition(":")
        # Without a colon it is the pair in base64, as _auth of npm is.
        whole = Credential.basic(username, password) if colon else Credential.of("Basic", pair)
        stated.set_secret(f"{above}npmAuthIdent", url, whole)


def _tables(document: Mapping[str, object], key: str) -> Iterable[tuple[str, Mapping[str, object]]]:
    members = document.get(key)
    if isinstance(members, Mapping):
        for name, settings in members.items():
            if isinstance(name, str) and isinstance(settings, Mapping):
                yield name, settings


def _bun(source: bytes, environment: Environment) -> Stated:
    install, _ = read_install(source)
    stated = Stated()
    url = _bun_registry(stated, "install.registry", install.get("registry"), environment)
    if url:
        stated.set_default("install.registry", url)
    scopes = install.get("scopes")
    for name, value in scopes.items() if isinstance(scopes, Mapping) else ():
        url = _bun_registry(stated, f"install.scopes.{name}", value, environment)
        if url:
            stated.set_scope(f"install.scopes.{name}", f"@{name.removeprefix('@')}", url)
    cafile, authority = install.get("cafile"), install.get("ca")
    stated.cafile = cafile if isinstance(cafile, str) else None
    for pem in authority if isinstance(authority, list) else (authority,):
        if isinstance(pem, str):
            stated.authorities.append(pem)
    return stated


def _bun_registry(stated: Stated, key: str, value: object, environment: Environment) -> str:
    """The address of a registry; its secret is filed. A "$NAME" is a variable's value."""
    table = value if isinstance(value, Mapping) else {"url": value}
    texts = {
        name: environment.get(text[1:], "") if text.startswith("$") else text
        for name, text in table.items()
        if isinstance(text, str)
    }
    url = texts.get("url", "")
    if texts.get("token"):
        stated.set_secret(f"{key}.token", url, Credential.of("Bearer", texts["token"]))
    elif texts.get("username") and texts.get("password"):
        pair = Credential.basic(texts["username"], texts["password"])
        stated.set_secret(f"{key}.password", url, pair)
    return url


_READERS: Mapping[Manager, Callable[[bytes, Environment], Stated]] = MappingProxyType({
    Manager.NPM: _npm,
    Manager.PNPM: _npm,
    Manager.YARN_CLASSIC: _yarn_classic,
    Manager.YARN_BERRY: _yarn_berry,
    Manager.BUN: _bun,
})  # fmt: skip
