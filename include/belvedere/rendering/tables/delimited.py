"""Delimited text: finding the delimiter, reading rows, and telling numbers from words."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact

if TYPE_CHECKING:
    from collections.abc import Iterator

DELIMITERS = (",", "\t", ";", "|", "\x1f", "^", "~")
DELIMITER_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe", " ": "space", "\x1f": "unit separator"}
SNIFFED_ROWS = 200
MAX_FIELD_CHARACTERS = 8 * 1024**2
NUMBER = re.compile(
    r"\s*[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)\s*", re.IGNORECASE
)
INTEGER = re.compile(r"\s*[-+]?\d{1,300}\s*")
LONGEST_NUMBER = 400


def rows_of(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of delimited text; empty lines are left out, quoted newlines belong to their field.

    Raises:
        MalformedArtifact: a field is absurdly large, as after a quote that is never closed.
    """
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=delimiter != "\t")
    try:
        for row in reader:
            if row:
                yield row
    except csv.Error as error:
        raise MalformedArtifact(f"Line {reader.line_num:,} cannot be read as delimited text: {error}.") from error


def split_spaces(text: str) -> Iterator[list[str]]:
    """Yield the rows of text whose columns are separated by runs of spaces, as numpy.savetxt writes them."""
    for line in text.splitlines():
        fields = line.split()
        if fields and not fields[0].startswith("#"):
            yield fields


def read_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of ``text`` for a delimiter that ``delimiter_of`` found."""
    return split_spaces(text) if delimiter == " " else rows_of(text, delimiter)


def delimiter_of(text: str) -> str | None:
    """Return the delimiter of ``text`` (only its head is read), None if it has a single column."""
    head = text[: 64 * 1024]
    best, best_score = None, 0.0
    for delimiter in DELIMITERS:
        if delimiter in head:
            score = _consistency(head, delimiter)
            if score > best_score:
                best, best_score = delimiter, score
    if best_score >= 0.5:
        return best
    return " " if _is_space_table(head) else best


def _consistency(head: str, delimiter: str) -> float:
    """How uniformly a delimiter cuts the rows: the share of rows of the commonest width, if that is more than one."""
    try:
        widths = [len(row) for row in islice(rows_of(head, delimiter), SNIFFED_ROWS)]
    except MalformedArtifact:
        return 0.0
    if len(widths) > 2:
        widths.pop()
    width, count = Counter(widths).most_common(1)[0] if widths else (1, 0)
    return count / len(widths) + min(width, 50) / 1000 if width > 1 else 0.0


def _is_space_table(head: str) -> bool:
    rows = list(islice(split_spaces(head), SNIFFED_ROWS))
    widths = {len(row) for row in rows[: max(1, len(rows) - 1)]}
    return len(rows) > 1 and len(widths) == 1 and widths != {1} and all(is_number(cell) for cell in rows[0] + rows[1])


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, ``inf`` and ``nan`` included."""
    return len(cell) <= LONGEST_NUMBER and NUMBER.fullmatch(cell) is not None


def is_integer(cell: str) -> bool:
    """Whether a cell reads as a whole number."""
    return INTEGER.fullmatch(cell) is not None


def number(cell: str) -> float:
    """Return a cell as a float.

    Raises:
        ValueError: it is no number.
    """
    if not is_number(cell):
        raise ValueError(f"{cell[:40]!r} is not a number")
    return float(cell.strip())


def typed(cell: str) -> int | float | str | None:
    """Return a cell as the value that people read in it: a number where it is one, None where it is empty."""
    if not cell.strip():
        return None
    if is_integer(cell) and len(cell) < 18 and not is_code(cell):
        return int(cell.strip())
    if is_number(cell) and not is_code(cell):
        value = float(cell.strip())
        return value if math.isfinite(value) else cell
    return cell


def is_code(cell: str) -> bool:
    """Whether a cell is digits that are no number: codes such as 00123."""
    digits = cell.strip().lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
