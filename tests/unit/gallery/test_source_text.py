from __future__ import annotations

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


def test_json_is_laid_out_for_reading() -> None:
    assert json_text(b'{"a":[1,{"b":"\xc3\xa9"}]}').text == '{\n  "a": [\n    1,\n    {\n      "b": "é"\n    }\n  ]\n}'
