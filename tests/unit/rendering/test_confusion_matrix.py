"""Confusion matrices in every form that people write them, and what is said of bad ones."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from belvedere.errors import LimitExceeded, MalformedArtifact

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

COUNTS = [[5, 1], [2, 7]]


def matrix_of(rendering: Rendering) -> dict[str, Any]:
    return dict(rendering.facts["confusion_matrix"])


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("cat,cat,5\ncat,dog,1\ndog,cat,2\ndog,dog,7\n", ["cat", "dog"]),
        ("actual,predicted,count\ncat,cat,5\ncat,dog,1\ndog,cat,2\ndog,dog,7\n", ["cat", "dog"]),
        ("y_true;y_pred;n\r\ncat;cat;5\r\ncat;dog;1\r\ndog;cat;2\r\ndog;dog;7\r\n", ["cat", "dog"]),
        ("0,0,5\n0,1,1\n1,0,2\n1,1,7\n", ["0", "1"]),
        (",cat,dog\ncat,5,1\ndog,2,7\n", ["cat", "dog"]),
        ("target,cat,dog\ncat,5,1\ndog,2,7\n", ["cat", "dog"]),
        ("predicted,cat,dog\ntarget,,\ncat,5,1\ndog,2,7\n", ["cat", "dog"]),
        ("Actual,cat,dog,All\ncat,5,1,6\ndog,2,7,9\nAll,7,8,15\n", ["cat", "dog"]),
        ("cat,dog\n5,1\n2,7\n", ["cat", "dog"]),
        ("5,1\n2,7\n", ["0", "1"]),
        ("5\t1\n2\t7\n", ["0", "1"]),
        ("5.000e+00 1.000e+00\n2.000e+00 7.000e+00\n", ["0", "1"]),
        ("\ufeffcat,cat,5\ncat,dog,1\ndog,cat,2\ndog,dog,7", ["cat", "dog"]),
        ('"a, b","a, b",5\n"a, b",c,1\nc,"a, b",2\nc,c,7\n', ["a, b", "c"]),
        ("고양이,고양이,5\n고양이,개,1\n개,고양이,2\n개,개,7\n", ["고양이", "개"]),
    ],
)
def test_every_way_of_writing_the_same_matrix_gives_the_same_counts(render, text: str, labels: list[str]) -> None:
    rendering = render(text, "run/confusion_matrix.csv")
    found = matrix_of(rendering)
    assert rendering.kind == "confusion_matrix"
    assert found["labels"] == labels
    assert found["rows"] == COUNTS
    assert (found["total"], found["correct"], found["accuracy"]) == (15, 12, 0.8)
    assert "0.8000" in page_of(rendering)


@pytest.mark.parametrize("name", ["run/cm.txt", "run/matrix", "run/image.png"])
def test_the_cells_tell_a_matrix_whatever_its_name(render, name: str) -> None:
    assert render("cat,cat,5\ncat,dog,1\ndog,cat,2\ndog,dog,7\n", name).kind == "confusion_matrix"


def test_labels_keep_the_order_in_which_they_come(render) -> None:
    rendering = render("z,z,3\nz,a,1\na,z,0\na,a,2\n")
    assert matrix_of(rendering)["labels"] == ["z", "a"]


def test_missing_cells_count_as_nothing_and_are_said(render) -> None:
    rendering = render("target,predicted,count\ncat,cat,5\ndog,dog,7\n")
    assert matrix_of(rendering)["rows"] == [[5, 0], [0, 7]]
    assert "2 cells are missing" in rendering.warnings[0]
    assert "incomplete" in page_of(rendering)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("target,predicted,count\ncat,cat,five\n", "'five' is not a number"),
        ("target,predicted,count\ncat,cat,-5\n", "negative"),
        ("target,predicted,count\ncat,cat,nan\n", "not a finite number"),
        ("target,predicted,count\ncat,cat,\n", "not a number"),
        ("target,predicted,count\ncat,cat,5\ncat,cat,6\n", "duplicate"),
        ("target,predicted,count\ncat,cat,5\ncat,dog\n", "2 columns"),
        ("target,predicted,count\n", "no rows"),
        (",cat,dog\ncat,5,1\ndog,2\n", "not square"),
        (",cat,dog\ncat,5,1\nbird,2,7\n", "differ"),
        (",cat,dog\ncat,5,x\ndog,2,7\n", "'x' is not a number"),
    ],
)
def test_a_bad_matrix_says_what_is_wrong(render, text: str, words: str) -> None:
    with pytest.raises(MalformedArtifact, match=words):
        render(text, "run/confusion_matrix.csv")


def test_a_matrix_of_nothing_says_so(render) -> None:
    rendering = render("target,predicted,count\ncat,cat,0\ncat,dog,0\ndog,cat,0\ndog,dog,0\n")
    assert matrix_of(rendering)["accuracy"] is None
    assert "all its cells are 0" in rendering.warnings[0]


def test_shares_are_drawn_and_said_to_be_no_counts(render) -> None:
    rendering = render(",a,b\na,0.75,0.25\nb,0.5,0.5\n", "confusion_matrix.csv")
    assert matrix_of(rendering)["accuracy"] == 0.625
    assert "not whole numbers" in rendering.warnings[0]


def test_labels_are_text_never_markup(render) -> None:
    label = "<img src=x onerror=alert(1)>'\"&\u202eabc\x1b[31m"
    quoted = label.replace('"', '""')
    rendering = render(f'"{quoted}","{quoted}",5\n"{quoted}",b,1\nb,"{quoted}",0\nb,b,2\n', "confusion.csv")
    for output in rendering.outputs:
        if output.media_type in {"text/html", "image/svg+xml"}:
            assert b"<img src=x" not in output.content
            assert "\u202e" not in output.content.decode()
        if output.media_type == "image/svg+xml":
            ElementTree.fromstring(output.content)
    assert matrix_of(rendering)["labels"][0].startswith("<img src=x onerror=alert(1)>")


def test_an_empty_label_is_shown_as_such(render) -> None:
    rendering = render("target,predicted,count\n,,3\n,b,1\nb,,0\nb,b,2\n")
    assert matrix_of(rendering)["labels"] == ["", "b"]
    assert "(empty)" in page_of(rendering)


@pytest.mark.parametrize("size", [1, 2, 17, 31, 100, 401])
def test_any_number_of_classes_is_drawn(render, size: int) -> None:
    lines = [f"c{i},c{j},{3 if i == j else 1}" for i in range(size) for j in range(size)]
    rendering = render("target,predicted,count\n" + "\n".join(lines))
    found = matrix_of(rendering)
    assert found["labels_count"] == size
    assert found["correct"] == 3 * size
    assert found["total"] == 3 * size + size * (size - 1)
    for output in rendering.outputs:
        if output.media_type == "image/svg+xml":
            ElementTree.fromstring(output.content)


def test_a_thousand_classes_are_drawn_in_bounded_time_and_the_drawing_says_that_it_pools(render) -> None:
    lines = [f"c{i},c{j},{5 if i == j else (i * j) % 3}" for i in range(1000) for j in range(1000)]
    text = "\n".join(lines)
    started = time.process_time()
    rendering = render(text, "cm.csv")
    assert time.process_time() - started < 20
    assert matrix_of(rendering)["labels_count"] == 1000
    assert len(matrix_of(rendering)["rows"]) == 100
    assert "pools" in rendering.warnings[0]
    assert sum(len(output.content) for output in rendering.outputs) < 8 * 1024**2


def test_too_many_classes_are_a_limit(render) -> None:
    lines = [f"c{i},c{i},1" for i in range(2001)]
    with pytest.raises(LimitExceeded, match="2,001 classes"):
        render("target,predicted,count\n" + "\n".join(lines))
