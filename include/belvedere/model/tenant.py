"""What a tenant should be: one unit over buckets, keys, MLflow and the gallery, as its file declares it.

The schema is versioned by ``apiVersion``. Names are valid for every system at once: a bucket (and its renderings
bucket), an MLflow workspace, a Kubernetes namespace.
"""

from __future__ import annotations

import hashlib
import json
import re
from enum import StrEnum
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from belvedere.model.access import Role
from belvedere.model.limits import LimitsByKind
from belvedere.model.quantities import Duration, Size, read_duration
from belvedere.model.storage import CREATED_EVENTS, NotificationRule

API_VERSION: Literal["belvedere/v1"] = "belvedere/v1"
LONGEST_NAME = 52
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
# Of MLflow's workspaces, MinIO's own buckets, Kubernetes' and Belvedere's own (`schema`: a route of its API).
RESERVED_NAMES = frozenset(
    {"default", "workspaces", "api", "ajax-api", "static-files", "minio", "belvedere", "admin", "schema"}
)
RESERVED_STARTS = ("xn--", "sthree-", "kube-", "amzn-s3-demo-")
RESERVED_ENDS = ("-renderings", "-s3alias", "--ol-s3", "--x-s3", "--table-s3")
USER = re.compile(r"[^\s/*,:\x00-\x1f\x7f][^/*,\x00-\x1f\x7f]{0,127}")


def check_name(name: str) -> str:
    """Return a name that is valid for every system at once.

    Raises:
        ValueError: saying which rule it breaks.
    """
    if not 3 <= len(name) <= LONGEST_NAME:
        raise ValueError(
            f"a name has 3 to {LONGEST_NAME} characters (a bucket's name has 63 at most, and -renderings is added); "
            f"this one has {len(name)}"
        )
    if not NAME.fullmatch(name):
        raise ValueError(
            "a name holds lower-case letters a to z, digits and hyphens, and neither begins nor ends with one"
        )
    if name in RESERVED_NAMES or name.startswith(RESERVED_STARTS) or name.endswith(RESERVED_ENDS):
        raise ValueError("this name is reserved in object storage, MLflow, Kubernetes or Belvedere; choose another one")
    return name


def check_user(user: str) -> str:
    """Return the name of a user of Airflow.

    Raises:
        ValueError: nobody can have this name.
    """
    if not USER.fullmatch(user) or user != user.strip():
        raise ValueError(
            "a user is named as they log in to Airflow: 1 to 128 characters, without / * , or control characters"
        )
    return user


def read_switch(value: object) -> object:
    """Return ``off`` for what YAML makes of a bare ``off``."""
    return "off" if value is False else value


SCHEMA_OF_NAMES = {"minLength": 3, "maxLength": LONGEST_NAME, "pattern": f"^{NAME.pattern}$", "examples": ["team-a"]}
TenantName = Annotated[str, AfterValidator(check_name), Field(json_schema_extra=SCHEMA_OF_NAMES)]
UserName = Annotated[str, AfterValidator(check_user)]
LabelName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$")]
LabelValue = Annotated[str, Field(max_length=128, pattern=r"^[\w .:/=+@-]*$")]


class Declared(BaseModel):
    """A part of a tenant's declaration: what it does not know is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True)


class DeletionPolicy(StrEnum):
    """What becomes of a tenant's data when it is removed."""

    RETAIN = "Retain"
    DELETE_IF_EMPTY = "DeleteIfEmpty"
    DELETE_ALL = "DeleteAll"


class DriftPolicy(StrEnum):
    """What ``reconcile_tenants`` does about what has changed behind our back."""

    REPORT = "report"
    REPAIR = "repair"


class MemberSpec(Declared):
    """One person of the tenant."""

    user: UserName
    """As they log in to Airflow."""
    role: Literal[Role.MEMBER, Role.VIEWER] = Role.MEMBER
    """A `member` changes the tenant's things and may have its keys; a `viewer` looks."""


