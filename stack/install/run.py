"""Installs what is missing: independent steps side by side, each with its own line and log."""

from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from stack.errors import StepFailed
from stack.install.kafka import kafka_broker
from stack.install.minio import minio_server
from stack.install.prerequisites import GO, JAVA, MAVEN, require
from stack.install.python import mlflow_server, project_itself, project_packages
from stack.progress import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from stack.install.step import Step
    from stack.paths import Paths


def all_steps(paths: Paths) -> list[Step]:
    """Every step, the longest first."""
    return [
        minio_server(paths),
        project_packages(paths),
        kafka_broker(paths),
        project_itself(paths),
        mlflow_server(paths),
    ]


def install(paths: Paths) -> None:
    """Bring the software to what this checkout asks for; says nothing when there is nothing to do.

    Raises:
        PrerequisiteMissing: a program to build with is not there.
        StepFailed: a step went wrong; the others were brought to their end.
    """
    steps = all_steps(paths)
    if all(step.is_done() for step in steps):
        return
    require([GO, JAVA, MAVEN])
    paths.install.mkdir(parents=True, exist_ok=True)
    with _alone(paths):
        _run_missing(paths, [step for step in steps if not step.is_done()])


def _run_missing(paths: Paths, steps: Sequence[Step]) -> None:
    if not steps:
        return
    say("Installing (once):")
    names = {step.name for step in steps}
    order = TopologicalSorter({step.name: set(step.after) & names for step in steps})
    by_name = {step.name: step for step in steps}
    running: dict[str, Future[None]] = {}

    def run(step: Step) -> None:
        for before in step.after:
            if before in running:
                running[before].result()
        step.execute(paths.install / "logs" / f"{step.name.split(' (')[0].replace(' ', '-')}.log")

    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        for name in order.static_order():
            running[name] = pool.submit(run, by_name[name])
    failures = {str(error) for future in running.values() if (error := future.exception())}
    if failures:
        raise StepFailed("\n".join(sorted(failures)))


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """Two stacks that share one install folder never install at the same time."""
    with (paths.install / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
