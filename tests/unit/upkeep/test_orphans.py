from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from belvedere.catalog.pruning import Place
from belvedere.clients.object_store import ObjectInfo
from belvedere.errors import ObjectMissing
from belvedere.upkeep.orphans import Folder, folders, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Store:
    """An object store of which only small objects are read."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self._objects = objects

    def read(self, _bucket: str, key: str, *, max_bytes: int) -> bytes:
        if key not in self._objects:
            raise ObjectMissing(key)
        return self._objects[key][:max_bytes]


def info(key: str, minutes_ago: int = 0) -> ObjectInfo:
    return ObjectInfo("models-renderings", key, "", "e", 1, "", NOW - timedelta(minutes=minutes_ago))


def test_objects_are_grouped_by_their_place_with_the_newest_time() -> None:
    listing = [info("a.csv/e1/data.json", 9), info("a.csv/e1/page.html", 3), info("a.csv/e2/page.html", 5)]

    assert list(folders(iter(listing))) == [
        Folder("a.csv/e1", ("a.csv/e1/data.json", "a.csv/e1/page.html"), NOW - timedelta(minutes=3)),
        Folder("a.csv/e2", ("a.csv/e2/page.html",), NOW - timedelta(minutes=5)),
    ]


def folder(path: str) -> Folder:
    return Folder(path, (f"{path}/page.html",), NOW)


def test_a_place_tells_key_and_etag() -> None:
    assert place_of(Store({}), "b", folder("runs/1/a.csv/e1")) == Place("runs/1/a.csv", "e1")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["", "page.html", "/"])
def test_what_lies_at_no_place_is_left_alone(path: str) -> None:
    assert place_of(Store({}), "b", folder(path)) is None  # type: ignore[arg-type]


def test_a_hashed_place_is_told_by_its_record() -> None:
    store = Store({"_hashed/abc/e1/rendering.json": b'{"key": "a very long key"}'})

    assert place_of(store, "b", folder("_hashed/abc/e1")) == Place("a very long key", "e1")  # type: ignore[arg-type]


@pytest.mark.parametrize("record", [None, b"", b"[]", b"{}", b"\xff"])
def test_a_hashed_place_without_a_readable_record_is_left_alone(record: bytes | None) -> None:
    store = Store({} if record is None else {"_hashed/abc/e1/rendering.json": record})

    assert place_of(store, "b", folder("_hashed/abc/e1")) is None  # type: ignore[arg-type]
