from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.gallery.verdict import verdict

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())
NAMES = st.sampled_from(
    [
        "auc",
        "accuracy",
        "rows",
        "columns",
        "width",
        "height",
        "format",
        "lines",
        "percent",
        "last_line",
        "nodes",
        "parameters",
        "metrics",
        "flavors",
        "trees",
        "imports",
        "dangerous",
        "model",
        "layers",
        "images",
        "annotations",
        "pages",
        "duration_seconds",
        "codec",
        "features",
    ]
)
KINDS = st.sampled_from(
    [
        "onnx",
        "mlflow",
        "xgboost",
        "pickle",
        "skops",
        "keras",
        "safetensors",
        "roc",
        "confusion_matrix",
        "table",
        "image",
        "text",
        "markdown",
        "percent",
        "outputs",
        "coco",
        "pdf",
        "audio",
        "geojson",
    ]
)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"roc": {"auc": 0.9154, "points": 48}}, "AUC 0.915"),
        ({"confusion_matrix": {"accuracy": 0.7303}}, "accuracy 0.730"),
        ({"roc": {"auc": 0.947}, "metrics": {"auc": 0.9468, "f1": 0.9}}, "AUC 0.947 · f1 0.9"),
        ({"roc": {"auc": 0.947}, "metrics": {"AUC": 0.9468}}, "AUC 0.947"),
        ({"pdf": {"pages": 5}, "keras": {"layers": 5}}, "5 pages · 5 layers"),
        ({"table": {"rows": 4_500_000, "columns": 14}}, "4,500,000 × 14"),
        ({"image": {"width": 400, "height": 340, "format": "PNG"}}, "400 × 340 PNG"),
        ({"image": {"format": "SVG", "viewbox": "0 0 360 216"}}, "SVG"),
        ({"text": {"lines": 1200}}, "1,200 lines"),
        ({"roc": {"auc": 0.5}, "table": {"rows": 1, "columns": 2}, "text": {"lines": 3}}, "AUC 0.500 · 1 × 2"),
        ({"roc": {"auc": None}}, None),
        ({"outputs": 5, "table": {"rows": 178, "columns": 14}, "text": {"lines": 1}}, "5 outputs · 178 × 14"),
        ({"percent": 62.5, "text": {"lines": 40}}, "62 % · 40 lines"),
        ({"markdown": {"words": 87}}, "87 words"),
        ({"outputs": 1, "onnx": {"nodes": 5, "parameters": 0}}, "5 operators"),
        ({"onnx": {"nodes": 1, "parameters": 1_234_567}}, "1 operator, 1.23 M parameters"),
        (
            {"mlflow": {"flavors": ["python_function", "sklearn"], "metrics": {"rmse": 70.26354}}},
            "sklearn · rmse 70.26",
        ),
        ({"xgboost": {"trees": 30, "objective": "multi:softprob"}}, "30 trees for multi:softprob"),
        ({"pickle": {"imports": ["posix.system"], "dangerous": ["posix.system"]}}, "dangerous: posix.system"),
        ({"pickle": {"imports": ["numpy.dtype"], "dangerous": []}}, "1 import, not loaded"),
        ({"skops": {"model": "sklearn.pipeline.Pipeline"}}, "Pipeline"),
        ({"safetensors": {"parameters": 43}}, "43 parameters"),
        ({"keras": {"layers": 1}}, "1 layer"),
        (
            {"tensorboard": {"runs": {"a": {"scalars": {"acc": {}, "loss": {"last_value": 0.25}}}, "b": {}}}},
            "2 runs, loss 0.25",
        ),
        ({"metrics": {"loss": 0.123456, "words": "x", "f1": 1.0, "more": 2}}, "loss 0.1235 · f1 1"),
        ({"metrics": {"train": {"loss": 1}}}, None),
        ({"chart": {"marks": 150}}, "150 marks"),
        ({"chart": {"traces": 1}}, "1 trace"),
        ({"percent": 34, "progress": {"metrics": {"loss": 0.5}}}, "34 % · loss 0.5"),
        ({"slices": [{"slice": "old", "accuracy": 0.25}, {"slice": "new"}]}, "2 slices, worst 0.250"),
        ({"artifacts": {"cm": "minio://b/cm"}, "roc": {"auc": 0.5}}, "AUC 0.500 · 1 artifact"),
        ({"coco": {"images": 2, "annotations": 4}}, "2 images, 4 annotations"),
        ({"coco": {"images": 2, "annotations": 400, "predictions": True}}, "2 images, 400 predictions"),
        ({"pdf": {"pages": 1}}, "1 page"),
        ({"audio": {"duration_seconds": 3.0, "codec": "PCM"}}, "3 s PCM"),
        ({"video": {"duration_seconds": 754.2, "codec": "H.264"}}, "12:34 H.264"),
        ({"video": {"duration_seconds": None, "codec": ""}}, None),
        ({"geojson": {"features": 1200}}, "1,200 features"),
        ({}, None),
    ],
)
def test_facts_come_down_to_a_few_words(facts: dict[str, Any], words: str | None) -> None:
    assert verdict(facts) == words


@given(st.dictionaries(KINDS, PLAIN | st.dictionaries(NAMES, PLAIN)))
def test_no_facts_of_a_strange_renderer_break_a_card(facts: dict[str, Any]) -> None:
    words = verdict(facts)

    assert words is None or words.strip() == words
