"""Vega-Lite and Vega charts: drawn without a browser, in the shut-in child; nothing fetched, no link, no setting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits
from belvedere.rendering.charts.vega_scenes import vega_lite_version
from belvedere.rendering.charts.vega_specs import cleaned, described
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.isolation.landlock import landlock_abi

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

NAME = "plots/a.vl.json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
ROWS = [{"a": "x", "b": 3, "c": "one"}, {"a": "y", "b": 5, "c": "two"}, {"a": "z", "b": 2, "c": "one"}]
BARS: dict[str, Any] = {
    "$schema": SCHEMA,
    "title": "Bars",
    "data": {"values": ROWS},
    "mark": "bar",
    "encoding": {
        "x": {"field": "a", "type": "nominal", "title": "letter"},
        "y": {"field": "b", "type": "quantitative"},
        "color": {"field": "c", "type": "nominal"},
    },
}
VEGA: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega/v6.json",
    "width": 200,
    "height": 100,
    "data": [{"name": "table", "values": [{"x": 10, "y": 20}, {"x": 60, "y": 70}]}],
    "marks": [
        {
            "type": "symbol",
            "from": {"data": "table"},
            "encode": {"enter": {"x": {"field": "x"}, "y": {"field": "y"}, "fill": {"value": "steelblue"}}},
        }
    ],
}

shut_in = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")


@pytest.fixture
def show(make_source):
    """Render in the child that is shut in: V8 takes its addresses there, and not in the tests' own process."""

    def run(spec: Any, limits: Limits | None = None) -> Rendering:
        source = make_source(json.dumps(spec), NAME)
        return render_isolated(source, limits or Limits(), strictness="strict").rendering

    return run


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


@shut_in
def test_v8_draws_a_chart_inside_the_shut_in_child(show) -> None:
    rendering = show(BARS)
    assert rendering.facts["chart"] == {
        "marks": 3,
        "mark_type": "bar",
        "series": ["one", "two"],
        "title": "Bars",
    }
    page = page_of(rendering)
    for words in ("Bars", "letter", "one", "two"):
        assert words in page
    assert "<script" not in page
    assert rendering.warnings == ()
    names = [output.name for output in rendering.outputs]
    assert names == ["page.html", "thumbnail.svg", "figure.svg", "chart.vl.json"]


@shut_in
def test_vega_itself_is_drawn_too(show) -> None:
    rendering = show(VEGA)
    assert rendering.kind == "vega"
    assert rendering.facts["chart"]["marks"] == 2
    chart = next(output for output in rendering.outputs if output.name == "chart.vg.json")
    assert chart.media_type == "application/vnd.vega.v6+json"


@shut_in
def test_remote_data_are_not_loaded_and_the_page_says_so(show) -> None:
    rendering = show({**BARS, "data": {"url": "http://127.0.0.1:9/secret.csv"}})
    assert rendering.facts["chart"]["marks"] == 0
    assert "http://127.0.0.1:9/secret.csv" in rendering.warnings[0]
    chart = next(output.content for output in rendering.outputs if output.name == "chart.vl.json")
    assert b"127.0.0.1" not in chart


@shut_in
@pytest.mark.parametrize("broken", [{"mark": "no such mark"}, {"encoding": {"x": {"field": 7, "type": []}}}])
def test_what_vega_cannot_draw_is_an_error_with_its_reason(show, broken: dict[str, Any]) -> None:
    try:
        rendering = show({**BARS, **broken})
    except MalformedArtifact as error:
        assert "cannot be drawn" in error.message
    else:
        assert "draws nothing" in rendering.warnings[-1]


@shut_in
def test_a_chart_that_grows_without_end_is_stopped(show) -> None:
    endless = {"data": {"sequence": {"start": 0, "stop": 1e9}}, "mark": "point", "encoding": {}}
    with pytest.raises(BelvedereError):
        show({"$schema": SCHEMA, **endless}, Limits(memory_bytes=400 * 1024**2, cpu_seconds=6, wall_seconds=20))


