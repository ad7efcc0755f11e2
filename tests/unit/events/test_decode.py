from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.minio_records import WRITER_KEY_ID, minio_message, minio_record

from belvedere.events.decode import UndecodableEvent, decode, decode_key
from belvedere.model.events import EventKind

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


def paths(value: Any, so_far: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where everything is in a document."""
    if not isinstance(value, (dict, list)):
        return [so_far]
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [so_far, *(path for name, child in inner for path in paths(child, (*so_far, name)))]


DOCUMENT = json.loads(minio_message(minio_record(version="v1"), minio_record(name="s3:ObjectRemoved:Delete")))
PLACES = [path for path in paths(DOCUMENT) if path]


@st.composite
def bent_documents(draw: st.DrawFn) -> bytes:
    """A real record in which something is missing or anything else."""
    document = deepcopy(DOCUMENT)
    *way, last = draw(st.sampled_from(PLACES))
    parent = document
    for name in way:
        parent = parent[name]
    if draw(st.booleans()):
        del parent[last]
    else:
        parent[last] = draw(JSON)
    return json.dumps(document).encode("utf-8", "surrogatepass")


def test_a_record_of_the_object_store_becomes_an_event() -> None:
    (event,) = decode(minio_message(minio_record("runs/roc.csv", version="abc-1", size=7))).events

    assert event.kind is EventKind.CREATED
    assert (event.bucket, event.key, event.version_id, event.size) == ("models", "runs/roc.csv", "abc-1", 7)
    assert event.event_at == datetime(2026, 11, 22, 3, 4, 5, 678000, tzinfo=UTC)
    assert event.sequencer == "0000187B0C1D2E3F4A5B"


@pytest.mark.parametrize(
    "key",
    [
        "a b.csv",
        "a+b.csv",
        "a%2Fb.csv",
        "100%.csv",
        "한국어/π ü.csv",
        "x" * 900,
        "é" * 512,
        "a\nb",
        "..",
        "a//b",
        "\u202e",
    ],
)
def test_keys_are_unescaped_exactly(key: str) -> None:
    (event,) = decode(minio_message(minio_record(key))).events

    assert event.key == key


@given(st.text(min_size=1, max_size=100).filter(lambda key: key.isprintable() and not key.endswith("/")))
def test_whatever_the_object_store_escapes_comes_back(key: str) -> None:
    events = decode(minio_message(minio_record(key))).events

    assert [event.key for event in events] == ([] if key.startswith(".belvedere/") else [key])


@pytest.mark.parametrize(("version", "expected"), [(None, ""), ("", ""), ("null", ""), ("3f-9", "3f-9")])
def test_buckets_without_versioning_have_an_empty_version(version: str | None, expected: str) -> None:
    (event,) = decode(minio_message(minio_record(version=version))).events

    assert event.version_id == expected


@pytest.mark.parametrize("name", ["Delete", "DeleteMarkerCreated", "DeleteAllVersions"])
def test_every_kind_of_removal_is_one(name: str) -> None:
    (event,) = decode(minio_message(minio_record(name=f"s3:ObjectRemoved:{name}", etag="", size=0))).events

    assert event.kind is EventKind.REMOVED
    assert event.etag == ""


@pytest.mark.parametrize("name", ["s3:ObjectAccessed:Get", "s3:ObjectCreated:PutTagging", "s3:BucketCreated:*", "junk"])
def test_events_that_change_no_bytes_are_left_out(name: str) -> None:
    assert decode(minio_message(minio_record(name=name))).events == ()


@pytest.mark.parametrize(("key", "size"), [("folder/", 0), (".belvedere/probe", 5)])
def test_folder_markers_and_our_own_probes_are_left_out(key: str, size: int) -> None:
    assert decode(minio_message(minio_record(key, size=size))).events == ()


def test_one_bad_entry_does_not_spoil_the_others() -> None:
    bad = minio_record()
    del bad["s3"]["object"]["key"]

    decoded = decode(minio_message(minio_record("good.csv"), bad, minio_record("also.csv")))

    assert [event.key for event in decoded.events] == ["good.csv", "also.csv"]
    assert len(decoded.problems) == 1
    assert "record 1" in decoded.problems[0]


@pytest.mark.parametrize(
    "value",
    [b"", b"\xff\xfe", b"null", b"[]", b"{}", b'{"Records": {}}', b"[" * 100_000, b'{"Records": null}', b"<xml/>"],
)
def test_what_is_no_record_at_all_is_undecodable(value: bytes) -> None:
    with pytest.raises(UndecodableEvent):
        decode(value)


@pytest.mark.parametrize(
    ("place", "value", "word"),
    [
        ("key", "%FF%FE", "UTF-8"),
        ("key", "%00", "NUL"),
        ("key", "x" * 1025, "1025 bytes"),
        ("key", "", "0 bytes"),
        ("size", -1, "size"),
        ("size", True, "size"),
        ("size", 2**60, "size"),
        ("eTag", "../../etc", "eTag"),
        ("versionId", "a/b", "versionId"),
        ("sequencer", "xyz", "sequencer"),
        ("sequencer", "F" * 40, "sequencer"),
        ("sequencer", "-5", "sequencer"),
    ],
)
def test_a_field_that_cannot_be_true_is_told(place: str, value: Any, word: str) -> None:
    record = minio_record()
    record["s3"]["object"][place] = value

    (problem,) = decode(minio_message(record)).problems

    assert word in problem


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_raise_nothing_else(value: bytes) -> None:
    with suppress(UndecodableEvent):
        decode(value)


@given(bent_documents())
def test_a_record_bent_anywhere_raises_nothing_else(value: bytes) -> None:
    try:
        decoded = decode(value)
    except UndecodableEvent:
        return
    for event in decoded.events:
        assert 0 < len(event.key.encode("utf-8", "surrogatepass")) <= 1024
        assert "\0" not in event.key + event.content_type + event.etag + event.version_id
        assert event.event_at.tzinfo is not None


@given(st.text(max_size=60))
def test_escaped_keys_of_any_kind_raise_nothing_else(escaped: str) -> None:
    try:
        key = decode_key(escaped)
    except UndecodableEvent:
        return
    key.encode()


def test_the_writers_access_key_id_is_never_in_an_event() -> None:
    assert WRITER_KEY_ID in minio_message().decode()

    assert WRITER_KEY_ID not in repr(decode(minio_message()))
