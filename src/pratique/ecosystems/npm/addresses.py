"""Where an address or a specifier leads: a registry, a tarball, a git repository, a folder.

By the address alone: a flag beside it in a lockfile (`gitHosted`, `type`) says what its writer
wants to be believed. The forms: npm package-spec (https://docs.npmjs.com/cli/v11/using-npm/
package-spec, read 2026-11), pnpm's and yarn's protocols, and the archive addresses of the forges.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from pratique.model.pin import Source

_PROTOCOLS = {
    "bitbucket": Source.GIT,
    "exec": Source.EXEC,
    "file": Source.FILE,
    "gist": Source.GIT,
    "git": Source.GIT,
    "github": Source.GIT,
    "gitlab": Source.GIT,
    "jsr": Source.REGISTRY,
    "link": Source.LINK,
    "npm": Source.REGISTRY,
    "portal": Source.LINK,
    "runtime": Source.RUNTIME,
    "ssh": Source.GIT,
    "workspace": Source.WORKSPACE,
}
_PROTOCOL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]")
_SCP_STYLE = re.compile(r"[^\s/@:]+@[^\s/@:]+:[^\s:]")
_SHORTHAND = re.compile(r"[^\s/@:.][^\s/@:#]*/[^\s/@:#]+(#.*)?")
_COMMIT = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40})(?![0-9a-fA-F])")
# Node's URL takes a backslash for a slash and drops white space: it would find another host.
_MISREAD = re.compile(r"[\\\x00-\x20\x7f]")
_REPOSITORY = re.compile(r"/[^/]+/[^/]+/?")
_FORGES = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})
_ARCHIVE_HOSTS = frozenset({"codeload.github.com", "gist.github.com"})
# `/archive/` alone is the form of every GitHub, Gitea and Forgejo server, `/-/archive/` of GitLab.
_ARCHIVE = re.compile(
    r"/[^/]+/[^/]+/(?:-/archive/|archive/|tarball/|zipball/|get/[^/]+\.(?:tar|tgz|zip))"
    r"|/repository/archive(?:\.|$)"
)


def classify(address: str) -> tuple[Source, str | None]:
    """The source that an address or a specifier names, and the commit where it names one.

    A plain http(s) address of a tarball is REMOTE here: whether it is the one of a registry's
    release depends on the release (`classify_tarball`). `address` has no name in front: `^1.0.0`,
    `npm:x@1`, `git+ssh://host/x.git#<commit>`, `user/repository`, `file:../x`.
    """
    address = address.strip()
    source = _source(address)
    return source, _commit(address) if source is Source.GIT else None


def classify_specifier(specifier: str) -> Source:
    """The source that a manifest's specifier asks for; UNKNOWN for a protocol nobody knows."""
    return classify(specifier)[0]


def classify_tarball(url: str, name: str, version: str) -> Source:
    """The source of a locked tarball: REGISTRY only where its path is that of the release.

    A registry's own path ends in `/<name>/-/<file>-<version>.tgz` (below any prefix, slashes and
    `@` percent-encoded or not, the scope repeated before the file or not), or is GitHub Packages'
    `/download/<name>/<version>/<digest>`. Anything else is what `classify` says.
    """
    source, _ = classify(url)
    if source is Source.REMOTE and is_registry_path(urlsplit(url).path, name, version):
        return Source.REGISTRY
    return source


def is_registry_path(path: str, name: str, version: str) -> bool:
    """Whether a URL's path is the one that registries give the release `name`@`version`."""
    path = unquote(path)
    file = name.rpartition("/")[2]
    versions = {version, version.partition("+")[0]}  # registries drop build metadata
    endings = {f"/{name}/-/{part}-{each}.tgz" for part in (file, name) for each in versions}
    downloads = f"/download/{name}/{version}/"
    return bool(version) and (path.endswith(tuple(endings)) or path.startswith(downloads))


def _source(address: str) -> Source:
    if address.startswith(("./", "../", "/", "~/", ".\\", "..\\")) or address in {".", ".."}:
        return Source.FILE
    if _WINDOWS_PATH.match(address):
        return Source.FILE
    if protocol := _PROTOCOL.match(address):
        return _source_of_protocol(protocol[1].lower(), address)
    if _SCP_STYLE.match(address) or _SHORTHAND.fullmatch(address):
        return Source.GIT
    return Source.UNKNOWN if "/" in address or "\\" in address else Source.REGISTRY


def _source_of_protocol(protocol: str, address: str) -> Source:
    if protocol in {"http", "https"}:
        return _source_of_url(address)
    if protocol.startswith("git+"):
        return Source.GIT
    if protocol == "patch":
        return _inside(address.partition(":")[2].partition("#")[0])
    if protocol == "virtual":
        return _source(address.partition("#")[2])
    return _PROTOCOLS.get(protocol, Source.UNKNOWN)


def _inside(locator: str) -> Source:
    """The source of what a patch is laid over: `name@npm%3A1.0.0`, decoded once per patch."""
    reference = unquote(locator).partition("@" if locator[:1] != "@" else "/")[2]
    if locator[:1] == "@":
        reference = reference.partition("@")[2]
    return Source.UNKNOWN if not reference or "patch:" in reference else _source(reference)


def _source_of_url(url: str) -> Source:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return Source.UNKNOWN
    if not host or _MISREAD.search(url):
        return Source.UNKNOWN
    path = unquote(parts.path)
    if host in _ARCHIVE_HOSTS or path.rstrip("/").endswith(".git") or _ARCHIVE.search(path):
        return Source.GIT
    if host.removeprefix("www.") in _FORGES and _REPOSITORY.fullmatch(path):
        return Source.GIT
    return Source.REMOTE


def _commit(address: str) -> str | None:
    """The commit: what the fragment names, else a full object name in the path."""
    before, has_fragment, fragment = address.partition("#")
    found = _COMMIT.search(fragment if has_fragment else before)
    return found[0].lower() if found else None
