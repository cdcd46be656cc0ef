from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.names import is_legal, scope_of, why_illegal


@pytest.mark.parametrize(
    "name",
    ["left-pad", "@corp/tool", "JSONStream", "a", "under_score", "dot.ted", "1", "@corp/_hidden",
     "crazy!name", "-".join("ab"), "a" * 214, "@_/x"],
)  # fmt: skip
def test_a_name_that_npm_serves_is_legal(name: str) -> None:
    assert why_illegal(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        (".hidden", "begins with"),
        ("_private", "begins with"),
        ("-rf", "begins with"),
        (" space", "character"),
        ("a/b", "character"),
        ("../etc/passwd", "begins with"),
        ("a\nb", "character"),
        ("a%2fb", "character"),
        ("ünï", "character"),
        ("node_modules", "reserved"),
        ("FAVICON.ICO", "reserved"),
        ("@corp", "scope without"),
        ("@corp/", "character"),
        ("@/x", "scope has"),
        ("@../x", "scope has"),
        ("@corp/..", "begins with"),
        ("@corp/-x", "begins with"),
        ("@corp/a/b", "character"),
        ("a" * 215, "longer"),
    ],
)
def test_a_name_that_no_registry_can_have_is_refused(name: str, why: str) -> None:
    assert why in (why_illegal(name) or "")


@given(st.text(max_size=40))
def test_a_legal_name_is_harmless_in_a_url_and_in_a_path(name: str) -> None:
    if is_legal(name):
        assert name.isascii()
        assert ".." not in name.split("/")
        assert not set(name) & set('\\ %?#&:\n\t"<>|')
        assert name.count("/") == (1 if name.startswith("@") else 0)


@pytest.mark.parametrize(
    ("name", "scope"),
    [("@corp/tool", "@corp"), ("tool", None), ("@corp", None), ("a/b", None), ("@/b", None)],
)
def test_a_scope_is_what_stands_before_the_slash(name: str, scope: str | None) -> None:
    assert scope_of(name) == scope
