"""What one source of the user's own settings says about registries, and several as one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field

from pratique.model.registry import Credential, Registries, Transport, dart_of, normalised


@dataclass(slots=True)
class Stated:
    """One source: a user's file, or the environment. A secret never shows in `repr`.

    Attributes:
        default: Normalised base URL, or None.
        scopes: Scope (`@corp`) -> normalised base URL.
        credentials: `//host/path/` -> credential.
        unusable: Keys whose value cannot be used, for the error's hint; never a value.
    """

    default: str | None = None
    scopes: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict, repr=False)
    cafile: str | None = None
    authorities: list[str] = field(default_factory=list, repr=False)
    proxy: str | None = field(default=None, repr=False)
    secure_proxy: str | None = field(default=None, repr=False)
    no_proxy: tuple[str, ...] | None = None
    verify: bool | None = None
    unusable: list[str] = field(default_factory=list)

    def set_default(self, key: str, url: str) -> None:
        self.default = self._base(key, url) or self.default

    def set_scope(self, key: str, scope: str, url: str) -> None:
        base = self._base(key, url)
        if base:
            self.scopes[scope] = base

    def _base(self, key: str, url: str) -> str | None:
        base = normalised(url)
        if base is None:
            self.unusable.append(key)
        return base

    def set_secret(self, key: str, prefix: str | None, credential: Credential | None) -> None:
        """File a credential under the address that `prefix` states."""
        dart = dart_of(prefix) if prefix else None
        if dart is None or credential is None:
            self.unusable.append(key)
        else:
            self.credentials[dart] = credential

    def set_no_proxy(self, text: str) -> None:
        self.no_proxy = tuple(host for part in text.split(",") if (host := part.strip()))


def decoded_password(text: str) -> str | None:
    """The password that npm keeps in base64; None where it is not that."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def combined(sources: Iterable[Stated]) -> Registries:
    """The registries of several sources, the first one strongest, key by key."""
    several = tuple(sources)
    return Registries(
        default=next((s.default for s in several if s.default), None),
        scopes={k: v for s in reversed(several) for k, v in s.scopes.items()},
        credentials={k: v for s in reversed(several) for k, v in s.credentials.items()},
        transport=Transport(
            cafile=next((s.cafile for s in several if s.cafile), None),
            authorities=tuple(next((s.authorities for s in several if s.authorities), ())),
            proxy=next((s.proxy for s in several if s.proxy), None),
            secure_proxy=next((s.secure_proxy for s in several if s.secure_proxy), None),
            no_proxy=next((s.no_proxy for s in several if s.no_proxy is not None), ()),
            verify=next((s.verify for s in several if s.verify is not None), True),
        ),
    )
