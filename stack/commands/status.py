"""``make status``: one line a service."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from stack.health import is_healthy
from stack.processes import proportional_bytes
from stack.services.registry import all_services
from stack.supervisor.client import Supervisor

if TYPE_CHECKING:
    from stack.instance import Instance
    from stack.services.service import Service
    from stack.supervisor.client import ProcessState

MEBIBYTE = 1024 * 1024


def status_lines(instance: Instance) -> list[str]:
    """Return a line for each service: name, state, process id, port, memory (PSS of its whole process tree).

    Raises:
        NotRunning: the stack is not running.
    """
    states = Supervisor(instance.paths).states()
    services = all_services(instance)
    with ThreadPoolExecutor(max_workers=len(services)) as pool:
        return list(pool.map(lambda service: _line(service, states.get(service.name)), services))


def all_healthy(instance: Instance) -> bool:
    """Tell whether every service does its work."""
    states = Supervisor(instance.paths).states()
    return all(is_healthy(service, states.get(service.name)) for service in all_services(instance))


def _line(service: Service, state: ProcessState | None) -> str:
    pid = state.pid if state and state.running else 0
    pid_text = f"pid {pid}" if pid else "-"
    port = f"port {service.port}" if service.port else "-"
    memory = f"{proportional_bytes(pid) / MEBIBYTE:.0f} MB" if pid else "-"
    return f"{service.name:<14} {_word(service, state):<10} {pid_text:<12} {port:<11} {memory:>8}"


def _word(service: Service, state: ProcessState | None) -> str:
    if state is None:
        return "unknown"
    if state.state != "RUNNING":
        return state.state.lower()
    return "healthy" if service.healthy(state.started_at) else "unhealthy"
