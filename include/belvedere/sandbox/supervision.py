"""Watching one sandbox from outside: its time, what it prints, how full its file systems get, how it ends."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from belvedere.model.user_code import ProgramRun
from belvedere.sandbox.harvest import harvest
from belvedere.sandbox.inside import HANDED_OVER, OUT_OF_MEMORY, WRITABLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from belvedere.model.rendering import Limits
    from belvedere.sandbox.port import OnWait

READY_SECONDS = 10.0
LOOK_SECONDS = 0.05
CALL_SECONDS = 0.5
TAIL_BYTES = 16 * 1024
MOST_PRINTED = 256 * 1024**2
MOST_FILES = 20_000
READ_BYTES = 64 * 1024


@dataclass(slots=True)
class _Tail:
    """The end of what one stream carried."""

    parts: deque[bytes] = field(default_factory=deque)
    kept: int = 0
    total: int = 0

    def add(self, part: bytes) -> None:
        self.parts.append(part)
        self.kept += len(part)
        self.total += len(part)
        while self.kept - len(self.parts[0]) >= TAIL_BYTES:
            self.kept -= len(self.parts.popleft())

    def text(self) -> str:
        whole = b"".join(self.parts)[-TAIL_BYTES:].decode("utf-8", "replace")
        return ("…" + whole.partition("\n")[2] if self.total > TAIL_BYTES and "\n" in whole else whole).strip("\n")


class _Stopped(Exception):
    """The program was stopped; the text says why."""


def supervise(
    bwrap: Path, options: Sequence[str], command: Sequence[str], results: Path, limits: Limits, on_wait: OnWait
) -> ProgramRun:
    """Start the sandbox, see it to its end, and take the files it made."""
    started = time.monotonic()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = _start(bwrap, options, command, theirs)
        theirs.close()
        folders: list[int] = []
        try:
            folders = _handed_over(ours)
            if not folders:
                return _never_began(process)
            return _Watch(process, folders, limits, on_wait, started).to_the_end(results)
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            for folder in folders:
                os.close(folder)


def _start(
    bwrap: Path, options: Sequence[str], command: Sequence[str], theirs: socket.socket
) -> subprocess.Popen[bytes]:
    """Start bwrap without any environment, for what it was started with can be read inside."""
    arguments = os.memfd_create("belvedere-sandbox")
    told = [*options, "--setenv", HANDED_OVER, str(theirs.fileno())]
    try:
        os.write(arguments, b"".join(part.encode("utf-8", "surrogateescape") + b"\0" for part in told))
        os.lseek(arguments, 0, os.SEEK_SET)
        return subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
            [str(bwrap), "--args", str(arguments), "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            cwd="/",
            pass_fds=(arguments, theirs.fileno()),
        )
    finally:
        os.close(arguments)


def _handed_over(ours: socket.socket) -> list[int]:
    """Return the folders that the sandbox handed over, or none where it ended before it was ready."""
    ours.settimeout(READY_SECONDS)
    try:
        _, folders, _, _ = socket.recv_fds(ours, 16, len(WRITABLE))
    except OSError:
        return []
    return folders


def _never_began(process: subprocess.Popen[bytes]) -> ProgramRun:
    process.kill()
    said = process.communicate()[1][-500:].decode("utf-8", "replace").strip() or "it said nothing"
    return ProgramRun(problem=f"The program was not run: the sandbox could not be set up on this machine ({said}).")


class _Watch:
    """One running sandbox. ``folders`` are its file systems in memory, the outputs first."""

    def __init__(
        self, process: subprocess.Popen[bytes], folders: list[int], limits: Limits, on_wait: OnWait, started: float
    ) -> None:
        self._process = process
        self._folders = folders
        self._limits = limits
        self._on_wait = on_wait
        self._started = started
        self._next_call = started + CALL_SECONDS
        self._printed, self._complained = _Tail(), _Tail()

    def to_the_end(self, results: Path) -> ProgramRun:
        """Return what came of the program; the files of one that was stopped are left."""
        try:
            self._follow()
        except _Stopped as stopped:
            return self._run(problem=str(stopped))
        found = harvest(self._folders[0], results, self._limits)
        problem = self._how_it_ended(self._process.returncode)
        if problem is None and os.fstatvfs(self._folders[0]).f_bavail == 0:
            problem = f"The program filled the {self._limits.output_bytes:,} bytes that there are for its outputs."
        return self._run(problem=problem, files=found.files, notes=found.notes)

    def _run(self, **found: Any) -> ProgramRun:
        seconds = time.monotonic() - self._started
        run = ProgramRun(printed=self._printed.text(), complained=self._complained.text(), seconds=seconds)
        return replace(run, **found)

    def _follow(self) -> None:
        """Read what the program prints until it has ended.

        Raises:
            _Stopped: it took too long, or too much.
        """
        poller = select.poll()
        tails = {}
        for stream, tail in ((self._process.stdout, self._printed), (self._process.stderr, self._complained)):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                poller.register(stream.fileno(), select.POLLIN)
                tails[stream.fileno()] = tail
        while tails or self._process.poll() is None:
            self._look()
            for descriptor, _ in poller.poll(LOOK_SECONDS * 1000):
                part = os.read(descriptor, READ_BYTES)
                tails[descriptor].add(part)
                if not part:
                    poller.unregister(descriptor)
                    del tails[descriptor]

    def _look(self) -> None:
        now = time.monotonic()
        elapsed = now - self._started
        if elapsed >= self._limits.wall_seconds:
            raise _Stopped(f"The program took longer than the {self._limits.wall_seconds:g} s allowed and was stopped.")
        if self._printed.total + self._complained.total > MOST_PRINTED:
            raise _Stopped(f"The program printed more than {MOST_PRINTED:,} bytes and was stopped.")
        if any(_files_in(folder) > MOST_FILES for folder in self._folders):
            raise _Stopped(f"The program made more than {MOST_FILES:,} files and was stopped.")
        if now >= self._next_call:
            self._on_wait(elapsed)
            self._next_call = now + CALL_SECONDS

    def _how_it_ended(self, status: int) -> str | None:
        """Return what was wrong with the end of the program, None where it ended well."""
        limits, killed_by = self._limits, status - 128 if status > 128 else 0
        if status == 0:
            return None
        if status == OUT_OF_MEMORY:
            return f"The program needs more than the {limits.memory_bytes:,} bytes of memory allowed."
        if killed_by in (signal.SIGXCPU, signal.SIGKILL):
            return f"The program used more than the {limits.cpu_seconds} s of processor time allowed and was stopped."
        if killed_by:
            return f"The program died of {_name_of(killed_by)}."
        last = self._complained.text().rpartition("\n")[2].strip()[:300]
        return f"The program failed: {last}" if last else f"The program ended with the status {status}."


def _files_in(folder: int) -> int:
    """Return how many files there are in a file system that is in memory."""
    state = os.fstatvfs(folder)
    return state.f_files - state.f_ffree


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
