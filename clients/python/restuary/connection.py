"""A WebSocket that speaks restuary.1 (docs/protocol.md §8)."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any

import websocket

from .problem import Problem

PATIENCE = 10.0
"""How many seconds the server may take to say hello, or to answer a ping."""

Frame = dict[str, Any]


class Lost(Exception):
    """The connection is over, or could not be opened. The next one may fare better.

    code: of the WebSocket that was closed, or the HTTP status of one that was not opened. None = there was no answer.
    """

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code


class Connection:
    """An open connection.

    Raises `Lost`, and `Problem` if the server can never be spoken to like this.
    """

    hello: Frame

    def __init__(self, base: str, options: Mapping[str, Any]) -> None:
        """options: of `websocket.create_connection`."""
        url = f'ws{base.removeprefix("http")}/'
        try:
            self._socket = websocket.create_connection(
                url, **{'timeout': PATIENCE, **options}, subprotocols=['restuary.1']
            )
        except websocket.WebSocketBadStatusException as refused:
            raise Lost(refused.status_code) from refused
        except ssl.SSLCertVerificationError as cause:
            raise Problem({'error': 'offline', 'detail': f'{url} is not trusted: {cause}'}) from cause
        except (OSError, websocket.WebSocketException) as cause:
            raise Lost() from cause
        hello = self.receive(PATIENCE)
        if hello is None:
            self.close()
            raise Lost()
        self.hello = hello

    def send(self, frame: Frame) -> None:
        try:
            self._socket.send(json.dumps(frame, ensure_ascii=False))
        except (OSError, websocket.WebSocketException) as cause:
            raise Lost() from cause

    def receive(self, timeout: float) -> Frame | None:
        """Waits for the next message. None = there is none within so many seconds."""
        try:
            self._socket.settimeout(max(timeout, 0.001))
            opcode, data = self._socket.recv_data()
        except websocket.WebSocketTimeoutException:
            return None
        except (OSError, websocket.WebSocketException) as cause:
            raise Lost() from cause
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise Lost(int.from_bytes(data[:2], 'big') if len(data) >= 2 else None)
        frame: Frame = json.loads(data)
        return frame

    def close(self) -> None:
        """Ends it at once. Who waits for a message in another thread hears `Lost`."""
        try:
            self._socket.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass  # it is over already
        self._socket.shutdown()
