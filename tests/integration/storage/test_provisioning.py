from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from minio.notificationconfig import NotificationConfig, QueueConfig
from tests.harness.storage import WEEK_MS, storage_spec

from belvedere.catalog.sources import CatalogSources, SourceBucket, list_sources
from belvedere.clients.bucket_admin import BucketAdmin, UnknownTarget
from belvedere.clients.kafka_admin import KafkaAdmin
from belvedere.clients.kafka_tail import TopicTail
from belvedere.errors import ForeignResource
from belvedere.model.storage import TopicSpec
from belvedere.storage.plan import plan
from belvedere.storage.probe import ProbeUnanswered, probe
from belvedere.storage.provisioner import Provisioner

if TYPE_CHECKING:
    from minio import Minio
    from tests.harness.servers import Servers

    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection
    from belvedere.model.storage import StorageSpec

# MinIO's targets are set up by its environment: both announce on this topic.
TOPIC = TopicSpec("artifacts", partitions=4, retention_ms=WEEK_MS)


@pytest.fixture
def provisioner(servers: Servers, catalog: Connection, kafka_bootstrap: str) -> Provisioner:
    instance = servers.minio()
    secrets = instance.secrets
    buckets = BucketAdmin(instance.minio_endpoint, secrets.minio_root_user, secrets.minio_root_password)
    return Provisioner(buckets, KafkaAdmin({"bootstrap.servers": kafka_bootstrap}), CatalogSources(catalog))


@pytest.fixture
def spec() -> StorageSpec:
    return storage_spec(f"source-{uuid.uuid4().hex[:12]}", topic=TOPIC)


def provision(provisioner: Provisioner, spec: StorageSpec) -> int:
    return provisioner.apply(plan(spec, provisioner.observe(spec)))


def test_storage_is_made_once_and_the_probe_proves_both_ways(
    provisioner: Provisioner,
    spec: StorageSpec,
    object_store: ObjectStore,
    kafka_bootstrap: str,
    catalog: Connection,
    s3: Minio,
) -> None:
    assert provision(provisioner, spec) >= 9
    assert provision(provisioner, spec) == 0

    with TopicTail({"bootstrap.servers": kafka_bootstrap}, TOPIC.name) as tail:
        result = probe(object_store, tail, spec.bucket, "p1", targets=2, limit_seconds=30)

    assert len(result.seconds) == 2
    assert list(s3.list_objects(spec.bucket, recursive=True, include_version=True)) == []
    assert SourceBucket(spec.bucket, "team", spec.renderings_bucket) in list_sources(catalog)


def test_rules_of_others_survive(provisioner: Provisioner, spec: StorageSpec, s3: Minio) -> None:
    theirs = QueueConfig(queue=spec.arns["fast"], events=["s3:ObjectAccessed:Get"], config_id="theirs")
    s3.make_bucket(spec.bucket)
    s3.set_bucket_notification(spec.bucket, NotificationConfig(queue_config_list=[theirs]))

    with pytest.raises(ForeignResource):
        provision(provisioner, spec)
    provision(provisioner, replace(spec, adopt=True))

    there = s3.get_bucket_notification(spec.bucket).queue_config_list
    assert theirs in there
    assert {rule.config_id for rule in there} == {
        "theirs",
        f"belvedere/{spec.bucket}/fast",
        f"belvedere/{spec.bucket}/durable",
    }


def test_drift_is_planned_and_repaired(provisioner: Provisioner, spec: StorageSpec, s3: Minio) -> None:
    provision(provisioner, spec)
    s3.delete_bucket_notification(spec.bucket)
    s3.delete_bucket_lifecycle(spec.renderings_bucket)

    assert provision(provisioner, spec) == 2
    assert provision(provisioner, spec) == 0


def test_a_target_that_minio_does_not_know_stops_at_the_last_step(provisioner: Provisioner, spec: StorageSpec) -> None:
    wrong = replace(spec, arns={**spec.arns, "fast": "arn:minio:sqs::NOWHERE:kafka"})

    with pytest.raises(UnknownTarget, match="NOWHERE"):
        provision(provisioner, wrong)

    assert provision(provisioner, spec) == 1


def test_a_bucket_that_announces_nothing_leaves_the_probe_unanswered(
    provisioner: Provisioner, spec: StorageSpec, object_store: ObjectStore, kafka_bootstrap: str, s3: Minio
) -> None:
    provision(provisioner, spec)
    s3.delete_bucket_notification(spec.bucket)

    with (
        TopicTail({"bootstrap.servers": kafka_bootstrap}, TOPIC.name) as tail,
        pytest.raises(ProbeUnanswered, match="0 of 2"),
    ):
        probe(object_store, tail, spec.bucket, "p2", targets=2, limit_seconds=2)

    assert list(s3.list_objects(spec.bucket, recursive=True, include_version=True)) == []
