"""Kubeflow's UI metadata: six types, in order, inline or fetched; a bad output stands beside the good ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.rendering.event_files import log_file, scalar

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Limits, Listing, Related, Rendering
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.renderers.kfp_ui_metadata import references

if TYPE_CHECKING:
    from pathlib import Path

NAME = "artifacts/run/mlpipeline-ui-metadata.json"
MATRIX = {
    "type": "confusion_matrix",
    "format": "csv",
    "storage": "inline",
    "schema": [{"name": "target", "type": "CATEGORY"}, {"name": "predicted", "type": "CATEGORY"}, {"name": "count"}],
    "labels": ["dog", "cat"],
    "source": "cat,cat,5\ncat,dog,1\ndog,cat,2\ndog,dog,7\n",
}
ROC = {
    "type": "roc",
    "format": "csv",
    "storage": "inline",
    "schema": [{"name": "tpr"}, {"name": "fpr"}, {"name": "thresholds"}],
    "source": "0,0,inf\n0.75,0.5,0.6\n1,1,0.1\n",
}
TABLE = {"type": "table", "format": "csv", "storage": "inline", "header": ["x", "y"], "source": "1,2\n3,4\n"}
MARKDOWN = {"type": "markdown", "storage": "inline", "source": "# Note\n\nwords **here**"}
WEB_APP = {"type": "web-app", "storage": "inline", "source": "<h1>Report</h1><script>draw('a')</script>"}
TENSORBOARD = {"type": "tensorboard", "source": "minio://mlpipeline/logs/run"}


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


@pytest.fixture
def show(make_source):
    def run(outputs: Any, related: dict[str, Related] | None = None, limits: Limits | None = None) -> Rendering:
        source = make_source(json.dumps({"outputs": outputs}), NAME)
        return render_here(replace(source, related=related or {}), limits or Limits())

    return run


@pytest.fixture
def logs(tmp_path: Path) -> dict[str, Related]:
    """What was fetched of TensorBoard's log folder."""
    path = tmp_path / "events"
    path.write_bytes(log_file(scalar("loss", 7, 0.125)))
    uri = "minio://mlpipeline/logs/run/train/events.out.tfevents.1"
    return {uri: Related(uri, path, path.stat().st_size, "")}


def test_all_six_types_are_shown_in_their_order(show, logs: dict[str, Related]) -> None:
    rendering = show([MARKDOWN, MATRIX, ROC, TABLE, WEB_APP, TENSORBOARD], logs)
    page = page_of(rendering)
    assert rendering.facts["outputs"] == 6
    for word in ("words <strong>", "AUC 0.6250", "minio://mlpipeline/logs/run"):
        assert word in page
    assert [page.index(f"<h2>{at}. ") for at in range(1, 7)] == sorted(page.index(f"<h2>{at}. ") for at in range(1, 7))
    assert rendering.warnings == ()


def test_the_labels_give_the_order_and_the_schema_the_axes(show) -> None:
    found = show([MATRIX]).facts["confusion_matrix"]
    assert found["labels"] == ["dog", "cat"]
    assert found["rows"] == [[7, 2], [1, 5]]
    assert (found["row_axis"], found["column_axis"]) == ("target", "predicted")


def test_the_schema_gives_the_columns_of_a_curve(show) -> None:
    assert show([ROC]).facts["roc"] == {"auc": 0.625, "points": 3, "first_threshold": "inf"}


def test_the_header_names_the_columns_of_a_table_without_one(show) -> None:
    found = show([TABLE]).facts["table"]
    assert (found["rows"], found["column_names"], found["first_row"]) == (2, ["x", "y"], [1, 2])


def test_a_web_page_inside_is_framed_without_rights(show) -> None:
    page = page_of(show([WEB_APP]))
    assert '<iframe sandbox="allow-scripts" ' in page
    assert "<script>" not in page
    assert 'srcdoc="&lt;h1&gt;Report&lt;/h1&gt;&lt;script&gt;draw(&#x27;a&#x27;)' in page


@pytest.mark.parametrize(("outputs", "active"), [([WEB_APP, TABLE], True), ([TABLE, MARKDOWN], False)])
def test_the_page_is_active_only_where_it_holds_a_web_page(show, outputs: list[Any], active: bool) -> None:
    assert {output.name for output in show(outputs).outputs if output.active} == ({"page.html"} if active else set())


