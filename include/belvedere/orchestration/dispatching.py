"""From open work to runs: claim a chunk, start one ``render_artifacts`` run for it over Airflow's REST API."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from belvedere.catalog.claims import ClaimLimits, claim_next, hand_back, release_expired
from belvedere.catalog.serial import INBOX_CHANNEL
from belvedere.clients.airflow_api import AirflowApi
from belvedere.clients.postgres import connect, translated
from belvedere.errors import BelvedereError
from belvedere.orchestration.loops import Loop

if TYPE_CHECKING:
    from contextlib import ExitStack

    from belvedere.clients.postgres import Connection
    from belvedere.settings import Settings

log = logging.getLogger(__name__)

RENDER_DAG = "render_artifacts"
WAIT_SECONDS = 1.0


def claim_limits(settings: Settings) -> ClaimLimits:
    """Return how much may run at once on the machine that the settings describe.

    One run more than cores keeps the cores busy while a run starts; slow renderings may add as many again.
    """
    return ClaimLimits(
        usual_runs=settings.cores + 1,
        most_runs=2 * (settings.cores + 1),
        slow_after_seconds=settings.slow_after_seconds,
        chunk_seconds=settings.chunk_seconds,
        chunk_items=settings.chunk_items,
        lease_seconds=settings.dispatch_lease_seconds,
    )


def run_id_of(claim_id: str) -> str:
    """Return the run id of a claim: the same claim can never become two runs."""
    return f"claim__{claim_id}"


class Dispatcher(Loop):
    """Starts runs for open work, woken by the catalog; several dispatchers share the work through the inbox."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("belvedere-dispatcher")
        self._settings = settings
        self._limits = claim_limits(settings)
        self.runs_started = 0
        self._connection: Connection
        self._api: AirflowApi

    def open(self, resources: ExitStack) -> None:
        """Connect to the catalog and to Airflow."""
        self._connection = resources.enter_context(connect(self._settings.catalog_dsn.get_secret_value()))
        self._api = resources.enter_context(AirflowApi.from_settings(self._settings))
        self._connection.execute(f"listen {INBOX_CHANNEL}")

    def step(self) -> None:
        """Take back what was lost, start what can start, then wait to be woken (or a second)."""
        release_expired(self._connection, self._settings.max_attempts)
        while (claim_id := claim_next(self._connection, self._limits)) is not None:
            self._start_run(claim_id)
        with translated():
            for _ in self._connection.notifies(timeout=WAIT_SECONDS, stop_after=1):
                break

    def _start_run(self, claim_id: str) -> None:
        try:
            self._api.trigger(RENDER_DAG, run_id_of(claim_id), {"claim": claim_id})
        except BelvedereError:
            hand_back(self._connection, claim_id)
            raise
        self.runs_started += 1
