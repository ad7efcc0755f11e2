"""The views of an artifact: one tab each, in the order in which people want them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.gallery.media import MEDIA, played_as
from belvedere.gallery.presenting import (
    DATA_TEXT,
    INTERACTIVE,
    OWN_PAPER,
    SOURCE_TEXT,
    chart_output,
    data_output,
)
from belvedere.model.artifact import Artifact, ArtifactState

if TYPE_CHECKING:
    from belvedere.gallery.presenting import Presenter
    from belvedere.gallery.responses import ArtifactResponse, OutputResponse

FIGURE = "figure"


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


def tabs_of(artifact: Artifact, response: ArtifactResponse, presenter: Presenter) -> list[Tab]:
    """Return the views that there are."""
    made = {output.role: output for output in reversed(response.outputs)}
    page, figure = made.get("page"), made.get("figure")
    tabs = [_rendering(page, figure, artifact)]
    if chart_output(artifact):
        tabs.append(Tab("interactive", "Interactive", INTERACTIVE, presenter.address(artifact, INTERACTIVE)))
    if page and figure:
        tabs.append(Tab("static", "Static", FIGURE, figure.href))
    if artifact.kind == "table" and artifact.state is ArtifactState.RENDERED:
        tabs.append(Tab("rows", "Rows"))
    if artifact.outputs:
        frame = DATA_TEXT if data_output(artifact) else ""
        tabs.append(Tab("data", "Data", frame, presenter.address(artifact, frame) if frame else ""))
    if artifact.state is not ArtifactState.DELETED:
        tabs.append(Tab("source", "Source", SOURCE_TEXT, presenter.address(artifact, SOURCE_TEXT)))
    if artifact.run_id:
        tabs.append(Tab("log", "Log"))
    return tabs


def player_of(artifact: Artifact, presenter: Presenter) -> Player | None:
    """Return what plays a sound or video."""
    media_type = played_as(artifact)
    if media_type is None:
        return None
    return Player(media_type.partition("/")[0], presenter.address(artifact, MEDIA))


def _rendering(page: OutputResponse | None, figure: OutputResponse | None, artifact: Artifact) -> Tab:
    paper = "light" if artifact.kind in OWN_PAPER else ""
    if page:
        return Tab("rendering", "Rendering", page.name, page.href, paper)
    return Tab("rendering", "Rendering", FIGURE, figure.href) if figure else Tab("rendering", "Rendering")
