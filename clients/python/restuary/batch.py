"""Several calls, all or nothing (docs/protocol.md §3.8)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from .resource import tag_of
from .row import Id, Row

if TYPE_CHECKING:
    from .client import Client


class Pending(dict[str, Any]):
    """What a call of a batch will make. In the data of a later call it stands for the id of the row.

    >>> batch.todo.create({'text': 'pack', 'list': trip})
    """

    def __init__(self, id: str) -> None:
        super().__init__({'$ref': id})
        self._answer: Mapping[str, Any] | None = None

    @property
    def result(self) -> Any:
        """What the call has answered, once the batch is sent: a row, or what an action returns."""
        if self._answer is None:
            raise RuntimeError('the batch has not been sent; read the result after the with block')
        body = self._answer.get('body')
        etag = self._answer.get('etag')
        return Row(body, etag and etag.removeprefix('W/').strip('"')) if isinstance(body, dict) else body


class Batch:
    """Collects calls, and sends them at the end of the block. They happen all or not at all, in one transaction.

    >>> with api.batch() as batch:
    ...     trip = batch.list.create({'title': 'Trip'})
    ...     batch.todo.create({'text': 'pack', 'list': trip})
    ...     batch.todo.patch(7, {'done': True})
    >>> trip.result['id']

    An exception in the block sends nothing. Raises `Problem` if the server refuses a call; `problem.document['failed']`
    is its index.
    """

    def __init__(self, api: Client, key: str | None = None) -> None:
        self._api = api
        self._key = key or str(uuid.uuid4())
        self._calls: list[dict[str, Any]] = []
        self._pending: list[Pending] = []

    def __getitem__(self, name: str) -> Calls:
        return Calls(self, self._api[name]._path)

    def __getattr__(self, name: str) -> Calls:
        if name.startswith('_'):
            raise AttributeError(name)
        getattr(self._api, name)  # names the resources if there is no such one
        return self[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None and self._calls:
            self._send()

    def _send(self) -> None:
        response = self._api._http.send_json('POST', '/batch', self._calls, headers={'idempotency-key': self._key})
        for pending, answer in zip(self._pending, response.json(), strict=True):
            pending._answer = answer

    def _add(self, method: str, uri: str, body: Any = None, if_match: str | None = None) -> Pending:
        pending = Pending(str(len(self._calls)))
        call = {'id': pending['$ref'], 'method': method, 'uri': uri}
        if body is not None:
            call['body'] = body
        if if_match is not None:
            call['headers'] = {'If-Match': tag_of(if_match)}
        self._calls.append(call)
        self._pending.append(pending)
        return pending


class Calls:
    """The calls of a batch to one resource. Any other name is an action: `batch.todo.close(7, why='done')`."""

    def __init__(self, batch: Batch, path: str) -> None:
        self._batch, self._path = batch, path

    def create(self, data: Mapping[str, Any]) -> Pending:
        """Creates a row together with the rows that it nests."""
        return self._batch._add('POST', self._path, data)

    def replace(self, id: Id, data: Mapping[str, Any], *, if_match: str | None = None) -> Pending:
        """Replaces a row. Creates it if clients may choose ids."""
        return self._batch._add('PUT', self._at(id), data, if_match)

    def patch(self, id: Id, data: Mapping[str, Any], *, if_match: str | None = None) -> Pending:
        """Changes the fields that the data names, and leaves all others."""
        return self._batch._add('PATCH', self._at(id), data, if_match)

    def delete(self, id: Id, *, if_match: str | None = None) -> Pending:
        """Deletes a row."""
        return self._batch._add('DELETE', self._at(id), None, if_match)

    def get(self, id: Id) -> Pending:
        """Reads a row, as the calls before it leave it."""
        return self._batch._add('GET', self._at(id))

    def __getattr__(self, name: str) -> Any:
        if name.startswith('_'):
            raise AttributeError(name)

        def action(*id: Id, **arguments: Any) -> Pending:
            path = self._at(id[0]) if id else self._path
            return self._batch._add('POST', f'{path}/{name.removeprefix("post_")}', arguments)

        return action

    def _at(self, id: Id) -> str:
        return f'{self._path}/{quote(str(id), safe="")}'
