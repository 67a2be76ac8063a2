"""What functions serve, as the server told it (docs/protocol.md §8.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from .rows import Change


class Values:
    """The items of a list, or one item. Each change returns what is different for those who look at them.

    A change names a value by its URI, whose last segment is taken for the id of the value. New values come last.
    """

    def __init__(self, uri: str) -> None:
        self._own = unquote(uri).strip('/')
        self._values: list[Any] = []
        self._coming: list[Any] | None = None

    @property
    def rows(self) -> list[Any]:
        return list(self._values)

    def outline(self, outline: Mapping[str, Any] | None) -> None:
        """There is none: only the functions know what they serve."""

    def interrupt(self) -> None:
        """Forgets the parts of a snapshot whose rest will not come."""
        self._coming = None

    def snapshot(self, frame: Mapping[str, Any]) -> list[Change] | None:
        """Reads a part of a snapshot. None = it is not the last."""
        if frame['op'] == 'reset' or self._coming is None:
            self._coming = []
        self._coming += frame['data']
        if frame.get('more'):
            return None
        before, self._values, self._coming = self._values, self._coming, None
        return list(_differences(before, self._values))

    def commit(self, frame: Mapping[str, Any]) -> list[Change] | None:
        """Reads what was published. None = it cannot be told what an event is about, so everything has to be read again."""
        before, changes = self.rows, []
        for event in frame['events']:
            change = self._event(**event)
            if change is None:
                self._values = before
                return None
            changes.append(change)
        return changes

    def _event(self, kind: str, uri: str | None = None, data: Any = None, patch: Any = None, **_: Any) -> Change | None:
        if kind == 'enter':
            id = _id_of(data)
            place = self._place_of(id)
            if place is None:
                self._values.append(data)
                return Change('enter', id, data)
            self._values[place] = data
            return Change('change', id, data)
        place = self._place_named(uri)
        if place is None:
            return None
        value = self._values[place]
        if kind == 'leave':
            del self._values[place]
            return Change('leave', _id_of(value), None)
        if not isinstance(value, dict):
            return None
        self._values[place] = {**value, **patch}
        return Change('change', _id_of(value), self._values[place])

    def _place_named(self, uri: str | None) -> int | None:
        """The place of the value that an event is about. Without a URI it is the item that is followed."""
        if uri is None or uri.strip('/') == self._own:
            return len(self._values) - 1 if self._values else None
        return self._place_of(uri.rsplit('/', 1)[1])

    def _place_of(self, id: Any) -> int | None:
        places = (place for place, value in enumerate(self._values) if str(_id_of(value)) == str(id))
        return None if id is None else next(places, None)


def _id_of(value: Any) -> Any:
    """A value without an id is told apart by itself, unless it has members."""
    return value.get('id') if isinstance(value, dict) else value


def _differences(before: list[Any], after: list[Any]) -> Iterator[Change]:
    """What left, then what entered or changed, in its order."""
    ids = [_id_of(value) for value in after]
    for value in before:
        if (id := _id_of(value)) not in ids or (id is None and value not in after):
            yield Change('leave', id, None)
    known = [_id_of(value) for value in before]
    for id, value in zip(ids, after, strict=True):
        if value not in before:
            yield Change('change' if id is not None and id in known else 'enter', id, value)
