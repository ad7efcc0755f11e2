"""Images: written anew without metadata, upright, of bounded size; SVG made harmless."""

from __future__ import annotations

import base64

from belvedere.errors import LimitExceeded
from belvedere.model.rendering import Limits, Output, Rendering, Source
from belvedere.rendering.naming import file_name
from belvedere.rendering.numbers import bytes_in_words
from belvedere.rendering.page import fact_list, figure
from belvedere.rendering.part import Part, as_rendering
from belvedere.rendering.pictures import Picture, animation, encoded, open_picture, thumbnail
from belvedere.rendering.plaintext import clean
from belvedere.rendering.registry import renderer
from belvedere.rendering.signatures import signature_of
from belvedere.rendering.svg import Drawing, escaped
from belvedere.rendering.vectors import Vector, clean_svg

NAME, VERSION = "belvedere.image", "1.0.0"
MOST_SVG_BYTES = 12 * 1024**2
MOST_THUMBNAIL_BYTES = 256 * 1024
MOST_WORDS = 2000


@renderer(NAME, version=VERSION, kinds=("image",))
def render_image(source: Source, limits: Limits) -> Rendering:
    """Show a picture."""
    signature = signature_of(source.head(512))
    if signature is None or signature.kind != "image":
        return _render_vector(source)
    return _render_pixels(source, limits)


def _shown(content: bytes, media_type: str, alt: str, width: float, height: float) -> str:
    address = f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
    return figure(f'<img src="{address}" alt="{escaped(alt)}" width="{width:.0f}" height="{height:.0f}">')


def _render_pixels(source: Source, limits: Limits) -> Rendering:
    picture = open_picture(source.path, limits.image_pixels)
    content, media_type, extension = encoded(picture)
    moving = animation(source.path, picture)
    warnings = (*picture.warnings, *_still(picture, moving))
    name = file_name(source)
    size = f"{picture.width:,} × {picture.height:,} pixels"
    alt = f"{picture.format} image {name}, {size}."
    body = _shown(
        moving or content, "image/webp" if moving else media_type, alt, picture.image.width, picture.image.height
    )
    known = {
        "Size": size,
        "Format": picture.format,
        "Mode": picture.mode,
        "Frames": str(picture.frames),
        "File": bytes_in_words(source.size),
    }
    facts = {
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "mode": picture.mode,
        "frames": picture.frames,
    }
    part = Part(
        kind="image",
        title=name,
        lead=f"{picture.format} image, {size}.",
        alt_text=alt,
        facts={"image": facts},
        body=body + fact_list(known),
        thumbnail=thumbnail(picture),
        warnings=warnings,
        more=(Output("figure", f"figure.{extension}", media_type, content),),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _still(picture: Picture, moving: bytes | None) -> tuple[str, ...]:
    if picture.frames <= 1 or moving is not None:
        return ()
    return (f"The image has {picture.frames:,} frames or pages; the first one is shown.",)


def _render_vector(source: Source) -> Rendering:
    if source.size > MOST_SVG_BYTES:
        text = f"The SVG has {source.size:,} bytes; at most {MOST_SVG_BYTES:,} are read."
        raise LimitExceeded(text, code="svg_size")
    vector = clean_svg(source.path.read_bytes())
    name = file_name(source)
    words = " · ".join(vector.words)[:MOST_WORDS]
    alt = f"SVG image {name}{': ' + words[:200] if words else ''}."
    shown = _within(vector)
    body = _shown(vector.content, "image/svg+xml", alt, *shown)
    body += f'<h2>Words in the picture</h2><p class="lead">{escaped(words)}</p>' if words else ""
    facts = {"format": "SVG", "viewbox": vector.viewbox, "width": vector.width, "height": vector.height}
    part = Part(
        kind="image",
        title=name,
        lead=f"SVG image, {vector.width:g} × {vector.height:g}, view box {clean(vector.viewbox or 'none')}.",
        alt_text=alt,
        facts={"image": facts},
        body=body,
        thumbnail=_vector_thumbnail(vector, name),
        warnings=_removed(vector),
        more=(Output("figure", "figure.svg", "image/svg+xml", vector.content),),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _within(vector: Vector) -> tuple[float, float]:
    scale = min(1.0, 1200 / max(vector.width, vector.height))
    return max(1.0, vector.width * scale), max(1.0, vector.height * scale)


def _removed(vector: Vector) -> tuple[str, ...]:
    if not vector.removed:
        return ()
    return (f"Left out of the SVG for safety: {', '.join(vector.removed[:12])}.",)


def _vector_thumbnail(vector: Vector, name: str) -> Drawing | Output:
    if len(vector.content) <= MOST_THUMBNAIL_BYTES:
        return Output("thumbnail", "thumbnail.svg", "image/svg+xml", vector.content)
    drawing = Drawing(480, 300, label=f"SVG image {name}")
    drawing.rectangle(20, 20, 440, 260, css="card", radius=8)
    drawing.text(240, 140, name, css="strong", size=22, anchor="middle", fit=400)
    drawing.text(240, 172, f"SVG, {vector.width:g} × {vector.height:g}", css="muted", size=17, anchor="middle")
    return drawing


def warm() -> None:
    """Import the decoders of all formats, which Pillow otherwise does at the first image."""
    from PIL import Image

    Image.init()
