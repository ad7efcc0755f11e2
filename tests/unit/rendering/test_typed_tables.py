"""Parquet, Arrow and workbooks: exact types and figures, every odd type shown, bad files named, nothing computed."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.harness.workbooks import sparse_workbook, workbook

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits, Rendering
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.tables import parquet_tables

if TYPE_CHECKING:
    from collections.abc import Callable

BERLIN = pa.timestamp("us", tz="Europe/Berlin")
ODD = pa.table(
    {
        "big": pa.array([2**64 - 1, None, 0], pa.uint64()),
        "real": [float("nan"), float("inf"), 1.5],
        "single": pa.array([0.1, 0.2, None], pa.float32()),
        "price": pa.array([Decimal("1.10"), None, Decimal("-2.00")], pa.decimal128(10, 2)),
        "when": pa.array(
            [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None, dt.datetime(2026, 5, 1, tzinfo=dt.UTC)], BERLIN
        ),
        "day": [dt.date(1, 1, 1), dt.date(2026, 1, 1), dt.date(9999, 12, 31)],
        "bytes": [b"\0\1", b"x" * 100, None],
        "text": ["=1+1", "<script>alert(1)</script>", ""],
        "struct": [{"a": 1, "b": [1, 2]}, None, {"a": None, "b": []}],
        "class": pa.array(["x", "y", "x"]).dictionary_encode(),
        "nothing": pa.nulls(3),
        "long": ["z" * 100_000, "é", None],
    }
)


def parquet(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def arrow_file(table: pa.Table) -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


def facts(rendering: Rendering) -> dict[str, Any]:
    assert rendering.kind == "table"
    return dict(rendering.facts["table"])


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch) -> None:
    """Copies are written where a shut-in child may write: its own folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.parametrize(
    ("written", "types"),
    [
        (parquet, ["uint64", "double", "float", "decimal(10,2)", "timestamp with time zone", "date", "binary"]),
        (arrow_file, ["uint64", "double", "float", "decimal128(10, 2)", "timestamp[us, tz=Europe/Berlin]"]),
        (arrow_stream, ["uint64", "double", "float"]),
    ],
    ids=["parquet", "arrow file", "arrow stream"],
)
def test_every_type_is_named_and_shown(render, written: Callable[[pa.Table], bytes], types: list[str]) -> None:
    rendering = render(written(ODD), "run/odd.data")
    found = facts(rendering)
    assert (found["rows"], found["columns"]) == (3, 12)
    assert found["column_types"][: len(types)] == types
    first = dict(zip(found["column_names"], found["first_row"], strict=True))
    assert first["big"] == 2**64 - 1
    assert first["real"] == "NaN"
    assert first["single"] == 0.1
    assert first["price"] == 1.1
    assert first["when"].startswith("2026-01-01 00:00:00")
    assert first["day"] == "0001-01-01"
    assert first["bytes"] == "0x0001"
    assert first["text"] == "=1+1"
    assert first["struct"] == '{"a":1,"b":[1,2]}'
    assert rendering.facts["missing"]["nothing"] == 3
    assert rendering.facts["missing"]["real"] == 1
    page = page_of(rendering)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert len(page) < 60_000


def test_figures_of_a_small_parquet_file_are_exact(render) -> None:
    rendering = render(parquet(pa.table({"x": [1.0, 2.0, 4.0, 9.0], "word": ["a", "a", "b", None]})), "run/x.parquet")
    page = page_of(rendering)
    for figure in ("1.75", "3", "5.25", "9", "4"):
        assert f'<td class="n">{figure}</td>' in page
    assert "a (2), b (1)" in page
    assert rendering.sampled is None
    assert rendering.warnings == ()


def test_a_large_file_is_counted_exactly_and_sampled_honestly(render, monkeypatch) -> None:
    monkeypatch.setattr(parquet_tables, "EXACT_CELLS", 1000)
    monkeypatch.setattr(parquet_tables, "SAMPLED_ROWS", 400)
    numbers = list(range(5000))
    table = pa.table(
        {
            "n": numbers,
            "gaps": [None if at % 10 == 0 else at / 2 for at in numbers],
            "at": [dt.datetime(2026, 1, 1) + dt.timedelta(minutes=at) for at in numbers],
        }
    )
    rendering = render(parquet(table, row_group_size=700), "run/large.parquet")
    found = facts(rendering)
    assert (found["rows"], found["last_row"][0], found["missing_cells"]) == (5000, 4999, 500)
    assert rendering.sampled is not None
    assert (rendering.sampled.shown, rendering.sampled.total) == (400, 5000)
    page = page_of(rendering)
    assert "400 of 5,000 rows" in page
    assert "2,499.5" in page or "2499.5" in page, "the mean is of all rows"
    assert "2026-01-01 00:00:00 to 2026-01-04 11:19:00" in page


def test_tables_without_rows_columns_or_unlike_names_are_tables(render) -> None:
    no_rows = render(parquet(ODD.slice(0, 0)), "run/a.parquet")
    assert facts(no_rows)["rows"] == 0
    assert "0 rows" in no_rows.warnings[0]
    assert facts(render(parquet(pa.table({})), "run/b.parquet"))["columns"] == 0
    same = pa.table([pa.array([1, 2]), pa.array([3, 4]), pa.array([5, 6])], names=["a", "a", "A"])
    for written in (parquet, arrow_file):
        rendering = render(written(same), "run/c.data")
        assert facts(rendering)["column_names"] == ["a", "a", "A"]
        assert facts(rendering)["first_row"] == [1, 3, 5]
        assert "same name" in rendering.warnings[0]


