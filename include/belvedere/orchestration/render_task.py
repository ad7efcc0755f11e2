"""What the task ``render`` of ``render_artifacts`` does: a dispatcher's claim, or one object a person named."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from belvedere.catalog.claims import claim_artifact
from belvedere.catalog.intake import record, request_render
from belvedere.catalog.serial import dispatching
from belvedere.catalog.sources import sources_in_use
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from belvedere.errors import PermanentError
from belvedere.orchestration.dispatching import RENDER_DAG
from belvedere.orchestration.rendering import arrival_of, render_claim
from belvedere.orchestration.storing import RunIdentity
from belvedere.orchestration.workplace import Workplace
from belvedere.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


log = logging.getLogger(__name__)


def render(params: Mapping[str, Any], run_id: str) -> None:
    """Render a claim, or the object that ``bucket`` and ``key`` name.

    Raises:
        AirflowFailException: the object a person named could not be rendered; trying again would not help.
        TransientError: a service is away; Airflow tries the task again.
    """
    with _workplace(run_id) as place:
        if params["claim"]:
            report = render_claim(place, params["claim"])
            log.info("claim %s: %s", params["claim"], asdict(report))
            return
        try:
            _render_named(place, params["bucket"], params["key"])
        except PermanentError as error:
            raise AirflowFailException(error.message) from error


def _render_named(place: Workplace, bucket: str | None, key: str | None) -> None:
    if not bucket or not key:
        raise PermanentError("name an object: both bucket and key are needed", code="configuration")
    tenant = place.sources.get(bucket)
    if tenant is None:
        raise PermanentError(f"{bucket} is no source bucket: run the DAG provision_storage for it", code="no_source")
    occasion = f"run:{place.run.run_id}"
    arrival = arrival_of(place.store.stat(bucket, key), tenant, occasion)
    artifact_id = arrival.event.artifact_id
    # In one piece: queued and not yet claimed, it would be whichever dispatcher's that looks first.
    with dispatching(place.connection):
        record(place.connection, [arrival])
        request_render(place.connection, artifact_id, occasion=f"again:{occasion}")
        claim_id = claim_artifact(place.connection, artifact_id, place.settings.dispatch_lease_seconds)
    if claim_id is None:
        log.info("%s/%s is being rendered by another run already", bucket, key)
        return
    report = render_claim(place, claim_id)
    log.info("%s/%s: %s", bucket, key, asdict(report))
    if report.dead:
        raise PermanentError(f"{bucket}/{key} could not be rendered: its card in the gallery says why")


@contextmanager
def _workplace(run_id: str) -> Iterator[Workplace]:
    configured = settings()
    with connect(configured.catalog_dsn.get_secret_value()) as connection:
        in_use = sources_in_use(connection)
        yield Workplace(
            settings=configured,
            connection=connection,
            store=ObjectStore.from_settings(configured),
            sources=in_use.tenants,
            renderers=in_use.renderers,
            rendering=in_use.rendering,
            run=RunIdentity(RENDER_DAG, run_id),
        )
