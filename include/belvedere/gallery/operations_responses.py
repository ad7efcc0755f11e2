"""The JSON of the operations page."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads annotations at run time
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, model_validator

from belvedere.gallery.tenant_responses import TenantStateName  # noqa: TC001
from belvedere.model.artifact import ArtifactState  # noqa: TC001

MOST_NAMED = 500
ArtifactId = Annotated[str, StringConstraints(pattern="^[0-9a-f]{24}$")]


class BacklogRowResponse(BaseModel):
    """Open work of one tenant and kind."""

    tenant: str
    kind: str = Field(description="The kind, or the name's suffix where the kind is not known yet.")
    waiting: int
    later: int = Field(description="Waits for its next attempt.")
    working: int
    ages: list[int] = Field(description="What waits by age: under 10 s, 1 min, 10 min, and older.")
    oldest_at: datetime | None
    expected_seconds: float = Field(description="Processor time that the waiting work is expected to take.")


class BacklogResponse(BaseModel):
    """All open work."""

    waiting: int
    later: int
    working: int
    oldest_at: datetime | None
    expected_seconds: float
    rows: list[BacklogRowResponse]


class FailureGroupResponse(BaseModel):
    """Artifacts that failed alike."""

    state: ArtifactState
    code: str
    count: int
    tenants: list[str]
    kinds: list[str]
    newest_at: datetime
    example: str


class FailedArtifactResponse(BaseModel):
    """One artifact without a picture."""

    id: str
    tenant: str
    bucket: str
    key: str
    kind: str | None
    message: str
    attempts: int
    event_at: datetime
    page: str


class FailuresResponse(BaseModel):
    """Failures of one sort, newest first."""

    artifacts: list[FailedArtifactResponse]
    next_after: str | None = Field(description="`after` of the next page.")


class DeadEventGroupResponse(BaseModel):
    """Records that were buried for one reason."""

    reason: str
    count: int
    newest_at: datetime


class DeadEventResponse(BaseModel):
    """One record that could not become an event."""

    id: int
    received_at: datetime
    topic: str
    partition: int
    offset: int
    reason: str
    size: int


class DeadEventsResponse(BaseModel):
    """Buried records, newest first."""

    events: list[DeadEventResponse]
    next_before: int | None = Field(description="`before` of the next page.")


class DeadEventContentResponse(DeadEventResponse):
    """One record with its content, made readable: as JSON, as text, or as a hexadecimal dump."""

    form: str = Field(description="json, text or hex")
    text: str
    cut: bool = Field(description="Whether only the beginning is shown or was kept.")


class SpreadResponse(BaseModel):
    """Median and 95th percentile."""

    p50: float | None
    p95: float | None


class RendererSpeedResponse(BaseModel):
    """What one version of a renderer has lately taken for one kind."""

    renderer: str
    version: str
    kind: str
    count: int
    reused: int
    failed: int
    wall_ms: SpreadResponse
    cpu_ms: SpreadResponse
    cpu_seconds_in_all: float
    peak_memory_bytes: int | None
    last_at: datetime


class LaneResponse(BaseModel):
    """One express lane, which renders small updates without a run for each."""

    name: str
    run_id: str
    alive: bool
    started_at: datetime
    beat_at: datetime
    rendered: int
    declined: int = Field(description="Left to ordinary runs.")


class SweepResponse(BaseModel):
    """The comparison of one source bucket with the catalog."""

    bucket: str
    tenant: str
    started_at: datetime | None
    finished_at: datetime | None
    listed: int
    enqueued: int
    removed: int


class TenantOperationsResponse(BaseModel):
    """One tenant."""

    tenant: str
    buckets: list[str]
    members: dict[str, str] = Field(description="Roles by user.")
    states: dict[str, int]
    state: TenantStateName | None = Field(description="Null: nobody has declared it.")
    drift: int | None = Field(description="How many properties are not as declared; null: never compared.")
    observed_at: datetime | None


class FreshnessPointResponse(BaseModel):
    """Milliseconds from event to picture within one step."""

    at: datetime
    p50_ms: float
    p95_ms: float
    samples: int


class FreshnessSeriesResponse(BaseModel):
    """Freshness over time; steps without a rendering are left out."""

    window: str
    step_seconds: int
    until: datetime
    points: list[FreshnessPointResponse]


class OrphanResponse(BaseModel):
    """Something that belongs to no tenant, or a credential that only one side knows."""

    system: str
    kind: str
    name: str = Field(description="A credential is named by its fingerprint.")
    tenant: str = Field(description="Whose it says it is.")
    reason: str
    since: datetime


class OperationsResponse(BaseModel):
    """How everything does."""

    backlog: BacklogResponse
    failures: list[FailureGroupResponse]
    dead_events: int
    dead_event_groups: list[DeadEventGroupResponse]
    renderers: list[RendererSpeedResponse]
    lanes: list[LaneResponse]
    sweeps: list[SweepResponse]
    tenants: list[TenantOperationsResponse]
    orphans: list[OrphanResponse] = Field(description="As the last survey of `reconcile_tenants` found them.")
    freshness: FreshnessSeriesResponse


class PartitionLagResponse(BaseModel):
    """One partition of the topic."""

    partition: int
    committed: int | None
    end: int
    lag: int


class LagResponse(BaseModel):
    """How far the ingestion is behind the topic."""

    measured_at: datetime
    topic: str
    group: str
    state: str = Field(description="As Kafka names it; `absent` where nobody has formed the group yet.")
    is_read: bool = Field(description="Whether somebody reads the topic.")
    total: int
    partitions: list[PartitionLagResponse]


class RedriveFailuresRequest(BaseModel):
    """Which failures to drive again: those named, or all of one sort."""

    artifacts: list[ArtifactId] | None = Field(None, min_length=1, max_length=MOST_NAMED)
    state: ArtifactState | None = None
    code: str | None = Field(None, max_length=200)

    @model_validator(mode="after")
    def _one_way(self) -> RedriveFailuresRequest:
        alike = self.state is not None and self.code is not None
        if (self.artifacts is None) != alike or (self.artifacts is not None and (self.state or self.code)):
            raise ValueError("give either artifacts, or state and code")
        return self


class ReviveRequest(BaseModel):
    """Which buried records to take once more: those named, or all with one reason."""

    events: list[Annotated[int, Field(ge=1, lt=2**63)]] | None = Field(None, min_length=1, max_length=MOST_NAMED)
    reason: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> ReviveRequest:
        if (self.events is None) == (self.reason is None):
            raise ValueError("give either events or reason")
        return self


class RedriveResponse(BaseModel):
    """What came of it."""

    driven: int = Field(description="Queued for another rendering, or told to go at once.")
    left: bool = Field(description="Whether one request's limit was reached: ask again for the rest.")


class ReviveResponse(BaseModel):
    """What came of it."""

    taken: int
    buried: int = Field(description="Could not be taken again; their reasons are those of now.")
    left: bool = Field(description="Whether one request's limit was reached: ask again for the rest.")
