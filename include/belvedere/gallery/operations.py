"""What the operations page and its JSON say, read from the catalog in a fixed number of statements."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from belvedere.catalog import dead_events, express, failures, operations
from belvedere.catalog.orphans import list_orphans
from belvedere.catalog.tenants import list_tenants
from belvedere.gallery.operations_responses import (
    BacklogResponse,
    BacklogRowResponse,
    DeadEventGroupResponse,
    DeadEventResponse,
    FailedArtifactResponse,
    FailureGroupResponse,
    FreshnessPointResponse,
    FreshnessSeriesResponse,
    LagResponse,
    LaneResponse,
    OperationsResponse,
    OrphanResponse,
    PartitionLagResponse,
    RendererSpeedResponse,
    SpreadResponse,
    SweepResponse,
    TenantOperationsResponse,
)
from belvedere.gallery.tenant_page import STATES, UNDECLARED
from belvedere.gallery.tenants import drift_of, state_of

if TYPE_CHECKING:
    from belvedere.catalog.dead_events import DeadEvent
    from belvedere.catalog.failures import FailedArtifact
    from belvedere.catalog.operations import RendererSpeed, TenantState, Waiting
    from belvedere.catalog.tenants import DeclaredTenant
    from belvedere.clients.kafka_lag import GroupLag
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope


class Window(StrEnum):
    """Over how long freshness is drawn."""

    HOUR = "1h"
    QUARTER_DAY = "6h"
    DAY = "24h"
    WEEK = "7d"

    @property
    def seconds(self) -> int:
        """Its length."""
        return {"1h": 3600, "6h": 6 * 3600, "24h": 24 * 3600, "7d": 7 * 24 * 3600}[self.value]

    @property
    def step_seconds(self) -> int:
        """The length of one of its sixty steps."""
        return self.seconds // 60


def read_operations(connection: Connection, window: Window, scope: Scope) -> OperationsResponse:
    """Read everything: eleven statements."""
    return OperationsResponse(
        backlog=_backlog(operations.backlog(connection, scope)),
        failures=[FailureGroupResponse(**asdict(group)) for group in failures.failure_groups(connection, scope)],
        dead_events=dead_events.number_buried(connection),
        dead_event_groups=[
            DeadEventGroupResponse(**asdict(group)) for group in dead_events.dead_event_groups(connection)
        ],
        renderers=[_speed(speed) for speed in operations.renderer_speeds(connection, scope)],
        lanes=[LaneResponse(**asdict(lane)) for lane in express.lanes(connection)],
        sweeps=[
            SweepResponse(**{name: getattr(sweep, name) for name in SweepResponse.model_fields})
            for sweep in operations.sweep_states(connection, scope)
        ],
        tenants=_tenants(connection, scope),
        orphans=[OrphanResponse(**asdict(orphan)) for orphan in list_orphans(connection)],
        freshness=_freshness(connection, window, scope),
    )


def failed_artifact(found: FailedArtifact, root: str) -> FailedArtifactResponse:
    """Return one failure as JSON."""
    told = {name: getattr(found, name) for name in FailedArtifactResponse.model_fields if name != "page"}
    return FailedArtifactResponse(**told, page=f"{root}/artifacts/{found.id}")


def dead_event(found: DeadEvent) -> DeadEventResponse:
    """Return one buried record as JSON."""
    return DeadEventResponse(**asdict(found))


def group_lag(lag: GroupLag, at: float) -> LagResponse:
    """Return a measured lag as JSON."""
    return LagResponse(
        measured_at=datetime.fromtimestamp(at, UTC),
        topic=lag.topic,
        group=lag.group,
        state=lag.state,
        is_read=lag.is_read,
        total=lag.total,
        partitions=[PartitionLagResponse(**asdict(partition)) for partition in lag.partitions],
    )


def _tenants(connection: Connection, scope: Scope) -> list[TenantOperationsResponse]:
    """Return every tenant, what needs somebody first."""
    declared = {tenant.name: tenant for tenant in list_tenants(connection, scope)}
    known = {state.tenant: state for state in operations.tenant_states(connection, scope)}
    found = [_tenant(name, declared.get(name), known.get(name)) for name in declared.keys() | known.keys()]
    urgency = list(STATES)
    return sorted(found, key=lambda one: (urgency.index(one.state or UNDECLARED), -(one.drift or 0), one.tenant))


def _tenant(name: str, declared: DeclaredTenant | None, known: TenantState | None) -> TenantOperationsResponse:
    return TenantOperationsResponse(
        tenant=name,
        buckets=list(known.buckets) if known else [],
        members=dict(known.members) if known else {},
        states=dict(known.states) if known else {},
        state=state_of(declared),
        drift=drift_of(declared),
        observed_at=declared.observed_at if declared else None,
    )


def _backlog(rows: list[Waiting]) -> BacklogResponse:
    return BacklogResponse(
        waiting=sum(row.waiting for row in rows),
        later=sum(row.later for row in rows),
        working=sum(row.working for row in rows),
        oldest_at=min((row.oldest_at for row in rows if row.oldest_at), default=None),
        expected_seconds=sum(row.expected_seconds for row in rows),
        rows=[BacklogRowResponse(**asdict(row)) for row in rows],
    )


def _speed(speed: RendererSpeed) -> RendererSpeedResponse:
    return RendererSpeedResponse(
        renderer=speed.renderer,
        version=speed.version,
        kind=speed.kind,
        count=speed.count,
        reused=speed.reused,
        failed=speed.failed,
        wall_ms=SpreadResponse(p50=speed.wall_ms[0], p95=speed.wall_ms[1]),
        cpu_ms=SpreadResponse(p50=speed.cpu_ms[0], p95=speed.cpu_ms[1]),
        cpu_seconds_in_all=speed.cpu_ms_in_all / 1000,
        peak_memory_bytes=speed.peak_memory_bytes,
        last_at=speed.last_at,
    )


def _freshness(connection: Connection, window: Window, scope: Scope) -> FreshnessSeriesResponse:
    points = operations.freshness_over_time(connection, window.seconds, window.step_seconds, scope)
    return FreshnessSeriesResponse(
        window=window.value,
        step_seconds=window.step_seconds,
        until=datetime.fromtimestamp(time.time(), UTC),
        points=[FreshnessPointResponse(**asdict(point)) for point in points],
    )
