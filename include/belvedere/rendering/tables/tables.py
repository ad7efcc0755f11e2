"""Tables in delimited text: where the header is, which rows are ragged, what the columns are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.rendering.tables.delimited import DELIMITER_NAMES, is_number, read_rows
from belvedere.rendering.tables.profiles import ColumnProfile, is_missing, profile
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS_FOR_HEADER = 200
MAX_COLUMNS = 20_000
NAMED_IN_WARNINGS = 5


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its exact size, its columns, the rows to show, and its last row.

    ``profiled`` is how many rows the histograms are of. Delimited text has words only; tables with types have None
    for null in ``shown`` and ``last``, and their values as JSON may hold them in ``facts`` and ``last_facts``.
    """

    names: tuple[str, ...]
    rows: int
    columns: tuple[ColumnProfile, ...]
    shown: tuple[tuple[str | None, ...], ...]
    last: tuple[str | None, ...] | None
    profiled: int
    warnings: tuple[str, ...] = ()
    facts: tuple[tuple[Any, ...], ...] | None = None
    last_facts: tuple[Any, ...] | None = None

    @property
    def typed(self) -> bool:
        """Whether the cells are values with types, not words."""
        return self.facts is not None

    def showing(self, most: int) -> Table:
        """Return this table with at most ``most`` of its first rows."""
        facts = self.facts if self.facts is None else self.facts[:most]
        return replace(self, shown=self.shown[:most], facts=facts)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a delimited text is laid out: delimiter (None: one column), header row or not, names of the columns."""

    delimiter: str | None
    has_header: bool
    names: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def lines_of(text: str, delimiter: str | None) -> Iterator[list[str]]:
    """Yield rows; text without a delimiter has one column."""
    if delimiter is not None:
        return read_rows(text, delimiter)
    return read_rows(text, "\x1f")


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: its cells differ in nature from what stands below them."""
    first, body = rows[0], rows[1:]
    if not body:
        return not any(map(is_number, first)) and any(cell.strip() for cell in first)
    votes = [_vote(cell, [row[at] for row in body if at < len(row)]) for at, cell in enumerate(first)]
    score = sum(votes)
    if score == 0 or (score < 0 and _is_sequence(first)):
        return len(set(first)) == len(first) and not all(map(is_number, first))
    return score > 0


def _vote(cell: str, below: Sequence[str]) -> int:
    present = [other for other in below if not is_missing(other)]
    numeric = sum(map(is_number, present))
    if present and numeric >= 0.8 * len(present):
        return -1 if is_number(cell) else 1 if cell.strip() else 0
    return -1 if cell.strip() and cell in below else 0


def _is_sequence(first: Sequence[str]) -> bool:
    """Whether a row counts on, as years in a header do."""
    numbers = [int(cell) for cell in first if cell.strip().isdecimal() and len(cell) < 10]
    return (
        len(numbers) > 2 and len(numbers) < len(first) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    )


def layout_of(text: str, delimiter: str | None, header: Sequence[str] | None = None) -> Layout:
    """Return the layout of a text whose head is ``text``; ``header``: the names, given from outside.

    Raises:
        MalformedArtifact: there is nothing to lay out, or it is absurdly wide.
    """
    rows = list(islice(lines_of(text, delimiter), ROWS_FOR_HEADER))
    if not rows:
        raise MalformedArtifact("The table is empty: it has no rows and no header.", code="empty")
    width = max(len(rows[0]), _common_width(rows))
    if width > MAX_COLUMNS:
        raise MalformedArtifact(f"The table has {width:,} columns; at most {MAX_COLUMNS:,} are read.", code="too_wide")
    if header is not None:
        return _given(delimiter, tuple(header), width)
    if not has_header(rows):
        return Layout(delimiter, False, tuple(f"column {at}" for at in range(1, width + 1)))
    names = tuple(name.strip() for name in rows[0])
    if width == len(names) + 1:
        names = ("", *names)
    names += tuple(f"column {at}" for at in range(len(names) + 1, width + 1))
    return Layout(delimiter, True, names, name_warnings(names))


