"""The graph of an ONNX model as a drawing: what computes on the inputs, chains folded where there is too much."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.layered import Box, draw_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.rendering.drawing.svg import Drawing
    from belvedere.rendering.models.onnx_models import Graph, Node

MOST_UNFOLDED = 90
MOST_DRAWN = 3000
LEARNT = frozenset(
    (
        "Conv", "ConvTranspose", "Gemm", "MatMul", "Attention", "LSTM", "GRU", "RNN", "LinearClassifier",
        "LinearRegressor", "TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble", "SVMClassifier",
        "SVMRegressor", "QLinearConv", "QLinearMatMul", "MatMulInteger", "ConvInteger", "Einsum", "Gather",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Step:
    """One or more operators, one after another, drawn as one box."""

    nodes: tuple[Node, ...]

    @property
    def title(self) -> str:
        """The operators in their order, ``Conv · Relu``."""
        return " · ".join(f"{op} × {n}" if n > 1 else op for op, n in _runs([node.op for node in self.nodes]))

    @property
    def css(self) -> str:
        return "soft" if any(node.op in LEARNT for node in self.nodes) else "card"


def draw_model_graph(graph: Graph, *, label: str) -> tuple[Drawing, str]:
    """Draw the graph, and say in words what was left out or folded; constants are left out always."""
    live = _live(graph)[:MOST_DRAWN]
    folded = len(live) > MOST_UNFOLDED
    steps = _chains(live) if folded else [_Step((node,)) for node in live]
    boxes = [Box(value.name or "input", value.shown, "none") for value in graph.inputs[:8]]
    boxes += [Box(step.title, _detail(step, folded=folded), step.css) for step in steps]
    makers: dict[str, int] = {value.name: at for at, value in enumerate(graph.inputs[:8])}
    first = min(8, len(graph.inputs))
    edges = _edges(steps, makers, first)
    for value in graph.outputs[:8]:
        if value.name in makers:
            edges.append((makers[value.name], len(boxes)))
        boxes.append(Box(value.name or "output", value.shown, "none"))
    drawing, left_out = draw_graph(boxes, edges, label=label)
    return drawing, _said(len(graph.nodes) - len(live), left_out, folded=folded)


def _said(constants: int, left_out: int, *, folded: bool) -> str:
    said = [f"{constants:,} operators that make constants are not drawn" if constants else ""]
    said.append("operators that follow one another without a branch share a box" if folded else "")
    said.append(f"{left_out:,} boxes in the middle or at the side are left out" if left_out else "")
    text = "; ".join(each for each in said if each)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _edges(steps: Sequence[_Step], makers: dict[str, int], first: int) -> list[tuple[int, int]]:
    edges = []
    for at, step in enumerate(steps, first):
        for node in step.nodes:
            edges += [(makers[name], at) for name in node.inputs if makers.get(name, at) != at]
            makers.update(dict.fromkeys((name for name in node.outputs if name), at))
    return edges


def _live(graph: Graph) -> list[Node]:
    """Return the operators that depend on an input; where none does, all of them."""
    known = {value.name for value in graph.inputs}
    live = []
    for node in graph.nodes:
        if any(name in known for name in node.inputs):
            live.append(node)
            known.update(name for name in node.outputs if name)
    return live or graph.nodes


def _chains(nodes: Sequence[Node]) -> list[_Step]:
    """Fold operators whose only reader is the next one."""
    readers: dict[str, int] = {}
    for node in nodes:
        for name in node.inputs:
            readers[name] = readers.get(name, 0) + 1
    steps: list[list[Node]] = []
    for node in nodes:
        before = steps[-1][-1] if steps else None
        alone = before is not None and [readers.get(name, 0) for name in before.outputs] == [1]
        if before is not None and alone and before.outputs[0] in node.inputs and len(steps[-1]) < 8:
            steps[-1].append(node)
        else:
            steps.append([node])
    return [_Step(tuple(step)) for step in steps]


def _detail(step: _Step, *, folded: bool) -> str:
    if folded and len(step.nodes) > 1:
        return step.nodes[0].name or f"{len(step.nodes)} operators"
    return step.nodes[0].name if step.nodes[0].name != step.nodes[0].op else ""


def _runs(ops: Sequence[str]) -> list[tuple[str, int]]:
    return [(op, len(list(run))) for op, run in groupby(ops)]
