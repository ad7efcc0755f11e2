"""How a term of the wall's search may go on. Only what the asker may see is offered."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from belvedere.catalog import completion, overview
from belvedere.catalog.filters import HIDDEN
from belvedere.gallery.wall_responses import CompletionResponse
from belvedere.model.numbers import fact_name
from belvedere.model.runs import System, run_of
from belvedere.model.search import CHOICES, NAMES, STATES, TIMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope

MOST = 12
SPANS = {"1h": "the last hour", "today": "since midnight (UTC)", "24h": "the last day", "7d": "the last week"}
HINTS = {
    "kind": "roc, table, image …",
    "tenant": "whose it is",
    "state": "rendered, dead …",
    "bucket": "where it lies",
    "folder": "what keys begin with",
    "run": "one run",
    "after": "newer than 7d, today, 2026-11-22",
    "before": "older than",
}


def complete(connection: Connection, term: str, scope: Scope) -> list[CompletionResponse]:
    """Return at most ``MOST`` ways to go on with one term, in at most two statements."""
    minus = "-" if term.startswith("-") else ""
    name, colon, value = term.removeprefix("-").partition(":")
    if colon and name.lower() in NAMES:
        found = _values(connection, name.lower(), value.strip('"'), scope)
    else:
        found = _beginnings(connection, term.removeprefix("-").strip('"'), scope)
    return [each.model_copy(update={"text": minus + each.text}) for each in found[:MOST]]


def _values(connection: Connection, name: str, value: str, scope: Scope) -> list[CompletionResponse]:
    *chosen, last = value.split(",")
    before = "".join(f"{one}," for one in chosen)
    if name in TIMES:
        return [_one(f"{name}:{span}", span, said) for span, said in SPANS.items() if span.startswith(value)]
    if name in CHOICES:
        counts = _counts(connection, name, scope)
        fitting = [one for one in counts if last.lower() in one.lower() and one not in chosen]
        fitting.sort(key=lambda one: (not one.lower().startswith(last.lower()), one))
        return [_one(f"{name}:{before}{_quoted(one)}", one, f"{counts[one]:,}") for one in fitting]
    return _places(connection, name, value, scope)


def _beginnings(connection: Connection, text: str, scope: Scope) -> list[CompletionResponse]:
    """Offer names of terms, then facts, then runs and folders in which the text occurs."""
    low = text.lower()
    names = [_one(f"{name}:", f"{name}:", HINTS[name]) for name in NAMES if name.startswith(low)]
    facts = [
        _one(f"{_quoted(name)}>", name, "fact")
        for name in completion.fact_names(connection, fact_name(text), scope, MOST)
    ]
    if not text:
        return [*names[:8], *facts[:4]]
    return [*names[:4], *facts[:5], *_places(connection, "run", text, scope)]


def _places(connection: Connection, name: str, value: str, scope: Scope) -> list[CompletionResponse]:
    found = completion.places(connection, value, scope)
    if name == "folder":
        counted = Counter(folder for key, _ in found for folder in _folders(key, value))
        return [_one(f"folder:{_quoted(folder)}", folder) for folder, _ in counted.most_common(MOST)]
    runs = {run.prefix: run for run in (run_of(key) for key, _ in found)}
    real = [run for run in runs.values() if run.prefix and value.lower() in run.prefix.lower()]
    real.sort(key=lambda run: run.system is System.FOLDER)
    return [_one(f"run:{_quoted(run.prefix.rstrip('/'))}", run.name, run.label) for run in real[:MOST]]


def _folders(key: str, value: str) -> Iterable[str]:
    """Return the next folder of a key after what was typed."""
    if not key.startswith(value):
        return ()
    end = key.find("/", len(value))
    return (key[: end + 1],) if end >= 0 else ()


def _counts(connection: Connection, name: str, scope: Scope) -> Counter[str]:
    counted: Counter[str] = Counter()
    for facet in overview.facets(connection, scope):
        if name == "state" or (facet.state not in HIDDEN and not facet.part):
            counted[getattr(facet, name)] += facet.count
    if name == "state":
        counted.update(dict.fromkeys(STATES, 0))
    del counted[""]
    return counted


def _one(text: str, label: str, detail: str = "") -> CompletionResponse:
    return CompletionResponse(text=text, label=label, detail=detail)


def _quoted(text: str) -> str:
    plain = text and not any(character.isspace() or character in '",<>=!' for character in text)
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
