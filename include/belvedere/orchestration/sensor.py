"""The sensors: two live in the triggerer (artifacts come, reports are told), one follows what is rendered again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.triggers.base import StartTriggerArgs

if TYPE_CHECKING:
    from airflow.sdk import Context

TRIGGER = "belvedere.orchestration.trigger.ArtifactTrigger"
REPORT_TRIGGER = "belvedere.orchestration.notify_trigger.ReportTrigger"


class AwaitArtifacts(BaseSensorOperator):
    """Watch the topic of bucket events for one session; every event becomes a card and a rendering.

    :param kafka_config_id: the Airflow connection (type Kafka) of the broker
    :param session_seconds: how long one session lasts; the setting of that name unless given
    """

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(
        trigger_cls=TRIGGER, trigger_kwargs={}, next_method="execute_complete", timeout=None
    )

    def __init__(self, *, kafka_config_id: str, session_seconds: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kafka_config_id = kafka_config_id
        self.session_seconds = session_seconds
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER,
            trigger_kwargs={"kafka_config_id": kafka_config_id, "session_seconds": session_seconds},
            next_method="execute_complete",
            timeout=None,
        )

    def execute(self, context: Context) -> None:
        """Defer at once, where an executor insists on a worker."""
        from belvedere.orchestration.trigger import ArtifactTrigger

        self.defer(trigger=ArtifactTrigger(self.kafka_config_id, self.session_seconds), method_name="execute_complete")

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """Return the session's summary."""
        return event


class TellOfReports(BaseSensorOperator):
    """Tell webhooks and Airflow's assets of ended renderings for one session.

    :param session_seconds: how long one session lasts; the setting of that name unless given
    """

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(
        trigger_cls=REPORT_TRIGGER, trigger_kwargs={}, next_method="execute_complete", timeout=None
    )

    def __init__(self, *, session_seconds: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.session_seconds = session_seconds
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=REPORT_TRIGGER,
            trigger_kwargs={"session_seconds": session_seconds},
            next_method="execute_complete",
            timeout=None,
        )

    def execute(self, context: Context) -> None:
        """Defer at once, where an executor insists on a worker."""
        from belvedere.orchestration.notify_trigger import ReportTrigger

        self.defer(trigger=ReportTrigger(self.session_seconds), method_name="execute_complete")

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """Return the session's summary."""
        return event


class FollowRenderings(BaseSensorOperator):
    """Succeed once everything that this run asked to be rendered again is; tell the progress in log and note.

    Between two looks no worker waits (mode ``reschedule``).
    """

    def poke(self, context: Context) -> bool:
        """Look once."""
        from belvedere.orchestration import rerendering

        return rerendering.follow(str(context["run_id"]))
