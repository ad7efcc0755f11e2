"""Jupyter notebooks with the outputs that were saved in them: nothing is run, nothing a stranger wrote has rights."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError, LimitExceeded
from belvedere.model.rendering import Limits, Rendering, Sampled, Source
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.highlighting import CODE_CSS, highlighted
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.pages.value_trees import TREE_CSS
from belvedere.rendering.registry import renderer
from belvedere.rendering.renderers.markdown import html_of
from belvedere.rendering.texts.cell_outputs import OutputWriter, picture_address
from belvedere.rendering.texts.notebooks import Cell, Notebook, joined, read_notebook
from belvedere.rendering.texts.plaintext import decode
from belvedere.rendering.texts.terminal import TERMINAL_CSS, visible
from belvedere.rendering.vision.pictures import Picture
from belvedere.rendering.vision.pictures import thumbnail as small_picture

if TYPE_CHECKING:
    from belvedere.rendering.texts.notebooks import CellOutput

NAME, VERSION = "belvedere.notebook", "1.0.0"
MOST_BYTES, MOST_CELLS, MOST_SOURCE, MOST_ATTACHMENTS = 64 * 1024**2, 500, 40_000, 10
MOST_HEADINGS, OUTLINE_FROM, MOST_ERRORS_SAID = 60, 3, 3
NOTEBOOK_CSS = (
    ".cell{display:grid;grid-template-columns:52px minmax(0,1fr);gap:0 10px;margin:0 0 14px}"
    ".cell>*{grid-column:2}.cell>.count{grid-column:1;grid-row:1;color:var(--muted);text-align:right;padding-top:9px;"
    "font:12px ui-monospace,Menlo,'DejaVu Sans Mono',monospace}.source{border:1px solid var(--line);border-radius:6px;"
    "background:var(--card);padding:8px 12px;overflow-x:auto}.cell>div+div:not(.source){margin-top:6px}"
    ".out{padding:6px 12px;overflow-x:auto;margin:0}"
    ".stderr{background:var(--warn);border-radius:6px}.error{border-color:var(--bad);margin-top:6px}"
    ".html{border:0;padding:4px 0}.html table{width:auto;min-width:0}.html thead th{position:static}"
    ".paper{background:#fff;border-radius:6px;display:inline-block;padding:4px;margin:6px 0}"
    ".outline a{display:block;text-decoration:none;padding:1px 0}.outline{margin:0 0 16px 62px}"
)


@dataclass(slots=True)
class _Page:
    """The page while it is written."""

    writer: OutputWriter
    language: str
    parts: list[str] = field(default_factory=list)
    headings: list[tuple[int, str, int]] = field(default_factory=list)

    def add(self, cell: Cell, number: int) -> None:
        """Write one cell."""
        if cell.form == "code":
            self._code(cell, number)
        elif cell.form == "markdown":
            pictures = self._attached(cell)
            html, headings = html_of(cell.source[:MOST_SOURCE], pictures)
            self.headings.extend((level, words, number) for level, words in headings)
            self.parts.append(f'<div class="cell" id="cell-{number}"><div class="prose">{html}</div></div>')
        elif cell.source.strip():
            text = escaped(cell.source[:MOST_SOURCE])
            self.parts.append(f'<div class="cell" id="cell-{number}"><pre class="out muted">{text}</pre></div>')

    def _code(self, cell: Cell, number: int) -> None:
        lines, _ = highlighted(cell.source[:MOST_SOURCE].rstrip("\n"), language=self.language)
        count = f'<div class="count">[{cell.count if cell.count is not None else " "}]</div>'
        source = f'<div class="source"><pre>{chr(10).join(lines)}</pre></div>' if cell.source.strip() else ""
        outputs = "".join(f"<div>{self.writer.html(output)}</div>" for output in cell.outputs if self.writer.left > 0)
        self.parts.append(f'<div class="cell" id="cell-{number}">{count}{source}{outputs}</div>')

    def _attached(self, cell: Cell) -> dict[str, str]:
        """Return the pictures attached to a Markdown cell, by their addresses in its text."""
        found = {}
        for name, forms in list(cell.attachments.items())[:MOST_ATTACHMENTS]:
            value = next(iter(forms.values()), "") if isinstance(forms, dict) else ""
            try:
                found[f"attachment:{name}"], _ = picture_address(joined(value), self.writer.limits)
            except BelvedereError as error:
                self.writer.problems[f"The attachment {name[:60]} cannot be shown: {error.message}"] = None
        self.writer.left -= sum(map(len, found.values()))
        return found


@renderer(NAME, version=VERSION, kinds=("notebook",))
def render_notebook(source: Source, limits: Limits) -> Rendering:
    """Show a notebook: its words, its code, its saved outputs.

    Raises:
        MalformedArtifact: it is no notebook.
        LimitExceeded: it is too large to be read.
    """
    if source.size > MOST_BYTES:
        text = f"The notebook has {bytes_in_words(source.size)}; at most {bytes_in_words(MOST_BYTES)} are read."
        raise LimitExceeded(text, code="notebook_size")
    notebook = read_notebook(decode(source.path.read_bytes()).text)
    page = _Page(OutputWriter(source, limits, limits.output_bytes * 3 // 5), notebook.language)
    shown = 0
    for number, cell in enumerate(notebook.cells[:MOST_CELLS], start=1):
        if page.writer.left <= 0:
            break
        page.add(cell, number)
        shown = number
    return as_rendering(_part(source, notebook, page, shown), name=NAME, version=VERSION)


def _part(source: Source, notebook: Notebook, page: _Page, shown: int) -> Part:
    total = len(notebook.cells)
    cut = (f"Only the first {shown:,} of {total:,} cells are shown.",) if shown < total else ()
    title = next((words for _, words, _ in page.headings if words), file_name(source))
    facts = _facts(notebook, page)
    return Part(
        kind="notebook",
        title=title,
        lead=_lead(source, notebook),
        alt_text=f"Notebook {title} with {total:,} cells, {facts['code_cells']:,} of them code.",
        facts={"notebook": facts},
        body=f"<style>{NOTEBOOK_CSS}{CODE_CSS}{TERMINAL_CSS}{TREE_CSS}</style>"
        f"{_errors(notebook)}{_outline(page)}{''.join(page.parts)}",
        thumbnail=_thumbnail(title, notebook, page.writer.picture),
        warnings=(*notebook.warnings, *cut, *list(page.writer.problems)[:10]),
        sampled=Sampled(shown, total, "cells") if cut else None,
        active=page.writer.scripted,
        headed=not page.headings,
    )


def _facts(notebook: Notebook, page: _Page) -> dict[str, Any]:
    outputs = notebook.outputs
    return {
        "cells": len(notebook.cells),
        "code_cells": sum(cell.form == "code" for cell in notebook.cells),
        "markdown_cells": sum(cell.form == "markdown" for cell in notebook.cells),
        "image_outputs": sum(output.is_picture for output in outputs),
        "error_outputs": sum(output.form == "error" for output in outputs),
        "kernel": notebook.kernel,
        "language": notebook.language,
        "format": notebook.format,
        "headings": [words[:200] for _, words, _ in page.headings[:MOST_HEADINGS]],
    }


def _lead(source: Source, notebook: Notebook) -> str:
    code = sum(cell.form == "code" for cell in notebook.cells)
    run_by = notebook.kernel or notebook.language
    cells = f"{len(notebook.cells):,} cells, {code:,} of them code"
    return f"Notebook {file_name(source)}: {cells}; {run_by}; saved outputs, nothing was run."


def _errors(notebook: Notebook) -> str:
    """Say first which cells ended with an error: that is why people open the notebook of a failed run."""
    found = [
        (number, output)
        for number, cell in enumerate(notebook.cells, start=1)
        for output in cell.outputs
        if output.form == "error"
    ]
    said = "".join(_error_line(number, output) for number, output in found[:MOST_ERRORS_SAID])
    more = f" and {len(found) - MOST_ERRORS_SAID:,} more" if len(found) > MOST_ERRORS_SAID else ""
    return f'<div class="note" role="note">{said}{more}</div>' if found else ""


def _error_line(number: int, output: CellOutput) -> str:
    words = escaped(visible(output.name)[:200])
    return f'<div>Cell <a href="#cell-{number}">{number}</a> ended with an error: <b>{words}</b></div>'


def _outline(page: _Page) -> str:
    if len(page.headings) < OUTLINE_FROM:
        return ""
    links = "".join(
        f'<a href="#cell-{number}" style="padding-left:{14 * (level - 1)}px">{escaped(words)}</a>'
        for level, words, number in page.headings[:MOST_HEADINGS]
    )
    return f'<details class="outline" open><summary>Outline</summary>{links}</details>'


def _thumbnail(title: str, notebook: Notebook, picture: Picture | None) -> Drawing:
    drawing = Drawing(480, 300, label=f"Notebook {title}")
    drawing.text(20, 40, title, css="strong", size=22, fit=440)
    code = sum(cell.form == "code" for cell in notebook.cells)
    drawing.text(20, 64, f"{len(notebook.cells):,} cells, {code:,} code, {notebook.language}", css="muted", size=15)
    if picture is not None:
        _place(drawing, picture)
        return drawing
    lines = [line for cell in notebook.cells if cell.form == "code" for line in cell.source.split("\n") if line.strip()]
    for at, line in enumerate(lines[:9]):
        drawing.text(20, 98 + 22 * at, visible(line), css="mono", size=13.5, fit=440)
    return drawing


def _place(drawing: Drawing, picture: Picture) -> None:
    """Put the picture under the title, as large as fits."""
    width, height = picture.image.size
    scale = min(440 / width, 205 / height)
    left = 20 + (440 - width * scale) / 2
    drawing.rectangle(left - 3, 79, width * scale + 6, height * scale + 6, css="light", radius=4)
    address = f"data:image/webp;base64,{base64.b64encode(small_picture(picture)).decode()}"
    drawing.picture(left, 82, width * scale, height * scale, address)
