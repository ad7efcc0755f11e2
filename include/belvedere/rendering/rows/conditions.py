"""From conditions on rows to SQL. Names come from the table itself and are quoted; values are parameters, always."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from belvedere.errors import PermanentError
from belvedere.model.rows import Operator, RowField, RowFilter, RowQuery
from belvedere.rendering.tables.duck import quoted
from belvedere.rendering.tables.parquet_files import FLOATS, NUMERIC

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_VALUE = 1000
TRUTH = {"true": True, "false": False}


class BadRowQuery(PermanentError):
    """The rows that were asked for make no sense for this table."""

    code = "bad_query"


def where(fields: Sequence[RowField], query: RowQuery) -> tuple[str, list[Any]]:
    """Return an SQL condition (``true`` where there is none) and its parameters.

    Raises:
        BadRowQuery: a column does not exist, or a value is not what its column holds.
    """
    parts, values = list[str](), list[Any]()
    for each in query.filters:
        condition, more = _condition(field_at(fields, each.column), each)
        parts.append(condition)
        values += more
    if query.search:
        condition, more = _anywhere(fields, query.search)
        parts.append(condition)
        values += more
    return " AND ".join(f"({part})" for part in parts) or "true", values


def field_at(fields: Sequence[RowField], number: int) -> RowField:
    """Return a column by its number.

    Raises:
        BadRowQuery: there is no such column.
    """
    if not 0 <= number < len(fields):
        raise BadRowQuery(f"the table has no column number {number}: its {len(fields):,} columns count from 0")
    return fields[number]


def is_number(field: RowField) -> bool:
    """Whether a column holds numbers."""
    return field.duck_type in NUMERIC or field.duck_type.startswith("DECIMAL")


def is_moment(field: RowField) -> bool:
    """Whether a column holds days or points in time."""
    return field.duck_type == "DATE" or field.duck_type.startswith("TIMESTAMP")


def _condition(field: RowField, asked: RowFilter) -> tuple[str, list[Any]]:
    name = quoted(field.duck_name)
    gap = f"{name} IS NULL" + (f" OR isnan({name})" if field.duck_type in FLOATS else "")
    if asked.operator is Operator.MISSING:
        return gap, []
    if asked.operator is Operator.PRESENT:
        return f"NOT ({gap})", []
    if asked.operator is Operator.CONTAINS:
        return f"contains(lower({as_words(field)}), lower(?))", [asked.value]
    sign = {Operator.EQUALS: "=", Operator.LESS: "<", Operator.GREATER: ">"}[asked.operator]
    return _comparison(field, name, sign, asked.value)


def as_words(field: RowField) -> str:
    """Return the expression of a column's cells as text."""
    name = quoted(field.duck_name)
    return name if field.duck_type == "VARCHAR" else f"{name}::VARCHAR"


def _comparison(field: RowField, name: str, sign: str, value: str) -> tuple[str, list[Any]]:
    if is_number(field):
        beyond = f" AND NOT isnan({name})" if field.duck_type in FLOATS else ""
        return f"{name} {sign} ?{beyond}", [_number(field, value)]
    if is_moment(field):
        kind = "TIMESTAMPTZ" if "ZONE" in field.duck_type else "TIMESTAMP"
        return f"{name} {sign} ?::{kind}", [_moment(field, value)]
    if field.duck_type == "BOOLEAN":
        if value.strip().lower() not in TRUTH:
            raise BadRowQuery(f"the column {field.name[:60]!r} holds true and false, not {value[:40]!r}")
        return f"{name} {sign} ?", [TRUTH[value.strip().lower()]]
    return f"{as_words(field)} {sign} ?", [value]


def _number(field: RowField, value: str) -> int | float:
    try:
        number = int(value) if value.strip().lstrip("+-").isdecimal() and len(value) < 19 else float(value)
    except ValueError:
        raise BadRowQuery(f"the column {field.name[:60]!r} holds numbers, and {value[:40]!r} is none") from None
    if isinstance(number, float) and not math.isfinite(number):
        raise BadRowQuery(f"{value[:40]!r} is no number to compare with")
    return number


def _moment(field: RowField, value: str) -> str:
    try:
        return datetime.fromisoformat(value.strip()).isoformat(sep=" ")
    except ValueError:
        raise BadRowQuery(
            f"the column {field.name[:60]!r} holds dates, and {value[:40]!r} is none: write 2026-01-31 or "
            "2026-01-31 12:00"
        ) from None


def _anywhere(fields: Sequence[RowField], words: str) -> tuple[str, list[Any]]:
    """Search in texts; in numbers too where a number is searched, by value: as text they would take minutes."""
    parts, values = list[str](), list[Any]()
    for field in fields:
        if field.duck_type in {"VARCHAR", "JSON"}:
            parts.append(f"contains(lower({as_words(field)}), lower(?))")
            values.append(words)
        elif is_number(field) and (number := _number_or_none(field, words)) is not None:
            parts.append(f"{quoted(field.duck_name)} = ?")
            values.append(number)
    return " OR ".join(parts) or "false", values


def _number_or_none(field: RowField, words: str) -> int | float | None:
    try:
        return _number(field, words)
    except BadRowQuery:
        return None
