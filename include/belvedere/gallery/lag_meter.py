"""The consumer group's lag for a page that must not wait for the broker: the last measurement, renewed aside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Request  # noqa: TC002 - FastAPI reads annotations at run time

from belvedere.clients.kafka import CONSUMER_GROUP
from belvedere.clients.kafka_lag import LagReader
from belvedere.errors import BelvedereError, ConfigurationError

if TYPE_CHECKING:
    from belvedere.clients.kafka_lag import GroupLag


FRESH_SECONDS = 2.0
KafkaConfig = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class LagReading:
    """One measurement: what was found, or why nothing was."""

    at: float
    lag: GroupLag | None
    trouble: str = ""


class LagMeter:
    """Measures one group at one topic; ``config`` says how to reach the broker, and is asked at the first reading."""

    def __init__(self, config: KafkaConfig | None, topic: str) -> None:
        self._config = config
        self._topic = topic
        self._measuring = threading.Lock()
        self._reader: LagReader | None = None
        self._last: LagReading | None = None

    def latest(self) -> LagReading | None:
        """Return the last measurement at once (None: there is none yet), and renew it aside when it is old."""
        last = self._last
        if not _is_fresh(last) and not self._measuring.locked():
            threading.Thread(target=self.now, name="belvedere-lag", daemon=True).start()
        return last

    def now(self) -> LagReading:
        """Return a measurement that is at most ``FRESH_SECONDS`` old, waiting some seconds for the broker."""
        with self._measuring:
            if self._last is None or not _is_fresh(self._last):
                self._last = self._measured()
            return self._last

    def _measured(self) -> LagReading:
        try:
            lag = self._connected().read(self._topic)
        except BelvedereError as error:
            return LagReading(time.time(), None, error.message)
        return LagReading(time.time(), lag)

    def _connected(self) -> LagReader:
        if self._config is None:
            raise ConfigurationError("this gallery was not told how to reach Kafka")
        if self._reader is None:
            config = self._config()
            self._reader = LagReader(config, str(config.get("group.id", CONSUMER_GROUP)))
        return self._reader


def _is_fresh(reading: LagReading | None) -> bool:
    return reading is not None and time.time() - reading.at < FRESH_SECONDS


def lag_meter(request: Request) -> LagMeter:
    """Return the app's meter; a dependency of FastAPI."""
    found: LagMeter = request.app.state.lag
    return found
