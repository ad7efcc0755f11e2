"""The topic of bucket events as a stream of raw records, with librdkafka's errors told as ours."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException

from belvedere.errors import AccessDenied, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confluent_kafka import Consumer, Message

CONSUMER_GROUP = "belvedere"
# Latency over batching: wait at most 10 ms for more records. A member that dies is noticed after six seconds.
# The group commits by hand, after the catalog has the records.
STREAM_CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 10,
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 2000,
        "allow.auto.create.topics": False,
    }
)
DENIED = {KafkaError._AUTHENTICATION, KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
NOTHING_WRONG = {KafkaError._PARTITION_EOF}


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record of the topic, undecoded. A tombstone has an empty value."""

    topic: str
    partition: int
    offset: int
    value: bytes


@contextmanager
def translated() -> Iterator[None]:
    """Turn librdkafka's errors into ours."""
    try:
        yield
    except KafkaException as error:
        raise ours(error.args[0]) from error


def ours(error: KafkaError) -> Exception:
    """Return our error for one of librdkafka's; its text may name brokers, never credentials."""
    if error.code() in DENIED:
        return AccessDenied(f"Kafka refused us ({error.name()}): check the Airflow connection's credentials and ACLs")
    return ServiceUnavailable(f"Kafka does not serve us now ({error.name()})")


class RecordStream:
    """A subscribed consumer, read in batches and committed by hand."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def batch(self, timeout_seconds: float, most: int) -> list[RawRecord]:
        """Wait for a first record, then take what else is there already (at most ``most``).

        ``Consumer.consume(n, timeout)`` would wait for all n or the whole timeout: a second instead of milliseconds.

        Raises:
            ServiceUnavailable: the broker is away or the topic does not exist (yet).
            AccessDenied: the broker refused the group, the topic or the credentials.
        """
        with translated():
            first = self._consumer.poll(timeout_seconds)
            if first is None:
                return []
            rest = self._consumer.consume(most - 1, 0)
        return [record for message in [first, *rest] if (record := _record(message)) is not None]

    def commit(self) -> None:
        """Commit what has been read so far; a rebalance in between makes the records come again, harmlessly."""
        with translated():
            self._consumer.commit(asynchronous=False)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()


def _record(message: Message) -> RawRecord | None:
    error = message.error()
    if error is None:
        return RawRecord(
            topic=str(message.topic()),
            partition=int(message.partition() or 0),
            offset=int(message.offset() or 0),
            value=message.value() or b"",
        )
    if error.code() in NOTHING_WRONG:
        return None
    raise ours(error)
