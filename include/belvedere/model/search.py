"""The wall's search language, read strictly: words, ``kind:roc``, ``after:7d``, ``auc>0.9``, ``-word``, "quoted words".

Reading is pure; ``catalog.search`` turns what was read into conditions.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from belvedere.errors import PermanentError
from belvedere.model.artifact import ArtifactState
from belvedere.model.numbers import fact_name

MOST_TERMS = 16
LONGEST = 500
CHOICES = ("kind", "tenant", "state", "bucket")
PLACES = ("folder", "run")
TIMES = ("after", "before")
NAMES = (*CHOICES, *PLACES, *TIMES)
MEASURES = ("size", "attempts", "latency")
STATES = tuple(state.value for state in ArtifactState)
UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
SPANS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}

TERM = re.compile(r'(?P<minus>-?)(?P<body>(?:"(?:[^"\\]|\\.)*"?|[^\s"])+)', re.DOTALL)
FACT = re.compile(r'^(?P<name>"[^"]+"|[^\s:<>=!"]+)(?P<sign><=|>=|!=|<|>|=)(?P<value>.*)$', re.DOTALL)
NAMED = re.compile(r"^(?P<name>[A-Za-z_]+):(?P<value>.*)$", re.DOTALL)
NUMBER = re.compile(r"^(?P<number>[-+]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?P<unit>%|[A-Za-z]{0,2})$")
SPAN = re.compile(r"^(\d{1,6})(s|min|h|d|w)$")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class BadSearch(PermanentError):
    """A part of the search cannot be understood."""

    code = "bad_search"


@dataclass(frozen=True, slots=True)
class Word:
    """Text that must (or, negated, must not) occur in the key or the title."""

    text: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A column (kind, tenant, state, bucket) that must be one of some values, or none of them."""

    name: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A folder (what keys begin with) or a run (what its prefix holds)."""

    name: str
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A number of the artifact: one of ``MEASURES``, or a fact by its name (``auc``) or path (``roc.auc``).

    ``slack``: how far an equal number may be away: ``auc=0.94`` finds what is shown as 0.94.
    """

    name: str
    sign: str
    value: float
    negated: bool = False
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class Search:
    """Everything that must hold at once."""

    words: tuple[Word, ...] = ()
    choices: tuple[Choice, ...] = ()
    places: tuple[Place, ...] = ()
    measures: tuple[Comparison, ...] = ()
    facts: tuple[Comparison, ...] = ()
    after: datetime | None = None
    before: datetime | None = None

    @property
    def looks_at_rows(self) -> bool:
        """Whether counted facets are not enough to count the matches."""
        return bool(self.words or self.places or self.measures or self.facts or self.after or self.before)

    @property
    def choices_alone(self) -> Search:
        """The search without what has to be looked for in rows."""
        return Search(choices=self.choices)

    def chosen(self, name: str) -> tuple[str, ...]:
        """Return the values that a column is asked to have."""
        asked = (choice for choice in self.choices if choice.name == name and not choice.negated)
        return tuple(dict.fromkeys(value for choice in asked for value in choice.values))


@dataclass(slots=True)
class _Reading:
    words: list[Word] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    measures: list[Comparison] = field(default_factory=list)
    facts: list[Comparison] = field(default_factory=list)
    after: list[datetime] = field(default_factory=list)
    before: list[datetime] = field(default_factory=list)


def read(text: str, now: datetime | None = None) -> Search:
    """Read a search.

    Raises:
        BadSearch: naming the part that is wrong and what it may be.
    """
    if "\0" in text:
        raise BadSearch("q: holds a NUL character, which no key can hold")
    if len(text) > LONGEST:
        raise BadSearch(f"q: longer than {LONGEST} characters")
    reading = _Reading()
    terms = list(TERM.finditer(text))
    if len(terms) > MOST_TERMS:
        raise BadSearch(f"q: more than {MOST_TERMS} terms; leave some out")
    for term in terms:
        _read_term(reading, term["body"], negated=bool(term["minus"]), now=now or datetime.now(UTC))
    return Search(
        words=tuple(reading.words),
        choices=tuple(reading.choices),
        places=tuple(reading.places),
        measures=tuple(reading.measures),
        facts=tuple(reading.facts),
        after=max(reading.after, default=None),
        before=min(reading.before, default=None),
    )


