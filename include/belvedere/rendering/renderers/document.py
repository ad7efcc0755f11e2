"""JSON and XML documents of no known purpose: laid out and shown as text."""

from __future__ import annotations

import json
from typing import Any

from belvedere.errors import MalformedArtifact
from belvedere.model.rendering import Limits, Rendering, Sampled, Source
from belvedere.rendering.naming import file_name
from belvedere.rendering.numbers import bytes_in_words
from belvedere.rendering.part import Part, as_rendering
from belvedere.rendering.plaintext import clean, decode
from belvedere.rendering.registry import renderer
from belvedere.rendering.svg import Drawing, escaped

NAME, VERSION = "belvedere.document", "1.0.0"
KIND_NAMES = {"json": "JSON", "json_lines": "JSON Lines", "xml": "XML"}
THUMBNAIL_LINES = 11
MOST_PARSED_BYTES = 16 * 1024**2


@renderer(NAME, version=VERSION, kinds=("json", "json_lines", "xml"))
def render_document(source: Source, limits: Limits) -> Rendering:
    """Show a document as text, JSON indented; of a large one its beginning."""
    from belvedere.rendering.detection import detect

    kind = detect(source)
    whole = source.size <= MOST_PARSED_BYTES
    decoded = decode(source.path.read_bytes() if whole else source.head(limits.text_bytes_shown), whole=whole)
    text, facts = _indented(decoded.text) if kind == "json" and whole else (decoded.text, {})
    cut = not whole or len(text) > limits.text_bytes_shown
    shown = clean(text[: limits.text_bytes_shown])
    name, label = file_name(source), KIND_NAMES.get(kind, "JSON")
    warnings = ["The document is cut: its beginning is shown."] if cut else []
    if not decoded.certain:
        warnings.append(f"The text is not UTF-8; it was read as {decoded.encoding}, which is a guess.")
    part = Part(
        kind=kind,
        title=name,
        lead=f"{label} document, {bytes_in_words(source.size)}.",
        alt_text=f"{label} document {name}, {bytes_in_words(source.size)}.",
        facts={"document": {"format": label, "bytes": source.size, **facts}},
        body=f'<div class="text"><pre>{escaped(shown)}</pre></div>',
        thumbnail=_thumbnail(shown, label),
        warnings=tuple(warnings),
        sampled=Sampled(limits.text_bytes_shown, source.size, "bytes") if cut else None,
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _indented(text: str) -> tuple[str, dict[str, Any]]:
    """Return JSON with one value a line, and what its top level holds.

    Raises:
        MalformedArtifact: it is no JSON.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise MalformedArtifact(f"This is not valid JSON (invalid or truncated): {error}.", code="not_json") from error
    except RecursionError:
        raise MalformedArtifact("The JSON is nested too deeply to be read.", code="too_deep") from None
    facts: dict[str, Any] = {"items": len(document)} if isinstance(document, list | dict) else {}
    if isinstance(document, dict):
        facts["keys"] = [str(key)[:100] for key in list(document)[:50]]
    return json.dumps(document, indent=2, ensure_ascii=False), facts


def _thumbnail(text: str, label: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"The beginning of a {label} document")
    for at, line in enumerate(text[:4000].split("\n")[:THUMBNAIL_LINES]):
        drawing.text(20, 34 + at * 24, line, css="mono", size=14, fit=440)
    return drawing