class LifecycleSpec(Declared):
    """When objects go by themselves."""

    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,40}$")]
    """Its name among the bucket's rules."""
    prefix: Annotated[str, Field(max_length=512)] = ""
    """Keys that it is about; empty: all of them."""
    expire_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    """Days after which objects expire."""
    noncurrent_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    """Days after which overwritten and removed versions go for good."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.expire_days is None and self.noncurrent_days is None:
            raise ValueError("say expire_days, noncurrent_days or both: this rule does nothing")
        return self


class ObjectLockSpec(Declared):
    """Versions that nobody can remove for some time. Only a new bucket can be made so."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    """`GOVERNANCE`: administrators can lift it; `COMPLIANCE`: nobody can."""
    days: Annotated[int, Field(ge=1, le=36500)]
    """For how long."""


class NotificationSpec(Declared):
    """Which objects become artifacts."""

    prefix: Annotated[str, Field(max_length=512)] = ""
    """How their keys begin."""
    suffix: Annotated[str, Field(max_length=128)] = ""
    """How their keys end."""

    def __str__(self) -> str:
        return f"{self.prefix}*{self.suffix}"

    def overlaps(self, other: NotificationSpec) -> bool:
        """Whether some object would be announced by both."""
        one, two = (NotificationRule("", "", (CREATED_EVENTS,), each.prefix, each.suffix) for each in (self, other))
        return one.overlaps(two)


class BucketSpec(Declared):
    """A source bucket of the tenant; its renderings go to a bucket of the same name with ``-renderings`` behind it."""

    versioning: bool = True
    """Keep every version of every object (never switched off again)."""
    quota: Size | None = None
    """Most bytes, about: the object store looks at it from time to time."""
    lifecycle: Annotated[tuple[LifecycleSpec, ...], Field(max_length=100)] = ()
    """When objects go by themselves; rules that others have set stay."""
    notifications: Annotated[tuple[NotificationSpec, ...], Field(max_length=20)] = (NotificationSpec(),)
    """Which objects are announced, and so become artifacts; empty list: none."""
    object_lock: ObjectLockSpec | None = None
    """How long nobody can remove a new version. Only a bucket that is made with it can have it."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        ids = [rule.id for rule in self.lifecycle]
        if len(set(ids)) < len(ids):
            raise ValueError("lifecycle: every rule has an id of its own")
        if self.object_lock and not self.versioning:
            raise ValueError("object_lock: needs versioning: true")
        for one, other in combinations(self.notifications, 2):
            if one.overlaps(other):
                raise ValueError(f"notifications: {one} and {other} overlap: an object would be announced twice")
        return self


class FurtherBucketSpec(BucketSpec):
    """A bucket beside the one that is named like the tenant."""

    name: TenantName
    """Begins with the tenant's name and a hyphen."""


class KeysSpec(Declared):
    """The tenant's access keys to its buckets."""

    count: Annotated[int, Field(ge=1, le=5)] = 1
    """How many keys are good at the same time."""
    rotate_every: Annotated[Duration, Field(json_schema_extra={"default": "30d"})] = read_duration("30d")
    """How old a key becomes before `rotate_tenant_keys` replaces it."""
    grace: Annotated[Duration, Field(json_schema_extra={"default": "24h"})] = read_duration("24h")
    """How long a replaced key goes on working."""

    @model_validator(mode="after")
    def _grace_is_shorter(self) -> Self:
        if self.grace >= self.rotate_every:
            raise ValueError("grace: must be shorter than rotate_every, or replaced keys pile up")
        return self


class MlflowUserSpec(Declared):
    """An account at MLflow, for programs."""

    name: TenantName
    """The tenant's name, or begins with it and a hyphen: MLflow's users are everybody's."""
    role: Literal["user", "admin"] = "user"
    """`user` makes experiments and models; `admin` manages all of the workspace."""


