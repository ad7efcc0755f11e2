from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from stack.commands.down import ORDER
from stack.ports import HOST
from stack.processes import end, left_of, listener_of, orphans_of, proportional_bytes
from stack.services.registry import NAMES
from stack.supervisor.config import MARK_HOME, MARK_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A parent that starts a child, says so, and sleeps: what a kill -9 leaves behind is the child.
FAMILY = "import subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
FAMILY += "print(c.pid, flush=True); time.sleep(60)"


NOBODY = 2**22 + 1
TITLED_CHILD = """
import os, time, setproctitle
if os.fork() == 0:
    setproctitle.setproctitle("airflow worker -- LocalExecutor: " + "x" * 4000)
    print(os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    marks = {MARK_HOME: str(tmp_path), MARK_SERVICE: "scheduler"}
    parent = subprocess.Popen(
        [sys.executable, "-c", FAMILY], env={**os.environ, **marks}, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    yield parent, child
    end(left_of(str(tmp_path)), patience=0)
    parent.wait(5)


def test_what_a_stack_started_is_found_by_its_data_folder_alone(
    tmp_path: Path, family: tuple[subprocess.Popen[str], int]
) -> None:
    parent, child = family
    assert {process.pid for process in left_of(str(tmp_path))} == {parent.pid, child}
    assert left_of(str(tmp_path / "other")) == []


def test_the_children_of_a_killed_service_are_its_orphans_and_can_be_ended(
    tmp_path: Path, family: tuple[subprocess.Popen[str], int]
) -> None:
    parent, child = family
    assert orphans_of(str(tmp_path), "scheduler", os.getpid(), NOBODY) == []
    parent.send_signal(signal.SIGKILL)
    parent.wait(5)
    assert orphans_of(str(tmp_path), "triggerer", os.getpid(), NOBODY) == []
    orphans = orphans_of(str(tmp_path), "scheduler", os.getpid(), NOBODY)
    assert [process.pid for process in orphans] == [child]
    end(orphans, patience=0)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_an_orphan_that_wrote_a_title_over_its_environment_is_known_by_its_group(tmp_path: Path) -> None:
    # As Airflow's workers do: one that outlives its scheduler keeps the scheduler's database locks with its socket.
    marks = {MARK_HOME: str(tmp_path), MARK_SERVICE: "scheduler"}
    parent = subprocess.Popen(
        [sys.executable, "-c", TITLED_CHILD],
        env={**os.environ, **marks},
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait(5)
    orphans = orphans_of(str(tmp_path), "scheduler", os.getpid(), parent.pid)
    end(orphans, patience=0)
    assert [process.pid for process in orphans] == [child]


def test_the_memory_of_a_process_counts_what_is_below_it(family: tuple[subprocess.Popen[str], int]) -> None:
    parent, child = family
    assert proportional_bytes(parent.pid) > proportional_bytes(child) > 0


def test_the_holder_of_a_port_is_told_by_id_and_command() -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        told = listener_of(listener.getsockname()[1])
    assert told.startswith(f"pid {os.getpid()}: ")


def test_every_service_is_stopped_exactly_once() -> None:
    assert sorted(name for names in ORDER for name in names) == sorted(NAMES)
