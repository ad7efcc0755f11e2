from __future__ import annotations

import time
import uuid

import pytest
from confluent_kafka import Producer
from tests.harness.waiting import eventually

from belvedere.clients.kafka_admin import KafkaAdmin
from belvedere.clients.kafka_tail import TopicTail
from belvedere.errors import PermanentError, ServiceUnavailable
from belvedere.model.storage import TopicSpec, TopicState

DAY_MS = 86_400_000
NOBODY = {"bootstrap.servers": "127.0.0.1:9"}


@pytest.fixture
def config(kafka_bootstrap: str) -> dict[str, str]:
    return {"bootstrap.servers": kafka_bootstrap, "group.id": "ours"}


@pytest.fixture
def topic() -> str:
    return f"topic-{uuid.uuid4().hex[:12]}"


def test_a_topic_is_created_once_with_partitions_and_retention(config: dict[str, str], topic: str) -> None:
    admin = KafkaAdmin(config)
    assert admin.state(topic) == TopicState(topic, brokers=1)

    admin.create(TopicSpec(topic, 4, DAY_MS), brokers=1)
    admin.create(TopicSpec(topic, 2, 5 * DAY_MS), brokers=1)

    assert admin.state(topic) == TopicState(topic, exists=True, partitions=4, retention_ms=DAY_MS, brokers=1)


def test_a_topic_grows_and_changes_its_retention(config: dict[str, str], topic: str) -> None:
    admin = KafkaAdmin(config)
    admin.create(TopicSpec(topic, 1, DAY_MS), brokers=1)

    admin.grow(topic, 3)
    admin.set_retention(topic, 2 * DAY_MS)

    wanted = TopicState(topic, exists=True, partitions=3, retention_ms=2 * DAY_MS, brokers=1)
    eventually(lambda: admin.state(topic) == wanted, 10.0, what="the broker tells of the change")


def test_what_kafka_refuses_is_a_permanent_error(config: dict[str, str], topic: str) -> None:
    admin = KafkaAdmin(config)
    admin.create(TopicSpec(topic, 3, DAY_MS), brokers=1)

    with pytest.raises(PermanentError, match=topic):
        admin.grow(topic, 2)
    with pytest.raises(PermanentError):
        admin.create(TopicSpec("no topic can be named so!", 1, DAY_MS), brokers=1)


def test_a_broker_that_is_away_is_unavailable_within_seconds() -> None:
    started = time.monotonic()

    with pytest.raises(ServiceUnavailable):
        KafkaAdmin(NOBODY).state("artifacts")
    with pytest.raises(ServiceUnavailable):
        TopicTail(NOBODY, "artifacts")

    assert time.monotonic() - started < 15


def test_a_tail_sees_what_comes_after_it_and_nothing_before(config: dict[str, str], topic: str) -> None:
    KafkaAdmin(config).create(TopicSpec(topic, 4, DAY_MS), brokers=1)
    producer = Producer({"bootstrap.servers": config["bootstrap.servers"]})
    producer.produce(topic, b"before", partition=1)
    assert producer.flush(10) == 0

    with TopicTail(config, topic) as tail:
        for partition in range(4):
            producer.produce(topic, b"after", partition=partition)
        assert producer.flush(10) == 0
        seen: list[bytes] = []
        deadline = time.monotonic() + 20
        while len(seen) < 4 and time.monotonic() < deadline:
            seen += [record.value for record in tail.read(0.5)]

    assert seen == [b"after"] * 4


def test_a_tail_of_no_topic_is_unavailable(config: dict[str, str], topic: str) -> None:
    with pytest.raises(ServiceUnavailable):
        TopicTail(config, topic)
