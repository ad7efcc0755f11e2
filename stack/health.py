"""Waiting until services are up: on their own answers, never on time alone."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stack.errors import NotReady, NotRunning
from stack.progress import say_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stack.paths import Paths
    from stack.services.service import Service
    from stack.supervisor.client import ProcessState, Supervisor

POLL_SECONDS = 0.25
TAIL_LINES = 12


def wait_healthy(paths: Paths, supervisor: Supervisor, services: Iterable[Service], seconds: float) -> None:
    """Wait for all of them, and print a line for each that gets there.

    Raises:
        NotReady: one did not within ``seconds``; the text names its log and shows its end.
    """
    waiting = {service.name: service for service in services}
    started = time.monotonic()
    while waiting:
        states = supervisor.states()
        for name in [name for name, service in waiting.items() if is_healthy(service, states.get(name))]:
            del waiting[name]
            say_step(name, "up", time.monotonic() - started)
        if waiting and time.monotonic() - started > seconds:
            raise NotReady("\n".join(_complaint(paths, name, states.get(name)) for name in waiting))
        if waiting:
            time.sleep(POLL_SECONDS)


def is_healthy(service: Service, state: ProcessState | None) -> bool:
    """Tell whether a service's process runs and does its work."""
    return state is not None and state.state == "RUNNING" and service.healthy(state.started_at)


def tail_of(paths: Paths, name: str, lines: int = TAIL_LINES) -> list[str]:
    """Return the last lines of a service's log.

    Raises:
        NotRunning: it has never written one.
    """
    log = paths.logs / f"{name}.log"
    if not log.exists():
        raise NotRunning(f"{name} has no log yet: start the stack with `make up`")
    return log.read_text(errors="replace").splitlines()[-lines:]


def _complaint(paths: Paths, name: str, state: ProcessState | None) -> str:
    said = f"{state.state} {state.description}".strip() if state else "unknown to supervisord"
    try:
        tail = "\n".join(f"    {line}" for line in tail_of(paths, name))
    except NotRunning:
        tail = "    (no log)"
    now = datetime.now(UTC).strftime("%H:%M:%S")
    return f"{name} did not become healthy ({said}, {now} UTC). The end of {paths.logs / (name + '.log')}:\n{tail}"
