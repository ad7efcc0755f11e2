"""Cursors: where the next page of a list starts, opaque to clients and signed against tampering."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime
from typing import TYPE_CHECKING

from belvedere.catalog.groups import POSITION_LENGTHS, GroupBy
from belvedere.catalog.listings import ORDERINGS, Order
from belvedere.errors import PermanentError

if TYPE_CHECKING:
    from belvedere.catalog.listings import Position

SIGNATURE_BYTES = 9


class CursorRefused(PermanentError):
    """The cursor is not one that this gallery gave out for this list."""

    code = "bad_cursor"


class Cursors:
    """Writes and reads cursors."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"belvedere cursor\0" + secret.encode()).digest()

    def write(self, order: Order, position: Position) -> str:
        """Return a cursor for the page after ``position``."""
        return self._write(order.value, position)

    def write_group(self, by: GroupBy, position: Position) -> str:
        """Return a cursor for the groups after ``position``."""
        return self._write(f"group:{by.value}", position)

    def read_group(self, text: str, by: GroupBy) -> Position:
        """Return the position among groups that a cursor holds; raises as ``read`` does."""
        return self._read(text, f"group:{by.value}", POSITION_LENGTHS[by])

    def read(self, text: str, order: Order) -> Position:
        """Return the position that a cursor holds.

        Raises:
            CursorRefused: naming the part that is wrong.
        """
        return self._read(text, order.value, len(ORDERINGS[order].columns))

    def _write(self, name: str, position: Position) -> str:
        plain = [value.isoformat() if isinstance(value, datetime) else value for value in position]
        content = json.dumps([name, *plain], ensure_ascii=True, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(content) + content).decode().rstrip("=")

    def _read(self, text: str, name: str, length: int) -> Position:
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise CursorRefused("cursor: not in the alphabet of cursors; start again without one") from error
        signature, content = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._mac(content)):
            raise CursorRefused("cursor: its signature does not fit; start again without one")
        written, *position = json.loads(content)
        if written != name or len(position) != length:
            raise CursorRefused(f"cursor: made for {_named(written)}, not for {_named(name)}")
        return tuple(position)

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:SIGNATURE_BYTES]


def _named(name: str) -> str:
    return f"groups by {name.removeprefix('group:')}" if name.startswith("group:") else f"order={name}"
