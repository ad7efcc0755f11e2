"""What the row desk has done in shut-in children: copy a table, answer with a page, answer with CSV."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.model.rows import Operator, RowField, RowFilter, RowQuery, RowTable
from belvedere.rendering.isolation.channel import encode_content
from belvedere.rendering.rows.answers import answer_csv, answer_page
from belvedere.rendering.rows.conditions import BadRowQuery
from belvedere.rendering.rows.copies import copy_rows

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Source
    from belvedere.rendering.isolation.confinement import Confined

COPY_NAME = "rows.parquet"


@dataclass(frozen=True, slots=True)
class CopyWork:
    """Copy a table into the workspace, and describe it."""

    def __call__(self, source: Source, limits: Limits, confined: Confined) -> bytes:
        """Return the table's description."""
        table = copy_rows(source, Path.cwd() / COPY_NAME, limits)
        return encode_content(json.dumps(asdict(table)).encode())


@dataclass(frozen=True, slots=True)
class AnswerWork:
    """Answer a question for rows, as JSON or as CSV."""

    table: RowTable
    query: RowQuery
    as_csv: bool

    def __call__(self, source: Source, limits: Limits, confined: Confined) -> bytes:
        """Return the rows."""
        answer = answer_csv if self.as_csv else answer_page
        try:
            return encode_content(answer(source.path, self.table, self.query, limits))
        except BadRowQuery as error:
            raise MalformedArtifact(error.message, code=error.code) from error


def table_from_json(content: bytes | str) -> RowTable:
    """Read a table's description; what is missing or of another type raises KeyError or TypeError."""
    found = json.loads(content)
    fields = tuple(RowField(**{name: str(each[name]) for name in RowField.__slots__}) for each in found["fields"])
    return RowTable(fields, int(found["rows"]), tuple(map(str, found["warnings"])), str(found["part"]))


def query_from_json(found: dict[str, Any]) -> RowQuery:
    """Read a question."""
    filters = tuple(
        RowFilter(int(each["column"]), Operator(each["operator"]), str(each["value"])) for each in found["filters"]
    )
    return RowQuery(**{**found, "filters": filters})
