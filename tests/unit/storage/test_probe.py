from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from belvedere.clients.kafka import RawRecord
from belvedere.clients.object_store import ObjectInfo
from belvedere.errors import ServiceUnavailable
from belvedere.storage.probe import ProbeUnanswered, probe

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class Store:
    """One object that can be put, looked at and removed."""

    def __init__(self) -> None:
        self.there: dict[str, bytes] = {}
        self.removed: list[tuple[str, str]] = []

    def put(self, _bucket: str, key: str, content: bytes, _content_type: str) -> str:
        self.there[key] = content
        return "e1"

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        moment: datetime = None  # type: ignore[assignment]
        return ObjectInfo(bucket, key, "v1", "e1", len(self.there[key]), "text/plain", moment)

    def remove_version(self, _bucket: str, key: str, version_id: str) -> None:
        self.removed.append((key, version_id))


class Tail:
    """Batches of record values, one a read."""

    def __init__(self, *batches: list[bytes]) -> None:
        self._batches = list(batches)

    def read(self, _timeout_seconds: float) -> list[RawRecord]:
        values = self._batches.pop(0) if self._batches else []
        return [RawRecord("artifacts", 0, number, value) for number, value in enumerate(values)]


def announcement(key: str = "models/.belvedere/probe/p1", name: str = "s3:ObjectCreated:Put") -> bytes:
    return json.dumps({"EventName": name, "Key": key, "Records": []}).encode()


def run(store: Store, tail: object, limit_seconds: float = 5.0) -> tuple[float, ...]:
    result = probe(store, tail, "models", "p1", targets=2, limit_seconds=limit_seconds)  # type: ignore[arg-type]
    return result.seconds


def test_both_targets_must_announce_the_probe_and_nothing_else_counts() -> None:
    noise = [b"junk", b"[]", announcement("models/other"), announcement(name="s3:ObjectRemoved:Delete")]
    tail = Tail(noise, [announcement()], [], [*noise, announcement()], [announcement()])

    assert len(run(Store(), tail)) == 2


def test_one_target_alone_is_not_enough_and_the_message_says_so() -> None:
    with pytest.raises(ProbeUnanswered, match="1 of 2 notification targets"):
        run(Store(), Tail([announcement()]), limit_seconds=0.05)


def broken(_timeout_seconds: float) -> list[RawRecord]:
    raise ServiceUnavailable("the broker is away")


@pytest.mark.parametrize("read", [Tail([announcement(), announcement()]).read, Tail().read, broken])
def test_the_probe_is_removed_whatever_happens(read: Callable[[float], list[RawRecord]]) -> None:
    store, tail = Store(), Tail()
    tail.read = read  # type: ignore[method-assign]

    with contextlib.suppress(ProbeUnanswered, ServiceUnavailable):
        run(store, tail, limit_seconds=0.05)

    assert store.removed == [(".belvedere/probe/p1", "v1")]
