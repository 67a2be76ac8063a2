"""The tokens of a client."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NotRequired, TypedDict


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

    def keep(self, tokens: Tokens | None) -> None:
        """Keeps other tokens. None = nobody is logged in."""
        self._tokens = tokens
        if self._on_change:
            self._on_change(tokens)

    def renew(self, refused: str | None, ask: Callable[[str], Tokens | None]) -> bool:
        """Renews the tokens, unless somebody has done so since `refused` was sent. Returns whether there are others now."""
        with self._renewing:
            if self.token != refused:
                return self.token is not None
            refresh = self._tokens.get('refresh_token') if self._tokens else None
            if refresh is None:
                return False
            self.keep(ask(refresh))
            return self.token is not None
