from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.model.events import (
    artifact_id,
    in_listing_precision,
    sequencer_after,
    sequencer_at,
    sortable_sequencer,
)


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


@given(st.integers(0, 2**61))
def test_a_listing_shows_a_version_at_the_last_nanosecond_of_its_millisecond(nanoseconds: int) -> None:
    listed_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=nanoseconds // 1_000_000)
    sequencer = sortable_sequencer(f"{nanoseconds:X}")

    assert sequencer_at(listed_at) >= sequencer
    assert sequencer_at(listed_at) == in_listing_precision(sequencer)
    assert sequencer_at(listed_at) < sequencer_at(listed_at + timedelta(milliseconds=1))


def test_nothing_lies_between_a_sequencer_and_the_one_after_it() -> None:
    sequencer = sortable_sequencer("187B0C1D2E3F4A5F")

    assert int(sequencer_after(sequencer), 16) == int(sequencer, 16) + 1
    assert sequencer_after(sequencer) > sequencer
