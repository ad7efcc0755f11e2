"""The only reader of the environment: every setting is ``BELVEDERE_<NAME>``, typed, with its default here."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from belvedere.errors import ConfigurationError
from belvedere.model.limits import LimitsByKind
from belvedere.model.storage import TopicSpec

DAY_MS = 86_400_000


class Settings(BaseSettings):
    """Belvedere's settings. Secrets are ``SecretStr``: printing a Settings object shows none of them."""

    model_config = SettingsConfigDict(
        env_prefix="BELVEDERE_", frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    # -- object store
    minio_endpoint: str = "http://127.0.0.1:9000"
    """Address of the object store."""
    minio_access_key: SecretStr = SecretStr("")
    """Key of the account that reads sources, writes renderings and manages notification rules."""
    minio_secret_key: SecretStr = SecretStr("")
    """Its secret."""
    minio_region: str = "us-east-1"
    """Region that requests are signed for."""
    notification_arn_fast: str = "arn:minio:sqs::FAST:kafka"
    """Target that announces objects at once, and loses events while the broker is away."""
    notification_arn_durable: str = "arn:minio:sqs::DURABLE:kafka"
    """Target that announces objects through a queue on disk: seconds later, and at least once."""
    default_bucket: str = "mlpipeline"
    """Source bucket that `provision_storage` makes when it is given no other."""
    renderings_suffix: str = "-renderings"
    """What the name of a renderings bucket adds to its source bucket's."""
    renderings_expire_days: int = 90
    """How long overwritten or removed renderings can be restored."""

    # -- catalog
    catalog_dsn: SecretStr = SecretStr("postgresql://belvedere@127.0.0.1:5432/belvedere")
    """Address of the catalog's PostgreSQL database, which is never Airflow's."""

    # -- events
    kafka_connection_id: str = "belvedere_kafka"
    """Airflow connection (type Kafka) of the broker."""
    kafka_topic: str = "artifacts"
    """Topic of bucket events."""
    kafka_partitions: int = 4
    """Partitions of the topic when it is made: at most so many triggerers ingest side by side."""
    kafka_retention_days: int = Field(default=7, ge=1)
    """How long the topic keeps its records; provisioning and reconciliations hold it to that."""
    session_seconds: float = 3600.0
    """How long one run of `watch_artifacts` or `express_lane` lasts before the next takes over."""
    express_lanes: int = Field(default=2, ge=1, le=16)
    """How many small updates are rendered side by side; each lane occupies one worker slot of Airflow."""

    # -- dispatch
    airflow_url: str = "http://127.0.0.1:8080"
    """Where the dispatcher reaches Airflow's API server."""
    dispatcher_user: str = "belvedere"
    """Account that starts runs of `render_artifacts`; it needs the role Op."""
    dispatcher_password: SecretStr = SecretStr("")
    """Its password."""
    cores: int = Field(default=2, ge=1)
    """Processor cores that rendering may use; one run more than that is active at once."""
    slow_after_seconds: float = 4.0
    """After so long on one artifact a run no longer counts against the active runs."""
    chunk_seconds: float = 1.5
    """Expected work of one run in a burst, in seconds of processor time."""
    chunk_items: int = 60
    """Most artifacts of one run."""
    dispatch_lease_seconds: float = 30.0
    """How long a run may take to begin before its work is given to another."""
    render_lease_seconds: float = 20.0
    """How long a run may be silent about an artifact before it counts as lost."""
    max_attempts: int = 3
    """Attempts until an artifact is given up as `dead`."""

    # -- rendering
    isolation: Literal["strict", "lenient"] = "lenient"
    """What to do where the kernel refuses a protection: `strict` does not render, `lenient` renders with a warning."""
    limits: Annotated[LimitsByKind, NoDecode] = Field(default=LimitsByKind())
    """Limits of renderings by kind, as JSON: see [below](#limits)."""
    user_code: Literal["sandbox", "off"] = "sandbox"
    """Users' own renderers (`*.viz.py` and the like): run them in the sandbox, or do not run them."""
    markdown_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts (comma-separated) from which Markdown of KFP metadata may be fetched by https."""

    # -- gallery
    capability_secret: SecretStr = SecretStr("")
    """Secret that signs the addresses of previews; the same for all API servers."""
    capability_seconds: int = 300
    """How long a signed address is good."""
    export_secret: SecretStr = SecretStr("")
    """Secret that the key of signed exports is derived from; empty: `BELVEDERE_CAPABILITY_SECRET`."""
    gallery_path: str = "/belvedere"
    """Where the gallery is mounted below the API server."""

    shared_tenants: Annotated[tuple[str, ...], NoDecode] = ("mlpipeline",)
    """Tenants (comma-separated) of which everybody with an Airflow login is a member."""
    upload_bytes: int = Field(default=2 * 1024**3, ge=0)
    """Largest file that can be uploaded through the gallery (0: none)."""
    rows_bytes: int = Field(default=8 * 1024**3, ge=0)
    """Disk on which an API server may keep working copies of tables that people page and filter."""

    # -- notifications
    webhook_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts (comma-separated, as `name` or `name:port`) inside your network that webhooks may reach, by http too."""

    # -- tenants
    mlflow_url: str = ""
    """Address of the MLflow server; empty: tenants have no workspace."""
    mlflow_admin_user: SecretStr = SecretStr("")
    """Account that manages MLflow's workspaces, users and roles."""
    mlflow_admin_password: SecretStr = SecretStr("")
    """Its password."""
    credentials_key: SecretStr = SecretStr("")
    """Fernet keys (comma-separated, the first one seals) that tenants' credentials are encrypted with."""
    tenants_folder: str = ""
    """Folder of tenants' files that `reconcile_tenants` follows; empty: none."""
    public_minio_endpoint: str = ""
    """Address of the object store as tenants reach it; empty: `BELVEDERE_MINIO_ENDPOINT`."""
    public_mlflow_url: str = ""
    """Address of MLflow as tenants reach it; empty: `BELVEDERE_MLFLOW_URL`."""

    # -- housekeeping
    keep_runs_days: float = 2.0
    """How long `housekeeping` keeps finished runs of Belvedere's DAGs."""
    keep_inbox_days: float = 7.0
    """How long `housekeeping` keeps finished work and buried events."""

    @property
    def notification_arns(self) -> dict[str, str]:
        """The ARN of each notification target, by its name."""
        return {"fast": self.notification_arn_fast, "durable": self.notification_arn_durable}

    @property
    def topic(self) -> TopicSpec:
        """What the topic of bucket events should be."""
        return TopicSpec(self.kafka_topic, self.kafka_partitions, self.kafka_retention_days * DAY_MS)

    @field_validator("markdown_hosts", "shared_tenants", "webhook_hosts", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("limits", mode="before")
    @classmethod
    def _read_limits(cls, value: object) -> object:
        return LimitsByKind.from_json(value) if isinstance(value, str) else value


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once.

    Raises:
        ConfigurationError: a variable does not hold what it should; the message names it, and no value.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigurationError("\n".join(_problem(each["loc"], each["msg"]) for each in error.errors())) from None


def _problem(where: tuple[int | str, ...], what: str) -> str:
    return f"BELVEDERE_{str(where[0]).upper()}: {what.removeprefix('Value error, ')}"
