"""Upstream documents, verified artifacts, and the bytes that a release has for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, delete, select, update

from pratique.store.firewall.database import Database, Row, chunks, micros, moment, plain
from pratique.store.firewall.port import Artifact, Bound, Document
from pratique.store.firewall.tables import ARTIFACTS, BOUND, DOCUMENTS


class SqlDocuments:
    """`Documents` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Documents

    def document(self, registry: str, name: str, form: str) -> Document | None:
        with self._database.reading() as connection:
            query = select(DOCUMENTS).where(_is_document(registry, name, form))
            row = connection.execute(query).mappings().first()
        return None if row is None else _document(row)

    def keep(self, document: Document) -> str | None:
        row = {
            **asdict(document),
            "etag": _plain(document.etag),
            "modified": _plain(document.modified),
            "fetched_at": micros(document.fetched_at),
            "checked_at": micros(document.checked_at),
        }
        is_it = _is_document(document.registry, document.name, document.form)
        with self._database.writing() as connection:
            before = connection.scalar(select(DOCUMENTS.c.blob).where(is_it))
            if before is None:
                connection.execute(DOCUMENTS.insert(), row)
                return None
            connection.execute(update(DOCUMENTS).where(is_it).values(row))
            return None if _is_referred_to(connection, before) else before

    def checked(self, registry: str, name: str, form: str, at: datetime) -> None:
        is_it = _is_document(registry, name, form)
        with self._database.writing() as connection:
            connection.execute(update(DOCUMENTS).where(is_it).values(checked_at=micros(at)))

    def names(self, registry: str) -> Iterator[str]:
        query = select(DOCUMENTS.c.name).where(DOCUMENTS.c.registry == registry).distinct()
        with self._database.reading() as connection:
            return iter(sorted(connection.scalars(query)))

    # Artifacts

    def artifact(self, sha512: str) -> Artifact | None:
        with self._database.reading() as connection:
            query = select(ARTIFACTS).where(ARTIFACTS.c.sha512 == sha512)
            row = connection.execute(query).mappings().first()
        return None if row is None else _artifact(row)

    def add(self, artifact: Artifact) -> None:
        row = {
            "sha512": artifact.sha512,
            "size": artifact.size,
            "verified_at": micros(artifact.verified_at),
            "last_used": micros(artifact.last_used),
        }
        insert = self._database.insert(ARTIFACTS).values(row)
        later = {
            name: case((told > kept, told), else_=kept)
            for name in ("verified_at", "last_used")
            for told, kept in [(insert.excluded[name], ARTIFACTS.c[name])]
        }
        with self._database.writing() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["sha512"], set_=later))

    def used(self, digests: Iterable[str], at: datetime) -> None:
        when = micros(at)
        with self._database.writing() as connection:
            for part in chunks(tuple(digests)):
                is_it = and_(ARTIFACTS.c.sha512.in_(part), ARTIFACTS.c.last_used < when)
                connection.execute(update(ARTIFACTS).where(is_it).values(last_used=when))

    def forget(self, digests: Iterable[str]) -> None:
        with self._database.writing() as connection:
            for part in chunks(tuple(digests)):
                connection.execute(delete(ARTIFACTS).where(ARTIFACTS.c.sha512.in_(part)))

    def oldest(self, limit: int) -> tuple[Artifact, ...]:
        query = select(ARTIFACTS).order_by(ARTIFACTS.c.last_used, ARTIFACTS.c.sha512).limit(limit)
        with self._database.reading() as connection:
            return tuple(_artifact(row) for row in connection.execute(query).mappings())

    # Bindings

    def bind(self, bound: Bound) -> Bound:
        row = {**asdict(bound), "at": micros(bound.at)}
        with self._database.writing() as connection:
            insert = self._database.insert(BOUND).values(row)
            connection.execute(insert.on_conflict_do_nothing())
            query = select(BOUND).where(_is_package(bound.registry, bound.name))
            kept = connection.execute(query.where(BOUND.c.version == bound.version))
            return _bound(kept.mappings().one())

    def bound(self, registry: str, name: str) -> Mapping[str, Bound]:
        query = select(BOUND).where(_is_package(registry, name))
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings()
            return {row["version"]: _bound(row) for row in rows}


def _is_document(registry: str, name: str, form: str) -> ColumnElement[bool]:
    return and_(
        DOCUMENTS.c.registry == registry, DOCUMENTS.c.name == name, DOCUMENTS.c.form == form
    )


def _is_package(registry: str, name: str) -> ColumnElement[bool]:
    return and_(BOUND.c.registry == registry, BOUND.c.name == name)


def _is_referred_to(connection: Connection, blob: str) -> bool:
    """By a document, or since the same bytes are an artifact."""
    document = select(DOCUMENTS.c.blob).where(DOCUMENTS.c.blob == blob).limit(1)
    artifact = select(ARTIFACTS.c.sha512).where(ARTIFACTS.c.sha512 == blob)
    return any(connection.scalar(query) is not None for query in (document, artifact))


def _plain(value: str | None) -> str | None:
    return None if value is None else plain(value)


def _document(row: Row) -> Document:
    return Document(
        row["registry"], row["name"], row["form"], row["digest"], row["blob"], row["size"],
        moment(row["fetched_at"]), moment(row["checked_at"]), row["etag"], row["modified"],
    )  # fmt: skip


def _artifact(row: Row) -> Artifact:
    return Artifact(
        row["sha512"], row["size"], moment(row["verified_at"]), moment(row["last_used"])
    )


def _bound(row: Row) -> Bound:
    return Bound(row["registry"], row["name"], row["version"], row["sha512"], moment(row["at"]))
