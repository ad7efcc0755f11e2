"""supervisord's configuration file. It holds the services' environments, secrets among them: mode 0600."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stack.errors import StackError
from stack.private_files import write_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stack.paths import Paths
    from stack.services.service import Service

MARK_HOME = "BELVEDERE_STACK"
MARK_SERVICE = "BELVEDERE_SERVICE"
LOG_BYTES = "10MB"
LOG_BACKUPS = "3"
# A server that cannot start (a broker away, a port still held) is tried again and again, ever more slowly.
START_RETRIES = "1000"


def write_config(paths: Paths, services: Iterable[Service]) -> bool:
    """Write the file and tell whether it differs from what was there."""
    text = render_config(paths, services)
    file = paths.supervisor_config
    if file.exists() and file.read_text() == text:
        return False
    write_private(file, text)
    return True


def render_config(paths: Paths, services: Iterable[Service]) -> str:
    """Return the whole file.

    Raises:
        StackError: a path or a setting holds a character that the file's format cannot hold.
    """
    sections = [_daemon(paths), *(_program(paths, service) for service in services), _reaper(paths)]
    return "\n\n".join(sections) + "\n"


def _daemon(paths: Paths) -> str:
    return (
        _section("unix_http_server", {"file": _plain(paths.supervisor_socket), "chmod": "0700"})
        + "\n\n"
        + "\n\n".join(
            [
                _section(
                    "supervisord",
                    {
                        "logfile": _plain(paths.logs / "supervisord.log"),
                        "logfile_maxbytes": LOG_BYTES,
                        "logfile_backups": LOG_BACKUPS,
                        "pidfile": _plain(paths.supervisor_pid),
                        "childlogdir": _plain(paths.logs),
                        "directory": _plain(paths.root),
                        "nodaemon": "false",
                        "minfds": "4096",
                        "umask": "022",
                    },
                ),
                _section("supervisorctl", {"serverurl": "unix://" + _plain(paths.supervisor_socket)}),
                _section(
                    "rpcinterface:supervisor",
                    {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
                ),
            ]
        )
    )


def _program(paths: Paths, service: Service) -> str:
    marks = {MARK_HOME: str(paths.home), MARK_SERVICE: service.name}
    return _section(
        f"program:{service.name}",
        {
            "command": _plain(shlex.join(service.command)),
            "environment": _environment({**service.environment, **marks}),
            "directory": _plain(service.folder or paths.root),
            "autostart": "false",
            "autorestart": "true",
            "startsecs": "1",
            "startretries": START_RETRIES,
            "stopsignal": service.stop_signal,
            "stopwaitsecs": str(service.stop_seconds),
            "stopasgroup": str(service.name != "postgres").lower(),
            "killasgroup": "true",
            "priority": str(service.priority),
            "redirect_stderr": "true",
            "stdout_logfile": _plain(paths.logs / f"{service.name}.log"),
            "stdout_logfile_maxbytes": LOG_BYTES,
            "stdout_logfile_backups": LOG_BACKUPS,
        },
    )


def _reaper(paths: Paths) -> str:
    return _section(
        "eventlistener:reaper",
        {
            "command": _plain(shlex.join([str(paths.python), "-m", "stack.supervisor.reaper", str(paths.home)])),
            "events": "PROCESS_STATE_EXITED",
            "directory": _plain(paths.root),
            "autorestart": "true",
            "priority": "1",
            # Its stdout is supervisord's event protocol, not for reading.
            "stdout_logfile": "NONE",
            "stderr_logfile": _plain(paths.logs / "reaper.log"),
            "stderr_logfile_maxbytes": LOG_BYTES,
            "stderr_logfile_backups": "1",
        },
    )


def _section(name: str, options: Mapping[str, str]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in options.items())])


def _plain(value: object) -> str:
    """Escape a value: the format expands ``%(name)s`` and takes ``;`` after a space for a comment."""
    text = str(value)
    if "\n" in text or " ;" in text:
        raise StackError(f"{text!r} cannot be told to supervisord: no line breaks, no semicolon after a space")
    return text.replace("%", "%%")


def _environment(variables: Mapping[str, str]) -> str:
    return ",".join(f"{name}={_quoted(name, value)}" for name, value in sorted(variables.items()))


def _quoted(name: str, value: str) -> str:
    """Quote a value. There are no escapes: whichever quote the value does not hold, encloses it."""
    quote = "'" if "'" not in value else '"'
    if quote in value or value.strip("'\"") != value:
        raise StackError(f"the value of {name} mixes quotes in a way that supervisord cannot be told")
    return quote + _plain(value) + quote
