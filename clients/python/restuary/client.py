"""The client of an API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from .batch import Batch
from .credentials import CookieCredentials, Credentials, Tokens
from .description import resources_in
from .http import Http
from .live import Live
from .problem import Problem
from .resource import Resource, Undescribed
from .values import Values


class Client:
    """The client of an API. It has a member for each resource, with a method for each operation and action.

    >>> api = Client('https://todo.example/api')
    >>> api.login(email='ann@example.com', password='correct horse')
    >>> for todo in api.todo.list(filter={'done': False}, sort='-rank'):
    ...     api.todo.patch(todo['id'], {'done': True})
    >>> help(api.todo)

    The methods are made from the description of the server (`/openapi.json`), which is read when the first one is
    needed. `dir(api)` names the resources; a resource that is called like a method of the client is `api['login']`.
    A client may be used by several threads.

    url: where the API is served. tokens: those of a former login. on_tokens: called with the tokens whenever they
    change, None after a logout. cookies: the session is a cookie in place of tokens, in the jar of `http`. description: the OpenAPI document, if it is not to be read from the server. http: the
    `httpx.Client` that sends requests, for proxies, certificates and timeouts. websocket: options of
    `websocket.create_connection`, for the same reasons.
    """

    def __init__(
        self,
        url: str,
        *,
        tokens: Tokens | None = None,
        on_tokens: Callable[[Tokens | None], None] | None = None,
        cookies: bool = False,
        description: Mapping[str, Any] | None = None,
        http: httpx.Client | None = None,
        websocket: Mapping[str, Any] | None = None,
    ) -> None:
        client = http or httpx.Client()
        self._credentials = CookieCredentials(url, client) if cookies else Credentials(tokens, on_tokens)
        self._http = Http(url.rstrip('/'), client, self._credentials)
        self._websocket = websocket or {}
        self._description = description
        self._describing = threading.Lock()
        self._resources: dict[str, Resource] | None = None
        self._is_described = True

    @property
    def tokens(self) -> Tokens | None:
        """The tokens of the login, to be kept for the next start. None = nobody is logged in, or the session is a cookie."""
        return self._credentials.tokens

    def login(self, **credentials: Any) -> None:
        """Logs in with the fields that the API names. The tokens are sent with every request, and renewed in time.

        >>> api.login(email='ann@example.com', password='correct horse')

        Raises `Problem`: `unauthenticated`, `rate_limited`.
        """
        self._credentials.keep(self._http.authenticate('/auth/token', credentials))

    def logout(self) -> None:
        """Ends the session, and forgets the tokens."""
        try:
            self._http.send('POST', '/auth/logout')
        finally:
            self._credentials.keep(None)

    def refresh(self) -> None:
        """Renews the tokens. The client does so itself when they expire."""
        if not self._http.renew(self._credentials.token):
            raise Problem({'error': 'unauthenticated', 'status': 401, 'detail': 'the session is over; log in again'})

    def request(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Sends any other request, for instance to a handled resource: `api.request('GET', '/lamps/3')`.

        Returns the JSON of the answer.
        """
        return self._http.json(method, path, data, query=query, headers=headers)

    def live(self, uri: str) -> Live:
        """Follows what functions serve: the items of a list, or one item, and then every change.

        >>> with api.live('/lamps/') as live:
        ...     for change in live:
        ...         print(change.kind, change.id, change.row)

        The last segment of the URI of an item is its `id`, if it is a dict. An item is `live.row`, None when it is gone.
        What cannot be told one by one is read again.

        Raises `Problem` from the iteration: `not_found` if there is nothing.
        """
        return Live(self._http, {'uri': uri}, Values(uri), self._websocket)

    def batch(self, *, key: str | None = None) -> Batch:
        """Collects calls that happen all or not at all. A row that one makes may be used in the next.

        >>> with api.batch() as batch:
        ...     trip = batch.list.create({'title': 'Trip'})
        ...     batch.todo.create({'text': 'pack', 'list': trip})
        >>> trip.result['id']

        key: the idempotency key of the whole. The client makes one.
        """
        return Batch(self, key)

    def close(self) -> None:
        """Closes the connections for requests. Live iterations are closed on their own."""
        self._http.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __getitem__(self, name: str) -> Any:
        resources = self._described()
        if name not in resources and not self._is_described:
            resources[name] = type(name, (Undescribed,), {'_path': f'/{name}'})(self)
        return resources[name]

    # Which members there are is only known when the program runs, so for type checkers they are Any.
    def __getattr__(self, name: str) -> Any:
        if name.startswith('_'):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            known = ', '.join(sorted(self._described()))
            raise AttributeError(f'the API has no resource {name!r}; it has {known}') from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._described()})

    def __repr__(self) -> str:
        return f'Client({self._http.base!r})'

    def _described(self) -> dict[str, Resource]:
        with self._describing:
            if self._resources is None:
                document = self._description or self._read_description()
                self._resources = {name: made(self) for name, made in resources_in(document).items()}
            return self._resources

    def _read_description(self) -> Mapping[str, Any]:
        try:
            document: Mapping[str, Any] = self._http.json('GET', '/openapi.json')
            return document
        except Problem as problem:
            # A server may keep its description to itself. Its resources then have all operations, and any action.
            if problem.status not in (401, 403, 404):
                raise
            self._is_described = False
            return {}
