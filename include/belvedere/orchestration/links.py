"""The link from a task that rendered to the card of what it rendered.

The API server makes it when somebody looks: a link of the operator's own would be pushed as an XCom by every task,
one more round trip for each artifact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

from belvedere.orchestration.render_operator import DriveExpressLane, RenderArtifacts

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

# Relative to the page's base address, so that it holds below a path too.
GALLERY = "plugin/gallery/belvedere"


class CardLink(BaseOperatorLink):
    """Leads to the one artifact that a run rendered, or to all of them."""

    operators: ClassVar[list[type[BaseOperator]]] = [RenderArtifacts, DriveExpressLane]

    @property
    def name(self) -> str:
        """The button's words."""
        return "Picture in the gallery"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address of the run's artifacts."""
        dag_id, run_id = (quote(part, safe="") for part in (ti_key.dag_id, ti_key.run_id))
        return f"{GALLERY}/dags/{dag_id}/runs/{run_id}?card=true"
