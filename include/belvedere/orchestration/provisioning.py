"""What the DAG ``provision_storage`` does: plan, apply, probe, for each bucket on its own."""

from __future__ import annotations

import logging
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk.exceptions import AirflowSkipException

from belvedere.catalog.sources import CatalogSources
from belvedere.clients.bucket_admin import BucketAdmin
from belvedere.clients.kafka_admin import KafkaAdmin
from belvedere.clients.kafka_tail import TopicTail
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from belvedere.errors import ConfigurationError
from belvedere.model.storage import StorageSpec
from belvedere.orchestration.broker import kafka_config
from belvedere.orchestration.failing import Troubles, permanent_errors_fail
from belvedere.settings import settings
from belvedere.storage.plan import plan as planned
from belvedere.storage.probe import probe as probed
from belvedere.storage.provisioner import Provisioner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from belvedere.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")


def plan(params: Mapping[str, Any]) -> dict[str, list[str]]:
    """Print what would be done, and return it by bucket."""
    with permanent_errors_fail(), _provisioner() as provisioner:
        return _for_each(params, lambda spec: _planned_lines(provisioner, spec))


def apply(params: Mapping[str, Any]) -> dict[str, int]:
    """Do it, and return the number of changes by bucket."""
    stop_after_plan(params)
    with permanent_errors_fail(), _provisioner() as provisioner:
        return _for_each(params, lambda spec: _applied(provisioner, spec))


def probe(params: Mapping[str, Any]) -> dict[str, list[float]]:
    """Prove that events of every bucket arrive, and return the seconds that each target took, by bucket."""
    stop_after_plan(params)
    with permanent_errors_fail():
        return _for_each(params, lambda spec: _probed(spec, params["probe_seconds"]))


def specs(params: Mapping[str, Any], known: Settings) -> list[StorageSpec]:
    """Return what the params ask for, one spec a bucket.

    Raises:
        ConfigurationError: a bucket's name could be mistaken for a renderings bucket's.
    """
    return [_spec(bucket, params, known) for bucket in dict.fromkeys(params["buckets"])]


def _spec(bucket: str, params: Mapping[str, Any], known: Settings) -> StorageSpec:
    if bucket.endswith(known.renderings_suffix):
        raise ConfigurationError(
            f"bucket {bucket} ends with {known.renderings_suffix}, which marks renderings buckets: choose another name"
        )
    return StorageSpec(
        bucket=bucket,
        tenant=params["tenant"] or bucket,
        renderings_bucket=bucket + known.renderings_suffix,
        versioning=params["versioning"],
        renderings_expire_days=params["renderings_expire_days"],
        arns=known.notification_arns,
        topic=known.topic,
        adopt=params["adopt"],
    )


@contextmanager
def _provisioner() -> Iterator[Provisioner]:
    known = settings()
    topics = KafkaAdmin(kafka_config(known.kafka_connection_id))
    with connect(known.catalog_dsn.get_secret_value()) as catalog:
        yield Provisioner(BucketAdmin.from_settings(known), topics, CatalogSources(catalog))


def _planned_lines(provisioner: Provisioner, spec: StorageSpec) -> list[str]:
    plan = planned(spec, provisioner.observe(spec))
    log.info("%s", plan)
    return [str(change) for change in plan.changes]


def _applied(provisioner: Provisioner, spec: StorageSpec) -> int:
    plan = planned(spec, provisioner.observe(spec))
    if not plan.changes:
        log.info("%s", plan)
    return provisioner.apply(plan)


def _probed(spec: StorageSpec, limit_seconds: float) -> list[float]:
    known = settings()
    store = ObjectStore.from_settings(known)
    with TopicTail(kafka_config(known.kafka_connection_id), known.kafka_topic) as tail:
        result = probed(store, tail, spec.bucket, uuid.uuid4().hex, targets=len(spec.arns), limit_seconds=limit_seconds)
    log.info("bucket %s: the probe was %s", spec.bucket, result)
    return [round(seconds, 3) for seconds in result.seconds]


def _for_each(params: Mapping[str, Any], do: Callable[[StorageSpec], T]) -> dict[str, T]:
    """Do it for every bucket, whatever happens to the others; then say what went wrong."""
    results: dict[str, T] = {}
    troubles = Troubles()
    for spec in specs(params, settings()):
        with troubles.of(f"bucket {spec.bucket}"):
            results[spec.bucket] = do(spec)
    troubles.complain()
    return results


def stop_after_plan(params: Mapping[str, Any]) -> None:
    """Skip the task when its run is to plan only."""
    if params["mode"] == "plan":
        raise AirflowSkipException("mode is plan: nothing is changed")
