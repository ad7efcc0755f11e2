from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from belvedere.gallery.source_text import SHOWN_BYTES, json_text, source_text


def test_text_is_shown_as_text() -> None:
    shown = source_text("größe,값\n1,2\n".encode(), 16)

    assert shown.text == "größe,값\n1,2\n"
    assert shown.encoding == "utf-8"


def test_only_the_first_bytes_are_shown_and_no_character_is_cut_in_two() -> None:
    content = "é".encode() * SHOWN_BYTES

    shown = source_text(b"x" + content, len(content) + 1)

    assert not shown.whole
    assert shown.shown == SHOWN_BYTES
    assert "\ufffd" not in shown.text


def test_byte_order_marks_and_old_encodings_are_understood() -> None:
    assert source_text("a\tß".encode("utf-16"), 8).text == "a\tß"
    assert source_text("größe".encode("windows-1252"), 5).text == "größe"


def test_binary_content_is_dumped_in_hexadecimal() -> None:
    shown = source_text(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(128, 160)), 48)

    assert shown.encoding == ""
    assert shown.text.startswith("00000000  89 50 4e 47 0d 0a 1a 0a 00 00 00 0d 49 48 44 52  .PNG........IHDR")


@given(st.binary(max_size=5000))
def test_any_bytes_can_be_shown(head: bytes) -> None:
    shown = source_text(head, len(head))

    assert "\0" not in shown.text
    assert shown.shown <= len(head)


def test_json_is_laid_out_with_a_row_a_line() -> None:
    shown = json_text(b'{"names":["a","\xc3\xa9"],"rows":[[1,2.5],[3,null]]}')

    assert shown.text == '{\n  "names": ["a", "é"],\n  "rows": [\n    [1, 2.5],\n    [3, null]\n  ]\n}'


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=40))
def test_laid_out_json_says_the_same(value: object) -> None:
    assert json.loads(json_text(json.dumps(value).encode()).text) == value
