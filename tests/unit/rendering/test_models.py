"""Models other than ONNX and MLflow's: real ones of each library, hostile ones, and none of them loaded."""

from __future__ import annotations

import io
import json
import zipfile
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact, UnsupportedArtifact
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.models.ubjson import read_ubjson

if TYPE_CHECKING:
    from tests.unit.rendering.conftest import MakeSource, Render

SAMPLES = Path(__file__).parents[2] / "samples"
MODELS = SAMPLES / "models"
UBJ = SAMPLES / "mlflow/xgboost-iris/artifacts/model/model.ubj"


def as_json(value: Any) -> Any:
    """Return what XGBoost would write as JSON."""
    if isinstance(value, dict):
        return {name: as_json(inner) for name, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list | array) else value


def zipped(files: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


# -- XGBoost


@pytest.mark.parametrize("form", ["ubj", "json"])
def test_an_xgboost_model_shows_what_matters_to_it(render: Render, form: str) -> None:
    content = UBJ.read_bytes() if form == "ubj" else json.dumps(as_json(read_ubjson(UBJ.read_bytes()))).encode()

    rendering = render(content, f"model.{form}")
    facts, page = rendering.facts["xgboost"], page_of(rendering)

    assert rendering.kind == "xgboost"
    assert (facts["trees"], facts["leaves"], facts["classes"], facts["objective"]) == (30, 145, 3, "multi:softprob")
    assert next(iter(facts["importance"])) == "petal_length"
    assert facts["splits"] == {"petal_length": 61, "petal_width": 31, "sepal_width": 14, "sepal_length": 9}
    assert "petal_length &lt; 3" in page
    assert "30 trees with 145 leaves over 4 features; petal_length" in rendering.alt_text


def test_a_cut_or_empty_xgboost_model_is_malformed(render: Render) -> None:
    with pytest.raises(MalformedArtifact, match="truncated"):
        render(UBJ.read_bytes()[:20_000], "model.ubj")
    with pytest.raises(MalformedArtifact, match="truncated"):
        render(b'{"learner": {"gradient_booster": {"mod', "model.json")
    with pytest.raises(MalformedArtifact, match="learner"):
        render(b'{"learner": {}}', "model.json")


def test_trees_that_run_in_circles_end(render: Render) -> None:
    tree = {"left_children": [1, 0, -1], "right_children": [2, 1, -1], "split_indices": [0, 0, 0]}
    tree |= {"split_conditions": [1.0, 2.0, 3.0], "loss_changes": [1.0, 1.0, 0.0]}
    learner = {"gradient_booster": {"model": {"trees": [tree]}, "name": "gbtree"}, "feature_names": []}

    facts = render(json.dumps({"learner": learner}), "model.json").facts["xgboost"]

    assert facts["splits"] == {"f0": 2}


@pytest.mark.parametrize(
    "content",
    [
        b"{L" + b"\x00" * 7 + b"\x07learner[$d#L\x7f" + b"\xff" * 7,
        b"{L" + b"\x00" * 7 + b"\x07learner[$Z#L\x7f" + b"\xff" * 7,
        b"{L" + b"\x00" * 7 + b"\x07learner" + b"[" * 500,
        b"{L" + b"\x00" * 7 + b"\x07learnerSL\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
)
def test_lengths_that_lie_cost_nothing(render: Render, content: bytes) -> None:
    with pytest.raises(MalformedArtifact):
        render(content, "model.ubj")


# -- LightGBM


def test_a_lightgbm_models_importance_is_what_the_library_says(render: Render) -> None:
    rendering = render((MODELS / "diabetes_lightgbm.txt").read_bytes(), "model.txt")
    facts = rendering.facts["lightgbm"]

    # Booster.feature_importance() of lightgbm 4.7.0 for this very model
    assert facts["splits"] == {"bmi": 18, "s5": 8, "bp": 8, "s6": 4, "s2": 1, "s3": 1}
    assert facts["importance"]["s5"] == pytest.approx(3329632.0, rel=1e-5)
    assert (facts["trees"], facts["objective"], facts["features"]) == (8, "regression", 10)
    assert rendering.warnings == ()
    assert "s5 ≤ 1e-35" in page_of(rendering)


def test_a_cut_lightgbm_model_keeps_its_whole_trees(render: Render) -> None:
    content = (MODELS / "diabetes_lightgbm.txt").read_bytes()

    rendering = render(content[: content.index(b"Tree=5") + 40], "model.txt")

    assert rendering.facts["lightgbm"]["trees"] == 5
    assert "truncated" in rendering.warnings[0]


# -- joblib


def test_joblibs_arrays_are_stepped_over_to_the_last_import(render: Render) -> None:
    facts = render((MODELS / "iris_pipeline.joblib").read_bytes(), "m.joblib").facts["pickle"]

    assert facts["imports"][-3:] == [
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
    ]
    assert facts["unread_bytes"] == 0


class _Payload:
    def __reduce__(self) -> Any:
        return eval, ("1",)


def test_a_payload_behind_and_inside_of_arrays_is_seen(render: Render, tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    for thing in ([np.arange(9.0), _Payload()], np.array([_Payload(), 2], dtype=object)):
        joblib.dump(thing, path)

        assert render(path.read_bytes(), "m.joblib").facts["pickle"]["dangerous"] == ["builtins.eval"]


# -- skops


def test_a_skops_model_lists_its_types(render: Render) -> None:
    rendering = render((MODELS / "iris_pipeline.skops").read_bytes(), "iris.skops")
    facts = rendering.facts["skops"]

    assert facts["model"] == "sklearn.pipeline.Pipeline"
    assert facts["untrusted"] == []
    assert [name.rpartition(".")[2] for name in facts["estimators"]] == [
        "Pipeline",
        "StandardScaler",
        "LogisticRegression",
    ]
    assert rendering.warnings == ()


def test_types_that_ought_not_to_be_trusted_are_marked(render: Render) -> None:
    function = {"module_path": "os", "function": "system"}
    schema = {
        "__class__": "MyModel",
        "__module__": "company.models",
        "__loader__": "ObjectNode",
        "content": {"__class__": "function", "__module__": "os", "__loader__": "FunctionNode", "content": function},
    }

    rendering = render(zipped({"schema.json": json.dumps(schema)}), "m.skops")

    assert "company.models.MyModel" in rendering.facts["skops"]["untrusted"]
    assert "os.system" in rendering.facts["skops"]["untrusted"]
    assert "can run code" in rendering.warnings[0]
    assert 'class="risk-dangerous"' in page_of(rendering)


@pytest.mark.parametrize("schema", ["", "[]", "{}", '{"__class__": 3}', "[" * 100_000])
def test_a_schema_that_is_none_is_malformed(render: Render, schema: str) -> None:
    with pytest.raises(MalformedArtifact):
        render(zipped({"schema.json": schema}), "m.skops")


# -- safetensors


def tensors(header: str | dict[str, Any], numbers: bytes = b"") -> bytes:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def test_a_safetensors_file_shows_its_header(render: Render) -> None:
    rendering = render((MODELS / "tiny.safetensors").read_bytes(), "model.safetensors")
    facts = rendering.facts["safetensors"]

    assert facts["shapes"] == {"ids": [3], "encoder.weight": [8, 4], "encoder.bias": [8]}
    assert (facts["parameters"], facts["dtypes"]) == (43, {"I64": 1, "F32": 1, "F16": 1})
    assert facts["metadata"] == {"format": "np", "license": "mit"}
    assert rendering.warnings == ()


def test_a_header_length_that_looks_like_a_pickle_is_none(make_source: MakeSource) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).ljust(0x280)

    assert detect(make_source(tensors(header, b"\0" * 4), "m.safetensors")) == "safetensors"


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 90_000_000, 200])
def test_a_hostile_header_length_reads_nothing(make_source: MakeSource, length: int) -> None:
    content = length.to_bytes(8, "little") + b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'

    with pytest.raises((MalformedArtifact, LimitExceeded), match=r"truncated|at most"):
        render_here(make_source(content, "m.safetensors"), Limits(), "safetensors")


