"""Markdown: rendered, without raw HTML, without pictures or scripts from anywhere."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from PIL import Image

from belvedere.model.rendering import Limits, Related, Rendering
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.renderers.markdown import references


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def test_headings_tables_lists_and_code_become_elements(render) -> None:
    text = (
        "# Title\n\ntext **bold** `code`\n\n- one\n- two\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```py\nprint(1)\n```\n"
    )
    rendering = render(text, "run/card.md")
    page = page_of(rendering)
    assert rendering.kind == "markdown"
    assert rendering.title == "Title"
    for element in ("<h1>Title</h1>", "<strong>bold</strong>", "<li>one</li>", "<td>1</td>", "<pre><code>print(1)"):
        assert element in page


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        '[a](http://x "onmouseover=alert(1)")',
        "<a href='vbscript:x'>y</a>",
        "[x]: javascript:alert(1)\n\n[x]",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "<svg><script>alert(1)</script></svg>",
        "# <b onclick=x>h</b>",
    ],
)
def test_nothing_active_survives(render, text: str) -> None:
    page = page_of(render(f"# Card\n\n{text}\n", "run/card.md"))
    body = page[page.index("<body>") :]
    tags = re.findall(r"<[a-z][^>]*>", body)
    assert not any(re.match(r"<(script|iframe|svg|object|embed|form|b )", tag) for tag in tags)
    assert not any(re.search(r"\son\w+=", tag) for tag in tags)
    assert not any(
        re.search(r"(href|src)=\"?(javascript|vbscript|data:text|data:image/svg)", tag, re.I) for tag in tags
    )


def test_pictures_elsewhere_are_named_but_not_loaded(render) -> None:
    rendering = render("# Card\n\n![loss curve](https://example.org/loss.png)\n", "run/card.md")
    page = page_of(rendering)
    assert "<img" not in page
    assert "loss curve" in page
    assert "1 picture is not loaded" in rendering.warnings[0]


def test_pictures_inside_the_text_are_shown(render) -> None:
    page = page_of(render("# Card\n\n![dot](data:image/png;base64,iVBORw0KGgo=)\n", "run/card.md"))
    assert '<img src="data:image/png;base64,iVBORw0KGgo=" alt="dot">' in page


def test_a_heading_and_a_list_are_markdown_without_any_name(render) -> None:
    assert render("# Report\n\nSome text.\n\n## Part\n\n- a\n- b\n", "v2/artifacts/note").kind == "markdown"


def test_a_huge_text_is_cut_and_says_so(render) -> None:
    rendering = render("# Card\n\n" + "word " * 50_000, "run/card.md", Limits(text_bytes_shown=10_000))
    assert "cut" in rendering.warnings[0]
    assert rendering.sampled is not None


def test_nested_beyond_reason_ends_well(render) -> None:
    assert render("> " * 3000 + "deep\n" + "[" * 3000 + "\n" + "* " * 500, "run/card.md").kind == "markdown"


def test_formulas_stay_as_they_are_written(render) -> None:
    page = page_of(render("The score is $a_1 * b_2 * c$, not $5 or $6.\n\n$$\n\\frac{1}{2} < x\n$$\n", "run/a.md"))
    assert "a_1 * b_2 * c" in page
    assert "<em>" not in page
    assert "$5 or $6" in page
    assert "\\frac{1}{2} &lt; x" in page


def test_front_matter_is_shown_as_names_and_values(render) -> None:
    rendering = render('---\ntitle: "My <b>model</b>"\ntags: [a, b]\n---\n# Card\n\nText.\n', "run/card.md")
    page = page_of(rendering)
    assert "<dt>title</dt><dd>My &lt;b&gt;model&lt;/b&gt;</dd>" in page
    assert "<hr" not in page
    assert rendering.title == "Card"


def test_pictures_beside_the_text_are_asked_for_in_its_own_bucket_only(make_source) -> None:
    text = (
        "![a](img/a.png) ![b](../b%20c.png) ![c](/etc/x.png) ![d](http://a.example/x.png) ![e](//a.example/x.png) "
        "![f](../../../../x.png) ![g](minio://other/x.png) ![h](data:image/png;base64,AA==) ![a](img/a.png)"
    )
    found = references(make_source(text, "runs/1/out/card.md"))
    assert [item.uri for item in found] == ["minio://bucket/runs/1/out/img/a.png", "minio://bucket/runs/1/b c.png"]


def test_a_fetched_picture_is_shown_written_anew(make_source, tmp_path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 3), "teal").save(path, "PNG")
    uri = "minio://bucket/runs/img/a.png"
    source = make_source("![chart](img/a.png) ![lost](b.png)", "runs/card.md")
    fetched = replace(source, related={uri: Related(uri, path, path.stat().st_size, "image/png")})
    page = page_of(render_here(fetched, Limits()))
    assert '<img src="data:image/png;base64,' in page
    assert 'alt="chart"' in page
    assert "picture not loaded: lost (b.png)" in page


def test_the_boxes_of_a_task_list_are_no_words(render) -> None:
    rendering = render("# Card\n\n- [x] tested\n- [ ] shipped\n", "card.md")
    thumbnail = next(output.content.decode() for output in rendering.outputs if output.role == "thumbnail")

    assert "tested" in thumbnail
    assert "input" not in thumbnail
    assert "input" not in rendering.alt_text
