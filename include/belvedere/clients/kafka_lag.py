"""How far a consumer group is behind the end of a topic, asked of the broker within seconds.

What the group has committed is asked through a consumer that never subscribes, and so never joins the group. librdkafka
2.16's admin questions to a group's coordinator can end the whole process, which here is Airflow's API server: a
coordinator that is still loading by a segmentation fault (librdkafka issue 5040, seen here), a lost connection by an
assertion (librdkafka pull request 5397). So none of them is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from belvedere.clients.kafka import translated
from belvedere.clients.kafka_admin import CONSUMER_ONLY, QUIET
from belvedere.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

ANSWER_SECONDS = 2.0
ABSENT = "absent"
UNREAD = frozenset({ABSENT, "empty", "dead"})


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One partition: ``committed`` is None where the group has committed nothing yet."""

    partition: int
    committed: int | None
    end: int
    lag: int


@dataclass(frozen=True, slots=True)
class GroupLag:
    """A group at a topic: its state as Kafka names it (``stable``, ``empty`` ...; ``absent``), and its partitions."""

    topic: str
    group: str
    state: str
    partitions: tuple[PartitionLag, ...]

    @property
    def is_read(self) -> bool:
        """Whether the group has a member."""
        return self.state not in UNREAD

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

    def __init__(self, config: Mapping[str, Any], group: str) -> None:
        usable = {**QUIET, **{name: value for name, value in config.items() if name not in CONSUMER_ONLY}}
        self._group = group
        with translated():
            self._client = AdminClient(usable)
            self._consumer = Consumer({**usable, "group.id": group, "enable.auto.commit": False})

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()

    def read(self, topic: str) -> GroupLag:
        """Return how far the group is behind; a group that nobody has formed yet is behind by everything."""
        with translated():
            places = self._partitions(topic)
            begins = self._client.list_offsets(_at(places, OffsetSpec.earliest()), **BOUNDED)  # type: ignore[no-untyped-call]
            ends = self._client.list_offsets(_at(places, OffsetSpec.latest()), **BOUNDED)  # type: ignore[no-untyped-call]
            groups = self._client.list_consumer_groups(**BOUNDED)
            committed = {place.partition: place.offset for place in self._consumer.committed(places, ANSWER_SECONDS)}
            found = tuple(
                _lag(place.partition, committed.get(place.partition, -1), _offset(begins, place), _offset(ends, place))
                for place in places
            )
            states = {listed.group_id: listed.state.name.lower() for listed in _answer(groups).valid}
        return GroupLag(topic, self._group, states.get(self._group, ABSENT), found)

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
