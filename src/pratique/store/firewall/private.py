"""Private packages and tokens, in SQL.

A package is written whole against the revision that it was read at: of two who change it at a time
one is told so, whichever process they are in. Times are microseconds since 1970 (UTC).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from pratique.model.private import PrivatePackage, PrivateVersion, Right, Token
from pratique.store.firewall.evidence import EVIDENCE
from pratique.store.packing import pack, unpack

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Transaction = Callable[..., AbstractContextManager[Connection]]
"""Begins a transaction that ends with the block: committed, or rolled back by an exception.

One that writes takes `durable=True`: then it is on the disk when the block ends.
"""


def tables(metadata: MetaData) -> dict[str, Table]:
    """The tables, as the newest migration leaves them, by name."""
    made = (
        Table(
            "private_packages",
            metadata,
            Column("name", Text, primary_key=True),
            Column("revision", BigInteger, nullable=False),
            Column("created_at", BigInteger, nullable=False),
            Column("modified_at", BigInteger, nullable=False),
        ),
        Table(
            "private_versions",
            metadata,
            Column("name", Text, nullable=False),
            Column("version", Text, nullable=False),
            Column("place", Integer, nullable=False),
            Column("manifest", LargeBinary, nullable=False),
            Column("sha512", Text, nullable=False),
            Column("sha1", Text, nullable=False),
            Column("size", BigInteger, nullable=False),
            Column("published_at", BigInteger, nullable=False),
            Column("by", Text, nullable=False),
            Column("deprecated", Text, nullable=False),
            Column("removed_at", BigInteger),
            PrimaryKeyConstraint("name", "version"),
            Index("private_versions_by_digest", "sha512"),
        ),
        Table(
            "private_tags",
            metadata,
            Column("name", Text, nullable=False),
            Column("tag", Text, nullable=False),
            Column("version", Text, nullable=False),
            PrimaryKeyConstraint("name", "tag"),
        ),
        Table(
            "private_owners",
            metadata,
            Column("name", Text, nullable=False),
            Column("owner", Text, nullable=False),
            PrimaryKeyConstraint("name", "owner"),
        ),
        Table(
            "tokens",
            metadata,
            Column("hash", Text, primary_key=True),
            Column("id", Text, nullable=False, unique=True),
            Column("name", Text, nullable=False),
            Column("start", Text, nullable=False),
            Column("rights", Text, nullable=False),
            Column("packages", Text, nullable=False),
            Column("created_at", BigInteger, nullable=False),
            Column("expires_at", BigInteger),
            Column("revoked_at", BigInteger),
            Index("tokens_by_name", "name"),
        ),
    )
    return {table.name: table for table in made}


def create(connection: Connection) -> None:
    """The migration step: the tables of private packages and of tokens.

    Where a later step changes one of them, this one keeps its own copy of how they were.
    """
    own = MetaData()
    tables(own)
    own.create_all(connection)


_TABLES = tables(MetaData())
PACKAGES, VERSIONS = _TABLES["private_packages"], _TABLES["private_versions"]
TAGS, OWNERS = _TABLES["private_tags"], _TABLES["private_owners"]
TOKENS = _TABLES["tokens"]


class Private:
    """Private packages and tokens. Used from threads; every call is one transaction."""

    def __init__(self, reading: Transaction, writing: Transaction) -> None:
        """Take what begins a transaction: one that reads, and one that may write.

        Every write is durable: a client that was told of a publish or of a revocation relies on it.
        """
        self._reading = reading
        self._writing = partial(writing, durable=True)

    # Packages

    def is_private(self, name: str) -> bool:
        """Whether the name was ever published here; then it is never asked for upstream."""
        with self._reading() as connection:
            query = select(PACKAGES.c.name).where(PACKAGES.c.name == name)
            return connection.scalar(query) is not None

    def names(self) -> frozenset[str]:
        """Every name that was ever published here."""
        with self._reading() as connection:
            return frozenset(connection.scalars(select(PACKAGES.c.name)))

    def revisions(self, name: str | None = None) -> dict[str, int]:
        """Name -> revision of every package, or of the one that is named."""
        query = select(PACKAGES.c.name, PACKAGES.c.revision)
        if name is not None:
            query = query.where(PACKAGES.c.name == name)
        with self._reading() as connection:
            return {row.name: row.revision for row in connection.execute(query)}

    def package(self, name: str) -> PrivatePackage | None:
        """The package with everything in it; None where the name was never published here."""
        with self._reading() as connection:
            while True:
                found = _package(connection, name)
                # Several queries are not one snapshot everywhere: was it changed between them?
                if found is None or found.revision == _revision(connection, name):
                    return found

    def holds(self, sha512: str) -> bool:
        """Whether a version that is still there has this tarball: its blob is not to be evicted."""
        there = (VERSIONS.c.sha512 == sha512) & VERSIONS.c.removed_at.is_(None)
        with self._reading() as connection:
            return connection.scalar(select(VERSIONS.c.name).where(there).limit(1)) is not None

    def bundle(self, name: str, version: str) -> bytes | None:
        """The provenance that was published with a version that is still there, as it came."""
        both = (VERSIONS.c.name == EVIDENCE.c.name) & (VERSIONS.c.version == EVIDENCE.c.version)
        is_it = (EVIDENCE.c.name == name) & (EVIDENCE.c.version == version)
        query = select(EVIDENCE.c.bundle).join(VERSIONS, both)
        with self._reading() as connection:
            packed = connection.scalar(query.where(is_it & VERSIONS.c.removed_at.is_(None)))
        return None if packed is None else unpack(bytes(packed))

    def save(
        self,
        before: PrivatePackage | None,
        after: PrivatePackage,
        bundles: Mapping[str, bytes] = MappingProxyType({}),
    ) -> bool:
        """Write a change; False, and nothing, where somebody else changed it since `before`.

        Args:
            before: As it was read; None for a new package.
            after: As it is to be.
            bundles: Version -> the provenance of one that is new in `after`.
        """
        try:
            with self._writing() as connection:
                if not _take_turn(connection, before, after):
                    return False
                _write_versions(connection, before, after)
                _write_names(connection, after)
                for version, bundle in bundles.items():
                    row = {"name": after.name, "version": version, "bundle": pack(bundle)}
                    connection.execute(insert(EVIDENCE).values(row))
        except IntegrityError:
            return False  # another node published the name, or the version, at the same moment
        return True

    # Tokens

    def add_token(self, token: Token) -> None:
        """Keep a new token.

        Raises:
            IntegrityError: It is there already.
        """
        with self._writing() as connection:
            connection.execute(insert(TOKENS).values(_token_row(token)))

    def token(self, digest: str) -> Token | None:
        """The token with this hash, valid or not."""
        with self._reading() as connection:
            row = connection.execute(select(TOKENS).where(TOKENS.c.hash == digest)).first()
        return None if row is None else _token(row)

    def token_changes(self) -> tuple[int, int]:
        """How many tokens there ever were, and how many are revoked: equal while none changes."""
        query = select(func.count(), func.count(TOKENS.c.revoked_at)).select_from(TOKENS)
        with self._reading() as connection:
            every, revoked = connection.execute(query).one()
        return every, revoked

    def tokens(self, name: str | None = None) -> tuple[Token, ...]:
        """Every token, or those of a name; the oldest first."""
        query = select(TOKENS).order_by(TOKENS.c.created_at, TOKENS.c.id)
        if name is not None:
            query = query.where(TOKENS.c.name == name)
        with self._reading() as connection:
            return tuple(_token(row) for row in connection.execute(query))

    def revoke(self, token_id: str, at: datetime) -> bool:
        """Revoke a token; False where there is none of this id. The first time of two stays."""
        is_it = TOKENS.c.id == token_id
        with self._writing() as connection:
            if connection.scalar(select(TOKENS.c.id).where(is_it)) is None:
                return False
            first = is_it & TOKENS.c.revoked_at.is_(None)
            connection.execute(update(TOKENS).where(first).values(revoked_at=_micros(at)))
        return True


# -- packages --------------------------------------------------------------------------------------


def _revision(connection: Connection, name: str) -> int | None:
    return connection.scalar(select(PACKAGES.c.revision).where(PACKAGES.c.name == name))


def _package(connection: Connection, name: str) -> PrivatePackage | None:
    row = connection.execute(select(PACKAGES).where(PACKAGES.c.name == name)).first()
    if row is None:
        return None
    versions, tags, owners = (
        connection.execute(select(table).where(table.c.name == name)).all()
        for table in (VERSIONS, TAGS, OWNERS)
    )
    by_place = sorted(versions, key=lambda each: each.place)
    return PrivatePackage(
        name,
        row.revision,
        _time(row.created_at),
        _time(row.modified_at),
        tuple(_version(each) for each in by_place),
        MappingProxyType({each.tag: each.version for each in tags}),
        tuple(sorted(each.owner for each in owners)),
    )


def _take_turn(
    connection: Connection, before: PrivatePackage | None, after: PrivatePackage
) -> bool:
    """Write the package's own row, if it is still what `before` says."""
    row = {"revision": after.revision, "modified_at": _micros(after.modified_at)}
    if before is None:
        whole = {"name": after.name, "created_at": _micros(after.created_at), **row}
        connection.execute(insert(PACKAGES).values(whole))
        return True
    is_same = (PACKAGES.c.name == before.name) & (PACKAGES.c.revision == before.revision)
    return connection.execute(update(PACKAGES).where(is_same).values(row)).rowcount == 1


