"""Kubeflow's UI metadata: one page with every output in its order; a bad one says so beside the good ones."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits, Listing, Output, Reference, Related, Rendering, Source
from belvedere.model.user_code import Program
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.metrics.curves import read_roc
from belvedere.rendering.metrics.matrices import read_long
from belvedere.rendering.metrics.ui_metadata import (
    MAX_METADATA_BYTES,
    PlotMetadata,
    Unreadable,
    input_addresses,
    read_ui_metadata,
    schema_names,
    texts,
)
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.page import page
from belvedere.rendering.pages.part import Part, as_json, chart_output, section, thumbnail_output
from belvedere.rendering.registry import renderer
from belvedere.rendering.renderers.confusion_matrix import draw_matrix
from belvedere.rendering.renderers.html import blocked_warnings
from belvedere.rendering.renderers.markdown import draw_markdown
from belvedere.rendering.renderers.roc import draw_roc
from belvedere.rendering.renderers.table import HEAD_BYTES, IN_MEMORY_BYTES, rows_to_show
from belvedere.rendering.tables.big_tables import read_big_table
from belvedere.rendering.tables.delimited import delimiter_of, read_rows
from belvedere.rendering.tables.page import draw_table
from belvedere.rendering.tables.shapes import FPR_NAMES, THRESHOLD_PREFIX, TPR_NAMES, canonical
from belvedere.rendering.tables.tables import layout_of, read_table
from belvedere.rendering.texts.plaintext import Decoded, clean, decode
from belvedere.rendering.texts.webpages import look_at
from belvedere.rendering.training.log_folders import log_references, logged_runs
from belvedere.rendering.training.run_pages import draw_runs
from belvedere.rendering.users.results import results_part
from belvedere.rendering.users.scripts import MOST_CODE_BYTES, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME, VERSION = "belvedere.kfp_ui_metadata", "1.2.0"
KIND_NAMES = {
    "confusion_matrix": "Confusion matrix",
    "roc": "ROC curve",
    "table": "Table",
    "markdown": "Markdown",
    "web-app": "Web page",
    "tensorboard": "TensorBoard",
    "python": "Python",
}
MOST_BYTES = {"table": 512 * 1024**2, "markdown": 8 * 1024**2, "web-app": 16 * 1024**2}
MOST_BYTES_OF_OTHERS = 64 * 1024**2
FRAME_HEIGHT = 480


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of one output: bytes in memory, or a file."""

    plot: PlotMetadata
    related: Related | None
    fetched: Mapping[str, Related] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self.related.size if self.related is not None else len(self.data())

    def data(self, most: int | None = None) -> bytes:
        """Return the bytes, or the first ``most`` of them."""
        if self.related is None or self.related.path is None:
            return self.plot.source.encode("utf-8", "surrogatepass")[:most]
        with self.related.path.open("rb") as file:
            return file.read(-1 if most is None else most)

    def decoded(self) -> Decoded:
        """Return the content as text."""
        if self.related is None:
            return Decoded(clean(self.plot.source), "utf-8", True)
        return decode(self.data())


def references(source: Source) -> tuple[Reference | Listing, ...]:
    """List the addresses that the outputs name, each once; of a TensorBoard its log folders."""
    wanted: dict[str, Reference | Listing] = {}
    for plot in _read(source):
        if not isinstance(plot, PlotMetadata):
            continue
        if plot.type == "python":
            wanted |= {uri: Reference(uri, MOST_BYTES_OF_OTHERS) for uri in _inputs(plot)}
        if plot.inline:
            continue
        if plot.type == "tensorboard":
            wanted |= {one.uri: one for one in log_references(plot.source)}
        elif plot.type == "python":
            wanted[plot.source] = Reference(plot.source, MOST_CODE_BYTES)
        else:
            wanted[plot.source] = Reference(plot.source, MOST_BYTES.get(plot.type, MOST_BYTES_OF_OTHERS))
    return tuple(wanted.values())


