"""Rows, and the values in them."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import uuid
from typing import Any

Id = int | str


class Row(dict[str, Any]):
    """A row: a dict with the fields that the server shows."""

    etag: str | None
    """Its version, to be sent back as `if_match`. None if it is not known, as in the rows of a list."""

    def __init__(self, fields: dict[str, Any], etag: str | None = None) -> None:
        super().__init__(fields)
        self.etag = etag


def to_json(data: Any) -> str:
    """JSON text. Decimals, dates, UUIDs and bytes are written as the server reads them.

    Raises `ValueError` for NaN and infinity, and `TypeError` for what has no JSON.
    """
    return json.dumps(data, default=_shown, allow_nan=False, ensure_ascii=False)


def _shown(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise TypeError('a datetime needs a time zone: datetime.now(timezone.utc)')
        return value.astimezone(datetime.timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    raise TypeError(f'{type(value).__name__} cannot be sent as JSON')