def _write_versions(
    connection: Connection, before: PrivatePackage | None, after: PrivatePackage
) -> None:
    known = {each.version: each for each in before.versions} if before else {}
    for place, each in enumerate(after.versions):
        if each.version not in known:
            connection.execute(insert(VERSIONS).values(_version_row(after.name, place, each)))
        elif each != known[each.version]:
            is_it = (VERSIONS.c.name == after.name) & (VERSIONS.c.version == each.version)
            changed = {"deprecated": each.deprecated, "removed_at": _micros(each.removed_at)}
            connection.execute(update(VERSIONS).where(is_it).values(changed))


def _write_names(connection: Connection, after: PrivatePackage) -> None:
    for table in (TAGS, OWNERS):
        connection.execute(delete(table).where(table.c.name == after.name))
    tags = [{"name": after.name, "tag": t, "version": v} for t, v in after.tags.items()]
    owners = [{"name": after.name, "owner": owner} for owner in after.owners]
    for table, rows in ((TAGS, tags), (OWNERS, owners)):
        if rows:
            connection.execute(insert(table), rows)


def _version_row(name: str, place: int, each: PrivateVersion) -> Mapping[str, object]:
    return {
        "name": name,
        "version": each.version,
        "place": place,
        "manifest": pack(each.manifest),
        "sha512": each.sha512,
        "sha1": each.sha1,
        "size": each.size,
        "published_at": _micros(each.published_at),
        "by": each.by,
        "deprecated": each.deprecated,
        "removed_at": _micros(each.removed_at),
    }


