"""From PUT to card and to picture, at steady rates, beside the bare loop at the same rate."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.perf.bare import bare_loop
from tests.perf.figures import Figure, percentile
from tests.perf.loads import Uploads
from tests.perf.watching import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack
    from tests.perf.loads import Uploaded

# Events a second -> how many, goal of the median, goal of the 95th percentile (seconds).
RATES: dict[float, tuple[int, float | None, float]] = {
    1.0: (60, 0.4, 0.6),
    5.0: (150, None, 1.2),
    10.0: (250, None, 1.8),
}
CARD_GOAL = 0.1
WARM_UP = 20
PATIENCE_SECONDS = 60.0


def warm_up(stack: RunningStack, wall: Wall) -> None:
    """Let every process have done everything once."""
    with Watcher(wall.gallery) as watcher:
        uploaded = Uploads(stack.s3, wall.bucket).steady(f"bench/warm/{uuid.uuid4().hex}/", WARM_UP, 2.0)
        watcher.await_all(uploaded.etags, "rendered", PATIENCE_SECONDS)


def latencies(stack: RunningStack, wall: Wall) -> Iterator[Figure]:
    """Measure each rate."""
    for rate, (count, median_goal, tail_goal) in RATES.items():
        bare = _bare(stack, rate, max(30, count // 3))
        with Watcher(wall.gallery) as watcher:
            uploaded = Uploads(stack.s3, wall.bucket).steady(f"bench/rate/{uuid.uuid4().hex}/", count, rate)
            pictures = _since_put(uploaded, watcher.await_all(uploaded.etags, "rendered", PATIENCE_SECONDS))
            cards = _since_put(uploaded, watcher.await_all(uploaded.etags, "queued", 1.0))
        if rate == 1.0:
            yield Figure("PUT -> queued card, p50", percentile(cards, 0.5), "s", CARD_GOAL, note="seen in the stream")
        name = f"PUT -> picture at {rate:g}/s"
        yield Figure(f"{name}, p50", percentile(pictures, 0.5), "s", median_goal, percentile(bare, 0.5))
        yield Figure(f"{name}, p95", percentile(pictures, 0.95), "s", tail_goal, percentile(bare, 0.95))
        yield Figure(f"{name}, lost", float(count - len(pictures)), "", 0.0)


def _bare(stack: RunningStack, rate: float, count: int) -> list[float]:
    with bare_loop(stack) as loop:
        uploaded = Uploads(stack.s3, loop.bucket).steady("bench/", count, rate)
        return _since_put(uploaded, loop.await_all(uploaded.etags, PATIENCE_SECONDS))


def _since_put(uploaded: Uploaded, seen: dict[str, float]) -> list[float]:
    return [at - uploaded.moments[key] for key, at in seen.items()]
