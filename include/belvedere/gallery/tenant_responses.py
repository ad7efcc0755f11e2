"""The JSON of tenants: what they are, how they do, who changed what, and their credentials."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads annotations at run time
from typing import Any, Literal

from pydantic import BaseModel, Field

from belvedere.gallery.responses import ProblemResponse, RunResponse  # noqa: TC001
from belvedere.model.access import Role  # noqa: TC001
from belvedere.model.tenant_state import CredentialKind, CredentialPhase  # noqa: TC001

TenantStateName = Literal["declared", "ready", "drifted", "failed", "orphaned", "removed"]


class MemberResponse(BaseModel):
    """What one user is in one tenant."""

    user: str = Field(description="`*` stands for everybody with an Airflow login.")
    role: Role
    since: datetime


class TenantResponse(BaseModel):
    """One tenant of a list."""

    name: str
    state: TenantStateName | None = Field(description="Null: nobody has declared it, it is known by its bucket alone.")
    source: str | None = Field(description="Where its declaration is from: `api`, `adopted`, or `git:` and a file.")
    drift: int | None = Field(description="How many properties are not as declared; null: never compared.")
    buckets: list[str]
    quota: str | None = Field(description="Of its own bucket, as declared: `10GiB`.")
    members: dict[str, Role] = Field(description="Roles by user.")
    declared_at: datetime | None
    applied_at: datetime | None
    observed_at: datetime | None
    problem: ProblemResponse | None


class TenantsResponse(BaseModel):
    """The tenants that are declared or have a source bucket, by name."""

    tenants: list[TenantResponse]


class DriftResponse(BaseModel):
    """One property that is not as declared."""

    system: str
    property: str
    summary: str = Field(description="What would put it right.")
    reason: str
    before: Any = Field(description="As found.")
    after: Any = Field(description="As declared.")
    repair: bool = Field(description="Whether a run can mend it; by itself it does with `drift: repair` only.")


class KeyResponse(BaseModel):
    """What may be told of a credential."""

    kind: CredentialKind
    fingerprint: str
    phase: CredentialPhase
    created_at: datetime
    retire_at: datetime | None = Field(description="Until when a replaced key works.")
    rotate_at: datetime | None = Field(description="When `rotate_tenant_keys` replaces it.")


class TenantChangeResponse(BaseModel):
    """One change of a tenant, or one look at its credentials."""

    id: int
    tenant: str
    at: datetime
    actor: str
    run: RunResponse | None
    action: str
    summary: str
    reason: str
    before: Any
    after: Any
    outcome: Literal["done", "failed"]
    problem: str | None


class TenantChangesResponse(BaseModel):
    """Changes, newest first."""

    changes: list[TenantChangeResponse]
    next_before: int | None = Field(description="`before` of the next page.")


class TenantDetailResponse(BaseModel):
    """All that is to be told of one tenant."""

    name: str
    state: TenantStateName | None = Field(description="Null: nobody has declared it, it is known by its bucket alone.")
    source: str | None
    spec: dict[str, Any] | None = Field(description="As declared, every default said.")
    observed: dict[str, Any]
    drift: list[DriftResponse]
    keys: list[KeyResponse] = Field(description="Newest first.")
    buckets: list[str]
    members: list[MemberResponse]
    changes: list[TenantChangeResponse] = Field(description="The newest.")
    declared_at: datetime | None
    applied_at: datetime | None
    observed_at: datetime | None
    removed_at: datetime | None
    run: RunResponse | None = Field(description="The run that was last at work on it.")
    problem: ProblemResponse | None


class S3CredentialsResponse(BaseModel):
    """An access key and where it opens something."""

    endpoint: str
    bucket: str
    access_key: str = Field(repr=False)
    secret_key: str = Field(repr=False)


class MlflowCredentialsResponse(BaseModel):
    """An account at MLflow and its workspace."""

    url: str
    workspace: str
    username: str
    password: str = Field(repr=False)


class CredentialsResponse(BaseModel):
    """A tenant's credentials."""

    s3: S3CredentialsResponse
    mlflow: MlflowCredentialsResponse | None = Field(description="Null: it has no account at MLflow.")
