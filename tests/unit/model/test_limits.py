"""Limits are settable by kind, and a slip in them is named."""

from __future__ import annotations

import pytest

from belvedere.errors import ConfigurationError
from belvedere.model.limits import DEFAULTS, LimitsByKind
from belvedere.model.rendering import Limits
from belvedere.settings import Settings, settings


def test_nothing_said_leaves_every_kind_its_defaults() -> None:
    limits = LimitsByKind.from_json("")

    assert limits.of("roc") == Limits()
    assert limits.of("table").source_bytes == DEFAULTS["table"]["source_bytes"] > Limits().source_bytes


def test_a_kind_beats_every_kind_which_beats_the_defaults() -> None:
    limits = LimitsByKind.from_json('{"*": {"wall_seconds": 5, "source_bytes": 100}, "table": {"source_bytes": 7}}')

    assert limits.of("roc").source_bytes == 100
    assert limits.of("table").source_bytes == 7
    assert limits.of("table").wall_seconds == 5.0


def test_the_fetcher_may_take_what_the_most_generous_kind_takes() -> None:
    assert LimitsByKind.from_json('{"*": {"source_bytes": 10}, "pdf": {"source_bytes": 20}}').most_source_bytes() == 20
    assert LimitsByKind().most_source_bytes() == DEFAULTS["table"]["source_bytes"]


def test_what_is_said_later_goes_over_what_was_said_before() -> None:
    deployment = LimitsByKind({"*": {"pages": 1, "depth": 2}, "table": {"pages": 3, "wall_seconds": 4.0}})

    both = deployment.with_changes(LimitsByKind({"*": {"pages": 5}, "pdf": {"pages": 6}}))

    assert (both.of("roc").pages, both.of("roc").depth) == (5, 2)
    assert (both.of("table").pages, both.of("table").depth, both.of("table").wall_seconds) == (5, 2, 4.0)
    assert (both.of("pdf").pages, both.of("pdf").depth) == (6, 2)
    assert both.of("table").source_bytes == DEFAULTS["table"]["source_bytes"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "JSON object of objects"),
        ('{"table": 3}', "JSON object of objects"),
        ('{"table": {"memory": 3}}', "no limit table.memory; there are cpu_seconds"),
        ('{"table": {"pages": 0}}', "table.pages must be a number above 0"),
        ('{"table": {"pages": true}}', "table.pages must be a number above 0"),
        ('{"table": {"pages": "8"}}', "table.pages must be a number above 0"),
        ('{"*": {"wall_seconds": NaN}}', r"\*.wall_seconds must be a number above 0"),
        ('{"table": {"pages": 1.5}}', "table.pages must be a whole number"),
        ('{"A Table": {"pages": 1}}', "'A Table' is no kind"),
    ],
)
def test_a_slip_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LimitsByKind.from_json(text)


def test_the_settings_read_them_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVEDERE_LIMITS", '{"roc": {"memory_bytes": 3e8}}')

    limits = Settings().limits.of("roc")

    assert limits.memory_bytes == 300_000_000
    assert isinstance(limits.memory_bytes, int)


def test_wrong_settings_are_named_by_their_variables_and_no_value_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVEDERE_LIMITS", '{"roc": {"bytes": 3}}')
    monkeypatch.setenv("BELVEDERE_CORES", "s3cret")
    settings.cache_clear()

    with pytest.raises(ConfigurationError) as caught:
        settings()

    assert "BELVEDERE_LIMITS: there is no limit roc.bytes" in caught.value.message
    assert "BELVEDERE_CORES: " in caught.value.message
    assert "s3cret" not in caught.value.message
