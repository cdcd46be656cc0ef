"""Where a manifest says that its source is, as the address that a certificate would have."""

from __future__ import annotations

import re

_HOSTS = {"github": "github.com", "gitlab": "gitlab.com"}
_PART = r"[A-Za-z0-9_.-]{1,128}"
_PATH = rf"{_PART}(?:/{_PART}){{1,20}}"
_SHORT = re.compile(rf"(?:(?P<host>github|gitlab):)?(?P<path>{_PATH})")
_URL = re.compile(
    rf"(?:git\+)?(?:https?|git|ssh|git\+ssh)://(?:git@)?(?P<host>[a-z0-9.-]{{1,253}})(?::22)?/"
    rf"(?P<path>{_PATH})/?",
)
_SCP = re.compile(rf"git@(?P<host>[a-z0-9.-]{{1,253}}):(?P<path>{_PATH})")


def source_of(text: str) -> str | None:
    """`https://host/owner/name` of what a manifest's `repository` states; None for anything else.

    Letters keep their case, as npm compares them. `owner/name` alone is at GitHub, as npm reads it.
    """
    stated = text.strip().partition("#")[0]
    for form in (_URL, _SCP, _SHORT):
        if found := form.fullmatch(stated):
            host = found["host"] or "github"
            path = found["path"].removesuffix(".git")
            return None if ".." in path.split("/") else f"https://{_HOSTS.get(host, host)}/{path}"
    return None
