"""One installation step: a command line or more, done once for each content of its inputs."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stack.errors import StepFailed
from stack.progress import say_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Step:
    """What to install and how to know that it is installed.

    ``inputs`` are the texts that decide the result; their hash is the stamp. ``after`` names the steps that must
    have ended before. ``proof`` must exist, or the stamp is not believed. ``present`` may recognise a result that
    somebody else put there.
    """

    name: str
    stamp: Path
    proof: Path
    inputs: tuple[str, ...]
    run: Callable[[Runner], None]
    after: tuple[str, ...] = ()
    present: Callable[[], bool] = field(default=lambda: False)

    @property
    def digest(self) -> str:
        """The hash of all inputs."""
        return hashlib.sha256("\0".join(self.inputs).encode()).hexdigest()

    def is_done(self) -> bool:
        """Tell whether this very content is installed."""
        if self.stamp.exists() and self.stamp.read_text() == self.digest and self.proof.exists():
            return True
        if self.present():
            self.mark_done()
            return True
        return False

    def mark_done(self) -> None:
        """Note that this content is installed."""
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(self.digest)

    def execute(self, log: Path) -> None:
        """Do the step, log what its commands say, and print its line.

        Raises:
            StepFailed: a command failed; the text names the log and shows its end.
        """
        started = time.monotonic()
        say_step(self.name, "started", detail=f"log: {log}")
        try:
            self.run(Runner(self.name, log))
        except StepFailed:
            say_step(self.name, "FAILED", time.monotonic() - started, f"log: {log}")
            raise
        self.mark_done()
        say_step(self.name, "ok", time.monotonic() - started)


class Runner:
    """Runs a step's commands into its log file."""

    def __init__(self, name: str, log: Path) -> None:
        self._name = name
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")

    def __call__(self, command: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        """Run one command to its end.

        Raises:
            StepFailed: it could not be started or its exit code is not zero.
        """
        with self._log.open("a") as log:
            log.write(f"$ {shlex.join(command)}\n")
            log.flush()
            try:
                code = subprocess.run(command, cwd=cwd, env=env, stdout=log, stderr=log, check=False).returncode
            except OSError as error:
                raise StepFailed(f"{self._name}: {command[0]} could not be started: {error}") from error
        if code:
            raise StepFailed(
                f"{self._name}: {command[0]} ended with code {code}. The end of {self._log}:\n{self._tail()}"
            )

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines)
