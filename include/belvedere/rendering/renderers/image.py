"""Images: written anew without metadata, upright, of bounded size; SVG made harmless."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError, LimitExceeded
from belvedere.model.rendering import Limits, Output, Rendering, Source
from belvedere.rendering.detection import extension_of
from belvedere.rendering.drawing.histograms import histogram
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import fact_list, figure
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.signatures import signature_of
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.vision.animations import animation
from belvedere.rendering.vision.pictures import FORMATS, Picture, encoded, open_picture, page_pictures, thumbnail
from belvedere.rendering.vision.vectors import Vector, clean_svg

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME, VERSION = "belvedere.image", "1.1.0"
MOST_SVG_BYTES = 12 * 1024**2
MOST_THUMBNAIL_BYTES = 256 * 1024
MOST_WORDS = 2000
BY_NAME_ALONE = {"tga": ("TGA",), "icb": ("TGA",), "vda": ("TGA",), "vst": ("TGA",)}
ZOOM = (
    "<style>.zoom{position:absolute;opacity:0}.zoom+label{display:inline-block;cursor:pointer;color:var(--accent);"
    "border:1px solid var(--line);border-radius:6px;padding:1px 10px;font-size:13px;margin:0 0 8px}"
    ".zoom:focus-visible+label{outline:2px solid var(--accent)}.zoom+label::after{content:'Show at 100 %'}"
    ".zoom:checked+label::after{content:'Fit to the page'}"
    ".stage img{image-rendering:auto;border-radius:4px}.zoom:checked~.stage .figure img{max-width:none}"
    ".alpha img{background:repeating-conic-gradient(#bbb 0 25%,#eee 0 50%) 0 0/16px 16px}"
    ".paper img{background:#fff}"
    ".small img{image-rendering:pixelated}.pages{display:grid;gap:14px}.pages p{margin:0;color:var(--muted)}</style>"
    '<input class="zoom" type="checkbox" id="zoom"><label for="zoom"></label>'
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture as it stands in the page."""

    content: bytes
    media_type: str
    width: float
    height: float

    def html(self, alt: str) -> str:
        address = f"data:{self.media_type};base64,{base64.b64encode(self.content).decode('ascii')}"
        return figure(f'<img src="{address}" alt="{escaped(alt)}" width="{self.width:.0f}" height="{self.height:.0f}">')


@renderer(NAME, version=VERSION, kinds=("image",))
def render_image(source: Source, limits: Limits) -> Rendering:
    """Show a picture."""
    formats = BY_NAME_ALONE.get(extension_of(source.key))
    signature = signature_of(source.head(512))
    if signature is None and formats is not None:
        return _render_pixels(source, limits, formats)
    if signature is None or signature.kind != "image":
        return _render_vector(source)
    return _render_pixels(source, limits, FORMATS)


def _render_pixels(source: Source, limits: Limits, formats: tuple[str, ...]) -> Rendering:
    picture = open_picture(source.path, limits.image_pixels, formats=formats)
    content, media_type, extension = encoded(picture)
    moving = animation(source.path, picture)
    name = file_name(source)
    size = f"{picture.width:,} × {picture.height:,} pixels"
    alt = f"{picture.format} image {name}, {size}{f', {picture.frames:,} frames' if picture.frames > 1 else ''}."
    shown = _Shown(
        moving.content if moving else content,
        "image/webp" if moving else media_type,
        picture.image.width,
        picture.image.height,
    )
    pages = [] if moving else list(_more_pages(source, picture, limits))
    body = _stage(shown, picture, alt, pages)
    body += f"<h2>Brightness</h2>{figure(histogram(picture.image).to_text())}{fact_list(_known(source, picture, size))}"
    part = Part(
        kind="image",
        title=name,
        lead=f"{picture.format} image, {size}.",
        alt_text=alt,
        facts={"image": _facts(picture)},
        body=body,
        thumbnail=thumbnail(picture),
        warnings=(*picture.warnings, *_left_out(picture, moving.note if moving else None, len(pages) + 1)),
        more=(Output("figure", f"figure.{extension}", media_type, content),),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _stage(shown: _Shown, picture: Picture, alt: str, pages: list[_Shown]) -> str:
    css = "stage"
    css += " alpha" if picture.image.mode == "RGBA" else ""
    css += " small" if max(picture.width, picture.height) <= 64 else ""
    further = "".join(
        f"<div><p>Page {at}</p>{page.html(f'Page {at} of {picture.frames:,}')}</div>"
        for at, page in enumerate(pages, 2)
    )
    return f'{ZOOM}<div class="{css}">{shown.html(alt)}<div class="pages">{further}</div></div>'


def _more_pages(source: Source, picture: Picture, limits: Limits) -> Iterator[_Shown]:
    """Yield the pages after the first, as far as they can be read."""
    if picture.format != "TIFF" or picture.frames < 2:
        return
    try:
        for page in page_pictures(source.path, min(picture.frames, limits.pages), limits.image_pixels):
            content, media_type, _ = encoded(page)
            yield _Shown(content, media_type, page.image.width, page.image.height)
    except BelvedereError:
        return


def _known(source: Source, picture: Picture, size: str) -> dict[str, str]:
    known = {"Size": size, "Format": picture.format, "Mode": picture.mode}
    if picture.frames > 1:
        known["Pages" if picture.format == "TIFF" else "Frames"] = f"{picture.frames:,}"
    return known | {"File": bytes_in_words(source.size)}


def _facts(picture: Picture) -> dict[str, str | int]:
    return {
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "mode": picture.mode,
        "frames": picture.frames,
    }


def _left_out(picture: Picture, note: str | None, pages: int) -> tuple[str, ...]:
    """Say what of a moving or many-paged picture is not shown; ``note`` None: it does not move."""
    if picture.frames <= pages:
        return ()
    if note is not None:
        return (note,) if note else ()
    if pages > 1:
        return (f"The image has {picture.frames:,} pages; the first {pages:,} are shown.",)
    return (f"The image has {picture.frames:,} frames or pages; the first one is shown.",)


def _render_vector(source: Source) -> Rendering:
    if source.size > MOST_SVG_BYTES:
        text = f"The SVG has {source.size:,} bytes; at most {MOST_SVG_BYTES:,} are read."
        raise LimitExceeded(text, code="svg_size")
    vector = clean_svg(source.path.read_bytes())
    name = file_name(source)
    words = " · ".join(vector.words)[:MOST_WORDS]
    alt = f"SVG image {name}{': ' + words[:200] if words else ''}."
    body = f'{ZOOM}<div class="stage paper">{_Shown(vector.content, "image/svg+xml", *_within(vector)).html(alt)}</div>'
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
        # drawings are made for white paper: without it, black lines would vanish in the dark
        on_paper = vector.content.replace(b"<svg ", b'<svg style="background:#fff" ', 1)
        return Output("thumbnail", "thumbnail.svg", "image/svg+xml", on_paper)
    drawing = Drawing(480, 300, label=f"SVG image {name}")
    drawing.rectangle(20, 20, 440, 260, css="card", radius=8)
    drawing.text(240, 140, name, css="strong", size=22, anchor="middle", fit=400)
    drawing.text(240, 172, f"SVG, {vector.width:g} × {vector.height:g}", css="muted", size=17, anchor="middle")
    return drawing


def warm() -> None:
    """Import the decoders of all formats, which Pillow otherwise does at the first image."""
    from PIL import Image

    Image.init()
