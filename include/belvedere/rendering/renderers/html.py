"""Web pages that people's tools wrote: passed on as they are, to be opened in a frame without any rights."""

from __future__ import annotations

import codecs
import urllib.parse
from typing import TYPE_CHECKING

from belvedere.errors import LimitExceeded
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean, decode
from belvedere.rendering.texts.reports import Report, read_report
from belvedere.rendering.texts.webpages import WebPage, declares_charset, look_at

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.html", "1.1.0"
ROOM_FOR_OTHERS = 64 * 1024


@renderer(NAME, version=VERSION, kinds=("html",))
def render_html(source: Source, limits: Limits) -> Rendering:
    """Pass a page on, with what can be said of it from outside."""
    most = limits.output_bytes - ROOM_FOR_OTHERS
    if source.size > most:
        text = f"The page has {bytes_in_words(source.size)}; at most {bytes_in_words(most)} are shown."
        raise LimitExceeded(text, code="page_size")
    data = source.path.read_bytes()
    decoded = decode(data)
    web_page = look_at(decoded.text)
    name = file_name(source)
    report = read_report(decoded.text, web_page)
    title = web_page.title or report.title or name
    facts = {
        "title": web_page.title or report.title,
        "producer": report.producer,
        "headings": list(web_page.headings),
        "figures": dict(report.figures),
        "scripts": web_page.scripts,
        "needs_script": web_page.scripts > 0,
        "external_references": list(web_page.external),
        "bytes": source.size,
    }
    part = Part(
        kind="html",
        title=title,
        lead="",
        alt_text=f"{'Report' if report.producer else 'Web page'} {title}: {_words(web_page, report)}",
        facts={"html": {key: value for key, value in facts.items() if value not in ("", [], {})}, **report.facts()},
        body="",
        page=readable_bytes(data, decoded.text, decoded.encoding),
        thumbnail=_thumbnail(web_page, report, name, source.size),
        warnings=blocked_warnings(web_page),
        active=True,
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _words(web_page: WebPage, report: Report) -> str:
    figures = ", ".join(f"{name} {value}" for name, value in report.figures.items())
    return figures or " ".join(web_page.lines)[:200] or "no words but what its scripts write"


def readable_bytes(data: bytes, text: str, encoding: str) -> bytes:
    """Return the page's own bytes; if a browser could not tell their encoding, with a mark that says it is UTF-8."""
    if data.isascii() or declares_charset(data):
        return data
    return codecs.BOM_UTF8 + (data if encoding == "utf-8" else text.encode("utf-8", "replace"))


def blocked_warnings(web_page: WebPage) -> tuple[str, ...]:
    """Say what the sandbox will keep from the page."""
    if not web_page.external:
        return ()
    hosts = dict.fromkeys(_host(address) for address in web_page.external)
    resources = "1 external resource" if len(web_page.external) == 1 else f"{len(web_page.external)} external resources"
    return (f"The page refers to {resources} ({', '.join(list(hosts)[:5])}), which cannot be loaded here.",)


def _host(address: str) -> str:
    try:
        return clean(urllib.parse.urlsplit(address).netloc.rpartition("@")[2])[:80] or "unknown host"
    except ValueError:
        return "unknown host"


def _thumbnail(web_page: WebPage, report: Report, name: str, size: int) -> Drawing:
    drawing = Drawing(480, 300, label=f"Web page {web_page.title or report.title or name}")
    drawing.rectangle(1, 1, 478, 298, css="outline", radius=8)
    drawing.rectangle(1, 1, 478, 34, css="card", radius=8)
    for at in range(3):
        drawing.circle(20 + 18 * at, 18, 5, css="muted")
    drawing.text(80, 23, name, css="muted", size=14, fit=380)
    heading = web_page.title or report.title or next(iter(web_page.lines), name)
    drawing.text(20, 74, heading, css="strong", size=25, fit=440)
    if report.figures:
        return _with_figures(drawing, report)
    lines = [line for line in web_page.lines if line != heading][:7]
    for at, line in enumerate(lines):
        drawing.text(20, 110 + 25 * at, line, size=16, fit=440)
    if not lines:
        said = "interactive page" if web_page.scripts else "web page"
        drawing.text(20, 110, f"{said}, {bytes_in_words(size)}", css="muted", size=17)
    return drawing


def _with_figures(drawing: Drawing, report: Report) -> Drawing:
    """Add a report's main figures to its thumbnail, and who wrote it."""
    drawing.text(20, 98, report.producer, css="muted", size=15)
    for at, (name, value) in enumerate(list(report.figures.items())[:4]):
        left, top = 20 + 225 * (at % 2), 134 + 76 * (at // 2)
        drawing.text(left, top, name, css="muted", size=14, fit=205)
        drawing.text(left, top + 32, value, css="strong", size=28, fit=205)
    return drawing