class MlflowSpec(Declared):
    """The tenant's workspace at MLflow. Its artifacts go to the tenant's own bucket."""

    enabled: bool = True
    """Whether the tenant has a workspace."""
    users: Annotated[tuple[MlflowUserSpec, ...], Field(max_length=20)] = ()
    """Accounts; empty list: one, named like the tenant."""
    artifact_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9/_.-]{0,200}$")] = "mlflow"
    """Where artifacts lie in the tenant's bucket."""


class RenderersSpec(Declared):
    """How the tenant's artifacts are rendered."""

    user_code: Annotated[Literal["sandbox", "off"], BeforeValidator(read_switch)] = "sandbox"
    """Renderers that the tenant brings itself: run them in the sandbox, or do not run them."""
    limits: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Limits by kind, as in `BELVEDERE_LIMITS`; over those of the deployment."""

    @model_validator(mode="after")
    def _known_limits(self) -> Self:
        LimitsByKind.from_json(json.dumps(self.limits))
        return self


class TenantSpec(Declared):
    """One tenant, as declared."""

    api_version: Literal["belvedere/v1"] = Field(default=API_VERSION, alias="apiVersion")
    kind: Literal["Tenant"] = "Tenant"
    name: TenantName
    members: Annotated[tuple[MemberSpec, ...], Field(max_length=1000)] = ()
    """The tenant's people in the gallery; whoever is not named is taken out."""
    bucket: BucketSpec = BucketSpec()
    """The bucket that is named like the tenant."""
    buckets: Annotated[tuple[FurtherBucketSpec, ...], Field(max_length=20)] = ()
    """Further buckets."""
    keys: KeysSpec = KeysSpec()
    """Its access keys at the object store."""
    mlflow: MlflowSpec = MlflowSpec()
    """Its workspace at MLflow."""
    renderers: RenderersSpec = RenderersSpec()
    """How its artifacts are rendered."""
    deletion: DeletionPolicy = DeletionPolicy.RETAIN
    """What becomes of its data when it is removed."""
    drift: DriftPolicy = DriftPolicy.REPORT
    """What `reconcile_tenants` does when something was changed behind our back."""
    adopt: bool = False
    """Take over buckets, MLflow's workspace and users that exist and are not marked as ours."""
    labels: Annotated[dict[LabelName, LabelValue], Field(max_length=50)] = Field(default_factory=dict)
    """Words of your own."""
    kubernetes: None = None
    """Room for a part that comes later: leave it out."""

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        for where, names in {
            "members": [member.user for member in self.members],
            "buckets": [bucket.name for bucket in self.buckets],
            "mlflow.users": [user.name for user in self.mlflow.users],
        }.items():
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{where}: {', '.join(twice)} stands there twice")
        for where, names in {
            "buckets": [bucket.name for bucket in self.buckets],
            "mlflow.users": [user.name for user in self.mlflow.users if user.name != self.name],
        }.items():
            strange = [name for name in names if not name.startswith(f"{self.name}-")]
            if strange:
                raise ValueError(
                    f"{where}: {', '.join(strange)} must begin with {self.name}-, so that tenants never clash"
                )
        return self

    def bucket_specs(self) -> dict[str, BucketSpec]:
        """Return every source bucket by its name, the tenant's own first."""
        further: dict[str, BucketSpec] = {bucket.name: bucket for bucket in self.buckets}
        return {self.name: self.bucket} | further

    def mlflow_users(self) -> tuple[MlflowUserSpec, ...]:
        """Return the accounts at MLflow; none when it is not enabled."""
        if not self.mlflow.enabled:
            return ()
        return self.mlflow.users or (MlflowUserSpec(name=self.name),)

    def artifact_root(self) -> str:
        """Return where MLflow puts the tenant's artifacts."""
        return f"s3://{self.name}/{self.mlflow.artifact_prefix}"

    def document(self) -> dict[str, object]:
        """Return the spec as JSON knows it, every default said."""
        return self.model_dump(mode="json", by_alias=True)

    def digest(self) -> str:
        """Return a short digest by which two declarations are the same or not."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
