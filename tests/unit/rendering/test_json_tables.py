"""JSON that is a table, in every usual layout, and JSON that is none; broken lines; large files by pieces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.rendering.detection import detect
from belvedere.rendering.tables import json_tables

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

RECORDS = [{"id": at, "word": "abc"[at % 3], "real": at / 4} for at in range(12)]
COLUMNS = {name: [record[name] for record in RECORDS] for name in ("id", "word", "real")}
LAYOUTS: dict[str, Any] = {
    "records": RECORDS,
    "columns": COLUMNS,
    "split": {
        "columns": list(COLUMNS),
        "index": list(range(12)),
        "data": [list(record.values()) for record in RECORDS],
    },
    "split without index": {"columns": list(COLUMNS), "data": [list(record.values()) for record in RECORDS]},
    "pandas columns": {name: {str(at): value for at, value in enumerate(column)} for name, column in COLUMNS.items()},
    "pandas index": {str(at): record for at, record in enumerate(RECORDS)},
    "table with schema": {"schema": {"fields": [{"name": name} for name in COLUMNS]}, "data": RECORDS},
}
TREES = [
    {"name": "net", "config": {"lr": 0.1, "layers": [{"type": "conv"}, {"type": "fc", "units": 2}]}},
    [1, 2, 3],
    ["a", "b"],
    [{"a": {"b": {"c": 1}}}, {"d": [1, [2, 3]]}],
    [[1, 2], [3]],
    {"a": [1, 2], "b": [3]},
    {"classes": ["cat", "dog"]},
    [],
    [{}],
]


def table(rendering: Rendering) -> dict[str, Any]:
    assert rendering.kind == "table"
    return dict(rendering.facts["table"])


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch) -> None:
    """Copies are written where a shut-in child may write: its own folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_every_layout_gives_the_same_table(render, layout: str, indent: int | None) -> None:
    found = table(render(json.dumps(LAYOUTS[layout], indent=indent), "run/data.json"))
    assert (found["rows"], found["column_names"]) == (12, ["id", "word", "real"])
    assert found["first_row"] == [0, "a", 0.0]
    assert found["last_row"] == [11, "c", 2.75]
    assert found["column_types"] == ["integer", "text", "number"]


def test_rows_without_names_get_numbered_ones(render) -> None:
    found = table(render("[[1, 2], [3, 4]]", "run/data.json"))
    assert found["column_names"] == ["column 1", "column 2"]


@pytest.mark.parametrize("document", TREES, ids=json.dumps)
def test_trees_are_no_tables(make_source, document: Any) -> None:
    assert detect(make_source(json.dumps(document), "run/data.json")) != "table"


def test_lines_are_rows_and_nested_values_stand_as_json(render) -> None:
    lines = [json.dumps({"id": at, "meta": {"a": at}, "tags": ["x"], "late": None if at < 3 else 1}) for at in range(5)]
    rendering = render("\n".join(lines), "run/data.jsonl")
    found = table(rendering)
    assert found["first_row"] == [0, '{"a": 0}', '["x"]', None]
    assert found["column_types"] == ["integer", "nested", "nested", "integer"]
    assert rendering.facts["missing"]["late"] == 3


def test_broken_lines_are_left_out_and_named(render) -> None:
    rendering = render('{"a": 1}\n{"a": 2}\n{"a": 3}\n{"a": 4}\n{"a": 5}\n{"a": 6}\n{"a": \n{"a": 8}\n', "run/x.jsonl")
    assert table(rendering)["rows"] == 7
    assert rendering.warnings == ("1 line is not valid JSON and left out (line 7).",)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_large_array_is_read_by_pieces(render, monkeypatch, indent: int | None) -> None:
    monkeypatch.setattr(json_tables, "IN_MEMORY_BYTES", 1000)
    records = [
        {"id": at, "deep": {"a": [at]}, "text": 'x "y" {\n', "when": "2026-01-01T00:00:00Z"} for at in range(3000)
    ]
    rendering = render(json.dumps(records, indent=indent), "run/data.json")
    found = table(rendering)
    assert (found["rows"], found["column_names"]) == (3000, ["id", "deep", "text", "when"])
    assert found["last_row"][0] == 2999
    assert found["last_row"][2:] == ['x "y" {\n', "2026-01-01T00:00:00Z"]
    assert rendering.warnings == ()


def test_a_large_array_that_is_cut_shows_what_came_before(render, monkeypatch) -> None:
    monkeypatch.setattr(json_tables, "IN_MEMORY_BYTES", 1000)
    whole = json.dumps([{"id": at, "word": "w"} for at in range(14000)])
    rendering = render(whole[: len(whole) // 2], "run/data.json")
    assert 6000 < table(rendering)["rows"] < 7100
    assert "truncated" in rendering.warnings[0]


def test_large_lines_whose_types_change_late_lose_nothing(render, monkeypatch) -> None:
    monkeypatch.setattr(json_tables, "IN_MEMORY_BYTES", 1000)
    lines = [json.dumps({"id": at if at < 24_000 else f"late {at}"}) for at in range(25_000)]
    found = table(render("\n".join(lines), "run/data.jsonl"))
    assert found["rows"] == 25_000
    assert found["missing_cells"] == 0
    assert found["last_row"] == ["late 24999"]


def test_large_lines_with_a_broken_one_keep_their_types(render, monkeypatch) -> None:
    monkeypatch.setattr(json_tables, "IN_MEMORY_BYTES", 1000)
    lines = [json.dumps({"id": at}) for at in range(5000)]
    lines[4000] = '{"id": 4000'
    rendering = render("\n".join(lines), "run/data.jsonl")
    assert table(rendering)["rows"] == 4999
    assert table(rendering)["column_types"] == ["int64"]
    assert "not valid JSON" in rendering.warnings[0]


def test_one_document_too_large_to_be_read_whole_is_refused(render, monkeypatch) -> None:
    monkeypatch.setattr(json_tables, "LARGEST_DOCUMENT", 300_000)
    document = {"columns": ["a", "b"], "data": [[at, at] for at in range(40_000)]}
    with pytest.raises(LimitExceeded) as caught:
        render(json.dumps(document), "run/data.json")
    assert caught.value.code == "json_size"


def test_json_that_breaks_is_named_as_such(render) -> None:
    document = json.dumps({"columns": ["a", "b"], "data": [[at, at] for at in range(40_000)]})
    with pytest.raises(MalformedArtifact) as caught:
        render(document[:-5], "run/data.json")
    assert caught.value.code == "bad_json"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
        max_leaves=20,
    ),
    lines=st.booleans(),
)
def test_any_json_ends_in_a_rendering_or_an_error_of_ours(render, document: Any, lines: bool) -> None:
    text = json.dumps(document)
    try:
        rendering = render("\n".join([text] * 3) if lines else text, "run/data.json")
    except BelvedereError as error:
        assert error.message
    else:
        assert rendering.outputs
