"""What an SVG's references come to when a browser follows them: references to references grow without bound."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.vision.vector_styles import inner_references

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_EXPANDED = 200_000
MOST_DEPTH = 200
FILTER_COST = 40
RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
COMPOUND = re.compile(r"[.#]?[\w-]+|\*")
HEAVY = frozenset({"pattern", "mask", "clipPath", "marker", "filter"})


@dataclass(slots=True)
class References:
    """Who refers to whom: by id of each element around, the ids within; the drawing itself has the empty id.

    ``marks`` count elements by what a style sheet may know them by: ``rect``, ``.class``, ``#id``.
    """

    uses: dict[str, Counter[str]] = field(default_factory=dict)
    marks: dict[str, Counter[str]] = field(default_factory=dict)
    heavy: dict[str, str] = field(default_factory=dict)
    styled: dict[str, set[str]] = field(default_factory=dict)

    def note(self, around: Sequence[str | None], element: str, attributes: Mapping[str, str]) -> None:
        """Note what one element, the last of those ``around``, refers to, and what it is known by."""
        name = attributes.get("id")
        if name and element in HEAVY:
            self.heavy[name] = element
        address = attributes.get("href", "")
        targets = [address[1:]] if address.startswith("#") else []
        for value in attributes.values():
            targets += inner_references(value)
        marks = [element, "*", *(f".{word}" for word in attributes.get("class", "").split()[:20])]
        marks += [f"#{name}"] if name else []
        for outer in {name for name in around if name} | {""}:
            self.uses.setdefault(outer, Counter()).update(targets)
            self.marks.setdefault(outer, Counter()).update(marks)

    def note_style(self, sheet: str) -> None:
        """Note what the rules of a style sheet refer to."""
        for selectors, declarations in RULE.findall(sheet) if "url(" in sheet else ():
            targets = inner_references(declarations)
            for selector in selectors.split(",") if targets else ():
                self.styled.setdefault(_mark(selector), set()).update(targets)

    def check(self) -> None:
        """Refuse references that would explode, or that contain themselves.

        Raises:
            LimitExceeded: they come to an enormous drawing.
            MalformedArtifact: an element refers to itself.
        """
        for outer, marks in self.marks.items():
            for mark in self.styled.keys() & marks.keys():
                for target in self.styled[mark]:
                    self.uses.setdefault(outer, Counter())[target] += marks[mark]
        sizes: dict[str, int] = {}
        for start in list(self.uses):
            self._expanded(start, sizes, set())
        if sizes.get("", 0) > MOST_EXPANDED:
            raise LimitExceeded("The references in this SVG would expand to an enormous drawing.", code="expansion")

    def _expanded(self, name: str, sizes: dict[str, int], open_names: set[str]) -> int:
        if name in sizes:
            return sizes[name]
        if name in open_names:
            raise MalformedArtifact("An element of this SVG refers to itself.", code="circular")
        if len(open_names) > MOST_DEPTH:
            raise LimitExceeded("The references in this SVG are nested too deeply.", code="expansion")
        open_names.add(name)
        total = sum(
            times * (self._cost(inner) + self._expanded(inner, sizes, open_names))
            for inner, times in self.uses.get(name, Counter()).items()
        )
        open_names.discard(name)
        sizes[name] = min(total, MOST_EXPANDED + 1)
        return sizes[name]

    def _cost(self, name: str) -> int:
        return FILTER_COST if self.heavy.get(name) == "filter" else 1


def _mark(selector: str) -> str:
    """Return what the elements of a selector are known by: the most telling word of its last part."""
    words = COMPOUND.findall(selector.strip().rpartition(" ")[2].partition(":")[0])
    return next((word for word in words if word[0] in ".#"), words[0] if words else "*")
