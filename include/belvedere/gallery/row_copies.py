"""Working copies of tables on this server's disk: made when somebody first asks for rows, dropped for room."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, ObjectChanged, PermanentError, RendererCrashed
from belvedere.gallery.row_desk import Question, RowDesks
from belvedere.model.rendering import Limits
from belvedere.rendering.rows.work import COPY_NAME, table_from_json

if TYPE_CHECKING:
    from belvedere.clients.object_store import ObjectStore
    from belvedere.model.artifact import Artifact
    from belvedere.model.rows import RowQuery, RowTable
    from belvedere.settings import Settings

SOURCE_NAME, DESCRIPTION_NAME = "source", "table.json"
FOLDER = "belvedere-rows"
PATIENCE_SECONDS = 1.5
COPIES_AT_ONCE = 2
ABANDONED_SECONDS = 3600.0
REMEMBERED_TOTALS = 1000
ASKING = Limits(memory_bytes=1024**3, cpu_seconds=40, wall_seconds=30.0, output_bytes=32 * 1024**2)


class NoRows(PermanentError):
    """The artifact is no table that can be asked for rows."""

    code = "no_rows"


@dataclass(frozen=True, slots=True)
class Preparing:
    """A copy is being made: ``done_bytes`` of ``size`` bytes have arrived so far."""

    done_bytes: int
    size: int


@dataclass(frozen=True, slots=True)
class RowCopy:
    """A table that can be asked."""

    id: str
    path: Path
    table: RowTable


class RowCopies:
    """Makes, keeps and asks working copies. Safe to share between threads, and its folder between processes."""

    def __init__(self, settings: Settings, store: ObjectStore, folder: Path | None = None) -> None:
        self._settings, self._store = settings, store
        self._folder = folder
        self._desks = RowDesks(settings.isolation)
        self._makers = ThreadPoolExecutor(COPIES_AT_ONCE, thread_name_prefix="row-copies")
        self._making: dict[str, tuple[Future[RowCopy], Path]] = {}
        self._totals: dict[tuple[str, Any, str], int] = {}
        self._lock = threading.Lock()

    def find(self, artifact: Artifact) -> RowCopy | Preparing:
        """Return the copy of a table, made now if that is quickly done; else say how far the making is.

        Raises:
            NoRows: the artifact is no table.
            BelvedereError: it cannot be fetched or read.
        """
        if artifact.kind != "table":
            raise NoRows("rows can be asked of tables only")
        there = self._read(artifact.id)
        if there is not None:
            return there
        making, place = self._begin(artifact)
        try:
            return making.result(timeout=PATIENCE_SECONDS)
        except StillRunning:
            return Preparing(_size_of(place / SOURCE_NAME), artifact.size)
        finally:
            if making.done():
                self._making.pop(artifact.id, None)

    def page(self, copy: RowCopy, query: RowQuery) -> bytes:
        """Return one page of rows as JSON."""
        return self._ask("page", copy, query)

    def csv(self, copy: RowCopy, query: RowQuery) -> bytes:
        """Return rows as CSV."""
        return self._ask("csv", copy, query)

    def known_total(self, copy: RowCopy, query: RowQuery) -> int | None:
        """Return how many rows meet the conditions, where an earlier answer said it."""
        return self._totals.get((copy.id, query.filters, query.search))

    def remember_total(self, copy: RowCopy, query: RowQuery, total: int) -> None:
        """Keep how many rows meet the conditions: the next page need not count again."""
        with self._lock:
            if len(self._totals) >= REMEMBERED_TOTALS:
                self._totals.pop(next(iter(self._totals)))
            self._totals[copy.id, query.filters, query.search] = total

    def _ask(self, work: str, copy: RowCopy, query: RowQuery) -> bytes:
        question = Question(work, copy.path, ASKING, table=asdict(copy.table), query=asdict(query))
        try:
            return self._desks.ask(question)
        except LimitExceeded as error:
            if error.code not in {"wall_time", "cpu_time"}:
                raise
            text = f"This takes longer than {ASKING.wall_seconds:g} s: narrow it by a condition on one column."
            raise LimitExceeded(text, code=error.code) from error

    def _begin(self, artifact: Artifact) -> tuple[Future[RowCopy], Path]:
        with self._lock:
            if artifact.id not in self._making:
                place = Path(tempfile.mkdtemp(prefix=f"{artifact.id}.", dir=self._room()))
                self._making[artifact.id] = (self._makers.submit(self._make, artifact, place), place)
            return self._making[artifact.id]

    def _make(self, artifact: Artifact, place: Path) -> RowCopy:
        try:
            limits = self._settings.limits.of("table")
            source, made = place / SOURCE_NAME, place / "made"
            made.mkdir(mode=0o700)
            info = self._store.fetch(
                artifact.bucket, artifact.key, source, version_id=artifact.version_id, max_bytes=limits.source_bytes
            )
            if info.etag != artifact.etag:
                raise ObjectChanged("the object has other bytes by now than those this artifact was rendered from")
            description = self._desks.ask(
                Question("copy", source, limits, artifact.key, artifact.content_type or "", made)
            )
            _take(made / COPY_NAME, source, place / COPY_NAME)
            (place / DESCRIPTION_NAME).write_bytes(description)
            shutil.rmtree(made, ignore_errors=True)
            self._keep(artifact.id, place)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        copy = self._read(artifact.id)
        if copy is None:
            raise RendererCrashed("The table's copy could not be kept: ask again.")
        return copy

    def _keep(self, artifact_id: str, place: Path) -> None:
        """Put a finished copy where all processes look for it; another process may have been faster."""
        with suppress(OSError):
            place.rename(self._room() / artifact_id)
        self._make_room()

    def _read(self, artifact_id: str) -> RowCopy | None:
        place = self._room() / artifact_id
        try:
            table = table_from_json((place / DESCRIPTION_NAME).read_bytes())
            os.utime(place)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            shutil.rmtree(place, ignore_errors=True)
            return None
        return RowCopy(artifact_id, place / COPY_NAME, table)

    def _room(self) -> Path:
        """Return the folder of the copies: ours alone."""
        if self._folder is None:
            folder = Path(tempfile.gettempdir()) / f"{FOLDER}-{os.geteuid()}"
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
            self._folder = folder if ours else Path(tempfile.mkdtemp(prefix=FOLDER))
        return self._folder

    def _make_room(self) -> None:
        """Drop the copies that were not asked for the longest, but never the newest, and what dead processes left."""
        places = sorted(((place.stat().st_mtime, place) for place in self._room().iterdir()), reverse=True)
        room = self._settings.rows_bytes
        kept = 0
        for asked_at, place in places:
            if "." in place.name:
                drop = time.time() - asked_at > ABANDONED_SECONDS
            else:
                room -= _size_of(place / COPY_NAME)
                drop = room < 0 and kept > 0
                kept += 1
            if drop:
                shutil.rmtree(place, ignore_errors=True)


def _take(made: Path, source: Path, target: Path) -> None:
    """Take the copy that a child made, or the source where it made none (Parquet is asked as it is).

    The child may have been taken over by what it read: a link it left would lead readers elsewhere.
    """
    try:
        found = made.lstat()
    except FileNotFoundError:
        source.rename(target)
        return
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise RendererCrashed("The copy of the table is no plain file.")
    made.rename(target)
    source.unlink()


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