def programs(source: Source) -> tuple[Program, ...]:
    """Return the programs of the outputs of the type python; one whose code cannot be had is left out."""
    found = []
    for plot in _read(source):
        if isinstance(plot, PlotMetadata) and plot.type == "python":
            with suppress(BelvedereError):
                named = {uri.rstrip("/").rpartition("/")[2]: uri for uri in _inputs(plot)}
                found.append(Program(_program_name(plot), _code_of(plot, source), named))
    return tuple(found)


def _inputs(plot: PlotMetadata) -> tuple[str, ...]:
    try:
        return input_addresses(plot)
    except MalformedArtifact:
        return ()


def _program_name(plot: PlotMetadata) -> str:
    return f"output-{plot.position}"


def _code_of(plot: PlotMetadata, source: Source) -> str:
    """Return the program of an output of the type python, letter by letter."""
    if plot.inline:
        return plot.source
    return code_of(_content(plot, source).data(MOST_CODE_BYTES + 1))


def _read(source: Source) -> tuple[PlotMetadata | Unreadable, ...]:
    if source.size > MAX_METADATA_BYTES:
        text = f"The UI metadata have {source.size:,} bytes; at most {MAX_METADATA_BYTES:,} are read."
        raise LimitExceeded(text, code="metadata_size")
    return read_ui_metadata(decode(source.path.read_bytes()).text)


@renderer(
    NAME,
    version=VERSION,
    kinds=("kfp_ui_metadata",),
    references=references,
    programs=programs,
    program_mark=b'"python"',
)
def render_ui_metadata(source: Source, limits: Limits) -> Rendering:
    """Draw every output on one page.

    Raises:
        MalformedArtifact: nothing of it can be drawn.
    """
    drawn: list[tuple[PlotMetadata | Unreadable, Part | str]] = []
    for plot in _read(source):
        drawn.append((plot, _attempt(plot, source, limits)))
    parts = [part for _, part in drawn if isinstance(part, Part)]
    errors = [_error_text(plot, problem) for plot, problem in drawn if isinstance(problem, str)]
    if not parts:
        raise MalformedArtifact(f"None of the outputs can be shown. {' '.join(errors)}", code="all_parts_bad")
    return _rendering(source, drawn, parts, errors)


def _attempt(plot: PlotMetadata | Unreadable, source: Source, limits: Limits) -> Part | str:
    """Return the drawn output, or what is wrong with it."""
    if isinstance(plot, Unreadable):
        return plot.problem
    try:
        if plot.type == "python":
            return _draw_python(plot, source, limits)
        return DRAWN_BY[plot.type](_content(plot, source), limits)
    except BelvedereError as error:
        return error.message
    except RecursionError:
        return "it is nested too deeply to be read"


def _content(plot: PlotMetadata, source: Source) -> _Content:
    if plot.inline or plot.type == "tensorboard":
        return _Content(plot, None, source.related)
    related = source.related.get(plot.source)
    if related is None:
        raise MalformedArtifact(f"its source {clean(plot.source)[:200]} could not be fetched")
    if related.path is None:
        raise MalformedArtifact(related.problem or f"its source {clean(plot.source)[:200]} is missing")
    return _Content(plot, related)


def _draw_python(plot: PlotMetadata, source: Source, limits: Limits) -> Part:
    """Draw what the program made; it ran in the sandbox before this."""
    code, name = _code_of(plot, source), _program_name(plot)
    input_addresses(plot)
    return results_part(source, limits, name=name, title=_title(plot), code=code)


def _title(plot: PlotMetadata) -> str:
    return KIND_NAMES[plot.type]


def _draw_confusion_matrix(content: _Content, limits: Limits) -> Part:
    labels, names = texts(content.plot, "labels"), schema_names(content.plot)
    if len(names) < 2:
        raise MalformedArtifact("its schema names fewer than two columns: target and predicted are needed")
    text = content.decoded().text
    matrix = read_long(read_rows(text, delimiter_of(text) or ","), labels=labels, axes=(names[0], names[1]))
    return draw_matrix(matrix, _title(content.plot))


