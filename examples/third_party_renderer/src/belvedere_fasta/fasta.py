"""Reading FASTA: a line that begins with ``>`` names a sequence, the lines up to the next one hold it.

Source: W. Pearson's FASTA format; the letters are those of IUPAC.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

NUCLEOTIDES = frozenset("ACGTUNRYSWKMBDHV-*")
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ-*")
MOST_SEQUENCES = 100_000


class NotFasta(ValueError):
    """The text is no FASTA; the message says where."""


@dataclass(slots=True)
class Sequence:
    """One sequence: its name, what else its line says, its length, and how often each letter stands in it."""

    name: str
    description: str
    length: int = 0
    letters: Counter[str] = field(default_factory=Counter)

    @property
    def is_nucleic(self) -> bool:
        """Whether it is DNA or RNA, and not a protein."""
        return set(self.letters) <= NUCLEOTIDES

    @property
    def gc_share(self) -> float | None:
        """The share of G and C among A, C, G, T and U; None for proteins and where there is none of these."""
        certain = sum(self.letters[letter] for letter in "ACGTU")
        return (self.letters["G"] + self.letters["C"]) / certain if self.is_nucleic and certain else None


def looks_like_fasta(head: str) -> bool:
    """Whether a text begins like FASTA: a name, and then a line of letters."""
    lines = [line.strip() for line in head.splitlines() if line.strip() and not line.startswith(";")]
    return len(lines) >= 2 and lines[0][:1] == ">" and len(lines[0]) > 1 and set(lines[1].upper()) <= LETTERS


def read_fasta(text: str) -> list[Sequence]:
    """Read all sequences.

    Raises:
        NotFasta: a line is neither a name nor letters, or there are too many sequences.
    """
    sequences: list[Sequence] = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.strip()
        if not content or content.startswith(";"):
            continue
        if content.startswith(">"):
            name, _, description = content[1:].strip().partition(" ")
            sequences.append(Sequence(name or f"sequence {len(sequences) + 1}", description.strip()))
            if len(sequences) > MOST_SEQUENCES:
                raise NotFasta(f"there are more than {MOST_SEQUENCES:,} sequences")
            continue
        letters = content.upper()
        if not sequences or not set(letters) <= LETTERS:
            raise NotFasta(f"line {number} is neither a name (>) nor letters of a sequence")
        sequences[-1].length += len(letters)
        sequences[-1].letters.update(letters)
    return sequences
