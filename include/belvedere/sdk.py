"""Everything that a third party's renderer needs, from one place that stays as it is.

    from belvedere.sdk import Limits, MalformedArtifact, Part, Rendering, Source, finish, renderer

What is named here keeps its name and meaning through all versions of one major number; the rest of Belvedere's
modules may change at any time. ``belvedere.testing`` holds the checks that every renderer passes.
"""

from __future__ import annotations

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact, UnsupportedArtifact
from belvedere.model.rendering import (
    Limits,
    Listing,
    Output,
    Reference,
    Related,
    Rendering,
    Sampled,
    Source,
    object_uri,
)
from belvedere.rendering.drawing.svg import Drawing, escaped, fitted, text_width
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words, compact, count, metric, percent, short
from belvedere.rendering.pages.page import cell, fact_list, figure, notes, page, table, verdict
from belvedere.rendering.pages.part import Part, as_json, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean, decode

__all__ = [
    "BelvedereError",
    "Drawing",
    "LimitExceeded",
    "Limits",
    "Listing",
    "MalformedArtifact",
    "Output",
    "Part",
    "Reference",
    "Related",
    "Rendering",
    "Sampled",
    "Source",
    "UnsupportedArtifact",
    "as_json",
    "bytes_in_words",
    "cell",
    "clean",
    "compact",
    "count",
    "decode",
    "escaped",
    "fact_list",
    "figure",
    "file_name",
    "finish",
    "fitted",
    "metric",
    "notes",
    "object_uri",
    "page",
    "percent",
    "renderer",
    "short",
    "table",
    "text_width",
    "verdict",
]


def finish(part: Part) -> Rendering:
    """Return a part as the rendering of an artifact: page, figure, thumbnail and data.

    The name and version of the renderer are written into it by the registry.
    """
    return as_rendering(part, name="", version="")