def _draw_roc(content: _Content, limits: Limits) -> Part:
    names = [canonical(name) for name in schema_names(content.plot)]
    fpr = next((at for at, name in enumerate(names) if name in FPR_NAMES), None)
    tpr = next((at for at, name in enumerate(names) if name in TPR_NAMES), None)
    threshold = next((at for at, name in enumerate(names) if name.startswith(THRESHOLD_PREFIX)), None)
    if fpr is None or tpr is None:
        raise MalformedArtifact(
            f"its schema names {', '.join(names[:8])}, but fpr and tpr are needed: a column is missing"
        )
    text = content.decoded().text
    return draw_roc(
        read_roc(read_rows(text, delimiter_of(text) or ","), columns=(fpr, tpr, threshold)), _title(content.plot)
    )


def _draw_table(content: _Content, limits: Limits) -> Part:
    form = content.plot.options.get("format", "csv")
    if form != "csv":
        raise MalformedArtifact(f"its format is {clean(str(form))[:40]!r}; only csv is known")
    given = content.plot.options.get("header")
    header = texts(content.plot, "header") if given else None
    whole = content.related is None or content.size <= IN_MEMORY_BYTES
    decoded = content.decoded() if whole else decode(content.data(HEAD_BYTES), whole=False)
    text = decoded.text if whole else decoded.text.rpartition("\n")[0]
    layout = layout_of(text, delimiter_of(text), header)
    most = rows_to_show(len(layout.names), limits)
    if whole or content.related is None or content.related.path is None:
        table = read_table(text, layout, most_shown=most)
    else:
        table = read_big_table(content.related.path, layout, decoded.encoding, limits, most_shown=most)
    return draw_table(table, _title(content.plot), said=decoded.encoding)


def _draw_markdown(content: _Content, limits: Limits) -> Part:
    decoded = content.decoded()
    cut = len(decoded.text) > limits.text_bytes_shown
    part = draw_markdown(replace(decoded, text=decoded.text[: limits.text_bytes_shown]), _title(content.plot))
    said = (f"The text is cut: its first {limits.text_bytes_shown:,} characters are shown.",) if cut else ()
    return replace(part, warnings=part.warnings + said)


def _draw_web_app(content: _Content, limits: Limits) -> Part:
    if content.size > limits.output_bytes // 3:
        raise LimitExceeded(f"its page has {content.size:,} bytes, too many to stand among others")
    text = content.decoded().text
    web_page = look_at(text)
    name = web_page.title or _title(content.plot)
    rights = 'sandbox="allow-scripts" referrerpolicy="no-referrer"'
    frame = f'<iframe {rights} height="{FRAME_HEIGHT}" title="{escaped(name)}" srcdoc="{escaped(text)}"></iframe>'
    facts = {"title": web_page.title, "scripts": web_page.scripts, "external_references": list(web_page.external)}
    drawing = Drawing(480, 300, label=f"Web page {name}")
    drawing.text(20, 60, name, css="strong", size=26, fit=440)
    for at, line in enumerate([line for line in web_page.lines if line != name][:8]):
        drawing.text(20, 96 + 25 * at, line, size=16, fit=440)
    return Part(
        kind="html",
        title=name,
        lead="",
        alt_text=f"Web page {name}.",
        facts={"html": facts},
        body=frame,
        thumbnail=drawing,
        warnings=blocked_warnings(web_page),
        active=True,
    )


def _draw_tensorboard(content: _Content, limits: Limits) -> Part:
    if content.plot.inline:
        raise MalformedArtifact("its source is inline; TensorBoard's logs are event files in a folder")
    runs, problems = logged_runs(content.plot.source, content.fetched)
    said = f"TensorBoard logs at {clean(content.plot.source)[:1000]}"
    part = draw_runs(runs, _title(content.plot), limits, problems)
    return replace(part, lead=f"{said}. {part.lead}")


