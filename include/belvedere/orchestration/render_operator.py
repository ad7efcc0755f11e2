"""The operators behind ``render_artifacts`` and ``express_lane``: as little of Airflow around a rendering as possible.

Without template fields a task neither renders templates nor reports them to the API server; a decorated function
has both. With one task an artifact, each such round trip is paid thousands of times a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from belvedere.orchestration.express import ExpressLane


class RenderArtifacts(BaseOperator):
    """Render what the run's params name: a claim of the dispatcher, or one object."""

    ui_color = "#e7e0ff"

    def execute(self, context: Context) -> None:
        """Render; see ``render_task.render`` for what it raises."""
        from belvedere.orchestration.render_task import render

        render(context["params"], context["run_id"])


class DriveExpressLane(BaseOperator):
    """Render small updates in this very task for one session, and return what became of them.

    :param lane: which of the session's lanes this is
    :param session_seconds: how long one session lasts; the setting of that name unless given
    """

    ui_color = "#e7e0ff"

    def __init__(self, *, lane: int, session_seconds: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lane = lane
        self.session_seconds = session_seconds
        self._lane: ExpressLane | None = None

    def execute(self, context: Context) -> dict[str, int]:
        """Drive the lane; it waits out the outages of its services by itself."""
        from dataclasses import asdict

        from belvedere.orchestration.express import ExpressLane
        from belvedere.orchestration.storing import RunIdentity
        from belvedere.settings import settings

        lasts = settings().session_seconds if self.session_seconds is None else self.session_seconds
        run = RunIdentity(context["dag"].dag_id, context["run_id"])
        lane = self._lane = ExpressLane(settings(), run, self.lane, lasts)
        lane.run()
        return {**asdict(lane.report), "declined": lane.declined}

    def on_kill(self) -> None:
        """End the lane after the update at hand."""
        if self._lane is not None:
            self._lane.stop()