def test_a_web_page_cannot_close_its_frame(show) -> None:
    page = page_of(show([{**WEB_APP, "source": "\"></iframe><script>alert(1)</script>'"}]))
    assert "<script>" not in page
    assert page.count("</iframe>") == 1


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"type": "hologram", "source": "x"}, "unknown"),
        ({"source": "x"}, "type is missing"),
        ({"type": "roc"}, "source is missing"),
        (7, "not an object"),
        (None, "not an object"),
        ({**MATRIX, "labels": None}, "labels is missing"),
        ({**MATRIX, "labels": "cat,dog"}, "labels is a text"),
        ({**MATRIX, "labels": ["cat"]}, "not in the list of labels"),
        ({**MATRIX, "schema": None}, "schema is missing"),
        ({**MATRIX, "schema": ["target"]}, "schema is not a list"),
        ({**MATRIX, "source": "cat,cat,many\n"}, "not a number"),
        ({**ROC, "schema": [{"name": "a"}, {"name": "b"}]}, "fpr and tpr are needed"),
        ({**ROC, "source": "0,0,1\n"}, "at least two points"),
        ({**TABLE, "format": "xlsx"}, "only csv"),
        ({**TABLE, "source": ""}, "empty"),
        ({"type": "markdown", "source": "minio://other/x.md"}, "could not be fetched"),
        ({"type": "table", "format": "csv", "source": ["x"]}, "source is missing"),
    ],
)
def test_a_bad_output_says_why_and_the_good_ones_are_shown(show, bad: Any, words: str) -> None:
    rendering = show([MARKDOWN, bad, MATRIX])
    assert rendering.facts["outputs"] == 3
    assert len(rendering.facts["part_errors"]) == 1
    assert words in rendering.facts["part_errors"][0]
    assert words in rendering.warnings[0]
    assert "Error: Output 2" in page_of(rendering)
    assert rendering.facts["confusion_matrix"]["accuracy"] == 0.8


def test_problems_of_fetching_are_told_as_they_are(show) -> None:
    uri = "minio://other-bucket/x.csv"
    problem = "The object other-bucket/x.csv is in another tenant's bucket."
    rendering = show(
        [MARKDOWN, {**TABLE, "storage": "minio", "source": uri}], {uri: Related(uri, None, 0, "", problem)}
    )
    assert problem in rendering.facts["part_errors"][0]


def test_nothing_good_is_an_error_that_names_every_part(show) -> None:
    with pytest.raises(MalformedArtifact, match=r"Output 1 .*Output 2"):
        show([{"type": "x", "source": "y"}, 7])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"outputs": [{"type": "table"', "not valid JSON"),
        ("[]", "outputs: it is missing"),
        ('{"outputs": {}}', "not a list"),
        ('{"outputs": []}', "is empty"),
        ("[" * 100_000, "deep|JSON"),
        ("hello", "not valid JSON"),
    ],
)
def test_metadata_that_are_none_say_why(render, text: str, words: str) -> None:
    with pytest.raises(MalformedArtifact, match=words):
        render(text, NAME)


def test_too_many_outputs_are_a_limit(show) -> None:
    with pytest.raises(LimitExceeded, match="101 outputs"):
        show([MARKDOWN] * 101)


def test_line_breaks_inside_json_are_forgiven_as_kubeflow_does(render) -> None:
    text = '{"outputs": [{"type": "markdown", "storage": "inline",\n "source": "one\ntwo"}]}'
    assert "onetwo" in page_of(render(text, NAME))


def test_only_what_must_be_fetched_is_asked_for(make_source) -> None:
    fetched = {**TABLE, "storage": "minio", "source": "minio://b/t.csv"}
    without_storage = {"type": "markdown", "source": "s3://b/card.md"}
    source = make_source(json.dumps({"outputs": [MARKDOWN, fetched, fetched, without_storage, TENSORBOARD, 7]}), NAME)
    asked = references(source)
    assert [one.uri for one in asked] == ["minio://b/t.csv", "s3://b/card.md", "minio://mlpipeline/logs/run/"]
    assert isinstance(asked[2], Listing)


def test_the_runs_of_a_log_folder_stand_on_the_page(show, logs: dict[str, Related]) -> None:
    rendering = show([TENSORBOARD], logs)
    scalars = rendering.facts["tensorboard"]["runs"]["train"]["scalars"]
    assert scalars == {"loss": {"points": 1, "last_step": 7, "last_value": 0.125}}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("minio://mlpipeline/logs/empty", "no event file lies there"),
        ("gs://elsewhere/logs", "no folder of an object store"),
    ],
)
def test_a_log_folder_without_event_files_says_so_beside_the_good_outputs(show, source: str, words: str) -> None:
    rendering = show([MARKDOWN, {**TENSORBOARD, "source": source}])
    assert words in rendering.facts["part_errors"][0]


def test_fetched_files_are_read_in_their_own_encoding(show, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("x,y\nOrléans,2\nChâlons,3\nBézier,4\n".encode("latin-1"))
    uri = "minio://b/t.csv"
    output = {"type": "table", "format": "csv", "source": uri}
    rendering = show([output], {uri: Related(uri, path, path.stat().st_size, "text/csv")})
    assert rendering.facts["table"]["first_row"] == ["Orléans", 2]


def test_the_first_chart_of_the_outputs_is_interactive(show) -> None:
    rendering = show([MARKDOWN, ROC, MATRIX])
    charts = [output for output in rendering.outputs if output.name == "chart.vl.json"]
    assert len(charts) == 1
    assert json.loads(charts[0].content)["title"] == "AUC 0.6250"
