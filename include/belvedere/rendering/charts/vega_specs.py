"""Vega and Vega-Lite specifications made harmless: data inside, no address followed, nothing that reaches out.

Expressions stay: Vega parses them into its own tree and allows a closed list of functions, no JavaScript.
Source: https://vega.github.io/vega/docs/expressions/, https://vega.github.io/vega-lite/docs/spec.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INLINE_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]{1,4000000}", re.IGNORECASE)
MOST_DEPTH, MOST_NODES, LARGEST_SIDE, LONGEST_WORD = 60, 3_000_000, 4000, 300
SIDES = frozenset({"width", "height", "continuousWidth", "continuousHeight", "discreteWidth", "discreteHeight"})
CHANNELS = (
    "x",
    "y",
    "color",
    "fill",
    "stroke",
    "shape",
    "size",
    "theta",
    "opacity",
    "detail",
    "column",
    "row",
    "facet",
)
SERIES_CHANNELS = ("color", "fill", "stroke", "shape", "detail")
COMPOSED = ("layer", "hconcat", "vconcat", "concat", "spec")


@dataclass(slots=True)
class CleanSpec:
    """A specification fit to be drawn, and sentences about what was taken out of it."""

    spec: dict[str, Any]
    remote: dict[str, None] = field(default_factory=dict)
    links: int = 0
    pictures: int = 0
    others: dict[str, None] = field(default_factory=dict)
    nodes: int = 0

    def count(self, values: int) -> None:
        """Count values that were read, up to the limit."""
        self.nodes += values
        if self.nodes > MOST_NODES:
            raise LimitExceeded(f"The chart holds more than {MOST_NODES:,} values.", code="chart_size")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was taken out, in sentences."""
        said = []
        if self.remote:
            named = ", ".join(list(self.remote)[:4])
            said.append(
                f"The chart refers to data elsewhere, which are not loaded here: {named}. What needs them is empty."
            )
        if self.links:
            said.append(f"{_count(self.links, 'link')} of the chart were removed (href): charts here lead nowhere.")
        if self.pictures:
            said.append(f"{_count(self.pictures, 'picture')} of the chart lie elsewhere and were removed.")
        if self.others:
            said.append(f"These parts of the chart were removed: {', '.join(list(self.others)[:6])}.")
        return tuple(said)


def _count(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number:,} {word}s"


def cleaned(document: Any) -> CleanSpec:
    """Return a copy of a specification without addresses, links and settings for the page around it.

    Raises:
        MalformedArtifact: it is no object.
        LimitExceeded: it is nested too deeply or holds too many values.
    """
    if not isinstance(document, dict):
        raise MalformedArtifact("The chart is not a JSON object.", code="not_an_object")
    result = CleanSpec({})
    result.spec = _object(document, result, 0, "")
    return result


def _value(value: Any, found: CleanSpec, depth: int, name: str) -> Any:
    found.count(1)
    if depth > MOST_DEPTH:
        raise MalformedArtifact("The chart is nested too deeply to be read.", code="too_deep")
    if isinstance(value, dict):
        return _object(value, found, depth, name)
    if isinstance(value, list):
        if name in ("values", "datasets"):
            found.count(len(value))
            return value
        return [_value(item, found, depth + 1, name) for item in value]
    if name in SIDES and isinstance(value, int | float) and value > LARGEST_SIDE:
        found.others[f"a {name} of {value:g}"] = None
        return LARGEST_SIDE
    return value


