"""The contents of an archive as people look at them: a tree of folders with sizes, types and dates."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.numbers import bytes_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.rendering.archives.listing import Contents, Member

OPEN_UP_TO, MOST_SHOWN, DEEPEST = 60, 3000, 20
THUMBNAIL_LINES = 9


@dataclass(slots=True)
class _Folder:
    """A folder, as the names in an archive imply it."""

    folders: dict[str, _Folder] = field(default_factory=dict)
    files: list[Member] = field(default_factory=list)
    count: int = 0
    size: int = 0


def tree(contents: Contents, anchors: Mapping[int, str]) -> str:
    """Return the contents as a tree in HTML; ``anchors`` lead from a member's position to where it is shown below."""
    shown = [member for member in contents.members if member.form != "folder"][:MOST_SHOWN]
    root = _folded(shown)
    rows = _rows(root, anchors, open_all=len(shown) <= OPEN_UP_TO)
    left = len([member for member in contents.members if member.form != "folder"]) - len(shown)
    more = f'<p class="lead">… and {left:,} more entries.</p>' if left > 0 else ""
    return f'<ul class="tree files">{rows}</ul>{more}'


def _folded(members: list[Member]) -> _Folder:
    root = _Folder()
    for member in members:
        at = root
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        for part in parts[:-1][:DEEPEST] if member.problem is None else ():
            at.count += 1
            at.size += member.size
            at = at.folders.setdefault(part, _Folder())
        at.count += 1
        at.size += member.size
        at.files.append(member)
    return root


def _rows(folder: _Folder, anchors: Mapping[int, str], *, open_all: bool) -> str:
    opened = " open" if open_all else ""
    lines = []
    for name, inner in sorted(folder.folders.items()):
        about = f"{inner.count:,} {'file' if inner.count == 1 else 'files'}"
        row = _row(f"<b>{escaped(name)}/</b>", about, bytes_in_words(inner.size), "")
        inside = _rows(inner, anchors, open_all=open_all)
        lines.append(f"<li><details{opened}><summary>{row}</summary><ul>{inside}</ul></details></li>")
    lines.extend(f"<li>{_file_row(member, anchors)}</li>" for member in folder.files)
    return "".join(lines)


def _file_row(member: Member, anchors: Mapping[int, str]) -> str:
    name = member.name if member.problem else PurePosixPath(member.name).name or member.name
    shown = escaped(name)
    if member.position in anchors:
        shown = f'<a href="#{anchors[member.position]}">{shown}</a>'
    if member.target:
        shown += f' <span class="muted">→ {escaped(member.target)}</span>'
    if member.problem:
        shown += f' <span class="flag">{escaped(member.problem)}</span>'
    size = bytes_in_words(member.size) if member.form == "file" else ""
    return _row(shown, type_of(member), size, member.modified)


def _row(name: str, about: str, size: str, date: str) -> str:
    cells = f"<span>{escaped(about)}</span><span>{escaped(size)}</span><span>{escaped(date)}</span>"
    return f'<span class="row"><span class="name">{name}</span>{cells}</span>'


def type_of(member: Member) -> str:
    """Return in a word what an entry is, by its form or its name's extension."""
    if member.form != "file":
        return member.form
    return PurePosixPath(member.name).suffix.removeprefix(".").upper()[:10] or "file"


def _top(folder: _Folder) -> tuple[str, _Folder]:
    """Return the first folder with more than one thing in it, and the path to it."""
    path = ""
    while not folder.files and len(folder.folders) == 1:
        name, folder = next(iter(folder.folders.items()))
        path += f"{name}/"
    return path, folder


def _lines(folder: _Folder) -> list[tuple[str, str]]:
    files = [(PurePosixPath(member.name).name or member.name, bytes_in_words(member.size)) for member in folder.files]
    folders = [
        (f"{name}/", f"{inner.count:,} {'file' if inner.count == 1 else 'files'}, {bytes_in_words(inner.size)}")
        for name, inner in sorted(folder.folders.items())
    ]
    return folders + files


def thumbnail(contents: Contents, title: str) -> Drawing:
    """Draw the top of the tree."""
    files = contents.files
    drawing = Drawing(480, 300, label=f"Archive with {len(files):,} files")
    drawing.text(20, 38, title, css="strong", size=19, fit=440)
    total = bytes_in_words(sum(member.size for member in files))
    count = "1 file" if len(files) == 1 else f"{len(files):,} files"
    drawing.text(20, 61, f"{contents.format}, {count}, {total}", css="muted", size=14.5, fit=440)
    path, top = _top(_folded([member for member in contents.members if member.form != "folder"]))
    lines = [(path, ""), *_lines(top)] if path else _lines(top)
    for at, (name, about) in enumerate(lines[:THUMBNAIL_LINES]):
        left, level = (38 if path and at else 20), 92 + at * 23.5
        drawing.text(left, level, name, css="strong" if name.endswith("/") else "ink", size=16, fit=300 - left)
        drawing.text(460, level, about, css="muted", size=14.5, anchor="end")
    return drawing
