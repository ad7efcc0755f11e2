"""The operations page. What is looked at stands in its address; its script swaps in the sections that change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from belvedere.errors import ObjectMissing
from belvedere.gallery.freshness_chart import freshness_chart
from belvedere.gallery.lag_meter import LagMeter, LagReading, lag_meter
from belvedere.gallery.operations import Window, group_lag
from belvedere.gallery.operations_responses import DeadEventContentResponse, OperationsResponse
from belvedere.gallery.resources import Resources, ResourcesDep, root_of
from belvedere.gallery.routers.operations import (
    DEFAULT_LIMIT,
    LOOKING,
    After,
    Before,
    Reason,
    RememberedDep,
    failures_of,
    list_dead_events,
    list_failures,
    look,
    read_dead_event,
)
from belvedere.gallery.templating import templates
from belvedere.gallery.tenant_page import STATES
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.artifact import ArtifactState

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

RECENT_POINTS = 3


@dataclass(frozen=True, slots=True)
class Looked:
    """What of the page is looked at closer."""

    window: Window = Window.HOUR
    state: ArtifactState | None = None
    code: str | None = None
    after: str | None = None
    reason: str | None = None
    before: int | None = None
    event: int | None = None

    def href(self, section: str, **changes: Any) -> str:
        """Return the address of the page with something else looked at, at one of its sections."""
        then = replace(self, **changes)
        said = {name: getattr(then, name) for name in self.__slots__ if getattr(then, name) not in (None, "")}
        if then.window is Window.HOUR:
            said.pop("window")
        return f"?{urlencode(said)}#{section}"


def looked(
    window: Annotated[Window, Query()] = Window.HOUR,
    state: Annotated[ArtifactState | None, Query()] = None,
    code: Annotated[str | None, Query(max_length=200)] = None,
    after: After = None,
    reason: Reason = None,
    before: Before = None,
    event: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Looked:
    """Read the page's address."""
    return Looked(window, state, code, after, reason, before, event)


@router.get("/operations", dependencies=LOOKING)
def operations_page(
    request: Request,
    who: ViewerDep,
    resources: ResourcesDep,
    memory: RememberedDep,
    meter: Annotated[LagMeter, Depends(lag_meter)],
    at: Annotated[Looked, Depends(looked)],
) -> HTMLResponse:
    """Show how everything does; operators may drive again what failed, auditors look."""
    root = root_of(request)
    told = look(resources, memory, at.window, who.tenants)
    reading = meter.latest()
    shown = {
        "root": root,
        "server_root": root.removesuffix(resources.settings.gallery_path),
        "at": at,
        "windows": list(Window),
        "told": told,
        "counts": _counts(told),
        "fresh": told.freshness.points[-RECENT_POINTS:],
        "chart": freshness_chart(told.freshness, at.window.seconds),
        "lag": _lag(reading),
        "lag_trouble": reading.trouble if reading else "",
        "may_drive": who.operates,
        "states": STATES,
        "drift": _drift(told),
        **_looked_at(resources, at, who.tenants, root),
    }
    return templates.TemplateResponse(request, "operations.html", shown)


def _looked_at(resources: Resources, at: Looked, scope: tuple[str, ...] | None, root: str) -> dict[str, Any]:
    failed = None
    if at.state is not None and at.code is not None:
        alike = failures_of(at.state, at.code)
        failed = list_failures(resources, alike, scope, limit=DEFAULT_LIMIT, after=at.after, root=root)
    buried = None
    if at.reason is not None:
        buried = list_dead_events(resources, reason=at.reason, limit=DEFAULT_LIMIT, before=at.before)
    content, gone = _content(resources, at)
    return {"failed": failed, "buried": buried, "content": content, "content_gone": gone}


def _content(resources: Resources, at: Looked) -> tuple[DeadEventContentResponse | None, str]:
    if at.event is None:
        return None, ""
    try:
        return read_dead_event(resources, at.event), ""
    except ObjectMissing as error:
        return None, error.message


def _lag(reading: LagReading | None) -> Any:
    return group_lag(reading.lag, reading.at) if reading and reading.lag else None


def _drift(told: OperationsResponse) -> dict[str, int]:
    states = [tenant.state for tenant in told.tenants if tenant.state is not None]
    calm = states.count("ready") + states.count("declared")
    return {"declared": len(states), "attention": len(states) - calm, "failed": states.count("failed")}


def _counts(told: OperationsResponse) -> dict[str, int]:
    counted = dict.fromkeys(("dead", "failed", "unsupported"), 0)
    for group in told.failures:
        counted[group.state.value] += group.count
    return counted
