"""What an artifact is, is told by its bytes; hostile bytes cost no time and raise nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.detection import detect, mismatch
from belvedere.rendering.fallback import unsupported, unsupported_card
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.tables.delimited import delimiter_of, typed
from belvedere.rendering.tables.shapes import shape_of
from belvedere.rendering.texts.plaintext import clean, decode, is_binary

PICKLE = b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94."


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"fpr,tpr,threshold\n0,0,inf\n1,1,0\n", "a/roc.txt", "roc"),
        (b"a,b\n1,2\n", "a/b.csv", "table"),
        (b"one\ntwo\n", "a/b.csv", "table"),
        (b"a\tb\tc\n1\t2\t3\n4\t5\t6\n", "a/noname", "table"),
        (b"2026-01-01 10:00:00,123 INFO start\n2026-01-01 10:00:01,456 INFO end\n", "a/run.log", "text"),
        (b"2026-01-01 10:00:00,123 INFO start\n2026-01-01 10:00:01,456 INFO end\n", "a/noname", "text"),
        (b"Dear all, this is prose.\nIt has, here and there, commas.\n", "a/noname", "text"),
        (b"# Title\n\ntext\n", "a/noname", "markdown"),
        (b"a,b\n1,2\n", "a/card.md", "markdown"),
        (b"<!doctype html><p>x", "a/b.csv", "html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a/b.txt", "image"),
        (b"<?xml version='1.0'?><!-- c --><svg xmlns='http://www.w3.org/2000/svg'/>", "a/b", "image"),
        (b"<?xml version='1.0'?><rss/>", "a/b.html", "xml"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "a/b.csv", "image"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 30, "a/b", "image"),
        (b"BM is how this text begins, no bitmap\n", "a/b.txt", "text"),
        (b"PAR1" + b"\0" * 30, "a/b.csv", "table"),
        (b"PK\x03\x04" + b"\0" * 30, "a/b.csv", "zip"),
        (b"\x1f\x8b\x08" + b"\0" * 30, "a/b", "gzip"),
        (PICKLE, "a/model.pkl", "pickle"),
        (b"\0\x01\x02\x03" * 40, "a/b", "binary"),
        (b"", "a/b.csv", "empty"),
        (b" \n\t\n", "a/b.csv", "empty"),
        (b"\xef\xbb\xbf", "a/b.csv", "empty"),
        (b'{"outputs": [{"type": "table", "source": "x"}]}', "a/other.json", "kfp_ui_metadata"),
        (b'{"outputs": [{"type": "tab', "a/mlpipeline-ui-metadata.json", "kfp_ui_metadata"),
        (b"not json at all", "a/mlpipeline-ui-metadata.json", "kfp_ui_metadata"),
        (b'{"outputs": [1, 2]}', "a/other.json", "json"),
        (b'{"cells": [], "nbformat": 4}', "a/b.ipynb", "notebook"),
        (b'{"$schema": "https://vega.github.io/schema/vega-lite/v6.json"}', "a/b.json", "vega_lite"),
        (b"a,b\n1,2\n3,4\n", "a/b.csv", "table"),
        (b'{"a": 1}\n{"a": 2}\n', "a/b.jsonl", "table"),
        ("이름,나이\n철수,31\n영희,28\n".encode("cp949"), "a/b.csv", "table"),
        ("name,age\nann,31\n".encode("utf-16"), "a/b.csv", "table"),
    ],
)
def test_kinds(make_source, content: bytes, name: str, kind: str) -> None:
    assert detect(make_source(content, name)) == kind


def test_a_declared_content_type_decides_where_bytes_and_name_do_not(make_source) -> None:
    assert detect(make_source("just words\n", "a/b", "text/markdown")) == "markdown"
    assert detect(make_source("just words\n", "a/b", "text/csv")) == "table"
    assert detect(make_source("just words\n", "a/b", "image/png")) == "text"


def test_a_name_that_promises_another_kind_is_said(make_source) -> None:
    source = make_source(b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "a/b.csv")
    assert mismatch(source, "image") == (
        "The name ends in .csv, but the bytes are not that: shown as what they are (PNG image)."
    )
    assert mismatch(make_source("a,b\n1,2\n", "a/b.csv"), "table") is None


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"Obj\x01" + b"\0" * 30, "a/b.avro", "Apache Avro table, 34 bytes"),
        (PICKLE, "a/model.pkl", "never loaded"),
        (b"\0\x01" * 40, "a/b.csv", "binary and not text"),
        (b"\0\x01" * 40, "a/b.png", "not a valid image"),
        (b"", "a/b.csv", "empty"),
    ],
)
def test_what_nobody_renders_is_named_in_words(make_source, content: bytes, name: str, words: str) -> None:
    source = make_source(content, name)
    assert words in unsupported(source, detect(source)).message


def test_an_unsupported_file_has_a_card_with_its_size_and_first_bytes(make_source) -> None:
    source = make_source(b"Obj\x01" + b"\0" * 30, "a/<b>.avro", "x/y")
    card = unsupported_card(source, "avro")
    assert card.facts["file"]["size"] == 34
    assert card.facts["file"]["first_bytes"].startswith("4f 62 6a 01")
    assert {output.role for output in card.outputs} == {"page", "thumbnail"}
    assert all(b"<b>" not in output.content for output in card.outputs)


HOSTILE = {
    "comments": b"<!-- -->" * 8000,
    "comments and no root": b"<!---->" * 9000 + b"x",
    "open comments": b"<!--" * 16000,
    "document types": b"<!DOCTYPE svg [" * 4000,
    "brackets": b"[" * 65000,
    "braces": b"{" * 65000,
    "nested json": b'{"a":' * 12000 + b"1" + b"}" * 12000,
    "digits": b"1" * 65000 + b"x",
    "digits and dots": b"1.1" * 20000,
    "points": b"," * 65000,
    "quotes": b'"' * 64999,
    "open quote": b'a,b\n1,"' + b"x" * 65000,
    "spaces": b"epoch" + b" " * 64000,
    "carriage returns": b"\r" * 65000,
    "pipes": b"|-" * 32000,
    "links": b"[a](" * 16000,
    "hashes": b"#" * 65000,
    "numbers": b"\n".join(b"%d %d" % (at, at) for at in range(8000)),
    "escapes": b"\x1b]0;" * 16000,
}


@pytest.mark.parametrize("name", ["a/b", "a/b.csv", "a/b.md", "a/b.txt", "a/b.html", "a/b.json", "a/b.svg"])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_heads_are_told_quickly(make_source, content: bytes, name: str) -> None:
    source = make_source(content, name)
    started = time.process_time()
    kind = detect(source)
    assert time.process_time() - started < 5
    assert isinstance(kind, str)


@pytest.mark.parametrize("name", ["a/b", "a/b.csv", "a/b.md", "a/b.html"])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_end_as_a_rendering_or_as_a_clear_error(make_source, content: bytes, name: str) -> None:
    started = time.process_time()
    assert outcome(make_source(content, name))
    assert time.process_time() - started < 20


def outcome(source: Source) -> object:
    """Return the rendering's outputs or the error's message: one of them must say something."""
    try:
        return render_here(source, Limits()).outputs
    except BelvedereError as error:
        return "" if "Traceback" in error.message else error.message


def source_of(tmp: object, content: bytes, name: str) -> Source:
    path = tmp.joinpath("fuzzed")  # type: ignore[attr-defined]
    path.write_bytes(content)
    return Source("b", name, "e", "", "", len(content), path)


CELLS = st.text(st.sampled_from("ab1.-,;\t\n\"' |\r\x00é<>%"), max_size=12)
NAMES = st.sampled_from(
    ["a/b", "a/b.csv", "a/confusion_matrix.csv", "a/roc.csv", "a/b.txt", "a/b.md", "a/b.json", "a/b.svg"]
)


@given(
    st.one_of(
        st.binary(max_size=400), CELLS.map(str.encode), st.lists(CELLS, max_size=40).map(lambda x: ",".join(x).encode())
    ),
    NAMES,
)
def test_any_bytes_end_as_a_rendering_or_as_a_clear_error(tmp_path_factory, content: bytes, name: str) -> None:
    assert outcome(source_of(tmp_path_factory.getbasetemp(), content, name))


MATRIX_CELLS = st.sampled_from(["cat", "dog", "", "1", "2", "0.5", "-1", "nan", "inf", "x", "target", "count"])


@given(
    st.lists(st.lists(MATRIX_CELLS, min_size=1, max_size=4), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"])
)
def test_any_small_grid_ends_as_a_rendering_or_as_a_clear_error(
    tmp_path_factory, rows: list[list[str]], delimiter: str
) -> None:
    text = "\n".join(delimiter.join(row) for row in rows)
    for name in ("a/confusion_matrix.csv", "a/roc.csv", "a/t.csv"):
        assert outcome(source_of(tmp_path_factory.getbasetemp(), text.encode(), name))


@given(st.text(max_size=300))
def test_sniffers_take_any_text(text: str) -> None:
    assert delimiter_of(text) is None or len(str(delimiter_of(text))) == 1
    assert shape_of(text, whole=True, name="x") in {None, "table", "roc", "confusion_matrix"}
    typed(text)


@given(st.binary(max_size=300))
def test_decoding_takes_any_bytes(data: bytes) -> None:
    if is_binary(data):
        with pytest.raises(MalformedArtifact, match="not text"):
            decode(data)
    else:
        assert isinstance(decode(data).text, str)


@given(st.text())
def test_clean_text_can_be_stored_and_written(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\0" not in cleaned
    assert clean(cleaned) == cleaned


def test_the_card_of_an_unknown_file_shows_its_bytes_and_words(make_source) -> None:
    content = b"\x7fELF" + bytes(30) + b"GCC: (Debian) <13.2>\0\1\2\3" + b"\0" * 40
    card = unsupported_card(make_source(content, "bin/tool"), "elf")
    page = next(output.content.decode() for output in card.outputs if output.role == "page")
    assert "00000000</span>  7f 45 4c 46 00" in page
    assert "·ELF" in page
    assert "GCC: (Debian) &lt;13.2&gt;" in page
    assert 0 < card.facts["file"]["entropy"] < 4
