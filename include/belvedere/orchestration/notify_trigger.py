"""The trigger behind ``notify_reports``: lives in the triggerer for one session, telling others of reports."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from belvedere.orchestration.announcing import Announcer, FanOut
from belvedere.orchestration.loops import end_loops
from belvedere.orchestration.sending import Sender
from belvedere.settings import settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import JsonValue

    from belvedere.orchestration.loops import Loop

TICK_SECONDS = 1.0
SENDERS = 3


class ReportTrigger(BaseTrigger):
    """Tell of reports for ``session_seconds``, then end the sensor's task with a summary."""

    def __init__(self, session_seconds: float | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.session_seconds = session_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the import path and arguments from which the triggerer builds this trigger again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"session_seconds": self.session_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Run the loops until the session ends or the triggerer stops."""
        fan_out, announcer = FanOut(settings()), Announcer(settings())
        senders = [Sender(settings(), number) for number in range(1, SENDERS + 1)]
        loops: list[Loop] = [fan_out, announcer, *senders]
        started = time.monotonic()
        lasts = settings().session_seconds if self.session_seconds is None else self.session_seconds
        try:
            for loop in loops:
                loop.start()
            while time.monotonic() - started < lasts:
                await asyncio.sleep(TICK_SECONDS)
        finally:
            await end_loops(loops)
        summary: dict[str, JsonValue] = {
            "reports": fan_out.reports,
            "asset_events": announcer.events,
            "messages": fan_out.messages,
            "delivered": sum(sender.delivered for sender in senders),
            "failures": sum(sender.failures for sender in senders),
        }
        self.log.info("session ended: %s", summary)
        yield TaskSuccessEvent(xcoms={"return_value": summary})
