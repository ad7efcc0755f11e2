"""Plotly figures: common traces drawn, typed arrays unpacked, nothing fetched, no link, no script."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits
from belvedere.rendering.charts.plotly_figures import array
from belvedere.rendering.charts.plotly_traces import quantile
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

NAME = "plots/a.plotly.json"
LINE = {"type": "scatter", "mode": "lines", "name": "a line", "x": [0, 1, 2], "y": [0, 3, 1]}


@pytest.fixture
def show(render):
    def run(*traces: Any, **layout: Any) -> Rendering:
        return render(json.dumps({"data": list(traces), "layout": layout}), NAME)

    return run


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def figure_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.name == "figure.svg")


def sent_of(rendering: Rendering) -> dict[str, Any]:
    """Return what the browser gets."""
    return json.loads(next(output.content for output in rendering.outputs if output.name == "chart.plotly.json"))


def test_titles_names_and_axes_stand_on_the_page(show) -> None:
    rendering = show(LINE, title={"text": "A <b>title</b><br>here"}, xaxis={"title": {"text": "time (s)"}})
    assert rendering.facts["chart"] == {
        "traces": 1,
        "trace_types": ["scatter"],
        "title": "A title here",
        "series": ["a line"],
    }
    for words in ("A title here", "a line", "x: time (s)"):
        assert words in page_of(rendering)


@pytest.mark.parametrize(
    ("dtype", "code"), [("f8", "d"), ("f4", "f"), ("i2", "h"), ("u1", "B"), ("i4", "i"), ("float64", "d")]
)
def test_typed_arrays_are_unpacked(dtype: str, code: str) -> None:
    packed = base64.b64encode(struct.pack(f"<6{code}", *range(6))).decode()
    assert array({"dtype": dtype, "bdata": packed}) == [0, 1, 2, 3, 4, 5]
    assert array({"dtype": dtype, "bdata": packed, "shape": "2, 3"}) == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("bad", [None, "x", {"bdata": "!!", "dtype": "f8"}, {"bdata": "AAAA", "dtype": "O"}, {}])
def test_what_is_no_array_is_empty(bad: Any) -> None:
    assert array(bad) == []


@pytest.mark.parametrize(
    ("trace", "element", "least"),
    [
        ({"type": "scatter", "mode": "markers", "x": [1, 2, 3], "y": [3, 1, 2]}, "<circle", 3),
        ({"type": "scattergl", "y": [1, 2, 3], "mode": "lines"}, "<polyline", 1),
        ({"type": "bar", "x": ["a", "b"], "y": [1, 2]}, "<rect", 2),
        ({"type": "bar", "orientation": "h", "y": ["a", "b"], "x": [1, 2]}, "<rect", 2),
        ({"type": "histogram", "x": [1, 2, 2, 3, 3, 3]}, "<rect", 3),
        ({"type": "histogram", "x": ["a", "b", "b"]}, "<rect", 2),
        ({"type": "heatmap", "z": [[1, 2], [3, 4]]}, "<rect", 4),
        ({"type": "box", "y": [1, 2, 3, 4, 100]}, "<rect", 1),
        ({"type": "pie", "labels": ["a", "b"], "values": [1, 3]}, "<polygon", 2),
        ({"type": "scatter", "x": ["2026-01-01", "2026-02-01 12:00"], "y": [1, 2], "mode": "lines"}, "<polyline", 1),
    ],
)
def test_common_traces_are_drawn(show, trace: dict[str, Any], element: str, least: int) -> None:
    rendering = show(trace)
    assert figure_of(rendering).count(element) >= least
    assert rendering.warnings == ()


def test_other_traces_are_left_to_the_interactive_view_and_said(show) -> None:
    rendering = show(LINE, {"type": "surface", "z": [[1, 2], [3, 4]]})
    assert rendering.warnings == (
        "The still picture leaves out traces that only the interactive view draws: 1 surface.",
    )
    assert [trace["type"] for trace in sent_of(rendering)["data"]] == ["scatter", "surface"]


def test_points_on_a_map_are_drawn_without_the_map(show) -> None:
    rendering = show(
        {"type": "scattermapbox", "lat": [48, 37], "lon": [2, 127]},
        {"type": "choropleth", "locations": ["KOR"], "z": [1]},
        mapbox={"style": "https://tiles.example/style.json", "accesstoken": "pk.1"},
    )
    assert rendering.facts["chart"]["trace_types"] == ["scattermapbox", "choropleth"]
    assert "lies over a map" in rendering.warnings[0]
    sent = sent_of(rendering)
    assert [trace["type"] for trace in sent["data"]] == ["scatter"]
    assert sent["layout"] == {}


def test_nothing_elsewhere_is_named_in_what_the_browser_gets(show) -> None:
    picture = "data:image/png;base64,iVBORw0KGgo="
    rendering = show(
        {**LINE, "name": "<a href='javascript:alert(1)'>click</a>", "text": ['<a href="https://e.example">x</a>']},
        {"type": "image", "source": "https://e.example/x.png"},
        images=[{"source": "https://e.example/y.png"}, {"source": picture}],
        annotations=[{"text": "see <a href='https://e.example'>this</a>"}],
    )
    sent = json.dumps(sent_of(rendering))
    assert "e.example" not in sent
    assert "href" not in sent
    assert picture in sent
    assert any("links in the figure" in text for text in rendering.warnings)
    assert any("https://e.example/x.png" in text for text in rendering.warnings)


def test_settings_of_plotly_itself_do_not_come_along(render) -> None:
    document = {"data": [LINE], "layout": {}, "config": {"plotlyServerURL": "https://e.example"}}
    assert "e.example" not in json.dumps(sent_of(render(json.dumps(document), NAME)))


def test_names_are_text_and_never_markup_in_our_own_page(show) -> None:
    rendering = show({**LINE, "name": '<img src=x onerror=alert(1)>"><script>x</script>'}, {**LINE, "name": "b"})
    for text in (page_of(rendering), figure_of(rendering)):
        assert "<img" not in text
        assert "<script" not in text


def test_colours_are_colours_and_nothing_else(show) -> None:
    rendering = show({**LINE, "line": {"color": "red}body{display:none"}}, {**LINE, "line": {"color": "rgb(1,2,3)"}})
    assert "display:none" not in figure_of(rendering)
    assert "stroke:rgb(1,2,3)" in figure_of(rendering)


def test_subplots_stand_where_the_layout_puts_them(show) -> None:
    rendering = show(
        LINE,
        {**LINE, "xaxis": "x2", "yaxis": "y2"},
        xaxis={"domain": [0, 0.4]},
        xaxis2={"domain": [0.6, 1], "title": "second"},
        yaxis2={"type": "log"},
    )
    assert ">second</text>" in figure_of(rendering)


def test_quantiles_lie_between_neighbours() -> None:
    assert [quantile([1, 2, 3, 4], share) for share in (0, 0.25, 0.5, 1)] == [1, 1.75, 2.5, 4]


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"data": [LINE], "layout": {}}, "plotly"),
        ({"data": [LINE]}, "plotly"),
        ({"data": [], "layout": {}}, "plotly"),
        ({"data": [{"a": 1}]}, "json"),
        ({"data": [1, 2], "layout": {}}, "json"),
    ],
)
def test_a_figure_is_told_by_its_traces(make_source, document: Any, kind: str) -> None:
    found = detect(make_source(json.dumps(document), "a.json"))
    assert (found == "plotly") is (kind == "plotly")


def test_a_large_figure_is_told_from_its_beginning(make_source) -> None:
    document = {"data": [{**LINE, "x": list(range(60_000)), "y": list(range(60_000))}], "layout": {"title": "large"}}
    assert detect(make_source(json.dumps(document), "a.json")) == "plotly"


def test_bad_and_too_large_figures_say_why(show, make_source) -> None:
    with pytest.raises(LimitExceeded, match="501 traces"):
        show(*[LINE] * 501)
    with pytest.raises(MalformedArtifact, match="valid JSON"):
        render_here(make_source('{"data": [', NAME), Limits(), "plotly")


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6) | st.just("2026-01-02"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["text", "color", "bdata"]), inner),
    max_leaves=6,
)
traces = st.fixed_dictionaries(
    {"type": st.sampled_from(["scatter", "bar", "histogram", "heatmap", "box", "pie", "violin", "scattergeo", ""])},
    optional={
        name: values | st.lists(st.floats() | st.integers() | st.text(max_size=3), max_size=6)
        for name in (
            "x",
            "y",
            "z",
            "labels",
            "values",
            "name",
            "mode",
            "orientation",
            "line",
            "marker",
            "fill",
            "nbinsx",
        )
    },
)
axis = st.fixed_dictionaries({}, optional={"type": st.sampled_from(["log", "date", "category"]), "range": values})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(traces, max_size=4), across=axis, up=axis, mode=st.sampled_from(["stack", "group", "overlay"]))
def test_any_figure_ends_in_a_page_or_an_error_of_ours(make_source, data: Any, across: Any, up: Any, mode: str) -> None:
    document = {"data": data, "layout": {"xaxis": across, "yaxis": up, "barmode": mode}}
    try:
        assert render_here(make_source(json.dumps(document), NAME), Limits(), "plotly").outputs
    except BelvedereError as error:
        assert error.message
