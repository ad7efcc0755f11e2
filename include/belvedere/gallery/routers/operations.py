"""Operations as JSON: what waits, what failed, what was buried, how far Kafka is behind; and driving it again."""

from __future__ import annotations

import logging
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from belvedere.catalog import dead_events as buried
from belvedere.catalog import failures as failing
from belvedere.catalog.failures import FAILED_STATES, Alike
from belvedere.errors import ObjectMissing, ServiceUnavailable
from belvedere.events.reviving import Fate, buried_for, revive_all
from belvedere.gallery.auth import require_own_page
from belvedere.gallery.lag_meter import LagMeter, lag_meter
from belvedere.gallery.operations import Window, dead_event, failed_artifact, group_lag, read_operations
from belvedere.gallery.operations_responses import (
    DeadEventContentResponse,
    DeadEventsResponse,
    FailuresResponse,
    LagResponse,
    OperationsResponse,
    RedriveFailuresRequest,
    RedriveResponse,
    ReviveRequest,
    ReviveResponse,
)
from belvedere.gallery.query import BadQuery
from belvedere.gallery.raw_preview import raw_preview
from belvedere.gallery.remembered import Remembered
from belvedere.gallery.resources import Resources, ResourcesDep, root_of
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.viewers import ViewerDep, require_operator, require_overseer
from belvedere.model.access import Scope
from belvedere.model.artifact import ArtifactState

log = logging.getLogger(__name__)
router = APIRouter(tags=["operations"])

MOST_DRIVEN = 5_000
MOST_REVIVED = 500
DEFAULT_LIMIT = 25
REFUSED: dict[int | str, dict[str, Any]] = {400: {"model": ErrorResponse}, 403: {"model": ErrorResponse}}
LOOKING = [Depends(require_overseer)]
CHANGING = [Depends(require_own_page), Depends(require_operator)]

Limit = Annotated[int, Query(ge=1, le=500)]
WindowQuery = Annotated[Window, Query(description="Over how long freshness is told.")]
Code = Annotated[str, Query(max_length=200)]
After = Annotated[str | None, Query(pattern="^[0-9a-f]{24}$", description="`next_after` of the page before.")]
Reason = Annotated[str | None, Query(max_length=5000, description="Only records buried for exactly this reason.")]
Before = Annotated[int | None, Query(ge=1, lt=2**63, description="`next_before` of the page before.")]


def remembered(request: Request) -> Remembered[OperationsResponse]:
    """Return what the app remembers of the last readings."""
    found: Remembered[OperationsResponse] = request.app.state.operations
    return found


RememberedDep = Annotated[Remembered[OperationsResponse], Depends(remembered)]


def look(
    resources: Resources, memory: Remembered[OperationsResponse], window: Window, scope: Scope
) -> OperationsResponse:
    """Return how everything does, as it was a second or so ago at most."""

    def read() -> OperationsResponse:
        with resources.catalog.connection() as connection:
            return read_operations(connection, window, scope)

    return memory.get((window, scope), read)


def list_failures(
    resources: Resources, alike: Alike, scope: Scope, *, limit: int, after: str | None, root: str
) -> FailuresResponse:
    """Return one page of failures of one sort."""
    with resources.catalog.connection() as connection:
        found = failing.failures(connection, alike, scope, limit=limit + 1, after=after)
    shown = found[:limit]
    return FailuresResponse(
        artifacts=[failed_artifact(one, root) for one in shown],
        next_after=shown[-1].id if len(found) > limit else None,
    )


def list_dead_events(resources: Resources, *, reason: str | None, limit: int, before: int | None) -> DeadEventsResponse:
    """Return one page of buried records."""
    if reason is not None and "\0" in reason:
        raise BadQuery("reason: holds a NUL character, which no reason can hold")
    with resources.catalog.connection() as connection:
        found = buried.dead_events(connection, reason=reason, limit=limit + 1, before=before)
    shown = found[:limit]
    return DeadEventsResponse(
        events=[dead_event(one) for one in shown], next_before=shown[-1].id if len(found) > limit else None
    )


def read_dead_event(resources: Resources, event_id: int) -> DeadEventContentResponse:
    """Return one buried record, made readable.

    Raises:
        ObjectMissing: there is none of that number (any more).
    """
    with resources.catalog.connection() as connection:
        found = buried.exhumed(connection, event_id)
    if found is None:
        raise ObjectMissing(f"no record {event_id} is buried: it was taken, or forgotten by housekeeping")
    event, raw = found
    preview = raw_preview(raw)
    told = dead_event(event).model_dump()
    cut = preview.cut or len(raw) >= buried.MAX_RAW_BYTES
    return DeadEventContentResponse(**told, form=preview.form, text=preview.text, cut=cut)


