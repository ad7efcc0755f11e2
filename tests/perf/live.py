"""Progress as somebody watches it: from a step's PUT until its card has moved in a real browser."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

from tests.harness.stack_fixtures import headless, logged_in
from tests.harness.waiting import eventually
from tests.perf.figures import Figure, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.harness.whole import RunningStack

BUCKET = "mlpipeline"
PER_SECOND = 10.0
UPDATES = 200
WATCHED = 5
TOTAL = 1000
SEEN_GOAL = 0.25
AFTER_RENDER_GOAL = 0.3
PATIENCE_SECONDS = 30.0
Put = tuple[str, int, float]
Seen = tuple[str, int, float, float | None]
"""Key, step, and the milliseconds at which it was seen and rendered (None: told before its picture was stored)."""

NOTE_WHAT_IS_SEEN = """
window.seen = [];
document.addEventListener("belvedere:seen", ({ detail }) => {
  const step = detail.facts.progress?.step;
  const rendered = detail.rendered_at ? Date.parse(detail.rendered_at) : null;
  window.seen.push([detail.key, step ?? -1, Date.now(), rendered]);
});
"""


def live(stack: RunningStack) -> Iterator[Figure]:
    """Let some steps write their progress, ten updates a second in all, while the wall is open."""
    eventually(lambda: _lanes(stack), PATIENCE_SECONDS, what="lanes that drive")
    with headless() as browser:
        page = logged_in(browser, stack).new_page()
        page.add_init_script(NOTE_WHAT_IS_SEEN)
        prefix = f"bench/live/{uuid.uuid4().hex}/"
        page.goto(f"{stack.url}/belvedere/?prefix={prefix}")
        page.wait_for_selector("#live[data-level=live]")
        _write(stack, f"{prefix}warm", 20)
        puts = _write(stack, f"{prefix}step", UPDATES)
        seen = _await_last(page, puts)
    waits = [wait for put in puts if (wait := _wait(put, seen)) is not None]
    measured = [(at, drawn) for key, _, at, drawn in seen if key.startswith(f"{prefix}step")]
    after = [(at - drawn) / 1000 for at, drawn in measured if drawn is not None]
    name = f"progress at {PER_SECOND:g}/s, PUT -> seen in a browser"
    yield Figure(f"{name}, p50", percentile(waits, 0.5), "s", SEEN_GOAL)
    yield Figure(f"{name}, p95", percentile(waits, 0.95), "s")
    yield Figure(f"{name}, never overtaken nor seen", float(len(puts) - len(waits)), "", 0.0)
    yield Figure("rendered -> seen in a browser, p50", percentile(after, 0.5), "s", AFTER_RENDER_GOAL)
    yield Figure("rendered -> seen in a browser, p95", percentile(after, 0.95), "s", AFTER_RENDER_GOAL)


def _lanes(stack: RunningStack) -> bool:
    runs = stack.airflow.get("/dags/express_lane/dagRuns", state="running", limit=1)["dag_runs"]
    if not runs:
        return False
    tasks = stack.airflow.get(f"/dags/express_lane/dagRuns/{runs[0]['dag_run_id']}/taskInstances")
    return all(task["state"] == "running" for task in tasks["task_instances"])


def _write(stack: RunningStack, prefix: str, updates: int) -> list[Put]:
    """Put whole files again and again, as steps do that log their progress; return what was begun when."""
    began = time.monotonic()
    steps: dict[str, list[bytes]] = {}
    puts: list[Put] = []
    with ThreadPoolExecutor(WATCHED) as pool:
        for number in range(updates):
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            key = f"{prefix}-{number % WATCHED}.jsonl"
            lines = steps.setdefault(key, [])
            lines.append(_line(len(lines) + 1))
            puts.append((key, len(lines), time.time() * 1000))
            pool.submit(_put, stack, key, b"".join(lines))
    return puts


def _line(step: int) -> bytes:
    return json.dumps({"step": step, "total": TOTAL, "loss": 1 / step, "accuracy": 1 - 1 / step}).encode() + b"\n"


def _put(stack: RunningStack, key: str, content: bytes) -> None:
    stack.s3.put_object(BUCKET, key, BytesIO(content), len(content), content_type="application/x-ndjson")


def _await_last(page: Page, puts: list[Put]) -> list[Seen]:
    """Wait until the last version of each key was seen, and return all that was."""
    last = {key: step for key, step, _ in puts}

    def all_seen() -> list[Seen] | None:
        seen: list[Any] = page.evaluate("window.seen")
        newest = {key: max((step for name, step, *_ in seen if name == key), default=0) for key in last}
        return seen if all(newest[key] >= step for key, step in last.items()) else None

    seen = eventually(all_seen, PATIENCE_SECONDS, what="the last versions on the wall", poll=0.2)
    assert seen is not None
    return seen


def _wait(put: Put, seen: list[Seen]) -> float | None:
    """Return the seconds until this version, or a newer one of the same key, stood on the card."""
    key, step, at = put
    moments = [moment for name, shown, moment, _ in seen if name == key and shown >= step]
    return (min(moments) - at) / 1000 if moments else None
