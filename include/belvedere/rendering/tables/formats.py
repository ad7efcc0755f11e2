"""Which format a table is written in, told by its bytes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from belvedere.rendering.tables.json_tables import is_json_lines
from belvedere.rendering.tables.signatures import ARROW_FILE, ENCRYPTED_PARQUET, OLE, PARQUET, ZIP, is_arrow_stream
from belvedere.rendering.texts.plaintext import decode, is_binary

if TYPE_CHECKING:
    from belvedere.model.rendering import Source

HEAD_BYTES = 64 * 1024


class TableFormat(StrEnum):
    """The formats of tables."""

    DELIMITED = "delimited"
    PARQUET = "parquet"
    JSON = "json"
    JSON_LINES = "json_lines"
    ARROW = "arrow"
    WORKBOOK = "workbook"


MAGICS = (
    (PARQUET, TableFormat.PARQUET),
    (ENCRYPTED_PARQUET, TableFormat.PARQUET),
    (ARROW_FILE, TableFormat.ARROW),
    (ZIP, TableFormat.WORKBOOK),
    (OLE, TableFormat.WORKBOOK),
)


def format_of(source: Source) -> TableFormat:
    """Return the format of a table; text that is no JSON is delimited."""
    head = source.head(HEAD_BYTES)
    for magic, found in MAGICS:
        if head.startswith(magic):
            return found
    if is_arrow_stream(head):
        return TableFormat.ARROW
    if is_binary(head) or head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] not in (b"{", b"["):
        return TableFormat.DELIMITED
    text = decode(head, whole=len(head) == source.size).text
    return TableFormat.JSON_LINES if is_json_lines(text, whole=len(head) == source.size) else _json_or_text(source)


def _json_or_text(source: Source) -> TableFormat:
    """Return what text that begins with a bracket is: a name that promises delimited text is believed."""
    delimited = source.key.lower().endswith((".csv", ".tsv", ".psv", ".tab"))
    return TableFormat.DELIMITED if delimited else TableFormat.JSON
