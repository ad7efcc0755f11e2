"""Bursts of pictures: throughput beside the bare loop's, nothing lost or done twice, and a neighbour's artifact."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

from belvedere.clients.postgres import connect
from tests.harness.samples import matrix_csv
from tests.perf.bare import bare_loop
from tests.perf.figures import Figure
from tests.perf.loads import Uploaded, Uploads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

SIZES = (200, 1000)
SHARE_GOALS = {200: None, 1000: 80.0}
NEIGHBOUR = "bench-neighbour"
NEIGHBOUR_AFTER_SECONDS = 6.0
NEIGHBOUR_GOAL = 3.0
PATIENCE_SECONDS = 300.0
POLL_SECONDS = 0.2


def bursts(stack: RunningStack, wall: Wall) -> Iterator[Figure]:
    """Measure each size; the neighbour uploads into the largest."""
    stack.airflow.run("provision_storage", {"buckets": [NEIGHBOUR], "tenant": NEIGHBOUR}, seconds=180.0)
    for size in SIZES:
        bare = _bare_rate(stack, size)
        prefix = f"bench/burst/{uuid.uuid4().hex}/"
        neighbour = _Neighbour(stack) if size == max(SIZES) else None
        uploaded = Uploads(stack.s3, wall.bucket).burst(prefix, size)
        done, ended = _await_rendered(stack, prefix, size)
        rate = done / (ended - uploaded.began)
        if neighbour:
            yield neighbour.figure(stack)
        yield Figure(f"burst of {size}", rate, "/s", None, bare)
        yield Figure(f"burst of {size}, share of the bare loop", 100 * rate / bare, "%", SHARE_GOALS[size], 100.0, True)
        yield Figure(f"burst of {size}, lost", float(size - done), "", 0.0)
        yield Figure(f"burst of {size}, done twice", float(_done_twice(stack, prefix)), "", 0.0)


def _bare_rate(stack: RunningStack, size: int) -> float:
    with bare_loop(stack) as loop:
        uploaded = Uploads(stack.s3, loop.bucket).burst("bench/", size)
        done = loop.await_all(uploaded.etags, PATIENCE_SECONDS)
    return len(done) / (max(done.values()) - uploaded.began)


def _await_rendered(stack: RunningStack, prefix: str, count: int) -> tuple[int, float]:
    """Return how many were rendered, and when the last one was seen to be."""
    deadline = time.time() + PATIENCE_SECONDS
    with connect(stack.env["CATALOG_DSN"]) as connection:
        while True:
            row = connection.execute(
                "select count(*) as n from artifacts where key like %s and state = 'rendered'", [prefix + "%"]
            ).fetchone()
            done = int(row["n"]) if row else 0
            if done == count or time.time() > deadline:
                return done, time.time()
            time.sleep(POLL_SECONDS)


def _done_twice(stack: RunningStack, prefix: str) -> int:
    with connect(stack.env["CATALOG_DSN"]) as connection:
        row = connection.execute(
            "select count(*) as n from artifacts where key like %s and attempts > 1", [prefix + "%"]
        ).fetchone()
    return int(row["n"]) if row else 0


class _Neighbour:
    """Another tenant, who puts one small artifact while the burst is at its height."""

    def __init__(self, stack: RunningStack) -> None:
        self._uploads = Uploads(stack.s3, NEIGHBOUR)
        self._uploaded = Uploaded()
        self._thread = threading.Thread(target=self._put, name="neighbour")
        self._thread.start()

    def _put(self) -> None:
        time.sleep(NEIGHBOUR_AFTER_SECONDS)
        self._uploads.put(self._uploaded, f"bench/{uuid.uuid4().hex}.csv", matrix_csv(1))

    def figure(self, stack: RunningStack) -> Figure:
        self._thread.join()
        (key,) = self._uploaded.moments
        _await_rendered(stack, key, 1)
        with connect(stack.env["CATALOG_DSN"]) as connection:
            row = connection.execute("select rendered_at from artifacts where key = %s", [key]).fetchone()
        assert row
        taken = row["rendered_at"].timestamp() - self._uploaded.moments[key]
        return Figure("another tenant's artifact during the burst of 1000", taken, "s", NEIGHBOUR_GOAL)
