"""The port plan of one stack: settable, saved in the data folder, never a surprise to another stack."""

from __future__ import annotations

import json
import random
import socket
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST = "127.0.0.1"
PREFIX = "BELVEDERE_PORT_"
HIGHEST_PORT = 65535
FREE_RANGE = range(20000, 32000)


@dataclass(frozen=True, slots=True)
class Ports:
    """One TCP port a door, all on loopback. Each is settable by ``BELVEDERE_PORT_<NAME>``."""

    airflow: int = 8080
    postgres: int = 5432
    kafka: int = 9092
    kafka_controller: int = 9093
    minio: int = 9000
    minio_console: int = 9001
    mlflow: int = 5000


NAMES = tuple(field.name for field in fields(Ports))


def plan_ports(file: Path, environment: Mapping[str, str]) -> Ports:
    """Decide the ports: the environment's first, then the saved plan's, then the defaults.

    With ``BELVEDERE_PORTS=free`` a port that is neither given nor saved is one that nobody listens on.

    Raises:
        StackError: a port is not a number between 1 and 65535, or two doors share one.
    """
    chosen: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    chosen |= {name: _number(PREFIX + name.upper(), text) for name in NAMES if (text := _given(environment, name))}
    missing = [name for name in NAMES if name not in chosen]
    if environment.get("BELVEDERE_PORTS") == "free":
        chosen |= dict(zip(missing, free_ports(len(missing)), strict=True))
    plan = Ports(**{name: chosen[name] for name in NAMES if name in chosen})
    _refuse_doubles(plan)
    return plan


def save_ports(file: Path, plan: Ports) -> None:
    """Keep the plan, so that the next start and ``make env`` find the same ports."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(plan), indent=2) + "\n")


def free_ports(count: int) -> list[int]:
    """Return ``count`` different ports on which nobody listens at this moment.

    They lie below the range from which Linux takes the ports of outgoing connections, so that none is lost
    between being found and being bound.
    """
    candidates = random.sample(FREE_RANGE, k=len(FREE_RANGE))
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    """Tell whether a server could bind this port on loopback now."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _given(environment: Mapping[str, str], name: str) -> str:
    return environment.get(PREFIX + name.upper(), "").strip()


def _number(variable: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= HIGHEST_PORT:
        raise StackError(f"{variable}={text!r} is no port: give a number between 1 and {HIGHEST_PORT}")
    return int(text)


def _refuse_doubles(plan: Ports) -> None:
    seen: dict[int, str] = {}
    for name, port in asdict(plan).items():
        if port in seen:
            raise StackError(f"port {port} is asked for twice: {PREFIX}{seen[port].upper()} and {PREFIX}{name.upper()}")
        seen[port] = name