DRAWN_BY: Mapping[str, Callable[[_Content, Limits], Part]] = {
    "confusion_matrix": _draw_confusion_matrix,
    "roc": _draw_roc,
    "table": _draw_table,
    "markdown": _draw_markdown,
    "web-app": _draw_web_app,
    "tensorboard": _draw_tensorboard,
}


def _error_text(plot: PlotMetadata | Unreadable, problem: str) -> str:
    ended = problem if problem.endswith((".", "!", "?")) else f"{problem}."
    return f"Output {plot.position} ({plot.type}) cannot be shown: {ended}"


def _rendering(
    source: Source, drawn: list[tuple[PlotMetadata | Unreadable, Part | str]], parts: list[Part], errors: list[str]
) -> Rendering:
    name = file_name(source)
    title = parts[0].title if len(drawn) == 1 else f"{len(drawn)} Kubeflow outputs"
    warnings = tuple(errors) + tuple(f"{part.title}: {text}" for part in parts for text in part.warnings)
    facts: dict[str, Any] = {"outputs": len(drawn), "output_types": [plot.type for plot, _ in drawn]}
    for part in parts:
        facts = {**part.facts, **facts}
    if errors:
        facts["part_errors"] = errors
    body = "".join(_section(plot, part) for plot, part in drawn)
    content = page(title, body, lead=f"Kubeflow UI metadata, {name}.")
    outputs = [
        Output("page", "page.html", "text/html", content, active=any(part.active for part in parts)),
        _thumbnail(parts),
        *_data(drawn),
    ]
    first = next((part for part in parts if part.figure is not None), None)
    if first is not None and first.figure is not None:
        outputs.append(Output("figure", "figure.svg", "image/svg+xml", first.figure.to_bytes()))
    charted = next((part.chart for part in parts if part.chart is not None), None)
    if charted is not None:
        outputs.append(chart_output(charted))
    return Rendering(
        kind="kfp_ui_metadata",
        renderer_name=NAME,
        renderer_version=VERSION,
        title=title,
        alt_text=" ".join(part.alt_text for part in parts)[:1000],
        facts=facts,
        outputs=tuple(outputs),
        warnings=warnings,
        sampled=next((part.sampled for part in parts if part.sampled is not None), None),
    )


def _section(plot: PlotMetadata | Unreadable, part: Part | str) -> str:
    if isinstance(part, str):
        text = _error_text(plot, part)
        note = f'<div class="note" role="alert">Error: {escaped(text)}</div>'
        return f"<section><h2>{plot.position}. {escaped(plot.type)}</h2>{note}</section>"
    lead = f'<p class="lead">{escaped(part.lead)}</p>' if part.lead else ""
    return f"<section><h2>{plot.position}. {escaped(part.title)}</h2>{lead}{section(part)}</section>"


def _data(drawn: list[tuple[PlotMetadata | Unreadable, Part | str]]) -> list[Output]:
    return [
        Output("data", f"{plot.position}-{part.data_name}", "application/json", as_json(part.data))
        for plot, part in drawn
        if isinstance(part, Part) and part.data is not None
    ]


def _thumbnail(parts: list[Part]) -> Output:
    """Return the first part's thumbnail, pictures before words; of many parts with their number."""
    order = {"roc": 0, "confusion_matrix": 0, "tensorboard": 0, "table": 1}
    best = min(parts, key=lambda part: order.get(part.kind, 2))
    if len(parts) > 1 and isinstance(best.thumbnail, Drawing):
        best.thumbnail.rectangle(392, 226, 68, 28, css="accent", radius=14)
        best.thumbnail.text(426, 246, f"1 of {len(parts)}", css="light", size=16, anchor="middle")
    return thumbnail_output(best.thumbnail)
