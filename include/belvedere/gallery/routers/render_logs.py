"""The log of an artifact's rendering."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter

from belvedere.gallery.render_log import AirflowDep, log_of
from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.responses import LogLineResponse, RenderLogResponse, RunResponse
from belvedere.gallery.routers.artifacts import MISSING, ArtifactId, known
from belvedere.gallery.viewers import ViewerDep

router = APIRouter(tags=["artifacts"])


@router.get("/artifacts/{artifact_id}/log", responses=MISSING)
def log(artifact_id: ArtifactId, resources: ResourcesDep, who: ViewerDep, airflow: AirflowDep) -> RenderLogResponse:
    """Return what the run that rendered the artifact last wrote about it, and nothing it wrote about others."""
    with resources.catalog.connection() as connection:
        artifact = known(connection, artifact_id, who.tenants)
    found = log_of(airflow, artifact)
    return RenderLogResponse(
        run=RunResponse(dag_id=artifact.run_dag_id or "", run_id=artifact.run_id or ""),
        state=found.state,
        lines=[LogLineResponse(**asdict(line)) for line in found.lines],
        cut=found.cut,
    )
