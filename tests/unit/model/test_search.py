from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.model.search import BadSearch, Choice, Comparison, Place, Search, Word, read

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


def test_nothing_asks_for_nothing() -> None:
    assert read("  ") == Search()
    assert not Search().looks_at_rows


def test_words_may_be_quoted_and_negated() -> None:
    assert read('roc "breast cancer" -draft -"old one"').words == (
        Word("roc"),
        Word("breast cancer"),
        Word("draft", negated=True),
        Word("old one", negated=True),
    )


def test_quotes_may_hold_quotes_and_names_of_terms() -> None:
    assert read(r'"say \"hi\"" "kind:roc" "auc>0.9"').words == (Word('say "hi"'), Word("kind:roc"), Word("auc>0.9"))


def test_names_choose_values_by_commas() -> None:
    search = read("kind:roc,table -tenant:team-b STATE:dead")

    assert search.choices == (
        Choice("kind", ("roc", "table")),
        Choice("tenant", ("team-b",), negated=True),
        Choice("state", ("dead",)),
    )
    assert (search.chosen("kind"), search.chosen("tenant")) == (("roc", "table"), ())
    assert not search.looks_at_rows


def test_places_are_folders_and_runs() -> None:
    assert read('folder:"my runs/a" -run:7k2xp').places == (
        Place("folder", "my runs/a"),
        Place("run", "7k2xp", negated=True),
    )


@pytest.mark.parametrize(
    ("text", "comparison"),
    [
        ("auc>0.9", Comparison("auc", ">", 0.9)),
        ("rows>=1e6", Comparison("rows", ">=", 1e6)),
        ("roc.auc<=.5", Comparison("roc.auc", "<=", 0.5)),
        ("-accuracy!=90%", Comparison("accuracy", "!=", 0.9, negated=True)),
        ("auc=0.94", Comparison("auc", "=", 0.94, slack=0.005)),
        ("rows=10k", Comparison("rows", "=", 10_000)),
        ("rows<1,000", Comparison("rows", "<", 1000)),
        ('"Val Loss"<-1', Comparison("val_loss", "<", -1)),
    ],
)
def test_facts_are_compared_with_numbers(text: str, comparison: Comparison) -> None:
    assert read(text).facts == (comparison,)


@pytest.mark.parametrize(
    ("text", "value"), [("size>10MB", 10e6), ("size>2k", 2000), ("latency>2s", 2000), ("attempts>1", 1)]
)
def test_measures_of_the_artifact_itself_take_units(text: str, value: float) -> None:
    assert [measure.value for measure in read(text).measures] == [value]


def test_times_are_dates_or_spans_and_the_narrowest_hold() -> None:
    search = read("after:2026-11-01 after:7d before:2026-11-22T14:00 before:yesterday", NOW)

    assert search.after == NOW - timedelta(days=7)
    assert search.before == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("state:sleeping", "'sleeping' is no state; known states are queued"),
        ("kind:", "'kind:' lacks a value"),
        ("auc>", "'auc>' lacks a number"),
        ("auc>high", "'high' is not a number"),
        ("auc>1e999", "too large a number"),
        ("after:someday", "'someday' is no time; write 2026-11-22"),
        ("after:999999w", "is no time"),
        ("-before:7d", "say after: instead of -before:"),
        ("owner:me", "'owner:me': no such name; known are kind:"),
        ('roc "never closed', "a quotation mark is never closed"),
        ("a\0b", "NUL"),
        ("a " * 17, "more than 16 terms"),
        ("a" * 501, "longer than 500"),
    ],
)
def test_what_cannot_be_understood_is_named(text: str, message: str) -> None:
    with pytest.raises(BadSearch, match=r"^q: ") as raised:
        read(text, NOW)

    assert message in raised.value.message


def test_addresses_and_parts_of_keys_are_words() -> None:
    words = ("https://host/a", "s3://bucket/key", "run_id=manual__7", "<img", "12:30")

    assert read(" ".join(words)).words == tuple(Word(word) for word in words)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        read(text, NOW)
    except BadSearch as error:
        assert error.message.startswith("q: ")
