"""The end of a topic, read without a group: what arrives from now on, seen by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from belvedere.clients.kafka import STREAM_CONFIG, RawRecord, RecordStream, translated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ANSWER_SECONDS = 5.0
TAIL_GROUP = "belvedere-probe"
MOST_RECORDS = 500


class TopicTail:
    """Reads every record that comes into a topic after this object was made; commits nothing.

    Raises:
        ServiceUnavailable: the broker is away or there is no such topic.
        AccessDenied: the broker refused us.
    """

    def __init__(self, config: Mapping[str, Any], topic: str) -> None:
        with translated():
            self._consumer = Consumer({"group.id": TAIL_GROUP, **config, **STREAM_CONFIG})
            self._consumer.assign([self._end(topic, partition) for partition in self._partitions(topic)])
        self._stream = RecordStream(self._consumer)

    def __enter__(self) -> TopicTail:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def read(self, timeout_seconds: float) -> list[RawRecord]:
        """Return what has arrived, waiting for the first record."""
        return self._stream.batch(timeout_seconds, MOST_RECORDS)

    def _partitions(self, topic: str) -> list[int]:
        found = self._consumer.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic]
        if found.error is not None:
            raise KafkaException(found.error)
        return list(found.partitions)

    def _end(self, topic: str, partition: int) -> TopicPartition:
        _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ANSWER_SECONDS)
        return TopicPartition(topic, partition, end)
