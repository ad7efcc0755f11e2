"""How much a rendering of each kind may use: our defaults by kind, and what an operator says over them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping  # noqa: TC003 - pydantic looks it up when it reads the settings
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from belvedere.model.rendering import Limits

ANY_KIND = "*"
KIND_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
GIB = 1024**3
DEFAULTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "table": MappingProxyType({"source_bytes": 4 * GIB, "cpu_seconds": 120, "wall_seconds": 150.0}),
        "viz_script": MappingProxyType({"memory_bytes": GIB}),
    }
)
WHOLE = frozenset(name for name, value in asdict(Limits()).items() if isinstance(value, int))
NAMES = tuple(sorted(asdict(Limits())))


@dataclass(frozen=True, slots=True)
class LimitsByKind:
    """Limits by kind. ``changes`` maps a kind, or ``*`` for every kind, to the limits that differ there.

    The later beats the earlier: what ``Limits`` says, our defaults of the kind, ``*``, the kind.
    """

    changes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, kind: str) -> Limits:
        """Return the limits of one kind."""
        layers = (DEFAULTS.get(kind, {}), self.changes.get(ANY_KIND, {}), self.changes.get(kind, {}))
        merged: dict[str, Any] = {name: value for layer in layers for name, value in layer.items()}
        return replace(Limits(), **merged)

    def with_changes(self, later: LimitsByKind) -> LimitsByKind:
        """Return these limits with all that ``later`` says over them: its ``*`` beats a kind of these."""
        general = later.changes.get(ANY_KIND, {})
        kinds = {*self.changes, *later.changes}
        return LimitsByKind(
            {kind: {**self.changes.get(kind, {}), **general, **later.changes.get(kind, {})} for kind in kinds}
        )

    def most_source_bytes(self) -> int:
        """Return the size of the largest object that some kind takes: before the bytes are here, no kind is known."""
        return max(self.of(kind).source_bytes for kind in {ANY_KIND, *DEFAULTS, *self.changes})

    @classmethod
    def from_json(cls, text: str) -> LimitsByKind:
        """Read ``{"table": {"memory_bytes": 1000000000}, "*": {"wall_seconds": 30}}``; an empty text changes nothing.

        Raises:
            ValueError: it is no such JSON; the message names the kind, the limit and what was wrong with it.
        """
        if not text.strip():
            return cls()
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ValueError(f"this is no JSON: {error}") from None
        if not isinstance(document, dict) or not all(isinstance(entry, dict) for entry in document.values()):
            raise ValueError('it must be a JSON object of objects, such as {"table": {"memory_bytes": 1000000000}}')
        return cls({_kind(kind): _changes(kind, entry) for kind, entry in document.items()})


def _kind(word: str) -> str:
    if word != ANY_KIND and not KIND_WORD.fullmatch(word):
        raise ValueError(f"{word!r} is no kind; use a word such as confusion_matrix, or * for every kind")
    return word


def _changes(kind: str, entry: Mapping[str, object]) -> dict[str, float]:
    return {name: _checked(f"{kind}.{name}", name, value) for name, value in entry.items()}


def _checked(where: str, name: str, value: object) -> float:
    if name not in NAMES:
        raise ValueError(f"there is no limit {where}; there are {', '.join(NAMES)}")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise ValueError(f"{where} must be a number above 0, not {value!r}")
    if name in WHOLE and value != int(value):
        raise ValueError(f"{where} must be a whole number, not {value!r}")
    return int(value) if name in WHOLE else float(value)
