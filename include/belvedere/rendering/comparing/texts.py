"""Two texts line by line, in time and memory that hostile texts cannot stretch.

Lines that both texts have exactly once are anchors (patience diff); between anchors a bounded exact search runs, and
where that would take too long the stretch counts as replaced.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from belvedere.rendering.comparing.subjects import Subject

MOST_LINES = 20_000
MOST_SHOWN = 1500
CONTEXT = 3
LONGEST_LINE = 600
MOST_STEPS = 1_500_000
WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)
Match = tuple[int, int, int]


class Budget:
    """How many steps may still be spent; what would cost more is not done at all."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def allows(self, steps: int) -> bool:
        """Take ``steps`` out, if that many are left."""
        if steps > self._left:
            return False
        self._left -= steps
        return True


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line; ``changed``: the other text's line does not have it."""

    text: str
    changed: bool


Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line to show: ``sign`` is ``+``, ``-`` or a blank; its numbers in both texts, from 1."""

    sign: str
    before: int | None
    after: int | None
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that belong together; ``skipped`` equal lines stand before them."""

    skipped: int
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class TextDiff:
    """What is added and removed; ``left_out`` changed lines found no room, ``cut``: only beginnings were compared."""

    added: int
    removed: int
    stretches: tuple[Stretch, ...]
    left_out: int
    cut: bool

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.added and not self.removed


def text_diff(base: Subject, other: Subject) -> TextDiff | None:
    """Return the difference between two artifacts' texts, if both are texts."""
    if base.lines is None or other.lines is None:
        return None
    before, after = base.lines[:MOST_LINES], other.lines[:MOST_LINES]
    cut = base.cut or other.cut or max(len(base.lines), len(other.lines)) > MOST_LINES
    blocks = matching(before, after, Budget(MOST_STEPS))
    kept = sum(length for _, _, length in blocks)
    added, removed = len(after) - kept, len(before) - kept
    stretches, shown = _stretches(before, after, [*blocks, (len(before), len(after), 0)])
    return TextDiff(added, removed, tuple(stretches), added + removed - shown, cut)


def matching(before: Sequence[str], after: Sequence[str], budget: Budget) -> list[Match]:
    """Return which stretches are equal: ``(place before, place after, length)``, in order."""
    blocks: list[Match] = []
    for i, j in sorted(_pairs(before, after, budget)):
        if blocks and blocks[-1][0] + blocks[-1][2] == i and blocks[-1][1] + blocks[-1][2] == j:
            blocks[-1] = (blocks[-1][0], blocks[-1][1], blocks[-1][2] + 1)
        else:
            blocks.append((i, j, 1))
    return blocks


