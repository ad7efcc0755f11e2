from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.model.events import artifact_id, sortable_sequencer


@given(st.integers(0, 2**70), st.integers(0, 2**70))
def test_sequencers_sort_as_numbers_do(one: int, other: int) -> None:
    assert (sortable_sequencer(f"{one:X}") < sortable_sequencer(f"{other:X}")) == (one < other)


@pytest.mark.parametrize("sequencer", ["", "xyz", "-1", "F" * 21])
def test_what_is_no_sequencer_is_refused(sequencer: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        sortable_sequencer(sequencer)


def test_an_id_depends_on_every_part_of_the_identity() -> None:
    identities = [
        ("b", "k", "", "e"),
        ("b2", "k", "", "e"),
        ("b", "k2", "", "e"),
        ("b", "k", "v", "e"),
        ("b", "k", "", "f"),
    ]

    assert len({artifact_id(*identity) for identity in identities}) == len(identities)


def test_an_id_is_the_same_in_every_process_and_version() -> None:
    assert artifact_id("mlpipeline", "data/iris.csv", "", "abc") == "ddf9952d6c5306b40d237c37"
