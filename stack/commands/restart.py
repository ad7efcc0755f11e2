"""``make restart S=...``: one service anew, with the settings of the last `make up`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.health import wait_healthy
from stack.services.airflow import PROCESSES
from stack.services.registry import all_services, named
from stack.supervisor.client import Supervisor

if TYPE_CHECKING:
    from stack.instance import Instance

PATIENCE_SECONDS = 120.0


def restart(instance: Instance, name: str) -> None:
    """Stop and start one service (``airflow`` means its four processes) and wait until it is healthy.

    Raises:
        NotRunning: the stack is not running, or has no such service.
        NotReady: it did not come back; its log says why.
    """
    names = tuple(PROCESSES) if name == "airflow" else (name,)
    everything = all_services(instance)
    services = [named(everything, each) for each in names]
    supervisor = Supervisor(instance.paths)
    supervisor.stop_services(names)
    for each in names:
        supervisor.start_service(each)
    wait_healthy(instance.paths, supervisor, services, PATIENCE_SECONDS)
