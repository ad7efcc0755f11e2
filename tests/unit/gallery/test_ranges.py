"""Ranges that players ask for: parts of a file, never more than there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.gallery.ranges import ByteRange, UnsatisfiableRange, asked_range


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-99", ByteRange(0, 99)),
        ("bytes=100-", ByteRange(100, 999)),
        ("bytes=-50", ByteRange(950, 999)),
        ("bytes=-5000", ByteRange(0, 999)),
        ("bytes=990-5000", ByteRange(990, 999)),
        ("BYTES = 3 - 4", ByteRange(3, 4)),
        (None, None),
        ("bytes=-", None),
        ("bytes=5-4", None),
        ("bytes=0-1,5-9", None),
        ("lines=1-2", None),
        ("bytes=1" + "0" * 30 + "-", None),
    ],
)
def test_one_range_is_understood_and_all_else_means_the_whole_file(header: str | None, found: ByteRange | None) -> None:
    assert asked_range(header, 1000) == found


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_served(header: str) -> None:
    with pytest.raises(UnsatisfiableRange):
        asked_range(header, 1000)


@given(st.text(max_size=40) | st.from_regex(r"bytes=\d{0,20}-\d{0,20}", fullmatch=True), st.integers(1, 10**12))
def test_a_range_never_reaches_outside_the_file(header: str, size: int) -> None:
    try:
        found = asked_range(header, size)
    except UnsatisfiableRange:
        return
    assert found is None or 0 <= found.first <= found.last < size
