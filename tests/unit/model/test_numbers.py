from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from belvedere.model.numbers import DEEPEST, MOST_NUMBERS, Number, last_part, numbers_of


def test_numbers_are_found_by_the_last_part_of_their_path() -> None:
    facts = {"roc": {"auc": 0.9, "points": [[0, 1]]}, "percent": 62, "ok": True, "title": "7"}

    assert numbers_of(facts) == [Number("percent", "percent", 62.0), Number("roc.auc", "auc", 0.9)]


def test_names_are_written_alike_however_the_tool_writes_them() -> None:
    facts = {"metrics": {"Val Loss": 1, "test/recall@0.5": 2, "epoch": {"last_value": 3}}}

    assert [(number.path, number.name) for number in numbers_of(facts)] == [
        ("metrics.val_loss", "val_loss"),
        ("metrics.test.recall@0.5", "recall@0.5"),
        ("metrics.epoch.last_value", "epoch"),
    ]


def test_a_value_of_nothing_is_called_value() -> None:
    assert numbers_of({"value": 1}) == [Number("value", "value", 1.0)]
    assert last_part("a.") == "a."


def test_what_no_double_holds_is_left_out() -> None:
    assert numbers_of({"big": 10**400, "nan": float("nan"), "inf": float("inf"), "one": 1}) == [Number("one", "one", 1)]


def test_hostile_facts_are_given_up_on_in_time() -> None:
    wide = {"a": {f"k{n}": n for n in range(100_000)}, "b": 1}
    deep: dict[str, object] = {"n": 1}
    for _ in range(100):
        deep = {"d": deep}

    assert len(numbers_of(wide)) == MOST_NUMBERS
    assert numbers_of(wide)[0] == Number("b", "b", 1.0)
    assert numbers_of(deep) == []
    assert DEEPEST < 100


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_facts_have_numbers_that_the_catalog_takes(value: object) -> None:
    for number in numbers_of({"x": value}):
        assert "\0" not in number.path + number.name
        json.dumps(number.value, allow_nan=False)
