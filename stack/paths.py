"""Where everything of one stack lives. All of it derives from three folders: the project, the data, the software."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one stack.

    ``home`` holds one stack's data, secrets, settings and logs; ``install`` holds software and is shared by all
    stacks of one checkout.
    """

    root: Path
    home: Path
    install: Path

    @property
    def venv(self) -> Path:
        """The project's own Python environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The interpreter of that environment."""
        return self.venv / "bin" / "python"

    @property
    def logs(self) -> Path:
        """One log file a service."""
        return self.home / "logs"

    @property
    def config(self) -> Path:
        """Settings files written anew by every ``make up``."""
        return self.home / "config"

    @property
    def airflow_home(self) -> Path:
        """What Airflow knows as AIRFLOW_HOME."""
        return self.home / "airflow"

    @property
    def supervisor_config(self) -> Path:
        """The file supervisord reads."""
        return self.config / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        """Where supervisord notes its process id."""
        return self.home / "supervisord.pid"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord listens; a short path elsewhere when the data folder's is too long for a socket."""
        natural = self.home / "supervisord.sock"
        if len(str(natural)) <= LONGEST_SOCKET_PATH:
            return natural
        return Path(tempfile.gettempdir()) / f"belvedere-{self.identity}.sock"

    @property
    def identity(self) -> str:
        """A short name that no other data folder on this machine has."""
        return hashlib.sha256(str(self.home).encode()).hexdigest()[:12]


def locate(environment: Mapping[str, str] | None = None) -> Paths:
    """Return the paths that ``BELVEDERE_HOME`` and ``BELVEDERE_INSTALL`` ask for, or the defaults under the project."""
    environment = os.environ if environment is None else environment
    default_home = ROOT / ".belvedere"
    home = Path(environment.get("BELVEDERE_HOME") or default_home).expanduser().resolve()
    install = Path(environment.get("BELVEDERE_INSTALL") or default_home / "install").expanduser().resolve()
    return Paths(root=ROOT, home=home, install=install)