def _common_width(rows: Sequence[Sequence[str]]) -> int:
    """Return the commonest width of the rows below the first, if most of them agree on it."""
    if len(rows) < 3:
        return len(rows[-1])
    width, times = Counter(len(row) for row in rows[1:]).most_common(1)[0]
    return width if times > 0.5 * len(rows) else 0


def _given(delimiter: str | None, names: tuple[str, ...], width: int) -> Layout:
    warnings: tuple[str, ...] = ()
    if len(names) != width:
        warnings = (f"The header names {len(names):,} columns, but the rows have {width:,}.",)
        names += tuple(f"column {at}" for at in range(len(names) + 1, width + 1))
    return Layout(delimiter, False, names, warnings + name_warnings(names))


def name_warnings(names: Sequence[str]) -> tuple[str, ...]:
    """Say which names are doubled or missing."""
    found = []
    doubled = [name for name, times in Counter(names).items() if times > 1 and name]
    if doubled:
        listed = ", ".join(clean(name)[:40] for name in doubled[:NAMED_IN_WARNINGS])
        found.append(f"Several columns have the same name (duplicate): {listed}.")
    unnamed = sum(1 for name in names if not name)
    if unnamed and (unnamed > 1 or names[0]):
        found.append(f"{unnamed:,} {'column has' if unnamed == 1 else 'columns have'} no name.")
    return tuple(found)


def fitted_rows(rows: Iterator[list[str]], width: int, ragged: list[tuple[int, int]]) -> Iterator[tuple[str, ...]]:
    """Yield rows of exactly ``width`` cells; note in ``ragged`` which rows (number, width) had another."""
    for line, row in enumerate(rows, 1):
        if len(row) != width:
            ragged.append((line, len(row)))
            row = (row + [""] * (width - len(row)))[:width]
        yield tuple(row)


def ragged_warning(ragged: Sequence[tuple[int, int]], width: int) -> tuple[str, ...]:
    """Say which rows were ragged."""
    if not ragged:
        return ()
    listed = ", ".join(f"row {line:,} has {cells:,}" for line, cells in ragged[:NAMED_IN_WARNINGS])
    more = " and so on" if len(ragged) > NAMED_IN_WARNINGS else ""
    rows = "row is" if len(ragged) == 1 else "rows are"
    return (
        f"{len(ragged):,} {rows} ragged: the table has {width:,} columns, but {listed}{more}. "
        "Missing cells are shown as empty, surplus ones are left out.",
    )


def read_table(text: str, layout: Layout, *, most_shown: int) -> Table:
    """Read a table that fits into memory.

    Raises:
        MalformedArtifact: a row cannot be read.
    """
    width, ragged = len(layout.names), list[tuple[int, int]]()
    lines = lines_of(text, layout.delimiter)
    if layout.has_header:
        next(lines, None)
    rows = list(fitted_rows(lines, width, ragged))
    columns = zip(*rows, strict=True) if rows else ([] for _ in layout.names)
    profiles = tuple(profile(name, cells) for name, cells in zip(layout.names, columns, strict=True))
    warnings = (*layout.warnings, *ragged_warning(ragged, width), *_emptiness(rows))
    last = rows[-1] if rows else None
    return Table(layout.names, len(rows), profiles, tuple(rows[:most_shown]), last, len(rows), warnings)


def _emptiness(rows: Sequence[object]) -> tuple[str, ...]:
    return () if rows else ("The table has a header, but 0 rows.",)


def delimiter_name(delimiter: str | None) -> str:
    """Return what people call a delimiter."""
    if delimiter is None:
        return "one column"
    return f"{DELIMITER_NAMES.get(delimiter, repr(delimiter))}-separated"


def merged(*groups: Sequence[str]) -> tuple[str, ...]:
    """Return all texts once, in order."""
    return tuple(dict.fromkeys(chain(*groups)))
