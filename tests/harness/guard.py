"""A second pair of eyes: when the tests' process is gone (kill -9, a lost terminal), its servers are ended too.

Started as ``python -m tests.harness.guard PID HOME``; waits for the process to end, then stops what it left.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stack.commands.down import stop
from stack.paths import ROOT, Paths, locate

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def guarded(home: Path) -> Iterator[None]:
    """Guard the servers below ``home`` while the block runs."""
    command = [sys.executable, "-m", "tests.harness.guard", str(os.getpid()), str(home)]
    guard = subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        guard.terminate()
        guard.wait()


def main(pid: int, home: Path) -> None:
    """Wait for the end of a process, then stop the stack of its data folder."""
    watched = os.pidfd_open(pid)
    select.select([watched], [], [])
    stop(Paths(root=ROOT, home=home, install=locate().install))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
