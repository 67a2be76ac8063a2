"""Rows, and what functions serve, that are kept up to date."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self

from .connection import PATIENCE, Connection, Frame, Lost
from .http import Http
from .problem import Problem
from .row import Row
from .rows import Change, Rows
from .values import Values

__all__ = ['Change', 'Live', 'Status']

Status = Literal['loading', 'live', 'stale', 'reset', 'closed']

_SILENCE = 20.0
_LONGEST_PAUSE = 10.0
_SUB = 1


class Live:
    """Rows that are kept up to date, and an iterator over their changes.

    >>> with api.todo.live(filter={'done': False}) as live:
    ...     for change in live:
    ...         print(change.kind, change.id, change.row)

    The first changes are the rows that are there, as `enter`. A connection that is lost comes back, and goes on where it
    was: no change is lost, and none comes twice. What the server cannot tell one by one (a reset) comes as the
    difference. `async for` does the same without blocking the event loop.

    A loop that is left and begun again goes on where it was. Two threads may not read the same one, but any thread may
    close it.

    Raises `Problem` if the server refuses, or a login has ended that the client cannot renew.
    """

    status: Status
    """`loading` = nothing has come yet, `live` = up to date, `stale` = the connection is lost, `reset` = the server begins
    anew, and the rows are those of before, `closed` = it is over."""
    position: str | None
    """The position in the change log up to which the rows are known. None = nothing has come yet."""

    def __init__(self, http: Http, request: Mapping[str, Any], rows: Rows | Values, options: Mapping[str, Any]) -> None:
        self.status = 'loading'
        self.position = None
        self._http = http
        self._request = request
        self._options = options
        self._rows = rows
        self._pending: deque[Change] = deque()
        self._closed = threading.Event()
        self._connection: Connection | None = None
        self._token: str | None = None
        self._me: Any = None
        self._attempts = 0
        self._not_before = 0.0
        self._heard = 0.0
        self._has_asked = False

    @property
    def rows(self) -> list[Row]:
        """The rows now, in their order. All changes of a commit are in them at once."""
        return self._rows.rows

    @property
    def row(self) -> Row | None:
        """The row, if one row is followed. None = it does not exist, or has not come yet."""
        return next(iter(self.rows), None)

    def wait(self, timeout: float | None = None) -> list[Change]:
        """Waits until something is new, and returns the changes: all those of a commit together.

        The list is empty if only `status`, `position` or the order of the rows has changed, if `timeout` seconds are over, or if it is closed.

        >>> while live.status != 'closed':
        ...     live.wait()
        ...     show(live.rows, live.status)
        """
        end = None if timeout is None else time.monotonic() + timeout
        while not self._pending and not self._closed.is_set():
            left = _SILENCE if end is None else end - time.monotonic()
            if left <= 0 or self._step(left):
                break
        changes = list(self._pending)
        self._pending.clear()
        return changes

    def close(self) -> None:
        """Ends it. The rows stay."""
        self._closed.set()
        self.status = 'closed'
        if self._connection:
            self._connection.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change:
        while not self._pending:
            if self._closed.is_set():
                raise StopIteration
            self._step(_SILENCE)
        return self._pending.popleft()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        try:
            change = await asyncio.to_thread(next, self, None)
        except asyncio.CancelledError:
            self.close()  # so that the thread ends
            raise
        if change is None:
            raise StopAsyncIteration
        return change

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _step(self, timeout: float) -> bool:
        """Does the next thing, within so many seconds. Returns whether anything is new."""
        try:
            if self._connection is None:
                self._connect(timeout)
                return False
            return self._listen(self._connection, timeout)
        except Lost as lost:
            return self._lose(lost.code)
        except Problem:
            self.close()
            raise

    def _connect(self, timeout: float) -> None:
        pause = self._not_before - time.monotonic()
        if self._closed.wait(min(max(pause, 0), timeout)) or pause > timeout:
            return
        credentials = self._http.credentials
        self._token = credentials.token
        connection = Connection(self._http.base, {**credentials.handshake(self._token), **self._options})
        self._connection = connection
        if self._closed.is_set():
            return connection.close()
        me = connection.hello.get('me')
        if self._me != me:
            self.position = None  # another caller sees other rows
        self._me = me
        since = {} if self.position is None else {'since': self.position}
        connection.send({'id': _SUB, 'op': 'subscribe', **self._request, **since})
        self._heard, self._has_asked = time.monotonic(), False

    def _listen(self, connection: Connection, timeout: float) -> bool:
        patience = _SILENCE + (PATIENCE if self._has_asked else 0)
        frame = connection.receive(min(timeout, self._heard + patience - time.monotonic()))
        if frame is not None:
            self._heard, self._has_asked = time.monotonic(), False
            return self._hear(frame)
        if time.monotonic() - self._heard >= patience:
            # The other end may be gone without a word.
            if self._has_asked:
                raise Lost()
            connection.send({'op': 'ping', 'id': 0})
            self._has_asked = True
        return False

    def _hear(self, frame: Frame) -> bool:
        if frame.get('error'):
            self._refused(Problem(frame['error']))
            return True
        if frame.get('id') == _SUB:
            self._attempts = 0
            self._rows.outline(frame.get('data'))
            return False
        match frame.get('op'):
            case 'snapshot' | 'reset':
                changes = self._rows.snapshot(frame)
                if changes is None:
                    return self._become(self.status if self.status == 'loading' else 'reset')
                self._pending.extend(changes)
            case 'commit':
                known = self._rows.commit(frame)
                if known is None:
                    return self._begin_anew()
                self._pending.extend(known)
            case 'behind':
                return self._become('reset')
            case 'pong' if self.status != 'live' or 'position' not in frame:
                return False
        is_new = frame.get('op') != 'pong' or frame['position'] != self.position
        self.position = frame['position']
        return self._become('live') or is_new

    def _begin_anew(self) -> bool:
        """Reads everything again, on a new connection."""
        self.position = None
        if self._connection:
            self._connection.close()
            self._connection = None
        return self._become('reset')

    def _become(self, status: Status) -> bool:
        """Returns whether that is new."""
        is_new = status != self.status and not self._closed.is_set()
        if is_new:
            self.status = status
        return is_new

    def _refused(self, problem: Problem) -> None:
        if problem.status == 401 and self._http.renew(self._token):
            raise Lost(401)
        if not problem.is_passing:
            raise problem
        self._not_before = time.monotonic() + (problem.retry_after or 0)
        raise Lost()

    def _lose(self, code: int | None) -> bool:
        if self._connection:
            self._connection.close()
            self._connection = None
        self._rows.interrupt()
        if self._closed.is_set():
            return True
        if code in (401, 4401):
            self._log_in_again()
        elif code in (400, 403, 404):
            self.close()
            detail = f'{self._http.base} does not open a WebSocket (status {code})'
            raise Problem({'error': {400: 'bad_request', 403: 'forbidden', 404: 'not_found'}[code], 'status': code, 'detail': detail})
        # All clients of a server that restarts should not come back at once.
        longest = min(_LONGEST_PAUSE, 0.25 * 2**self._attempts) if code != 1008 else _LONGEST_PAUSE
        self._attempts += 1
        self._not_before = max(self._not_before, time.monotonic() + random.random() * longest)
        return self._become(self.status if self.status == 'loading' else 'stale')

    def _log_in_again(self) -> None:
        try:
            if self._token == self._http.credentials.token and not self._http.renew(self._token):
                self.close()
                raise Problem({'error': 'unauthenticated', 'status': 401, 'detail': 'the session is over; log in again'})
        except Problem as problem:
            if not problem.is_passing:
                raise
