"""Every sample of the first renderers gives the facts that are written beside it."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from belvedere.model.rendering import Limits, Related, Rendering, Source
from belvedere.rendering.inmate import render_here
from belvedere.rendering.renderers.kfp_ui_metadata import references

SAMPLES = Path(__file__).parents[2] / "samples"
CASES = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))["samples"]
FACTS = ("confusion_matrix", "roc", "table", "image", "outputs", "last_line")
SCRIPT = re.compile(r"<script|\son\w+\s*=|javascript:", re.IGNORECASE)


def sample_source(case: dict[str, Any]) -> Source:
    stored = {item["key"]: item for item in case["objects"]}
    path = SAMPLES / case["path"]
    declared = stored[case["trigger_key"]]["content_type"]
    source = Source("mlpipeline", case["trigger_key"], "etag", "", declared, path.stat().st_size, path)
    if not case["trigger_key"].endswith("ui-metadata.json"):
        return source
    related = {}
    for reference in references(source):
        item = stored[reference.uri.removeprefix("minio://mlpipeline/")]
        related[reference.uri] = Related(reference.uri, SAMPLES / item["path"], item["bytes"], item["content_type"])
    return Source("mlpipeline", source.key, "etag", "", declared, source.size, path, related)


def assert_agrees(have: Any, want: Any, where: str) -> None:
    if isinstance(want, dict):
        for name, value in want.items():
            assert_agrees(have[name], value, f"{where}.{name}")
    elif isinstance(want, list):
        assert len(have) == len(want), where
        for at, value in enumerate(want):
            assert_agrees(have[at], value, f"{where}[{at}]")
    elif isinstance(want, float):
        assert math.isclose(float(have), want, abs_tol=6e-5), where
    else:
        assert have == want, where


@pytest.fixture(params=CASES, ids=lambda case: case["id"])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture
def rendering(case: dict[str, Any]) -> Rendering:
    return render_here(sample_source(case), Limits())


def test_its_facts_are_those_written_beside_it(case: dict[str, Any], rendering: Rendering) -> None:
    for name in FACTS:
        if name in case["expect"]:
            assert_agrees(rendering.facts[name], case["expect"][name], name)


def test_its_page_shows_the_words_expected(case: dict[str, Any], rendering: Rendering) -> None:
    page = next(output.content.decode() for output in rendering.outputs if output.role == "page")
    for word in case["expect"].get("text_all", ()):
        assert word in page
    for number in case["expect"].get("numbers", ()):
        assert f"{number['name']} {number['value']:.4f}" in page


def test_a_good_sample_gives_no_warning(rendering: Rendering) -> None:
    assert rendering.warnings == ()


def test_it_has_a_page_a_thumbnail_a_title_and_alt_text(rendering: Rendering) -> None:
    roles = [output.role for output in rendering.outputs]
    assert roles.count("page") == 1
    assert roles.count("thumbnail") == 1
    assert rendering.title
    assert rendering.alt_text


def test_the_same_bytes_give_the_same_rendering(case: dict[str, Any], rendering: Rendering) -> None:
    assert render_here(sample_source(case), Limits()) == rendering


def test_our_own_pages_and_pictures_hold_no_script_and_fetch_nothing(
    case: dict[str, Any], rendering: Rendering
) -> None:
    holds_a_strangers_page = rendering.kind in {"html", "kfp_ui_metadata"}
    for output in rendering.outputs:
        if output.media_type == "image/svg+xml" or (output.media_type == "text/html" and not holds_a_strangers_page):
            text = output.content.decode()
            assert not SCRIPT.search(text)
            assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", text.replace("http://www.w3.org", ""))
