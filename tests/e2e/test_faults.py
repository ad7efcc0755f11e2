"""Power cuts: services are killed one after another while artifacts land; every accepted one gets its picture."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

import pytest
from minio.error import S3Error
from tests.harness.samples import matrix_csv
from tests.harness.waiting import eventually
from urllib3.exceptions import HTTPError

from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

BURST = 500
KILLED = ("scheduler", "triggerer", "kafka", "minio")
EVERYTHING_SECONDS = 420.0


class Uploads(threading.Thread):
    """Puts distinct artifacts until all are accepted; a refused PUT is tried again, as a client would."""

    def __init__(self, wall: Wall, prefix: str, count: int) -> None:
        super().__init__(name="uploads")
        self._wall, self._prefix, self._count = wall, prefix, count
        self.accepted: dict[str, str] = {}
        self.refused = 0

    def run(self) -> None:
        while len(self.accepted) < self._count:
            key = f"{self._prefix}{len(self.accepted):04}.csv"
            try:
                self.accepted[key] = self._wall.put(key, matrix_csv(len(self.accepted)), "text/csv")
            except (S3Error, HTTPError, OSError):
                self.refused += 1
                threading.Event().wait(0.2)


@pytest.mark.timeout(900)  # its own deadlines are longer than a usual test's
def test_nothing_is_lost_while_services_are_killed_during_a_burst(stack: RunningStack, wall: Wall) -> None:
    prefix = f"faults/{uuid.uuid4().hex}/"
    uploads = Uploads(wall, prefix, BURST)
    uploads.start()
    for number, service in enumerate(KILLED, start=1):
        eventually(lambda goal=number: len(uploads.accepted) >= goal * BURST // 6, 120.0, what="uploads")
        stack.kill(service)
    uploads.join(180.0)
    assert len(uploads.accepted) == BURST
    stack.await_healthy()

    def unfinished() -> list[str]:
        with connect(stack.env["CATALOG_DSN"]) as connection:
            rows = connection.execute(
                "select key from artifacts where key like %s and is_latest and state = 'rendered'", [prefix + "%"]
            ).fetchall()
        return sorted(uploads.accepted.keys() - {row["key"] for row in rows})

    eventually(lambda: not unfinished(), EVERYTHING_SECONDS, what=f"{BURST} renderings", poll=1.0)

    with connect(stack.env["CATALOG_DSN"]) as connection:
        cards = connection.execute(
            "select key, etag, attempts from artifacts where key like %s", [prefix + "%"]
        ).fetchall()
        work = connection.execute(
            "select artifact_id from inbox where key like %s and occasion like 'created:%%'", [prefix + "%"]
        ).fetchall()
    assert {card["key"]: card["etag"] for card in cards} == uploads.accepted, "one card for each, no other"
    assert len(work) == len({each["artifact_id"] for each in work}), "each version is work once"
    stored = stack.s3.list_objects("mlpipeline", prefix=prefix, recursive=True, include_version=True)
    # A server killed between storing and answering stores what its client puts again: a version more, not a key.
    assert BURST <= len(work) <= len(list(stored))
    again = [card["key"] for card in cards if card["attempts"] > 1]
    assert len(again) <= 4 * 60, "only what a killed task had begun is begun again"
    records = stack.s3.list_objects("mlpipeline-renderings", prefix=prefix, recursive=True)
    places = {found.object_name for found in records if found.object_name.endswith("/rendering.json")}
    assert places == {f"{key}/{etag}/rendering.json" for key, etag in uploads.accepted.items()}
