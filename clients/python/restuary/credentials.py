"""The tokens of a client, or its session cookie."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NotRequired, TypedDict

import httpx


class Tokens(TypedDict):
    """What a login answers with."""

    access_token: str
    refresh_token: NotRequired[str]
    expires_in: NotRequired[int]
    """Seconds."""


class Credentials:
    """The tokens of a client, for all its threads."""

    def __init__(self, tokens: Tokens | None, on_change: Callable[[Tokens | None], None] | None) -> None:
        self._tokens = tokens
        self._on_change = on_change
        # A refresh token can be used once, so threads take turns.
        self._renewing = threading.Lock()

    @property
    def tokens(self) -> Tokens | None:
        return self._tokens

    @property
    def token(self) -> str | None:
        return self._tokens['access_token'] if self._tokens else None

    @property
    def renewal(self) -> Mapping[str, str] | None:
        """The body of a request that renews them. None = they cannot be renewed."""
        refresh = self._tokens.get('refresh_token') if self._tokens else None
        return None if refresh is None else {'refresh_token': refresh}

    query: Mapping[str, str] | None = None
    """The query of a login."""

    def headers(self, token: str | None) -> Mapping[str, str]:
        """What goes with each request."""
        return {'authorization': f'Bearer {token}'} if token else {}

    def handshake(self, token: str | None) -> Mapping[str, Any]:
        """Options of a WebSocket."""
        return {'suppress_origin': True, 'header': [f'Authorization: Bearer {token}'] if token else []}

    def keep(self, tokens: Tokens | None) -> None:
        """Keeps other tokens. None = nobody is logged in."""
        self._tokens = tokens
        if self._on_change:
            self._on_change(tokens)

    def renew(self, refused: str | None, ask: Callable[[Mapping[str, str]], Tokens | None]) -> bool:
        """Renews the tokens, unless somebody has done so since `refused` was sent. Returns whether there are others now."""
        with self._renewing:
            if self.token != refused:
                return self.token is not None
            renewal = self.renewal
            if renewal is None:
                return False
            self.keep(ask(renewal))
            return self.token is not None


class CookieCredentials(Credentials):
    """The session cookie, in the jar of the client that sends the requests. Here `token` is the whole `Cookie` header."""

    query = {'cookie': 'true'}

    def __init__(self, url: str, client: httpx.Client) -> None:
        super().__init__(None, None)
        self._url = httpx.URL(url)
        self._client = client
        self._origin = str(self._url.copy_with(path='/', query=None)).rstrip('/')
        # A session cookie is only sent over TLS. As in browsers, the own machine needs none.
        if self._url.host in ('localhost', '127.0.0.1', '::1'):
            client.cookies.jar.set_policy(DefaultCookiePolicy(secure_protocols=('https', 'http')))

    @property
    def token(self) -> str | None:
        request = httpx.Request('GET', self._url)
        self._client.cookies.set_cookie_header(request)
        return request.headers.get('cookie')

    @property
    def renewal(self) -> Mapping[str, str] | None:
        return None if self.token is None else {}

    def headers(self, token: str | None) -> Mapping[str, str]:
        # A login or a renewal replaces the session, so it is sent with it. The server takes a cookie only from its own origin.
        cookie = self.token
        return {'origin': self._origin, **({'cookie': cookie} if cookie else {})}

    def handshake(self, token: str | None) -> Mapping[str, Any]:
        return {'origin': self._origin, 'cookie': token}

    def keep(self, tokens: Tokens | None) -> None:
        if tokens is None:
            self._client.cookies.clear()
