"""ONNX models: what their graph says of itself. Weights are counted and never read, outside files never opened.

Messages and field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3. External data (the source of
CVE-2022-25882, CVE-2024-27318, CVE-2025-51480) is named by its tensors; here it is text and nothing else.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.models.wire import LENGTH, Field, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_NODES = 200_000
MOST_TENSORS = 200_000
DEEPEST_GRAPH = 16
MOST_DIMENSIONS = 64
DEFAULT_DOMAIN = "ai.onnx"
# fmt: off
ELEMENT_TYPES = (
    "UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16", "DOUBLE",
    "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2",
    "FLOAT8E5M2FNUZ", "UINT4", "INT4", "FLOAT4E2M1", "FLOAT8E8M0", "UINT2", "INT2",
)
# fmt: on
BITS = {
    "UINT8": 8,
    "INT8": 8,
    "BOOL": 8,
    "UINT16": 16,
    "INT16": 16,
    "FLOAT16": 16,
    "BFLOAT16": 16,
    "INT64": 64,
    "DOUBLE": 64,
    "UINT64": 64,
    "COMPLEX64": 64,
    "COMPLEX128": 128,
    "UINT4": 4,
    "INT4": 4,
    "FLOAT4E2M1": 4,
    "FLOAT8E4M3FN": 8,
    "FLOAT8E4M3FNUZ": 8,
    "FLOAT8E5M2": 8,
    "FLOAT8E5M2FNUZ": 8,
    "FLOAT8E8M0": 8,
    "UINT2": 2,
    "INT2": 2,
}  # fmt: skip
TYPE_FIELDS = {
    1: "tensor",
    4: "sequence_type",
    5: "map_type",
    7: "opaque_type",
    8: "sparse_tensor_type",
    9: "optional_type",
}
GRAPH_ATTRIBUTES = {6, 11}


@dataclass(frozen=True, slots=True)
class Value:
    """An input or output: a tensor's element type and shape, or the word for what else it is (shape None).

    A dimension is a number, the name of a variable one, or None.
    """

    name: str
    type: str
    shape: tuple[int | str | None, ...] | None

    @property
    def shown(self) -> str:
        """The type as people write it, ``FLOAT[N,3,224,224]``."""
        if self.shape is None:
            return self.type
        return f"{self.type}[{','.join('?' if size is None else str(size) for size in self.shape)}]"


@dataclass(frozen=True, slots=True)
class Tensor:
    """An initializer: its name, element type, dimensions, bytes in the file, and the outside file it names."""

    name: str
    type: str
    dimensions: tuple[int, ...]
    stored_bytes: int
    external: str

    @property
    def parameters(self) -> int:
        """How many numbers it holds; 0 where its dimensions are nonsense."""
        return math.prod(self.dimensions) if all(size >= 0 for size in self.dimensions) else 0

    @property
    def size(self) -> int:
        """How many bytes its numbers take."""
        return self.parameters * BITS.get(self.type, 32) // 8


@dataclass(frozen=True, slots=True)
class Node:
    """One operator of the graph."""

    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(slots=True)
class Graph:
    """What a graph holds. ``ops`` counts the operators of its subgraphs too."""

    name: str = ""
    nodes: list[Node] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    initializers: list[Tensor] = field(default_factory=list)
    inner_ops: Counter[str] = field(default_factory=Counter)
    subgraphs: int = 0


@dataclass(slots=True)
class Model:
    """A model: its graph and what it says about itself."""

    ir_version: int = 0
    producer: str = ""
    producer_version: str = ""
    domain: str = ""
    version: int = 0
    documentation: str = ""
    opset: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    graph: Graph | None = None
    problem: str | None = None

    @property
    def ops(self) -> Counter[str]:
        """How often each operator of the graph occurs."""
        return Counter(node.op for node in self.graph.nodes) if self.graph else Counter()


def read_model(message: Message) -> Model:
    """Read a model; one that is cut off keeps what came before, with its ``problem``.

    Raises:
        MalformedArtifact: there is no graph with an operator, input or output in it: no ONNX model.
        LimitExceeded: more operators or tensors than are looked at.
    """
    model = Model()
    try:
        for each in message.fields():
            _model_field(model, each)
    except MalformedArtifact as error:
        model.problem = error.message
    graph = model.graph
    if graph is None or not (graph.nodes or graph.inputs or graph.outputs):
        text = "Not an ONNX model (invalid, damaged or truncated): it holds no graph."
        raise MalformedArtifact(f"{text} {model.problem or ''}".strip(), code="no_graph")
    named = {tensor.name for tensor in graph.initializers}
    graph.inputs = [value for value in graph.inputs if value.name not in named]
    return model


def _model_field(model: Model, each: Field) -> None:
    texts = {2: "producer", 3: "producer_version", 4: "domain", 6: "documentation"}
    if each.number in texts:
        setattr(model, texts[each.number], each.text())
    elif each.number == 1:
        model.ir_version = each.integer()
    elif each.number == 5:
        model.version = each.integer()
    elif each.number == 7:
        model.graph = model.graph or Graph()
        _read_graph(model.graph, each.message(), depth=0)
    elif each.number == 8:
        domain, version = _pair(each.message(), 1, 2)
        model.opset[str(domain or DEFAULT_DOMAIN)] = int(version or 0)
    elif each.number == 14:
        name, value = _pair(each.message(), 1, 2)
        model.metadata[str(name or "")] = str(value or "")
    elif each.number == 25:
        model.functions.append(next((one.text() for one in each.message().fields() if one.number == 1), ""))


def _pair(message: Message, first: int, second: int) -> tuple[str | int | None, str | int | None]:
    found: dict[int, str | int] = {}
    for each in message.fields():
        if each.number in (first, second):
            found[each.number] = each.text() if each.wire_type == LENGTH else each.integer()
    return found.get(first), found.get(second)


def _read_graph(graph: Graph, message: Message, *, depth: int) -> None:
    if depth > DEEPEST_GRAPH:
        raise LimitExceeded(f"Its graphs are nested more than {DEEPEST_GRAPH} levels deep.", code="too_deep")
    for each in message.fields():
        if each.number == 1:
            _read_node(graph, each.message(), depth)
        elif each.number == 2:
            graph.name = each.text()
        elif each.number == 5:
            graph.initializers.append(_tensor(each.message()))
        elif each.number == 15:
            graph.initializers.append(_sparse_tensor(each.message()))
        elif each.number in (11, 12):
            (graph.inputs if each.number == 11 else graph.outputs).append(_value(each.message()))
        if len(graph.nodes) > MOST_NODES or len(graph.initializers) > MOST_TENSORS:
            raise LimitExceeded(f"It has more than {MOST_NODES:,} operators or tensors.", code="onnx_nodes")


def _read_node(graph: Graph, message: Message, depth: int) -> None:
    op = domain = name = ""
    inputs: list[str] = []
    outputs: list[str] = []
    for each in message.fields():
        if each.number == 1:
            inputs.append(each.text())
        elif each.number == 2:
            outputs.append(each.text())
        elif each.number == 3:
            name = each.text()
        elif each.number == 4:
            op = each.text()
        elif each.number == 5:
            _read_attribute(graph, each.message(), depth)
        elif each.number == 7:
            domain = each.text()
    graph.nodes.append(Node(op or "?", domain, name, tuple(inputs), tuple(outputs)))


def _read_attribute(graph: Graph, message: Message, depth: int) -> None:
    for each in message.fields():
        if each.number in GRAPH_ATTRIBUTES and each.content is not None:
            inner = Graph()
            _read_graph(inner, each.content, depth=depth + 1)
            graph.subgraphs += 1 + inner.subgraphs
            graph.inner_ops.update(node.op for node in inner.nodes)
            graph.inner_ops.update(inner.inner_ops)


def _tensor(message: Message) -> Tensor:
    name, kind, external = "", "UNDEFINED", ""
    dimensions: list[int] = []
    for each in message.fields():
        if each.number == 1:
            dimensions += each.content.integers() if each.content else [each.integer()]
        elif each.number == 2:
            kind = element_type(each.integer())
        elif each.number == 8:
            name = each.text()
        elif each.number == 13:
            key, value = _pair(each.message(), 1, 2)
            external = str(value) if key == "location" else external
        if len(dimensions) > MOST_DIMENSIONS:
            raise MalformedArtifact(f"A tensor has more than {MOST_DIMENSIONS} dimensions.", code="protobuf")
    return Tensor(name, kind, tuple(dimensions), message.size, external)


def _sparse_tensor(message: Message) -> Tensor:
    values = next((each.message() for each in message.fields() if each.number == 1), None)
    found = _tensor(values) if values else Tensor("", "UNDEFINED", (0,), 0, "")
    return Tensor(found.name, found.type, found.dimensions, message.size, found.external)


def _value(message: Message) -> Value:
    name, kind = "", None
    for each in message.fields():
        if each.number == 1:
            name = each.text()
        elif each.number == 2:
            kind = each.message()
    return _typed(name, kind)


def _typed(name: str, message: Message | None) -> Value:
    for each in message.fields() if message else ():
        word = TYPE_FIELDS.get(each.number)
        if word == "tensor":
            return Value(name, *_tensor_type(each.message()))
        if word:
            return Value(name, word, None)
    return Value(name, "UNDEFINED", None)


def _tensor_type(message: Message) -> tuple[str, tuple[int | str | None, ...] | None]:
    kind, shape = "UNDEFINED", None
    for each in message.fields():
        if each.number == 1:
            kind = element_type(each.integer())
        elif each.number == 2:
            shape = tuple(_dimension(one.message()) for one in each.message().fields() if one.number == 1)
    return kind, shape


def _dimension(message: Message) -> int | str | None:
    for each in message.fields():
        if each.number == 1:
            return each.integer()
        if each.number == 2:
            return each.text() or None
    return None


def element_type(number: int) -> str:
    """Return the name of a tensor's element type."""
    return ELEMENT_TYPES[number] if 0 <= number < len(ELEMENT_TYPES) else f"TYPE {number}"


def total_parameters(graph: Graph) -> int:
    """Return how many trained numbers the initializers hold."""
    return sum(tensor.parameters for tensor in graph.initializers)


def external_files(graph: Graph) -> Iterator[str]:
    """Yield the outside files that tensors name, each once."""
    yield from dict.fromkeys(tensor.external for tensor in graph.initializers if tensor.external)
