"""Tables: any delimiter, encoding and header; exact sizes; what is odd is said; what is large stays bounded."""

from __future__ import annotations

from typing import Any

import pytest

from belvedere.errors import MalformedArtifact
from belvedere.model.rendering import Limits, Rendering
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.renderers import table as table_module


def table_of(rendering: Rendering) -> dict[str, Any]:
    assert rendering.kind == "table"
    return dict(rendering.facts["table"])


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_any_delimiter_and_line_ending_gives_the_same_table(render, delimiter: str, ending: str) -> None:
    lines = ["name,age,score", "ann,31,0.5", "bob,45,0.25", "eve,27,1.0"]
    found = table_of(render(ending.join(line.replace(",", delimiter) for line in lines), "run/people.csv"))
    assert (found["rows"], found["columns"]) == (3, 3)
    assert found["column_names"] == ["name", "age", "score"]
    assert found["first_row"] == ["ann", 31, 0.5]
    assert found["last_row"] == ["eve", 27, 1.0]


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("utf-8", "café"),
        ("utf-8-sig", "café"),
        ("utf-16", "café"),
        ("utf-16-le", "cafe"),
        ("latin-1", "café"),
        ("cp949", "서울특별시 강남구"),
    ],
)
def test_common_encodings_are_read(render, encoding: str, word: str) -> None:
    lines = ["city,count", *[f"{word} {at},{at}" for at in range(40)]]
    rendering = render("\n".join(lines).encode(encoding), "run/cities.csv")
    assert table_of(rendering)["first_row"] == [f"{word} 0", 0]
    assert table_of(rendering)["column_names"] == ["city", "count"]


def test_a_table_without_header_gets_numbered_names(render) -> None:
    found = table_of(render("1.5,a,3\n2.5,b,4\n3.5,c,5\n", "run/data.csv"))
    assert found["rows"] == 3
    assert found["column_names"] == ["column 1", "column 2", "column 3"]


def test_a_header_of_words_over_words_is_a_header(render) -> None:
    found = table_of(render("city,country\nParis,France\nBonn,Germany\n", "run/data.csv"))
    assert found["column_names"] == ["city", "country"]
    assert found["rows"] == 2


def test_years_in_a_header_are_a_header(render) -> None:
    found = table_of(render("country,2019,2020,2021\nFR,1,2,3\nDE,4,5,6\n", "run/data.csv"))
    assert found["column_names"] == ["country", "2019", "2020", "2021"]


def test_a_table_of_no_rows_says_so(render) -> None:
    rendering = render("a,b,c\n", "run/empty.csv")
    assert table_of(rendering)["rows"] == 0
    assert table_of(rendering)["column_names"] == ["a", "b", "c"]
    assert "0 rows" in rendering.warnings[0]


def test_quoted_newlines_and_delimiters_belong_to_their_cell(render) -> None:
    found = table_of(render('a,b\n"one\ntwo, three",2\n"say ""hi""",3\n', "run/q.csv"))
    assert found["rows"] == 2
    assert found["first_row"] == ["one\ntwo, three", 2]


def test_ragged_rows_are_kept_and_said(render) -> None:
    rendering = render("a,b,c\n1,2,3\n4,5\n6,7,8,9\n", "run/ragged.csv")
    assert table_of(rendering)["rows"] == 3
    assert "2 rows are ragged" in rendering.warnings[0]
    assert "row 2 has 2" in rendering.warnings[0]


def test_same_and_empty_names_are_kept_and_said(render) -> None:
    rendering = render("a,a,\n1,2,3\n", "run/names.csv")
    assert table_of(rendering)["column_names"] == ["a", "a", ""]
    assert "duplicate" in " ".join(rendering.warnings)
    assert "no name" in " ".join(rendering.warnings)


def test_an_unnamed_index_column_needs_no_warning(render) -> None:
    assert render(",a\n0,5\n1,6\n", "run/frame.csv").warnings == ()


def test_missing_cells_are_counted_by_column(render) -> None:
    rendering = render("a,b\n1,\n,x\nNaN,y\n4,z\n", "run/gaps.csv")
    assert rendering.facts["missing"] == {"a": 2, "b": 1}


def test_formulas_are_text(render) -> None:
    rendering = render('a,b\n"=cmd|\' /C calc\'!A0",1\n"@SUM(1+1)",2\n', "run/formula.csv")
    assert table_of(rendering)["first_row"][0] == "=cmd|' /C calc'!A0"
    assert "&#x27; /C calc" in page_of(rendering)


def test_cells_are_text_never_markup(render) -> None:
    rendering = render("a,b\n<script>alert(1)</script>,1\n<img src=x onerror=y>,2\n", "run/markup.csv")
    for output in rendering.outputs:
        if output.media_type in {"text/html", "image/svg+xml"}:
            assert b"<script" not in output.content
            assert b"<img src=x" not in output.content


