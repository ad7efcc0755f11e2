"""The page of one artifact, and the stable address of an object's newest version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from belvedere.catalog import browse
from belvedere.catalog.histories import count_versions, history
from belvedere.errors import ObjectMissing
from belvedere.gallery.auth import may_render
from belvedere.gallery.presenting import SOURCE, file_name
from belvedere.gallery.resources import PresenterDep, ResourcesDep, root_of
from belvedere.gallery.routers.artifacts import ArtifactId, known
from belvedere.gallery.templating import embedded, templates
from belvedere.gallery.timeline import STATE_WORDS, timeline
from belvedere.gallery.viewers import ViewerDep
from belvedere.gallery.views import player_of, tabs_of
from belvedere.model.artifact import Artifact, ArtifactState
from belvedere.model.express import PROGRESS_KINDS, has_progress, is_told

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

MOST_VERSIONS = 200
MOST_VIEW = 40
SHOWN_OTHERWISE = {"html": "title", "progress": "curve"}
PROBLEM_TITLES = {
    ArtifactState.FAILED: "This could not be rendered yet",
    ArtifactState.UNSUPPORTED: "No renderer takes this",
}


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder on the way to an object."""

    name: str
    prefix: str


@router.get("/object")
def newest(
    request: Request,
    bucket: Annotated[str, Query(max_length=255)],
    key: Annotated[str, Query(max_length=2048)],
    resources: ResourcesDep,
    who: ViewerDep,
    tab: Annotated[str, Query(max_length=MOST_VIEW)] = "",
) -> RedirectResponse:
    """Lead to the newest version of an object, whichever that is when the address is opened."""
    with resources.catalog.connection() as connection:
        found = browse.look_up(connection, bucket, key, who.tenants) if "\0" not in bucket + key else None
    if found is None:
        raise ObjectMissing("no artifact of that bucket and key has been seen")
    return _led_to(request, found, tab)


def _led_to(request: Request, found: Artifact, tab: str) -> RedirectResponse:
    view = f"?tab={quote(tab, safe='')}" if tab else ""
    return RedirectResponse(f"{root_of(request)}/artifacts/{found.id}{view}", status_code=303)


@router.get("/artifacts/{artifact_id}", response_model=None)
def artifact(
    request: Request,
    artifact_id: ArtifactId,
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    renders: Annotated[bool, Depends(may_render)],
    tab: str = "",
) -> HTMLResponse | RedirectResponse:
    """Show one artifact with its picture, facts, provenance and versions.

    The picture's frame is part of the page, so that it comes without waiting for any script; unless another tab is
    asked for. A version that was overtaken before it was drawn has nothing to show: the newest is shown instead.
    """
    with resources.catalog.connection() as connection:
        found = known(connection, artifact_id, who.tenants)
        if found.state is ArtifactState.SUPERSEDED and found.rendered_at is None:
            newest = browse.look_up(connection, found.bucket, found.key, who.tenants)
            if newest is not None and newest.id != found.id:
                return _led_to(request, newest, tab)
        versions = history(connection, found, who.tenants, MOST_VERSIONS)
        family = browse.family(connection, found, who.tenants)
        total = len(versions)
        if total == MOST_VERSIONS:
            total = count_versions(connection, found.bucket, found.key, who.tenants)
    response = presenter.artifact(found)
    times = timeline(found, versions, total, presenter)
    root = root_of(request)
    shown = {
        "root": root,
        "server_root": root.removesuffix(resources.settings.gallery_path),
        "artifact": response,
        "name": file_name(found.key),
        "folders": _folders(found.key),
        "times": times,
        "family": presenter.family(family),
        "tabs": tabs_of(found, response, presenter),
        "tab_asked": bool(tab),
        "player": player_of(found, presenter),
        "source": next((output for output in response.outputs if output.role == SOURCE), None),
        "state_words": STATE_WORDS[found.state],
        "follows": _goes_on(found),
        "problem_title": PROBLEM_TITLES.get(found.state, "This could not be rendered"),
        "facts": _facts_outside(response.facts),
        "usage": _mapping(found.provenance.get("usage")),
        "sampled": _mapping(found.provenance.get("sampled")),
        "reused_from": _twin(found),
        "newest_address": f"{root}/object?{urlencode({'bucket': found.bucket, 'key': found.key}, errors='replace')}",
        "may_render": renders and who.may_change(found.tenant),
        "live": embedded(
            {
                "id": found.id,
                "bucket": found.bucket,
                "key": found.key,
                "seq": found.seq,
                "kind": found.kind,
                "latest": found.is_latest,
                "at": found.event_at.isoformat(),
                "moments": [moment.told() for moment in times.moments],
            }
        ),
    }
    return templates.TemplateResponse(request, "artifact.html", shown)


def _goes_on(artifact: Artifact) -> bool:
    """Whether it says how far something is: as the newest that is drawn, or by numbers of what is not drawn yet."""
    told = is_told(artifact.state, artifact.rendered_at, artifact.facts)
    drawn = artifact.is_latest and artifact.state is ArtifactState.RENDERED and has_progress(artifact.facts)
    return artifact.kind in PROGRESS_KINDS and (told or drawn)


def _folders(key: str) -> list[Folder]:
    names = key.split("/")[:-1]
    return [Folder(name or "(empty)", "/".join(names[: i + 1]) + "/") for i, name in enumerate(names)]


def _facts_outside(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is shown otherwise.

    A web page's title is shown in its frame, where it cannot pose as ours; the way of a progress's metric is drawn.
    """
    return {name: _without(value, SHOWN_OTHERWISE.get(name, "")) for name, value in facts.items()}


def _without(value: Any, inner: str) -> Any:
    return {name: each for name, each in value.items() if name != inner} if inner and isinstance(value, dict) else value


def _twin(artifact: Artifact) -> dict[str, str]:
    """Return whose rendering was copied for the same bytes; it is of the same tenant."""
    told = _mapping(artifact.provenance.get("reused_from"))
    return {name: str(told.get(name, "")) for name in ("bucket", "key", "artifact_id")} if told else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
