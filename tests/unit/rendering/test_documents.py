"""Metrics and documents in JSON: numbers in large type, the rest laid out as text."""

from __future__ import annotations

import pytest

from belvedere.errors import MalformedArtifact
from belvedere.model.rendering import Limits, Rendering


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def test_kubeflow_metrics_are_shown_as_numbers_and_percentages(render) -> None:
    accuracy = '{"name": "acc", "numberValue": 0.71666, "format": "PERCENTAGE"}'
    text = f'{{"metrics": [{accuracy}, {{"name": "loss", "numberValue": "2.5"}}]}}'
    rendering = render(text, "run/mlpipeline-metrics.json")
    assert rendering.kind == "kfp_metrics"
    assert rendering.facts["metrics"] == {"acc": 0.71666, "loss": 2.5}
    assert "71.67 %" in page_of(rendering)


def test_a_bad_metric_is_said_and_the_others_are_shown(render) -> None:
    text = '{"metrics": [{"name": "acc", "numberValue": 0.5}, {"name": "x"}, 7, {"name": "n", "numberValue": NaN}]}'
    rendering = render(text, "run/mlpipeline-metrics.json")
    assert rendering.facts["metrics"] == {"acc": 0.5}
    assert len(rendering.warnings) == 3


def test_names_with_numbers_are_metrics(render) -> None:
    rendering = render('{"log_loss": 1.195, "rows": 899}', "run/metrics.json")
    assert rendering.kind == "metrics"
    assert rendering.facts["metrics"] == {"log_loss": 1.195, "rows": 899.0}


def test_other_json_is_laid_out_as_text(render) -> None:
    rendering = render('{"a":{"b":[1,"<script>"]}}', "run/config.json")
    assert rendering.kind == "json"
    assert "&lt;script&gt;" in page_of(rendering)
    assert "<script" not in page_of(rendering)
    assert rendering.facts["document"]["keys"] == ["a"]


@pytest.mark.parametrize("text", ['{"a": 1', "[1, 2,]", '{"a": tru', "{" * 50_000, '{"a": ' + "9" * 5000 + "}"])
def test_json_that_is_none_says_where(render, text: str) -> None:
    with pytest.raises(MalformedArtifact, match=r"not valid JSON|nested too deeply"):
        render(text, "run/config.json")


def test_json_lines_and_xml_are_shown_as_they_are(render) -> None:
    assert render('{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n', "run/rows.jsonl").kind == "json_lines"
    assert render("<?xml version='1.0'?><model><a/></model>", "run/model.pmml").kind == "xml"


def test_a_long_document_is_cut_and_says_so(render) -> None:
    rendering = render('["' + "x" * 50_000 + '"]', "run/a.json", Limits(text_bytes_shown=10_000))
    assert "cut" in rendering.warnings[0]
    assert len(page_of(rendering)) < 25_000
