"""The consumer's thread: a Kafka consumer, the catalog and the object store, joined to one ingestion."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from airflow.providers.apache.kafka.hooks.consume import KafkaConsumerHook

from belvedere.catalog.sources import tenants_of_buckets
from belvedere.clients.kafka import CONSUMER_GROUP, STREAM_CONFIG, RecordStream, translated
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from belvedere.events.ingest import Ingestion, Tally
from belvedere.orchestration.loops import Loop

if TYPE_CHECKING:
    from contextlib import ExitStack

    from airflow.sdk import Connection as AirflowConnection

    from belvedere.clients.postgres import Connection
    from belvedere.settings import Settings

BATCH_RECORDS = 500
WAIT_SECONDS = 1.0
SOURCES_SECONDS = 5.0


class ArtifactConsumerHook(KafkaConsumerHook):
    """The provider's hook over a connection that was looked up already, tuned for one quick record at a time."""

    def __init__(self, topic: str, connection: AirflowConnection) -> None:
        super().__init__(topics=[topic], kafka_config_id=connection.conn_id)
        self._connection = connection

    def get_connection(self, conn_id: str) -> AirflowConnection:  # type: ignore[override]
        """Return the connection; a thread of the triggerer cannot ask Airflow for it."""
        return self._connection

    def _get_client(self, config: dict[str, Any]) -> Any:
        return super()._get_client({"group.id": CONSUMER_GROUP, **config, **STREAM_CONFIG})


class SourceTenants:
    """Which tenant a bucket belongs to, as the catalog says; a bucket not seen before is looked up again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tenants: dict[str, str] = {}
        self._read_at = float("-inf")

    def __call__(self, bucket: str) -> str | None:
        """Return the bucket's tenant, or None when it is no source."""
        stale = time.monotonic() - self._read_at > SOURCES_SECONDS
        if stale or bucket not in self._tenants:
            self._tenants = tenants_of_buckets(self._connection)
            self._read_at = time.monotonic()
        return self._tenants.get(bucket)


class Ingester(Loop):
    """Takes the topic's records into the catalog until it is stopped."""

    def __init__(self, settings: Settings, connection: AirflowConnection) -> None:
        super().__init__("belvedere-ingester")
        self._settings = settings
        self._kafka = connection
        self.tally = Tally()
        self._ingestion: Ingestion
        self._stream: RecordStream

    def open(self, resources: ExitStack) -> None:
        """Connect to the catalog, the object store and the topic."""
        connection = resources.enter_context(connect(self._settings.catalog_dsn.get_secret_value()))
        store = ObjectStore.from_settings(self._settings)
        self._ingestion = Ingestion(connection, store, SourceTenants(connection), self.tally)
        with translated():
            hook = ArtifactConsumerHook(self._settings.kafka_topic, self._kafka)
            self._stream = RecordStream(hook.get_consumer())
        resources.callback(self._stream.close)

    def step(self) -> None:
        """Take one batch."""
        self._ingestion.step(self._stream, WAIT_SECONDS, BATCH_RECORDS)
