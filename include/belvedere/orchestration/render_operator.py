"""The operator behind ``render_artifacts``: as little of Airflow around a rendering as possible.

Without template fields a task neither renders templates nor reports them to the API server; a decorated function
has both. With one task an artifact, each such round trip is paid thousands of times a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class RenderArtifacts(BaseOperator):
    """Render what the run's params name: a claim of the dispatcher, or one object."""

    ui_color = "#e7e0ff"

    def execute(self, context: Context) -> None:
        """Render; see ``render_task.render`` for what it raises."""
        from belvedere.orchestration.render_task import render

        render(context["params"], context["run_id"])
