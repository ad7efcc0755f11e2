"""What the stack takes when nothing happens, and how long it takes to be there."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from stack.commands.down import stop
from stack.commands.up import timed_start
from stack.paths import ROOT
from stack.processes import proportional_bytes
from stack.services.registry import NAMES

from tests.harness.servers import new_instance
from tests.perf.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.whole import RunningStack

MEMORY_GOAL_GB = 2.5
WARM_GOAL = 60.0
COLD_GOAL = 360.0
IDLE_SECONDS = 30.0


def memory(stack: RunningStack) -> Iterator[Figure]:
    """Weigh every service (PSS of its process tree) after half a minute without work."""
    time.sleep(IDLE_SECONDS)
    total = sum(proportional_bytes(stack.pid(name)) for name in NAMES)
    yield Figure("idle stack, PSS", total / 1e9, "GB", MEMORY_GOAL_GB)


def warm_start(home: Path) -> Iterator[Figure]:
    """Stop the stack and start it again."""
    instance = new_instance(home)
    stop(instance.paths)
    yield Figure("warm start of all services", timed_start(instance), "s", WARM_GOAL)


def cold_start(folder: Path) -> Iterator[Figure]:
    """Clone the committed state and run ``make up`` there: everything is installed, all samples are shown."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BELVEDERE_")}
    environment |= {"BELVEDERE_PORTS": "free"}
    for name, goal in (("cold make up (caches of pip, go and maven as found)", COLD_GOAL), ("warm make up", WARM_GOAL)):
        began = time.monotonic()
        subprocess.run(["make", "up"], cwd=clone, env=environment, check=True)
        yield Figure(name, time.monotonic() - began, "s", goal)
        subprocess.run(["make", "down"], cwd=clone, env=environment, check=True)
    shutil.rmtree(clone)
