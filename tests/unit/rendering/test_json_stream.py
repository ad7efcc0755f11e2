"""JSON is read element by element, whatever its size, and as far as it is JSON."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact
from belvedere.rendering.texts import json_stream
from belvedere.rendering.texts.json_outline import outline_of, outline_of_text
from belvedere.rendering.texts.json_stream import Budget, Element, JsonStream

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, text: str | bytes) -> list[Element]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(JsonStream(path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "document.json"


def test_items_of_arrays_come_one_by_one_and_other_values_whole(file: Path) -> None:
    assert read(file, ' {"info": {"a": [1]}, "items": [1, {"b": 2}, [3]], "none": [], "last": null} ') == [
        Element("info", {"a": [1]}, listed=False),
        Element("items", 1, listed=True),
        Element("items", {"b": 2}, listed=True),
        Element("items", [3], listed=True),
        Element("last", None, listed=False),
    ]
    assert read(file, "[1, 22]") == [Element("", 1, listed=True), Element("", 22, listed=True)]
    assert read(file, "{}") == read(file, "[]") == []


@pytest.mark.parametrize("window", [1, 2, 3, 7])
def test_values_that_lie_across_windows_are_read_whole(
    file: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(json_stream, "READ_BYTES", window)
    document = {"numbers": [123456, -1.5e10, 0], "words": ['größe \\ "quoted" \U0001f600', ""], "flag": True}
    found = read(file, json.dumps(document, ensure_ascii=False))
    assert [one.value for one in found] == [*document["numbers"], *document["words"], True]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ('{"a": [1, 2, {"b"', [1, 2]),
        ('{"a": [1, 2', [1]),
        ("[1, 2 3]", [1, 2]),
        ('{"a": 1, b: 2}', [1]),
        ("[1, nope, " + "2," * 100 + "3]", [1]),
        ("[" + "1" * 5000 + "]", []),
        ("[" * 100_000, []),
        ("nothing", []),
        ("", []),
    ],
)
def test_what_stands_before_a_fault_is_kept_and_the_fault_is_said(file: Path, text: str, before: list[Any]) -> None:
    file.write_text(text)
    stream, found = JsonStream(file), []
    with pytest.raises(MalformedArtifact, match="not valid JSON near byte"):
        found.extend(element.value for element in stream)
    assert found == before


def test_one_enormous_value_is_a_limit(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MOST_CHARACTERS", 1000)
    monkeypatch.setattr(json_stream, "READ_BYTES", 100)
    with pytest.raises(LimitExceeded, match="longer than"):
        read(file, '["' + "x" * 5000 + '"]')


def test_a_budget_ends_reading_quietly(file: Path) -> None:
    file.write_text(json.dumps([{"text": "x" * 1000}] * 5000))
    found = list(JsonStream(file, Budget(most_bytes=2_000_000, seconds=60)))
    assert 1500 < len(found) < 5000


def test_memory_is_that_of_a_window_not_of_the_file(file: Path) -> None:
    with file.open("w") as out:
        out.write("[" + ",".join([json.dumps({"text": "x" * 500, "numbers": list(range(50))})] * 30_000) + "]")
    tracemalloc.start()
    count = sum(1 for _ in JsonStream(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30_000
    assert file.stat().st_size > 20_000_000 > 2 * peak


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_any_document_is_read_as_the_standard_library_reads_it(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any], cut: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.json"
    text = json.dumps(document)
    found: dict[str, Any] = {name: [] for name, value in document.items() if isinstance(value, list)}
    for element in read(file, text):
        if element.listed:
            found[element.key].append(element.value)
        else:
            found[element.key] = element.value
    assert found == document
    with pytest.raises(BelvedereError):
        read(file, text[: max(0, len(text) - cut)])


def test_an_outline_of_text_is_that_of_the_document() -> None:
    document = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"x": [{"y": 1}]}}], "n": 1}
    assert outline_of_text(json.dumps(document)) == outline_of(document)
    assert outline_of_text(json.dumps([{"image_id": 1}])).elements == {"": {"image_id"}}
    assert outline_of_text('{"images": [{"id": 1, "file_na').elements == {"images": {"id"}}
    assert not outline_of_text('"' + '\\"' * 30_000).keys, "and hostile text costs no more than its length"
