"""Notebooks whose outputs bring script."""

from __future__ import annotations

import json
from typing import Any

from tests.hostile.case import MARKUP, Collection
from tests.hostile.markup import svg

NOTEBOOKS = Collection([])
NOTEBOOK = "notebook CVE-2016-6524, nbconvert GHSL-2021-1013 to 1028"


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    """Return a notebook of these cells."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)})


def code(output: Any, source: str = "1") -> dict[str, Any]:
    """Return a code cell with one output."""
    return {
        "cell_type": "code",
        "id": MARKUP,
        "execution_count": 1,
        "metadata": {},
        "source": source,
        "outputs": [output],
    }


def displayed(**data: Any) -> dict[str, Any]:
    """Return a cell that displays these media types (written with two underscores for a slash)."""
    kinds = {name.replace("__", "/").replace("_xml", "+xml"): value for name, value in data.items()}
    return code({"output_type": "display_data", "metadata": {"text/html": {"isolated": True}}, "data": kinds})


NOTEBOOKS.several(
    "notebook",
    {
        "html": lambda: notebook(displayed(text__html=f"<b>ok</b>{MARKUP}<iframe src='javascript:alert(1)'></iframe>")),
        "javascript": lambda: notebook(displayed(application__javascript="alert(1)", text__plain="x")),
        "svg": lambda: notebook(
            displayed(image__svg_xml=svg("<script>alert(1)</script><image href='https://attacker.example'/>"))
        ),
        "png": lambda: notebook(displayed(image__png='"><script>alert(1)</script>')),
        "gif_html": lambda: notebook(displayed(image__gif=MARKUP, image__jpeg={"a": 1})),
        "markdown": lambda: notebook(
            {"cell_type": "markdown", "metadata": {}, "source": [MARKUP, "[x](javascript:alert(1))"]}
        ),
        "attachment": lambda: notebook(
            {
                "cell_type": "markdown",
                "metadata": {},
                "source": "![x](attachment:x.svg) ![y](http://169.254.169.254/)",
                "attachments": {"x.svg": {"image/svg+xml": "PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+"}},
            }
        ),
        "raw": lambda: notebook({"cell_type": "raw", "metadata": {"format": "text/html"}, "source": MARKUP}),
        "source": lambda: notebook(code({"output_type": "stream", "name": MARKUP, "text": [MARKUP]}, source=MARKUP)),
        "error": lambda: notebook(
            code({"output_type": "error", "ename": MARKUP, "evalue": MARKUP, "traceback": [f"\x1b[31m{MARKUP}"]})
        ),
        "language": lambda: notebook(
            code({"output_type": "stream", "text": "x"}),
            kernelspec={"language": MARKUP, "display_name": MARKUP, "name": "../../x"},
            language_info={"name": MARKUP, "pygments_lexer": "../../etc/passwd", "file_extension": MARKUP},
        ),
        "latex": lambda: notebook(displayed(text__latex=r"$\href{javascript:alert(1)}{x}$", text__plain=MARKUP)),
        "table": lambda: notebook(
            displayed(text__html="<table onclick=alert(1)><tr><td style='background:url(//attacker.example)'>1")
        ),
        "widget": lambda: notebook(displayed(**{"application__vnd.jupyter.widget-view+json": {"model_id": MARKUP}})),
        "vega": lambda: notebook(
            displayed(**{"application__vnd.vegalite.v5+json": {"data": {"url": "http://127.0.0.1/"}, "mark": "bar"}})
        ),
        "plotly": lambda: notebook(
            displayed(**{"application__vnd.plotly.v1+json": {"data": [{"x": MARKUP}], "layout": MARKUP}})
        ),
        "wrong_types": lambda: notebook(
            {"cell_type": 1, "source": {"a": 1}, "outputs": 7}, code(7), code(None), {"cell_type": "code"}
        ),
        "many_cells": lambda: notebook(*[code({"output_type": "stream", "name": "stdout", "text": "x"})] * 20_000),
        "long_output": lambda: notebook(code({"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000})),
    },
    "notebooks/a.ipynb",
    NOTEBOOK,
    "opening a notebook runs its outputs' script",
)
