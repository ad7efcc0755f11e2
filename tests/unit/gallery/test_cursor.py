from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.catalog.listings import Order
from belvedere.gallery.cursor import CursorRefused, Cursors

CURSORS = Cursors("secret")


def test_a_cursor_gives_back_its_position() -> None:
    moment = datetime(2026, 11, 22, 3, 44, 55, 570878, UTC)

    read = CURSORS.read(CURSORS.write(Order.NEWEST, (moment, "abc")), Order.NEWEST)

    assert read == (moment.isoformat(), "abc")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_key_survives_in_a_cursor(bucket: str, key: str) -> None:
    assert CURSORS.read(CURSORS.write(Order.KEY, (bucket, key, "id")), Order.KEY) == (bucket, key, "id")


@given(st.integers(min_value=0), st.sampled_from("ABCxyz019-_ =é"))
def test_a_changed_cursor_is_refused(at: int, other: str) -> None:
    cursor = CURSORS.write(Order.LARGEST, (1234, "abc"))
    at %= len(cursor) - 1
    changed = cursor[:at] + other + cursor[at + 1 :]

    if changed != cursor:
        with pytest.raises(CursorRefused, match="cursor"):
            CURSORS.read(changed, Order.LARGEST)


def test_a_cursor_of_another_order_is_refused_by_name() -> None:
    with pytest.raises(CursorRefused, match=r"order=key.*order=newest"):
        CURSORS.read(CURSORS.write(Order.KEY, ("a", "b", "c")), Order.NEWEST)


def test_a_cursor_of_another_gallery_is_refused() -> None:
    with pytest.raises(CursorRefused, match="signature"):
        CURSORS.read(Cursors("other").write(Order.LARGEST, (1, "a")), Order.LARGEST)


@given(st.binary())
def test_no_bytes_at_all_make_the_reader_stumble(raw: bytes) -> None:
    with pytest.raises(CursorRefused):
        CURSORS.read(base64.urlsafe_b64encode(raw).decode(), Order.NEWEST)
