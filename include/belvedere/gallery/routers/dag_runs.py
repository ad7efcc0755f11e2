"""The artifacts of one run of Airflow, for the tabs on Airflow's own pages and the links of its tasks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from belvedere.catalog.dag_runs import MOST, RunArtifacts, artifacts_of_run
from belvedere.gallery.presenting import Presenter
from belvedere.gallery.query import BadQuery
from belvedere.gallery.resources import PresenterDep, Resources, ResourcesDep, root_of
from belvedere.gallery.responses import ArtifactResponse, ErrorResponse
from belvedere.gallery.templating import embedded, templates
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.access import Scope

router = APIRouter(tags=["artifacts"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

LONGEST = 250
DagId = Annotated[str, Path(max_length=LONGEST)]
RunId = Annotated[str, Path(max_length=LONGEST)]
TaskId = Annotated[str, Path(max_length=LONGEST)]
Task = Annotated[str | None, Query(max_length=LONGEST, description="Only what this task wrote.")]
InTab = Annotated[bool, Query(alias="tab", description="Whether the page is a tab on one of Airflow's own.")]
Card = Annotated[bool, Query(description="Whether to go on to the one artifact that the run rendered, if it is one.")]


class RunArtifactsResponse(BaseModel):
    """The artifacts of a run, newest first."""

    written: list[ArtifactResponse] = Field(description="Objects whose key names the DAG and the run (and the task).")
    rendered: list[ArtifactResponse] = Field(description="Objects whose picture the run made.")
    more: bool = Field(description=f"Whether either holds {MOST}, and there may be more.")


@router.get("/dags/{dag_id}/runs/{run_id}/artifacts", responses={400: {"model": ErrorResponse}})
def run_artifacts(
    dag_id: DagId, run_id: RunId, resources: ResourcesDep, presenter: PresenterDep, who: ViewerDep, task_id: Task = None
) -> RunArtifactsResponse:
    """List the artifacts of one run of a DAG: those that it wrote, and those that it rendered."""
    return _response(_read(resources, dag_id, run_id, task_id, who.tenants), presenter)


@pages.get("/dags/{dag_id}/runs/{run_id}")
def run_page(
    request: Request,
    dag_id: DagId,
    run_id: RunId,
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    in_tab: InTab = False,
    card: Card = False,
) -> Response:
    """Show the artifacts of a run."""
    found = _read(resources, dag_id, run_id, None, who.tenants)
    if card and len(found.rendered) == 1:
        return RedirectResponse(f"{root_of(request)}/artifacts/{found.rendered[0].id}", status_code=303)
    return _page(request, _response(found, presenter), dag_id, run_id, None, in_tab=in_tab)


@pages.get("/dags/{dag_id}/runs/{run_id}/tasks/{task_id}")
def task_page(
    request: Request,
    dag_id: DagId,
    run_id: RunId,
    task_id: TaskId,
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    in_tab: InTab = False,
) -> Response:
    """Show the artifacts of one task of a run."""
    found = _read(resources, dag_id, run_id, task_id, who.tenants)
    return _page(request, _response(found, presenter), dag_id, run_id, task_id, in_tab=in_tab)


def _read(resources: Resources, dag_id: str, run_id: str, task_id: str | None, scope: Scope) -> RunArtifacts:
    for name, value in {"dag_id": dag_id, "run_id": run_id, "task_id": task_id or ""}.items():
        if "\0" in value:
            raise BadQuery(f"{name}: holds a NUL character")
    with resources.catalog.connection() as connection:
        return artifacts_of_run(connection, dag_id, run_id, scope, task_id=task_id)


def _response(found: RunArtifacts, presenter: Presenter) -> RunArtifactsResponse:
    return RunArtifactsResponse(
        written=[presenter.artifact(artifact) for artifact in found.written],
        rendered=[presenter.artifact(artifact) for artifact in found.rendered],
        more=MOST in (len(found.written), len(found.rendered)),
    )


def _page(
    request: Request, found: RunArtifactsResponse, dag_id: str, run_id: str, task_id: str | None, *, in_tab: bool
) -> Response:
    shown = {
        "frame": "bare.html" if in_tab else "base.html",
        "dag_id": dag_id,
        "run_id": run_id,
        "task_id": task_id,
        "first": embedded(found.model_dump(mode="json")),
    }
    return templates.TemplateResponse(request, "dag_run.html", shown)
