"""Artifacts written straight into a catalog, for tests of what the gallery reads."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from belvedere.catalog.numbers import keep_numbers
from belvedere.catalog.serial import writing_artifacts
from belvedere.clients.postgres import Jsonb
from belvedere.model.events import artifact_id
from belvedere.model.numbers import numbers_of

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

START = datetime(2026, 1, 1, tzinfo=UTC)
JSON_COLUMNS = ("facts", "warnings", "outputs", "provenance")


def artifact_row(key: str, number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return the row of a rendered artifact; higher numbers are newer."""
    bucket = changes.get("bucket", "models")
    etag = changes.get("etag", hashlib.md5(f"{key} {number}".encode(), usedforsecurity=False).hexdigest())
    version = changes.get("version_id", "")
    at = changes.get("event_at", START + timedelta(seconds=number))
    row: dict[str, Any] = {
        "id": artifact_id(bucket, key, version, etag),
        "tenant": "team",
        "bucket": bucket,
        "key": key,
        "version_id": version,
        "etag": etag,
        "size": 100 + number,
        "content_type": "text/csv",
        "kind": "roc",
        "state": "rendered",
        "is_latest": True,
        "sequencer": f"{number:020X}",
        "attempts": 1,
        "event_at": at,
        "queued_at": at,
        "rendered_at": at + timedelta(milliseconds=400),
        "latency_ms": 400,
        "title": key,
        "facts": {"roc": {"auc": 0.9}},
        "outputs": [],
    }
    return row | changes


def write_artifacts(connection: Connection, *rows: dict[str, Any]) -> None:
    """Insert or replace artifacts, in the order of the rows, as one writer would."""
    with writing_artifacts(connection):
        for row in rows:
            values = {name: Jsonb(value) if name in JSON_COLUMNS else value for name, value in row.items()}
            names = ", ".join(values)
            marks = ", ".join(f"%({name})s" for name in values)
            updates = ", ".join(f"{name} = excluded.{name}" for name in values if name != "id")
            connection.execute(
                f"insert into artifacts ({names}, seq) values ({marks}, nextval('artifact_seq')) "
                f"on conflict (id) do update set {updates}, seq = excluded.seq",
                values,
            )
            keep_numbers(connection, row["id"], row["tenant"], row["event_at"], numbers_of(row["facts"]))


def add_source(connection: Connection, bucket: str, tenant: str = "team", renderings: str = "") -> None:
    """Make a bucket known to the catalog."""
    connection.execute(
        "insert into sources (bucket, tenant, renderings_bucket) values (%s, %s, %s) on conflict do nothing",
        (bucket, tenant, renderings or f"{bucket}-renderings"),
    )
