"""A document is packed in parts, and what is packed already is taken as it is."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from tests.unit.proxy.packuments import by_node
from tests.unit.proxy.stand import NOW

from pratique.proxy import packing
from pratique.proxy.packing import Kept, packed
from pratique.proxy.packument import Lines, Packument, Part, Shown, parts_of, read, render

NAME, OURS = "left-pad", "http://ours.invalid/"


def document(count: int, **changed: str) -> bytes:
    """A package with so many versions; some say something else of themselves."""
    versions = {
        f"1.{number}.0": {
            "name": NAME,
            "version": f"1.{number}.0",
            "description": changed.get(f"v{number}", "as ever"),
            "dist": {"tarball": f"https://registry.example/{NAME}/-/{NAME}-1.{number}.0.tgz"},
        }
        for number in range(count)
    }
    return json.dumps({"name": NAME, "versions": versions}, separators=(",", ":")).encode()


def known(body: bytes, before: Packument | None = None) -> Packument:
    found = read(body, NAME, now=NOW, known=before)
    assert isinstance(found, Packument)
    return found


def shown(found: Packument, *hidden: str, said: dict[str, str] | None = None) -> Shown:
    listed = [each for each in found.versions if each not in hidden]
    return Shown(listed, {each: f"{OURS}{NAME}/-/{each}.tgz" for each in listed}, said or {})


def parts(found: Packument, of: Shown) -> list[Part]:
    return list(parts_of(found, of, short=False))


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 400])
def test_what_is_packed_in_parts_unpacks_to_the_document(count: int) -> None:
    found = known(document(count))
    body, _ = packed(parts(found, shown(found)), {})
    assert gzip.decompress(body) == render(found, shown(found), short=False)
    one = zlib.decompressobj(31)
    assert one.decompress(body) == gzip.decompress(body)
    assert one.eof
    assert not one.unused_data  # one member: some clients read no other


def test_node_unpacks_it_to_the_same() -> None:
    found = known(document(300))
    body, kept = packed(parts(found, shown(found)), {})
    again, _ = packed(parts(found, shown(found)), kept)
    assert body == again
    assert by_node([gzip.decompress(again)])[0][0] == [
        [each, f"{OURS}{NAME}/-/{each}.tgz"] for each in found.versions
    ]


@pytest.mark.parametrize(
    ("hidden", "said", "changed"),
    [
        ((), {}, {}),
        (("1.0.0",), {}, {}),
        (("1.150.0", "1.399.0"), {}, {}),
        ((), {"1.200.0": "BLOCKED by policy"}, {}),
        ((), {}, {"v7": "something else"}),
        ((), {}, {"v0": "something else", "v399": "and this"}),
    ],
)
def test_it_is_packed_as_if_nothing_had_been_packed_before(
    hidden: tuple[str, ...], said: dict[str, str], changed: dict[str, str]
) -> None:
    first = known(document(400))
    _, kept = packed(parts(first, shown(first)), {})
    after = known(document(400, **changed), first)
    of = shown(after, *hidden, said=said)
    assert packed(parts(after, of), kept)[0] == packed(parts(after, of), {})[0]
    assert gzip.decompress(packed(parts(after, of), kept)[0]) == render(after, of, short=False)


def test_what_stayed_is_not_packed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = known(document(1000))
    _, kept = packed(parts(first, shown(first)), {})
    after = known(document(1000, v500="something else"), first)
    sizes: list[int] = []
    before = packing._of

    def counted(pieces: object) -> packing.Packed:
        found = before(pieces)  # type: ignore[arg-type]
        sizes.append(found.size)
        return found

    monkeypatch.setattr(packing, "_of", counted)
    of = shown(after, "1.900.0")
    _, again = packed(parts(after, of), kept)
    assert sum(sizes) < len(render(after, of, short=False)) / 2
    assert len(kept) > 8
    assert "1.900.0" not in _named(again)


def _named(kept: Kept) -> set[str]:
    return {version.version for lines, _ in kept.values() for version in lines.versions}


def test_another_address_is_another_text() -> None:
    found = known(document(40))
    _, kept = packed(parts(found, shown(found)), {})
    moved = {each: f"http://moved.invalid/{NAME}/-/{each}.tgz" for each in found.versions}
    of = Shown(list(found.versions), moved)
    assert gzip.decompress(packed(parts(found, of), kept)[0]) == render(found, of, short=False)
    assert b"ours.invalid" not in gzip.decompress(packed(parts(found, of), kept)[0])


def test_versions_that_stand_together_are_neither_few_nor_many() -> None:
    found = known(document(2000))
    sizes = [len(x.versions) for x in parts(found, shown(found)) if isinstance(x, Lines)]
    assert sum(sizes) == 2000
    assert all(32 <= each <= 128 for each in sizes[:-1])
