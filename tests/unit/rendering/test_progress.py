"""Progress as JSON lines: how far, how long still, which metrics; files that grow; tables stay tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

NAME = "runs/a/progress.jsonl"


def lines(*objects: Any) -> str:
    return "".join(json.dumps(one) + "\n" for one in objects)


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


def training(steps: int, total: int = 100) -> str:
    return lines(*({"step": at, "total": total, "loss": 1 / at, "time": 1000 + 2 * at} for at in range(1, steps + 1)))


def test_the_last_line_says_how_far_and_the_pace_how_long_still(render) -> None:
    rendering = render(training(25), NAME)
    assert rendering.kind == "progress_lines"
    assert rendering.facts["percent"] == 25
    assert rendering.facts["progress"]["step"] == 25
    assert rendering.facts["progress"]["eta_seconds"] == 150
    assert rendering.facts["progress"]["metrics"] == {"loss": 0.04}
    assert "2 min 30 s" in page_of(rendering)
    assert rendering.warnings == ()


def test_the_first_metrics_way_is_told_in_few_points_up_to_the_last(render) -> None:
    curve = render(training(3), NAME).facts["progress"]["curve"]
    assert curve == {"metric": "loss", "steps": [1, 2, 3], "values": [1, 0.5, 0.333333]}

    long = render(training(5000, 10_000), NAME).facts["progress"]["curve"]
    assert len(long["steps"]) == len(long["values"]) <= 50
    assert (long["steps"][0], long["steps"][-1]) == (1, 5000)


@pytest.mark.parametrize("told", [[{"step": 1, "loss": 2}], [{"step": 1, "total": 3}, {"step": 2, "total": 3}]])
def test_a_metric_without_a_way_is_told_none(render, told: list[dict[str, int]]) -> None:
    assert "curve" not in render(lines(*told), NAME).facts["progress"]


def test_steps_counted_from_0_are_done_one_before_their_total(render) -> None:
    rendering = render(lines(*({"step": at, "total": 4, "loss": at} for at in range(4))), NAME)
    assert rendering.facts["percent"] == 100
    assert "done" in rendering.alt_text


@pytest.mark.parametrize(
    ("line", "percent"),
    [
        ({"epoch": 3, "epochs": 4, "loss": 1}, 75),
        ({"step": 3, "percent": 40, "loss": 1}, 40),
        ({"step": 3, "progress": 0.4, "loss": 1}, 40),
        ({"step": 3, "progress": 40.0, "loss": 1}, 40),
        ({"step": 9, "total": 3, "loss": 1}, 100),
    ],
)
def test_shares_are_read_from_totals_percentages_and_fractions(render, line: dict[str, Any], percent: float) -> None:
    assert render(lines(line), NAME).facts["percent"] == percent


def test_a_line_that_is_still_being_written_is_left_out_and_said(render) -> None:
    rendering = render(training(5) + '{"step": 6, "to', NAME)
    assert rendering.facts["progress"]["step"] == 5
    assert "still being written" in rendering.warnings[0]


def test_lines_that_are_none_are_counted(render) -> None:
    rendering = render(training(5) + "oops\n" + lines({"step": 6, "total": 100, "loss": 0.5}), NAME)
    assert "1 line is no JSON object" in rendering.warnings[0]


def test_splits_are_lines_of_their_own(render) -> None:
    made = [
        {"epoch": at, "epochs": 9, "split": split, "metrics": {"loss": value / at}}
        for at in range(1, 4)
        for split, value in (("train", 1.0), ("val", 2.0))
    ]
    rendering = render(lines(*made), NAME)
    assert rendering.facts["progress"]["metrics"] == pytest.approx({"loss train": 1 / 3, "loss val": 2 / 3})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (training(3), "progress_lines"),
        (training(1), "progress_lines"),
        (lines({"index": 0, "label": 1, "mean": 0.5}, {"index": 1, "label": 2, "mean": 0.25}), "table"),
        (lines({"step": 5, "loss": 1}, {"step": 1, "loss": 2}), "table"),
        (lines({"step": "a", "loss": 1}, {"step": "b", "loss": 2}), "table"),
    ],
)
def test_only_rising_steps_with_metrics_or_totals_are_progress(make_source, text: str, kind: str) -> None:
    assert detect(make_source(text, NAME)) == kind


def test_a_file_without_a_step_is_an_error(make_source) -> None:
    with pytest.raises(MalformedArtifact, match="which step"):
        render_here(make_source(lines({"loss": 1}), NAME), Limits(), "progress_lines")


def test_names_and_values_are_text_and_never_markup(render) -> None:
    rendering = render(lines({"step": 1, "total": 2, "<b>loss</b>": 0.5, "note": "<script>x</script>"}), NAME)
    page = page_of(rendering)
    assert "<b>loss" not in page
    assert "<script" not in page


odd = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.just({"loss": float("inf")})
names = st.sampled_from(["step", "epoch", "total", "percent", "loss", "time", "eta", "split", "metrics", "acc"])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(st.dictionaries(names, odd), max_size=6), tail=st.text(max_size=10))
def test_any_lines_end_in_a_page_or_an_error_of_ours(make_source, made: list[dict[str, Any]], tail: str) -> None:
    source = make_source(lines(*made) + tail, NAME)
    detect(source)
    try:
        assert render_here(source, Limits(), "progress_lines").outputs
    except BelvedereError as error:
        assert error.message
