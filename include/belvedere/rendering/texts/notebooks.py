"""Reading Jupyter notebooks, formats 3 and 4, whatever strangers put into their fields.

Source: the nbformat documentation, "The notebook file format" and its change log (format 3 had worksheets).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from belvedere.errors import MalformedArtifact
from belvedere.model.rendering import NOTHING
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

CellForm = Literal["code", "markdown", "raw"]
OutputForm = Literal["stream", "display", "error"]
MOST_OUTPUTS = 200
OLD_MEDIA_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "html": "text/html",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
    "text": "text/plain",
}
PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/bmp"})


@dataclass(frozen=True, slots=True)
class CellOutput:
    """One output of a cell: printed ``text``, a display with ``data`` by media type, or an error with its traceback."""

    form: OutputForm
    text: str = ""
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_picture(self) -> bool:
        """Whether a picture is among its forms."""
        return not PICTURE_TYPES.isdisjoint(self.data)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell with its source and outputs; ``count`` is the number of its last execution."""

    form: CellForm
    source: str
    count: int | None = None
    outputs: tuple[CellOutput, ...] = ()
    attachments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook: its cells in order, and what it was run with."""

    cells: tuple[Cell, ...]
    language: str
    kernel: str
    format: str
    warnings: tuple[str, ...] = field(default=())

    @property
    def outputs(self) -> tuple[CellOutput, ...]:
        """All outputs of all cells."""
        return tuple(output for cell in self.cells for output in cell.outputs)


def read_notebook(text: str) -> Notebook:
    """Read a notebook.

    Raises:
        MalformedArtifact: it is no JSON, or no notebook.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        said = f"The notebook is not valid JSON (invalid or truncated): {error}."
        raise MalformedArtifact(said, code="not_json") from error
    except RecursionError:
        raise MalformedArtifact("The notebook is nested too deeply to be read.", code="too_deep") from None
    cells = _raw_cells(document)
    if cells is None:
        raise MalformedArtifact("This is not a valid notebook: it has no list of cells.", code="not_a_notebook")
    read = tuple(_cell(item) for item in cells if isinstance(item, dict))
    odd = len(cells) - len(read)
    warnings = (f"{odd:,} cells are no objects and left out.",) if odd else ()
    metadata = _mapping(document.get("metadata"))
    kernel, language = _mapping(metadata.get("kernelspec")), _mapping(metadata.get("language_info"))
    return Notebook(
        cells=read,
        language=_word(language.get("name") or kernel.get("language") or metadata.get("language") or "python"),
        kernel=_word(kernel.get("display_name") or kernel.get("name") or ""),
        format=f"{_word(document.get('nbformat', ''))}.{_word(document.get('nbformat_minor', 0))}",
        warnings=warnings,
    )


def _raw_cells(document: Any) -> list[Any] | None:
    if not isinstance(document, dict):
        return None
    cells = document.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = document.get("worksheets")
    if not isinstance(sheets, list):
        return None
    return [cell for sheet in sheets for cell in _list(_mapping(sheet).get("cells"))]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else NOTHING


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any) -> str:
    return clean(" ".join(str(value).split()))[:60] if isinstance(value, str | int | float) else ""


def joined(value: Any) -> str:
    """Return a multi-line string, which notebooks write as one string or as a list of them."""
    if isinstance(value, str):
        return value
    return "".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else ""


def _cell(item: dict[str, Any]) -> Cell:
    form = item.get("cell_type")
    if form == "heading":
        level = item.get("level")
        marks = "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1)
        return Cell("markdown", f"{marks} {joined(item.get('source'))}")
    if form == "code":
        count = item.get("execution_count", item.get("prompt_number"))
        outputs = [_output(output) for output in _list(item.get("outputs"))[:MOST_OUTPUTS] if isinstance(output, dict)]
        source = joined(item.get("source", item.get("input")))
        return Cell("code", source, count if isinstance(count, int) else None, tuple(outputs))
    attachments = _mapping(item.get("attachments"))
    return Cell("markdown" if form == "markdown" else "raw", joined(item.get("source")), attachments=attachments)


def _output(item: dict[str, Any]) -> CellOutput:
    form = item.get("output_type")
    if form in ("error", "pyerr"):
        name = f"{_word(item.get('ename'))}: {clean(joined(item.get('evalue')))[:500]}"
        lines = [line for line in _list(item.get("traceback")) if isinstance(line, str)]
        return CellOutput("error", "\n".join(lines) or name, name)
    if form == "stream":
        return CellOutput("stream", joined(item.get("text")), _word(item.get("name", item.get("stream", ""))))
    data = item.get("data")
    if not isinstance(data, dict):
        data = {OLD_MEDIA_TYPES[name]: value for name, value in item.items() if name in OLD_MEDIA_TYPES}
    return CellOutput("display", data=data)
