from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.records import rendering_record

from belvedere.model.artifact import ArtifactState
from belvedere.model.record import RenderingRecord
from belvedere.upkeep.restoring import UnusableRecord, believable

RECORD = rendering_record()


def bent(**changes: Any) -> bytes:
    return json.dumps({**json.loads(RECORD.to_json()), **changes}).encode()


def test_a_record_is_read_back_as_it_was_written() -> None:
    assert believable(RECORD.to_json(), RECORD.object_key, "models") == RECORD


@pytest.mark.parametrize("state", [ArtifactState.UNSUPPORTED, ArtifactState.DEAD])
def test_records_of_what_could_not_be_rendered_count_as_well(state: ArtifactState) -> None:
    record = rendering_record(state=state, error_code="malformed", error_message="no")

    assert believable(record.to_json(), record.object_key, "models").state is state


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        bent(format=99),
        bent(event_at="yesterday"),
        bent(event_at=5),
        bent(state="fine"),
        bent(state="queued"),
        bent(outputs=[{"role": "page"}]),
        bent(outputs=3),
        bent(unheard_of=1),
        bent(sequencer="when"),
        bent(key=None),
        bent(key=["a.csv"]),
        bent(version_id=7),
        bent(tenant=None),
    ],
)
def test_what_is_no_record_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(UnusableRecord, match=r"."):
        believable(content, RECORD.object_key, "models")


@pytest.mark.parametrize("changes", [{"bucket": "others"}, {"key": "b.csv"}, {"etag": "e2"}])
def test_a_record_that_lies_at_anothers_place_is_not_believed(changes: dict[str, str]) -> None:
    with pytest.raises(UnusableRecord, match="another object"):
        believable(bent(**changes), RECORD.object_key, "models")


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(repr).map(str.encode)
)
def test_no_bytes_whatsoever_break_the_reading(content: bytes) -> None:
    with pytest.raises(UnusableRecord):
        believable(content, RECORD.object_key, "models")


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(field=st.sampled_from(sorted(json.loads(RECORD.to_json()))), value=values)
def test_any_one_field_may_hold_anything(field: str, value: object) -> None:
    try:
        read = believable(bent(**{field: value}), RECORD.object_key, "models")
    except UnusableRecord:
        return
    assert isinstance(read, RenderingRecord)
    assert read.artifact_id
