from __future__ import annotations

from datetime import UTC, datetime

import pytest

from belvedere.catalog.listings import Order
from belvedere.gallery.query import BadQuery, list_query
from belvedere.model.artifact import ArtifactState
from belvedere.model.search import Word


def test_states_and_kinds_come_by_commas_and_by_repetition() -> None:
    query = list_query(state=["failed,dead", "dead"], kind=["roc", " table ,"], order=Order.KEY)

    assert query.filter.states == (ArtifactState.FAILED, ArtifactState.DEAD)
    assert query.filter.kinds == ("roc", "table")


def test_an_unknown_state_is_named_with_the_known_ones() -> None:
    with pytest.raises(BadQuery, match=r"state: 'sleeping' is not one of queued, .*deleted"):
        list_query(state=["sleeping"])


@pytest.mark.parametrize("name", ["tenant", "bucket", "prefix", "q", "run"])
def test_a_nul_is_refused_by_the_name_of_its_parameter(name: str) -> None:
    with pytest.raises(BadQuery, match=f"^{name}: "):
        list_query(**{name: "a\0b"})


def test_the_search_is_read_and_what_is_wrong_with_it_told() -> None:
    assert list_query(q="  roc   iris ").filter.search.words == (Word("roc"), Word("iris"))
    with pytest.raises(BadQuery, match=r"^q: 'auc>' lacks a number"):
        list_query(q="auc>")


def test_a_run_lies_in_a_bucket() -> None:
    assert list_query(run="", bucket="b").filter.run == ""
    with pytest.raises(BadQuery, match=r"^run: needs the parameter bucket"):
        list_query(run="runs/a/")


def test_a_day_narrows_what_the_search_says_of_time() -> None:
    search = list_query(q="after:2026-11-01", day="2026-11-22").filter.search

    assert (search.after, search.before) == (datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
    with pytest.raises(BadQuery, match=r"^day: 'today' is not a day"):
        list_query(day="today")


def test_ids_are_ids() -> None:
    assert list_query(id=["0" * 24 + "," + "1" * 24]).filter.ids == ("0" * 24, "1" * 24)
    with pytest.raises(BadQuery, match=r"^id: 'x'"):
        list_query(id=["x"])
