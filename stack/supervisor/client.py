"""The talk with a running supervisord, over its socket in the data folder."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from stack.errors import NotReady, NotRunning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stack.paths import Paths

START_SECONDS = 15.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1
# What a service may inherit from the shell that called `make up`; everything else is ours to say.
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "JAVA_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR")
REACHED_BY_PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What supervisord says of one service."""

    name: str
    state: str
    pid: int
    started_at: datetime
    description: str

    @property
    def running(self) -> bool:
        """Tell whether it runs, or is on its way."""
        return self.state in ("STARTING", "RUNNING")


class Supervisor:
    """One stack's supervisord."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def is_running(self) -> bool:
        """Tell whether it answers."""
        try:
            self._call("getState")
        except (NotRunning, Fault):
            return False
        return True

    def start(self) -> None:
        """Start it when it does not run; its services stay as they are.

        Raises:
            NotReady: it did not come up; its log says why.
        """
        if self.is_running():
            return
        self._paths.logs.mkdir(parents=True, exist_ok=True)
        self._paths.supervisor_socket.unlink(missing_ok=True)
        program = self._paths.venv / "bin" / "supervisord"
        subprocess.run(
            [str(program), "--configuration", str(self._paths.supervisor_config)],
            env=_clean_environment(),
            check=True,
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise NotReady(f"supervisord did not start: see {self._paths.logs / 'supervisord.log'}")
            time.sleep(POLL_SECONDS)

    def reload(self) -> None:
        """Make it take over a changed configuration; services whose settings changed are stopped, not yet started."""
        (added, changed, removed) = self._call("reloadConfig")[0]
        for name in [*changed, *removed]:
            self._call("stopProcessGroup", name)
            self._call("removeProcessGroup", name)
        for name in [*added, *changed]:
            self._call("addProcessGroup", name)

    def states(self) -> dict[str, ProcessState]:
        """Return what it says of every process.

        Raises:
            NotRunning: it does not answer.
        """
        return {each["name"]: _state(each) for each in self._call("getAllProcessInfo")}

    def start_service(self, name: str) -> None:
        """Start one service, without waiting, when it does not run.

        Raises:
            NotReady: its program cannot be executed.
        """
        try:
            self._call("startProcess", name, False)
        except Fault as fault:
            if fault.faultCode != Faults.ALREADY_STARTED:
                raise NotReady(f"{name} cannot be started ({fault.faultString}): see `make logs S={name}`") from fault

    def stop_services(self, names: Iterable[str]) -> None:
        """Stop services side by side and wait until all have ended (supervisord kills the ones that do not)."""
        stopping = set()
        for name in names:
            try:
                self._call("stopProcess", name, False)
                stopping.add(name)
            except Fault as fault:
                if fault.faultCode not in (Faults.NOT_RUNNING, Faults.BAD_NAME):
                    raise
        deadline = time.monotonic() + STOP_SECONDS
        while stopping and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            states = self.states()
            stopping = {name for name in stopping if states[name].state in ("STOPPING", "RUNNING", "STARTING")}

    def shut_down(self) -> None:
        """End it, with everything that still runs under it."""
        pid = self._call("getPID")
        self._call("shutdown")
        deadline = time.monotonic() + STOP_SECONDS
        while psutil.pid_exists(pid) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _call(self, method: str, *arguments: Any) -> Any:
        # A new connection for each call: supervisor's transport does not recover from a broken one.
        transport = SupervisorTransport(None, None, f"unix://{self._paths.supervisor_socket}")
        proxy = ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, HTTPException) as error:
            raise NotRunning("the stack is not running: start it with `make up`") from error


def _state(info: dict[str, Any]) -> ProcessState:
    return ProcessState(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"],
        started_at=datetime.fromtimestamp(info["start"], UTC),
        description=info["description"],
    )


def _clean_environment() -> dict[str, str]:
    names = (*INHERITED, *REACHED_BY_PROXY)
    own = {name: os.environ[name] for name in names if name in os.environ}
    return own | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost", "PYTHONUNBUFFERED": "1"}
