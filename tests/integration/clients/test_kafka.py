from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from tests.harness.waiting import eventually

from belvedere.clients.kafka import STREAM_CONFIG, RecordStream
from belvedere.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from belvedere.clients.kafka import RawRecord


@pytest.fixture
def topic(kafka_bootstrap: str) -> str:
    name = f"test-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(30)
    return name


@pytest.fixture
def produce(kafka_bootstrap: str, topic: str) -> Callable[..., None]:
    producer = Producer({"bootstrap.servers": kafka_bootstrap, "linger.ms": 0})

    def send(*values: bytes | None) -> None:
        for value in values:
            producer.produce(topic, value=value)
        assert producer.flush(20) == 0

    return send


@pytest.fixture
def open_stream(kafka_bootstrap: str, topic: str) -> Iterator[Callable[..., RecordStream]]:
    opened: list[RecordStream] = []
    group = f"group-{uuid.uuid4().hex}"

    def start(name: str = topic) -> RecordStream:
        consumer = Consumer({**STREAM_CONFIG, "bootstrap.servers": kafka_bootstrap, "group.id": group})
        consumer.subscribe([name])
        opened.append(RecordStream(consumer))
        return opened[-1]

    yield start
    for stream in opened:
        stream.close()


def read(stream: RecordStream, count: int) -> list[RawRecord]:
    found: list[RawRecord] = []

    def enough() -> bool:
        found.extend(stream.batch(0.2, 500))
        return len(found) >= count

    eventually(enough, 30.0, what=f"{count} records", poll=0.0)
    return found


def test_records_come_as_they_were_sent(produce: Callable[..., None], open_stream: Callable[..., RecordStream]) -> None:
    produce(b"one", b"\xff\0two", b"", None)

    records = read(open_stream(), 4)

    assert sorted(record.value for record in records) == sorted([b"one", b"\xff\0two", b"", b""])


def test_a_single_record_is_not_waited_for_in_vain(
    produce: Callable[..., None], open_stream: Callable[..., RecordStream]
) -> None:
    stream = open_stream()
    produce(b"joined")
    read(stream, 1)

    produce(b"quick")
    began = time.monotonic()
    records = stream.batch(5.0, 500)

    assert [record.value for record in records] == [b"quick"]
    assert time.monotonic() - began < 1.0


def test_what_was_not_committed_comes_again(
    produce: Callable[..., None], open_stream: Callable[..., RecordStream]
) -> None:
    produce(b"1", b"2")
    first = open_stream()
    read(first, 2)
    first.commit()
    produce(b"3")
    read(first, 1)
    first.close()

    assert [record.value for record in read(open_stream(), 1)] == [b"3"]


def test_a_topic_that_does_not_exist_is_told_as_away(open_stream: Callable[..., RecordStream]) -> None:
    stream = open_stream("no-such-topic")

    with pytest.raises(ServiceUnavailable):
        read(stream, 1)
