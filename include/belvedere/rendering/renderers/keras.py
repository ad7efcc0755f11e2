"""Keras models (``.keras`` archives and HDF5 files that hold a configuration): their layers, without building any.

The configuration can name code (``Lambda`` layers, CVE-2024-3660; custom objects, CVE-2025-1550): it is text here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact, UnsupportedArtifact
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.models.model_zips import contents_of, entry_of
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import fact_list, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean, decode

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.keras", "1.0.0"
MOST_CONFIG_BYTES = 32 * 1024**2
HDF5_BYTES_SEARCHED = 16 * 1024**2
MOST_ROWS, LONGEST = 500, 300
CONFIG_MARKS = (b'{"class_name"', b'{"module": "keras')
SETTINGS = ("units", "filters", "kernel_size", "strides", "pool_size", "rate", "activation", "input_dim", "output_dim")
CODE_LAYERS = frozenset({"Lambda", "TFOpLambda"})


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: its class, name, the settings that people ask for, and the module it comes from."""

    kind: str
    name: str
    settings: str
    module: str

    @property
    def runs_code(self) -> bool:
        """Whether building it may run code from the file or from outside of Keras."""
        package = self.module.partition(".")[0]
        return self.kind in CODE_LAYERS or package not in (
            "",
            "keras",
            "keras_core",
            "tensorflow",
            "tf_keras",
            "builtins",
        )


@renderer(NAME, version=VERSION, kinds=("keras", "hdf5"))
def render_keras(source: Source, limits: Limits) -> Rendering:
    """Show a model's layers."""
    archive = source.head(4).startswith(b"PK")
    config, known = _from_archive(source, limits) if archive else (_from_hdf5(source), {})
    layers = _layers(config)
    name = clean(str(config.get("class_name", "model")))[:LONGEST]
    code = [layer for layer in layers if layer.runs_code]
    kinds = ", ".join(dict.fromkeys(layer.kind for layer in layers[:12]))
    said = f"Keras model {name} of {len(layers):,} layers ({kinds}), not built."
    figures = {"Model": name, "Layers": f"{len(layers):,}", "File": bytes_in_words(source.size)}
    rows = [(layer.kind, layer.name, layer.settings) for layer in layers[:MOST_ROWS]]
    body = verdict(figures) + fact_list(known) + f"<h2>Layers</h2>{table(('layer', 'name', 'settings'), rows)}"
    part = Part(
        kind="keras",
        title=file_name(source),
        lead=said,
        alt_text=said,
        facts={"keras": _facts(name, layers, known)},
        body=body,
        thumbnail=_thumbnail(name, layers, said),
        warnings=_warnings(code),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _from_archive(source: Source, limits: Limits) -> tuple[dict[str, Any], dict[str, str]]:
    contents = contents_of(source, limits)
    found = [
        _document(entry_of(source, contents, name, limits).read_bytes()) for name in ("config.json", "metadata.json")
    ]
    config, metadata = found
    known = {"Keras": metadata.get("keras_version", ""), "Saved": metadata.get("date_saved", "")}
    return config, {name: clean(str(value))[:LONGEST] for name, value in known.items() if value}


def _document(data: bytes) -> dict[str, Any]:
    if len(data) > MOST_CONFIG_BYTES:
        raise LimitExceeded(f"Its configuration is larger than {MOST_CONFIG_BYTES:,} bytes.", code="config_size")
    try:
        document = json.loads(decode(data).text)
    except (ValueError, RecursionError) as error:
        raise MalformedArtifact(
            "Its configuration is not valid JSON (invalid or truncated).", code="not_json"
        ) from error
    if not isinstance(document, dict):
        raise MalformedArtifact("Its configuration is no JSON object (invalid).", code="not_json")
    return document


def _from_hdf5(source: Source) -> dict[str, Any]:
    """Find the configuration that Keras writes as an attribute, as the text that it is."""
    data = source.head(HDF5_BYTES_SEARCHED)
    starts = [at for mark in CONFIG_MARKS if (at := data.find(mark)) >= 0]
    if not starts:
        text = "HDF5 files are shown where they hold a Keras model's configuration, and this one holds none."
        raise UnsupportedArtifact(text)
    try:
        document, _ = json.JSONDecoder().raw_decode(data[min(starts) :].decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise MalformedArtifact("The Keras configuration is damaged or truncated.", code="not_json") from error
    return document if isinstance(document, dict) else {}


def _layers(config: dict[str, Any]) -> list[Layer]:
    inner = config.get("config")
    listed = inner.get("layers") if isinstance(inner, dict) else inner
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return [_layer(entry) for entry in entries[:10_000]]


def _layer(entry: dict[str, Any]) -> Layer:
    found = entry.get("config")
    config = found if isinstance(found, dict) else {}
    settings = {name: config[name] for name in SETTINGS if isinstance(config.get(name), str | int | float | list)}
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    words = [f"{name} {_said(value)}" for name, value in settings.items()]
    words += [f"input {_said(shape)}"] if isinstance(shape, list) else []
    return Layer(
        clean(str(entry.get("class_name", "?")))[:LONGEST],
        clean(str(config.get("name", "")))[:LONGEST],
        clean(", ".join(words))[:LONGEST],
        clean(str(entry.get("module") or ""))[:LONGEST],
    )


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " × ".join("any" if one is None else str(one) for one in value[:8])
    return str(value)[:80]


def _facts(name: str, layers: list[Layer], known: dict[str, str]) -> dict[str, Any]:
    return {
        "model": name,
        "layers": len(layers),
        "layer_types": [layer.kind for layer in layers[:MOST_ROWS]],
        "version": known.get("Keras"),
        "runs_code": [layer.name or layer.kind for layer in layers if layer.runs_code][:MOST_ROWS],
    }


def _warnings(code: list[Layer]) -> tuple[str, ...]:
    if not code:
        return ()
    names = ", ".join(f"{layer.kind} {layer.name}".strip() for layer in code[:5])
    return (f"Building this model would run code that is not Keras's own: {names}.",)


def _thumbnail(name: str, layers: list[Layer], said: str) -> Drawing:
    drawing = Drawing(480, 300, label=said)
    drawing.text(20, 46, f"{len(layers):,} layers", css="strong", size=32)
    drawing.text(20, 70, f"Keras {name}", css="muted", size=15, fit=440)
    for at, layer in enumerate(layers[:8]):
        y = 104 + at * 24
        drawing.text(20, y, layer.kind, css="wrong" if layer.runs_code else "ink", size=16, fit=190)
        drawing.text(460, y, layer.settings, css="muted", size=13, anchor="end", fit=240)
    return drawing
