"""From news of ended renderings to messages for subscriptions, and to events of Airflow's assets.

None of it stands in the way of a rendering: the catalog notes the news, and these loops read them half a second
later. A downstream DAG schedules on ``Asset("belvedere://reports/<tenant>")``; while no DAG names such an asset,
nothing is sent to Airflow at all.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from belvedere.catalog.deliveries import Message, drop_overflow, enqueue
from belvedere.catalog.reports import REPORTS_CHANNEL, fanned_out_news, fresh_news
from belvedere.catalog.serial import ARTIFACTS_CHANNEL
from belvedere.catalog.subscriptions import enabled_subscriptions
from belvedere.clients.airflow_api import AirflowApi
from belvedere.clients.postgres import connect, translated
from belvedere.errors import PermanentError
from belvedere.model.report import artifact_data, kind_of, report_event
from belvedere.orchestration.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import ExitStack

    from belvedere.catalog.reports import Report
    from belvedere.clients.postgres import Connection
    from belvedere.model.artifact import Artifact
    from belvedere.settings import Settings

log = logging.getLogger(__name__)

WAIT_SECONDS = 2.0
# How long news gather before they are told: what an object said twice within it is told once.
GATHER_SECONDS = 0.5
ASSETS = "belvedere://reports"
ASSETS_SECONDS = 15.0
MOST_ASSETS = 500
MOST_IN_EVENT = 100


class FanOut(Loop):
    """Turns news into one message for each subscription that wants it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("belvedere-fan-out")
        self._settings = settings
        self.reports = 0
        self.messages = 0
        self._connection: Connection

    def open(self, resources: ExitStack) -> None:
        """Connect to the catalog."""
        self._connection = resources.enter_context(connect(self._settings.catalog_dsn.get_secret_value()))
        self._connection.execute(f"listen {ARTIFACTS_CHANNEL}")

    def step(self) -> None:
        """Take one batch; wait for news when there were none."""
        if not self._fan_out():
            wait_for_notice(self._connection, WAIT_SECONDS)
        self._stop.wait(GATHER_SECONDS)

    def _fan_out(self) -> bool:
        connection = self._connection
        with fresh_news(connection) as batch:
            wanting = enabled_subscriptions(connection, {report.artifact.tenant for report in batch.reports})
            messages = [
                Message(subscription.id, self._event(report), report.artifact.bucket, report.artifact.key)
                for report in batch.reports
                for subscription in wanting
                if subscription.wants(report.artifact)
            ]
            self.messages += enqueue(connection, messages)
            for subscription_id in {message.subscription_id for message in messages}:
                drop_overflow(connection, subscription_id)
        self.reports += len(batch.reports)
        return bool(batch.ids)

    def _event(self, report: Report) -> dict[str, Any]:
        return report_event(report.artifact, report.at, self._settings.gallery_path)


class Announcer(Loop):
    """Tells Airflow's assets of reports, so that DAGs run when one is ready."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("belvedere-announcer")
        self._settings = settings
        self.events = 0
        self._assets: dict[str, list[int]] = {}
        self._assets_read = float("-inf")
        self._connection: Connection
        self._api: AirflowApi

    def open(self, resources: ExitStack) -> None:
        """Connect to the catalog and to Airflow."""
        self._connection = resources.enter_context(connect(self._settings.catalog_dsn.get_secret_value()))
        self._api = resources.enter_context(AirflowApi.from_settings(self._settings))
        self._connection.execute(f"listen {REPORTS_CHANNEL}")

    def step(self) -> None:
        """Tell one batch; wait for news when there were none."""
        self._read_assets()
        with fanned_out_news(self._connection) as batch:
            for asset_id, reports in events_of(batch.reports, self._assets):
                self._tell(asset_id, reports)
        if not batch.ids:
            wait_for_notice(self._connection, WAIT_SECONDS)

    def _read_assets(self) -> None:
        """Learn from time to time which of our assets any DAG names."""
        if time.monotonic() - self._assets_read < ASSETS_SECONDS:
            return
        query = {"uri_prefix_pattern": ASSETS, "limit": MOST_ASSETS}
        found = self._api.request("GET", "/assets", params=query)["assets"]
        self._assets = {}
        for asset in found:
            self._assets.setdefault(asset["uri"].rstrip("/"), []).append(asset["id"])
        self._assets_read = time.monotonic()

    def _tell(self, asset_id: int, artifacts: Sequence[Artifact]) -> None:
        said = [artifact_data(artifact, self._settings.gallery_path) for artifact in artifacts]
        try:
            self._api.request("POST", "/assets/events", json={"asset_id": asset_id, "extra": {"artifacts": said}})
            self.events += 1
        except PermanentError as error:
            # The asset has gone with its last DAG, or Airflow does not let us: the next ones are told all the same.
            log.warning("asset %d was not told of %d reports: %s", asset_id, len(said), error.message)
            self._assets_read = float("-inf")


def events_of(reports: Iterable[Report], assets: Mapping[str, Sequence[int]]) -> list[tuple[int, list[Artifact]]]:
    """Return which asset is told of which artifacts: one event for all that came together, up to a limit."""
    by_asset: dict[int, list[Artifact]] = {}
    for report in reports:
        for uri in uris_of(report.artifact):
            for asset_id in assets.get(uri, ()):
                by_asset.setdefault(asset_id, []).append(report.artifact)
    return [
        (asset_id, artifacts[start : start + MOST_IN_EVENT])
        for asset_id, artifacts in by_asset.items()
        for start in range(0, len(artifacts), MOST_IN_EVENT)
    ]


def uris_of(artifact: Artifact) -> tuple[str, ...]:
    """Return the assets that an artifact's report concerns; failures concern none: there is nothing to work on."""
    if kind_of(artifact.state) != "ready":
        return ()
    tenant = f"{ASSETS}/{artifact.tenant}"
    return ASSETS, tenant, f"{tenant}/{artifact.kind}"


def wait_for_notice(connection: Connection, seconds: float) -> None:
    """Wait until a channel that the connection listens to says something."""
    with translated():
        for _ in connection.notifies(timeout=seconds, stop_after=1):
            break