def test_five_thousand_columns_take_little_memory(make_source) -> None:
    wide = pa.table({f"column {at}": pa.array(range(60), pa.float64()) for at in range(5000)})
    inherited = psutil.Process().memory_info().rss
    result = render_isolated(make_source(parquet(wide), "run/wide.parquet"), Limits(), strictness="lenient")
    assert facts(result.rendering)["columns"] == 5000
    assert result.usage.peak_memory_bytes - inherited < 300 * 1024**2


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda data: data[:-40], "truncated"),
        (lambda data: data[:8], "truncated"),
        (lambda data: data[:-8] + (0x7FFFFFFF).to_bytes(4, "little") + b"PAR1", "bad_footer"),
        (lambda data: data[:-4] + b"PARE", "encrypted"),
        (lambda data: b"PARE" + data[4:], "encrypted"),
        (lambda data: data[:-200] + b"\xff" * 190 + data[-10:], "bad_parquet"),
    ],
    ids=["cut", "only a head", "footer bomb", "encrypted", "encrypted columns", "scrambled footer"],
)
def test_a_bad_parquet_file_is_named_as_such(render, damage: Callable[[bytes], bytes], code: str) -> None:
    with pytest.raises(MalformedArtifact) as caught:
        render(damage(parquet(pa.table({"x": list(range(50))}))), "run/bad.parquet")
    assert caught.value.code == code
    assert "/" not in caught.value.message, "no path of ours"


def test_a_huge_cell_ends_at_the_memory_limit(make_source) -> None:
    bomb = parquet(pa.table({"x": ["a" * 150_000_000]}), compression="zstd", use_dictionary=False)
    assert len(bomb) < 100_000
    with pytest.raises(LimitExceeded) as caught:
        render_isolated(make_source(bomb, "run/bomb.parquet"), Limits(), strictness="lenient")
    assert caught.value.code == "memory"


PEOPLE = [["name", "age", "score"], ["ann", 31, 0.5], ["bob", 45, None], ["=1+1", 7, 1.5]]


def test_every_sheet_of_a_workbook_is_shown(render) -> None:
    book = workbook(
        {"People": PEOPLE, "Notes & <b>": [["My report"], [], ["k", "v", "w"], ["x", 1, True]], "Empty": []}
    )
    rendering = render(book, "run/book.xlsx")
    assert rendering.facts["sheets"] == ["People", "Notes & <b>", "Empty"]
    assert rendering.facts["sheet_sizes"]["Notes & <b>"] == {"rows": 1, "columns": 3}
    found = facts(rendering)
    assert found["column_names"] == ["name", "age", "score"]
    assert found["column_types"] == ["mixed", "integer", "number"]
    assert found["first_row"] == ["ann", 31, 0.5]
    assert rendering.facts["missing"] == {"name": 0, "age": 0, "score": 1}
    page = page_of(rendering)
    assert "Sheet: Notes &amp; &lt;b&gt;" in page
    assert "under the title: My report" in page
    assert rendering.warnings == ()


def test_a_formula_is_shown_by_its_stored_value(render) -> None:
    found = facts(render(workbook({"S": [["a", "b"], ["=cmd|' /C calc'!A0", 2]]}), "run/book.xlsx"))
    assert found["first_row"] == [42, 2]


def test_a_sheet_that_would_fill_memory_is_refused(render) -> None:
    with pytest.raises(LimitExceeded) as caught:
        render(sparse_workbook(), "run/sparse.xlsx")
    assert caught.value.code == "sparse_sheet"


def test_a_workbook_that_expands_too_far_is_refused(render) -> None:
    with pytest.raises(LimitExceeded) as caught:
        render(workbook({"S": PEOPLE}), "run/book.xlsx", Limits(expanded_bytes=500))
    assert caught.value.code == "expanded_size"


def test_a_workbook_without_cells_says_so(render) -> None:
    rendering = render(workbook({"One": [], "Two": []}), "run/book.xlsx")
    assert rendering.facts["sheets"] == ["One", "Two"]
    assert rendering.warnings == ("The workbook has no cells.",)


GOOD = {
    "x.parquet": parquet(pa.table({"x": list(range(20)), "s": ["a"] * 20})),
    "x.arrow": arrow_file(pa.table({"x": list(range(20)), "s": ["a"] * 20})),
    "x.arrows": arrow_stream(pa.table({"x": list(range(20)), "s": ["a"] * 20})),
    "x.xlsx": workbook({"S": PEOPLE}),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(GOOD)),
    place=st.floats(0, 1, exclude_max=True),
    byte=st.integers(0, 255),
    cut=st.booleans(),
)
def test_damaged_bytes_end_in_a_rendering_or_an_error_of_ours(
    make_source, name: str, place: float, byte: int, cut: bool
) -> None:
    data = bytearray(GOOD[name])
    at = int(place * len(data))
    data[at] = byte
    source = make_source(bytes(data[:at] if cut else data), f"run/{name}")
    try:
        result = render_isolated(source, Limits(), strictness="lenient")
    except BelvedereError as error:
        assert error.message
    else:
        assert result.rendering.outputs
