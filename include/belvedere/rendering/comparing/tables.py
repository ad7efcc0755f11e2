"""Two tables: columns come and gone, statistics of each column, and, by a guessed key, which rows changed."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

from belvedere.rendering.comparing.shapes import Grid, grid_of, number, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from belvedere.rendering.comparing.subjects import Subject

MOST_ROWS_SHOWN, MOST_CHANGES = 60, 200
MOST_IN_KEY_PAIRS = 8
LONGEST_CELL = 120
KEY_WORDS = frozenset({"id", "key", "index", "name", "uuid", "label", "class", "epoch", "step", "date", "time"})
BY_POSITION = "position"
STATUSES = ("added", "removed", "type changed", "changed", "same")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a column holds in the rows that are here; numbers only where it holds numbers."""

    type: str
    missing: int | None
    distinct: int | None
    minimum: float | None
    mean: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class ColumnDelta:
    """One column; ``status``: added, removed, type changed, changed, or same."""

    name: str
    status: str
    base: Statistics | None
    other: Statistics | None

    @property
    def rank(self) -> int:
        """Where it stands in a list that begins with what matters most."""
        return STATUSES.index(self.status)


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that is different: both values as text."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that is in both tables, and its cells that differ."""

    key: str
    cells: tuple[CellChange, ...]


@dataclass(frozen=True, slots=True)
class RowDelta:
    """Which rows are different. ``key`` names the columns that tell rows apart, or says ``position``.

    ``whole``: all rows of both tables were compared; else their first ``compared`` ones.
    """

    key: tuple[str, ...]
    whole: bool
    compared: tuple[int, int]
    same: int
    changed: int
    added: int
    removed: int
    changes: tuple[RowChange, ...]
    added_rows: tuple[str, ...]
    removed_rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableDelta:
    """Two tables against each other; ``sampled``: statistics are of the rows that were shown, not of all."""

    base_rows: int | None
    other_rows: int | None
    base_columns: int
    other_columns: int
    columns: tuple[ColumnDelta, ...]
    rows: RowDelta | None
    sampled: bool


def table_delta(base: Subject, other: Subject) -> TableDelta | None:
    """Return the difference between two artifacts' tables, if both are tables."""
    first, second = grid_of(base), grid_of(other)
    if first is None or second is None:
        return None
    return TableDelta(
        base_rows=first.total,
        other_rows=second.total,
        base_columns=len(first.names),
        other_columns=len(second.names),
        columns=tuple(_columns(first, second)),
        rows=_rows(first, second),
        sampled=not (first.whole and second.whole),
    )


def _columns(first: Grid, second: Grid) -> Iterator[ColumnDelta]:
    places, others = _places(first), _places(second)
    for name in dict.fromkeys((*places, *others)):
        before = _statistics(first, name, places[name]) if name in places else None
        after = _statistics(second, name, others[name]) if name in others else None
        yield ColumnDelta(name, _status(before, after), before, after)


def _places(grid: Grid) -> dict[str, int]:
    """Return where each column stands; of several with one name the first."""
    places: dict[str, int] = {}
    for at, name in enumerate(grid.names):
        places.setdefault(name, at)
    return places


def _status(before: Statistics | None, after: Statistics | None) -> str:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before.type != after.type:
        return "type changed"
    return "same" if before == after else "changed"


def _statistics(grid: Grid, name: str, at: int) -> Statistics:
    cells = [row[at] for row in grid.rows]
    present = [cell for cell in cells if cell is not None]
    values = [value for cell in present if (value := number(cell)) is not None]
    numeric = bool(values) and len(values) == len(present)
    return Statistics(
        type=grid.types.get(name, "number" if numeric else "text" if present else "unknown"),
        missing=grid.missing.get(name, len(cells) - len(present) if grid.whole else None),
        distinct=len({_frozen(cell) for cell in present}) if grid.rows else None,
        minimum=min(values) if numeric else None,
        mean=math.fsum(value / len(values) for value in values) if numeric else None,
        maximum=max(values) if numeric else None,
    )


