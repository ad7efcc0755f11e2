"""TensorFlow's ``saved_model.pb``: its signatures, read in place.

Messages: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto
"""

from __future__ import annotations

import mmap
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.models.wire import Message
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import fact_list, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.saved_model", "1.0.0"
MOST_SIGNATURES, MOST_ROWS = 100, 300
# fmt: off
TYPES = (
    "?", "float32", "float64", "int32", "uint8", "int16", "int8", "string", "complex64", "int64", "bool", "qint8",
    "quint8", "qint32", "bfloat16", "qint16", "quint16", "uint16", "complex128", "float16", "resource", "variant",
    "uint32", "uint64",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class _Tensor:
    signature: str
    way: str
    name: str
    type: str
    shape: str


@dataclass(slots=True)
class _SavedModel:
    tags: list[str] = field(default_factory=list)
    version: str = ""
    graphs: int = 0
    signatures: list[str] = field(default_factory=list)
    tensors: list[_Tensor] = field(default_factory=list)


@renderer(NAME, version=VERSION, kinds=("saved_model",))
def render_saved_model(source: Source, limits: Limits) -> Rendering:
    """Show what a saved model serves."""
    model, problem = _read(source)
    served = ", ".join(model.signatures[:4]) or "no signature"
    said = f"TensorFlow SavedModel {model.version} with {len(model.signatures):,} signatures: {served}.".replace(
        "  ", " "
    )
    figures = {
        "Signatures": f"{len(model.signatures):,}",
        "TensorFlow": model.version or "?",
        "File": bytes_in_words(source.size),
    }
    rows = [(one.signature, one.way, one.name, one.type, one.shape) for one in model.tensors[:MOST_ROWS]]
    body = verdict(figures) + fact_list({"Tags": ", ".join(model.tags[:20]) or "none", "Graphs": f"{model.graphs:,}"})
    body += f"<h2>Signatures</h2>{table(('signature', '', 'name', 'type', 'shape'), rows)}"
    facts = {
        "tensorflow": model.version,
        "tags": model.tags[:20],
        "signatures": model.signatures,
        "tensors": [asdict(one) for one in model.tensors[:MOST_ROWS]],
    }
    part = Part(
        kind="saved_model",
        title=file_name(source),
        lead=said,
        alt_text=said,
        facts={"saved_model": facts},
        body=body,
        thumbnail=_thumbnail(model, said),
        warnings=(f"Shown as far as it can be read. {problem}",) if problem else (),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _read(source: Source) -> tuple[_SavedModel, str | None]:
    model, problem = _SavedModel(), None
    with source.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view = memoryview(mapped)
        try:
            for each in Message(view, 0, len(view)).fields():
                if each.number == 2:
                    model.graphs += 1
                    _graph(model, each.message())
        except MalformedArtifact as error:
            problem = error.message
        finally:
            view.release()
    if not model.graphs:
        text = f"Not a SavedModel (invalid, damaged or truncated): it holds no graph. {problem or ''}"
        raise MalformedArtifact(text.strip(), code="no_graph")
    return model, problem


def _graph(model: _SavedModel, message: Message) -> None:
    for each in message.fields():
        if each.number == 1:
            for one in each.message().fields():
                if one.number == 4:
                    model.tags.append(one.text())
                elif one.number == 5:
                    model.version = one.text()
        elif each.number == 5 and len(model.signatures) < MOST_SIGNATURES:
            name, signature = _entry(each.message())
            model.signatures.append(name)
            _signature(model, name, signature)


def _entry(message: Message) -> tuple[str, Message | None]:
    """Read an entry of a map: its key and its value."""
    key, value = "", None
    for each in message.fields():
        if each.number == 1:
            key = each.text()
        elif each.number == 2:
            value = each.message()
    return key, value


def _signature(model: _SavedModel, name: str, message: Message | None) -> None:
    for each in message.fields() if message else ():
        if each.number in (1, 2):
            key, tensor = _entry(each.message())
            kind, shape = _tensor(tensor)
            model.tensors.append(_Tensor(name, "in" if each.number == 1 else "out", key, kind, shape))


def _tensor(message: Message | None) -> tuple[str, str]:
    kind, shape = "?", ""
    for each in message.fields() if message else ():
        if each.number == 2:
            number = each.integer()
            kind = TYPES[number] if 0 <= number < len(TYPES) else f"type {number}"
        elif each.number == 3:
            shape = _shape(each.message())
    return kind, shape


def _shape(message: Message) -> str:
    sizes: list[str] = []
    for each in message.fields():
        if each.number == 3:
            return "any rank"
        if each.number == 2:
            size = next((one.integer() for one in each.message().fields() if one.number == 1), 0)
            sizes.append("any" if size < 0 else str(size))
    return " × ".join(sizes) or "scalar"


def _thumbnail(model: _SavedModel, said: str) -> Drawing:
    drawing = Drawing(480, 300, label=said)
    drawing.text(20, 46, "SavedModel", css="strong", size=32)
    drawing.text(20, 70, f"TensorFlow {model.version}", css="muted", size=15)
    for at, one in enumerate(model.tensors[:7]):
        drawing.text(20, 108 + at * 26, f"{one.way:<3} {one.name}", css="mono", size=16, fit=280)
        drawing.text(460, 108 + at * 26, f"{one.type} {one.shape}", css="muted", size=14, anchor="end", fit=170)
    return drawing
