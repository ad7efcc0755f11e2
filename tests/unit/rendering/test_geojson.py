"""GeoJSON: features drawn as a map, counted, their properties told; what is broken is left out and said."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, UnsupportedArtifact
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

SQUARE = [[10, 50], [12, 50], [12, 52], [10, 52], [10, 50]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}
POINT = {"type": "Point", "coordinates": [11, 51, 300.5]}


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def facts_of(rendering: Rendering) -> dict[str, Any]:
    assert rendering.kind == "geojson"
    return dict(rendering.facts["geojson"])


def test_features_are_counted_bounded_and_described(render) -> None:
    line = {"type": "LineString", "coordinates": [[9, 49], [13, 53]]}
    rendering = render(
        collection(
            feature(POLYGON, name="A", people=5), feature(POINT, name="B", people=7), feature(line), feature(None)
        ),
        "maps/a.geojson",
    )
    facts = facts_of(rendering)
    assert facts["features"] == 4
    assert facts["geometries"] == {"Polygon": 1, "Point": 1, "LineString": 1, "no geometry": 1}
    assert facts["bounds"] == [9, 49, 13, 53]
    assert facts["positions"] == 8
    assert facts["properties"] == ["name", "people"]
    page = page_of(rendering)
    assert 'class="area"' in page
    assert 'class="way"' in page
    assert 'class="spot"' in page
    assert "<title>A</title>" in page, "a feature's name is read by pointing at it"
    assert "5 to 7" in page
    assert rendering.warnings == ()


@pytest.mark.parametrize(
    ("document", "kinds"),
    [
        (POINT, {"Point": 1}),
        (feature(POLYGON), {"Polygon": 1}),
        ({"type": "GeometryCollection", "geometries": [POINT, POLYGON]}, {"GeometryCollection": 1}),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, {"MultiPolygon": 1}),
        ({"type": "MultiLineString", "coordinates": [SQUARE, SQUARE]}, {"MultiLineString": 1}),
    ],
)
def test_a_file_may_be_one_geometry_or_feature(render, document: Any, kinds: dict[str, int]) -> None:
    facts = facts_of(render(json.dumps(document), "maps/one.json"))
    assert facts["geometries"] == kinds
    assert facts["bounds"] is not None


def test_the_map_is_as_wide_as_the_earth_is_there(render) -> None:
    """At 60 degrees north a degree of longitude is half as long as one of latitude."""
    square = {"type": "Polygon", "coordinates": [[[0, 59], [2, 59], [2, 61], [0, 61], [0, 59]]]}
    figure = next(one.content.decode() for one in render(json.dumps(square)).outputs if one.role == "figure")
    width, height = (float(figure.split(f'{name}="')[1].split('"')[0]) - 20 for name in ("width", "height"))
    assert width / height == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [[["x", 1]]]},
        {"type": "Polygon", "coordinates": [1, 2]},
        {"type": "Point", "coordinates": [float("nan"), 2]},
        {"type": "Point", "coordinates": [1]},
        {"type": "Circle", "coordinates": [1, 2]},
        {"type": "GeometryCollection", "geometries": 5},
        "a string",
    ],
)
def test_a_broken_feature_is_left_out_and_said(render, geometry: Any) -> None:
    rendering = render(collection(feature(POINT), feature(geometry)), "maps/broken.geojson")
    assert "Broken: features whose" in rendering.warnings[0]
    assert facts_of(rendering)["features"] == 2
    assert page_of(rendering).count('class="spot"') == 1


def test_metres_are_not_taken_for_degrees(render) -> None:
    rendering = render(collection(feature({"type": "Point", "coordinates": [350_000, 5_600_000]})), "utm.geojson")
    assert "no degrees" in rendering.warnings[0]


def test_very_many_features_are_drawn_in_bounded_size_and_said(render) -> None:
    many = [
        feature(
            {"type": "LineString", "coordinates": [[at % 300 - 150, at % 160 - 80], [at % 299 - 150, at % 71]]}, n=at
        )
        for at in range(30_000)
    ]
    rendering = render(collection(*many), "many.geojson")
    assert rendering.sampled is not None
    assert rendering.sampled.total == 30_000
    assert sum(len(one.content) for one in rendering.outputs) < 6_000_000
    assert len(next(one.content for one in rendering.outputs if one.role == "thumbnail")) < 500_000


def test_half_a_file_is_shown_as_far_as_it_goes(render) -> None:
    text = collection(*[feature(POLYGON, n=at) for at in range(50)])
    rendering = render(text[: len(text) // 2], "cut.geojson")
    assert "truncated" in rendering.warnings[0]
    assert 0 < facts_of(rendering)["features"] < 50


def test_an_empty_collection_says_so(render) -> None:
    assert render(collection(), "empty.geojson").warnings == ("The file holds no features.",)


def test_topojson_is_named(render, make_source) -> None:
    text = json.dumps({"type": "Topology", "objects": {}, "arcs": []})
    assert detect(make_source(text, "a.json")) == "topojson"
    with pytest.raises(UnsupportedArtifact, match="TopoJSON"):
        render(text, "a.json")


def test_other_json_with_a_type_is_no_map(make_source) -> None:
    assert detect(make_source(json.dumps({"type": "model", "features": ["a"]}), "a.json")) == "json"


def test_hostile_properties_are_text(render) -> None:
    mark = '"><script>alert(1)</script>'
    rendering = render(collection(feature(POINT, **{mark: mark, "name": mark})), "x.geojson")
    assert all(b"<script" not in one.content for one in rendering.outputs if one.role != "data")


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_flipped_bytes_end_in_a_rendering_or_an_explained_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(collection(feature(POLYGON, a=1), feature(POINT)).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.geojson"
    path.write_bytes(content)
    with suppress(BelvedereError):
        assert render_here(Source("b", "x", "e", "", "", len(content), path), Limits(), "geojson").outputs
