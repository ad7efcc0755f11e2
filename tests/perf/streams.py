"""Many browsers that listen at once: what they cost the API server, and whether each hears of everything."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stack.processes import proportional_bytes

from belvedere.clients.postgres import connect
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.perf.figures import Figure, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.whole import RunningStack

STREAMS = 200
CHANGES = 200
BUCKET = "bench-streams"
MEMORY_GOAL_MB = 100.0
HEARD_GOAL = 0.3
READY_SECONDS = 60.0
PATIENCE_SECONDS = 30.0


class Listener:
    """One open stream: the sequence numbers it has heard of, and when."""

    def __init__(self) -> None:
        self.heard: dict[int, float] = {}
        self.ready = asyncio.Event()

    async def listen(self, url: str, token: str) -> None:
        """Read until cancelled."""
        place = urlsplit(url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        request = f"GET /belvedere/api/events HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: {token}\r\n\r\n"
        writer.write(request.encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"event: ready"):
                    self.ready.set()
                elif line.startswith(b"id: "):
                    self.heard[int(line[4:])] = time.time()
        finally:
            writer.close()


def streams(stack: RunningStack) -> Iterator[Figure]:
    """Open the streams, change artifacts, and weigh the server before and meanwhile."""
    token = str(stack.airflow.http.headers["Authorization"])
    before, during, listeners, written = asyncio.run(_measure(stack, token))
    missed = sum(seq not in listener.heard for listener in listeners for seq in written)
    waits = [listener.heard[seq] - at for listener in listeners for seq, at in written.items() if seq in listener.heard]
    yield Figure(f"memory of {STREAMS} open streams", (during - before) / 1e6, "MB", MEMORY_GOAL_MB)
    yield Figure(f"changes missed by {STREAMS} streams", float(missed), "", 0.0, note=f"{CHANGES} changes")
    yield Figure(f"written -> heard by {STREAMS} streams, p95", percentile(waits, 0.95), "s", HEARD_GOAL)


async def _measure(stack: RunningStack, token: str) -> tuple[int, int, list[Listener], dict[int, float]]:
    server = stack.pid("api-server")
    before = await asyncio.to_thread(proportional_bytes, server)
    listeners = [Listener() for _ in range(STREAMS)]
    tasks = [asyncio.create_task(listener.listen(stack.url, token)) for listener in listeners]
    try:
        async with asyncio.timeout(READY_SECONDS):
            await asyncio.gather(*(listener.ready.wait() for listener in listeners))
        written = await asyncio.to_thread(_change, stack)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and any(max(written) not in one.heard for one in listeners):
            await asyncio.sleep(0.1)
        gc.collect()
        during = await asyncio.to_thread(proportional_bytes, server)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return before, during, listeners, written


def _change(stack: RunningStack) -> dict[int, float]:
    """Write artifacts, ten a second, and return their sequence numbers with the moments."""
    written: dict[int, float] = {}
    with connect(stack.env["CATALOG_DSN"]) as connection:
        add_source(connection, BUCKET, "bench")
        for number in range(CHANGES):
            row = artifact_row(f"streams/{number}.csv", number, bucket=BUCKET, tenant="bench")
            write_artifacts(connection, row)
            at = time.time()
            found = connection.execute("select seq from artifacts where id = %s", [row["id"]]).fetchone()
            assert found
            written[int(found["seq"])] = at
            time.sleep(0.1)
    return written
