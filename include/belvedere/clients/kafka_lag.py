"""How far a consumer group is behind the end of a topic, asked of the broker within seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from belvedere.clients.kafka import translated
from belvedere.clients.kafka_admin import CONSUMER_ONLY, QUIET
from belvedere.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One partition: ``committed`` is None where the group has committed nothing yet."""

    partition: int
    committed: int | None
    end: int
    lag: int


@dataclass(frozen=True, slots=True)
class GroupLag:
    """A group at a topic: its state as Kafka names it (``stable``, ``empty`` ...), its members, its partitions."""

    topic: str
    group: str
    state: str
    members: int
    partitions: tuple[PartitionLag, ...]

    @property
    def total(self) -> int:
        """Records that wait in all partitions."""
        return sum(partition.lag for partition in self.partitions)


class LagReader:
    """Asks one cluster, configured like librdkafka; every question ends within seconds.

    Raises:
        ServiceUnavailable: the broker does not answer, or there is no such topic.
        AccessDenied: it refused us.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        usable = {name: value for name, value in config.items() if name not in CONSUMER_ONLY}
        with translated():
            self._client = AdminClient({**QUIET, **usable})

    def read(self, topic: str, group: str) -> GroupLag:
        """Return how far the group is behind; a group that nobody has formed yet is behind by everything."""
        with translated():
            places = self._partitions(topic)
            wanted = ConsumerGroupTopicPartitions(group, places)
            begins = self._client.list_offsets(_at(places, OffsetSpec.earliest()), **BOUNDED)  # type: ignore[no-untyped-call]
            ends = self._client.list_offsets(_at(places, OffsetSpec.latest()), **BOUNDED)  # type: ignore[no-untyped-call]
            asked = self._client.list_consumer_group_offsets([wanted], **BOUNDED)[group]
            described = self._client.describe_consumer_groups([group], **BOUNDED)[group]
            committed = {place.partition: place.offset for place in _answer(asked).topic_partitions}
            found = tuple(
                _lag(place.partition, committed.get(place.partition, -1), _offset(begins, place), _offset(ends, place))
                for place in places
            )
            about = _answer(described)
        return GroupLag(topic, group, about.state.name.lower(), len(about.members), found)

    def _partitions(self, topic: str) -> list[TopicPartition]:
        found = self._client.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic]
        if found.error is not None:
            raise KafkaException(found.error)
        return [TopicPartition(topic, number) for number in sorted(found.partitions)]


BOUNDED = {"request_timeout": ANSWER_SECONDS}


def _at(places: list[TopicPartition], spec: OffsetSpec) -> dict[TopicPartition, OffsetSpec]:
    return dict.fromkeys(places, spec)


def _offset(answers: Mapping[TopicPartition, Future[Any]], place: TopicPartition) -> int:
    return int(_answer(answers[place]).offset)


def _lag(partition: int, committed: int, begin: int, end: int) -> PartitionLag:
    """Who has committed nothing, or something that retention has removed since, goes on at the beginning."""
    lag = max(0, end - max(committed, begin))
    return PartitionLag(partition, committed if committed >= 0 else None, end, lag)


def _answer(future: Future[Any]) -> Any:
    try:
        return future.result(ANSWER_SECONDS + 1.0)
    except TimeoutError as error:
        raise ServiceUnavailable(f"Kafka did not answer within {ANSWER_SECONDS:.0f} s") from error
