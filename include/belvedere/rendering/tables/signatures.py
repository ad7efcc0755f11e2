"""The first bytes of binary tables. Detection asks for each artifact, so nothing else is imported here."""

from __future__ import annotations

PARQUET, ENCRYPTED_PARQUET = b"PAR1", b"PARE"
ARROW_FILE, ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
OPEN_SPREADSHEET = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
LARGEST_METADATA = 16 * 1024**2
WORKBOOK_STREAM = "Workbook".encode("utf-16-le")
OLD_EXCEL_NAMES = (".xls", ".xlt")


def is_table_file(head: bytes, name: str) -> bool:
    """Whether the bytes begin like a binary table: Parquet, Arrow, or a spreadsheet that is no OOXML."""
    if head.startswith((PARQUET, ENCRYPTED_PARQUET, ARROW_FILE)) or is_arrow_stream(head):
        return True
    if head.startswith(ZIP):
        return OPEN_SPREADSHEET in head[:120]
    return head.startswith(OLE) and (WORKBOOK_STREAM in head or name.lower().endswith(OLD_EXCEL_NAMES))


def is_arrow_stream(head: bytes) -> bool:
    """Whether bytes begin like an Arrow stream: continuation, length of the schema message, its table's place."""
    if len(head) < 16 or not head.startswith(ARROW_STREAM):
        return False
    length, place = int.from_bytes(head[4:8], "little"), int.from_bytes(head[8:12], "little")
    return 16 <= length <= LARGEST_METADATA and length % 8 == 0 and 4 <= place < 256