def _version(row: Any) -> PrivateVersion:
    return PrivateVersion(
        row.version,
        unpack(bytes(row.manifest)) or b"",
        row.sha512,
        row.sha1,
        row.size,
        _time(row.published_at),
        row.by,
        row.deprecated,
        None if row.removed_at is None else _time(row.removed_at),
    )


# -- tokens ----------------------------------------------------------------------------------------


def _token_row(token: Token) -> Mapping[str, object]:
    return {
        "hash": token.hash,
        "id": token.id,
        "name": token.name,
        "start": token.start,
        "rights": _listed(token.rights),
        "packages": json.dumps(token.packages),
        "created_at": _micros(token.created_at),
        "expires_at": _micros(token.expires_at),
        "revoked_at": _micros(token.revoked_at),
    }


def _token(row: Any) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        hash=row.hash,
        start=row.start,
        rights=frozenset(Right(each) for each in row.rights.split(",")),
        created_at=_time(row.created_at),
        packages=tuple(json.loads(row.packages)),
        expires_at=None if row.expires_at is None else _time(row.expires_at),
        revoked_at=None if row.revoked_at is None else _time(row.revoked_at),
    )


def _listed(rights: Iterable[Right]) -> str:
    return ",".join(sorted(rights))


def _micros(when: datetime | None) -> int | None:
    return None if when is None else (when - _EPOCH) // _MICROSECOND


def _time(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
