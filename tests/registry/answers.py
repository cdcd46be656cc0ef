"""The right answers of a registry, as npm's gives them; faults come afterwards."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from tests.registry.exchange import BYTES, FULL, SHORT, Answer, Request, Route, json_answer
from tests.registry.shelf import Document, Shelf, Shelved
from tests.registry.signing import SigningKey

_CACHED = {"cache-control": "public, max-age=300", "vary": "accept-encoding, accept"}
_NOT_FOUND = json_answer({"error": "Not found"}, 404)


class Answers:
    """Answers from shelves. Documents are made once per change and address."""

    def __init__(self, shelves: Mapping[str, Shelf]) -> None:
        self.shelves = shelves
        self.keys: list[SigningKey] = []
        self.advisories: dict[str, list[tuple[frozenset[str], Document]]] = {}
        self.users: dict[str, str] = {}
        self._made: dict[tuple[str, str, str, int], Answer] = {}

    def to(self, request: Request, route: Route | None, address: str) -> Answer:
        """The right answer to a request for `route`."""
        if route is None:
            return _NOT_FOUND
        if route.kind in {"packument", "version", "tarball", "dist-tags", "attestations"}:
            return self._of_package(request, route, address)
        return self._of_registry(request, route)

    def _of_registry(self, request: Request, route: Route) -> Answer:
        match route.kind:
            case "-/npm/v1/keys":
                if not self.keys:
                    return _NOT_FOUND
                return json_answer({"keys": [key.document() for key in self.keys]})
            case "-/whoami":
                return self._whoami(request)
            case "-/v1/search":
                return self._search(request)
            case "-/npm/v1/security/advisories/bulk":
                return self._bulk(request)
            case _:
                return json_answer({})

    def _of_package(self, request: Request, route: Route, address: str) -> Answer:
        shelf = self.shelves.get(route.name)
        if shelf is None:
            return _NOT_FOUND
        match route.kind:
            case "packument":
                return self._packument(request, shelf, address)
            case "version":
                return self._version(shelf, route.rest, address)
            case "tarball":
                return self._tarball(shelf, route.rest)
            case "dist-tags":
                return json_answer(dict(shelf.tags))
            case _:
                return self._attestations(shelf.versions.get(route.rest))

    def _packument(self, request: Request, shelf: Shelf, address: str) -> Answer:
        short = SHORT in request.headers.get("accept", "") and not shelf.unpublished
        kind = SHORT if short else FULL
        key = (shelf.name, kind, address, shelf.revision)
        if key not in self._made:
            make = shelf.install_document if short else shelf.packument
            answer = json_answer(make(address), content_type=kind)
            self._made[key] = answer.with_headers(**_CACHED)
        return self._made[key]

    def _version(self, shelf: Shelf, wanted: str, address: str) -> Answer:
        release = shelf.versions.get(shelf.tags.get(wanted, wanted))
        if release is None:
            return json_answer(f"version not found: {wanted}", 404)
        return json_answer(release.document(address)).with_headers(**_CACHED)

    def _tarball(self, shelf: Shelf, file_name: str) -> Answer:
        for release in (*shelf.versions.values(), *shelf.hidden):
            if release.file_name == file_name and release.tarball is not None:
                return Answer(body=release.tarball, headers={"content-type": BYTES})
        return _NOT_FOUND

    def _attestations(self, release: Shelved | None) -> Answer:
        if release is None or release.attestations is None:
            return _NOT_FOUND
        return json_answer({"attestations": release.attestations})

    def _whoami(self, request: Request) -> Answer:
        name = self.users.get((request.token or "").removeprefix("Bearer "))
        if name is None:
            return json_answer({"error": "Unauthorized"}, 401)
        return json_answer({"username": name})

    def _search(self, request: Request) -> Answer:
        asked = parse_qs(urlsplit(request.path).query)
        text = asked.get("text", [""])[0]
        size, start = int(asked.get("size", ["20"])[0]), int(asked.get("from", ["0"])[0])
        found = [
            {"package": {"name": shelf.name, "version": shelf.tags.get("latest", "")}}
            for shelf in self.shelves.values()
            if text in shelf.name and shelf.versions
        ]
        return json_answer({"objects": found[start : start + size], "total": len(found)})

    def _bulk(self, request: Request) -> Answer:
        if request.method != "POST":
            return json_answer({"error": "method not allowed"}, 405)
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        asked: Mapping[str, list[str]] = json.loads(body)
        found = {name: self._advisories(name, frozenset(of)) for name, of in asked.items()}
        return json_answer({name: those for name, those in found.items() if those})

    def _advisories(self, name: str, versions: frozenset[str]) -> list[Document]:
        return [document for hit, document in self.advisories.get(name, []) if hit & versions]
