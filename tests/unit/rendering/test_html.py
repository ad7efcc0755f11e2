"""Web pages go to the sandbox as they are; the card says what they are and what they will miss."""

from __future__ import annotations

import pytest

from belvedere.errors import LimitExceeded
from belvedere.model.rendering import Limits, Rendering


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
