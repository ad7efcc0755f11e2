"""Pictures and texts that training runs log: decoded and written anew, cleaned, the latest first."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError
from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.renderers.markdown import draw_markdown
from belvedere.rendering.texts.plaintext import Decoded, decode
from belvedere.rendering.vision.pictures import encoded, open_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.rendering import Limits
    from belvedere.rendering.training.event_logs import Blob, EventLog

MOST_TAGS, PICTURES_OF_TAG, MOST_PICTURE_BYTES, MOST_TEXTS = 16, 5, 8 * 1024**2, 20
SMALLEST_SIDE, LARGEST_SIDE = 128, 320
FIGURE = '<figure style="margin:0 16px 12px 0;display:inline-block;vertical-align:top">'


def logged_pictures(runs: Mapping[str, EventLog], limits: Limits) -> tuple[str, list[str]]:
    """Return the pictures of all runs as HTML (some steps of each tag, the newest first), and what was wrong."""
    parts, problems, written, tags = [], [], 0, 0
    for name, log in runs.items():
        for tag, kept in log.images.items():
            tags += 1
            if tags > MOST_TAGS or written > MOST_PICTURE_BYTES:
                continue
            drawn = []
            for blob in _some(kept.kept()):
                shown, problem = _shown(blob, tag, limits)
                drawn.append(shown)
                written += len(shown)
                problems += [problem] if problem else []
            count = f", {kept.count:,} logged" if kept.count > len(drawn) else ""
            parts.append(f"<h3>{escaped(_named(tag, name, runs))}{count}</h3><div>{''.join(drawn)}</div>")
    if not parts:
        return "", problems
    rest = f"<p>The first {len(parts)} of {tags:,} pictures.</p>" if tags > len(parts) else ""
    return f"<h2>Pictures</h2>{rest}{''.join(parts)}", problems[:5]


def _named(tag: str, run: str, runs: Mapping[str, EventLog]) -> str:
    return f"{tag} · {run}" if len(runs) > 1 else tag


def _some(blobs: list[Blob]) -> list[Blob]:
    every = max(1, -(-len(blobs) // PICTURES_OF_TAG))
    return blobs[::-1][::every]


def _shown(blob: Blob, tag: str, limits: Limits) -> tuple[str, str]:
    with tempfile.NamedTemporaryFile(suffix=".picture") as file:
        file.write(blob.content)
        file.flush()
        try:
            picture = open_picture(Path(file.name), limits.image_pixels)
            content, media_type, _ = encoded(picture)
        except BelvedereError as error:
            said = f"The picture {tag} of step {blob.step:,} cannot be shown: {error.message}"
            return f"{FIGURE}{escaped(said)}</figure>", said
    largest = max(picture.width, picture.height)
    scale = max(1, SMALLEST_SIDE // largest) if largest < SMALLEST_SIDE else min(1.0, LARGEST_SIDE / largest)
    size = f'width="{round(picture.width * scale)}" height="{round(picture.height * scale)}"'
    sharp = ' style="image-rendering:pixelated"' if scale > 1 else ""
    data = base64.b64encode(content).decode("ascii")
    alt = f"{tag} at step {blob.step:,}, {picture.width} by {picture.height} pixels"
    image = f'<img {size}{sharp} alt="{escaped(alt)}" src="data:{media_type};base64,{data}">'
    return f"{FIGURE}{image}<figcaption>step {blob.step:,}</figcaption></figure>", ""


def logged_texts(runs: Mapping[str, EventLog]) -> str:
    """Return the newest text of each tag as cleaned Markdown."""
    texts = [
        (_named(tag, name, runs), kept.kept()[-1], kept.count)
        for name, log in runs.items()
        for tag, kept in log.texts.items()
    ]
    if not texts:
        return ""
    parts = []
    for title, blob, count in texts[:MOST_TEXTS]:
        decoded = decode(blob.content)
        body = draw_markdown(Decoded(decoded.text, decoded.encoding, decoded.certain), title).body
        of = f" of {count:,}" if count > 1 else ""
        parts.append(f'<h3>{escaped(title)}</h3><p class="lead">step {blob.step:,}{of}</p>{body}')
    rest = f"<p>The first {MOST_TEXTS} of {len(texts):,} texts.</p>" if len(texts) > MOST_TEXTS else ""
    return f"<h2>Texts</h2>{rest}{''.join(parts)}"
