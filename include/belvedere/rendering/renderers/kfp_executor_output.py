"""Kubeflow v2's executor outputs: every artifact that a step made, drawn from its metadata or its object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError
from belvedere.model.rendering import Listing, Reference
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.metrics.executor_outputs import ExecutorOutput, OutputArtifact, read_executor_output
from belvedere.rendering.nesting import embedded, is_active, render_within
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import notes, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering, section
from belvedere.rendering.registry import renderer
from belvedere.rendering.renderers.kfp_classification import draw_metadata, read_document
from belvedere.rendering.renderers.metrics import draw_named
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Output, Related, Rendering, Source

NAME, VERSION = "belvedere.kfp_executor_output", "1.0.0"
SCHEMES = ("minio://", "s3://")
DRAWN_FIELDS = frozenset({"confusionMatrix", "confidenceMetrics", "evaluationSlices"})
MOST_FETCHED, MOST_BYTES, MOST_FILES, MOST_SHOWN = 24, 64 * 1024**2, 10, 4


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What became of one artifact: finished HTML, and what it says to the whole page."""

    artifact: OutputArtifact
    body: str
    part: Part | None = None
    rendering: Rendering | None = None
    problems: tuple[str, ...] = ()


def references(source: Source) -> tuple[Reference | Listing, ...]:
    """Ask for the objects of artifacts that their metadata do not show; each may be an object or a folder."""
    wanted: dict[str, Reference | Listing] = {}
    for artifact in read_executor_output(read_document(source)).artifacts:
        if _is_fetched(artifact) and len(wanted) < 2 * MOST_FETCHED:
            uri = artifact.uri.rstrip("/")
            folder = f"minio://{uri.partition('://')[2]}/"
            wanted[uri] = Reference(uri, MOST_BYTES)
            wanted[folder] = Listing(folder, MOST_FILES, MOST_BYTES, MOST_BYTES)
    return tuple(wanted.values())


def _is_fetched(artifact: OutputArtifact) -> bool:
    return artifact.uri.startswith(SCHEMES) and not DRAWN_FIELDS & artifact.metadata.keys()


