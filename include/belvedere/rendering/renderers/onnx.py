"""ONNX models: what goes in and out, what computes, how much was learnt, and the graph."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.models.onnx_drawing import draw_model_graph
from belvedere.rendering.models.onnx_models import Graph, Model, Value, external_files, read_model, total_parameters
from belvedere.rendering.models.wire import Message
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words, compact
from belvedere.rendering.pages.page import fact_list, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.onnx", "1.0.0"
MOST_FACTS = 200
MOST_TENSORS_SHOWN = 40
DOCUMENTATION_CHARACTERS = 600
SCROLLED = (
    "<style>.graph{max-height:720px;overflow:auto;border:1px solid var(--line);border-radius:8px}"
    ".graph svg{margin:0 auto;max-width:none;display:block}</style>"
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A model with what is said of it more than once."""

    model: Model
    graph: Graph
    name: str
    size: int

    @property
    def parameters(self) -> int:
        return total_parameters(self.graph)

    @property
    def opset(self) -> str:
        return ", ".join(f"{domain} {version}" for domain, version in self.model.opset.items()) or "not said"

    @property
    def producer(self) -> str:
        return f"{self.model.producer} {self.model.producer_version}".strip() or "not said"


@renderer(NAME, version=VERSION, kinds=("onnx",))
def render_onnx(source: Source, limits: Limits) -> Rendering:
    """Show a model without running it, reading its weights or opening any file that it names."""
    with source.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view = memoryview(mapped)
        try:
            model = read_model(Message(view, 0, len(view)))
        finally:
            view.release()
    shown = _Shown(model, model.graph or Graph(), file_name(source), source.size)
    return as_rendering(_part(shown), name=NAME, version=VERSION)


def _part(shown: _Shown) -> Part:
    graph = shown.graph
    said = _sentence(shown)
    drawing, left_out = draw_model_graph(graph, label=said)
    return Part(
        kind="onnx",
        title=shown.name,
        lead=said,
        alt_text=said,
        facts={"onnx": _facts(shown)},
        body=_body(shown, drawing, left_out),
        figure=drawing,
        thumbnail=_thumbnail(shown),
        warnings=_warnings(shown),
    )


def _sentence(shown: _Shown) -> str:
    graph = shown.graph
    counts = ", ".join(f"{n:,} {op}" for op, n in shown.model.ops.most_common(4))
    inputs = ", ".join(f"{value.name} {value.shown}" for value in graph.inputs[:3]) or "no input"
    outputs = ", ".join(f"{value.name} {value.shown}" for value in graph.outputs[:3]) or "no output"
    more = " and others" if len(shown.model.ops) > 4 else ""
    return f"ONNX model of {len(graph.nodes):,} operators ({counts}{more}) from {inputs} to {outputs}."


def _warnings(shown: _Shown) -> tuple[str, ...]:
    said = [f"Shown as far as it can be read. {shown.model.problem}"] if shown.model.problem else []
    files = list(external_files(shown.graph))
    if files:
        names = ", ".join(files[:5]) + (" ..." if len(files) > 5 else "")
        said.append(f"Its weights lie in other files, which are not opened: {names}.")
    return tuple(said)


def _facts(shown: _Shown) -> dict[str, Any]:
    model, graph = shown.model, shown.graph
    return {
        "ir_version": model.ir_version,
        "producer": model.producer,
        "producer_version": model.producer_version,
        "opset": model.opset,
        "nodes": len(graph.nodes),
        "ops": dict(model.ops.most_common(MOST_FACTS)),
        "initializers": len(graph.initializers),
        "parameters": shown.parameters,
        "initializer_bytes": sum(tensor.stored_bytes for tensor in graph.initializers),
        "external_data": list(external_files(graph))[:MOST_FACTS],
        "subgraphs": graph.subgraphs,
        "inputs": [_value_facts(value) for value in graph.inputs[:MOST_FACTS]],
        "outputs": [_value_facts(value) for value in graph.outputs[:MOST_FACTS]],
        "metadata": dict(list(model.metadata.items())[:MOST_FACTS]),
    }


def _value_facts(value: Value) -> dict[str, Any]:
    return {"name": value.name, "type": value.type, "shape": None if value.shape is None else list(value.shape)}


