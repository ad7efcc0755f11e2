"""Every sample of the first renderers gives the facts that are written beside it."""

from __future__ import annotations

import html
import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from belvedere.model.rendering import Limits, Listing, Reference, Related, Rendering, Source, object_uri
from belvedere.model.watch import is_wanted
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.registry import find_renderer

SAMPLES = Path(__file__).parents[2] / "samples"
CASES = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))["samples"]
FACTS = (
    "confusion_matrix", "roc", "table", "image", "outputs", "last_line", "tensorboard", "artifacts", "chart", "coco",
)  # fmt: skip
DRAWN_BY_V8 = frozenset({"vega_lite", "vega"})
SCRIPT = re.compile(r"<script|\son\w+\s*=|javascript:", re.IGNORECASE)


def sample_source(case: dict[str, Any]) -> Source:
    stored = {item["key"]: item for item in case["objects"]}
    path = SAMPLES / case["path"]
    declared = stored[case["trigger_key"]]["content_type"]
    source = Source("mlpipeline", case["trigger_key"], "etag", "", declared, path.stat().st_size, path)
    asks = find_renderer(detect(source)).references
    if asks is None:
        return source
    related = {}
    for reference in asks(source):
        for key in wanted_keys(reference, stored):
            item, uri = stored[key], object_uri("mlpipeline", key)
            related[uri] = Related(uri, SAMPLES / item["path"], item["bytes"], item["content_type"])
    return Source("mlpipeline", source.key, "etag", "", declared, source.size, path, related)


def wanted_keys(reference: Reference | Listing, stored: dict[str, Any]) -> list[str]:
    key = reference.uri.removeprefix("minio://mlpipeline/")
    if isinstance(reference, Reference):
        return [key] if key in stored else []
    return [found for found in stored if is_wanted(found, key, reference.names)]


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


def words_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)).split())


def stands_near(words: str, number: dict[str, Any]) -> bool:
    """Whether the number is read within 80 characters of its name; percentages may be given as such or as shares."""
    allowed = number.get("abs_tol", 0) + number.get("rel_tol", 0) * abs(number["value"])
    found = re.finditer(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?", words)
    return any(
        number["name"] in words[max(0, match.start() - 80) : match.end() + 80]
        for match in found
        if abs(float(match.group().replace(",", "")) - number["value"]) <= allowed
    )


@pytest.fixture(params=CASES, ids=lambda case: case["id"])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture
def rendering(case: dict[str, Any]) -> Rendering:
    return rendered_once(case["id"])


@cache
def rendered_once(name: str) -> Rendering:
    return rendered(next(case for case in CASES if case["id"] == name))


def rendered(case: dict[str, Any]) -> Rendering:
    """Render here, but charts that V8 draws in a child: V8 survives no fork, and other tests fork this process."""
    source = sample_source(case)
    if detect(source) in DRAWN_BY_V8:
        return render_isolated(source, Limits(), strictness="lenient").rendering
    return render_here(source, Limits())


def test_its_facts_are_those_written_beside_it(case: dict[str, Any], rendering: Rendering) -> None:
    for name in FACTS:
        if name in case["expect"]:
            assert_agrees(rendering.facts[name], case["expect"][name], name)


def test_its_page_shows_the_words_expected(case: dict[str, Any], rendering: Rendering) -> None:
    page = next(output.content.decode() for output in rendering.outputs if output.role == "page")
    for word in case["expect"].get("text_all", ()):
        assert word in page
    for number in case["expect"].get("numbers", ()):
        assert stands_near(words_of(page), number), number


def test_a_good_sample_gives_no_warning(rendering: Rendering) -> None:
    assert rendering.warnings == ()


def test_it_has_a_page_a_thumbnail_a_title_and_alt_text(rendering: Rendering) -> None:
    roles = [output.role for output in rendering.outputs]
    assert roles.count("page") == 1
    assert roles.count("thumbnail") == 1
    assert rendering.title
    assert rendering.alt_text


def test_the_same_bytes_give_the_same_rendering(case: dict[str, Any], rendering: Rendering) -> None:
    assert rendered(case) == rendering


def test_our_own_pages_and_pictures_hold_no_script_and_fetch_nothing(
    case: dict[str, Any], rendering: Rendering
) -> None:
    holds_a_strangers_page = rendering.kind in {"html", "kfp_ui_metadata"}
    for output in rendering.outputs:
        if output.media_type == "image/svg+xml" or (output.media_type == "text/html" and not holds_a_strangers_page):
            text = output.content.decode()
            assert not SCRIPT.search(text)
            assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", text.replace("http://www.w3.org", ""))
