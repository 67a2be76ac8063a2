"""Requests over HTTP."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from .credentials import Credentials, Tokens
from .problem import Problem
from .row import to_json

_TRIES = 3
_LONGEST_WAIT = 5.0


class Http:
    """Sends requests. Credentials that have expired are renewed once, and the request is sent again."""

    def __init__(self, base: str, client: httpx.Client, credentials: Credentials) -> None:
        self.base = base
        self.client = client
        self.credentials = credentials

    def json(self, method: str, path: str, data: Any = None, **request: Any) -> Any:
        """The JSON of the answer. None if it has no content. Without `data` no body is sent."""
        return content_of(self.send_json(method, path, data, **request))

    def send_json(
        self, method: str, path: str, data: Any = None, *, headers: Mapping[str, str | None] | None = None, **request: Any
    ) -> httpx.Response:
        """Sends data as JSON. A list that is sent with PATCH is a JSON Patch."""
        if data is None:
            return self.send(method, path, headers=headers, **request)
        kind = 'application/json-patch+json' if method == 'PATCH' and isinstance(data, list) else 'application/json'
        return self.send(method, path, headers={'content-type': kind, **(headers or {})}, content=to_json(data), **request)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        content: str | bytes | Iterable[bytes] | None = None,
    ) -> httpx.Response:
        """Returns a successful response.

        Raises `Problem` if the server refuses, or cannot be reached.
        """
        token = self.credentials.token
        response = self._attempt(method, path, query, headers, content, token)
        if response.status_code == 401 and token is not None and self.renew(token):
            response = self._attempt(method, path, query, headers, content, self.credentials.token)
        # An API in the words of flask-restaction renews the token with any answer.
        renewed = response.headers.get('authorization')
        if renewed:
            self.credentials.keep({'access_token': renewed})
        if not response.is_success:
            raise problem_of(response)
        return response

    def renew(self, refused: str | None) -> bool:
        """Renews the tokens. Returns whether it is worth trying again."""
        return self.credentials.renew(refused, self._ask)

    def authenticate(self, path: str, body: Mapping[str, Any]) -> Tokens:
        """Logs in, or renews tokens."""
        headers = {'content-type': 'application/json'}
        response = self._attempt('POST', path, self.credentials.query, headers, to_json(body), None)
        if not response.is_success:
            raise problem_of(response)
        tokens: Tokens = content_of(response) or {}
        return tokens

    def _ask(self, renewal: Mapping[str, str]) -> Tokens | None:
        try:
            return self.authenticate('/auth/refresh', renewal)
        except Problem as problem:
            # A server that cannot be reached has not refused anything.
            if problem.is_passing:
                raise
            return None

    def _attempt(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str | None] | None,
        content: str | bytes | Iterable[bytes] | None,
        token: str | None,
    ) -> httpx.Response:
        fields = {'accept': 'application/json', **self.credentials.headers(token), **(headers or {})}
        sent = {name: value for name, value in fields.items() if value}
        # What is repeated must not happen twice: reads, and writes with an idempotency key.
        tries = _TRIES if method == 'GET' or 'idempotency-key' in sent else 1
        for attempt in range(1, tries + 1):
            try:
                response = self.client.request(
                    method, self.base + path, params=_query_text(query), headers=sent, content=content
                )
            except httpx.TransportError as cause:
                if attempt == tries:
                    detail = f'{method} {self.base}{path} could not be sent: {cause}'
                    raise Problem({'error': 'offline', 'detail': detail}) from cause
                wait = 0.0
            else:
                wait = _seconds(response.headers.get('retry-after'))
                if response.status_code != 503 or attempt == tries or wait > _LONGEST_WAIT:
                    return response
            time.sleep(wait + random.random() * 0.1 * 2**attempt)
        raise AssertionError('the last attempt returns or raises')


def content_of(response: httpx.Response) -> Any:
    """The JSON of a response. None if it has no content."""
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as cause:
        document = {'error': 'unreadable', 'status': response.status_code, 'detail': 'the response is not JSON'}
        raise Problem(document) from cause


def problem_of(response: httpx.Response) -> Problem:
    """The problem that a response tells of."""
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get('error'), str):
        detail = f'{response.status_code} {response.reason_phrase} without a problem document'
        document = {'error': 'unreadable', 'detail': detail}
    return Problem({**document, 'status': response.status_code})


def _query_text(query: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Query parameters as text: names are joined by commas, filters and other lists are JSON."""
    text = {name: _text(name, value) for name, value in (query or {}).items() if value is not None}
    return text or None


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if name in ('sort', 'fields', 'include'):
        return ','.join(value)
    return to_json(value).strip('"')


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0
