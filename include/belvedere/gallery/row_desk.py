"""The gallery's side of the row desk: a few helper processes, started when needed, one question each at a time."""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import belvedere
from belvedere.errors import RendererCrashed, ServiceUnavailable
from belvedere.rendering.isolation.channel import LENGTH, MAX_HEADER_BYTES, decode_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.rendering import Limits

DESKS = 2
WAIT_SECONDS, GRACE_SECONDS = 10.0, 10.0
READ_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class Question:
    """What a shut-in child is to do (``copy``, ``page`` or ``csv``) with the file ``path``."""

    work: str
    path: Path
    limits: Limits
    name: str = ""
    content_type: str = ""
    workspace: Path | None = None
    table: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)

    def to_json(self, strictness: str) -> bytes:
        """Return the question as one line."""
        told = asdict(self) | {"strictness": strictness}
        told["path"], told["workspace"] = str(self.path), str(self.workspace or "")
        return json.dumps(told).encode() + b"\n"


class RowDesks:
    """At most ``DESKS`` helper processes. Safe to share between threads."""

    def __init__(self, strictness: str) -> None:
        self._strictness = strictness
        self._free: queue.Queue[_Desk] = queue.Queue()
        for _ in range(DESKS):
            self._free.put(_Desk())

    def ask(self, question: Question) -> bytes:
        """Return the answer's content.

        Raises:
            ServiceUnavailable: all desks are busy for too long.
            RendererCrashed: the helper died, or is silent beyond its time.
            BelvedereError: what the child had to say.
        """
        with self._desk() as desk:
            message = desk.ask(question.to_json(self._strictness), question.limits)
        return decode_content(message)

    @contextmanager
    def _desk(self) -> Iterator[_Desk]:
        try:
            desk = self._free.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise ServiceUnavailable("other questions about tables are still being answered: ask again") from None
        try:
            yield desk
        finally:
            self._free.put(desk)


class _Desk:
    """One helper process, started anew when it is gone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, line: bytes, limits: Limits) -> bytes:
        process = self._running()
        deadline = time.monotonic() + limits.wall_seconds + GRACE_SECONDS
        try:
            cast("IO[bytes]", process.stdin).write(line)
            cast("IO[bytes]", process.stdin).flush()
            (size,) = LENGTH.unpack(_read(process, LENGTH.size, deadline))
            if size > limits.output_bytes + MAX_HEADER_BYTES + 1024:
                raise RendererCrashed("The helper for tables answered with more than was allowed.")
            return _read(process, size, deadline)
        except (OSError, RendererCrashed) as error:
            process.kill()
            process.wait()
            if isinstance(error, RendererCrashed):
                raise
            raise RendererCrashed("The helper process for tables is gone.") from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            # nothing of our environment: it holds secrets
            environment = {"PYTHONPATH": str(Path(belvedere.__file__).parents[1]), "PATH": os.defpath}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "belvedere.rendering.rows.desk"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                close_fds=True,
            )
        return self._process


def _read(process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    stdout, parts = cast("IO[bytes]", process.stdout).fileno(), list[bytes]()
    while size:
        ready, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(stdout, min(size, READ_BYTES)) if ready else b""
        if not part:
            raise RendererCrashed("The helper process for tables gave no answer.")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
