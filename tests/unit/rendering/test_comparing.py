"""Comparing artifacts: pure, exact where it can be, and unmoved by JSON of any shape."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest

from belvedere.errors import MalformedArtifact
from belvedere.rendering.comparing.comparison import compare
from belvedere.rendering.comparing.facts import fact_rows
from belvedere.rendering.comparing.matrices import MOST_SHOWN, matrix_delta
from belvedere.rendering.comparing.metrics import metric_deltas, verdict
from belvedere.rendering.comparing.plots import roc_overlay, series_overlay
from belvedere.rendering.comparing.subjects import LETTERS, Subject
from belvedere.rendering.comparing.tables import table_delta
from belvedere.rendering.comparing.texts import DiffLine, TextDiff, text_diff


def subject(
    *documents: Any, facts: dict[str, Any] | None = None, lines: list[str] | None = None, at: int = 0, cut: bool = False
) -> Subject:
    text = None if lines is None else tuple(lines)
    return Subject(LETTERS[at], "name", "kind", facts or {}, documents, text, cut)


def roc(*points: tuple[float, float], auc: float | None = None) -> Subject:
    facts = {"roc": {"auc": auc}} if auc is not None else {}
    return subject({"fpr": [x for x, _ in points], "tpr": [y for _, y in points], "thresholds": []}, facts=facts)


def test_curves_lie_over_each_other_with_the_difference_of_their_areas() -> None:
    base = roc((0, 0), (0.5, 0.5), (1, 1), auc=0.5)
    better = roc((0, 0), (0.2, 0.8), (1, 1))

    overlay = roc_overlay([base, better])

    assert overlay is not None
    assert overlay.plot is not None
    assert [line.subject for line in overlay.plot.lines] == [0, 1]
    assert [row.auc for row in overlay.rows] == pytest.approx([0.5, 0.8])
    assert [row.delta for row in overlay.rows] == [None, pytest.approx(0.3)]
    assert (overlay.gaps[0].fpr, overlay.gaps[0].rise) == (0.2, pytest.approx(0.6))


def test_an_artifact_whose_points_are_not_kept_still_shows_its_area() -> None:
    overlay = roc_overlay([roc((0, 0), (1, 1)), subject(facts={"roc": {"auc": 0.75}})])

    assert overlay is not None
    assert overlay.plot is not None
    assert len(overlay.plot.lines) == 1
    assert overlay.rows[1].delta == 0.25


def test_a_single_curve_is_nothing_to_compare() -> None:
    assert roc_overlay([roc((0, 0), (1, 1)), subject({"fpr": "x"})]) is None


def test_trainings_share_a_plot_for_each_tag_in_both_forms() -> None:
    progress = subject({"loss": {"run": [[0, 1.0], [1, 0.5]]}, "only here": {"run": [[0, 1]]}})
    logs = subject({"train": {"loss": {"steps": [0, 4], "values": [2.0, 0.1]}}})

    overlay = series_overlay([progress, logs])

    assert overlay is not None
    assert [plot.title for plot in overlay.plots] == ["loss"]
    plot = overlay.plots[0]
    assert [line.points for line in plot.lines] == [((0, 1.0), (1, 0.5)), ((0, 2.0), (4, 0.1))]
    assert (plot.across.low, plot.across.high) == (0, 4)


def test_metrics_stand_side_by_side_with_what_is_better() -> None:
    first = subject(facts={"metrics": {"accuracy": 0.9, "val": {"log_loss": 0.4}, "n_trees": 10}})
    second = subject(facts={"metrics": {"accuracy": 0.95, "val": {"log_loss": 0.5}, "n_trees": 20, "extra": 1}})

    rows = {row.name: row for row in metric_deltas([first, second])}

    assert rows["accuracy"].deltas == (0.0, pytest.approx(0.05))
    assert rows["accuracy"].verdicts == ("same", "better")
    assert rows["val log_loss"].verdicts == ("same", "worse")
    assert rows["n_trees"].verdicts == ("same", "")
    assert (rows["extra"].values, rows["extra"].deltas) == ((None, 1.0), (None, None))


@pytest.mark.parametrize(
    ("name", "said"),
    [("AUC", "better"), ("testF1", "better"), ("val_rmse", "worse"), ("error_recall", ""), ("glossary", "")],
)
def test_only_telling_names_say_which_way_is_good(name: str, said: str) -> None:
    assert verdict(name, 0.1) == said


def matrix(labels: list[str], rows: list[list[float]], **more: Any) -> Subject:
    return subject({"labels": labels, "rows": rows, "row_axis": "target", "column_axis": "predicted", **more})


def test_matrices_are_subtracted_class_by_class() -> None:
    delta = matrix_delta(matrix(["cat", "dog"], [[8, 2], [4, 6]]), matrix(["dog", "cat"], [[9, 1], [1, 9]]))

    assert delta is not None
    assert delta.labels == ("cat", "dog")
    assert delta.delta == ((1, -1), (-3, 3))
    assert delta.heat == ((2, -2), (-4, 4))
    assert delta.accuracy_delta == pytest.approx(0.2)
    assert [(one.label, one.delta) for one in delta.classes] == [
        ("dog", pytest.approx(0.3)),
        ("cat", pytest.approx(0.1)),
    ]
    assert not delta.shares


def test_a_class_that_one_matrix_lacks_counts_nothing_there() -> None:
    delta = matrix_delta(matrix(["a"], [[5]]), matrix(["a", "b"], [[5, 0], [1, 4]]))

    assert delta is not None
    assert delta.delta == ((0, 0), (1, 4))
    assert (delta.only_base, delta.only_other, delta.shares) == ((), ("b",), True)


def test_a_matrix_with_its_axes_the_other_way_is_turned_first() -> None:
    turned = matrix(["a", "b"], [[1, 2], [3, 4]], row_axis="predicted", column_axis="target")

    delta = matrix_delta(matrix(["a", "b"], [[1, 3], [2, 4]]), turned)

    assert delta is not None
    assert (delta.turned, delta.delta) == (True, ((0, 0), (0, 0)))


def test_of_many_classes_those_are_shown_that_changed_most() -> None:
    size = 40
    labels = [f"c{at}" for at in range(size)]
    before = [[float(i == j) for j in range(size)] for i in range(size)]
    after = [list(row) for row in before]
    after[30][31], after[30][30] = 1.0, 0.0

    delta = matrix_delta(matrix(labels, before), matrix(labels, after))

    assert delta is not None
    assert (len(delta.labels), delta.all_labels) == (MOST_SHOWN, size)
    assert {"c30", "c31"} <= set(delta.labels)
    assert len(delta.classes) == size


def table(columns: list[str], rows: list[list[Any]], total: int | None = None) -> Subject:
    return subject({"columns": columns, "rows": rows, "total_rows": len(rows) if total is None else total})


def test_rows_are_matched_by_a_guessed_key() -> None:
    before = table(["id", "score"], [[1, 0.5], [2, 0.6], [3, 0.7]])
    after = table(["score", "id", "new"], [[0.6, 2, "x"], [0.9, 3, "y"], [0.1, 4, "z"]])

    delta = table_delta(before, after)

    assert delta is not None
    assert delta.rows is not None
    assert delta.rows.key == ("id",)
    assert (delta.rows.same, delta.rows.changed, delta.rows.added, delta.rows.removed) == (1, 1, 1, 1)
    change = delta.rows.changes[0]
    assert (change.key, change.cells[0].column, change.cells[0].before, change.cells[0].after) == (
        "3",
        "score",
        "0.7",
        "0.9",
    )
    assert {column.name: column.status for column in delta.columns} == {
        "id": "changed",
        "score": "changed",
        "new": "added",
    }
    score = next(column for column in delta.columns if column.name == "score")
    assert score.base is not None
    assert (score.base.minimum, score.base.mean, score.base.maximum) == (0.5, pytest.approx(0.6), 0.7)


def test_two_columns_together_may_be_the_key() -> None:
    before = table(["run", "epoch", "loss"], [["a", 1, 0.5], ["a", 2, 0.4], ["b", 1, 0.6]])
    after = table(["run", "epoch", "loss"], [["b", 1, 0.6], ["a", 2, 0.3], ["a", 1, 0.5]])

    delta = table_delta(before, after)

    assert delta is not None
    assert delta.rows is not None
    assert (delta.rows.key, delta.rows.changed) == (("run", "epoch"), 1)


def test_without_a_key_rows_are_compared_in_their_places_or_counted() -> None:
    before = table(["x"], [[0.5], [0.5], [0.7]])

    by_place = table_delta(before, table(["x"], [[0.5], [0.6], [0.7]]))
    counted = table_delta(before, table(["x"], [[0.5], [0.7]]))

    assert by_place is not None
    assert counted is not None
    assert by_place.rows is not None
    assert counted.rows is not None
    assert (by_place.rows.key, by_place.rows.changed, by_place.rows.changes[0].key) == (("position",), 1, "2")
    assert (counted.rows.key, counted.rows.removed, counted.rows.added) == ((), 1, 0)


def test_a_large_table_says_that_only_a_part_was_compared() -> None:
    delta = table_delta(table(["id"], [[1], [2]], total=10**6), table(["id"], [[1], [2]], total=10**6 + 5))

    assert delta is not None
    assert delta.rows is not None
    assert (delta.sampled, delta.rows.whole, delta.base_rows, delta.other_rows) == (True, False, 10**6, 10**6 + 5)


def test_truth_is_not_the_number_one() -> None:
    delta = table_delta(table(["id", "flag"], [["a", 1]]), table(["id", "flag"], [["a", True]]))

    assert delta is not None
    assert delta.rows is not None
    assert delta.rows.changed == 1


def changed(diff: TextDiff | None) -> list[str]:
    assert diff is not None
    lines: list[DiffLine] = [line for stretch in diff.stretches for line in stretch.lines if line.sign != " "]
    return [line.sign + "".join(piece.text for piece in line.pieces) for line in lines]


def test_texts_are_compared_line_by_line_with_the_words_that_changed() -> None:
    before = ["one", "two", "learning rate 0.1 of sgd", "four", *map(str, range(20)), "end"]
    after = ["one", "two", "learning rate 0.2 of sgd", "four", *map(str, range(20)), "more", "end"]

    diff = text_diff(subject(lines=before), subject(lines=after))

    assert changed(diff) == ["-learning rate 0.1 of sgd", "+learning rate 0.2 of sgd", "+more"]
    assert diff is not None
    assert (diff.added, diff.removed) == (2, 1)
    marked = [piece.text for piece in diff.stretches[0].lines[2].pieces if piece.changed]
    assert marked == ["1"]
    assert diff.stretches[1].skipped > 0
    assert [line.after for line in diff.stretches[1].lines if line.sign == "+"] == [25]


def test_equal_texts_have_nothing_to_show() -> None:
    diff = text_diff(subject(lines=["a", "b"]), subject(lines=["a", "b"]))

    assert diff is not None
    assert (diff.same, diff.stretches) == (True, ())


def test_every_diff_leads_from_one_text_to_the_other() -> None:
    chance = random.Random(5)
    for _ in range(300):
        before = [chance.choice("abcde") for _ in range(chance.randrange(12))]
        after = [chance.choice("abcde") for _ in range(chance.randrange(12))]

        diff = text_diff(subject(lines=before), subject(lines=after))

        assert diff is not None
        rebuilt, at = [], 0
        for stretch in diff.stretches:
            rebuilt += before[at : at + stretch.skipped]
            at += stretch.skipped
            for line in stretch.lines:
                text = "".join(piece.text for piece in line.pieces)
                if line.sign != "+":
                    assert before[at] == text
                    at += 1
                if line.sign != "-":
                    rebuilt.append(text)
        assert rebuilt + before[at:] == after


def worst_texts() -> list[tuple[list[str], list[str]]]:
    ladder = [str(number // 2 + (number % 2) * 2) for number in range(20_000)]
    return [
        (["a"] * 20_000, ["b"] * 20_000),
        (["a", "b"] * 10_000, ["b", "a", "b"] * 6_600),
        (ladder, ladder[::-1]),
        (["x" * 100_000] * 50, ["x" * 99_999 + "y"] * 50),
        (["ab " * 180 + str(at) for at in range(1500)], ["ba " * 180 + str(at) for at in range(1500)]),
    ]


@pytest.mark.parametrize("number", range(len(worst_texts())))
def test_hostile_texts_cost_seconds_at_most(number: int) -> None:
    before, after = worst_texts()[number]
    begun = time.process_time()

    diff = text_diff(subject(lines=before), subject(lines=after))

    assert time.process_time() - begun < 6
    assert diff is not None
    assert len(json.dumps([len(stretch.lines) for stretch in diff.stretches])) < 100_000


def test_facts_that_differ_come_first() -> None:
    rows = fact_rows(
        [
            subject(facts={"table": {"rows": 10, "column_names": ["a", "b"]}, "same": 1}),
            subject(facts={"table": {"rows": 12, "column_names": ["a", "b"]}, "same": 1, "more": True}),
        ]
    )

    assert [(row.name, row.values, row.differs) for row in rows] == [
        ("table › rows", ("10", "12"), True),
        ("more", (None, "yes"), True),
        ("table › column_names", ("a, b", "a, b"), False),
        ("same", ("1", "1"), False),
    ]


ODD: list[Any] = [
    None, True, 0, -1, 1e308, -1e308, 5e-324, 10**400, "", "<script>alert(1)</script>", "\u202e", [], {}, [[]], [{}],
    [[1, 2], [3, "x"]], {"a": []}, [None] * 40, {"": {"": [[1e15, 1e308], [1e15 + 2, -1e308], [1, 1]]}},
]  # fmt: skip
NAMES = (
    "fpr", "tpr", "labels", "rows", "columns", "total_rows", "labels_count", "row_axis", "metrics", "roc", "auc",
    "confusion_matrix", "table", "column_names", "column_types", "missing", "progress", "mlflow", "tensorboard", "runs",
    "scalars", "loss", "steps", "values",
)  # fmt: skip


def odd_json(chance: random.Random, depth: int = 0) -> Any:
    if depth > 3 or chance.random() < 0.3:
        return chance.choice(ODD)
    if chance.random() < 0.2:
        return [odd_json(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {name: odd_json(chance, depth + 1) for name in chance.sample(NAMES, chance.randrange(1, 9))}


def test_json_of_any_shape_is_compared_or_left_out() -> None:
    chance = random.Random(11)
    for _ in range(200):
        pair = [subject(odd_json(chance), odd_json(chance), facts=dict.fromkeys(NAMES, odd_json(chance))) for _ in "ab"]
        compare(pair)


def test_what_is_nested_absurdly_deep_is_refused() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    pair = [subject({"columns": ["a"], "rows": [[[deep]]], "total_rows": 1}) for _ in "ab"]

    with pytest.raises(MalformedArtifact, match="nested too deeply"):
        compare(pair)


def test_the_first_is_compared_with_the_chosen_one() -> None:
    three = [subject(lines=[letter]) for letter in "abc"]

    assert changed(compare(three, 2).text) == ["-a", "+c"]


def test_long_lists_of_numbers_are_told_by_their_range() -> None:
    rows = fact_rows(
        [subject(facts={"curve": [at / 10 for at in range(50)], "grid": [[1, 2], [3, 4]], "none": []})] * 2
    )

    assert [row.values[0] for row in rows] == ["50 numbers from 0 to 4.9", "a list of 2", "none"]
