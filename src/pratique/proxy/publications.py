"""What is published to the firewall itself, and by whom: the part that changes something."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from pratique.errors import StoreError
from pratique.model.private import PrivatePackage, Token
from pratique.proxy import accounts, bundles, private, tokens
from pratique.proxy.answers import JSON, Answer, failed
from pratique.proxy.pages import page_of
from pratique.proxy.paths import Asked, What
from pratique.proxy.publishing import Owned, Publish, Refused, Revised, read_put
from pratique.proxy.searching import Entry, entry_of
from pratique.proxy.shelf import Page
from pratique.store.blobs import Blobs
from pratique.store.firewall import Firewall

LARGEST = 64 * 1024 * 1024
"""Bytes of a publish."""
_MOST_PAGES = 500
"""Finished documents of own packages that are kept."""
_ACCOUNTS = frozenset({What.USER, What.LOGIN, What.TOKENS, What.PROFILE, What.WHOAMI})
_ABOUT = frozenset({What.TARBALL_REVISION, What.COLLABORATORS, What.VISIBILITY})
_CHANGES = frozenset({What.PACKUMENT, What.REVISION, What.DIST_TAG})


class Publications:
    """The firewall's own packages and tokens.

    Args:
        firewall: Keeps them.
        blobs: Keep the tarballs.
        may_own: Whether a name that nobody published yet may be published here.
        names: Of the packages that are published; they are added to.
    """

    def __init__(
        self, firewall: Firewall, blobs: Blobs, may_own: Callable[[str], bool], names: set[str]
    ) -> None:
        self._store, self._blobs, self._may_own = firewall.private, blobs, may_own
        self._names = names
        self._entries: dict[str, tuple[Entry | None, int]] = {}
        self._pages: dict[tuple[str, int, bool, str], Page] = {}

    def is_private(self, name: str) -> bool:
        return name in self._names

    def entries(self) -> list[Entry]:
        """What a search can find; each package is read once, and again when it was changed."""
        for name, revision in self._store.revisions().items():
            if self._entries.get(name, (None, 0))[1] != revision:
                package = self._store.package(name)
                self._entries[name] = (entry_of(package) if package else None, revision)
        return [each for each, _ in tuple(self._entries.values()) if each is not None]

    def _tarball(self, package: PrivatePackage, asked: Asked) -> Answer | str:
        found = private.version_of(package, asked.file.rpartition("/")[2])
        if found is None or not self._blobs.at_hand(found.sha512):
            return failed(404, f"{asked.name} has no such file")
        return found.sha512

    def read(self, asked: Asked, base: str, form: tuple[bool, str]) -> Answer | Page | str:
        """What a GET of a package is answered with; a tarball's hex SHA-512 for its file.

        Args:
            asked: A packument, a version, a tarball or the tags.
            base: Address of this registry.
            form: Whether the document is to be the short one, and its encoding.
        """
        if asked.what is What.PACKUMENT:
            revision = self._store.revisions(asked.name).get(asked.name, 0)
            if known := self._pages.get((asked.name, revision, *form)):
                return known
        package = self._store.package(asked.name)
        if package is None:
            return failed(404, f"there is no package {asked.name}")
        match asked.what:
            case What.DIST_TAGS:
                return accounts.dist_tags(package)
            case What.TARBALL:
                return self._tarball(package, asked)
            case What.VERSION:
                wanted = asked.version or package.tags.get(asked.tag, "")
                body = private.version_document(package, wanted, base)
            case _:
                body = private.document(package, base, short=form[0])
        if body is None:
            return failed(404, f"nothing of {asked.name} is published")
        if asked.what is What.VERSION:
            return Answer(200, JSON, body)
        if len(self._pages) >= _MOST_PAGES:
            self._pages.clear()
        page = page_of(body, short=form[0], encoding=form[1])
        key = (asked.name, package.revision, *form)
        made = self._pages[key] = replace(page, etag=_etag(body, form[1]))
        return made

    def attestations(self, asked: Asked) -> Answer:
        """What was published beside a version: its provenance, which nobody here has verified."""
        bundle = self._store.bundle(asked.name, asked.version)
        if bundle is None:
            return failed(404, "there are none")
        return Answer(200, JSON, bundles.document(bundle))

    def largest(self, asked: Asked) -> int:
        """Bytes of a body that is read for this."""
        return LARGEST if asked.what in _CHANGES else accounts.LARGEST_BODY

    async def answer(
        self,
        asked: Asked,
        method: str,
        body: bytes,
        caller: Token | None,
        headers: Mapping[bytes, bytes],
        now: datetime,
    ) -> Answer:
        """The answer to everything about accounts, and to every change of a package."""
        if asked.what in _ACCOUNTS:
            header = headers.get(b"authorization", b"").decode("latin-1")
            return self._account(asked, method, body, caller, header, now)
        if asked.what in _ABOUT:
            return self._about(asked)
        if asked.what not in _CHANGES or method not in {"PUT", "POST", "DELETE"}:
            return failed(405, f"{method} is not served here")
        if caller is None:
            return accounts.unauthorised()
        return await asyncio.to_thread(self._change, asked, method, body, caller.name, now)

    def _about(self, asked: Asked) -> Answer:
        """What is not told in a package's document, and what is done already."""
        package = self._store.package(asked.name)
        if package is None:
            return failed(404, f"{asked.name} is not published here")
        if asked.what is What.COLLABORATORS:
            return accounts.collaborators(package)
        if asked.what is What.VISIBILITY:
            return accounts.visibility()
        return accounts.changed(package)  # a tarball goes with its version

    # Accounts

    def _account(
        self,
        asked: Asked,
        method: str,
        body: bytes,
        caller: Token | None,
        header: str,
        now: datetime,
    ) -> Answer:
        match asked.what, method:
            case What.WHOAMI, "GET":
                return accounts.whoami(caller)
            case What.PROFILE, "GET":
                return accounts.profile(caller)
            case What.PROFILE, _:
                return accounts.unchangeable_profile()
            case What.LOGIN, _:
                return accounts.web_login()
            case What.USER, "GET":
                known = [each.name for each in self._store.tokens()]
                return accounts.user(asked.rest, known, caller)
            case What.USER, "PUT":
                presented = accounts.read_login(body, asked.rest)
                if isinstance(presented, Answer):
                    return presented
                found = self._store.token(tokens.hash_of(presented.token))
                return accounts.logged_in(presented, found, now)
            case What.TOKENS, _:
                return self._tokens(asked, method, body, caller, header, now)
            case _:
                return failed(405, f"{method} is not served here")

    def _tokens(
        self,
        asked: Asked,
        method: str,
        body: bytes,
        caller: Token | None,
        header: str,
        now: datetime,
    ) -> Answer:
        if method == "GET":
            return accounts.listed(caller, self._store.tokens(), now)
        if method == "DELETE":
            doomed = accounts.to_revoke(caller, asked.rest, self._store.tokens())
            if isinstance(doomed, Answer):
                return doomed
            self._store.revoke(doomed.id, now)
            return accounts.revoked()
        text = tokens.presented(header) or ""
        random = secrets.token_bytes(tokens.RANDOM_BYTES)
        made = accounts.created(caller, text, body, random, now)
        if isinstance(made, Answer):
            return made
        self._store.add_token(made[0])
        return made[1]

    # Packages

    def _change(self, asked: Asked, method: str, body: bytes, by: str, now: datetime) -> Answer:
        """Stored first, then saved: where somebody else was quicker, the client tries again."""
        before = self._store.package(asked.name)
        if before is None and not self._may_own(asked.name):
            why = f"{asked.name} is no own name: add it to `own` of layers.registry in the policy"
            return failed(403, why)
        if before is None and (twin := self._twin(asked.name)):
            return failed(422, f"{asked.name} differs from {twin} in its capitals alone")
        sent: dict[str, bytes] = {}
        after = self._changed(asked, method, body, before, (by, now), sent)
        if isinstance(after, Refused):
            return accounts.not_changed(after)
        if not self._store.save(before, after, sent):
            return failed(409, "somebody else changed the package meanwhile: try again")
        self._names.add(asked.name)
        return accounts.changed(after, is_new=before is None)

    def _twin(self, name: str) -> str | None:
        """A package here whose name is the same where case does not count, as on many disks."""
        folded = name.casefold()
        return next((each for each in tuple(self._names) if each.casefold() == folded), None)

    def _changed(
        self,
        asked: Asked,
        method: str,
        body: bytes,
        before: PrivatePackage | None,
        who: tuple[str, datetime],
        sent: dict[str, bytes],
    ) -> PrivatePackage | Refused:
        by, now = who
        if before is not None and asked.what is What.DIST_TAG:
            if method == "DELETE":
                return private.untagged(before, asked.tag, by, now)
            return private.tagged(before, asked.tag, body, by, now)
        if before is not None and method == "DELETE":
            return private.removed(before, asked.rest, by, now)
        change = read_put(body, asked.name, asked.rest)
        if isinstance(change, Publish):
            return self._published(before, change, who, sent)
        if isinstance(change, Refused):
            return change
        if before is None:
            return Refused(404, "there is no such package")
        if isinstance(change, Revised):
            return private.revised(before, change, by, now, removes=bool(asked.rest))
        if isinstance(change, Owned):
            known = [each.name for each in self._store.tokens()]
            return private.owned(before, change, by, known, now)
        return change

    def _published(
        self,
        before: PrivatePackage | None,
        change: Publish,
        who: tuple[str, datetime],
        sent: dict[str, bytes],
    ) -> PrivatePackage | Refused:
        """With the tarball kept, and the provenance in `sent`, where it may be published."""
        after = private.published(before, change, *who)
        if not isinstance(after, Refused):
            self._keep(change)
            if change.bundle is not None:
                sent[change.version] = change.bundle
        return after

    def _keep(self, change: Publish) -> None:
        if self._blobs.keep(change.tarball) != change.sha512:
            raise StoreError("The tarball has another digest than it was read with")


def _etag(body: bytes, encoding: str) -> bytes:
    """Of one document in two encodings two validators, of which one can be told from the other."""
    mark = "-gzip" if encoding == "gzip" else ""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}{mark}"'.encode()
