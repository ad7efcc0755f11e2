from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from belvedere.gallery.raw_preview import MOST_CHARACTERS, raw_preview


def test_json_is_laid_out_and_other_text_is_shown_as_it_is() -> None:
    assert raw_preview(b'{"Records": [1]}').text == '{\n  "Records": [\n    1\n  ]\n}'
    assert raw_preview("grüße".encode()).form == "text"
    assert raw_preview(b"").text == ""


def test_bytes_are_dumped_with_their_places() -> None:
    shown = raw_preview(b"ab\x00\xff" + b"z" * 20)

    assert shown.form == "hex"
    assert shown.text.splitlines()[0].startswith("000000  61 62 00 ff 7a")
    assert shown.text.splitlines()[0].endswith("ab..zzzzzzzzzzzz")
    assert shown.text.splitlines()[1].startswith("000010  ")


def test_json_that_would_explode_when_laid_out_is_shown_as_text() -> None:
    deep = b"[" * 900 + b"1," * 20_000 + b"1" + b"]" * 900
    began = time.monotonic()

    shown = raw_preview(deep)

    assert (shown.form, len(shown.text)) == ("text", len(deep))
    assert time.monotonic() - began < 2


def test_brackets_inside_of_strings_hide_no_depth() -> None:
    assert raw_preview(b'["]]]]]]]]", ' + b"[" * 40 + b"1" + b"]" * 41).form == "text"


def test_a_lonely_surrogate_can_be_sent_to_a_browser() -> None:
    assert raw_preview(rb'{"key": "\ud800"}').text.encode()


@given(st.binary(max_size=400))
def test_anything_becomes_text_of_bounded_length(raw: bytes) -> None:
    shown = raw_preview(raw)

    assert shown.form in ("json", "text", "hex")
    assert len(shown.text.encode()) <= 4 * MOST_CHARACTERS
