"""The operations of a resource. Their words are those of the protocol, as in the other clients."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

import httpx

from .http import Http, content_of
from .live import Live
from .row import Id, Row
from .rows import Rows

if TYPE_CHECKING:
    from .client import Client

Names = str | Sequence[str]
Target = Id | Mapping[str, Any]


class Page:
    """A page of a list. Iterating has the rows of this page and of all pages after it."""

    rows: list[Row]
    total: int | None
    """How many rows match on all pages together, if `total=True` was asked for."""

    def __init__(self, http: Http, path: str, query: Mapping[str, Any]) -> None:
        self._http, self._path, self._query = http, path, query
        response = http.send('GET', path, query=query, headers={'min-position': query.get('min')})
        self.rows = [Row(row) for row in content_of(response)]
        total = response.headers.get('x-total-count')
        self.total = None if total is None else int(total)
        self._links = response.links

    def next(self) -> Page | None:
        """Reads the page after this one. None = this is the last."""
        return self._at('next')

    def prev(self) -> Page | None:
        """Reads the page before this one. None = this is the first."""
        return self._at('prev')

    def _at(self, rel: str) -> Page | None:
        link = self._links.get(rel)
        cursor = httpx.URL(link['url']).params.get('cursor') if link else None
        return None if cursor is None else Page(self._http, self._path, {**self._query, 'offset': None, 'cursor': cursor})

    def __iter__(self) -> Iterator[Row]:
        page: Page | None = self
        while page is not None:
            yield from page.rows
            page = page.next()


class Resource:
    """A resource of the server."""

    _path: str

    def __init__(self, api: Client) -> None:
        self._api = api
        self._http = api._http

    def __repr__(self) -> str:
        return f'<{type(self).__name__} of {self._http.base}>'

    def _act(self, method: str, path: str, data: Any) -> Any:
        in_query = method in ('GET', 'DELETE')
        return self._http.json(method, path, None if in_query else data, query=data if in_query else None)

    def _at(self, id: Id) -> str:
        return f'{self._path}/{quote(str(id), safe="")}'

    def _target(self, which: Target) -> tuple[str, Mapping[str, Any] | None]:
        """A row by its id, or rows by a filter or a unique key."""
        return (self._path, which) if isinstance(which, Mapping) else (self._at(which), None)

    def _write(
        self, method: str, path: str, query: Mapping[str, Any] | None, data: Any, if_match: str | None, key: str | None
    ) -> httpx.Response:
        headers = {'idempotency-key': key or str(uuid.uuid4()), 'if-match': tag_of(if_match)}
        return self._http.send_json(method, path, data, query=query, headers=headers)


class Operations(Resource):
    """All that a resource with rows may have."""

    def get(
        self,
        id: Id,
        *,
        fields: Names | None = None,
        include: Names | None = None,
        depth: int | None = None,
        min: str | None = None,
    ) -> Row:
        """Reads one row by its id.

        fields: exactly these: `['id', 'customer.name']`. include: relations that are shown as rows. depth: how deep
        related rows are shown, 0 to 3. min: a position that the server must have reached.
        """
        query = {'fields': fields, 'include': include, 'depth': depth}
        return _row_of(self._http.send('GET', self._at(id), query=query, headers={'min-position': min}))

    def list(
        self,
        *,
        filter: Mapping[str, Any] | None = None,
        sort: Names | None = None,
        limit: int | None = None,
        offset: int | None = None,
        cursor: str | None = None,
        total: bool | None = None,
        fields: Names | None = None,
        include: Names | None = None,
        depth: int | None = None,
        min: str | None = None,
    ) -> Page:
        """Reads a page of the rows that a query selects. Iterating has the rows of all pages.

        filter: conditions that must all hold: `{'done': False, 'rank': {'$gte': 3}}`. sort: `-rank` sorts by rank in
        descending order. total: whether all rows that match are counted. The others are those of `get`.
        """
        query = {'filter': filter, 'sort': sort, 'limit': limit, 'offset': offset, 'cursor': cursor, 'total': total}
        return Page(self._http, self._path, {**query, 'fields': fields, 'include': include, 'depth': depth, 'min': min})

    def create(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, key: str | None = None) -> Any:
        """Creates a row together with the rows that it nests, or a list of rows, all or nothing. Returns what it made.

        key: the idempotency key. The client makes one, so that a request that is sent again happens once.
        """
        return _rows_of(self._write('POST', self._path, None, data, None, key))

    def replace(self, id: Target, data: Mapping[str, Any], *, if_match: str | None = None, key: str | None = None) -> Row:
        """Replaces a row. Creates it if clients may choose ids, or by a unique key: `replace({'email': …}, …)`.

        if_match: the `etag` that the row must still have. Otherwise it is refused: `precondition_failed`.
        """
        return _row_of(self._write('PUT', *self._target(id), data, if_match, key))

    def patch(
        self,
        id: Target,
        data: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        if_match: str | None = None,
        key: str | None = None,
    ) -> Any:
        """Changes the fields that the data names, and leaves all others. A list is a JSON Patch.

        `patch({'filter': {…}}, …)` changes all rows that a filter selects, if the resource allows it.
        """
        return _rows_of(self._write('PATCH', *self._target(id), data, if_match, key))

    def delete(self, id: Target, *, if_match: str | None = None, key: str | None = None) -> None:
        """Deletes a row, or all rows that a filter selects: `delete({'filter': {'done': True}})`."""
        self._write('DELETE', *self._target(id), None, if_match, key)

    def live(
        self,
        id: Id | None = None,
        *,
        filter: Mapping[str, Any] | None = None,
        sort: Names | None = None,
        limit: int | None = None,
        offset: int | None = None,
        fields: Names | None = None,
        include: Names | None = None,
        depth: int | None = None,
    ) -> Live:
        """Follows a row or a query: its rows now, and then every change.

        >>> with api.todo.live(filter={'done': False}, sort='-rank') as live:
        ...     for change in live:
        ...         print(change.kind, change.id, change.row, len(live.rows))

        Without an id the words are those of `list`. A row need not exist yet.
        """
        query = {'filter': filter, 'sort': sort, 'limit': limit, 'offset': offset}
        query |= {'fields': fields, 'include': include, 'depth': depth}
        params = {name: value for name, value in query.items() if value is not None}
        request: dict[str, Any] = {'uri': self._path if id is None else self._at(id), 'params': params}
        if id is not None:
            request['absent'] = 'wait'
        http = self._http
        rows = Rows(params.get('sort') or (), functools.cache(lambda: http.json('GET', '/')['outlines']))
        return Live(http, request, rows, self._api._websocket)

    def history(self, id: Id, *, before: str | None = None, limit: int | None = None) -> Sequence[dict[str, Any]]:
        """What the change log knows about a row, newest first. Deleted rows have a history too.

        before: only records before this position.
        """
        history: Sequence[dict[str, Any]] = self._http.json(
            'GET', f'{self._at(id)}/history', query={'before': before, 'limit': limit}
        )
        return history

    def upload(
        self,
        id: Id,
        field: str,
        content: bytes | str | Path | BinaryIO,
        *,
        type: str | None = None,
        name: str | None = None,
        if_match: str | None = None,
    ) -> dict[str, Any]:
        """Sends the bytes of a file. Returns what the row shows of it.

        content: bytes, text, a file opened for reading bytes, or a path, whose name is then the name of the file.
        type: the media type.
        """
        if isinstance(content, Path):
            with content.open('rb') as file:
                return self.upload(id, field, file, type=type, name=name or content.name, if_match=if_match)
        headers = {
            'content-type': type or 'application/octet-stream',
            'content-disposition': name and f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            'if-match': tag_of(if_match),
        }
        sent = content if isinstance(content, (bytes, str)) else content.read()
        shown: dict[str, Any] = content_of(
            self._http.send('PUT', f'{self._at(id)}/{quote(field, safe="")}', headers=headers, content=sent)
        )
        return shown

    def download(self, id: Id, field: str) -> bytes:
        """Reads the bytes of a file."""
        path = f'{self._at(id)}/{quote(field, safe="")}'
        return self._http.send('GET', path, headers={'accept': '*/*'}).content


class Undescribed(Operations):
    """A resource of a server that does not describe itself. Any other name is one of its actions."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith('_'):
            raise AttributeError(name)
        # `get_list` is GET …/list, and `get` is the resource itself; without a method in front it is a POST.
        verb, end = re.fullmatch(r'(?:(get|post|put|patch|delete)(?:_|$))?(.*)', name).groups()  # type: ignore[union-attr]

        def action(*given: Any, **arguments: Any) -> Any:
            path = self._at(given[0]) if given else self._path
            return self._act((verb or 'post').upper(), f'{path}/{end}' if end else path, arguments or None)

        return action


def tag_of(etag: str | None) -> str | None:
    return None if etag is None else f'"{etag}"'


def _row_of(response: httpx.Response) -> Row:
    tag = response.headers.get('etag')
    return Row(content_of(response), tag and tag.removeprefix('W/').strip('"'))


def _rows_of(response: httpx.Response) -> Any:
    data = content_of(response)
    return [Row(row) for row in data] if isinstance(data, list) else _row_of(response)
