"""What is wrong with a COCO file, counted by kind, with the first few culprits: ready to be shown as warnings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from belvedere.rendering.texts.plaintext import clean

MOST_EXAMPLES = 4


@dataclass(slots=True)
class Problems:
    """Problems by kind; ``said`` are whole sentences; ``unchecked``: too many images to check all references."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    unchecked: bool = False

    def note(self, what: str, which: Any, times: int = 1) -> None:
        """Note a problem that ``which`` (an id, or a glimpse of the entry) has."""
        self.counts[what] += times
        examples = self.examples.setdefault(what, [])
        if len(examples) < MOST_EXAMPLES:
            examples.append(clean(" ".join(str(which).split()))[:60])

    def sentences(self) -> tuple[str, ...]:
        """Return every problem as a sentence, the most frequent first."""
        return tuple(dict.fromkeys(self.said)) + tuple(
            self._sentence(what, times) for what, times in self.counts.most_common()
        )

    def _sentence(self, what: str, times: int) -> str:
        examples = self.examples[what]
        more = " ..." if times > len(examples) else ""
        return f"Broken: {what}: {times:,} (ids {', '.join(examples)}{more})."
