"""The JSON that the gallery answers with; the pages use the same."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads annotations at run time
from typing import Any

from pydantic import BaseModel, Field

from belvedere.model.artifact import ArtifactState  # noqa: TC001


class ErrorResponse(BaseModel):
    """Why a request could not be answered."""

    detail: str = Field(description="What was wrong, with what, and what to do.")
    code: str = Field(description="A stable word for machines.")


class ProblemResponse(BaseModel):
    """Why an artifact has no picture."""

    code: str
    message: str


class RendererResponse(BaseModel):
    """Which renderer made the picture."""

    name: str
    version: str


class OutputResponse(BaseModel):
    """One file of a rendering, or the original object (role ``source``)."""

    role: str = Field(description="page, figure, thumbnail, data or source")
    name: str
    media_type: str
    size: int
    href: str = Field(description="Signed address relative to the server, good for up to five minutes.")


class RunResponse(BaseModel):
    """A run of Airflow: the one that rendered the artifact, or was at work on the tenant."""

    dag_id: str
    run_id: str


class OriginResponse(BaseModel):
    """The run that an object belongs to, told by its key."""

    system: str = Field(description="airflow, kubeflow, mlflow, mlflow_model, argo, metaflow, run or folder")
    label: str = Field(description="The system in words: `Kubeflow run`.")
    name: str
    prefix: str = Field(description="What the keys of the run's objects begin with; the value of `run` in lists.")
    page: str = Field(description="Address of the run's page.")


class ArtifactResponse(BaseModel):
    """One object version with everything the gallery shows of it."""

    id: str
    tenant: str
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    content_type: str
    kind: str | None
    state: ArtifactState
    attempts: int
    error: ProblemResponse | None
    event_at: datetime
    queued_at: datetime
    rendered_at: datetime | None
    latency_ms: int | None = Field(description="Milliseconds from the object's event to its picture.")
    renderer: RendererResponse | None
    title: str | None
    alt_text: str | None
    verdict: str | None = Field(description="The facts in a few words, as on a card: `AUC 0.943`.")
    facts: dict[str, Any]
    warnings: list[str]
    outputs: list[OutputResponse]
    provenance: dict[str, Any] = Field(description="What the rendering cost (`usage`) and what was sampled.")
    run: RunResponse | None
    origin: OriginResponse
    is_latest: bool
    part: bool = Field(description="Whether it is shown as a part of another artifact; `family` says of which.")
    page: str = Field(description="Address of the artifact's page.")
    thumbnail: str | None = Field(description="Signed address of the thumbnail.")
    seq: int = Field(description="Number of the artifact's last change: grows over the whole catalog.")


class ArtifactsResponse(BaseModel):
    """One page of a list."""

    artifacts: list[ArtifactResponse]
    next_cursor: str | None
    total: int
    total_is_exact: bool = Field(description="False where counting stopped at `total`.")


class VersionsResponse(BaseModel):
    """The known versions of one object, newest first."""

    versions: list[ArtifactResponse]


class KinResponse(BaseModel):
    """An artifact that belongs together with another one."""

    id: str
    key: str
    kind: str | None
    state: ArtifactState
    title: str | None
    size: int
    page: str = Field(description="Address of its page.")


class FamilyResponse(BaseModel):
    """What an artifact belongs together with: those it is a part of, nearest first, and its own parts by key."""

    part_of: list[KinResponse]
    files: list[KinResponse]
    file_count: int = Field(description="How many parts there are; `files` holds the first 200.")


class RerenderResponse(BaseModel):
    """Whether another rendering was queued; not when one was open already."""

    queued: bool


class LogLineResponse(BaseModel):
    """One line of a log."""

    at: str | None
    level: str
    logger: str
    text: str


class RenderLogResponse(BaseModel):
    """What a run wrote about one artifact."""

    run: RunResponse
    state: str | None = Field(description="Airflow's state of the task.")
    lines: list[LogLineResponse]
    cut: bool = Field(description="Whether the run wrote more than was searched, or than is shown.")


class ExportKeyResponse(BaseModel):
    """The public key of this gallery's signed exports."""

    algorithm: str
    public_key: str = Field(description="In base64, as `python -m belvedere.export verify --key` takes it.")
    fingerprint: str


class RowColumnResponse(BaseModel):
    """One column of a table."""

    number: int = Field(description="By which filters and sorting name the column.")
    name: str
    type: str


class RowsResponse(BaseModel):
    """One page of a table's rows."""

    columns: list[RowColumnResponse]
    rows: list[list[Any]] = Field(description="Cells as JSON; very large integers, dates and bytes as text.")
    numbers: list[int] = Field(description="Where in the table each row stands, from 1.")
    offset: int
    limit: int
    total: int | None = Field(description="How many rows meet the conditions; null where counting takes too long.")
    rows_in_all: int
    part: str = Field(description="Which part of the artifact this is: the sheet of a workbook.")
    warnings: list[str]


class RowsPreparingResponse(BaseModel):
    """The server is still preparing the table."""

    done_bytes: int
    size: int


class FreshnessResponse(BaseModel):
    """How long it takes from an object's event to its picture."""

    window_minutes: float
    p50_ms: int | None
    p95_ms: int | None
    samples: int


class StatsResponse(BaseModel):
    """What hangs in the gallery and how the loop does. Parts of other artifacts are counted in ``parts`` alone."""

    total: int
    parts: int
    states: dict[str, int]
    kinds: dict[str, int]
    tenants: dict[str, int]
    buckets: dict[str, int]
    queue: int = Field(description="Renderings that wait or run.")
    dead_events: int = Field(description="Events that could not be decoded.")
    freshness: FreshnessResponse
