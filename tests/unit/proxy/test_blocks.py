"""Texts that are kept packed."""

from __future__ import annotations

from pratique.proxy.blocks import Packer, Text, is_scattered


def kept(texts: list[bytes]) -> list[Text]:
    packer = Packer()
    found = [packer.keep(each) for each in texts]
    packer.done()
    return found


def test_every_text_is_read_as_it_came() -> None:
    texts = [b"%d " % number * (number % 7) for number in range(1000)] + [b"x" * 900_000, b"", b"y"]
    found = kept(texts)
    assert [each.read() for each in found] == texts
    assert [each.read() for each in reversed(found)] == texts[::-1]


def test_texts_that_are_nearly_the_same_take_little_room() -> None:
    texts = [
        b'{"name":"a","version":"1.0.%d","more":"%s"}' % (n, b"abcd" * 500) for n in range(500)
    ]
    found = kept(texts)
    assert sum(len(each.packed) for each in {text.block for text in found}) < 0.05 * 500 * 2000


def test_a_block_ends_where_it_is_large_enough() -> None:
    found = kept([b"x" * 200_000] * 10)
    assert max(text.block.size for text in found) <= 400_000


def test_blocks_of_which_little_is_left_are_scattered() -> None:
    found = kept([b"%05d" % number * 1000 for number in range(2000)])
    assert not is_scattered(found)
    assert not is_scattered(found[1000:])
    assert is_scattered(found[::50])
