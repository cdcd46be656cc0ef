"""All of YAML 1.1, by libyaml's event parser, folded without recursion and under bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import yaml

from pratique.syntax.text import Bounds, Lines, Place, TextError
from pratique.syntax.yaml_scalars import plain

_Container: TypeAlias = "dict[object, object] | list[object]"
_Node: TypeAlias = "yaml.AliasEvent | yaml.ScalarEvent | yaml.CollectionStartEvent"
_NODES = (yaml.AliasEvent, yaml.ScalarEvent, yaml.CollectionStartEvent)
_UNSET = object()
_MAX_NODES = 1_000_000
"""This parser takes microseconds for a node: what no hand and no manager writes ends here."""


class _Open:
    """A container whose end has not come yet."""

    __slots__ = ("anchor", "first", "key", "key_line", "line", "places", "value")

    def __init__(self, value: _Container, line: int, anchor: str | None, first: int) -> None:
        self.value = value
        self.line = line
        self.places: dict[str | int, Place] = {}
        self.anchor = anchor
        self.first = first  # number of nodes before it
        self.key: object = _UNSET
        self.key_line = line


def read_events(source: bytes, bounds: Bounds) -> tuple[tuple[object, Lines], ...]:
    """Every document of `source` with its lines.

    Raises:
        TextError: It is not YAML, or has what no lockfile and no settings need: a tag, a merge
            key, a duplicate key, an anchor or alias beyond the bound; or it is beyond a bound.
    """
    folder = _Folder(bounds)
    try:
        return tuple(folder.documents(yaml.parse(source, Loader=yaml.CSafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TextError(mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = source.count(b"\n", 0, max(error.position, 0)) + 1
        raise TextError(line, f"not YAML: {error.reason}") from None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Folder:
    """Folds events into documents."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._max_nodes = min(bounds.max_nodes, _MAX_NODES)
        self._nodes = 0
        self._aliases = 0
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        self._declared: set[str] = set()  # also those of containers that are still open
        self._root: object = None
        self._root_place: Place = 1

    def documents(self, events: Iterator[yaml.Event]) -> Iterator[tuple[object, Lines]]:
        for event in events:
            if isinstance(event, _NODES):
                self._node(event, _line(event))
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close()
            elif isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                self._declared.clear()
                self._refuse_directives(event)
            elif isinstance(event, yaml.DocumentEndEvent):
                yield self._root, Lines(self._root_place)

    def _refuse_directives(self, event: yaml.DocumentStartEvent) -> None:
        if event.tags:
            raise TextError(_line(event), "a tag directive")

    def _node(self, event: _Node, line: int) -> None:
        self._count(1, line)
        if isinstance(event, yaml.AliasEvent):
            self._add(self._aliased(event, line), line, line)
            return
        if event.tag is not None:
            raise TextError(line, f"a tag: {event.tag!a}")
        if event.anchor is not None:
            self._declare(event.anchor, line)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        else:
            self._opens({} if isinstance(event, yaml.MappingStartEvent) else [], event, line)

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > self._max_nodes:
            raise TextError(line, f"more than {self._max_nodes} values")

    def _declare(self, anchor: str, line: int) -> None:
        if not self._bounds.max_aliases:
            raise TextError(line, f"an anchor: {anchor!a}")
        if anchor in self._declared:
            raise TextError(line, f"duplicate anchor {anchor!a}")
        self._declared.add(anchor)

    def _aliased(self, event: yaml.AliasEvent, line: int) -> object:
        """What an alias stands for; its size counts again, so that no bomb is built of aliases."""
        self._aliases += 1
        if self._aliases > self._bounds.max_aliases:
            raise TextError(line, f"more than {self._bounds.max_aliases} aliases")
        if event.anchor not in self._anchors:
            raise TextError(line, f"an alias of nothing: {event.anchor!a}")
        value, size = self._anchors[event.anchor]
        self._count(size, line)
        return value

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        value: object = event.value
        if event.implicit[0]:
            try:
                value = plain(event.value)
            except ValueError as error:
                raise TextError(line, f"not a value: {error}") from None
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, line, line)

    def _opens(self, value: _Container, event: yaml.NodeEvent, line: int) -> None:
        if len(self._stack) >= self._bounds.max_depth:
            raise TextError(line, f"nested deeper than {self._bounds.max_depth}")
        if self._stack:
            above = self._stack[-1]
            if isinstance(above.value, dict) and above.key is _UNSET:
                raise TextError(line, "a key that is a mapping or a sequence")
        self._stack.append(_Open(value, line, event.anchor, self._nodes))

    def _close(self) -> None:
        closed = self._stack.pop()
        if closed.anchor is not None:
            self._anchors[closed.anchor] = (closed.value, self._nodes - closed.first + 1)
        self._add(closed.value, closed.line, (closed.line, closed.places))

    def _add(self, value: object, line: int, place: Place) -> None:
        if not self._stack:
            self._root, self._root_place = value, place
            return
        above = self._stack[-1]
        if isinstance(above.value, list):
            above.places[len(above.value)] = place
            above.value.append(value)
        elif above.key is _UNSET:
            self._key(above, value, line)
        else:
            above.value[above.key] = value
            key_line = above.key_line
            above.places[above.key] = (  # type: ignore[index]  # keys need not be text here
                key_line if isinstance(place, int) else (key_line, place[1])
            )
            above.key = _UNSET

    @staticmethod
    def _key(above: _Open, key: object, line: int) -> None:
        if isinstance(key, dict | list):
            raise TextError(line, "a key that is a mapping or a sequence")
        if key in above.value:
            raise TextError(line, f"duplicate key {key!a}")
        above.key, above.key_line = key, line