def _object(value: Mapping[str, Any], found: CleanSpec, depth: int, name: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, item in value.items():
        if key == "href":
            found.links += 1
        elif key == "usermeta":
            if isinstance(item, dict) and "embedOptions" in item:
                found.others["usermeta.embedOptions"] = None
        elif key == "url":
            kept |= _address(item, found, name)
        elif key == "element" and name == "bind":
            found.others["bind.element"] = None
        elif key == "datasets" and isinstance(item, dict):
            kept[key] = item
            found.count(sum(len(rows) for rows in item.values() if isinstance(rows, list)))
        else:
            kept[key] = _value(item, found, depth + 1, key)
    return kept


def _address(item: Any, found: CleanSpec, name: str) -> dict[str, Any]:
    """Return what stands for a ``url``: an inline picture as it is, no rows for data, nothing for the rest."""
    text = item.get("value") if isinstance(item, dict) else item
    if isinstance(text, str) and INLINE_PICTURE.fullmatch(text):
        return {"url": item}
    if isinstance(item, dict | list) and name not in ("data", "from"):
        # the addresses stand in the data (an image mark with a field): none of them is loaded
        found.pictures += 1
        return {}
    if isinstance(text, str) and name == "data":
        found.remote[clean(text)[:120]] = None
        return {"values": []}
    found.pictures += 1
    return {}


@dataclass(frozen=True, slots=True)
class Described:
    """What a specification says of itself: titles, what is shown by which channel, the first mark."""

    title: str
    channels: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]
    rows: int


def described(spec: Mapping[str, Any]) -> Described:
    """Return what can be read off a specification without running it."""
    channels: dict[str, dict[str, None]] = {}
    marks: dict[str, None] = {}
    for unit in _units(spec, 0):
        mark = unit.get("mark")
        kind = mark.get("type") if isinstance(mark, dict) else mark
        if isinstance(kind, str):
            marks[clean(kind)[:60]] = None
        encoding = unit.get("encoding")
        encoded = encoding if isinstance(encoding, dict) else {}
        for channel in CHANNELS:
            said = _channel(encoded.get(channel))
            if said:
                channels.setdefault(channel, {})[said] = None
    if not marks:
        marks = {clean(str(one.get("type", "")))[:60]: None for one in _vega_marks(spec) if one.get("type") != "group"}
    listed = tuple((name, ", ".join(list(said)[:6])) for name, said in channels.items())
    return Described(_title(spec), listed, tuple(marks), _rows(spec))


def _units(spec: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    yield spec
    for name in COMPOSED:
        inner = spec.get(name)
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict) and depth < MOST_DEPTH:
                yield from _units(one, depth + 1)


def _vega_marks(spec: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    marks = spec.get("marks")
    for one in marks if isinstance(marks, list) else ():
        if isinstance(one, dict):
            yield one
            if depth < MOST_DEPTH:
                yield from _vega_marks(one, depth + 1)


def _channel(value: Any) -> str:
    """Return the words of one channel: its title, or its field and how it is aggregated."""
    if not isinstance(value, dict):
        return ""
    for place in (value, value.get("axis"), value.get("legend"), value.get("header")):
        if isinstance(place, dict) and place.get("title"):
            return _words(place["title"])
    name, aggregate = value.get("field"), value.get("aggregate")
    if isinstance(aggregate, str):
        return f"{aggregate} of {_words(name)}" if name else aggregate
    return _words(name) if name else ""


def _words(value: Any) -> str:
    joined = " ".join(str(line) for line in value) if isinstance(value, list) else str(value)
    return clean(joined)[:LONGEST_WORD]


def _title(spec: Mapping[str, Any]) -> str:
    for unit in _units(spec, 0):
        title = unit.get("title")
        words = title.get("text") if isinstance(title, dict) else title
        if isinstance(words, str | list) and words:
            return _words(words)
    return ""


def _rows(spec: Mapping[str, Any]) -> int:
    """Return how many rows of data stand in the specification."""
    total = 0
    held = spec.get("datasets")
    for rows in held.values() if isinstance(held, dict) else ():
        total += len(rows) if isinstance(rows, list) else 0
    for unit in _units(spec, 0):
        data = unit.get("data")
        tables: list[Any] = data if isinstance(data, list) else [data]
        for one in tables:
            values = one.get("values") if isinstance(one, dict) else None
            total += len(values) if isinstance(values, list) else 0
    return total
