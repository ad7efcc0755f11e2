"""An express lane: a warm process that renders small updates itself, one after another, without a run for each.

It serves what a step writes again and again while it works: progress, logs, JSON lines. The newest version of a key
wins: what was superseded before its turn is dropped unseen. How far the work is, is told at once; it is drawn about
once a second, for a picture costs much more than the numbers do. Each update is rendered in a forked child as shut in
as any other's, and as short-lived; it is only made ahead, while its predecessor renders. Beside that, Airflow's way
from a run to a task is spared. Whatever turns out to be large, slow or of another kind goes back to the ordinary runs,
and nobody is lost when the lane is: see ``catalog.express``. Lanes work side by side, for each mostly waits for disks.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from belvedere.catalog.express import beat, decline, leave
from belvedere.catalog.express_work import begin_express, foretell, set_aside
from belvedere.catalog.results import put_back
from belvedere.catalog.serial import INBOX_CHANNEL
from belvedere.catalog.sources import sources_in_use
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect, translated
from belvedere.errors import BelvedereError, ServiceUnavailable
from belvedere.model.express import EXPRESS_KINDS, PROGRESS_KINDS, has_progress
from belvedere.orchestration.loops import Loop
from belvedere.orchestration.picture_pace import PicturePace
from belvedere.orchestration.rendering import AWAY_SECONDS, ClaimReport, ItemRendering
from belvedere.orchestration.workplace import Workplace
from belvedere.rendering.isolation.ahead import ChildAhead
from belvedere.rendering.isolation.facts_reader import FactsReader

if TYPE_CHECKING:
    from contextlib import ExitStack

    from belvedere.catalog.express_work import Begun
    from belvedere.clients.postgres import Connection
    from belvedere.model.rendering import Source
    from belvedere.orchestration.making import Making
    from belvedere.orchestration.storing import RunIdentity
    from belvedere.settings import Settings

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
SOURCES_SECONDS = 5.0
ITEM_SECONDS = 2.0
# The kind of which most updates are: the child that waits is made for its limits.
USUAL_KIND = "progress_lines"


class NotForTheLane(Exception):
    """An item that ordinary runs should have: another kind, a tenant's own renderer, or slow."""


