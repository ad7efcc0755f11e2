"""Notebooks: the outputs that were saved in them, and no rights for anybody who wrote one."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits, Rendering
from belvedere.rendering.isolation.guard import render_isolated

SAMPLE = Path(__file__).parents[2] / "samples" / "notebook" / "elastic_net.ipynb"
SCRIPT = re.compile(r"<script|<[^>]*\son\w+\s*=|href=.javascript:", re.IGNORECASE)
VEGA = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": 5}]},
    "mark": "line",
    "encoding": {"x": {"field": "a", "type": "quantitative"}, "y": {"field": "b", "type": "quantitative"}},
}


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def is_active(rendering: Rendering) -> bool:
    return next(output.active for output in rendering.outputs if output.role == "page")


def notebook(*cells: dict[str, Any], **more: Any) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)} | more)


def code(*outputs: Any, source: Any = "1") -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": source, "outputs": list(outputs)}


def displayed(data: dict[str, Any]) -> dict[str, Any]:
    return code({"output_type": "display_data", "metadata": {}, "data": data})


def words(text: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text} | more


def png(width: int = 40, height: int = 20) -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


class TestGoodNotebooks:
    def test_the_sample_gives_its_facts(self, render) -> None:
        rendering = render(SAMPLE.read_bytes(), "notebooks/elastic_net.ipynb")
        facts = rendering.facts["notebook"]
        page = page_of(rendering)
        assert rendering.kind == "notebook"
        assert (facts["cells"], facts["code_cells"], facts["image_outputs"], facts["error_outputs"]) == (5, 4, 1, 1)
        assert rendering.title == "Elastic net on diabetes"
        assert "R2 = 0.1103" in page
        assert 'Cell <a href="#cell-5">5</a> ended with an error: <b>ZeroDivisionError: division by zero</b>' in page
        assert '<span class="t1">ZeroDivisionError</span>' in page
        assert '<img src="data:image/png;base64,' in page
        assert "<td>0.038076</td>" in page
        assert not is_active(rendering)
        assert not SCRIPT.search(page)
        assert rendering.warnings == ()

    def test_it_works_shut_in(self, make_source) -> None:
        source = make_source(SAMPLE.read_bytes(), "notebooks/elastic_net.ipynb")
        result = render_isolated(source, Limits(), strictness="lenient")
        assert result.rendering.facts["notebook"]["image_outputs"] == 1

    def test_the_third_format_is_read_too(self, render) -> None:
        cells = [
            {"cell_type": "heading", "level": 2, "source": "Old"},
            {
                "cell_type": "code",
                "input": ["print(1)"],
                "prompt_number": 7,
                "language": "python",
                "outputs": [
                    {"output_type": "stream", "stream": "stdout", "text": "one\n"},
                    {"output_type": "pyout", "png": png(), "text": "x"},
                    {"output_type": "pyerr", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mE\x1b[0m: v"]},
                ],
            },
        ]
        text = json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]})
        rendering = render(text, "run/old.ipynb")
        page = page_of(rendering)
        assert rendering.facts["notebook"]["image_outputs"] == 1
        assert rendering.facts["notebook"]["error_outputs"] == 1
        assert "[7]" in page
        assert "one" in page
        assert ">Old</h2>" in page

    def test_it_is_known_by_its_content_without_a_name(self, render) -> None:
        text = notebook(words("# A" + "x" * 300_000), code(source="y"))
        assert render(text, "run/out").kind == "notebook"

    def test_headings_make_an_outline(self, render) -> None:
        page = page_of(render(notebook(words("# One\n## Two"), words("# Three <b>")), "run/a.ipynb"))
        assert '<details class="outline" open>' in page
        assert 'href="#cell-2"' in page
        assert "Three &lt;b&gt;</a>" in page

    def test_attached_pictures_are_shown(self, render) -> None:
        cell = words("![x](attachment:a.png)", attachments={"a.png": {"image/png": png()}})
        assert '<img src="data:image/png;base64,' in page_of(render(notebook(cell), "run/a.ipynb"))

    def test_charts_that_came_as_data_are_drawn(self, make_source) -> None:
        source = make_source(notebook(displayed({"application/vnd.vegalite.v5+json": VEGA})), "run/a.ipynb")
        # In a child, as ever: a process in which V8 once ran cannot fork others that use it.
        rendering = render_isolated(source, Limits(), strictness="lenient").rendering
        assert "<svg" in page_of(rendering)

    def test_a_page_with_script_runs_it_in_a_frame_without_rights(self, render) -> None:
        html = "<div id='p'></div><script>document.getElementById('p').innerText = 1</script>"
        rendering = render(notebook(displayed({"text/html": html, "text/plain": "x"})), "run/a.ipynb")
        page = page_of(rendering)
        assert is_active(rendering)
        assert '<iframe sandbox="allow-scripts"' in page
        assert "&lt;script&gt;document" in page
        assert not SCRIPT.search(page)

    def test_widgets_and_scripts_leave_a_word(self, render) -> None:
        outputs = [
            displayed({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider()"}),
            displayed({"application/javascript": "alert(1)"}),
            displayed({"text/latex": "$x_1$"}),
            displayed({"application/json": {"a": [1, 2]}}),
            displayed({"application/x-unknown": "?"}),
        ]
        page = page_of(render(notebook(*outputs), "run/a.ipynb"))
        assert "an interactive widget" in page
        assert "IntSlider()" in page
        assert "a script, which is not run" in page
        assert "$x_1$" in page
        assert "in no form that can be shown" in page

    def test_what_goes_to_standard_error_stands_out(self, render) -> None:
        page = page_of(
            render(notebook(code({"output_type": "stream", "name": "stderr", "text": "warn"})), "run/a.ipynb")
        )
        assert '<pre class="out stderr">warn</pre>' in page


class TestHostileNotebooks:
    @pytest.mark.parametrize(
        "data",
        [
            {"text/html": "<b onclick=alert(1)>x</b><img src=x onerror=alert(1)><a href=javascript:alert(1)>y</a>"},
            {"text/html": ["<table><tr><td style='background:url(//a.example/x)'>x</td></tr></table>"]},
            {"text/html": "<a href='data:text/html,x'>x</a>"},
            {"text/markdown": "[x](javascript:alert(1)) <script>alert(1)</script> ![y](http://a.example/p.png)"},
            {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>1</script></svg>"},
            {"image/png": '"><script>alert(1)</script>'},
            {"image/png": {"a": 1}, "text/plain": "<script>alert(1)</script>"},
            {"image/gif": [1, None, "R0lGODlhAQABAAAAACw="]},
            {"<script>alert(1)</script>": "x"},
            {"text/latex": "<script>alert(1)</script>"},
        ],
    )
    def test_outputs_bring_no_script_and_fetch_nothing(self, render, data: dict[str, Any]) -> None:
        # CVE-2016-6524 (notebook), GHSL-2021-1013 to 1028 (nbconvert)
        rendering = render(notebook(displayed(data)), "run/a.ipynb")
        page = page_of(rendering)
        assert not SCRIPT.search(page)
        assert "url(//" not in page
        assert not re.search(r"<img[^>]*src=[\"']?http", page)
        assert not is_active(rendering)

    def test_names_and_metadata_are_text(self, render) -> None:
        markup = "<img src=x onerror=alert(1)>"
        text = notebook(
            {"cell_type": "raw", "source": markup, "metadata": {"format": "text/html"}},
            code({"output_type": "error", "ename": markup, "evalue": markup, "traceback": [markup]}, source=markup),
            words("x", id=markup),
            metadata={"kernelspec": {"display_name": markup}, "language_info": {"name": markup}},
        )
        assert "<img" not in page_of(render(text, "run/a.ipynb"))

    @pytest.mark.parametrize(
        "cells",
        [
            [None, 1, "x", []],
            [{"cell_type": "code", "outputs": {"a": 1}, "source": 5}],
            [{"cell_type": "code", "outputs": [None, {"output_type": "stream", "text": {"a": 1}}], "source": [1, "x"]}],
            [{"cell_type": ["a"], "source": "x", "attachments": {"a": 1, "b": {"image/png": 3}}}],
            [{"cell_type": "code", "execution_count": "x", "outputs": [{"output_type": "error", "traceback": "x"}]}],
        ],
    )
    def test_fields_of_any_type_do_no_harm(self, render, cells: list[Any]) -> None:
        assert render(json.dumps({"nbformat": 4, "cells": cells, "metadata": 3}), "run/a.ipynb").kind == "notebook"

    def test_a_giant_output_is_cut(self, render) -> None:
        text = "".join(f"step {at}\n" for at in range(200_000))
        rendering = render(notebook(code({"output_type": "stream", "name": "stdout", "text": text})), "run/a.ipynb")
        assert len(page_of(rendering)) < 100_000
        assert "lines left out" in page_of(rendering)

    def test_a_page_full_of_pictures_says_what_is_left_out(self, render) -> None:
        noise = Image.effect_noise((300, 300), 100).convert("RGB")
        file = io.BytesIO()
        noise.save(file, "PNG")
        picture = base64.b64encode(file.getvalue()).decode()
        cells = [displayed({"image/png": picture}) for _ in range(8)]
        rendering = render(notebook(*cells), "run/a.ipynb", Limits(output_bytes=800_000))
        assert "left out" in " ".join(rendering.warnings) or rendering.sampled is not None

    def test_a_picture_of_too_many_pixels_is_not_decoded(self, render) -> None:
        text = notebook(displayed({"image/png": png(900, 900), "text/plain": "a figure"}))
        rendering = render(text, "run/a.ipynb", Limits(image_pixels=10_000))
        assert "a figure" in page_of(rendering)
        assert "pixels" in rendering.warnings[0]

    @pytest.mark.parametrize("text", ['{"cells": [', '{"nbformat": 4, "cells": 5}', "[1]", "{}"])
    def test_what_is_no_notebook_says_so(self, render, text: str) -> None:
        with pytest.raises((MalformedArtifact, LimitExceeded), match="notebook"):
            render(text, "run/a.ipynb") if text.startswith('{"') else _read(text)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_damage_anywhere_ends_as_a_rendering_or_an_error_of_ours(self, render, data) -> None:
        spoilt = bytearray(SMALL)
        for _ in range(data.draw(st.integers(1, 5))):
            spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(32, 126))
        try:
            assert render(bytes(spoilt), "run/a.ipynb").outputs
        except BelvedereError as error:
            assert error.message


def _read(text: str) -> None:
    from belvedere.rendering.texts.notebooks import read_notebook

    read_notebook(text)


SMALL = notebook(
    words("# T\n$a$ ![x](attachment:y)", attachments={"y": {"image/png": png(4, 4)}}),
    code({"output_type": "stream", "name": "stdout", "text": "\x1b[31mx"}),
    displayed({"text/html": "<table><tr><td>1</td></tr></table>", "image/png": png(3, 3)}),
).encode()
