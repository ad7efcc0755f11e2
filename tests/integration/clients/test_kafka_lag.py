from __future__ import annotations

import time
import uuid

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.harness.waiting import eventually

from belvedere.clients.kafka_admin import KafkaAdmin
from belvedere.clients.kafka_lag import GroupLag, LagReader
from belvedere.errors import ServiceUnavailable
from belvedere.model.storage import TopicSpec


@pytest.fixture
def topic(kafka_bootstrap: str) -> str:
    name = f"topic-{uuid.uuid4().hex[:12]}"
    KafkaAdmin({"bootstrap.servers": kafka_bootstrap}).create(TopicSpec(name, 2, 86_400_000), brokers=1)
    producer = Producer({"bootstrap.servers": kafka_bootstrap, "log_level": 2})
    for number in range(5):
        producer.produce(name, b"x", partition=number % 2)
    assert producer.flush(10) == 0
    return name


def lag_of(config: dict[str, str], topic: str, group: str) -> GroupLag:
    """Read the lag; a broker that has just started refuses the first questions about groups."""
    reader = LagReader(config, group)

    def read() -> GroupLag | None:
        try:
            return reader.read(topic)
        except ServiceUnavailable:
            return None

    lag = eventually(read, 30.0, what="an answer about the group")
    assert lag is not None
    reader.close()
    return lag


def test_a_group_that_never_read_is_behind_by_everything(kafka_bootstrap: str, topic: str) -> None:
    lag = lag_of({"bootstrap.servers": kafka_bootstrap}, topic, f"group-{topic}")

    assert [(each.committed, each.end, each.lag) for each in lag.partitions] == [(None, 3, 3), (None, 2, 2)]
    assert (lag.total, lag.state, lag.is_read) == (5, "absent", False)


def test_reading_the_lag_does_not_join_the_group(kafka_bootstrap: str, topic: str) -> None:
    config, group = {"bootstrap.servers": kafka_bootstrap}, f"group-{topic}"

    assert [lag_of(config, topic, group).state for _ in range(2)] == ["absent", "absent"]


def test_what_was_committed_is_not_behind(kafka_bootstrap: str, topic: str) -> None:
    group = f"group-{topic}"
    consumer = Consumer({"bootstrap.servers": kafka_bootstrap, "group.id": group})
    consumer.commit(offsets=[TopicPartition(topic, 0, 3), TopicPartition(topic, 1, 1)], asynchronous=False)

    lag = lag_of({"bootstrap.servers": kafka_bootstrap, "group.id": group}, topic, group)
    consumer.close()

    assert [(each.committed, each.lag) for each in lag.partitions] == [(3, 0), (1, 1)]
    assert (lag.state, lag.is_read) == ("empty", False)


def test_a_group_with_a_reader_is_read(kafka_bootstrap: str, topic: str) -> None:
    group = f"group-{topic}"
    consumer = Consumer({"bootstrap.servers": kafka_bootstrap, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        eventually(lambda: consumer.poll(0.2), 30.0, what="a first record")

        assert lag_of({"bootstrap.servers": kafka_bootstrap}, topic, group).is_read
    finally:
        consumer.close()


def test_a_topic_that_is_not_there_and_a_broker_that_is_away_are_told_within_seconds(kafka_bootstrap: str) -> None:
    began = time.monotonic()

    with pytest.raises(ServiceUnavailable):
        LagReader({"bootstrap.servers": kafka_bootstrap}, "group").read("no-such-topic")
    with pytest.raises(ServiceUnavailable):
        LagReader({"bootstrap.servers": "127.0.0.1:9"}, "group").read("artifacts")

    assert time.monotonic() - began < 10
