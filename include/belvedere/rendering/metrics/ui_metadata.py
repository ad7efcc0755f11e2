"""Kubeflow Pipelines' ``mlpipeline-ui-metadata.json`` (v1), read by the rules of its own front end.

Source: kubeflow/pipelines, frontend/src/lib/OutputArtifactLoader.ts: top level ``outputs``; ``storage: inline``
means that ``source`` is the content itself, anything else that it is an address.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

PLOT_TYPES = ("confusion_matrix", "roc", "table", "markdown", "web-app", "tensorboard", "python")
FETCHED_SCHEMES = ("minio://", "s3://", "https://", "http://", "gs://", "volume://", "file://")
MAX_METADATA_BYTES = 16 * 1024**2
MAX_OUTPUTS = 100
MAX_INPUTS = 20


@dataclass(frozen=True, slots=True)
class PlotMetadata:
    """One output: what to draw and where its content is. ``options`` are its other fields, unchecked."""

    position: int
    type: str
    source: str
    inline: bool
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An output that is not even a description of one; ``problem`` says why."""

    position: int
    type: str
    problem: str


def read_ui_metadata(text: str) -> tuple[PlotMetadata | Unreadable, ...]:
    """Read the outputs in their order; those that make no sense are told apart, not dropped.

    Raises:
        MalformedArtifact: it is no JSON, or has no list ``outputs``, or that list is empty.
        LimitExceeded: there are more than ``MAX_OUTPUTS`` outputs.
    """
    document = _parsed(text)
    outputs = document.get("outputs") if isinstance(document, dict) else None
    if outputs is None:
        raise MalformedArtifact("The UI metadata have no field outputs: it is missing.", code="no_outputs")
    if not isinstance(outputs, list):
        raise MalformedArtifact(f"The field outputs is {_kind_word(outputs)}, not a list.", code="no_outputs")
    if not outputs:
        raise MalformedArtifact("The list outputs is empty: there is nothing to show.", code="empty")
    if len(outputs) > MAX_OUTPUTS:
        text = f"The UI metadata list {len(outputs):,} outputs; at most {MAX_OUTPUTS} are shown."
        raise LimitExceeded(text, code="outputs")
    return tuple(_output(position, item) for position, item in enumerate(outputs, 1))


def _parsed(text: str) -> Any:
    """Parse JSON; once more with line breaks and backslashes removed, as Kubeflow does (its issue 5830)."""
    try:
        return json.loads(text)
    except RecursionError:
        raise MalformedArtifact("The UI metadata are nested too deeply to be read.", code="too_deep") from None
    except ValueError as error:
        first = error
    try:
        return json.loads(text.replace("\\n", "").replace("\\", "").replace("\n", ""))
    except (ValueError, RecursionError):
        detail = str(first)[:200]
        raise MalformedArtifact(
            f"The UI metadata are not valid JSON (invalid or truncated): {detail}.", code="not_json"
        ) from None


def _kind_word(value: Any) -> str:
    words = {
        dict: "an object",
        list: "a list",
        str: "a text",
        int: "a number",
        float: "a number",
        bool: "true or false",
    }
    return words.get(type(value), "null")


def _output(position: int, item: Any) -> PlotMetadata | Unreadable:
    if not isinstance(item, dict):
        return Unreadable(position, "unknown", f"it is {_kind_word(item)}, not an object")
    kind, source, storage = item.get("type"), item.get("source"), item.get("storage")
    if not isinstance(kind, str) or not kind:
        return Unreadable(position, "unknown", "its field type is missing")
    name = clean(kind)[:60]
    if kind not in PLOT_TYPES:
        return Unreadable(position, name, f"its type {name!r} is unknown; known are {', '.join(PLOT_TYPES)}")
    if not isinstance(source, str) or (not source and storage != "inline"):
        return Unreadable(position, name, "its field source is missing")
    return PlotMetadata(position, kind, source, storage == "inline", item)


def texts(plot: PlotMetadata, field: str) -> tuple[str, ...]:
    """Return a field that must be a list of texts, such as ``labels``.

    Raises:
        MalformedArtifact: it is missing or something else.
    """
    value = plot.options.get(field)
    if value is None:
        raise MalformedArtifact(f"its field {field} is missing", code="missing_field")
    if not isinstance(value, list) or not value:
        raise MalformedArtifact(
            f"its field {field} is {_kind_word(value)}, not a list with something in it", code="missing_field"
        )
    return tuple(item if isinstance(item, str) else json.dumps(item) for item in value)


def input_addresses(plot: PlotMetadata) -> tuple[str, ...]:
    """Return the addresses that an output of the type python reads, as its field ``inputs`` lists them.

    Raises:
        MalformedArtifact: the field is something else.
    """
    value = plot.options.get("inputs", [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise MalformedArtifact("its field inputs is not a list of addresses", code="missing_field")
    return tuple(dict.fromkeys(value))[:MAX_INPUTS]


def schema_names(plot: PlotMetadata) -> tuple[str, ...]:
    """Return the column names of a plot's schema.

    Raises:
        MalformedArtifact: it is missing or something else.
    """
    value = plot.options.get("schema")
    if value is None:
        raise MalformedArtifact("its field schema is missing", code="missing_field")
    named = isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("name"), str) for item in value
    )
    if not named or not value:
        raise MalformedArtifact("its field schema is not a list of objects with names", code="missing_field")
    return tuple(item["name"] for item in value)
