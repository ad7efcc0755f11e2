from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.catalog.sweeps import KnownArtifact
from belvedere.clients.object_store import ObjectInfo
from belvedere.events.comparison import Verdict, judge, side_by_side
from belvedere.model.artifact import ArtifactState
from belvedere.model.events import sortable_sequencer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRACE = timedelta(seconds=30)
LONG_AGO = NOW - timedelta(hours=1)


@dataclass(frozen=True)
class Entry:
    key: str
    side: str


keys = st.sets(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8))


@given(left=keys, right=keys)
def test_a_merge_join_finds_what_comparing_sets_finds(left: set[str], right: set[str]) -> None:
    listed = [Entry(key, "listed") for key in sorted(left, key=lambda key: key.encode())]
    known = [Entry(key, "known") for key in sorted(right, key=lambda key: key.encode())]

    pairs = list(side_by_side(listed, known))

    assert {a.key for a, b in pairs if a and b is None} == left - right
    assert {b.key for a, b in pairs if b and a is None} == right - left
    assert {(a.key, b.key) for a, b in pairs if a and b} == {(key, key) for key in left & right}
    assert len(pairs) == len(left | right)
    assert all((a is None or a.side == "listed") and (b is None or b.side == "known") for a, b in pairs)


def test_a_merge_join_reads_no_further_than_it_must() -> None:
    def endless(side: str):  # type: ignore[no-untyped-def]
        for number in range(1_000_000_000):
            yield Entry(f"{number:012d}", side)

    pairs = side_by_side(endless("listed"), endless("known"))

    first = next(pairs)
    assert first == (Entry("000000000000", "listed"), Entry("000000000000", "known"))


def nanoseconds(moment: datetime, more: int = 0) -> str:
    microseconds = (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
    return sortable_sequencer(f"{microseconds * 1000 + more:X}")


LISTED = ObjectInfo("models", "a.csv", "", "e1", 10, "text/csv", LONG_AGO)
KNOWN = KnownArtifact(
    id="1",
    key="a.csv",
    version_id="v1",
    etag="e1",
    sequencer=nanoseconds(LONG_AGO, 456_789),
    state=ArtifactState.RENDERED,
    stranded=False,
    fresh=False,
)


def verdict(listed: ObjectInfo | None, known: KnownArtifact | None) -> Verdict:
    return judge(listed, known, now=NOW, grace=GRACE)


def test_what_both_know_is_settled_although_listings_cut_the_time() -> None:
    assert verdict(LISTED, KNOWN) is Verdict.SETTLED


@pytest.mark.parametrize("state", list(ArtifactState))
def test_every_state_but_deleted_settles_a_version(state: ArtifactState) -> None:
    known = replace(KNOWN, state=state)

    expected = Verdict.MISSING if state is ArtifactState.DELETED else Verdict.SETTLED
    assert verdict(LISTED, known) is expected


def test_what_only_the_bucket_has_is_missing() -> None:
    assert verdict(LISTED, None) is Verdict.MISSING


def test_what_only_the_catalog_has_has_vanished_unless_it_says_so_itself() -> None:
    assert verdict(None, KNOWN) is Verdict.VANISHED
    assert verdict(None, replace(KNOWN, state=ArtifactState.DELETED)) is Verdict.SETTLED


def test_other_bytes_are_another_version() -> None:
    assert verdict(replace(LISTED, etag="e2"), KNOWN) is Verdict.MISSING


def test_the_same_bytes_put_again_are_another_version() -> None:
    assert verdict(replace(LISTED, modified_at=LONG_AGO + timedelta(milliseconds=1)), KNOWN) is Verdict.MISSING


def test_a_listing_older_than_the_catalog_changes_nothing() -> None:
    assert verdict(replace(LISTED, modified_at=LONG_AGO - timedelta(minutes=1)), KNOWN) is Verdict.SETTLED


def test_work_that_got_lost_is_stranded() -> None:
    known = replace(KNOWN, state=ArtifactState.QUEUED, stranded=True)

    assert verdict(LISTED, known) is Verdict.STRANDED


def test_whatever_changed_just_now_is_left_to_its_event() -> None:
    just_now = replace(LISTED, modified_at=NOW - timedelta(seconds=29))

    assert verdict(just_now, None) is Verdict.SETTLED
    assert verdict(replace(just_now, etag="e2"), KNOWN) is Verdict.SETTLED
    assert verdict(None, replace(KNOWN, fresh=True)) is Verdict.SETTLED
    assert verdict(LISTED, replace(KNOWN, fresh=True, state=ArtifactState.DELETED)) is Verdict.SETTLED
