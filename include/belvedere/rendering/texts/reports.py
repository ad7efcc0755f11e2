"""Reports that well-known tools write as web pages: who wrote one, and its main figures, without running it.

Evidently draws its page from JSON in a script: the counters stand there as ``{"value": ..., "label": ...}``
(evidently 0.4 to 0.7). Others have their figures in plain tables.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.rendering.texts.webpages import WebPage

LOOKED_AT, TAIL = 256 * 1024, 64 * 1024
MOST_FIGURES = 8
COUNTER = re.compile(r'\{"value": ?"([-\d.,]{1,40} ?%?)", ?"label": ?"((?:[^"\\]|\\.){1,80})"\}')
DRIFT_SHARE_LABEL = "share of drifted columns"
PROFILE_FIGURE = re.compile(
    r"((?:Number of|Missing|Duplicate|Total)[\w ()%]{2,40}?) ([\d.,]+ ?(?:%|[KMG]i?B|B)?)$", re.MULTILINE
)
PRODUCERS = (
    ("ydata-profiling", "ydata-profiling"),
    ("pandas-profiling", "pandas-profiling"),
    ("drawDashboard", "Evidently"),
    ("sweetviz", "Sweetviz"),
    ("Plotly.newPlot", "Plotly"),
    ("vegaEmbed", "Vega-Embed"),
    ("Bokeh.", "Bokeh"),
    ("L.map(", "Folium"),
    ("sk-top-container", "scikit-learn"),
    ("great_tables", "Great Tables"),
    ("data-jp-theme", "Jupyter nbconvert"),
    ("initJS", "SHAP"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a report: who wrote it (empty: nobody known), its title and its figures by name."""

    producer: str = ""
    title: str = ""
    figures: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return its facts: ``drift_share`` as a number where it reports drift."""
        share = next((value for name, value in self.figures.items() if name.lower() == DRIFT_SHARE_LABEL), None)
        try:
            return {} if share is None else {"drift_share": float(share)}
        except ValueError:
            return {}


def read_report(text: str, web_page: WebPage) -> Report:
    """Return what the text of a page tells of it as a report."""
    producer = _producer(text)
    if producer == "Evidently":
        return _evidently(text)
    if producer.endswith("-profiling"):
        overview = "\n".join(web_page.lines).partition("\nVariable types")[0]
        found = PROFILE_FIGURE.findall(overview)
        return Report(producer, web_page.title, dict(found[:MOST_FIGURES]))
    return Report(producer, web_page.title or next(iter(web_page.headings), ""))


def _producer(text: str) -> str:
    parts = (text[:LOOKED_AT], text[-TAIL:])
    return next((name for mark, name in PRODUCERS if any(mark in part for part in parts)), "")


def _evidently(text: str) -> Report:
    figures: dict[str, str] = {}
    for value, label in COUNTER.findall(text):
        figures.setdefault(_words(label), _words(value))
        if len(figures) >= MOST_FIGURES:
            break
    shares = any(name.lower() == DRIFT_SHARE_LABEL for name in figures)
    return Report("Evidently", "Evidently data drift report" if shares else "Evidently report", figures)


def _words(quoted: str) -> str:
    try:
        plain = json.loads(f'"{quoted}"')
    except ValueError:
        plain = quoted
    return clean(html.unescape(" ".join(str(plain).split())))