@pytest.mark.parametrize(
    ("schema", "version"),
    [
        ("https://vega.github.io/schema/vega-lite/v6.4.1.json", "6.4"),
        ("https://vega.github.io/schema/vega-lite/v5.20.1.json", "5.21"),
        ("https://vega.github.io/schema/vega-lite/v4.17.0.json", "5.8"),
        ("https://vega.github.io/schema/vega-lite/v9.json", "6.4"),
        ("", "6.4"),
    ],
)
def test_a_chart_is_drawn_by_the_version_it_was_written_for(schema: str, version: str) -> None:
    assert vega_lite_version(schema) == version


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"data": {"url": "https://e.example/x.csv"}}, "https://e.example/x.csv"),
        ({"transform": [{"lookup": "a", "from": {"data": {"url": "//e.example/x.csv"}}}]}, "//e.example/x.csv"),
        ({"data": [{"name": "t", "url": "file:///etc/passwd"}]}, "file:///etc/passwd"),
        ({"encoding": {"href": {"field": "link"}}}, "1 link of the chart"),
        ({"mark": {"type": "point", "href": "javascript:alert(1)"}}, "1 link of the chart"),
        ({"mark": {"type": "image", "url": "https://e.example/x.png"}}, "1 picture of the chart"),
        ({"encoding": {"url": {"field": "picture"}}}, "1 picture of the chart"),
        ({"usermeta": {"embedOptions": {"loader": {"target": "_top"}}}}, "usermeta.embedOptions"),
        ({"params": [{"name": "p", "bind": {"input": "range", "element": "#x"}}]}, "bind.element"),
        ({"width": 1e9}, "a width of 1e+09"),
    ],
)
def test_what_reaches_out_is_taken_out_and_said(spec: dict[str, Any], words: str) -> None:
    found = cleaned(spec)
    assert any(words in text for text in found.warnings)
    left = json.dumps(found.spec)
    for danger in ("e.example", "passwd", "href", "javascript", "embedOptions", "#x", "1000000000"):
        assert danger not in left


def test_rows_of_data_stay_as_they_are_whatever_they_hold() -> None:
    rows = [{"href": "https://e.example", "url": "x", "width": 1e9}]
    assert cleaned({"data": {"values": rows}, "datasets": {"d": rows}}).spec == {
        "data": {"values": rows},
        "datasets": {"d": rows},
    }


def test_inline_pictures_stay() -> None:
    picture = "data:image/png;base64,iVBORw0KGgo="
    assert cleaned({"mark": {"type": "image", "url": picture}}).spec["mark"]["url"] == picture


def test_a_specification_tells_its_titles_channels_and_marks() -> None:
    layered = {"title": {"text": ["Two", "lines"]}, "layer": [BARS, {"mark": {"type": "rule"}, "encoding": {}}]}
    found = described(layered)
    assert (found.title, found.marks, found.rows) == ("Two lines", ("bar", "rule"), 3)
    assert dict(found.channels) == {"x": "letter", "y": "b", "color": "c"}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (BARS, "vega_lite"),
        ({name: value for name, value in BARS.items() if name != "$schema"}, "vega_lite"),
        ({"$schema": SCHEMA, "hconcat": [BARS]}, "vega_lite"),
        (VEGA, "vega"),
        ({**BARS, "data": {"values": ROWS * 9000}}, "vega_lite"),
    ],
)
def test_charts_are_told_by_their_fields(make_source, document: Any, kind: str) -> None:
    assert detect(make_source(json.dumps(document), "a.json")) == kind


def test_a_chart_nested_without_end_is_refused(make_source) -> None:
    spec: Any = {}
    for _ in range(200):
        spec = {"layer": [spec]}
    with pytest.raises(MalformedArtifact, match="nested"):
        cleaned(spec)


def test_too_many_values_are_a_limit() -> None:
    with pytest.raises(LimitExceeded):
        cleaned({"data": {"values": [0] * 3_000_001}})


documents = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "data",
                    "url",
                    "values",
                    "mark",
                    "type",
                    "encoding",
                    "x",
                    "field",
                    "title",
                    "layer",
                    "marks",
                    "href",
                    "axis",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents)
def test_any_document_is_cleaned_and_described_or_refused(document: Any) -> None:
    try:
        found = cleaned(document)
    except BelvedereError as error:
        assert error.message
        return
    described(found.spec)


def test_a_chart_of_very_many_rows_is_drawn_from_some_of_them_and_says_so(make_source) -> None:
    rows = [{"x": at % 300, "y": at % 177} for at in range(100_000)]
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "mark": "point",
        "data": {"values": rows},
        "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
    }

    rendering = render_isolated(
        make_source(json.dumps(spec), "a/many.vl.json"), Limits(), strictness="lenient"
    ).rendering

    assert rendering.sampled is not None
    assert (rendering.sampled.shown, rendering.sampled.total) == (20_000, 100_000)
    assert any("20,000 evenly spaced rows of 100,000" in text for text in rendering.warnings)
