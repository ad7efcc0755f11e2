"""Two triggers at once: a triggerer that seems dead is replaced, comes back, and nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
from stack.services.airflow import airflow_services
from stack.services.registry import named
from stack.supervisor.config import MARK_HOME
from tests.harness.samples import matrix_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack


@contextmanager
def second_triggerer(stack: RunningStack) -> Iterator[None]:
    """Run another triggerer beside the stack's own."""
    service = named(airflow_services(stack.instance), "triggerer")
    environment = {"PATH": os.environ["PATH"], **service.environment, MARK_HOME: str(stack.instance.paths.home)}
    log = stack.instance.paths.logs / "second-triggerer.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            service.command, env=environment, cwd=service.folder, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def test_a_triggerer_that_hangs_is_replaced_and_its_return_does_no_harm(stack: RunningStack, wall: Wall) -> None:
    prefix = f"two/{uuid.uuid4().hex}/"
    first = tree(stack.pid("triggerer"))
    with second_triggerer(stack):
        for process in first:
            process.send_signal(signal.SIGSTOP)
        try:
            etags = {f"{prefix}{n}.csv": wall.put(f"{prefix}{n}.csv", matrix_csv(n), "text/csv") for n in range(20)}
            for key, etag in etags.items():
                wall.settled(key, etag, seconds=90.0)
        finally:
            for process in first:
                process.send_signal(signal.SIGCONT)
        more = {
            f"{prefix}more-{n}.csv": wall.put(f"{prefix}more-{n}.csv", matrix_csv(n), "text/csv") for n in range(40)
        }
        cards = [wall.settled(key, etag) for key, etag in (etags | more).items()]

    assert {card["state"] for card in cards} == {"rendered"}
    assert {card["attempts"] for card in cards} == {1}
    stack.await_watching()
    last = wall.show(f"{prefix}last.csv", matrix_csv(99), "text/csv")
    assert (last["state"], last["attempts"]) == ("rendered", 1)
