from __future__ import annotations

import pytest

from belvedere.catalog.browse import Order
from belvedere.gallery.query import BadQuery, list_query
from belvedere.model.artifact import ArtifactState


def test_states_and_kinds_come_by_commas_and_by_repetition() -> None:
    query = list_query(state=["failed,dead", "dead"], kind=["roc", " table ,"], order=Order.KEY)

    assert query.filter.states == (ArtifactState.FAILED, ArtifactState.DEAD)
    assert query.filter.kinds == ("roc", "table")


def test_an_unknown_state_is_named_with_the_known_ones() -> None:
    with pytest.raises(BadQuery, match=r"state: 'sleeping' is not one of queued, .*deleted"):
        list_query(state=["sleeping"])


@pytest.mark.parametrize("name", ["tenant", "bucket", "prefix", "q"])
def test_a_nul_is_refused_by_the_name_of_its_parameter(name: str) -> None:
    with pytest.raises(BadQuery, match=f"^{name}: "):
        list_query(**{name: "a\0b"})


def test_words_are_split_and_limited() -> None:
    assert list_query(q="  roc   iris ").filter.words == ("roc", "iris")
    assert len(list_query(q="a " * 100).filter.words) == 8
