"""What an archive holds, whatever its format: names with their sizes and dates, and what is wrong with each.

Nothing is ever written under a name from an archive. A name that points outside, a link or a device is listed with
a word of warning and not looked into (Argo's CVE-2025-62156 and CVE-2025-66626 are such names and links).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

Form = Literal["file", "folder", "link", "device"]
LONGEST_NAME = 500
DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive. ``name`` is as written there; ``modified`` an ISO date and time, or empty.

    ``problem`` says why it is not looked into; ``position`` tells entries of the same name apart.
    """

    position: int
    name: str
    size: int
    form: Form = "file"
    modified: str = ""
    target: str = ""
    problem: str | None = None

    @property
    def readable(self) -> bool:
        """Whether there is something to look into."""
        return self.form == "file" and self.problem is None


@dataclass(frozen=True, slots=True)
class Contents:
    """All that an archive holds, in its order; ``warnings`` say what is missing or odd."""

    format: str
    members: tuple[Member, ...]
    warnings: tuple[str, ...] = ()
    complete: bool = True

    @property
    def files(self) -> tuple[Member, ...]:
        """The entries that are files."""
        return tuple(member for member in self.members if member.form == "file")

    @property
    def only_file(self) -> Member | None:
        """The one file, where the archive holds nothing else but its folders."""
        others = [member for member in self.members if member.form != "folder"]
        whole = len(others) == 1 and others[0].readable and self.complete
        return others[0] if whole else None


def name_problem(name: str) -> str | None:
    """Return what is wrong with a name that would be written outside of a folder, or hides something."""
    parts = name.replace("\\", "/").split("/")
    if ".." in parts:
        return "its name points outside of the archive (..)"
    if name.startswith(("/", "\\")) or DRIVE.match(name):
        return "its name is absolute"
    if "\0" in name or clean(name) != name:
        return "its name holds control characters"
    if len(name) > LONGEST_NAME:
        return f"its name is longer than {LONGEST_NAME} characters"
    return None


def shown_name(name: str) -> str:
    """Return a name fit to be shown."""
    text = clean(name)
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"


def marked(members: Iterable[Member]) -> tuple[Member, ...]:
    """Return the members, those that hide an earlier one marked: the same name, or the same but for upper case."""
    earliest: dict[str, Member] = {}
    return tuple(_compared(member, earliest.setdefault(_folded(member.name), member)) for member in members)


def _folded(name: str) -> str:
    return name.removeprefix("./").rstrip("/").casefold()


def _compared(member: Member, earlier: Member) -> Member:
    if member is earlier or member.form == earlier.form == "folder" or member.problem is not None:
        return member
    same = member.name == earlier.name
    said = "an earlier entry has the same name" if same else f"its name hides that of {earlier.name!r}"
    return replace(member, problem=said)
