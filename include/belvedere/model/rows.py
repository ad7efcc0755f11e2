"""Asking for rows of a table: which, in which order, how many. Columns are asked for by number, never by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """How a cell is compared."""

    CONTAINS = "contains"
    EQUALS = "equals"
    LESS = "less"
    GREATER = "greater"
    MISSING = "missing"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class RowFilter:
    """One condition on one column; ``value`` as it was typed (empty for ``missing`` and ``present``)."""

    column: int
    operator: Operator
    value: str = ""


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Which rows of a table: those that meet all ``filters`` and hold ``search`` somewhere, by ``sort`` or as they lie.

    ``known_total``: how many rows meet the conditions, where an earlier answer said it.
    """

    offset: int = 0
    limit: int = 50
    sort: int | None = None
    descending: bool = False
    filters: tuple[RowFilter, ...] = ()
    search: str = ""
    known_total: int | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether some rows may be left out."""
        return bool(self.filters or self.search)


@dataclass(frozen=True, slots=True)
class RowField:
    """One column: the name people see, its exact type in words, and what DuckDB calls both."""

    name: str
    type: str
    duck_name: str
    duck_type: str


@dataclass(frozen=True, slots=True)
class RowTable:
    """A table that can be asked for rows: its columns, how many rows it has, and what was odd about it."""

    fields: tuple[RowField, ...]
    rows: int
    warnings: tuple[str, ...] = ()
    part: str = ""
