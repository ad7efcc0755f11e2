"""A stranger's SVG loses all that acts or points outside, and keeps its drawing."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.vision.vectors import clean_svg

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(body: str, attributes: str = 'viewBox="0 0 10 20"') -> str:
    return f"<svg {NAMESPACES} {attributes}>{body}</svg>"


def drawn(rendering: Rendering) -> str:
    content = next(output.content for output in rendering.outputs if output.role == "figure")
    ElementTree.fromstring(content)
    return content.decode()


def test_shapes_words_and_own_references_stay(render) -> None:
    body = (
        '<defs><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient>'
        '<path id="p" d="M0 0L1 1"/></defs>'
        '<rect width="5" height="5" fill="url(#g)" style="stroke:blue"/><use xlink:href="#p"/>'
        '<text x="1">AUC 0.9 &amp; more</text>'
    )
    rendering = render(svg(body), "run/roc.svg")
    text = drawn(rendering)
    for part in ('fill="url(#g)"', 'href="#p"', "stroke:blue", "AUC 0.9 &amp; more", "M0 0L1 1"):
        assert part in text
    assert rendering.warnings == ()
    assert rendering.facts["image"] == {"format": "SVG", "viewbox": "0 0 10 20", "width": 10.0, "height": 20.0}


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<script href='https://evil.example/x.js'/>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml' onload='alert(1)'/></foreignObject>",
        "<rect onload='alert(1)' onclick='alert(1)'/>",
        "<a xlink:href='javascript:alert(1)'><text>x</text></a>",
        "<a href='https://evil.example'><text>x</text></a>",
        "<image href='https://evil.example/x.png'/>",
        "<image href='data:image/svg+xml;base64,PHN2Zz4='/>",
        "<use href='https://evil.example/x.svg#a'/>",
        "<style>@import url(https://evil.example/x.css); rect{fill:url(https://evil.example/x)}</style>",
        "<style>@im\\70ort 'https://evil.example'; x{background:url(\"//evil.example/x\")}</style>",
        "<rect style='fill:url(https://evil.example/x#y)'/>",
        "<rect fill='url( &quot;https://evil.example/x#y&quot; )'/>",
        "<set attributeName='href' to='javascript:alert(1)'/>",
        "<animate attributeName='href' values='javascript:alert(1)'/>",
        "<iframe src='https://evil.example'/>",
        "<rect xml:base='https://evil.example/'/>",
        "<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>",
        "<script xmlns='http://www.w3.org/1999/xhtml'>alert(1)</script>",
        "<feImage href='https://evil.example/x'/>",
        "<?xml-stylesheet href='https://evil.example/x.css'?>",
    ],
)
def test_nothing_active_and_nothing_outside_survives(render, body: str) -> None:
    text = drawn(render(svg(body + "<rect width='1' height='1'/>"), "run/x.svg"))
    assert not re.search(r"script|evil\.example|javascript|\son\w+=|alert|foreignObject|@im", text, re.I)
    assert "<rect" in text


def test_what_was_left_out_is_said(render) -> None:
    rendering = render(svg("<script>1</script>"), "run/x.svg")
    assert "<script>" in rendering.warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("<text>&a;</text>"),
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<text>&x;</text>"),
        '<!DOCTYPE svg [<!ENTITY % d SYSTEM "https://evil.example/d.dtd"> %d;]>' + svg("<rect/>"),
        "<!DOCTYPE svg ["
        + "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10 if at else "x"}">' for at in range(10))
        + "]>"
        + svg("<text>&l9;</text>"),
    ],
)
def test_entities_are_refused(render, text: str) -> None:
    with pytest.raises(MalformedArtifact, match="entities"):
        render(text, "run/x.svg")


def test_a_plain_document_type_is_no_offence(render) -> None:
    doctype = '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    assert "<rect" in drawn(render(doctype + svg("<rect/>"), "run/x.svg"))


def test_references_that_explode_are_refused(render) -> None:
    levels = "".join(
        f'<g id="l{at}">{f"<use href=&#39;#l{at - 1}&#39;/>".replace("&#39;", chr(39)) * 10}</g>' for at in range(1, 9)
    )
    with pytest.raises(LimitExceeded, match="enormous"):
        render(svg(f'<g id="l0"><rect/></g>{levels}<use href="#l8"/>'), "run/x.svg")


def test_references_in_a_circle_are_refused(render) -> None:
    with pytest.raises(MalformedArtifact, match="itself"):
        render(svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'), "run/x.svg")


@pytest.mark.parametrize("text", ["<svg", svg("<g>")[:-6], "<svg xmlns='http://www.w3.org/2000/svg'><rect></svg>"])
def test_broken_markup_says_where(render, text: str) -> None:
    with pytest.raises(MalformedArtifact, match="line 1"):
        render(text, "run/x.svg")


@pytest.mark.parametrize(
    "attributes", ['width="999999999" height="999999999"', 'viewBox="0 0 1e8 1e8"', 'width="-5" height="nan"']
)
def test_absurd_sizes_are_brought_down(render, attributes: str) -> None:
    root: Any = ElementTree.fromstring(drawn(render(svg("<rect/>", attributes), "run/x.svg")))
    assert 0 < float(root.attrib["width"]) <= 2000
    assert 0 < float(root.attrib["height"]) <= 2000


def test_nesting_beyond_reason_is_a_limit(render) -> None:
    with pytest.raises(LimitExceeded, match="deep"):
        render(svg("<g>" * 5000 + "</g>" * 5000), "run/x.svg")


def png(width: int, height: int) -> str:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(content).decode()


@pytest.mark.parametrize("kind", ["pattern", "mask", "clipPath", "marker"])
def test_references_by_paint_that_explode_are_refused_as_well(render, kind: str) -> None:
    attribute = {"pattern": "fill", "mask": "mask", "clipPath": "clip-path", "marker": "marker-mid"}[kind]
    ten = [f'<path {attribute}="url(#l{at})"/>' * 10 for at in range(8)]
    levels = "".join(f'<{kind} id="l{at}">{within}</{kind}>' for at, within in enumerate(ten, 1))
    with pytest.raises(LimitExceeded, match="enormous"):
        render(svg(f'<{kind} id="l0"><rect/></{kind}>{levels}<rect {attribute}="url(#l8)"/>'), "run/x.svg")


def test_references_by_a_style_sheet_that_explode_are_refused_as_well(render) -> None:
    rules = "".join(f".c{at}{{fill:url(#l{at})}}" for at in range(9))
    forty = [f'<rect class="c{at}"/>' * 40 for at in range(8)]
    levels = "".join(f'<pattern id="l{at}">{within}</pattern>' for at, within in enumerate(forty, 1))
    with pytest.raises(LimitExceeded, match="enormous"):
        render(svg(f'<pattern id="l0"><rect/></pattern>{levels}<rect class="c8"/><style>{rules}</style>'), "run/x.svg")


def test_a_pattern_of_a_style_sheet_that_holds_elements_with_classes_is_no_circle(render) -> None:
    rules = ".a{fill:url(#p)}.b{fill:red} g > rect.c{clip-path:url(#q)}"
    body = (
        '<pattern id="p"><rect class="b"/></pattern><clipPath id="q"><rect class="b"/></clipPath>'
        '<rect class="a"/><g><rect class="c"/></g>'
    )
    assert "url(#q)" in drawn(render(svg(f"<style>{rules}</style>{body}"), "run/x.svg"))


def test_gradients_of_a_style_sheet_are_no_bomb(render) -> None:
    rules = "".join(f".c{at}{{fill:url(#g{at})}}" for at in range(60))
    gradients = "".join(f'<linearGradient id="g{at}"><stop/></linearGradient>' for at in range(60))
    rects = "".join(f'<rect class="c{at % 60}"/>' for at in range(9000))
    assert drawn(render(svg(f"<style>{rules}</style>{gradients}{rects}"), "run/x.svg")).count("<rect") == 9000


def test_thousands_of_filters_are_refused(render) -> None:
    shadow = '<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>'
    with pytest.raises(LimitExceeded):
        render(svg(shadow + '<rect filter="url(#f)"/>' * 6000), "run/x.svg")


@pytest.mark.parametrize(
    "body",
    [
        '<filter id="f"><feTurbulence numOctaves="99999"/></filter>',
        '<filter id="f"><feGaussianBlur stdDeviation="1e9 1"/></filter>',
        '<filter id="f"><feMorphology radius="50000"/></filter>',
        '<filter id="f"><feConvolveMatrix order="9999"/></filter>',
        '<filter id="f" width="99999999%"/>',
        '<rect style="filter:blur(99999px)"/>',
        '<rect filter="blur(99999px)"/>',
        "<style>rect{animation:x 0.01s 99999 infinite;filter:blur(99999px)}</style>",
    ],
)
def test_effects_that_would_stop_a_browser_are_left_out(render, body: str) -> None:
    rendering = render(svg(body + "<rect/>"), "run/x.svg")
    assert not re.search(r"99999|1e9|50000|9999", drawn(rendering))
    assert "Left out" in rendering.warnings[0]


def test_a_style_sheet_that_comes_in_pieces_is_cleaned_as_a_whole(render) -> None:
    for length in range(8150, 8200, 7):
        sheet = "a{fill:red}/*" + "x" * length + "*/@import 'https://evil.example/x.css';rect{fill:green}"
        text = drawn(render(svg(f"<style>{sheet}</style><rect/>"), "run/x.svg"))
        assert "evil.example" not in text
        assert "fill:green" in text


def test_fonts_go_and_the_rest_of_the_style_stays(render) -> None:
    sheet = "@font-face{font-family:x;src:url(https://evil.example/x.woff)} text{fill:red}"
    text = drawn(render(svg(f"<style>{sheet}</style><text>a</text>"), "run/x.svg"))
    assert "evil" not in text
    assert "text{fill:red}" in text


def test_embedded_pictures_stay_unless_they_are_bombs_or_none(render) -> None:
    good, bomb = png(4, 4), png(30_000, 30_000)
    text = drawn(render(svg(f'<image href="{good}"/><image href="{bomb}"/>'), "run/x.svg"))
    assert good in text
    assert bomb not in text
    assert "base64" not in drawn(render(svg('<image href="data:image/png;base64,AAAA"/>'), "run/x.svg"))


@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_flipped_bytes_never_end_in_an_unexplained_error(at: int, flipped: bytes) -> None:
    whole = bytearray(svg('<style>a{fill:url(#g)}</style><g id="g"><use href="#h"/></g><text>x</text>').encode())
    whole[at % len(whole) : at % len(whole) + len(flipped)] = flipped
    with suppress(MalformedArtifact, LimitExceeded):
        clean_svg(bytes(whole))
