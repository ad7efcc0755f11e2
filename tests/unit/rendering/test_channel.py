"""What a child that was taken over may send: every field is checked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, RendererCrashed
from belvedere.model.rendering import Listing, Output, Reference, Rendering
from belvedere.rendering.isolation.channel import (
    LENGTH,
    MAX_MEMBERS,
    decode_references,
    decode_rendering,
    encode_references,
    encode_rendering,
)


def message(header: Any, contents: bytes = b"") -> bytes:
    encoded = json.dumps(header).encode()
    return LENGTH.pack(len(encoded)) + encoded + contents


def rendering(**changes: Any) -> Rendering:
    page = Output("page", "page.html", "text/html", b"<p>")
    plain = Rendering("mlflow", "belvedere.mlflow", "1", "Title", "Alt", {"a": 1}, (page,))
    return Rendering(**{name: getattr(plain, name) for name in Rendering.__slots__} | changes)


def header_of(sent: bytes) -> dict[str, Any]:
    (length,) = LENGTH.unpack_from(sent)
    header: dict[str, Any] = json.loads(sent[LENGTH.size : LENGTH.size + length])
    return header


def test_references_and_listings_arrive_in_their_order() -> None:
    sent = (
        Reference("minio://b/k", 5),
        Listing("minio://b/run/", 100, 10, 1000, ("*.png", "MLmodel")),
        Reference("https://a.example/x.md", 7),
    )

    assert decode_references(encode_references(sent)) == sent


@pytest.mark.parametrize(
    "item",
    [
        "minio://b/k",
        {"uri": "minio://b/k"},
        {"uri": 1, "max_bytes": 1},
        {"uri": "minio://b/k", "max_bytes": -1},
        {"uri": "minio://b/k", "max_bytes": True},
        {"uri": "minio://b/k/", "max_bytes": 1, "names": ["*"]},
        {"uri": "minio://b/k/", "max_bytes": 1, "max_bytes_each": 1, "max_objects": 1, "names": "*"},
        {"uri": "minio://b/k/", "max_bytes": 1, "max_bytes_each": 1, "max_objects": 1, "names": [1]},
        {"uri": "minio://b/k/", "max_bytes": 1, "max_bytes_each": 1, "max_objects": 1, "names": ["*"] * 101},
        {"uri": "minio://b/k/", "max_bytes": 1, "max_bytes_each": 1, "max_objects": 1, "names": ["*" * 1025]},
        {"uri": "minio://b/k/", "max_bytes": 1, "max_bytes_each": 1.5, "max_objects": 1, "names": ["*"]},
    ],
)
def test_a_reference_with_a_wrong_field_is_refused(item: Any) -> None:
    with pytest.raises(RendererCrashed):
        decode_references(message({"references": [item]}))


def test_members_arrive_with_their_rendering() -> None:
    sent = rendering(members=("run/a.png", "run/ü b#?.png"))

    received, isolation = decode_rendering(encode_rendering(sent, ["landlock"]))

    assert received == sent
    assert isolation == ("landlock",)


def test_more_members_than_allowed_are_not_sent() -> None:
    received, _ = decode_rendering(encode_rendering(rendering(members=tuple(map(str, range(MAX_MEMBERS + 5)))), []))

    assert len(received.members) == MAX_MEMBERS


@pytest.mark.parametrize(
    "members",
    [None, "a", [1], [""], ["a", "a"], ["x" * 1025], ["a\0b"], ["\ud800"], [str(n) for n in range(MAX_MEMBERS + 1)]],
)
def test_members_that_can_be_no_keys_are_refused(members: Any) -> None:
    header = header_of(encode_rendering(rendering(), [])) | {"members": members}

    with pytest.raises(RendererCrashed):
        decode_rendering(message(header, b"<p>"))


@given(st.binary(max_size=200), st.integers(0, 400))
def test_damaged_messages_are_refused_and_nothing_else(noise: bytes, at: int) -> None:
    sent = encode_rendering(rendering(members=("a", "b")), [])
    damaged = sent[:at] + noise + sent[at + len(noise) :]

    try:
        decode_rendering(damaged)
    except BelvedereError:
        return
    assert header_of(damaged)
