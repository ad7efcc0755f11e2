"""Questions to the kernel: who holds a port, how much memory a process tree takes, what is left of a stack."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from stack.supervisor.config import MARK_HOME, MARK_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_COMMAND = 120


def proportional_bytes(pid: int) -> int:
    """Return the memory of a process and all below it; pages shared by several count once, in shares (PSS)."""
    total = 0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with suppress(OSError, ValueError):
                total += _pss_of(process.pid)
    return total


def _pss_of(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def listener_of(port: int) -> str:
    """Say who listens on a port: process id and command line, as far as the kernel tells us."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            return _described(connection.pid)
    return "a process that this user may not see"


def _described(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    with suppress(psutil.Error):
        return f"pid {pid}: {' '.join(psutil.Process(pid).cmdline()).strip()[:LONGEST_COMMAND]}"
    return f"pid {pid}"


def left_of(home: str) -> list[psutil.Process]:
    """Return the processes that were started by the stack of this data folder and still live."""
    return [process for process in psutil.process_iter() if _mark(process, MARK_HOME) == home]


def orphans_of(home: str, service: str, supervisor: int, killed: int) -> list[psutil.Process]:
    """Return the processes of one service that outlived it. ``killed`` is the id that the service's process had.

    They are known by the environment they were started with, or, where they have written a title over it (as
    Airflow's workers do), by the process group that supervisord gave the service.
    """
    marked = [process for process in left_of(home) if _mark(process, MARK_SERVICE) == service]
    orphans = [process for process in marked if not _descends(process, supervisor)] + _group(killed)
    below = [child for process in orphans for child in _children(process)]
    return list({process.pid: process for process in [*orphans, *below]}.values())


def _group(leader: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(OSError):
            if os.getpgid(process.pid) == leader:
                found.append(process)
    return found


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def _descends(process: psutil.Process, ancestor: int) -> bool:
    with suppress(psutil.Error):
        return any(parent.pid == ancestor for parent in process.parents())
    return True


def _mark(process: psutil.Process, name: str) -> str | None:
    try:
        return process.environ().get(name)
    except (psutil.Error, OSError):
        return None


def end(processes: Sequence[psutil.Process] | Iterable[psutil.Process], patience: float) -> None:
    """Ask processes to end; after ``patience`` seconds end them."""
    alive = list(processes)
    if patience:
        for process in alive:
            with suppress(psutil.Error):
                process.terminate()
        _, alive = psutil.wait_procs(alive, timeout=patience)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
