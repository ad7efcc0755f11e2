"""What is compared: artifacts as their renderings left them, each under a letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST, MOST = 2, 8
LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Subject:
    """One artifact: its ``facts``, its parsed ``documents`` (data outputs), and the ``lines`` of its source if a text.

    All of it was made from strangers' bytes: nothing here may be believed to have the shape that it should.
    ``cut``: the lines are only the beginning of the text.
    """

    letter: str
    name: str
    kind: str | None
    facts: Mapping[str, Any]
    documents: tuple[Any, ...] = ()
    lines: tuple[str, ...] | None = None
    cut: bool = False
