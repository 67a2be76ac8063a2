"""The rows of a live query, in their order (docs/protocol.md §4.4, §8.5)."""

from __future__ import annotations

import bisect
import datetime
import decimal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import total_ordering
from operator import attrgetter
from typing import Any, Literal

from .row import Id, Row


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one row."""

    kind: Literal['enter', 'change', 'leave']
    """`enter` = it came into view, `leave` = it is gone or out of view."""
    id: Id
    row: Row | None
    """None = it has left."""


@dataclass(slots=True)
class _Entry:
    id: Id
    row: Row
    key: Any
    """What it is sorted by. None = the row does not tell."""


_READERS: Mapping[str, Callable[[Any], Any]] = {
    'number': lambda value: value,
    'text': lambda value: value,
    'decimal': decimal.Decimal,
    'moment': datetime.datetime.fromisoformat,
}


@total_ordering
class _Descending:
    __slots__ = ('value',)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.value == other.value

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)


class Rows:
    """The rows as the server told them. Each change returns what is different for those who look at them."""

    def __init__(self, sort: str | Sequence[str] = (), catalogue: Callable[[], Mapping[str, Any]] = dict) -> None:
        """catalogue: the outlines of all resources, which are only needed if one sorts by a related row."""
        self._catalogue = catalogue
        self._outline: Mapping[str, Any] = {}
        self._sort = sort.split(',') if isinstance(sort, str) else list(sort)
        self._entries: list[_Entry] = []
        self._by_id: dict[Id, _Entry] = {}
        self._compared: list[str | None] | None = None
        self._coming: list[_Entry] | None = None

    @property
    def rows(self) -> list[Row]:
        return [entry.row for entry in self._entries]

    def outline(self, outline: Mapping[str, Any] | None) -> None:
        """Learns how values compare. Without that, or where rows hide a key, the server tells their order."""
        if outline is None:
            return
        self._outline = outline
        self._compared = [*outline['sort'], outline['order'].get(outline['id'])]
        for entry in self._entries:
            entry.key = self._key(entry.id, entry.row)

    def interrupt(self) -> None:
        """Forgets the parts of a snapshot whose rest will not come."""
        self._coming = None

    def snapshot(self, frame: Mapping[str, Any]) -> list[Change] | None:
        """Reads a part of a snapshot. None = it is not the last."""
        if frame['op'] == 'reset' or self._coming is None:
            self._coming = []
        for id, data, version in zip(frame['ids'], frame['data'], frame['versions'], strict=True):
            self._coming.append(self._entry(id, data, version))
        if frame.get('more'):
            return None
        before, self._by_id = self._by_id, {entry.id: entry for entry in self._coming}
        self._entries, self._coming = self._coming, None
        left = [Change('leave', id, None) for id in before if id not in self._by_id]
        return left + [
            Change('change' if entry.id in before else 'enter', entry.id, entry.row)
            for entry in self._entries
            if entry.id not in before or before[entry.id].row != entry.row
        ]

    def commit(self, frame: Mapping[str, Any]) -> list[Change]:
        """Reads what one commit did."""
        changes = [change for event in frame['events'] for change in self._event(event)]
        if 'order' in frame:
            self._entries = [self._by_id[id] for id in frame['order'] if id in self._by_id]
        return changes

    def _event(self, event: Mapping[str, Any]) -> Iterable[Change]:
        id = event['id']
        former = self._by_id.get(id)
        if event['kind'] == 'leave':
            if former:
                del self._by_id[id]
                del self._entries[self._place_of(former)]
                yield Change('leave', id, None)
            return
        entry = self._by_id[id] = self._entry(id, event['data'], event['version'])
        if former is None:
            self._insert(entry)
            yield Change('enter', id, entry.row)
            return
        place = self._place_of(former)
        if entry.key is None or entry.key == former.key:
            self._entries[place] = entry
        else:
            del self._entries[place]
            self._insert(entry)
        if former.row != entry.row:
            yield Change('change', id, entry.row)

    def _entry(self, id: Id, data: dict[str, Any], version: str | None) -> _Entry:
        row = Row(data, version)
        return _Entry(id, row, self._key(id, row))

    def _insert(self, entry: _Entry) -> None:
        if entry.key is None:
            self._entries.append(entry)
        else:
            bisect.insort(self._entries, entry, key=attrgetter('key'))

    def _place_of(self, entry: _Entry) -> int:
        if entry.key is not None:
            place = bisect.bisect_left(self._entries, entry.key, key=attrgetter('key'))
            if place < len(self._entries) and self._entries[place] is entry:
                return place
        return next(place for place, one in enumerate(self._entries) if one is entry)

    def _key(self, id: Id, row: Row) -> tuple[Any, ...] | None:
        """What a row is sorted by: nulls come last in both directions, and the id is the last key."""
        if self._compared is None or None in self._compared:
            return None
        *compared, of_id = self._compared
        key: list[Any] = []
        for name, kind in zip(self._sort, compared, strict=True):
            value: Any = row
            path = name.removeprefix('-').split('.')
            for step in path:
                if value is None:
                    break
                if not isinstance(value, dict) or step not in value:
                    return None
                value = value[step]
            if isinstance(value, dict):
                value = value.get('id' if 'id' in value else self._id_name(path))
            if isinstance(value, (dict, list)):
                return None
            if value is None:
                key.append((1,))
                continue
            read = _READERS[str(kind)](value)
            key.append((0, _Descending(read) if name.startswith('-') else read))
        return (*key, _READERS[str(of_id)](id))

    def _id_name(self, path: Sequence[str]) -> str:
        """How the id of the rows is called to which a relation leads."""
        outline, catalogue = self._outline, self._catalogue()
        for step in path:
            outline = catalogue[outline['relations'][step]['to']]
        return str(outline['id'])
