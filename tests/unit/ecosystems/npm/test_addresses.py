"""Addresses: a source is decided by where it leads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.addresses import classify, classify_specifier, classify_tarball
from pratique.model.pin import Source

SHA = "0123456789abcdef0123456789abcdef01234567"
SHA256 = SHA + "0123456789abcdef01234567"

SPECIFIERS = [
    ("", Source.REGISTRY),
    ("*", Source.REGISTRY),
    ("^1.0.0", Source.REGISTRY),
    (">=1 <2 || 3.x", Source.REGISTRY),
    ("latest", Source.REGISTRY),
    ("npm:is-odd@^3", Source.REGISTRY),
    ("npm:@scope/x@1", Source.REGISTRY),
    ("jsr:@std/path@1", Source.REGISTRY),
    ("workspace:*", Source.WORKSPACE),
    ("file:../x", Source.FILE),
    ("file:x.tgz", Source.FILE),
    ("./x", Source.FILE),
    ("..", Source.FILE),
    ("/x/y", Source.FILE),
    ("~/x", Source.FILE),
    ("C:\\x", Source.FILE),
    ("C:/x", Source.FILE),
    ("link:../x", Source.LINK),
    ("portal:../x", Source.LINK),
    ("exec:./make.js", Source.EXEC),
    ("runtime:^24", Source.RUNTIME),
    ("git+ssh://git@git.example/a/b.git", Source.GIT),
    ("git+https://git.example/a/b.git#v1", Source.GIT),
    ("git+file:///a/b.git", Source.GIT),
    ("GIT+HTTPS://git.example/a/b.git", Source.GIT),
    ("git://git.example/a/b", Source.GIT),
    ("ssh://git@git.example/a/b", Source.GIT),
    ("git@git.example:a/b.git", Source.GIT),
    ("github:a/b", Source.GIT),
    ("gitlab:a/b#main", Source.GIT),
    ("bitbucket:a/b", Source.GIT),
    ("gist:11081aaa281", Source.GIT),
    ("a/b", Source.GIT),
    ("a/b#semver:^1", Source.GIT),
    ("a/b#feature/x", Source.GIT),
    ("https://github.com/a/b", Source.GIT),
    ("https://git.example/a/b.git", Source.GIT),
    ("https://github.com/a/b/archive/main.tar.gz", Source.GIT),
    ("https://github.com/a/b/tarball/main", Source.GIT),
    ("https://api.github.com/repos/a/b/tarball/main", Source.GIT),
    ("https://codeload.github.com/a/b/tar.gz/main", Source.GIT),
    ("https://gitlab.com/a/b/-/archive/v1/b-v1.tar.gz", Source.GIT),
    ("https://gitlab.com/a/b/repository/archive.tar.gz?ref=v1", Source.GIT),
    ("https://bitbucket.org/a/b/get/v1.tar.gz", Source.GIT),
    ("https://codeberg.org/a/b/archive/v1.tar.gz", Source.GIT),
    ("https://github.com/a/b/releases/download/v1/b.tgz", Source.REMOTE),
    ("https://files.example/b.tgz", Source.REMOTE),
    ("http://files.example/b.tgz", Source.REMOTE),
    ("patch:x@npm%3A1.0.0#./x.patch", Source.REGISTRY),
    ("patch:@s/x@npm%3A1.0.0#./x.patch", Source.REGISTRY),
    ("patch:x@git+https%3A//git.example/x.git#./x.patch", Source.GIT),
    ("patch:x@patch%3Ax@npm%253A1#a.patch", Source.UNKNOWN),
    ("virtual:abc#npm:1.0.0", Source.REGISTRY),
    ("virtual:abc#workspace:x", Source.WORKSPACE),
    ("catalog:", Source.UNKNOWN),
    ("ftp://files.example/x.tgz", Source.UNKNOWN),
    ("https://[bad/x.tgz", Source.UNKNOWN),
    ("https:///x.tgz", Source.UNKNOWN),
    ("a/b/c", Source.UNKNOWN),
]

COMMITS = [
    (f"git+ssh://git@git.example/a/b.git#{SHA}", SHA),
    (f"git+ssh://git@git.example/a/b.git#{SHA.upper()}", SHA),
    (f"git+ssh://git@git.example/a/b.git#{SHA256}", SHA256),
    (f"https://git.example/a/b.git#commit={SHA}", SHA),
    (f"https://codeload.github.com/a/b/tar.gz/{SHA}", SHA),
    (f"https://github.com/a/b/archive/{SHA}.tar.gz", SHA),
    (f"a/b#{SHA}", SHA),
    ("a/b#main", None),
    ("a/b#0123456", None),
    (f"a/b#{SHA}0", None),
    (f"https://git.example/{SHA}/b.git#main", None),
    (f"https://files.example/{SHA}.tgz", None),
]

TARBALLS = [
    ("https://registry.example/x/-/x-1.0.0.tgz", "x", "1.0.0", Source.REGISTRY),
    ("http://registry.example/x/-/x-1.0.0.tgz", "x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/api/npm/all/x/-/x-1.0.0.tgz", "x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/@s/x/-/x-1.0.0.tgz", "@s/x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/@s%2fx/-/x-1.0.0.tgz", "@s/x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/%40s%2Fx/-/x-1.0.0.tgz", "@s/x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/@s/x/-/@s/x-1.0.0.tgz", "@s/x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/x/-/x-1.0.0.tgz?cache=0", "x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/x/-/x-1.0.0.tgz#abc", "x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/x/-/x-1.0.0.tgz", "x", "1.0.0+linux", Source.REGISTRY),
    (f"https://registry.example/download/@s/x/1.0.0/{SHA}", "@s/x", "1.0.0", Source.REGISTRY),
    ("https://registry.example/y/-/y-1.0.0.tgz", "x", "1.0.0", Source.REMOTE),
    ("https://registry.example/x/-/x-1.0.1.tgz", "x", "1.0.0", Source.REMOTE),
    ("https://registry.example/x/-/x-11.0.0.tgz", "x", "1.0.0", Source.REMOTE),
    ("https://registry.example/not-x/-/x-1.0.0.tgz", "x", "1.0.0", Source.REMOTE),
    ("https://registry.example/x/-/x-.tgz", "x", "", Source.REMOTE),
    ("https://registry.example/?/x/-/x-1.0.0.tgz", "x", "1.0.0", Source.REMOTE),
    ("https://files.example/x-1.0.0.tgz", "x", "1.0.0", Source.REMOTE),
    (f"git+ssh://git@git.example/a/x.git#{SHA}", "x", "1.0.0", Source.GIT),
    (f"https://codeload.github.com/a/x/tar.gz/{SHA}", "x", "1.0.0", Source.GIT),
    ("file:x-1.0.0.tgz", "x", "1.0.0", Source.FILE),
]


@pytest.mark.parametrize(("specifier", "expected"), SPECIFIERS)
def test_a_specifier_is_classified_by_its_form(specifier: str, expected: Source) -> None:
    assert classify_specifier(specifier) is expected


@pytest.mark.parametrize(("address", "expected"), COMMITS)
def test_a_commit_is_a_whole_object_name(address: str, expected: str | None) -> None:
    assert classify(address)[1] == expected


@pytest.mark.parametrize(("url", "name", "version", "expected"), TARBALLS)
def test_a_tarball_is_the_registrys_only_at_the_releases_own_path(
    url: str, name: str, version: str, expected: Source
) -> None:
    assert classify_tarball(url, name, version) is expected


@given(st.text())
def test_no_text_breaks_the_classification(text: str) -> None:
    source, commit = classify(text)
    assert isinstance(source, Source)
    assert commit is None or source is Source.GIT
    assert isinstance(classify_tarball(text, "x", "1.0.0"), Source)


@given(st.text().map("https://".__add__))
def test_no_url_breaks_the_classification(text: str) -> None:
    assert isinstance(classify_tarball(text, "x", "1.0.0"), Source)