def failures_of(state: ArtifactState, code: str) -> Alike:
    """Return the sort of failures that a state and a code name.

    Raises:
        BadQuery: the state is not one of failures, or the code cannot be one.
    """
    if state not in FAILED_STATES:
        raise BadQuery(f"state: {state.value!r} is not one of {', '.join(FAILED_STATES)}")
    if "\0" in code:
        raise BadQuery("code: holds a NUL character, which no code can hold")
    return Alike(state, code)


@router.get("/operations", responses=REFUSED, dependencies=LOOKING)
def operations(
    who: ViewerDep, resources: ResourcesDep, memory: RememberedDep, window: WindowQuery = Window.HOUR
) -> OperationsResponse:
    """Return backlog, failures, buried records, renderers' speed, sweeps, tenants and freshness; for overseers."""
    return look(resources, memory, window, who.tenants)


@router.get("/operations/lag", responses={**REFUSED, 503: {"model": ErrorResponse}}, dependencies=LOOKING)
def lag(meter: Annotated[LagMeter, Depends(lag_meter)]) -> LagResponse:
    """Return how far the ingestion is behind the topic, asked of Kafka; for overseers."""
    reading = meter.now()
    if reading.lag is None:
        raise ServiceUnavailable(reading.trouble)
    return group_lag(reading.lag, reading.at)


@router.get("/operations/failures", responses=REFUSED, dependencies=LOOKING)
def failures(
    request: Request,
    who: ViewerDep,
    resources: ResourcesDep,
    state: ArtifactState,
    code: Code,
    after: After = None,
    limit: Limit = DEFAULT_LIMIT,
) -> FailuresResponse:
    """List failures of one sort, newest first; for overseers."""
    alike = failures_of(state, code)
    return list_failures(resources, alike, who.tenants, limit=limit, after=after, root=root_of(request))


@router.post("/operations/failures/redrive", responses=REFUSED, dependencies=CHANGING)
def redrive_failures(
    asked: RedriveFailuresRequest, who: ViewerDep, resources: ResourcesDep, memory: RememberedDep
) -> RedriveResponse:
    """Queue failed artifacts for another rendering: those named, or all of one sort; for operators."""
    occasion = f"redrive:{time.time_ns() // 1_000_000}"
    with resources.catalog.connection() as connection:
        if asked.artifacts is not None:
            driven, most = failing.redrive(connection, asked.artifacts, who.tenants, occasion=occasion), None
        else:
            alike = failures_of(asked.state or ArtifactState.DEAD, asked.code or "")
            most = MOST_DRIVEN
            driven = failing.redrive_alike(connection, alike, who.tenants, occasion=occasion, most=most)
    memory.forget()
    log.info("%s drove %d failed artifacts again (%s)", who.name, driven, occasion)
    return RedriveResponse(driven=driven, left=driven == most)


@router.get("/operations/dead-events", responses=REFUSED, dependencies=LOOKING)
def dead_events(
    resources: ResourcesDep, reason: Reason = None, before: Before = None, limit: Limit = DEFAULT_LIMIT
) -> DeadEventsResponse:
    """List records that could not become events, newest first; for overseers."""
    return list_dead_events(resources, reason=reason, limit=limit, before=before)


@router.get("/operations/dead-events/{event_id}", responses=REFUSED, dependencies=LOOKING)
def dead_event_content(event_id: int, resources: ResourcesDep) -> DeadEventContentResponse:
    """Return one buried record with its content; for overseers."""
    if not 0 < event_id < 2**63:
        raise BadQuery("event_id: is not a record's number")
    return read_dead_event(resources, event_id)


@router.post("/operations/dead-events/redrive", responses=REFUSED, dependencies=CHANGING)
def revive_dead_events(
    asked: ReviveRequest, who: ViewerDep, resources: ResourcesDep, memory: RememberedDep
) -> ReviveResponse:
    """Take buried records once more: those named, or all with one reason; for operators."""
    with resources.catalog.connection() as connection:
        ids = asked.events or list(buried_for(connection, (asked.reason or "").replace("\0", ""), MOST_REVIVED))
        fates = revive_all(connection, resources.store, ids)
    memory.forget()
    log.info("%s took %d of %d buried records again", who.name, fates[Fate.TAKEN], len(ids))
    left = asked.events is None and len(ids) == MOST_REVIVED and fates[Fate.TAKEN] > 0
    return ReviveResponse(taken=fates[Fate.TAKEN], buried=fates[Fate.BURIED], left=left)