def test_tensors_outside_of_the_file_are_told(render: Render) -> None:
    header = {
        "ok": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        "far": {"dtype": "F32", "shape": [9], "data_offsets": [4, 40]},
        "odd": {"dtype": "F32", "shape": "x", "data_offsets": [0, 4]},
        "huge": {"dtype": "F32", "shape": [2**61, 2**61], "data_offsets": [0, 4]},
    }

    rendering = render(tensors(header, b"\0" * 8), "m.safetensors")

    assert rendering.facts["safetensors"]["tensors"] == 2
    assert any("far" in warning and "truncated" in warning for warning in rendering.warnings)
    assert sum("left out" in warning for warning in rendering.warnings) == 2


# -- Keras, HDF5, SavedModel

LAYERS = [
    {"class_name": "InputLayer", "module": "keras.layers", "config": {"name": "in", "batch_shape": [None, 4]}},
    {"class_name": "Dense", "module": "keras.layers", "config": {"name": "d", "units": 3, "activation": "relu"}},
]


def keras(layers: list[dict[str, Any]]) -> bytes:
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    metadata = {"keras_version": "3.12.0", "date_saved": "2026-11-22@01:00:00"}
    return zipped(
        {"config.json": json.dumps(config), "metadata.json": json.dumps(metadata), "model.weights.h5": "weights"}
    )


