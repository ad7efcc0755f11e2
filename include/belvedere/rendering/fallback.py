"""Artifacts that no renderer takes still get a card that says what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact, PermanentError, UnsupportedArtifact
from belvedere.model.rendering import Output, Rendering
from belvedere.rendering.detection import extension_of, mismatch
from belvedere.rendering.numbers import bytes_in_words
from belvedere.rendering.page import fact_list, page
from belvedere.rendering.plaintext import clean
from belvedere.rendering.signatures import label_of, media_type_of
from belvedere.rendering.svg import Drawing

if TYPE_CHECKING:
    from belvedere.model.rendering import Source

NAME, VERSION = "belvedere.unsupported", "1.0.0"
FIRST_BYTES = 32
TEXT_NAMES = frozenset({"csv", "tsv", "md", "txt", "log", "html", "htm", "json", "svg"})
IMAGE_NAMES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "avif"})


def unsupported(source: Source, kind: str) -> PermanentError:
    """Return the error to raise for an artifact that no renderer takes: it says what the artifact is.

    An empty object, and bytes that contradict the object's name, are errors of the artifact, not gaps of ours.
    """
    if kind == "empty":
        what = "0 bytes" if source.size == 0 else f"{source.size:,} bytes of white space"
        return MalformedArtifact(f"The file is empty ({what}): there is nothing to show.", code="empty")
    head = source.head(512)
    what = f"{label_of(kind, head)}, {bytes_in_words(source.size)}"
    extension = extension_of(source.key)
    if kind == "binary" and extension in TEXT_NAMES:
        text = f"The name ends in .{extension}, but the bytes are binary and not text: invalid or damaged ({what})."
        return MalformedArtifact(text, code="not_text")
    if kind == "binary" and extension in IMAGE_NAMES:
        text = (
            f"This is not a valid image: the name ends in .{extension}, but the bytes are of no image format ({what})."
        )
        return MalformedArtifact(text, code="not_an_image")
    odd = mismatch(source, kind)
    return UnsupportedArtifact(
        f"{what[0].upper()}{what[1:]}: no renderer takes this kind yet.{' ' + odd if odd else ''}"
    )


def unsupported_card(source: Source, kind: str) -> Rendering:
    """Return a rendering that says what an artifact of an unsupported ``kind`` is: kind, size, first bytes."""
    head = source.head(512)
    label = label_of(kind, head)
    first = head[:FIRST_BYTES].hex(" ")
    name = clean(source.key.rpartition("/")[2])
    facts = {
        "file": {
            "media_type": media_type_of(head),
            "declared_media_type": clean(source.content_type)[:200],
            "size": source.size,
            "first_bytes": first,
        }
    }
    shown = {
        "What it is": label,
        "Size": f"{source.size:,} bytes ({bytes_in_words(source.size)})",
        "Media type": media_type_of(head),
        "First bytes": first or "none",
    }
    body = f"<p>No renderer takes this kind of file yet. What can be said of it:</p>{fact_list(shown)}"
    return Rendering(
        kind=kind,
        renderer_name=NAME,
        renderer_version=VERSION,
        title=f"{name}: {label}",
        alt_text=f"{label}, {bytes_in_words(source.size)}; no renderer takes this kind yet.",
        facts=facts,
        outputs=(
            Output("page", "page.html", "text/html", page(name, body)),
            Output("thumbnail", "thumbnail.svg", "image/svg+xml", _thumbnail(kind, label, source)),
        ),
    )


def _thumbnail(kind: str, label: str, source: Source) -> bytes:
    drawing = Drawing(480, 300, label=f"{label}, {bytes_in_words(source.size)}")
    word = (extension_of(source.key) or kind).upper()[:8]
    drawing.rectangle(190, 62, 100, 120, css="card", radius=8)
    drawing.text(240, 132, word, css="strong", size=24, anchor="middle")
    drawing.text(240, 222, label.partition(" (")[0], css="ink", size=20, anchor="middle", fit=440)
    drawing.text(240, 250, bytes_in_words(source.size), css="muted", size=16, anchor="middle")
    return drawing.to_bytes()
