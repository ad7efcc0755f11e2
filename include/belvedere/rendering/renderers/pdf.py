"""PDF documents: their first pages as pictures, their words, bookmarks and title."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.model.rendering import Output, Sampled
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import fact_list, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.vision.pdf_pages import PdfFile, PdfPage, PdfSummary

if TYPE_CHECKING:
    from PIL.Image import Image

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.pdf", "1.0.0"
POINTS_PER_MM = 72 / 25.4
THUMBNAIL_HEIGHT = 284
KNOWN = ("Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate")
CSS = (
    "<style>.sheets{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:18px}"
    ".sheets figure{margin:0}.sheets img{width:100%;height:auto;display:block;background:#fff;"
    "border:1px solid var(--line);border-radius:6px}.sheets figcaption{color:var(--muted);font-size:12.5px;"
    "margin-top:4px}.sheets pre{white-space:pre-wrap;max-height:260px;overflow:auto;color:var(--ink)}"
    "summary{cursor:pointer;color:var(--accent)}</style>"
)


@renderer(NAME, version=VERSION, kinds=("pdf",))
def render_pdf(source: Source, limits: Limits) -> Rendering:
    """Show the first pages.

    Raises:
        MalformedArtifact: the document is encrypted, damaged, or none of its first pages can be read.
    """
    document = PdfFile(source.path)
    summary = document.summary()
    pages = list(document.pages(limits.pages))
    if not any(page.image or page.text for page in pages):
        raise MalformedArtifact(" ".join(page.problem for page in pages), code="malformed_pdf")
    return as_rendering(_part(summary, pages, source), name=NAME, version=VERSION)


def _part(summary: PdfSummary, pages: list[PdfPage], source: Source) -> Part:
    name = file_name(source)
    title = summary.metadata.get("Title", "")
    count = f"{summary.pages:,} page{'' if summary.pages == 1 else 's'}"
    alt = f"PDF document {name}{f', titled {title}' if title else ''}, {count}."
    return Part(
        kind="pdf",
        title=name,
        lead=title or f"PDF document, {count}.",
        alt_text=alt,
        facts={"pdf": _facts(summary, pages)},
        body=_body(summary, pages, source),
        thumbnail=_thumbnail(summary, pages, name),
        data={"pages": [{"number": page.number, "text": page.text} for page in pages]},
        warnings=_warnings(summary, pages),
        more=_first_page(pages),
        sampled=Sampled(len(pages), summary.pages, "pages") if summary.pages > len(pages) else None,
    )


def _facts(summary: PdfSummary, pages: list[PdfPage]) -> dict[str, Any]:
    first = pages[0]
    facts: dict[str, Any] = {
        "pages": summary.pages,
        "title": summary.metadata.get("Title", ""),
        "version": summary.version,
        "page_size_mm": [round(first.width / POINTS_PER_MM), round(first.height / POINTS_PER_MM)],
        "shown_pages": len(pages),
        "characters": sum(len(page.text) for page in pages),
    }
    counted = {"attachments": summary.attachments, "scripts": summary.scripts, "bookmarks": len(summary.bookmarks)}
    return facts | {name: count for name, count in counted.items() if count}


def _warnings(summary: PdfSummary, pages: list[PdfPage]) -> tuple[str, ...]:
    said = [page.problem for page in pages if page.problem]
    if not summary.complete:
        said.append("The file does not end as a PDF should: it may be incomplete (truncated).")
    if summary.scripts:
        said.append("The document holds JavaScript: it has no effect here.")
    if summary.attachments:
        said.append(f"Files attached to the document are not opened: {summary.attachments:,}.")
    return tuple(said)


def _body(summary: PdfSummary, pages: list[PdfPage], source: Source) -> str:
    first = pages[0]
    figures = {"Pages": f"{summary.pages:,}"}
    if first.width:
        figures["First page"] = f"{first.width / POINTS_PER_MM:.0f} × {first.height / POINTS_PER_MM:.0f} mm"
    figures["File"] = bytes_in_words(source.size)
    shown = f"<p>The first {len(pages):,} of {summary.pages:,} pages.</p>" if len(pages) < summary.pages else ""
    sheets = "".join(_sheet(page) for page in pages)
    return f'{CSS}{verdict(figures)}{shown}<div class="sheets">{sheets}</div>{_bookmarks(summary)}{_about(summary)}'


def _sheet(page: PdfPage) -> str:
    alt = " ".join(page.text.split())[:200]
    picture = (
        f'<img src="{_address(page.image)}" alt="{escaped(f"Page {page.number}: {alt}")}">'
        if page.image is not None
        else f"<p>{escaped(page.problem)}</p>"
    )
    words = f"<details><summary>Text</summary><pre>{escaped(page.text)}</pre></details>" if page.text else ""
    return f"<figure>{picture}<figcaption>Page {page.number}{words}</figcaption></figure>"


def _bookmarks(summary: PdfSummary) -> str:
    if not summary.bookmarks:
        return ""
    lines = "".join(
        f'<li style="margin-left:{min(level, 6) * 18}px">{escaped(title)}{f" · page {page:,}" if page else ""}</li>'
        for level, title, page in summary.bookmarks
    )
    return f"<h2>Bookmarks</h2><ul>{lines}</ul>"


def _about(summary: PdfSummary) -> str:
    known = {name: summary.metadata[name] for name in KNOWN if summary.metadata.get(name)}
    return f"<h2>About</h2>{fact_list(known | {'PDF version': summary.version or 'unknown'})}"


def _first_page(pages: list[PdfPage]) -> tuple[Output, ...]:
    drawn = next((page.image for page in pages if page.image is not None), None)
    return (Output("figure", "figure.webp", "image/webp", _webp(drawn)),) if drawn is not None else ()


def _webp(image: Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=80, method=0)
    return file.getvalue()


def _address(image: Image) -> str:
    return f"data:image/webp;base64,{base64.b64encode(_webp(image)).decode('ascii')}"


def _thumbnail(summary: PdfSummary, pages: list[PdfPage], name: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"PDF document {name}, {summary.pages:,} pages")
    shown = [page for page in pages if page.image is not None][:2]
    x = 8.0
    for page in shown:
        image = page.image
        if image is None or x > 300:
            continue
        small = image.copy()
        small.thumbnail((340, THUMBNAIL_HEIGHT))
        high = min(THUMBNAIL_HEIGHT, 340 * page.height / page.width)
        wide = high * page.width / page.height
        drawing.rectangle(x - 1, 7, wide + 2, high + 2, css="outline")
        drawing.place(f'<image x="{x:.1f}" y="8" width="{wide:.1f}" height="{high:.1f}" href="{_address(small)}"/>')
        x += wide + 14
    if x < 380:
        drawing.text(x + 2, 50, "PDF", css="muted", size=18)
        drawing.text(x + 2, 92, f"{summary.pages:,}", css="strong", size=40, fit=470 - x)
        drawing.text(x + 2, 120, "page" if summary.pages == 1 else "pages", css="muted", size=18)
        drawing.text(x + 2, 160, summary.metadata.get("Title", ""), css="ink", size=16, fit=470 - x)
    return drawing
