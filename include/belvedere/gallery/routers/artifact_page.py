"""The page of one artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from belvedere.catalog import browse
from belvedere.gallery.auth import may_render
from belvedere.gallery.media import MEDIA, played_as
from belvedere.gallery.presenting import (
    DATA_TEXT,
    INTERACTIVE,
    OWN_PAPER,
    SOURCE,
    SOURCE_TEXT,
    Presenter,
    chart_output,
    data_output,
    file_name,
)
from belvedere.gallery.resources import PresenterDep, ResourcesDep, root_of
from belvedere.gallery.responses import ArtifactResponse, OutputResponse
from belvedere.gallery.routers.artifacts import ArtifactId, known
from belvedere.gallery.templating import embedded, templates
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.artifact import Artifact, ArtifactState

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

STATE_WORDS = {
    ArtifactState.QUEUED: "queued",
    ArtifactState.RENDERING: "rendering",
    ArtifactState.RENDERED: "rendered",
    ArtifactState.FAILED: "failed, will be tried again",
    ArtifactState.DEAD: "failed for good",
    ArtifactState.UNSUPPORTED: "no renderer for this kind",
    ArtifactState.SUPERSEDED: "superseded by a newer version",
    ArtifactState.DELETED: "deleted",
}
PROBLEM_TITLES = {
    ArtifactState.FAILED: "This could not be rendered yet",
    ArtifactState.UNSUPPORTED: "No renderer takes this",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of an artifact's page; ``paper`` says that the frame's page brings its own (light) colours."""

    id: str
    label: str
    frame: str = ""
    href: str = ""
    paper: str = ""


@dataclass(frozen=True, slots=True)
class Player:
    """A player above the rendering: the element it is, and the signed address of what it plays."""

    element: str
    href: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder on the way to an object."""

    name: str
    prefix: str


@router.get("/artifacts/{artifact_id}")
def artifact(
    request: Request,
    artifact_id: ArtifactId,
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    renders: Annotated[bool, Depends(may_render)],
) -> HTMLResponse:
    """Show one artifact with its picture, facts, provenance and versions."""
    with resources.catalog.connection() as connection:
        found = known(connection, artifact_id, who.tenants)
        versions = browse.versions(connection, found, who.tenants)
        family = browse.family(connection, found, who.tenants)
    response = presenter.artifact(found)
    root = root_of(request)
    shown = {
        "root": root,
        "server_root": root.removesuffix(resources.settings.gallery_path),
        "artifact": response,
        "name": file_name(found.key),
        "folders": _folders(found.key),
        "versions": versions,
        "family": presenter.family(family),
        "tabs": _tabs(found, response, presenter),
        "player": _player(found, presenter),
        "source": next((output for output in response.outputs if output.role == SOURCE), None),
        "state_words": STATE_WORDS[found.state],
        "problem_title": PROBLEM_TITLES.get(found.state, "This could not be rendered"),
        "facts": _facts_outside(response.facts),
        "usage": _mapping(found.provenance.get("usage")),
        "sampled": _mapping(found.provenance.get("sampled")),
        "may_render": renders and who.may_change(found.tenant),
        "live": embedded({"id": found.id, "bucket": found.bucket, "key": found.key, "seq": found.seq}),
    }
    return templates.TemplateResponse(request, "artifact.html", shown)


def _tabs(artifact: Artifact, response: ArtifactResponse, presenter: Presenter) -> list[Tab]:
    made = {output.role: output for output in reversed(response.outputs)}
    tabs = [_picture(made.get("page"), made.get("figure"), artifact)]
    if chart_output(artifact):
        tabs.append(Tab("interactive", "Interactive", INTERACTIVE, presenter.address(artifact, INTERACTIVE)))
    if artifact.kind == "table" and artifact.state is ArtifactState.RENDERED:
        tabs.append(Tab("rows", "Rows"))
    if artifact.outputs:
        frame = DATA_TEXT if data_output(artifact) else ""
        tabs.append(Tab("data", "Data", frame, presenter.address(artifact, frame) if frame else ""))
    if artifact.state is not ArtifactState.DELETED:
        tabs.append(Tab("source", "Source", SOURCE_TEXT, presenter.address(artifact, SOURCE_TEXT)))
    return tabs


def _picture(page: OutputResponse | None, figure: OutputResponse | None, artifact: Artifact) -> Tab:
    paper = "light" if artifact.kind in OWN_PAPER else ""
    if page:
        return Tab("rendering", "Rendering", page.name, page.href, paper)
    return Tab("rendering", "Rendering", "figure", figure.href) if figure else Tab("rendering", "Rendering")


def _player(artifact: Artifact, presenter: Presenter) -> Player | None:
    media_type = played_as(artifact)
    if media_type is None:
        return None
    return Player(media_type.partition("/")[0], presenter.address(artifact, MEDIA))


def _folders(key: str) -> list[Folder]:
    names = key.split("/")[:-1]
    return [Folder(name or "(empty)", "/".join(names[: i + 1]) + "/") for i, name in enumerate(names)]


def _facts_outside(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out a web page's title: what a page calls itself is shown in its frame, where it cannot pose as ours."""
    web_page = {name: value for name, value in _mapping(facts.get("html")).items() if name != "title"}
    return facts | {"html": web_page} if "html" in facts else facts


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