@renderer(NAME, version=VERSION, kinds=("kfp_executor_output",), references=references)
def render_executor_output(source: Source, limits: Limits) -> Rendering:
    """Show each artifact in its order, a bad one beside the good ones."""
    output = read_executor_output(read_document(source))
    drawn = [_draw(artifact, source, limits) for artifact in output.artifacts]
    problems = [text for one in drawn for text in one.problems]
    facts: dict[str, Any] = {}
    for one in drawn:
        facts = {**(one.part.facts if one.part else {}), **facts}
    facts |= {"artifacts": {one.name: clean(one.uri) for one in output.artifacts}}
    if output.parameters:
        facts["parameters"] = dict(output.parameters)
    names = ", ".join(one.artifact.name for one in drawn[:12])
    count = f"{len(drawn):,} {'artifact' if len(drawn) == 1 else 'artifacts'}"
    figures = [one.part for one in drawn if one.part is not None and one.part.figure is not None]
    part = Part(
        kind="kfp_executor_output",
        title=file_name(source),
        lead=f"Kubeflow executor output: {count}{f' ({names})' if names else ''}.",
        alt_text=f"Kubeflow executor output with {count}: {names}. {' '.join(p.alt_text for p in figures)}"[:1000],
        facts=facts,
        body=_overview(output) + "".join(_section(one) for one in drawn),
        thumbnail=_thumbnail(drawn, output),
        figure=figures[0].figure if figures else None,
        chart=figures[0].chart if figures else None,
        warnings=(*output.warnings, *problems),
        active=any(one.rendering is not None and is_active(one.rendering) for one in drawn),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _draw(artifact: OutputArtifact, source: Source, limits: Limits) -> _Drawn:
    try:
        if DRAWN_FIELDS & artifact.metadata.keys():
            part = draw_metadata(artifact.metadata, artifact.name)
            problems = tuple(f"{artifact.name}: {text}" for text in part.warnings)
            return _Drawn(artifact, f'<p class="lead">{escaped(part.lead)}</p>{section(part)}', part, None, problems)
        numbers = draw_named(artifact.metadata, artifact.name)
    except BelvedereError as error:
        said = f"{artifact.name} cannot be shown: {error.message}"
        return _Drawn(artifact, notes([said]), None, None, (said,))
    shown = numbers.body if numbers else _metadata_table(artifact)
    found = _objects(artifact, source)
    if not found:
        return _Drawn(artifact, shown or _absence(artifact, source), numbers)
    inner = [_draw_object(item, source, limits) for item in found[:MOST_SHOWN]]
    rest = f"<p>and {len(found) - MOST_SHOWN} more files.</p>" if len(found) > MOST_SHOWN else ""
    rendering = next((one for _, one, _ in inner if one is not None), None)
    problems = tuple(f"{artifact.name}: {problem}" for _, _, problem in inner if problem)
    return _Drawn(artifact, shown + "".join(body for body, _, _ in inner) + rest, numbers, rendering, problems)


def _objects(artifact: OutputArtifact, source: Source) -> list[Related]:
    """Return the fetched object, or the files of the folder, that an artifact's address names."""
    uri = artifact.uri.rstrip("/")
    own = source.related.get(uri)
    if own is not None and own.path is not None:
        return [own]
    folder = f"minio://{uri.partition('://')[2]}/"
    return [item for name, item in sorted(source.related.items()) if name.startswith(folder) and item.path is not None]


def _absence(artifact: OutputArtifact, source: Source) -> str:
    if not artifact.uri.startswith(SCHEMES):
        return ""
    own = source.related.get(artifact.uri.rstrip("/"))
    said = own.problem if own is not None and own.problem else "it is not there (yet)"
    return f'<p class="lead">Its object is not shown: {escaped(said)}</p>' if _is_fetched(artifact) else ""


def _draw_object(item: Related, source: Source, limits: Limits) -> tuple[str, Rendering | None, str]:
    name = clean(item.uri.rpartition("/")[2]) or "object"
    if item.path is None:
        return "", None, ""
    heading = f"<h3>{escaped(name)} <small>{bytes_in_words(item.size)}</small></h3>"
    try:
        rendering = render_within(source, limits, path=item.path, name=name, content_type=item.content_type)
    except BelvedereError as error:
        return f"{heading}{notes([error.message])}", None, f"{name}: {error.message}"
    return heading + notes(rendering.warnings) + embedded(rendering), rendering, ""


def _metadata_table(artifact: OutputArtifact) -> str:
    if not artifact.metadata:
        return ""
    lines = [[clean(str(name))[:200], clean(str(value))[:500]] for name, value in list(artifact.metadata.items())[:100]]
    return table(["metadata", "value"], lines)


def _overview(output: ExecutorOutput) -> str:
    figures = {"Artifacts": f"{len(output.artifacts):,}"}
    if output.parameters:
        figures["Parameters"] = f"{len(output.parameters):,}"
    lines = [[one.name, one.type or _guessed_type(one), clean(one.uri)[:500]] for one in output.artifacts]
    listing = table(["artifact", "type", "address"], lines) if lines else ""
    parameters = table(["parameter", "value"], [[name, value] for name, value in output.parameters.items()])
    return verdict(figures) + listing + (f"<h2>Parameters</h2>{parameters}" if output.parameters else "")


def _guessed_type(artifact: OutputArtifact) -> str:
    if "evaluationSlices" in artifact.metadata:
        return "sliced classification metrics"
    if DRAWN_FIELDS & artifact.metadata.keys():
        return "classification metrics"
    numbers = [value for value in artifact.metadata.values() if isinstance(value, int | float)]
    return "metrics" if numbers and len(numbers) == len(artifact.metadata) else "artifact"


def _section(one: _Drawn) -> str:
    if not one.body:
        return ""
    return f"<section><h2>{escaped(one.artifact.name)}</h2>{one.body}</section>"


def _thumbnail(drawn: list[_Drawn], output: ExecutorOutput) -> Drawing | Output | bytes:
    """Return the first drawing's picture with the number of artifacts, or their names."""
    best = next((one.part for one in drawn if one.part is not None and one.part.figure is not None), None)
    best = best or next((one.part for one in drawn if one.part is not None), None)
    if best is not None:
        if isinstance(best.thumbnail, Drawing) and len(drawn) > 1:
            best.thumbnail.rectangle(392, 226, 68, 28, css="accent", radius=14)
            best.thumbnail.text(426, 246, f"1 of {len(drawn)}", css="light", size=16, anchor="middle")
        return best.thumbnail
    inner = next((one.rendering for one in drawn if one.rendering is not None), None)
    if inner is not None:
        return next(item for item in inner.outputs if item.role == "thumbnail")
    drawing = Drawing(480, 300, label=f"Kubeflow executor output with {len(drawn)} artifacts")
    drawing.text(20, 56, "Kubeflow step outputs", css="strong", size=24)
    for at, name in enumerate([*(one.name for one in output.artifacts), *output.parameters][:7]):
        drawing.text(20, 92 + 27 * at, name, css="muted", size=18, fit=440)
    return drawing
