"""Reading long text for showing: all of a short one, of a long one its end and its beginning, with line numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.texts.plaintext import clean, decode
from belvedere.rendering.texts.terminal import ESCAPE_SEQUENCE, coloured, settled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.model.rendering import Source

NEW_LINE = "\n"
LONGEST_LINE, LOOKED_AT = 4000, 400
LEVEL = re.compile(
    r"\b(?:(?P<error>CRITICAL|FATAL|ERROR|SEVERE|PANIC)|(?P<warning>WARN(?:ING)?))\b"
    r"|^(?P<traceback>Traceback \(most recent call last\)|\w[\w.]{0,80}(?:Error|Exception)(?=:|$))"
    r"|\b(?i:level)[\"']?\s?[=:]\s?[\"']?(?:(?P<level_error>(?i:error|fatal|critical))|(?P<level_warning>(?i:warn)))"
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive lines, the first of them the line ``first`` of the text (from 1)."""

    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogText:
    """What is shown of a text: its stretches in their order, and what is known of the whole."""

    stretches: tuple[Stretch, ...]
    total_lines: int
    encoding: str
    warnings: tuple[str, ...]
    marks: tuple[tuple[int, str], ...]

    @property
    def cut(self) -> bool:
        """Whether lines are left out."""
        return len(self.stretches) > 1

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The lines at the end, without colours."""
        return tuple(clean(ESCAPE_SEQUENCE.sub("", line)) for line in self.stretches[-1].lines)

    @property
    def first_lines(self) -> tuple[str, ...]:
        """The lines at the beginning, without colours."""
        return tuple(clean(ESCAPE_SEQUENCE.sub("", line)) for line in self.stretches[0].lines[:200])

    def count(self, level: str) -> int:
        """Return how many of the lines shown are of a level, ``error`` or ``warning``."""
        return sum(1 for _, marked in self.marks if marked == level)


def read_log(source: Source, budget: int) -> LogText:
    """Read a text; of one with more than ``budget`` bytes the last three quarters of that and the first quarter.

    Raises:
        MalformedArtifact: the bytes are no text.
    """
    if source.size > budget:
        return _read_ends(source, budget)
    decoded = decode(source.path.read_bytes())
    lines = _lines(decoded.text.rstrip("\n"))
    warnings = _warnings(decoded.encoding, decoded.certain, decoded.damaged)
    return _log_text((Stretch(1, lines),), len(lines), decoded.encoding, warnings)


def _log_text(stretches: tuple[Stretch, ...], total: int, encoding: str, warnings: tuple[str, ...]) -> LogText:
    marks = tuple(
        (stretch.first + at, level)
        for stretch in stretches
        for at, line in enumerate(stretch.lines)
        if (level := level_of(line)) is not None
    )
    return LogText(stretches, total, encoding, warnings, marks)


def _read_ends(source: Source, budget: int) -> LogText:
    head = decode(source.head(budget // 4), whole=False)
    with source.path.open("rb") as file:
        breaks = sum(part.count(b"\n") for part in iter(lambda: file.read(1024**2), b""))
        file.seek(source.size - 3 * budget // 4)
        tail_bytes = file.read()
    tail_bytes = tail_bytes[len(tail_bytes) % 2 :] if head.encoding.startswith("utf-16") else tail_bytes
    first = _lines(head.text)
    last = _lines(tail_bytes.decode(head.encoding, "replace").rstrip("\n"))
    first, last = first[:-1] or first, last[1:] or last
    ended = tail_bytes.endswith(b"\n")
    total = max(breaks + (0 if ended else 1), len(first) + len(last))
    said = f"its first {len(first):,} and last {len(last):,} of {total:,} lines"
    warnings = (f"The text is too long to be shown whole: shown are {said}.",)
    stretches = (Stretch(1, first), Stretch(total - len(last) + 1, last))
    return _log_text(stretches, total, head.encoding, (*warnings, *_warnings(head.encoding, head.certain, 0)))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(map(_shortened, settled(text).split("\n")))


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line):,} characters)"


def _warnings(encoding: str, certain: bool, damaged: int) -> tuple[str, ...]:
    found = []
    if not certain:
        found.append(f"The text is not valid UTF-8; it was read as {encoding}, which is a guess.")
    if damaged:
        found.append(f"{damaged:,} characters are invalid in {encoding} and shown as �.")
    return tuple(found)


def level_of(line: str) -> str | None:
    """Return ``error`` or ``warning`` where a log line says that it is one."""
    head = line[:LOOKED_AT]
    found = LEVEL.search(ESCAPE_SEQUENCE.sub("", head) if "\x1b" in head else head)
    if found is None:
        return None
    return "warning" if found["warning"] or found["level_warning"] else "error"


def numbered(stretch: Stretch, marks: Sequence[tuple[int, str]] = (), *, lines: Sequence[str] = ()) -> str:
    """Return a stretch as HTML beside its line numbers; ``lines``: its lines as finished HTML, if it is not a log.

    Lines in ``marks`` stand out, and can be linked to as ``#L12``.
    """
    levels = dict(marks)
    shown = lines or tuple(coloured(stretch.lines))
    last = stretch.first + len(shown) - 1
    texts = (
        f'<span class="level {levels[number]}" id="L{number}">{line}</span>' if number in levels else line
        for number, line in enumerate(shown, start=stretch.first)
    )
    numbers = "\n".join(map(str, range(stretch.first, last + 1)))
    gutter = f'<pre class="gutter" aria-hidden="true">{numbers}</pre>'
    return f'<div class="text lined">{gutter}<pre>{NEW_LINE.join(texts)}</pre></div>'


def marked_lines(text: LogText, level: str, most: int) -> list[tuple[int, str]]:
    """Return the numbers and words of the last ``most`` lines of a level."""
    wanted = [number for number, marked in text.marks if marked == level][-most:]
    by_number = {stretch.first + at: line for stretch in text.stretches for at, line in enumerate(stretch.lines)}
    return [(number, clean(ESCAPE_SEQUENCE.sub("", by_number[number])).strip()) for number in wanted]


def line_links(rows: Sequence[tuple[int, str]]) -> str:
    """Return lines as links to where they stand."""
    items = (
        f'<li><a href="#L{number}">{number:,}</a> <code>{escaped(words[:200])}</code></li>' for number, words in rows
    )
    return f'<ul class="found">{"".join(items)}</ul>'