def test_huge_numbers_and_not_a_numbers_do_no_harm(render) -> None:
    rendering = render("x,y\n1e308,nan\n-1e308,inf\n1e999,-inf\n99999999999999999999999,3\n", "run/huge.csv")
    assert table_of(rendering)["rows"] == 4


def test_binary_bytes_named_as_a_table_are_said_to_be_no_text(render) -> None:
    with pytest.raises(MalformedArtifact, match="not text"):
        render(b"\x00\x01\x02\xff" * 50, "run/data.csv")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n  \n"])
def test_nothing_is_said_to_be_nothing(render, content: bytes) -> None:
    with pytest.raises(MalformedArtifact, match="empty"):
        render(content, "run/data.csv")


def test_a_quote_that_never_closes_is_read_as_far_as_it_goes(render) -> None:
    rendering = render('a,b\n1,2\n3,"4\n5,6\n', "run/quote.csv")
    assert table_of(rendering)["rows"] == 2


def test_very_wide_tables_show_their_first_columns(render) -> None:
    names = ",".join(f"c{at}" for at in range(3000))
    cells = ",".join(str(at) for at in range(3000))
    rendering = render(f"{names}\n{cells}\n{cells}\n", "run/wide.csv")
    assert table_of(rendering)["columns"] == 3000
    assert len(table_of(rendering)["column_names"]) == 300
    assert "The first 100 of 3,000 columns" in page_of(rendering)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "IN_MEMORY_BYTES", 2000)
    monkeypatch.setattr(table_module, "HEAD_BYTES", 4000)


def lines_of_people(rows: int) -> str:
    return "id,name,score,day\n" + "".join(
        f"{at},name {at % 7},{at / 4},2026-01-{at % 28 + 1:02d}\n" for at in range(rows)
    )


@pytest.mark.usefixtures("large")
def test_a_large_table_is_counted_exactly_and_says_what_was_sampled(render) -> None:
    rendering = render(lines_of_people(50_000), "run/people.csv")
    found = table_of(rendering)
    assert found["rows"] == 50_000
    assert found["column_names"] == ["id", "name", "score", "day"]
    assert found["column_types"] == ["integer", "text", "number", "date"]
    assert found["first_row"] == [0, "name 0", 0.0, "2026-01-01"]
    assert found["last_row"] == [49999, "name 5", 12499.75, "2026-01-20"]
    assert rendering.sampled is not None
    assert rendering.sampled.total == 50_000
    assert f"{rendering.sampled.shown:,} of 50,000 rows" in page_of(rendering)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_large_table_in_another_encoding_is_counted_too(render, encoding: str) -> None:
    text = "city,n\n" + "".join(f"Orléans é {at},{at}\n" for at in range(5000))
    found = table_of(render(text.encode(encoding), "run/cities.csv"))
    assert found["rows"] == 5000
    assert found["last_row"] == ["Orléans é 4999", 4999]


@pytest.mark.usefixtures("large")
def test_words_late_in_a_column_of_numbers_are_counted_as_words(render) -> None:
    text = "id,score\n" + "".join(f"{at},{at}\n" for at in range(20_000)) + "20000,oops\n20001,3\n"
    found = table_of(render(text, "run/late.csv"))
    assert found["rows"] == 20_002
    assert found["last_row"] == [20001, 3]


@pytest.mark.usefixtures("large")
def test_missing_cells_of_a_large_table_are_counted_exactly(render) -> None:
    text = "a,b\n" + "".join(f"{at if at % 2 else ''},{'NaN' if at % 5 == 0 else 'x'}\n" for at in range(10_000))
    assert render(text, "run/gaps.csv").facts["missing"] == {"a": 5000, "b": 2000}


@pytest.mark.usefixtures("large")
def test_ragged_and_broken_rows_of_a_large_table_end_well(render) -> None:
    text = "a,b,c\n" + "".join(f"{at},x,y\n" for at in range(5000)) + '1,2\n"unclosed,3\n4,5,6,7,8\n'
    assert table_of(render(text, "run/broken.csv"))["rows"] >= 5000


@pytest.mark.usefixtures("large")
def test_quoted_newlines_of_a_large_table_count_as_one_row(render) -> None:
    text = "a,b\n" + "".join(f'"one\ntwo",{at}\n' for at in range(3000))
    assert table_of(render(text, "run/quoted.csv"))["rows"] == 3000


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_a_large_table_of_any_delimiter_is_counted(render, delimiter: str) -> None:
    text = lines_of_people(3000).replace(",", delimiter)
    assert table_of(render(text, "run/people.txt"))["rows"] == 3000


def test_a_large_table_is_counted_within_the_isolation(make_source) -> None:
    source = make_source(lines_of_people(60_000), "run/people.csv")
    assert source.size > table_module.IN_MEMORY_BYTES
    result = render_isolated(source, Limits(), strictness="strict")
    assert result.rendering.facts["table"]["rows"] == 60_000
    assert result.usage.peak_memory_bytes < 600 * 1024**2
