"""Text as a terminal would show it: colours and weights kept, rewritten lines in their last state, nothing else obeyed.

Sequences are those of ECMA-48 (ANSI); of them only "select graphic rendition" has an effect here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_]|[()][0-9A-Za-z])"
)
COLOUR_SEQUENCE = re.compile(r"\x1b\[([0-9;:]{0,60})m")
FLAGS = {1: "b", 2: "f", 3: "i", 4: "u", 7: "v", 9: "s"}
ENDED_BY = {22: "bf", 23: "i", 24: "u", 27: "v", 29: "s"}
LEVELS = (0, 95, 135, 175, 215, 255)
MOST_SPANS = 60_000
TERMINAL_CSS = (
    ".tb{font-weight:700}.tf{opacity:.65}.ti{font-style:italic}.tu{text-decoration:underline}"
    ".ts{text-decoration:line-through}.tv{filter:invert(1);background:var(--page)}"
    ".t0{color:#4b5563}.t1{color:#b91c1c}.t2{color:#15803d}.t3{color:#a16207}.t4{color:#1d4ed8}.t5{color:#a21caf}"
    ".t6{color:#0e7490}.t7{color:#6b7280}.t8{color:#6b7280}.t9{color:#dc2626}.t10{color:#16a34a}.t11{color:#ca8a04}"
    ".t12{color:#2563eb}.t13{color:#c026d3}.t14{color:#0891b2}.t15{color:#374151}"
    "@media(prefers-color-scheme:dark){.t0{color:#9ca3af}.t1{color:#f87171}.t2{color:#4ade80}.t3{color:#facc15}"
    ".t4{color:#60a5fa}.t5{color:#e879f9}.t6{color:#22d3ee}.t7{color:#d1d5db}.t8{color:#9ca3af}.t9{color:#fca5a5}"
    ".t10{color:#86efac}.t11{color:#fde047}.t12{color:#93c5fd}.t13{color:#f0abfc}.t14{color:#67e8f9}.t15{color:#f3f4f6}}"
    ".n0{background:#6b728055}.n1{background:#ef444455}.n2{background:#22c55e55}.n3{background:#eab30855}"
    ".n4{background:#3b82f655}.n5{background:#d946ef55}.n6{background:#06b6d455}.n7{background:#9ca3af55}"
)


@dataclass(frozen=True, slots=True)
class Style:
    """How text is set: flags (letters of ``FLAGS``), and colours as class names or hexadecimal values."""

    flags: str = ""
    ink: str = ""
    paper: str = ""

    def opening(self) -> str:
        """Return the opening tag of a span in this style; empty where it is plain."""
        names = [f"t{flag}" for flag in self.flags]
        rules = []
        for colour, letter, rule in ((self.ink, "t", "color"), (self.paper, "n", "background")):
            if colour.startswith("#"):
                rules.append(f"{rule}:{colour}")
            elif colour:
                names.append(letter + colour)
        if self.paper.startswith("#") and not self.ink:
            rules.append(f"color:{_readable_on(self.paper)}")
        classes = f' class="{" ".join(names)}"' if names else ""
        styles = f' style="{";".join(rules)}"' if rules else ""
        return f"<span{classes}{styles}>" if classes or styles else ""


PLAIN = Style()


def _readable_on(paper: str) -> str:
    red, green, blue = (int(paper[at : at + 2], 16) for at in (1, 3, 5))
    return "#111" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#fff"


def settled(text: str) -> str:
    """Return text with only the last state of lines that were rewritten in place (carriage returns)."""
    text = text.replace("\r\n", "\n")
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def visible(text: str) -> str:
    """Return text as a terminal would leave it, without its colours."""
    return clean(settled(ESCAPE_SEQUENCE.sub("", text)))


def coloured(lines: Iterable[str]) -> Iterator[str]:
    """Yield each line as HTML, with spans for its colours; a style goes on over the ends of lines.

    Beyond ``MOST_SPANS`` spans the text goes on without colours: a browser would choke on more.
    """
    style, spans = PLAIN, 0
    for line in lines:
        if "\x1b" not in line and style == PLAIN:
            yield escaped(line)
            continue
        parts, style = _spans(line, style)
        spans += len(parts)
        if spans > MOST_SPANS:
            yield escaped(ESCAPE_SEQUENCE.sub("", line))
            continue
        yield "".join(parts)


def _spans(line: str, style: Style) -> tuple[list[str], Style]:
    pieces = COLOUR_SEQUENCE.split(line)
    parts = []
    for at, piece in enumerate(pieces):
        if at % 2:
            style = restyled(style, piece)
            continue
        words = ESCAPE_SEQUENCE.sub("", piece)
        opening = style.opening() if words else ""
        if words:
            parts.append(f"{opening}{escaped(words)}{'</span>' if opening else ''}")
    return parts, style


def restyled(style: Style, codes: str) -> Style:
    """Return the style that a "select graphic rendition" sequence leads to."""
    numbers = [int(code[:4]) if code.isdigit() else 0 for code in codes.replace(":", ";").split(";")]
    at = 0
    while at < len(numbers):
        number = numbers[at]
        if number in (38, 48):
            colour, used = _extended(numbers[at + 1 :])
            style = replace(style, ink=colour) if number == 38 else replace(style, paper=colour)
            at += 1 + used
            continue
        style = _plain_code(style, number)
        at += 1
    return style


def _plain_code(style: Style, number: int) -> Style:
    if number == 0:
        return PLAIN
    if number in FLAGS:
        return replace(style, flags="".join(sorted({*style.flags, FLAGS[number]})))
    if number in ENDED_BY:
        return replace(style, flags="".join(flag for flag in style.flags if flag not in ENDED_BY[number]))
    return _colour_code(style, number)


def _colour_code(style: Style, number: int) -> Style:
    tens, colour = divmod(number, 10)
    if tens in (3, 9) and colour < 8:
        return replace(style, ink=str(colour + (8 if tens == 9 else 0)))
    if tens in (4, 10) and colour < 8:
        return replace(style, paper=str(colour))
    if number == 39:
        return replace(style, ink="")
    return replace(style, paper="") if number == 49 else style


def _extended(numbers: list[int]) -> tuple[str, int]:
    """Return a colour of 256 or of 16 million, and how many numbers said it."""
    if numbers[:1] == [5] and len(numbers) >= 2:
        return _indexed(numbers[1]), 2
    if numbers[:1] == [2] and len(numbers) >= 4:
        return "#" + "".join(f"{min(255, part):02x}" for part in numbers[1:4]), 4
    return "", len(numbers)


def _indexed(number: int) -> str:
    if number < 16:
        return str(number)
    if number < 232:
        cube = number - 16
        return "#" + "".join(f"{LEVELS[cube // size % 6]:02x}" for size in (36, 6, 1))
    grey = 8 + 10 * (min(number, 255) - 232)
    return "#" + f"{grey:02x}" * 3