def _pairs(before: Sequence[str], after: Sequence[str], budget: Budget) -> Iterator[tuple[int, int]]:
    """Yield pairs of equal lines; a list of open stretches instead of recursion, which texts could drive deep."""
    stretches = [(0, len(before), 0, len(after))]
    while stretches:
        low, high, left, right = stretches.pop()
        while low < high and left < right and before[low] == after[left]:
            yield low, left
            low, left = low + 1, left + 1
        while low < high and left < right and before[high - 1] == after[right - 1]:
            high, right = high - 1, right - 1
            yield high, right
        if low == high or left == right or not budget.allows(high - low + right - left):
            continue
        anchors = _anchors(before[low:high], after[left:right])
        if not anchors and budget.allows((high - low) * (right - left)):
            anchors = _common(before[low:high], after[left:right])
            yield from ((low + i, left + j) for i, j in anchors)
        elif anchors:
            ends = [(low - 1, left - 1), *((low + i, left + j) for i, j in anchors), (high, right)]
            yield from ends[1:-1]
            stretches += [(i + 1, m, j + 1, n) for (i, j), (m, n) in pairwise(ends)]


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest rising row of lines that both have exactly once."""
    once_before = {line for line, times in Counter(before).items() if times == 1}
    once_after = {line for line, times in Counter(after).items() if times == 1}
    places = {line: at for at, line in enumerate(after) if line in once_after and line in once_before}
    pairs = [(i, places[line]) for i, line in enumerate(before) if line in places]
    ends: list[int] = []
    last: list[int] = []
    earlier: list[int] = []
    for at, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        earlier.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [j]
        last[length : length + 1] = [at]
    found, at = [], last[-1] if last else -1
    while at >= 0:
        found.append(pairs[at])
        at = earlier[at]
    return found[::-1]


def _common(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest common subsequence; costs the product of both lengths."""
    height, width = len(before), len(after)
    lengths = [[0] * (width + 1) for _ in range(height + 1)]
    for i in range(height - 1, -1, -1):
        row, below = lengths[i], lengths[i + 1]
        for j in range(width - 1, -1, -1):
            row[j] = below[j + 1] + 1 if before[i] == after[j] else max(below[j], row[j + 1])
    found = []
    i = j = 0
    while i < height and j < width:
        if before[i] == after[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def _stretches(before: Sequence[str], after: Sequence[str], blocks: Sequence[Match]) -> tuple[list[Stretch], int]:
    """Return what to show, changes with the lines around them, and how many changed lines that are."""
    found: list[Stretch] = []
    lines: list[DiffLine] = []
    shown = skipped = i = j = 0
    budget = Budget(MOST_STEPS)
    for at, (place, there, length) in enumerate(blocks):
        changed = _changed(before[i:place], after[j:there], (i, j), budget)[: MOST_SHOWN - shown]
        shown += len(changed)
        lines += changed
        head = min(length, CONTEXT) if changed else 0
        tail = min(length - head, CONTEXT) if at < len(blocks) - 1 and shown < MOST_SHOWN else 0
        lines += [_kept(before[place + k], place + k, there + k) for k in range(head)]
        if head + tail < length or at == len(blocks) - 1 or shown >= MOST_SHOWN:
            if any(line.sign != " " for line in lines):
                found.append(Stretch(skipped, tuple(lines)))
            skipped, lines = length - head - tail, []
        lines += [_kept(before[place + k], place + k, there + k) for k in range(length - tail, length)]
        i, j = place + length, there + length
        if shown >= MOST_SHOWN:
            break
    return found, shown


def _kept(line: str, i: int, j: int) -> DiffLine:
    return DiffLine(" ", i + 1, j + 1, (_piece(line, changed=False),))


def _changed(old: Sequence[str], new: Sequence[str], place: tuple[int, int], budget: Budget) -> list[DiffLine]:
    """Return a replaced stretch; where each line has its counterpart, with the words that changed."""
    olds: list[Pieces] = [(_piece(line, changed=True),) for line in old[:MOST_SHOWN]]
    news: list[Pieces] = [(_piece(line, changed=True),) for line in new[:MOST_SHOWN]]
    if len(old) == len(new) <= MOST_SHOWN:
        pairs = [_words(was, now, budget) for was, now in zip(old, new, strict=True)]
        olds, news = [was for was, _ in pairs], [now for _, now in pairs]
    removed = [DiffLine("-", place[0] + at + 1, None, pieces) for at, pieces in enumerate(olds)]
    return [*removed, *(DiffLine("+", None, place[1] + at + 1, pieces) for at, pieces in enumerate(news))]


def _words(was: str, now: str, budget: Budget) -> tuple[Pieces, Pieces]:
    """Return two lines with the words that differ marked; lines with little in common are marked whole."""
    old, new = WORDS.findall(was[: LONGEST_LINE + 1]), WORDS.findall(now[: LONGEST_LINE + 1])
    blocks = matching(old, new, budget)
    alike = sum(len("".join(old[i : i + length])) for i, _, length in blocks)
    if 2 * alike < min(len(was), len(now), LONGEST_LINE):
        return (_piece(was, changed=True),), (_piece(now, changed=True),)
    return _marked(old, [(i, n) for i, _, n in blocks]), _marked(new, [(j, n) for _, j, n in blocks])


def _marked(words: Sequence[str], kept: Sequence[tuple[int, int]]) -> Pieces:
    pieces, at = [], 0
    for place, length in [*kept, (len(words), 0)]:
        pieces += [("".join(words[at:place]), True), ("".join(words[place : place + length]), False)]
        at = place + length
    return tuple(_piece(text, changed=changed) for text, changed in pieces if text)


def _piece(text: str, *, changed: bool) -> Piece:
    shown = clean(text[:LONGEST_LINE]).expandtabs(4)
    return Piece(shown + ("…" if len(text) > LONGEST_LINE else ""), changed)