def _frozen(cell: Any) -> Any:
    """Return a cell so that equal ones are equal and nothing else is: 1 is 1.0, but neither is true."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str | None):
        return ("json", json.dumps(cell, sort_keys=True))
    return cell


def _rows(first: Grid, second: Grid) -> RowDelta | None:
    places, others = _places(first), _places(second)
    shared = [name for name in places if name in others]
    if not shared or not first.rows or not second.rows:
        return None
    before = [tuple(_frozen(row[places[name]]) for name in shared) for row in first.rows]
    after = [tuple(_frozen(row[others[name]]) for name in shared) for row in second.rows]
    key = _key(shared, before, after)
    if key is None and len(before) != len(after):
        return _as_bags(before, after, whole=first.whole and second.whole)
    return _matched(shared, before, after, key, whole=first.whole and second.whole)


def _key(names: Sequence[str], before: Sequence[Row], after: Sequence[Row]) -> tuple[int, ...] | None:
    """Guess which columns tell rows apart: values that are there, never twice, and mostly in both tables."""
    usable = [at for at in range(len(names)) if _tells(before, at) and _tells(after, at)]
    choices: list[tuple[int, ...]] = [(at,) for at in usable]
    best = _best(names, choices, before, after)
    return best or _best(names, list(combinations(usable[:MOST_IN_KEY_PAIRS], 2)), before, after)


def _tells(rows: Sequence[Row], at: int) -> bool:
    """Whether a column could be part of a key: nothing is missing, and it holds no measurements."""
    return not any(
        row[at] is None or isinstance(row[at], tuple) or (isinstance(row[at], float) and not row[at].is_integer())
        for row in rows
    )


def _best(
    names: Sequence[str], choices: Sequence[tuple[int, ...]], before: Sequence[Row], after: Sequence[Row]
) -> tuple[int, ...] | None:
    scored = []
    for choice in choices:
        olds, news = {_part(row, choice) for row in before}, {_part(row, choice) for row in after}
        if len(olds) == len(before) and len(news) == len(after) and 2 * len(olds & news) >= min(len(olds), len(news)):
            named = sum(bool(KEY_WORDS & set(names[at].casefold().replace("-", "_").split("_"))) for at in choice)
            scored.append((named, len(olds & news), tuple(-at for at in choice)))
    return tuple(-at for at in max(scored)[2]) if scored else None


def _part(row: Row, choice: Sequence[int]) -> Row:
    return tuple(row[at] for at in choice)


def _matched(
    names: Sequence[str], before: Sequence[Row], after: Sequence[Row], key: tuple[int, ...] | None, *, whole: bool
) -> RowDelta:
    """Compare rows with the same key, or in the same position."""
    if key is None:
        olds: dict[Any, Row] = {(at,): row for at, row in enumerate(before, 1)}
        news: dict[Any, Row] = {(at,): row for at, row in enumerate(after, 1)}
    else:
        olds, news = {_part(row, key): row for row in before}, {_part(row, key): row for row in after}
    changed = [mark for mark, row in olds.items() if mark in news and news[mark] != row]
    added, removed = [mark for mark in news if mark not in olds], [mark for mark in olds if mark not in news]
    return RowDelta(
        key=tuple(names[at] for at in key) if key is not None else (BY_POSITION,),
        whole=whole,
        compared=(len(before), len(after)),
        same=len(olds) - len(changed) - len(removed),
        changed=len(changed),
        added=len(added),
        removed=len(removed),
        changes=tuple(_changes(names, [(mark, olds[mark], news[mark]) for mark in changed[:MOST_ROWS_SHOWN]])),
        added_rows=tuple(_words(mark) for mark in added[:MOST_ROWS_SHOWN]),
        removed_rows=tuple(_words(mark) for mark in removed[:MOST_ROWS_SHOWN]),
    )


def _changes(names: Sequence[str], rows: Sequence[tuple[Row, Row, Row]]) -> Iterator[RowChange]:
    room = MOST_CHANGES
    for mark, before, after in rows:
        cells = (
            CellChange(name, _text(old), _text(new))
            for name, old, new in zip(names, before, after, strict=True)
            if old != new
        )
        shown = tuple(islice(cells, room))
        room -= len(shown)
        if shown:
            yield RowChange(_words(mark), shown)


def _as_bags(before: Sequence[Row], after: Sequence[Row], *, whole: bool) -> RowDelta:
    """Count which rows came and went, where nothing tells which row is which."""
    olds, news = Counter(before), Counter(after)
    added, removed = news - olds, olds - news
    return RowDelta(
        key=(),
        whole=whole,
        compared=(len(before), len(after)),
        same=(olds & news).total(),
        changed=0,
        added=added.total(),
        removed=removed.total(),
        changes=(),
        added_rows=tuple(_words(row) for row in islice(added.elements(), MOST_ROWS_SHOWN)),
        removed_rows=tuple(_words(row) for row in islice(removed.elements(), MOST_ROWS_SHOWN)),
    )


def _words(row: Row) -> str:
    return word(" · ".join(_text(cell) for cell in row[:12]), 2 * LONGEST_CELL)


def _text(cell: Any) -> str:
    if cell is None:
        return "(missing)"
    found = cell[1] if isinstance(cell, tuple) else cell
    if isinstance(found, float):
        return f"{found:.10g}"
    return word(found, LONGEST_CELL) + ("…" if len(str(found)) > LONGEST_CELL else "")
