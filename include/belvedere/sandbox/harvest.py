"""Taking a program's files out of its sandbox: plain files only, few enough and small enough, under safe names.

The program has ended, so nothing changes underneath; but links, pipes, sockets and holes may be waiting here.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.model.user_code import ProducedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from belvedere.model.rendering import Limits

MOST_FILES, MOST_ENTRIES, DEEPEST = 50, 2000, 4
COPY_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class Harvest:
    """The files taken, in the order of their names, and what was left."""

    files: tuple[ProducedFile, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    folder: int
    name: str
    path: str
    kind: int
    size: int


def harvest(folder: int, results: Path, limits: Limits) -> Harvest:
    """Copy the plain files of the open folder ``folder`` into ``results``."""
    files: list[ProducedFile] = []
    notes: list[str] = []
    left = limits.output_bytes
    for number, entry in enumerate(_entries(folder, "", DEEPEST)):
        refused = _refusal(entry, number, len(files), left)
        if refused:
            notes.append(f"{_shown(entry.path)}: {refused}")
            if number >= MOST_ENTRIES or len(files) >= MOST_FILES:
                break
            continue
        target = results / f"{len(files):03d}"
        size = _copied(entry, target)
        left -= size
        files.append(ProducedFile(_shown(entry.path), target, size))
    return Harvest(tuple(files), tuple(notes))


def _refusal(entry: _Entry, number: int, taken: int, left: int) -> str | None:
    if number >= MOST_ENTRIES or taken >= MOST_FILES:
        return f"this and the files after it are left out: at most {MOST_FILES} are shown."
    if stat.S_ISLNK(entry.kind):
        return "it is a link; links are not followed."
    if stat.S_ISDIR(entry.kind):
        return f"it lies more than {DEEPEST} folders deep and is left out."
    if not stat.S_ISREG(entry.kind):
        return "it is no plain file and is left out."
    if entry.size > left:
        return f"it has {entry.size:,} bytes, more than there is room for."
    return None


def _entries(folder: int, path: str, depth: int) -> Iterator[_Entry]:
    """Yield what lies in an open folder and below; folders themselves only where they are too deep."""
    for name in sorted(os.listdir(folder)):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(found.st_mode) or depth <= 1:
            yield _Entry(folder, name, path + name, found.st_mode, found.st_size)
            continue
        os.chmod(name, stat.S_IRWXU, dir_fd=folder)
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            yield from _entries(inner, f"{path}{name}/", depth - 1)
        finally:
            os.close(inner)


def _copied(entry: _Entry, target: Path) -> int:
    """Copy one plain file and return its size."""
    os.chmod(entry.name, stat.S_IRUSR, dir_fd=entry.folder)
    reading = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=entry.folder)
    size = 0
    with open(reading, "rb") as file, target.open("xb") as copy:
        while size < entry.size and (part := file.read(min(COPY_BYTES, entry.size - size))):
            size += copy.write(part)
    return size


def _shown(path: str) -> str:
    """Return a name as text that can be shown and sent."""
    return os.fsencode(path).decode("utf-8", "replace").replace("\0", "")[:500]
