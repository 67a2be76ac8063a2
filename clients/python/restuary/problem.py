"""What is raised when a request is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Complaint:
    """One fault of a request."""

    code: str
    detail: str
    """A sentence for people. Its words may change; compare `code`."""
    pointer: str | None = None
    """Where in the body: `#/title`, `#/items/3/product`."""
    parameter: str | None = None
    """The parameter of the query."""


class Problem(Exception):
    """A refused request, with the members of the problem document (RFC 9457).

    >>> try:
    ...     api.todo.create({'text': ''})
    ... except Problem as problem:
    ...     if problem.code == 'validation':
    ...         print(problem.at('#/text').detail)

    Codes of the client itself, with the status 0: `offline` = the server cannot be reached, `unreadable` = the answer is
    not one of this protocol.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        """The whole document. Errors of actions may have members of their own."""
        self.code: str = document['error']
        """Stable in all versions, unlike `detail`."""
        self.status: int = document.get('status', 0)
        """The HTTP status. 0 = it did not come from the server."""
        self.detail: str = document.get('detail') or document.get('message') or document.get('title') or self.code
        self.places: list[Complaint] = [
            Complaint(one['code'], one['detail'], one.get('pointer'), one.get('parameter'))
            for one in document.get('errors', [])
        ]
        """What is wrong where."""
        self.retry_after: float | None = document.get('retryAfter')
        """After how many seconds a repetition may succeed."""
        self.request_id: str | None = document.get('requestId')
        """Names the request in the log of the server."""
        super().__init__(f'{self.status} {self.code}: {self.detail}')

    def at(self, pointer: str) -> Complaint | None:
        """The first fault at a pointer or below it: `problem.at('#/items/3')`."""
        for one in self.places:
            if one.pointer is not None and (one.pointer == pointer or one.pointer.startswith(f'{pointer}/')):
                return one
        return None

    @property
    def is_passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.code == 'offline' if self.status == 0 else self.status == 429 or self.status >= 500
