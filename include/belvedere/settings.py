"""The only reader of the environment: every setting is ``BELVEDERE_<NAME>``, typed, with its default here."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Belvedere's settings. Secrets are ``SecretStr``: printing a Settings object shows none of them."""

    model_config = SettingsConfigDict(env_prefix="BELVEDERE_", frozen=True, extra="ignore")

    # -- object store
    minio_endpoint: str = "http://127.0.0.1:9000"
    minio_access_key: SecretStr = SecretStr("")
    minio_secret_key: SecretStr = SecretStr("")
    minio_region: str = "us-east-1"
    notification_arn_fast: str = "arn:minio:sqs::FAST:kafka"
    notification_arn_durable: str = "arn:minio:sqs::DURABLE:kafka"
    default_bucket: str = "mlpipeline"
    renderings_suffix: str = "-renderings"
    renderings_expire_days: int = 90

    # -- catalog
    catalog_dsn: SecretStr = SecretStr("postgresql://belvedere@127.0.0.1:5432/belvedere")

    # -- events
    kafka_connection_id: str = "belvedere_kafka"
    kafka_topic: str = "artifacts"
    kafka_partitions: int = 4
    session_seconds: float = 3600.0

    # -- dispatch
    airflow_url: str = "http://127.0.0.1:8080"
    dispatcher_user: str = "belvedere"
    dispatcher_password: SecretStr = SecretStr("")
    cores: int = Field(default=2, ge=1)
    slow_after_seconds: float = 4.0
    chunk_seconds: float = 1.5
    chunk_items: int = 60
    dispatch_lease_seconds: float = 30.0
    render_lease_seconds: float = 20.0
    max_attempts: int = 3

    # -- rendering
    isolation: Literal["strict", "lenient"] = "lenient"
    markdown_hosts: Annotated[tuple[str, ...], NoDecode] = ()

    # -- gallery
    capability_secret: SecretStr = SecretStr("")
    capability_seconds: int = 300
    gallery_path: str = "/belvedere"

    # -- housekeeping
    keep_runs_days: float = 2.0
    keep_inbox_days: float = 7.0

    @field_validator("markdown_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(host.strip() for host in value.split(",") if host.strip())
        return value


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
