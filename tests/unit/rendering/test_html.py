"""Web pages go to the sandbox as they are; the card says what they are and what they will miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from belvedere.errors import LimitExceeded
from belvedere.model.rendering import Limits, Rendering

SAMPLES = Path(__file__).parents[2] / "samples"


def page_of(rendering: Rendering) -> bytes:
    return next(output.content for output in rendering.outputs if output.role == "page")


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html><html><body>x</body></html>",
        "  \n<html lang=en><script>run()</script>",
        "<!-- made by a tool -->\n<!doctype html><p>x",
        "<div class='plot'>x</div>",
        "<table border=1><tr><td>1</table>",
    ],
)
def test_a_page_is_known_by_its_bytes_and_passed_on_unchanged(render, text: str) -> None:
    rendering = render(text, "v2/artifacts/run/report")
    assert rendering.kind == "html"
    assert page_of(rendering) == text.encode()
    assert [output.name for output in rendering.outputs if output.active] == ["page.html"]


def test_the_card_says_title_scripts_and_what_is_blocked(render) -> None:
    text = (
        "<html><head><title>Loss &amp; more</title><script src='https://cdn.example/plot.js'></script>"
        "<link rel=stylesheet href=//fonts.example/a.css></head><body><h1>Loss</h1><script>x()</script></body></html>"
    )
    rendering = render(text, "run/report.html")
    found = rendering.facts["html"]
    assert found["title"] == "Loss & more"
    assert found["scripts"] == 2
    assert found["external_references"] == ["https://cdn.example/plot.js", "//fonts.example/a.css"]
    assert "cdn.example" in rendering.warnings[0]


def test_thumbnails_are_made_of_words_not_of_the_page(render) -> None:
    text = "<html><body><h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1><img src=x onerror=alert(1)></body></html>"
    rendering = render(text, "run/report.html")
    thumbnail = next(output.content for output in rendering.outputs if output.role == "thumbnail")
    assert b"<script" not in thumbnail
    assert b"<img" not in thumbnail


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_page_that_does_not_say_its_encoding_is_given_one(render, encoding: str) -> None:
    text = "<html><body>" + "Résumé du modèle entraîné " * 20 + "</body></html>"
    assert page_of(render(text.encode(encoding), "run/r.html")).decode("utf-8-sig") == text


def test_a_page_that_says_its_encoding_is_left_alone(render) -> None:
    data = '<html><head><meta charset="iso-8859-1"></head><body>é</body></html>'.encode("latin-1")
    assert page_of(render(data, "run/r.html")) == data


def test_a_page_beyond_the_limit_is_refused(render) -> None:
    with pytest.raises(LimitExceeded, match="page has"):
        render("<html>" + "x" * 300_000, "run/r.html", Limits(output_bytes=200_000))


def test_unclosed_tags_take_no_time(render) -> None:
    assert render("<html>" + "<script " * 60_000, "run/r.html").kind == "html"
    assert render("<html><body>" + "<!--" * 60_000 + "<img " * 30_000, "run/r.html").kind == "html"


EVIDENTLY = """<!DOCTYPE html><html><head><style>x</style></head><body><div id="root"></div><script>
var metric_1 = {"widgets": [{"counters": [{"value": "Dataset Drift", "label": "Dataset Drift is detected"}]},
{"counters": [{"value": "4", "label": "Columns"}, {"value": "0.75", "label": "Share of Drifted Columns"}]}]};
</script><script>window.drawDashboard(metric_1)</script></body></html>"""


def test_an_evidently_report_tells_its_drift_without_being_run(render) -> None:
    rendering = render(EVIDENTLY, "reports/drift.html")
    facts = rendering.facts["html"]
    assert rendering.facts["drift_share"] == 0.75
    assert facts["producer"] == "Evidently"
    assert facts["figures"] == {"Columns": "4", "Share of Drifted Columns": "0.75"}
    assert facts["needs_script"] is True
    assert rendering.title == "Evidently data drift report"
    thumbnail = next(output.content.decode() for output in rendering.outputs if output.role == "thumbnail")
    assert "0.75" in thumbnail
    assert page_of(rendering).decode() == EVIDENTLY


def test_a_profile_tells_how_many_observations_it_saw(render) -> None:
    rendering = render((SAMPLES / "ydata_profiling" / "iris_profile.html").read_bytes(), "reports/iris_profile.html")
    facts = rendering.facts["html"]
    assert facts["producer"] == "ydata-profiling"
    assert facts["title"] == "Iris profile"
    assert facts["figures"]["Number of observations"] == "150"
    assert facts["headings"][:2] == ["Overview", "Variables"]


@pytest.mark.parametrize("share", ["x", "1.0.0", "<b>", "9" * 60], ids=["word", "two_points", "markup", "endless"])
def test_a_share_that_is_no_number_is_no_fact(render, share: str) -> None:
    rendering = render(EVIDENTLY.replace("0.75", share), "reports/drift.html")
    assert "drift_share" not in rendering.facts


def test_headings_are_read_as_words(render) -> None:
    text = "<html><body><h1>One <b>bold</b> &amp; <script>no()</script></h1><h2>Two</h2><h3></h3></body></html>"
    assert render(text, "a.html").facts["html"]["headings"] == ["One bold &", "Two"]
