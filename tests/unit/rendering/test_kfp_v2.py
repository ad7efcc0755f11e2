"""Kubeflow v2: classification metrics, their slices worst first, and executor outputs with all they made."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits, Listing, Reference, Related, Rendering
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.renderers.kfp_executor_output import references

MATRIX = {
    "annotationSpecs": [{"displayName": "cat"}, {"displayName": "dog"}],
    "rows": [{"row": [7.0, 2.0]}, {"row": [1.0, 5.0]}],
}
CURVE = [
    {"confidenceThreshold": 0.9, "recall": 0.0, "falsePositiveRate": 0.0},
    {"confidenceThreshold": 0.5, "recall": 0.75, "falsePositiveRate": 0.5},
    {"confidenceThreshold": 0.0, "recall": 1.0, "falsePositiveRate": 1.0},
]
WORSE = {**MATRIX, "rows": [{"row": [4, 5]}, {"row": [5, 1]}]}
# fmt: off
FIELD_NAMES = [
    "confusionMatrix", "rows", "row", "annotationSpecs", "displayName", "confidenceMetrics", "recall",
    "falsePositiveRate", "evaluationSlices", "slice", "artifacts", "uri", "metadata", "type", "struct",
]
# fmt: on
PREFIX = "minio://bucket/v2/artifacts/run/evaluate"


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


@pytest.fixture
def show(render):
    def run(document: Any, name: str = "v2/artifacts/run/evaluate/out") -> Rendering:
        return render(json.dumps(document), name)

    return run


def test_a_matrix_and_a_curve_stand_on_one_page(show) -> None:
    rendering = show({"confusionMatrix": MATRIX, "confidenceMetrics": CURVE})
    assert rendering.kind == "kfp_classification_metrics"
    assert rendering.facts["confusion_matrix"]["rows"] == [[7, 2], [1, 5]]
    assert rendering.facts["confusion_matrix"]["accuracy"] == 0.8
    assert rendering.facts["roc"] == {"auc": 0.625, "points": 3, "first_threshold": 0.9}
    assert "AUC 0.6250" in page_of(rendering)


@pytest.mark.parametrize(
    "document",
    [
        {"name": "cm", "uri": "minio://b/x", "metadata": {"confusionMatrix": MATRIX}},
        {"confusionMatrix": {"struct": MATRIX}},
        {"confusionMatrix": MATRIX, "display_name": "cm"},
    ],
)
def test_the_whole_artifact_and_the_stores_wrapping_are_understood(show, document: Any) -> None:
    assert show(document).facts["confusion_matrix"]["labels"] == ["cat", "dog"]


def test_an_infinite_threshold_and_other_numbers_are_shown(show) -> None:
    first = {**CURVE[0], "confidenceThreshold": float("inf")}
    rendering = show({"confidenceMetrics": [first, *CURVE[1:]], "auc": 0.9})
    assert rendering.facts["roc"]["first_threshold"] == "inf"
    assert rendering.facts["metrics"] == {"auc": 0.9}
    assert "state an AUC of 0.9000" in rendering.warnings[0]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"confusionMatrix": {"rows": [{"row": [1, 2]}]}}, "not square"),
        ({"confusionMatrix": {"rows": []}}, "no rows"),
        ({"confusionMatrix": {**MATRIX, "annotationSpecs": [{"displayName": "cat"}]}}, "names 1 classes"),
        ({"confusionMatrix": {**MATRIX, "rows": [{"row": [-1, 2]}, {"row": [1, 5]}]}}, "no count"),
        ({"confidenceMetrics": []}, "at least two points"),
        ({"confidenceMetrics": [{"a": 1}, {"a": 2}]}, "lack values"),
        ({"confidenceMetrics": [7]}, "not an object"),
        ({"confidenceMetrics": [{**CURVE[0], "recall": 1.5}, *CURVE[1:]]}, "out of the range"),
        ({"evaluationSlices": []}, "no slice"),
    ],
)
def test_metrics_that_cannot_be_read_say_why(show, document: Any, words: str) -> None:
    with pytest.raises(MalformedArtifact, match=words):
        show(document)


def test_a_bad_matrix_is_told_beside_a_good_curve(show) -> None:
    rendering = show({"confusionMatrix": {"rows": []}, "confidenceMetrics": CURVE})
    assert rendering.facts["roc"]["auc"] == 0.625
    assert "confusion matrix cannot be shown" in rendering.warnings[0]


def test_slices_stand_side_by_side_the_worst_first(show) -> None:
    slices = [
        {"slice": "young", "sliceClassificationMetrics": {"confusionMatrix": MATRIX, "confidenceMetrics": CURVE}},
        {"slice": "<b>old</b>", "sliceClassificationMetrics": {"confusionMatrix": WORSE}},
        {"slice": "broken", "sliceClassificationMetrics": {}},
    ]
    rendering = show({"evaluationSlices": slices})
    page = page_of(rendering)
    assert [one["slice"] for one in rendering.facts["slices"]] == ["<b>old</b>", "young"]
    assert [one["accuracy"] for one in rendering.facts["slices"]] == [0.333333, 0.8]
    assert page.index("&lt;b&gt;old") < page.index("young")
    assert "The slice broken cannot be shown" in rendering.warnings[0]
    assert "accuracy from 0.3333" in rendering.alt_text


def executor_output(**artifacts: Any) -> dict[str, Any]:
    return {"artifacts": {name: {"artifacts": [value]} for name, value in artifacts.items()}}


@pytest.fixture
def step(make_source):
    """Render an executor output with objects (address to bytes) that can be fetched."""

    def run(document: Any, objects: dict[str, str] | None = None) -> Rendering:
        related = {}
        for uri, content in (objects or {}).items():
            made = make_source(content)
            related[uri] = Related(uri, made.path, made.size, "application/octet-stream")
        source = make_source(json.dumps(document), "v2/run/evaluate/executor_output.json")
        return render_here(replace(source, related=related), Limits())

    return run


def test_every_artifact_is_named_and_drawn_from_its_metadata_or_its_object(step) -> None:
    document = executor_output(
        metrics={"name": "metrics", "uri": f"{PREFIX}/metrics", "metadata": {"accuracy": 0.75}},
        cm={"uri": f"{PREFIX}/cm", "type": {"schemaTitle": "system.ClassificationMetrics"}}
        | {"metadata": {"confusionMatrix": MATRIX}},
        note={"uri": f"{PREFIX}/note", "metadata": {}},
        data={"uri": f"{PREFIX}/data", "metadata": {}},
        model={"uri": "gs://elsewhere/model", "metadata": {"framework": "sklearn"}},
    )
    document["parameterValues"] = {"threshold": 0.5}
    rendering = step(
        document,
        {f"{PREFIX}/note": "# A note\n\nwords **here**\n\n- [x] one", f"{PREFIX}/data/t.csv": "x,y\n1,2\n3,4\n"},
    )
    page = page_of(rendering)
    assert rendering.facts["artifacts"] == {
        "metrics": f"{PREFIX}/metrics",
        "cm": f"{PREFIX}/cm",
        "note": f"{PREFIX}/note",
        "data": f"{PREFIX}/data",
        "model": "gs://elsewhere/model",
    }
    assert rendering.facts["confusion_matrix"]["accuracy"] == 0.8
    assert rendering.facts["metrics"] == {"accuracy": 0.75}
    for words in ("system.ClassificationMetrics", "words <strong>here</strong>", "t.csv", "sklearn", "threshold"):
        assert words in page
    assert rendering.warnings == ()


def test_users_html_is_framed_without_rights_and_the_page_is_called_active(step) -> None:
    document = executor_output(report={"uri": f"{PREFIX}/report", "metadata": {}})
    rendering = step(document, {f"{PREFIX}/report": "<html><body><h1>R</h1><script>draw()</script></body></html>"})
    page = next(output for output in rendering.outputs if output.role == "page")
    assert page.active
    assert '<iframe sandbox="allow-scripts" ' in page.content.decode()
    assert "<script>" not in page.content.decode()


def test_a_bad_artifact_stands_beside_the_good_ones(step) -> None:
    document = executor_output(
        bad={"uri": "x", "metadata": {"confusionMatrix": {"rows": []}}}, good={"metadata": {"f1": 0.5}}
    )
    document["artifacts"]["none"] = {"artifacts": "nothing"}
    rendering = step(document)
    assert rendering.facts["metrics"] == {"f1": 0.5}
    assert any("bad cannot be shown" in text for text in rendering.warnings)
    assert any("none lists no artifacts" in text for text in rendering.warnings)


def test_only_objects_that_the_metadata_do_not_show_are_asked_for(make_source) -> None:
    document = executor_output(
        cm={"uri": f"{PREFIX}/cm", "metadata": {"confusionMatrix": MATRIX}},
        note={"uri": f"{PREFIX}/note/", "metadata": {}},
        far={"uri": "gs://b/x", "metadata": {}},
    )
    asked = references(make_source(json.dumps(document)))
    assert [(type(one), one.uri) for one in asked] == [(Reference, f"{PREFIX}/note"), (Listing, f"{PREFIX}/note/")]


def test_several_artifacts_of_one_output_are_numbered(step) -> None:
    document = {"artifacts": {"models": {"artifacts": [{"uri": "a"}, {"uri": "b"}]}}}
    assert step(document).facts["artifacts"] == {"models[0]": "a", "models[1]": "b"}


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "confusionMatrix",
                    "rows",
                    "row",
                    "annotationSpecs",
                    "displayName",
                    "confidenceMetrics",
                    "recall",
                    "falsePositiveRate",
                    "evaluationSlices",
                    "slice",
                    "artifacts",
                    "uri",
                    "metadata",
                    "type",
                    "struct",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    document=st.dictionaries(
        st.sampled_from(["confusionMatrix", "confidenceMetrics", "evaluationSlices", "artifacts"]), values, min_size=1
    ),
    kind=st.sampled_from(["kfp_classification_metrics", "kfp_sliced_metrics", "kfp_executor_output"]),
)
def test_any_document_ends_in_a_page_or_an_error_of_ours(document: Any, kind: str, make_source) -> None:
    source = make_source(json.dumps(document))
    detect(source)
    try:
        assert render_here(source, Limits(), kind).outputs
    except BelvedereError as error:
        assert error.message
