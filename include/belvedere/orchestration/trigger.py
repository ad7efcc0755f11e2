"""The trigger behind ``watch_artifacts``: lives in the triggerer for one session, ingesting and dispatching.

Several triggerers may run one each: they share the topic's partitions and the catalog's inbox, nothing else.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from belvedere.orchestration.dispatching import Dispatcher
from belvedere.orchestration.ingesting import Ingester
from belvedere.orchestration.loops import end_loops
from belvedere.settings import settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TICK_SECONDS = 1.0


class ArtifactTrigger(BaseTrigger):
    """Ingest events and start runs for ``session_seconds``, then end the sensor's task with a summary."""

    def __init__(self, kafka_config_id: str, session_seconds: float | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kafka_config_id = kafka_config_id
        self.session_seconds = session_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the import path and arguments from which the triggerer builds this trigger again."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {"kafka_config_id": self.kafka_config_id, "session_seconds": self.session_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Run both loops until the session ends or the triggerer stops."""
        connection = await BaseHook.aget_connection(self.kafka_config_id)
        ingester, dispatcher = Ingester(settings(), connection), Dispatcher(settings())
        started = time.monotonic()
        lasts = settings().session_seconds if self.session_seconds is None else self.session_seconds
        try:
            ingester.start()
            dispatcher.start()
            while time.monotonic() - started < lasts:
                await asyncio.sleep(TICK_SECONDS)
        finally:
            await end_loops([ingester, dispatcher])
        summary = {**asdict(ingester.tally), "runs_started": dispatcher.runs_started}
        self.log.info("session ended: %s", summary)
        yield TaskSuccessEvent(xcoms={"return_value": summary})
