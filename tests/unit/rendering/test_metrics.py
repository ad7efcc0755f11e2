"""Metrics: Kubeflow's list with percentages, or names with numbers, also in groups; bad ones are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from belvedere.errors import MalformedArtifact
from belvedere.rendering.detection import detect

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def metric(name: Any, value: Any, form: str | None = None) -> dict[str, Any]:
    return {"name": name, "numberValue": value} | ({"format": form} if form else {})


@pytest.fixture
def show(render):
    def run(document: Any, name: str = "runs/a/mlpipeline-metrics.json") -> Rendering:
        return render(json.dumps(document), name)

    return run


def test_percentages_are_shown_as_such(show) -> None:
    rendering = show({"metrics": [metric("accuracy-score", 0.716667, "PERCENTAGE"), metric("loss", 0.25, "RAW")]})
    assert rendering.facts["metrics"] == {"accuracy-score": 0.716667, "loss": 0.25}
    assert "71.67 %" in page_of(rendering)
    assert rendering.warnings == ()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (metric("loss", "many"), "'loss' is 'many', not a finite number"),
        (metric("loss", float("nan")), "not a finite number"),
        (metric("loss", None), "'loss' has no numberValue"),
        (metric(None, 1), "needs a name"),
        (7, "not an object"),
        (metric("1 bad name!", 1), "Kubeflow refuses these names"),
        (metric("loss", 1, "PER_MILLE"), "unknown format 'PER_MILLE'"),
        (metric("good", 2), "more than once: good"),
    ],
)
def test_what_is_wrong_with_a_metric_is_said_beside_the_good_ones(show, bad: Any, words: str) -> None:
    rendering = show({"metrics": [metric("good", 1), bad]})
    assert "good" in rendering.facts["metrics"]
    assert any(words in text for text in rendering.warnings)


def test_more_metrics_than_kubeflow_keeps_are_shown_and_said(show) -> None:
    rendering = show({"metrics": [metric(f"m{at}", at) for at in range(60)]})
    assert len(rendering.facts["metrics"]) == 60
    assert "Kubeflow keeps the first 50" in rendering.warnings[0]


def test_groups_of_numbers_are_one_level_of_names(show) -> None:
    rendering = show({"train": {"loss": 0.25}, "validation": {"loss": 0.5}, "epochs": 30}, "runs/a/summary.json")
    assert rendering.facts["metrics"] == {"train": {"loss": 0.25}, "validation": {"loss": 0.5}, "epochs": 30}
    assert "train loss" in page_of(rendering)


def test_metrics_of_a_kubeflow_artifact_are_its_metadata(show) -> None:
    document = {"name": "metrics", "uri": "minio://b/metrics", "metadata": {"accuracy": 0.5, "rows": 899}}
    assert show(document, "v2/metrics").facts["metrics"] == {"accuracy": 0.5, "rows": 899}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"a": 1.5, "b": {"c": 2}}, "metrics"),
        ({"a": 1.5, "b": "word"}, "json"),
        ({"a": {"b": {"c": 1}}}, "json"),
        ({"metrics": [metric("a", 1)]}, "kfp_metrics"),
    ],
)
def test_only_names_with_numbers_are_metrics(make_source, document: Any, kind: str) -> None:
    assert detect(make_source(json.dumps(document), "runs/a/x.json")) == kind


def test_nothing_to_show_is_an_error_that_says_why(show) -> None:
    with pytest.raises(MalformedArtifact, match="no metric to show"):
        show({"metrics": [metric("loss", "x")]})
