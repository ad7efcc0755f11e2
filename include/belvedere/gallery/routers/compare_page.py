"""The page of a comparison: what differs, or everything side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from belvedere.gallery.presenting import OWN_PAPER, Presenter, file_name
from belvedere.gallery.resources import PresenterDep, ResourcesDep, root_of
from belvedere.gallery.responses import ArtifactResponse
from belvedere.gallery.routers.compare import Asked, AskedDep, compared
from belvedere.gallery.templating import embedded, templates
from belvedere.gallery.viewers import ViewerDep
from belvedere.rendering.comparing.subjects import LEAST, LETTERS, MOST

if TYPE_CHECKING:
    from belvedere.gallery.responses import OutputResponse
    from belvedere.gallery.routers.compare import Compared
    from belvedere.model.artifact import Artifact

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml"})
HOWS = ("slider", "onion", "difference", "apart")
View = Literal["diff", "side"]


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands for an artifact side by side: a page in a frame, or a picture."""

    name: str
    href: str
    paper: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One artifact as the page shows it, with the addresses that its buttons lead to."""

    letter: str
    name: str
    folder: str
    artifact: ArtifactResponse
    note: str
    page: Frame | None
    figure: Frame | None
    without: str
    as_base: str
    as_other: str


@router.get("/compare")
def compare_page(
    request: Request,
    wanted: AskedDep,
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    view: Annotated[View, Query(description="What differs, or everything side by side.")] = "diff",
    picture: Annotated[str, Query(max_length=20, description="How two pictures lie: slider, onion ...")] = "",
    plots: Annotated[str, Query(max_length=20, description="`apart`: each line has a chart of its own.")] = "",
) -> HTMLResponse:
    """Show what is different between artifacts; without two of them, how to choose some."""
    root = root_of(request)
    if len(wanted.ids) < LEAST:
        shown: dict[str, Any] = {"root": root, "columns": [], "most": MOST, "one": bool(wanted.ids)}
        return templates.TemplateResponse(request, "compare.html", shown)
    found = compared(resources, wanted, who.tenants)
    there = tuple(artifact.id for artifact in found.artifacts)
    addresses = Addresses(root, Asked(there, wanted.other if wanted.other in there[1:] else ""), view)
    columns = _columns(found, presenter, addresses)
    comparison = found.comparison
    other = columns[comparison.pair[1]]
    charts = {
        "letters": [column.letter for column in columns],
        "roc": asdict(comparison.roc.plot) if comparison.roc and comparison.roc.plot else None,
        "series": [asdict(plot) for plot in comparison.series.plots] if comparison.series else [],
        "live": [{"id": one.id, "bucket": one.bucket, "key": one.key, "seq": one.seq} for one in found.artifacts],
        "since": max(one.seq for one in found.artifacts),
    }
    shown = {
        "root": root,
        "view": view,
        "columns": columns,
        "missing": found.missing,
        "base": columns[0],
        "other": other,
        "comparison": comparison,
        "same_bytes": _same_bytes(found),
        "pictures": _pictures(found, columns[0], other),
        "addresses": addresses,
        "apart": plots == "apart",
        "how": picture if picture in HOWS else HOWS[0],
        "charts": embedded(charts),
        "most": MOST,
    }
    return templates.TemplateResponse(request, "compare.html", shown)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of comparisons like this one."""

    root: str
    asked: Asked
    view: View

    def of(self, ids: tuple[str, ...], *, other: str = "", view: View | None = None) -> str:
        """Return the address of a comparison; what goes without saying is left out."""
        asked = {"ids": ",".join(ids)}
        if other in ids[2:]:
            asked["with"] = other
        if (view or self.view) != "diff":
            asked["view"] = view or self.view
        return f"{self.root}/compare?{urlencode(asked, safe=',')}"

    def seen(self, view: View) -> str:
        """Return the address of the same comparison in another view."""
        return self.of(self.asked.ids, other=self.asked.other, view=view)

    def swapped(self) -> str:
        """Return the address with the first artifact and the one it is compared with in each other's place."""
        ids = list(self.asked.ids)
        at = ids.index(self.asked.other) if self.asked.other else 1
        ids[0], ids[at] = ids[at], ids[0]
        return self.of(tuple(ids), other=ids[at])


def _columns(found: Compared, presenter: Presenter, addresses: Addresses) -> list[Column]:
    return [
        _column(at, artifact, note, presenter.artifact(artifact), _links(at, addresses))
        for at, (artifact, note) in enumerate(zip(found.artifacts, found.notes, strict=True))
    ]


def _links(at: int, addresses: Addresses) -> tuple[str, str, str]:
    ids = addresses.asked.ids
    rest = (*ids[:at], *ids[at + 1 :])
    without = addresses.of(rest, other=addresses.asked.other) if len(rest) >= LEAST else ""
    as_base = addresses.of((ids[at], *rest)) if at else ""
    as_other = addresses.of(ids, other=ids[at]) if at else ""
    return without, as_base, as_other


def _column(at: int, artifact: Artifact, note: str, response: ArtifactResponse, links: tuple[str, str, str]) -> Column:
    name = file_name(artifact.key)
    paper = "light" if artifact.kind in OWN_PAPER else ""
    page = next((output for output in response.outputs if output.role == "page"), None)
    without, as_base, as_other = links
    return Column(
        letter=LETTERS[at],
        name=name,
        folder=artifact.key.removesuffix(name),
        artifact=response,
        note=note,
        page=Frame(page.name, page.href, paper) if page else None,
        figure=_figure(response.outputs),
        without=without,
        as_base=as_base,
        as_other=as_other,
    )


def _figure(outputs: list[OutputResponse]) -> Frame | None:
    found = next((one for one in outputs if one.role == "figure" and one.media_type in PICTURES), None)
    return Frame(found.name, found.href) if found else None


def _pictures(found: Compared, base: Column, other: Column) -> bool:
    """Tell whether pictures are laid over each other: they are what both are, or nothing tells more."""
    if not base.figure or not other.figure:
        return False
    comparison = found.comparison
    told = comparison.roc or comparison.series or comparison.matrix or comparison.table or comparison.text
    return all("image" in column.artifact.facts for column in (base, other)) or not told


def _same_bytes(found: Compared) -> bool:
    """Tell whether the first artifact and the chosen one are the same, to the byte."""
    base, other = (found.artifacts[at] for at in found.comparison.pair)
    return (base.etag, base.size) == (other.etag, other.size)
