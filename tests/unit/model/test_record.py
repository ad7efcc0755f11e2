from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.model.artifact import ArtifactState, StoredOutput
from belvedere.model.record import MAX_KEY_BYTES, RenderingRecord, rendering_place
from belvedere.model.watch import Watch

TEXT = st.text(max_size=20)
TIMES = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)).map(
    lambda t: t.replace(tzinfo=UTC)
)
FACTS = st.dictionaries(TEXT, st.integers() | TEXT | st.floats(allow_nan=False, allow_infinity=False), max_size=3)
OUTPUTS = st.builds(
    StoredOutput, role=TEXT, name=TEXT, media_type=TEXT, size=st.integers(0), object_key=TEXT, active=st.booleans()
)
WATCHES = st.builds(Watch, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple))
RECORDS = st.builds(
    RenderingRecord,
    tenant=TEXT,
    bucket=TEXT,
    key=TEXT,
    version_id=TEXT,
    etag=TEXT,
    size=st.integers(0, 2**50),
    content_type=TEXT,
    sequencer=TEXT,
    event_at=TIMES,
    queued_at=TIMES,
    rendered_at=TIMES,
    state=st.sampled_from([ArtifactState.RENDERED, ArtifactState.DEAD, ArtifactState.UNSUPPORTED]),
    kind=st.none() | TEXT,
    facts=FACTS,
    warnings=st.lists(TEXT, max_size=3).map(tuple),
    outputs=st.lists(OUTPUTS, max_size=3).map(tuple),
    sampled=st.none() | st.just({"shown": 1, "total": None, "unit": "rows"}),
    usage=FACTS,
    run_id=st.none() | TEXT,
    members=st.lists(TEXT, max_size=3).map(tuple),
    watches=st.lists(WATCHES, max_size=3).map(tuple),
)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def record(**changes: object) -> RenderingRecord:
    facts = {
        "tenant": "t",
        "bucket": "models",
        "key": "a.csv",
        "version_id": "",
        "etag": "e1",
        "size": 1,
        "content_type": "text/csv",
        "sequencer": "1",
        "event_at": NOON,
        "queued_at": NOON,
        "rendered_at": NOON + timedelta(seconds=1),
        "state": ArtifactState.RENDERED,
        "kind": "table",
    }
    return RenderingRecord(**facts | changes)  # type: ignore[arg-type]


@given(RECORDS)
def test_a_record_reads_back_as_it_was_written(written: RenderingRecord) -> None:
    assert RenderingRecord.from_json(written.to_json()) == written


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b'{"format": 2}', b'{"format": 1}', b"\xff"])
def test_what_is_no_record_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        RenderingRecord.from_json(content)


@pytest.mark.parametrize(("kind", "active"), [("html", True), ("kfp_ui_metadata", True), ("roc", False), (None, False)])
def test_an_old_record_holds_users_html_where_its_kind_did(kind: str | None, active: bool) -> None:
    files = [("page", "page.html", "text/html"), ("thumbnail", "thumbnail.svg", "image/svg+xml")]
    document = json.loads(record(kind=kind).to_json())
    document["outputs"] = [
        {"role": role, "name": name, "media_type": media_type, "size": 1, "object_key": f"k/{name}"}
        for role, name, media_type in files
    ]

    read = RenderingRecord.from_json(json.dumps(document).encode())

    assert [output.active for output in read.outputs] == [active, False]


def test_a_record_with_outputs_that_are_none_is_a_value_error() -> None:
    for outputs in ([1], [None], 1, [[]], {"a": 1}):
        document = json.loads(record().to_json()) | {"outputs": outputs}
        with pytest.raises(ValueError, match="lacks or misnames"):
            RenderingRecord.from_json(json.dumps(document).encode())


def test_a_record_with_an_unknown_field_is_a_value_error() -> None:
    document = json.loads(record().to_json()) | {"surprise": 1}

    with pytest.raises(ValueError, match="surprise"):
        RenderingRecord.from_json(json.dumps(document).encode())


@given(st.text(min_size=1, max_size=1024), st.text("0123456789abcdef", min_size=32, max_size=32))
def test_a_renderings_place_leaves_room_for_file_names(key: str, etag: str) -> None:
    place = rendering_place(key, etag)

    assert len(f"{place}/rendering.json".encode("utf-8", "surrogatepass")) <= MAX_KEY_BYTES
    assert place == rendering_place(key, etag)


@given(st.text(min_size=1, max_size=1100), st.text(min_size=1, max_size=1100))
def test_two_keys_never_share_a_place(one: str, other: str) -> None:
    assert (rendering_place(one, "e") == rendering_place(other, "e")) == (one == other)


def test_latency_counts_from_the_event() -> None:
    assert record().latency_ms == 1000


def test_latency_of_late_work_counts_from_its_queueing() -> None:
    late = record(queued_at=NOON + timedelta(hours=1), rendered_at=NOON + timedelta(hours=1, seconds=2))

    assert late.latency_ms == 2000


def test_a_record_from_before_members_has_none() -> None:
    document = json.loads(record().to_json())
    del document["members"], document["watches"]

    assert RenderingRecord.from_json(json.dumps(document).encode()) == record()


@pytest.mark.parametrize("watches", [[{}], [{"bucket": "b"}], [[]], [{"bucket": "b", "prefix": "p", "names": 3}]])
def test_a_record_with_unreadable_watches_is_a_value_error(watches: object) -> None:
    document = json.loads(record().to_json()) | {"watches": watches}

    with pytest.raises(ValueError, match="field"):
        RenderingRecord.from_json(json.dumps(document).encode())
