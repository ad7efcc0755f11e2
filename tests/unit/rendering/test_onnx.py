"""ONNX: what the onnx library says of a model is the measure; weights and outside files are never touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.drawing.layered import MOST_IN_LAYER, lay_out
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.models.wire import Message

if TYPE_CHECKING:
    from tests.unit.rendering.conftest import MakeSource, Render

SAMPLES = Path(__file__).parents[2] / "samples" / "onnx"


def model(
    nodes: list[Any] | None = None, initializers: list[Any] | None = None, shape: tuple[Any, ...] = (None, "n", 3)
) -> Any:
    graph = helper.make_graph(
        nodes or [helper.make_node("Relu", ["x"], ["y"], name="act")],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT16, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT16, None)],
        initializers or [],
    )
    return helper.make_model(graph, producer_name="tests", opset_imports=[helper.make_opsetid("", 21)])


@pytest.mark.parametrize("name", ["iris_logreg", "light_squeezenet"])
def test_the_facts_are_what_the_onnx_library_says(render: Render, name: str) -> None:
    content = (SAMPLES / f"{name}.onnx").read_bytes()
    known = onnx.load_model_from_string(content)
    weights = {tensor.name for tensor in known.graph.initializer}

    facts = render(content, f"models/{name}.onnx").facts["onnx"]

    assert facts["nodes"] == len(known.graph.node)
    assert facts["ops"] == {
        op: sum(node.op_type == op for node in known.graph.node) for op in {node.op_type for node in known.graph.node}
    }
    assert facts["opset"] == {one.domain or "ai.onnx": one.version for one in known.opset_import}
    assert facts["initializers"] == len(known.graph.initializer)
    assert facts["parameters"] == sum(int(np.prod(tensor.dims)) for tensor in known.graph.initializer)
    assert [one["name"] for one in facts["inputs"]] == [
        one.name for one in known.graph.input if one.name not in weights
    ]
    assert (facts["ir_version"], facts["producer"]) == (known.ir_version, known.producer_name)


def test_variable_dimensions_keep_their_names(render: Render) -> None:
    facts = render(model().SerializeToString(), "m.onnx").facts["onnx"]

    assert facts["inputs"] == [{"name": "x", "type": "FLOAT16", "shape": [None, "n", 3]}]
    assert facts["outputs"][0]["shape"] is None


def test_the_page_shows_inputs_operators_and_the_graph(render: Render) -> None:
    rendering = render((SAMPLES / "light_squeezenet.onnx").read_bytes(), "m.onnx")
    page = page_of(rendering)

    for word in (
        "data_0",
        "softmaxout_1",
        "1 × 3 × 224 × 224",
        "ConstantOfShape",
        "onnx-caffe2",
        "fire2/expand1x1_b_0",
    ):
        assert word in page
    assert "39 operators that make constants are not drawn" in page
    assert rendering.alt_text.startswith("ONNX model of 105 operators (39 ConstantOfShape, 26 Conv, 26 Relu, 8 Concat")
    assert {output.role for output in rendering.outputs} == {"page", "figure", "thumbnail"}


def test_external_data_is_named_and_never_opened(render: Render, tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\1" * 16)
    tensor = numpy_helper.from_array(np.ones(4, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=str(secret))
    tensor.external_data.add(key="location", value="../../../../etc/passwd")

    rendering = render(model(initializers=[tensor]).SerializeToString(), "m.onnx")

    assert rendering.facts["onnx"]["external_data"] == ["../../../../etc/passwd"]
    assert "not opened" in rendering.warnings[0]
    assert "root:" not in page_of(rendering)


def test_operators_inside_loops_are_counted_apart(render: Render) -> None:
    inner = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["z"])], "body", [], [helper.make_tensor_value_info("z", 1, None)]
    )
    branch = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)

    rendering = render(model([branch]).SerializeToString(), "m.onnx")

    assert rendering.facts["onnx"]["ops"] == {"If": 1}
    assert rendering.facts["onnx"]["subgraphs"] == 2
    assert "Add (inside loops and branches)" in page_of(rendering)


def test_a_deep_model_is_folded_and_cut(render: Render) -> None:
    nodes = [helper.make_node("Relu", [f"t{at}"], [f"t{at + 1}"]) for at in range(1500)]
    nodes[0].input[0], nodes[-1].output[0] = "x", "y"

    page = page_of(render(model(nodes).SerializeToString(), "m.onnx"))

    assert "share a box" in page
    assert "more …" in page
    assert len(page) < 200_000


def test_weights_cost_no_memory(make_source: MakeSource) -> None:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [40_000_000], b"\0" * 160_000_000, raw=True)
    source = make_source(model(initializers=[weights]).SerializeToString(), "m.onnx")

    result = render_isolated(source, Limits(memory_bytes=64 * 1024**2), strictness="lenient")

    assert result.rendering.facts["onnx"]["parameters"] == 40_000_000


def test_a_cut_model_shows_what_is_there_with_a_warning(render: Render) -> None:
    content = (SAMPLES / "light_squeezenet.onnx").read_bytes()

    rendering = render(content[:7000], "m.onnx")

    assert 0 < rendering.facts["onnx"]["nodes"] < 105
    assert "truncated" in rendering.warnings[0]


@pytest.mark.parametrize("content", [b"\x08", b"\x08\x03", b"not a model", b"\0" * 100, b"\x3a\xff\xff\xff\xff\x0f"])
def test_what_is_no_model_is_said_to_be_none(make_source: MakeSource, content: bytes) -> None:
    with pytest.raises(MalformedArtifact, match="invalid"):
        render_here(make_source(content, "m.onnx"), Limits(), "onnx")


def test_graphs_nested_without_end_are_refused(make_source: MakeSource) -> None:
    def wrapped(number: int, content: bytes) -> bytes:
        length, size = len(content), b""
        while True:
            size += bytes([(length & 0x7F) | (0x80 if length > 127 else 0)])
            length >>= 7
            if not length:
                return bytes([number << 3 | 2]) + size + content

    graph = wrapped(1, b"\x22\x01A")
    for _ in range(40):
        graph = wrapped(1, wrapped(5, wrapped(6, graph)))

    with pytest.raises(LimitExceeded, match="levels deep"):
        render_here(make_source(wrapped(7, graph), "m.onnx"), Limits())


def test_hostile_names_are_only_text(render: Render) -> None:
    nodes = [helper.make_node("<script>alert(1)</script>", ["x"], ["y"], name='"><img src=x onerror=alert(1)>')]

    rendering = render(model(nodes).SerializeToString(), "m.onnx")

    for output in rendering.outputs:
        assert b"<script>" not in output.content
        assert b"<img src=x" not in output.content


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_models_end_in_a_rendering_or_an_error_of_ours(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray((SAMPLES / "iris_logreg.onnx").read_bytes())
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=6)):
        content[at] = value
    path = tmp_path / "m.onnx"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])

    try:
        render_here(Source("b", "m.onnx", "e", "", "", path.stat().st_size, path), Limits(), "onnx")
    except BelvedereError as error:
        assert error.message


@given(st.binary(max_size=300))
def test_any_bytes_are_fields_or_an_error(content: bytes) -> None:
    message = Message(memoryview(content), 0, len(content))

    try:
        read = list(message.fields())
    except MalformedArtifact:
        return
    assert all(each.content is None or each.content.end <= len(content) for each in read)


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60))
def test_every_edge_leads_to_a_lower_layer(count: int, pairs: list[tuple[int, int]]) -> None:
    edges = [(a, b) for a, b in pairs if a < b < count]

    layout = lay_out(count, edges)

    row = {node: at for at, layer in enumerate(layout.layers) for node in layer}
    assert all(row[a] < row[b] for a, b in edges if a in row and b in row)
    assert all(len(layer) <= MOST_IN_LAYER for layer in layout.layers)
    assert len(row) + layout.left_out == count
