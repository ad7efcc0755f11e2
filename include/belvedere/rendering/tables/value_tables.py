"""Tables of typed values that fit into memory: their profiles are exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.rendering.tables.tables import Table, merged, name_warnings
from belvedere.rendering.tables.values import as_fact, as_text, profile_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.rendering.tables.profiles import ColumnProfile

Row = tuple[Any, ...]


def table_of_rows(
    names: Sequence[str],
    rows: Sequence[Row],
    *,
    most_shown: int,
    types: Sequence[str] | None = None,
    warnings: Sequence[str] = (),
) -> Table:
    """Return the table of these rows; ``types``: the exact types of the columns, where a schema says them."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    kinds: Sequence[str | None] = types or [None] * len(names)
    profiles = tuple(
        profile_values(name, column, kind) for name, column, kind in zip(names, columns, kinds, strict=True)
    )
    return typed_table(
        names,
        len(rows),
        profiles,
        rows[:most_shown],
        rows[-1] if rows else None,
        profiled=len(rows),
        warnings=warnings,
    )


def typed_table(
    names: Sequence[str],
    count: int,
    profiles: Sequence[ColumnProfile],
    shown: Sequence[Row],
    last: Row | None,
    *,
    profiled: int,
    warnings: Sequence[str] = (),
) -> Table:
    """Return a table whose first rows and last row are typed values."""
    return Table(
        names=tuple(names),
        rows=count,
        columns=tuple(profiles),
        shown=tuple(tuple(map(as_text, row)) for row in shown),
        last=None if last is None else tuple(map(as_text, last)),
        profiled=profiled,
        warnings=merged(warnings, name_warnings(names), _emptiness(count, len(names))),
        facts=tuple(tuple(map(as_fact, row)) for row in shown),
        last_facts=None if last is None else tuple(map(as_fact, last)),
    )


def _emptiness(rows: int, width: int) -> tuple[str, ...]:
    if not width:
        return ("The table has no columns.",)
    return () if rows else ("The table has columns, but 0 rows.",)
