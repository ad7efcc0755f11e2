"""ROC curves: the area is exact, the header may come in any order, and bad curves say what is wrong."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.errors import MalformedArtifact
from belvedere.rendering.metrics.curves import read_roc

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering


def curve_of(rendering: Rendering) -> dict[str, Any]:
    return dict(rendering.facts["roc"])


@pytest.mark.parametrize(
    "text",
    [
        "fpr,tpr,threshold\n0,0,inf\n0.5,0.75,0.6\n1,1,0.1\n",
        "threshold,tpr,fpr\ninf,0,0\n0.6,0.75,0.5\n0.1,1,1\n",
        "Thresholds;FPR;TPR\ninf;0;0\n0.6;0.5;0.75\n0.1;1;1\n",
        "False Positive Rate\tTrue Positive Rate\tThreshold\n0\t0\tInfinity\n.5\t.75\t.6\n1\t1\t.1\n",
        "0,0,inf\n0.5,0.75,0.6\n1,1,0.1\n",
        ",fpr,tpr,threshold\n0,0,0,inf\n1,0.5,0.75,0.6\n2,1,1,0.1\n",
    ],
)
def test_every_way_of_writing_the_same_curve_gives_the_same_area(render, text: str) -> None:
    rendering = render(text, "run/roc.csv")
    found = curve_of(rendering)
    assert rendering.kind == "roc"
    assert found["auc"] == 0.625
    assert found["points"] == 3
    assert found["first_threshold"] == "inf"
    page = next(output.content.decode() for output in rendering.outputs if output.role == "page")
    assert "AUC 0.6250" in page


def test_thresholds_may_be_absent(render) -> None:
    assert curve_of(render("fpr,tpr\n0,0\n0.5,0.75\n1,1\n")) == {"auc": 0.625, "points": 3}


def test_points_out_of_order_are_sorted_and_said(render) -> None:
    rendering = render("fpr,tpr,threshold\n1,1,0.1\n0,0,inf\n0.5,0.75,0.6\n")
    assert curve_of(rendering)["auc"] == 0.625
    assert "sorted" in rendering.warnings[0]


def test_a_curve_written_from_its_far_end_is_turned_round_in_silence(render) -> None:
    rendering = render("fpr,tpr,threshold\n1,1,0.1\n0.5,0.75,0.6\n0,0,inf\n")
    assert curve_of(rendering)["auc"] == 0.625
    assert rendering.warnings == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fpr,tpr,threshold\n0,0,inf\n0.5,1.75,0.6\n1,1,0\n", "out of the range"),
        ("fpr,tpr,threshold\n0,0,inf\n-0.5,0.75,0.6\n1,1,0\n", "out of the range"),
        ("fpr,tpr,threshold\n0,0,inf\nnan,0.75,0.6\n1,1,0\n", "nan, not a number between"),
        ("fpr,tpr,threshold\n0,0,inf\nabc,0.75,0.6\n1,1,0\n", "'abc', not a number"),
        ("fpr,tpr,threshold\n0,0,inf\n0.5,0.75\n1,1,0\n", "Row 3 has only 2 columns"),
        ("fpr,tpr,threshold\n0,0,inf\n0.5,,0.6\n1,1,0\n", "missing"),
        ("fpr,tpr,threshold\n", "at least two points"),
        ("fpr,tpr,threshold\n0,0,inf\n", "at least two points"),
    ],
)
def test_a_bad_curve_says_what_is_wrong(render, text: str, words: str) -> None:
    with pytest.raises(MalformedArtifact, match=words):
        render(text, "run/roc.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fpr,tpr,threshold\n0,0,3\n0.5,0.9,2\n1,0.4,1\n", "falls"),
        ("fpr,tpr,threshold\n0.2,0.3,3\n0.5,0.9,2\n", "incomplete"),
        ("fpr,tpr,threshold\n0,0,3\n0.9,0.1,2\n1,1,1\n", "below 0.5"),
        ("fpr,tpr,threshold\n0,0,nan\n0.1,0.9,2\n1,1,1\n", "nan"),
    ],
)
def test_an_odd_curve_is_drawn_with_a_warning(render, text: str, words: str) -> None:
    rendering = render(text, "run/roc.csv")
    assert any(words in warning for warning in rendering.warnings)
    for output in rendering.outputs:
        if output.media_type == "image/svg+xml":
            ElementTree.fromstring(output.content)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=0, max_size=30))
def test_the_area_is_that_of_the_trapezoids_and_lies_between_0_and_1(inner: list[tuple[float, float]]) -> None:
    xs = sorted(x for x, _ in inner)
    ys = sorted(y for _, y in inner)
    points = [(0.0, 0.0), *zip(xs, ys, strict=True), (1.0, 1.0)]
    curve = read_roc([["fpr", "tpr"], *([repr(x), repr(y)] for x, y in points)])
    expected = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(points))
    assert math.isclose(curve.auc, expected, abs_tol=1e-9)
    assert 0 <= curve.auc <= 1


def test_a_long_curve_is_thinned_for_the_drawing_only(render) -> None:
    lines = [f"{at / 20000},{(at / 20000) ** 0.5},{1 - at / 20000}" for at in range(20001)]
    rendering = render("fpr,tpr,threshold\n" + "\n".join(lines))
    assert curve_of(rendering)["points"] == 20001
    assert abs(curve_of(rendering)["auc"] - 2 / 3) < 1e-4
    figure = next(output for output in rendering.outputs if output.role == "figure")
    assert len(figure.content) < 60_000
