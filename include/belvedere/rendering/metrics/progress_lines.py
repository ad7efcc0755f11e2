"""Progress as JSON lines: how far the work is, when it will be done, and its metrics by step."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.rendering.texts.json_kinds import STEP_NAMES
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.training.thinning import Thinned

if TYPE_CHECKING:
    from pathlib import Path

TOTALS = ("total", "total_steps", "max_steps", "num_steps", "total_epochs", "num_epochs", "max_epochs", "epochs",
          "n_epochs", "total_batches", "num_train_steps", "of")  # fmt: skip
SHARES = ("percent", "percentage", "progress", "fraction")
TIMES = ("time", "timestamp", "ts", "wall_time", "datetime", "date", "@timestamp")
ELAPSED = ("elapsed", "elapsed_seconds", "seconds", "runtime")
REMAINING = ("eta", "eta_seconds", "remaining", "remaining_seconds")
GROUPS = ("split", "phase", "mode", "stage", "run", "subset")
STEPS = ("global_step", "step", "iteration", "iter", "batch", "epoch", "round", "trial", "current", "steps")
OTHER_NAMES = frozenset({*TOTALS, *SHARES, *TIMES, *ELAPSED, *REMAINING, *STEP_NAMES})
MOST_BYTES, MOST_POINTS, MOST_METRICS, LAST_LINES = 64 * 1024**2, 4000, 60, 20


@dataclass(slots=True)
class Progress:
    """What the lines say. ``share`` is between 0 and 1; times are in seconds; None: they do not say."""

    lines: int = 0
    bad_lines: int = 0
    cut: bool = False
    unfinished: bool = False
    step_name: str = ""
    first_step: float | None = None
    step: float | None = None
    total: float | None = None
    share: float | None = None
    first_time: float | None = None
    time: float | None = None
    remaining: float | None = None
    metrics: dict[tuple[str, str], Thinned[tuple[float, float]]] = field(default_factory=dict)
    last: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether the last step is the last there will be."""
        return self.share is not None and self.share >= 1

    @property
    def eta(self) -> float | None:
        """Seconds until the end: as written, or at the pace so far."""
        if self.done:
            return 0.0
        if self.remaining is not None:
            return self.remaining
        if None in (self.first_time, self.time, self.first_step, self.step, self.total):
            return None
        passed, steps = self.time - self.first_time, self.step - self.first_step  # type: ignore[operator]
        left = (self.total - self.step) if self.total is not None and self.step is not None else 0.0
        return left * passed / steps if steps > 0 and passed > 0 else None


def read_progress(path: Path, size: int) -> Progress:
    """Read the lines; one that the end of a growing file cuts off is left out.

    Raises:
        MalformedArtifact: no line is a JSON object with a step.
    """
    progress = Progress(cut=size > MOST_BYTES)
    with path.open("rb") as file:
        if progress.cut:
            file.seek(size - MOST_BYTES)
            file.readline()
        ended = True
        for raw in file:
            ended = raw.endswith(b"\n")
            _read_line(progress, raw, ended=ended)
    if progress.step is None:
        raise MalformedArtifact("No line of the file says which step it is of.", code="no_step")
    return progress


def _read_line(progress: Progress, raw: bytes, *, ended: bool) -> None:
    if not raw.strip():
        return
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        if ended:
            progress.bad_lines += 1
        else:
            progress.unfinished = True
        return
    if isinstance(line, dict):
        _note(progress, {str(name): value for name, value in line.items()})
    else:
        progress.bad_lines += 1


def _note(progress: Progress, line: dict[str, Any]) -> None:
    known = {name.casefold(): value for name, value in line.items()}
    progress.lines += 1
    progress.last = [*progress.last[-LAST_LINES + 1 :], line]
    name = next((name for name in STEPS if _number(known.get(name)) is not None), "")
    step = _number(known.get(name))
    if step is None:
        return
    progress.step_name = progress.step_name or name
    if name != progress.step_name:
        step = _number(known.get(progress.step_name))
        if step is None:
            return
    if progress.first_step is None:
        progress.first_step = step
    progress.step = step
    _note_end(progress, known)
    _note_time(progress, known)
    group = next((clean(str(known[key]))[:40] for key in GROUPS if isinstance(known.get(key), str)), "")
    for key, value in line.items():
        if key.casefold() not in OTHER_NAMES:
            _note_metric(progress, key, value, step, group)


def _note_end(progress: Progress, known: dict[str, Any]) -> None:
    total = next((found for name in TOTALS if (found := _number(known.get(name))) is not None and found > 0), None)
    progress.total = total if total is not None else progress.total
    share = next((_number(known.get(name)) for name in SHARES if _number(known.get(name)) is not None), None)
    if share is not None:
        in_percent = "percent" in known or "percentage" in known or share > 1
        progress.share = min(1.0, max(0.0, share / 100 if in_percent else share))
    elif progress.total and progress.step is not None:
        # steps counted from 0 end at total - 1
        last = progress.first_step == 0 and progress.step == progress.total - 1
        done = progress.total if last else progress.step
        progress.share = min(1.0, max(0.0, done / progress.total))


def _note_time(progress: Progress, known: dict[str, Any]) -> None:
    found = next((_moment(known[name]) for name in (*TIMES, *ELAPSED) if name in known), None)
    if found is not None:
        progress.first_time = found if progress.first_time is None else progress.first_time
        progress.time = found
    progress.remaining = next((_number(known[name]) for name in REMAINING if name in known), None)


def _note_metric(progress: Progress, name: str, value: Any, step: float, group: str) -> None:
    if isinstance(value, dict):
        for inner, below in list(value.items())[:MOST_METRICS]:
            if not isinstance(below, dict):
                inner_name = str(inner) if name == "metrics" else f"{name}/{inner}"
                _note_metric(progress, inner_name, below, step, group)
        return
    number = _number(value, finite=False)
    key = (clean(name)[:80], group)
    if number is not None and (key in progress.metrics or len(progress.metrics) < MOST_METRICS):
        progress.metrics.setdefault(key, Thinned(MOST_POINTS)).add((step, number))


def _number(value: Any, *, finite: bool = True) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) or not finite else None


def _moment(value: Any) -> float | None:
    number = _number(value)
    if number is not None:
        return number / 1000 if number > 1e11 else number
    try:
        found = datetime.fromisoformat(str(value)[:40])
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
