from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.gallery.templating import age, document, duration, lines, number, size, templates, visible

ALL_FACTS = "{% from 'facts.html' import all_facts %}{{ all_facts(facts) }}"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1400, "1.4 kB"), (61_000_000, "61.0 MB"), (2.5e12, "2.5 TB"), (None, "unknown")],
)
def test_sizes_are_written_for_people(count: float | None, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(84, "84 ms"), (612, "0.6 s"), (99_000, "99.0 s"), (180_000, "3 min"), (None, "unknown")]
)
def test_durations_are_written_for_people(milliseconds: float | None, text: str) -> None:
    assert duration(milliseconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9154, "0.9154"),
        (0.73033708, "0.7303"),
        (4_500_000, "4,500,000"),
        (True, "yes"),
        (None, "none"),
        (1e-7, "1e-07"),
    ],
)
def test_plain_facts_are_written_for_people(value: Any, text: str) -> None:
    assert number(value) == text


def test_names_cannot_break_their_line_nor_run_backwards() -> None:
    assert visible("a\nb\x7f") == "a␊b␡"
    assert visible("gpj\u202egnp.exe") == "gpj<U+202E>gnp.exe"


def test_ages_are_written_as_the_pages_scripts_go_on_writing_them() -> None:
    now = datetime.now(UTC)
    spans = (
        timedelta(seconds=-5),
        timedelta(seconds=59),
        timedelta(minutes=90),
        timedelta(hours=47),
        timedelta(days=9),
    )

    assert [age(now - span) for span in spans] == ["0 s", "59 s", "1 h", "47 h", "9 d"]


def test_a_document_of_several_lines_keeps_them_and_hides_no_override() -> None:
    assert lines("name: a\n  b\u202ec") == "name: a\n  b<U+202E>c"
    assert document({"b": ["ä\x07"]}) == '{\n  "b": [\n    "ä\\u0007"\n  ]\n}'
    assert document('{"a":1}') == '{\n  "a": 1\n}'
    assert document('{"a": cut...') == '{"a": cut...'


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=5))
def test_any_facts_can_be_shown(facts: dict[str, Any]) -> None:
    templates.env.from_string(ALL_FACTS).render(facts=facts)


def test_markup_in_facts_is_shown_not_obeyed() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    facts = {hostile: hostile, "table": {hostile: [hostile], "rows": [[hostile, 1]], "deep": [{"a": hostile}]}}

    text = templates.env.from_string(ALL_FACTS).render(facts=facts)

    assert "<img" not in text
    assert text.count("&lt;img") == 6


def test_every_number_of_a_matrix_can_be_read() -> None:
    text = templates.env.from_string(ALL_FACTS).render(facts={"confusion_matrix": {"rows": [[24, 0], [3, 27]]}})

    assert [f"<td>{n}</td>" in text for n in (24, 0, 3, 27)] == [True] * 4