class PictureWaits(Exception):
    """An item whose numbers are told, and whose key was drawn a moment ago; its turn comes in ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"its picture waits for {seconds:.1f} s")
        self.seconds = seconds


class ExpressItem(ItemRendering):
    """The way of one item through the lane, which has begun it with its claim."""

    def __init__(
        self, place: Workplace, begun: Begun, report: ClaimReport, reader: FactsReader, pace: PicturePace
    ) -> None:
        super().__init__(place, begun.claim_id, begun.item, report, set())
        self._begun = begun
        self._reader = reader
        self._pace = pace

    @property
    def is_progress(self) -> bool:
        """Whether it turned out to say how far something is."""
        return self._making is not None and self._making.kind in PROGRESS_KINDS

    def _begin(self) -> bool:
        return True

    def _admit(self, making: Making, source: Source) -> None:
        if making.kind not in EXPRESS_KINDS:
            raise NotForTheLane(f"it is of the kind {making.kind}")
        if making.runs_programs:
            raise NotForTheLane("a renderer of its tenant draws it")
        if self.is_progress and not self._begun.told:
            self._tell(source, making.kind)

    def _tell(self, source: Source, kind: str) -> None:
        """Tell how far the work is; that is all where its picture has to wait."""
        connection, item = self._place.connection, self._item
        facts = self._reader.read(source, item.tenant, kind)
        if facts is None or not has_progress(facts):
            return
        pause = self._pace.pause(self._begun.since_picture)
        if pause > 0:
            set_aside(connection, self._claim_id, item, kind, facts, pause_seconds=pause)
            raise PictureWaits(pause)
        foretell(connection, self._claim_id, item, kind, facts)

    def _keep_lease(self, elapsed_seconds: float) -> None:
        if elapsed_seconds > ITEM_SECONDS:
            raise NotForTheLane(f"it takes longer than {ITEM_SECONDS:g} s")


class ExpressLane(Loop):
    """Renders small updates until the session ends, going on after every outage; ``number`` tells it apart."""

    def __init__(self, settings: Settings, run: RunIdentity, number: int, session_seconds: float) -> None:
        super().__init__("belvedere-express")
        self._settings = settings
        self._run_identity = run
        self._name = f"{run.run_id} {number}"
        self._ends = time.monotonic() + session_seconds
        self.report = ClaimReport()
        self.declined = 0
        self._pace = PicturePace()
        self._served = ""
        self._store: ObjectStore
        self._connection: Connection
        self._ahead: ChildAhead
        self._reader: FactsReader
        self._place: Workplace
        self._place_at = self._beat_at = float("-inf")

    def open(self, resources: ExitStack) -> None:
        """Connect to catalog and object store, and say that a lane is there."""
        self._end_in_time()
        self._connection = resources.enter_context(connect(self._settings.catalog_dsn.get_secret_value()))
        self._store = ObjectStore.from_settings(self._settings)
        self._place_at = self._beat_at = float("-inf")
        self._connection.execute(f"listen {INBOX_CHANNEL}")
        self._ahead = ChildAhead(self._settings.limits.of(USUAL_KIND), self._settings.isolation)
        resources.callback(self._ahead.close)
        self._reader = FactsReader(self._settings.limits.of(USUAL_KIND), self._settings.isolation)
        resources.callback(self._reader.close)
        resources.callback(self._leave)

    def step(self) -> None:
        """Render what waits, or wait for something to come."""
        self._end_in_time()
        self._beat()
        self._ahead.prepare()
        begun = self._next()
        if begun is not None:
            self._render(begun)
            return
        with translated():
            for _ in self._connection.notifies(timeout=min(BEAT_SECONDS, self._pace.next_turn()), stop_after=1):
                break

    def _next(self) -> Begun | None:
        """Begin one update: of what waited behind it in a claim, newer versions would come before its turn."""
        run, lease = self._run_identity, self._settings.render_lease_seconds
        begun = begin_express(
            self._connection,
            run.dag_id,
            run.run_id,
            lease,
            after_tenant=self._served,
            draws_told=not self._pace.rests,
        )
        if begun is not None:
            self._served = begun.item.tenant
        return begun

    def _render(self, begun: Begun) -> None:
        claim_id, item = begun.claim_id, begun.item
        started = time.monotonic()
        try:
            rendering = ExpressItem(self._workplace(), begun, self.report, self._reader, self._pace)
            rendering.work()
            if rendering.is_progress:
                self._pace.drew(time.monotonic() - started)
        except PictureWaits as wait:
            self._pace.left(wait.seconds)
        except NotForTheLane as reason:
            log.info("%s/%s is left to the ordinary runs: %s", item.bucket, item.key, reason)
            decline(self._connection, claim_id, item)
            self.declined += 1
        except ServiceUnavailable:
            with suppress(BelvedereError):
                put_back(self._connection, claim_id, item, delay_seconds=AWAY_SECONDS)
            raise

    def _workplace(self) -> Workplace:
        """Return services, and the sources and renderers as they were a few seconds ago at most."""
        now = time.monotonic()
        if now - self._place_at > SOURCES_SECONDS:
            in_use = sources_in_use(self._connection)
            self._place = Workplace(
                settings=self._settings,
                connection=self._connection,
                store=self._store,
                sources=in_use.tenants,
                run=self._run_identity,
                renderers=in_use.renderers,
                ahead=self._ahead,
                rendering=in_use.rendering,
            )
            self._place_at = now
        return self._place

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beat_at < BEAT_SECONDS:
            return
        run_id = self._run_identity.run_id
        beat(self._connection, self._name, run_id, rendered=self.report.rendered, declined=self.declined)
        self._beat_at = now

    def _leave(self) -> None:
        with suppress(BelvedereError):
            leave(self._connection, self._name)

    def _end_in_time(self) -> None:
        if time.monotonic() >= self._ends:
            self.stop()
