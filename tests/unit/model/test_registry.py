from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.registry import (
    Credential,
    Registries,
    Registry,
    Transport,
    dart_of,
    normalised,
)

_TOKEN = Credential("Bearer", "s3cret")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://Registry.Example", "https://registry.example/"),
        ("https://registry.example/npm//", "https://registry.example/npm/"),
        ("https://registry.example:443/", "https://registry.example/"),
        ("http://registry.example:80/", "http://registry.example/"),
        ("https://registry.example:8443/", "https://registry.example:8443/"),
        ("https://user:pass@registry.example/", "https://registry.example/"),
        ("https://registry.example/a?b#c", "https://registry.example/a/"),
        ("http://[::1]:4873/", "http://[::1]:4873/"),
        ("ftp://registry.example/", None),
        ("registry.example", None),
        ("https:///path", None),
        ("https://registry.example:99999/", None),
        ("https://registry.example/a/../b", None),
        ("https://registry.example/a/%2e%2e/b", None),
        ("https://registry.example/a%2f..%2fb", None),
        ("https://registry.example\\@evil.example/", None),
        ("https://registry.example/\r\nX: y", None),
        ("https://r\u00e9gistry.example/", None),
        ("", None),
        ("https://registry.example/" + "a" * 5000, None),
    ],
)
def test_an_address_is_normalised_or_is_none(url: str, base: str | None) -> None:
    assert normalised(url) == base


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalised(f"https://registry.example/{text}")
    if once is not None:
        assert normalised(once) == once


def _registries(prefix: str = "//registry.example/npm/") -> Registries:
    return Registries(
        default="https://registry.example/npm/",
        scopes={"@corp": "http://corp.example:8080/"},
        credentials={prefix: _TOKEN, "//corp.example:8080/": _TOKEN},
    )


@pytest.mark.parametrize(
    ("url", "carried"),
    [
        ("https://registry.example/npm/left/-/left-1.0.0.tgz", True),
        ("https://REGISTRY.example:443/npm/left", True),
        ("https://registry.example/npm", True),
        ("https://registry.example/npmx/left", False),
        ("https://registry.example/other/left", False),
        ("https://registry.example/", False),
        ("https://registry.example:8443/npm/left", False),
        ("https://evil.example/npm/left", False),
        ("https://registry.example.evil.example/npm/left", False),
        ("https://registry.example@evil.example/npm/left", False),
        ("https://evil.example/?https://registry.example/npm/", False),
        ("https://registry.example/npm/../other/left", False),
        ("https://registry.example/npm/%2e%2e/other", False),
        ("https://registry.example//npm/left", False),
        ("http://registry.example/npm/left", False),
        ("http://corp.example:8080/x", True),
        ("https://corp.example/x", False),
        ("not an address", False),
    ],
)
def test_a_secret_goes_to_its_host_and_path_only(url: str, carried: bool) -> None:
    assert (_registries().credential_for(url) is not None) is carried


def test_the_longest_prefix_counts() -> None:
    other = Credential("Bearer", "other")
    registries = Registries(credentials={"//h.example/": _TOKEN, "//h.example/a/b/": other})
    assert registries.credential_for("https://h.example/a/b/c") == other
    assert registries.credential_for("https://h.example/a/bc") == _TOKEN


@given(st.from_regex(r"[a-z0-9.\-]{1,20}", fullmatch=True), st.text(max_size=30))
def test_no_other_host_ever_gets_it(host: str, path: str) -> None:
    if host != "registry.example":
        assert _registries("//registry.example/").credential_for(f"https://{host}/{path}") is None


def test_a_secret_shows_nowhere_but_in_its_header() -> None:
    registries = _registries()
    registry = registries.registry_for("left")
    assert registry == Registry("https://registry.example/npm/", _TOKEN, Transport())
    for shown in (_TOKEN, registry, registries, Transport(proxy="http://u:s3cret@p.example")):
        assert "s3cret" not in repr(shown)
        assert "s3cret" not in str(shown)
        assert "s3cret" not in f"{shown}"
    assert _TOKEN.header == "Bearer s3cret"


@pytest.mark.parametrize("secret", ["", "a\r\nX-Other: b", "a b ", "\u00e9", "a\x00"])
def test_a_secret_that_could_break_a_header_is_none(secret: str) -> None:
    assert Credential.of("Bearer", secret) is None


def test_basic_authentication_is_encoded() -> None:
    basic = Credential.basic("ann", "pass")
    assert basic is not None
    assert basic.header == "Basic YW5uOnBhc3M="


def test_a_scopes_packages_come_from_its_registry() -> None:
    registries = _registries()
    scoped, plain = registries.registry_for("@corp/tool"), registries.registry_for("tool")
    assert scoped is not None
    assert plain is not None
    assert (scoped.id, plain.id) == ("http://corp.example:8080/", "https://registry.example/npm/")
    assert registries.registry_for("@other/tool") == plain
    assert Registries().registry_for("tool") is None


@pytest.mark.parametrize(
    ("prefix", "dart"),
    [
        ("//Registry.example/npm", "//registry.example/npm/"),
        ("//registry.example:443/", "//registry.example/"),
        ("https://registry.example/a/", "//registry.example/a/"),
        ("//", None),
        ("nonsense", None),
    ],
)
def test_a_dart_is_the_address_without_its_scheme(prefix: str, dart: str | None) -> None:
    assert dart_of(prefix) == dart
