"""The packages that are kept judged: so many, and no more than has room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from pratique.proxy.shelf import Shelf

MOST = 2048
ROOM = 256 * 1024 * 1024
"""Bytes that they may take together. Who asks for all large packages in turn would take more than a
machine has."""
_OF_RELEASE = 1200
"""Bytes that what is known of a release takes, about."""


class Shelves(OrderedDict[str, Shelf]):
    """By name, the one that was judged longest ago first.

    Args:
        forget: Is told the name of each that goes.
    """

    def __init__(self, forget: Callable[[str], object]) -> None:
        super().__init__()
        self._forget = forget

    def keep(self, shelf: Shelf) -> None:
        """Keep this one, in the place of an earlier one of that name."""
        self[shelf.name] = shelf
        self.move_to_end(shelf.name)
        self.make_room()

    def make_room(self) -> None:
        """Those that were judged longest ago go, with all that is kept of them."""
        room = sum(map(_size, self.values()))
        while len(self) > 1 and (room > ROOM or len(self) > MOST):
            name, gone = self.popitem(last=False)
            room -= _size(gone)
            self._forget(name)


def _size(shelf: Shelf) -> int:
    """Bytes that it takes, about."""
    pages = tuple(shelf.pages.values())
    return sum(len(each.body) for each in pages) + len(shelf.places) * _OF_RELEASE