def _body(shown: _Shown, drawing: Drawing, left_out: str) -> str:
    graph = shown.graph
    figures = {
        "Operators": f"{len(graph.nodes):,}",
        "Parameters": compact(shown.parameters),
        "Opset": ", ".join(str(version) for version in shown.model.opset.values()) or "?",
        "File": bytes_in_words(shown.size),
    }
    said = f'<p class="muted">{escaped(left_out)}</p>' if left_out else ""
    return (
        SCROLLED
        + verdict(figures)
        + f"<h2>Inputs and outputs</h2>{_values(graph)}"
        + f'<h2>Graph</h2><div class="graph">{drawing.to_text()}</div>{said}'
        + f"<h2>Operators</h2>{_operators(shown.model.ops, graph)}"
        + (f"<h2>Weights</h2>{_weights(graph)}" if graph.initializers else "")
        + f"<h2>Made by</h2>{_origin(shown)}"
    )


def _values(graph: Graph) -> str:
    rows = [("in", value) for value in graph.inputs] + [("out", value) for value in graph.outputs]
    lines = [(way, value.name, value.type, _shape(value)) for way, value in rows[:MOST_FACTS]]
    return table(("", "name", "type", "shape"), lines)


def _shape(value: Value) -> str:
    if value.shape is None:
        return ""
    return " × ".join("any" if size is None else str(size) for size in value.shape) or "scalar"


def _operators(ops: Counter[str], graph: Graph) -> str:
    rows = [(op, f"{n:,}") for op, n in ops.most_common(MOST_FACTS)]
    rows += [(f"{op} (inside loops and branches)", f"{n:,}") for op, n in graph.inner_ops.most_common(MOST_FACTS)]
    return table(("operator", "count"), rows, numeric=(False, True))


def _weights(graph: Graph) -> str:
    largest = sorted(graph.initializers, key=lambda tensor: -tensor.parameters)[:MOST_TENSORS_SHOWN]
    rows = [
        (
            tensor.name,
            tensor.type,
            " × ".join(map(str, tensor.dimensions)) or "scalar",
            f"{tensor.parameters:,}",
            tensor.external or bytes_in_words(tensor.stored_bytes),
        )
        for tensor in largest
    ]
    more = len(graph.initializers) - len(largest)
    said = f'<p class="muted">The largest {len(largest)} of {more + len(largest):,}.</p>' if more else ""
    return (
        table(("tensor", "type", "shape", "parameters", "stored"), rows, numeric=(False, False, False, True, True))
        + said
    )


def _origin(shown: _Shown) -> str:
    model = shown.model
    known = {
        "Producer": shown.producer,
        "IR version": str(model.ir_version),
        "Opset": shown.opset,
        "Graph": shown.graph.name,
        "Domain": model.domain,
        "Model version": str(model.version) if model.version else "",
        "Functions": ", ".join(model.functions[:20]),
        "Documentation": model.documentation[:DOCUMENTATION_CHARACTERS],
        **model.metadata,
    }
    return fact_list({name: value for name, value in known.items() if value})


def _thumbnail(shown: _Shown) -> Drawing:
    drawing = Drawing(480, 300, label=_sentence(shown))
    drawing.text(20, 50, f"{len(shown.graph.nodes):,}", css="strong", size=38)
    drawing.text(20, 72, "operators", css="muted", size=14)
    drawing.text(250, 50, compact(shown.parameters), css="strong", size=38)
    drawing.text(250, 72, "parameters", css="muted", size=14)
    _bars(drawing, shown.model.ops.most_common(4), 98)
    drawing.text(20, 262, _line("in", shown.graph.inputs), css="mono", size=13, fit=440)
    drawing.text(20, 284, _line("out", shown.graph.outputs), css="mono", size=13, fit=440)
    return drawing


def _line(word: str, values: Sequence[Value]) -> str:
    return f"{word:<4}" + ", ".join(f"{value.name} {value.shown}" for value in values[:3])


def _bars(drawing: Drawing, counts: Sequence[tuple[str, int]], top: float) -> None:
    most = max((n for _, n in counts), default=1)
    for at, (op, n) in enumerate(counts):
        y = top + at * 36
        drawing.rectangle(190, y, max(3.0, 210 * n / most), 22, css="accent", radius=3)
        drawing.text(20, y + 17, op, css="ink", size=16, fit=160)
        drawing.text(460, y + 17, f"{n:,}", css="muted", size=16, anchor="end")
