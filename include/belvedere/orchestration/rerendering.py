"""What the DAG ``rerender_artifacts`` does: queue the chosen artifacts again, once a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from belvedere.catalog.rerender import Selection, count_selected, progress_of, request_renders
from belvedere.clients.airflow_api import AirflowApi
from belvedere.clients.postgres import connect
from belvedere.errors import BelvedereError
from belvedere.orchestration.failing import permanent_errors_fail
from belvedere.rendering.registry import renderers
from belvedere.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

RERENDER_DAG = "rerender_artifacts"


def request(params: Mapping[str, Any], run_id: str) -> dict[str, int]:
    """Queue what the params select and return the counts. The run's id is the occasion: repeating it adds nothing."""
    selection = selection_of(params)
    with permanent_errors_fail(), connect(settings().catalog_dsn.get_secret_value()) as connection:
        selected = count_selected(connection, selection, occasion=run_id)
        log.info("%d artifacts match %s", selected, selection)
        queued = 0
        if not params["dry_run"]:
            queued = request_renders(connection, selection, occasion=run_id, limit=params["limit"])
            log.info("%d artifacts queued for another rendering", queued)
    return {"selected": selected, "queued": queued}


def follow(run_id: str) -> bool:
    """Tell how far the renderings of a run have come, in its log and in its note; return whether all is done.

    What it asks is kept in the catalog, so a run that was interrupted goes on where it was.
    """
    known = settings()
    with permanent_errors_fail(), connect(known.catalog_dsn.get_secret_value()) as connection:
        progress = progress_of(connection, run_id)
    log.info("%s", progress)
    try:
        with AirflowApi.from_settings(known) as api:
            path = f"/dags/{RERENDER_DAG}/dagRuns/{quote(run_id, safe='')}"
            api.request("PATCH", path, json={"note": str(progress)}, params={"update_mask": "note"})
    except BelvedereError as error:
        log.warning("the run's note could not be written: %s", error)
    return progress.is_over


def selection_of(params: Mapping[str, Any]) -> Selection:
    """Return the selection that the params describe; an empty text is no condition."""
    return Selection(
        bucket=params["bucket"] or None,
        prefix=params["prefix"],
        kind=params["kind"] or None,
        state=params["state"] or None,
        renderer=params["renderer"] or None,
        older_than=params["older_than"] or None,
        installed={each.name: each.version for each in renderers()} if params["outdated"] else None,
    )
