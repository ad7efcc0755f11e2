"""JSON, YAML and XML documents: a tree to open and close, with types, counts and paths; large ones as text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits, Rendering, Sampled, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.metrics.drift_reports import read_drift_report
from belvedere.rendering.pages.highlighting import CODE_CSS, highlighted
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import fact_list
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.pages.value_trees import (
    TREE_CSS,
    Element,
    Measure,
    Tree,
    children_of,
    measure,
    thumbnail,
)
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.log_text import Stretch, numbered
from belvedere.rendering.texts.plaintext import Decoded, clean, decode
from belvedere.rendering.texts.xml_reader import read_xml
from belvedere.rendering.texts.yaml_reader import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME, VERSION = "belvedere.document", "2.0.0"
KIND_NAMES = {"json": "JSON", "xml": "XML", "yaml": "YAML"}
MOST_PARSED = {"json": 16 * 1024**2, "yaml": 2 * 1024**2, "xml": 8 * 1024**2}
THUMBNAIL_LINES = 11
MOST_KEYS = 50


@dataclass(frozen=True, slots=True)
class _Document:
    """A document that was understood."""

    value: Any
    warnings: tuple[str, ...] = ()
    notes: Mapping[str, str] | None = None


@renderer(NAME, version=VERSION, kinds=("json", "xml", "yaml"))
def render_document(source: Source, limits: Limits) -> Rendering:
    """Show a document as a tree; one too large for that, or an XML that is not well-formed, as text.

    Raises:
        MalformedArtifact: it is no valid JSON or YAML.
    """
    kind = detect(source)
    kind = kind if kind in KIND_NAMES else "json"
    whole = source.size <= MOST_PARSED[kind]
    decoded = decode(source.path.read_bytes() if whole else source.head(limits.text_bytes_shown), whole=whole)
    guessed = "" if decoded.certain else f"The text is not UTF-8; it was read as {decoded.encoding}, which is a guess."
    try:
        document = _read(decoded.text, kind) if whole else None
        problem = "" if whole else "The document is cut: it is too large to be shown as a tree."
    except BelvedereError as error:
        if kind == "json" or (kind == "yaml" and not isinstance(error, LimitExceeded)):
            raise
        document, problem = None, error.message
    if document is None:
        part = _as_text(source, kind, decoded, limits, tuple(filter(None, (problem, guessed))))
    else:
        part = _as_tree(source, kind, document, decoded, limits, (guessed,) if guessed else ())
    return as_rendering(part, name=NAME, version=VERSION)


def _read(text: str, kind: str) -> _Document:
    if kind == "xml":
        return _Document(read_xml(text))
    if kind == "yaml":
        found = read_yaml(text)
        tags = f"Tags are shown by name only, nothing is built from them: {', '.join(list(found.tags)[:5])}."
        warnings = (clean(tags),) if found.tags else ()
        notes = {"Documents": f"{len(found.documents):,}"} if len(found.documents) != 1 else {}
        if found.aliases:
            notes["Aliases"] = f"{found.aliases:,}, shown as *name"
        return _Document(found.value, warnings, notes)
    return _Document(_parsed_json(text))


def _parsed_json(text: str) -> Any:
    """Parse JSON.

    Raises:
        MalformedArtifact: it is none.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise MalformedArtifact(f"This is not valid JSON (invalid or truncated): {error}.", code="not_json") from error
    except RecursionError:
        raise MalformedArtifact("The JSON is nested too deeply to be read.", code="too_deep") from None


def _as_tree(
    source: Source, kind: str, document: _Document, decoded: Decoded, limits: Limits, warnings: tuple[str, ...]
) -> Part:
    value, label, size = document.value, KIND_NAMES[kind], measure(document.value)
    tree = Tree(value, depth=limits.depth)
    report = read_drift_report(value) if kind == "json" else None
    facts = {"document": _facts(source, label, value, size), **(report.facts() if report else {})}
    lead = f"{label} document, {size.values:,} values, {size.depth} levels, {bytes_in_words(source.size)}."
    top = report.html() if report else ""
    notes = fact_list(document.notes) if document.notes else ""
    source_text = _source(decoded.text, file_name(source), limits) if kind == "yaml" else ""
    cut = tree.shown < size.values
    left_out = f"The tree shows {tree.shown:,} of {size.values:,} values." if cut else ""
    return Part(
        kind=kind,
        title=file_name(source),
        lead=lead,
        alt_text=f"{label} document {file_name(source)}: {_summary(value)}.",
        facts=facts,
        body=f"<style>{TREE_CSS}</style>{top}{notes}{tree.html}{source_text}",
        thumbnail=thumbnail(value, label),
        warnings=(*document.warnings, *warnings, *((left_out,) if left_out else ())),
        sampled=Sampled(tree.shown, size.values, "values") if cut else None,
    )


def _facts(source: Source, label: str, value: Any, size: Measure) -> dict[str, Any]:
    facts: dict[str, Any] = {"format": label, "bytes": source.size, "values": size.values, "depth": size.depth}
    children = children_of(value)
    if children is not None:
        facts["items"] = len(children)
    if isinstance(value, dict):
        facts["keys"] = [name[:100] for name, _ in (children or [])[:MOST_KEYS]]
    if isinstance(value, Element):
        facts["root"] = value.name[:100]
    return facts


def _summary(value: Any) -> str:
    children = children_of(value)
    if children is None:
        return "a single value"
    if isinstance(value, list):
        return f"a list of {len(children):,} items"
    names = ", ".join(name[:40] for name, _ in children[:8])
    start = f"<{value.name[:40]}> with" if isinstance(value, Element) else "an object with"
    return f"{start} {len(children):,} entries ({names})" if children else f"{start} no entries"


def _source(text: str, name: str, limits: Limits) -> str:
    """Return the text itself in colours: its comments are in no tree."""
    lines, _ = highlighted(text[: limits.text_bytes_shown].rstrip("\n"), language="yaml", name=name)
    return f"<h2>Source</h2><style>{CODE_CSS}</style>{numbered(Stretch(1, ()), lines=lines)}"


def _as_text(source: Source, kind: str, decoded: Decoded, limits: Limits, warnings: tuple[str, ...]) -> Part:
    label, cut = KIND_NAMES[kind], source.size > limits.text_bytes_shown
    shown = decoded.text[: limits.text_bytes_shown].rstrip("\n")
    lines, _ = highlighted(shown, language=kind, name=file_name(source))
    said = f"The beginning is shown: {bytes_in_words(len(shown))} of {bytes_in_words(source.size)}." if cut else ""
    return Part(
        kind=kind,
        title=file_name(source),
        lead=f"{label} document, {bytes_in_words(source.size)}.",
        alt_text=f"{label} document {file_name(source)}, {bytes_in_words(source.size)}.",
        facts={"document": {"format": label, "bytes": source.size}},
        body=f"<style>{CODE_CSS}</style>{numbered(Stretch(1, ()), lines=lines)}",
        thumbnail=_text_thumbnail(shown, label),
        warnings=(*warnings, *((said,) if said else ())),
        sampled=Sampled(limits.text_bytes_shown, source.size, "bytes") if cut else None,
    )


def _text_thumbnail(text: str, label: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"The beginning of a {label} document")
    for at, line in enumerate(clean(text[:4000]).split("\n")[:THUMBNAIL_LINES]):
        drawing.text(20, 34 + at * 24, line, css="mono", size=14, fit=440)
    return drawing
