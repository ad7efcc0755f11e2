"""Topics themselves, not their records: described, created, grown. Speaks through librdkafka's admin client."""

from __future__ import annotations

import time
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from belvedere.clients.kafka import ours
from belvedere.errors import PermanentError, ServiceUnavailable
from belvedere.model.storage import TopicSpec, TopicState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

RETENTION = "retention.ms"
ANSWER_SECONDS = 5.0
MOST_REPLICAS = 3
CONSUMER_ONLY = frozenset({"group.id", "auto.offset.reset", "enable.auto.commit", "session.timeout.ms"})
# librdkafka writes a line to stderr at every attempt to reconnect; our errors say it once.
QUIET: Mapping[str, Any] = MappingProxyType({"log_level": 2, "reconnect.backoff.ms": 500})
REFUSED = frozenset(
    {
        KafkaError.INVALID_PARTITIONS,
        KafkaError.INVALID_REPLICATION_FACTOR,
        KafkaError.INVALID_CONFIG,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.POLICY_VIOLATION,
        KafkaError.INVALID_REQUEST,
    }
)
NOT_READY = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
    }
)
READY_POLL_SECONDS = 0.05


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        reason = error.args[0]
        if reason.code() in REFUSED:
            raise PermanentError(f"Kafka refused {what} ({reason.name()}): {reason.str()}", code="kafka") from error
        raise ours(reason) from error


class KafkaAdmin:
    """The administration of topics, configured like librdkafka (``bootstrap.servers`` and, if need be, security).

    Everything answers within seconds or raises ServiceUnavailable; AccessDenied when the broker refuses us.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        usable = {name: value for name, value in config.items() if name not in CONSUMER_ONLY}
        with _translated("the connection's configuration"):
            self._client = AdminClient({**QUIET, **usable})

    def state(self, topic: str) -> TopicState:
        """Return what a topic is now."""
        with _translated(f"describing topic {topic}"):
            metadata = self._client.list_topics(topic, timeout=ANSWER_SECONDS)
            found = metadata.topics.get(topic)
            if found is None or _is_unknown(found.error):
                return TopicState(topic, brokers=len(metadata.brokers))
            if found.error is not None:
                raise KafkaException(found.error)
            return TopicState(
                name=topic,
                exists=True,
                partitions=len(found.partitions),
                retention_ms=self._retention(topic),
                brokers=len(metadata.brokers),
            )

    def create(self, topic: TopicSpec, brokers: int) -> None:
        """Create a topic, replicated as far as so many brokers allow; harmless when it is there already.

        Returns when every partition answers: a new topic refuses its readers for a moment.
        """
        new = NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=min(MOST_REPLICAS, max(1, brokers)),
            config={RETENTION: str(topic.retention_ms)},
        )
        with _translated(f"creating topic {topic.name}"):
            try:
                _await(self._client.create_topics([new], operation_timeout=ANSWER_SECONDS))
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
            deadline = time.monotonic() + ANSWER_SECONDS
            while not self._answers(topic.name, deadline):
                time.sleep(READY_POLL_SECONDS)

    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions; they can never become fewer."""
        with _translated(f"growing topic {topic}"):
            _await(self._client.create_partitions([NewPartitions(topic, partitions)]))

    def set_retention(self, topic: str, retention_ms: int) -> None:
        """Let a topic keep its records for so long (-1: for ever)."""
        entry = ConfigEntry(RETENTION, str(retention_ms), incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        with _translated(f"setting the retention of topic {topic}"):
            _await(self._client.incremental_alter_configs([resource]))

    def _answers(self, topic: str, deadline: float) -> bool:
        try:
            partitions = self._client.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].partitions
            ends = {
                TopicPartition(topic, number): OffsetSpec.latest()  # type: ignore[no-untyped-call]
                for number in partitions
            }
            _await(self._client.list_offsets(ends))
        except KafkaException as error:
            if error.args[0].code() in NOT_READY and time.monotonic() < deadline:
                return False
            raise
        return bool(partitions) or time.monotonic() > deadline

    def _retention(self, topic: str) -> int:
        resource = ConfigResource(ResourceType.TOPIC, topic)
        configs = _answer(self._client.describe_configs([resource])[resource])
        return int(configs[RETENTION].value)


def _is_unknown(error: KafkaError | None) -> bool:
    return error is not None and error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC)


def _await(futures: Mapping[Any, Future[Any]]) -> None:
    for future in futures.values():
        _answer(future)


def _answer(future: Future[Any]) -> Any:
    try:
        return future.result(ANSWER_SECONDS)
    except TimeoutError as error:
        raise ServiceUnavailable(f"Kafka did not answer within {ANSWER_SECONDS:.0f} s") from error