def _read_term(reading: _Reading, body: str, *, negated: bool, now: datetime) -> None:
    named = NAMED.match(body)
    if named and named["name"].lower() in NAMES:
        return _read_named(reading, named["name"].lower(), _unquoted(body, named["value"]), negated=negated, now=now)
    fact = FACT.match(body)
    if fact and (fact["sign"] != "=" or NUMBER.match(fact["value"])):  # else part of a key: run_id=manual__7
        return _read_fact(reading, body, fact, negated=negated)
    if named and not named["value"].startswith("/"):
        known = ", ".join(f"{name}:" for name in NAMES)
        raise BadSearch(f"q: {_shown(body)}: no such name; known are {known} (to find the words, quote them)")
    word = _unquoted(body, body)
    if word:
        reading.words.append(Word(word, negated))
    return None


def _read_named(reading: _Reading, name: str, value: str, *, negated: bool, now: datetime) -> None:
    term = f"{name}:{value}"
    if not value:
        raise BadSearch(f"q: {_shown(term)} lacks a value")
    if name in CHOICES:
        values = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        unknown = [part for part in values if name == "state" and part not in STATES]
        if unknown or not values:
            known = f"; known states are {', '.join(STATES)}" if name == "state" else ""
            raise BadSearch(f"q: {_shown(term)}: {_shown(unknown[0] if unknown else value)} is no {name}{known}")
        reading.choices.append(Choice(name, values, negated))
    elif name in PLACES:
        reading.places.append(Place(name, value, negated))
    else:
        if negated:
            raise BadSearch(f"q: -{_shown(term)}: say {'before' if name == 'after' else 'after'}: instead of -{name}:")
        (reading.after if name == "after" else reading.before).append(_moment(term, value, now))


def _read_fact(reading: _Reading, body: str, fact: re.Match[str], *, negated: bool) -> None:
    name = fact_name(_unquoted(body, fact["name"]))
    value, slack = _number(body, name, fact["value"])
    comparison = Comparison(name, fact["sign"], value, negated, slack if fact["sign"] in ("=", "!=") else 0.0)
    (reading.measures if name in MEASURES else reading.facts).append(comparison)


def _number(body: str, name: str, text: str) -> tuple[float, float]:
    """Return the number and half of the last decimal it is written with."""
    found = NUMBER.match(text)
    if not text:
        raise BadSearch(f"q: {_shown(body)} lacks a number, such as {name}>0.9")
    unit = found["unit"].lower() if found else None
    factor = 0.01 if unit == "%" else UNITS.get(unit or "")
    if name == "latency" and unit in ("s", "ms"):
        factor = 1000 if unit == "s" else 1
    if found is None or factor is None:
        raise BadSearch(f"q: {_shown(body)}: {_shown(text)} is not a number, such as 0.9, 1e6, 10k or 5%")
    written = found["number"].replace("_", "").replace(",", "").lower()
    value = float(written) * factor
    if not math.isfinite(value):
        raise BadSearch(f"q: {_shown(body)}: {_shown(text)} is too large a number")
    decimals = 0 if "e" in written else len(written.partition(".")[2])
    return value, 0.5 * 10.0**-decimals * factor if decimals else 0.0


def _moment(term: str, value: str, now: datetime) -> datetime:
    span = SPAN.match(value)
    try:
        if span:
            return now - timedelta(**{SPANS[span[2]]: int(span[1])})
        if value in ("today", "yesterday"):
            day = now.replace(hour=0, minute=0, second=0, microsecond=0)
            return day if value == "today" else day - timedelta(days=1)
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        known = "2026-11-22, 2026-11-22T14:00, today, yesterday, 90min, 12h, 7d or 2w"
        raise BadSearch(f"q: {_shown(term)}: {_shown(value)} is no time; write {known}") from None


def _unquoted(body: str, text: str) -> str:
    if '"' not in text:
        return text
    plain = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda quoted: ESCAPED.sub(r"\1", quoted[1]), text, flags=re.DOTALL)
    if plain.startswith('"') or re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL).count('"'):
        raise BadSearch(f"q: {_shown(body)}: a quotation mark is never closed")
    return plain


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
