"""Asking tables for rows, without a server: copies of every format, conditions, order, export, and hostile names."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.harness.workbooks import workbook

from belvedere.model.rendering import Limits
from belvedere.model.rows import Operator, RowFilter, RowQuery, RowTable
from belvedere.rendering.rows.answers import answer_csv, answer_page, harmless
from belvedere.rendering.rows.conditions import BadRowQuery, where
from belvedere.rendering.rows.copies import copy_rows

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = 'x" FROM y; DROP TABLE z; --'
RECORDS = [{"id": at, "word": ["a", "b", None][at % 3], HOSTILE: at / 2} for at in range(30)]
TEXT = f'id,word,"{HOSTILE.replace(chr(34), chr(34) * 2)}"\n' + "".join(
    f"{record['id']},{record['word'] or ''},{record[HOSTILE]}\n" for record in RECORDS
)


def arrow(kind: str) -> bytes:
    file, table = io.BytesIO(), pa.Table.from_pylist(RECORDS)
    if kind == "parquet":
        pq.write_table(table, file, row_group_size=7)
    else:
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    return file.getvalue()


FORMATS = {
    "rows.csv": TEXT,
    "rows.tsv": TEXT.replace(",", "\t"),
    "rows.parquet": arrow("parquet"),
    "rows.arrow": arrow("arrow"),
    "rows.json": json.dumps(RECORDS),
    "split.json": json.dumps({"columns": list(RECORDS[0]), "data": [list(record.values()) for record in RECORDS]}),
    "rows.jsonl": "\n".join(map(json.dumps, RECORDS)),
    "rows.xlsx": workbook({"Empty": [], "S": [list(RECORDS[0]), *(list(record.values()) for record in RECORDS)]}),
}


class Asked:
    """A table that is asked in this very process."""

    def __init__(self, path: Path, table: RowTable) -> None:
        self.path, self.table = path, table

    def page(self, **asked: Any) -> dict[str, Any]:
        return dict(json.loads(answer_page(self.path, self.table, RowQuery(**asked), Limits())))

    def ids(self, **asked: Any) -> list[int]:
        return [row[0] for row in self.page(**asked)["rows"]]


@pytest.fixture
def ask(make_source, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def prepare(name: str) -> Asked:
        source, copy = make_source(FORMATS[name], f"run/{name}"), tmp_path / f"copy-{name}.parquet"
        table = copy_rows(source, copy, Limits())
        return Asked(copy if copy.exists() else source.path, table)

    return prepare


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_answers_alike(ask, name: str) -> None:
    asked = ask(name)
    assert [field.name for field in asked.table.fields] == ["id", "word", HOSTILE]
    assert asked.table.rows == 30
    page = asked.page(offset=28)
    assert page["rows"] == [[28, "b", 14.0], [29, None, 14.5]]
    assert (page["numbers"], page["total"]) == ([29, 30], 30)
    assert asked.ids(sort=2, descending=True, limit=3) == [29, 28, 27]
    assert asked.ids(sort=1, limit=2, offset=19) == [28, 2]
    narrowed = (RowFilter(1, Operator.MISSING), RowFilter(2, Operator.GREATER, "12"))
    assert asked.ids(filters=narrowed) == [26, 29]
    assert asked.page(filters=narrowed, limit=1)["total"] == 2
    assert asked.ids(search="B", limit=2) == [1, 4]


def test_the_first_sheet_that_has_cells_is_named(ask) -> None:
    assert ask("rows.xlsx").table.part == "S"


def test_an_earlier_total_is_not_counted_again(ask) -> None:
    asked = ask("rows.csv")
    assert asked.page(search="a", limit=1, known_total=77)["total"] == 77


@pytest.fixture
def letters(ask) -> Asked:
    return ask("rows.csv")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.text(max_size=30) | st.sampled_from(["'; DROP TABLE x; --", "?", "$1", "%", "\\", '"', "nan", "1e999"]),
    operator=st.sampled_from(list(Operator)),
    column=st.integers(-2, 4),
    search=st.booleans(),
)
def test_whatever_is_asked_is_answered_or_refused(
    letters, value: str, operator: Operator, column: int, search: bool
) -> None:
    value = value.replace("\0", "")
    conditions = {"search": value.strip()} if search else {"filters": (RowFilter(column, operator, value),)}
    expected = [
        record["id"]
        for record in RECORDS
        if operator is Operator.EQUALS and column == 1 and not search and record["word"] == value
    ]
    try:
        found = letters.ids(limit=100, **conditions)
    except BadRowQuery as error:
        assert error.code == "bad_query"
    else:
        assert set(expected) <= set(found) <= set(range(30))


def test_values_are_parameters_and_names_are_quoted(ask) -> None:
    table = ask("rows.parquet").table
    condition, values = where(table.fields, RowQuery(filters=(RowFilter(2, Operator.LESS, "3"),), search="4"))
    assert values == [3, 4, "4", 4]
    assert "3" not in condition
    assert '"x"" FROM y; DROP TABLE z; --" < ?' in condition


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@sum", "\tx", "\rx"])
def test_what_would_be_a_formula_becomes_text(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"a{text}") == f"a{text}"


def test_an_export_neutralises_names_and_cells_but_not_numbers(make_source, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = io.BytesIO()
    pq.write_table(pa.table({"=name": ["@x", "plain", None], "n": [-1, 2, 3]}), file)
    source = make_source(file.getvalue(), "run/x.parquet")
    table = copy_rows(source, tmp_path / "none", Limits())
    exported = answer_csv(source.path, table, RowQuery(limit=10), Limits()).decode()
    assert list(csv.reader(io.StringIO(exported))) == [["'=name", "n"], ["'@x", "-1"], ["plain", "2"], ["", "3"]]