def test_a_keras_archive_shows_its_layers(render: Render) -> None:
    rendering = render(keras(LAYERS), "model.keras")

    assert rendering.facts["keras"]["layer_types"] == ["InputLayer", "Dense"]
    assert rendering.facts["keras"]["version"] == "3.12.0"
    assert "units 3, activation relu" in page_of(rendering)
    assert rendering.warnings == ()


@pytest.mark.parametrize(
    "layer",
    [
        {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "l", "function": {"value": "4wEA"}}},
        {"class_name": "system", "module": "os", "config": {"name": "x"}},
    ],
)
def test_layers_that_run_code_are_named(render: Render, layer: dict[str, Any]) -> None:
    rendering = render(keras([*LAYERS, layer]), "model.keras")

    assert len(rendering.facts["keras"]["runs_code"]) == 1
    assert "would run code" in rendering.warnings[0]


def test_an_hdf5_file_of_keras_shows_its_layers_and_another_is_unsupported(render: Render) -> None:
    rendering = render((MODELS / "tiny.h5").read_bytes(), "model.h5")

    assert rendering.facts["keras"]["layer_types"] == ["Dense"]
    with pytest.raises(UnsupportedArtifact):
        render(b"\x89HDF\r\n\x1a\n" + b"\0" * 500, "data.h5")


def field(number: int, content: bytes | str | int) -> bytes:
    if isinstance(content, int):
        return bytes([number << 3, content & 0x7F])
    data = content.encode() if isinstance(content, str) else content
    return bytes([number << 3 | 2, len(data)]) + data


def saved_model() -> bytes:
    tensor = field(1, "in:0") + field(2, 1) + field(3, field(2, field(1, 28)))
    signature = field(1, field(1, "images") + field(2, tensor))
    graph = field(1, field(4, "serve") + field(5, "2.20.0")) + field(
        5, field(1, "serving_default") + field(2, signature)
    )
    return field(1, 1) + field(2, graph) + b"\x00" * 0


def test_a_saved_model_shows_its_signatures(render: Render) -> None:
    source = saved_model()

    facts = render(source + field(9, b"\0\0\0\0"), "export/saved_model.pb").facts["saved_model"]

    assert (facts["tensorflow"], facts["tags"], facts["signatures"]) == ("2.20.0", ["serve"], ["serving_default"])
    assert facts["tensors"] == [
        {"signature": "serving_default", "way": "in", "name": "images", "type": "float32", "shape": "28"}
    ]


# -- all of them, damaged

WHOLE = {
    "xgboost": UBJ.read_bytes()[:3000] + UBJ.read_bytes()[-600:],
    "lightgbm": (MODELS / "diabetes_lightgbm.txt").read_bytes()[:3000],
    "skops": (MODELS / "iris_pipeline.skops").read_bytes(),
    "safetensors": (MODELS / "tiny.safetensors").read_bytes(),
    "keras": keras(LAYERS),
    "hdf5": (MODELS / "tiny.h5").read_bytes(),
    "saved_model": saved_model(),
    "pickle": (MODELS / "iris_pipeline.joblib").read_bytes(),
    "pytorch": zipped({"a/data.pkl": "x"}),
}


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_models_end_in_a_rendering_or_an_error_of_ours(tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(WHOLE)))
    content = bytearray(WHOLE[kind])
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=5)):
        content[at] = value
    path = tmp_path / "model"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])

    try:
        render_here(Source("b", "model", "e", "", "", path.stat().st_size, path), Limits(), kind)
    except BelvedereError as error:
        assert error.message


@given(st.binary(max_size=120))
def test_any_bytes_are_ubjson_or_malformed(content: bytes) -> None:
    try:
        read_ubjson(content)
    except MalformedArtifact as error:
        assert error.message
