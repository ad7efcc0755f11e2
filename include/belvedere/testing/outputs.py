"""Whether a rendering is whole and harmless: its outputs, its words, its facts."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from belvedere.rendering import registry
from belvedere.rendering.isolation.channel import MEDIA_TYPE, OUTPUT_NAME, ROLES
from belvedere.testing.pages import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.rendering import Limits, Output, Rendering, Source
    from belvedere.rendering.registry import Renderer

MOST_THUMBNAIL_BYTES = 256 * 1024
SHAPE = re.compile(rb"\bviewBox\s*=")
WEBP = b"WEBP"
WORD = r"[a-z][a-z0-9_]*"


class NotConforming(AssertionError):
    """A renderer does not do what every renderer must; the message says what."""


def expect(condition: bool, what: str) -> None:
    """Raise ``NotConforming`` unless the condition holds."""
    if not condition:
        raise NotConforming(what)


def look_at(rendering: Rendering, renderer: Renderer) -> None:
    """Check everything that can be told from one rendering.

    Raises:
        NotConforming: something does not hold.
    """
    expect(re.fullmatch(WORD, rendering.kind) is not None, f"its kind {rendering.kind!r} is no snake_case word")
    expect(rendering.renderer_name == renderer.name, "it does not carry the name of its renderer")
    expect(bool(rendering.title.strip()), "it has no title")
    expect(bool(rendering.alt_text.strip()), "it has no alt text: say in one sentence what there is to see")
    expect(len(rendering.alt_text) <= 2000, "its alt text has more than 2,000 characters")
    expect(all(warning.strip() for warning in rendering.warnings), "a warning is empty")
    _look_at_outputs(rendering)


@contextmanager
def looking_at_facts(kind: str) -> Iterator[None]:
    """Have the renderer of ``kind`` fail where its facts are not what they must be, before they are made to fit."""
    ours = registry.find_renderer(kind)

    def draw(source: Source, limits: Limits) -> Rendering:
        rendering = ours.function(source, limits)
        look_at_facts(rendering)
        return rendering

    registry.stand_in(kind, replace(ours, function=draw))
    try:
        yield
    finally:
        registry.stand_in(kind, ours)


def look_at_facts(rendering: Rendering) -> None:
    """Check that facts can be stored and searched.

    Raises:
        NotConforming: they are not JSON, or their names no words.
    """
    try:
        written = json.dumps(dict(rendering.facts), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise NotConforming(f"its facts cannot be written as JSON: {error}") from None
    expect(isinstance(json.loads(written), dict), "its facts are no JSON object")
    for name in rendering.facts:
        expect(re.fullmatch(WORD, name) is not None, f"the fact {name!r} is no snake_case word")


def _look_at_outputs(rendering: Rendering) -> None:
    roles = [output.role for output in rendering.outputs]
    expect(roles.count("page") == 1, f"it has {roles.count('page')} pages, not one")
    expect(roles.count("thumbnail") == 1, f"it has {roles.count('thumbnail')} thumbnails, not one")
    names = [output.name for output in rendering.outputs]
    expect(len(set(names)) == len(names), f"two outputs have the same name: {', '.join(sorted(names))}")
    for output in rendering.outputs:
        _look_at_output(output)


def _look_at_output(output: Output) -> None:
    expect(output.role in ROLES, f"{output.name}: there is no role {output.role!r}")
    expect(OUTPUT_NAME.fullmatch(output.name) is not None, f"{output.name!r} is no name for an output")
    expect(MEDIA_TYPE.fullmatch(output.media_type) is not None, f"{output.media_type!r} is no media type")
    expect(bool(output.content), f"{output.name} is empty")
    if output.role == "thumbnail":
        _look_at_thumbnail(output)
    if output.media_type == "text/html" and not output.active:
        _no_faults(output, svg=False)
    if output.media_type == "image/svg+xml":
        _no_faults(output, svg=True)
    if output.media_type.endswith("json"):
        _is_json(output)


def _look_at_thumbnail(output: Output) -> None:
    size = len(output.content)
    expect(size <= MOST_THUMBNAIL_BYTES, f"the thumbnail has {size:,} bytes, more than {MOST_THUMBNAIL_BYTES:,}")
    if output.media_type == "image/svg+xml":
        scales = SHAPE.search(output.content[:1000]) is not None
        expect(scales, "the thumbnail has no viewBox, so it cannot be shown in another size (draw it 480 by 300)")
    else:
        expect(output.content[8:12] == WEBP, "the thumbnail is neither SVG nor WebP")


def _no_faults(output: Output, *, svg: bool) -> None:
    faults = faults_of(output.content.decode("utf-8", "strict"), svg=svg)
    expect(not faults, f"{output.name} would not work or do harm where it is shown: {'; '.join(faults[:5])}")


def _is_json(output: Output) -> None:
    try:
        json.loads(output.content)
    except ValueError as error:
        raise NotConforming(f"{output.name} is no JSON: {error}") from None
