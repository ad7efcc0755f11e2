"""Metrics side by side: each number, how far it is from the first artifact's, and whether that is better."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from belvedere.rendering.comparing.shapes import mapping, number, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from belvedere.rendering.comparing.subjects import Subject

MOST_METRICS = 300
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
LOWER_IS_BETTER = frozenset(
    {"loss", "error", "err", "mse", "rmse", "mae", "mape", "msle", "rmsle", "logloss", "deviance", "perplexity", "wer"}
    | {"cer", "latency", "fpr", "fnr", "hinge", "brier"}
)
HIGHER_IS_BETTER = frozenset(
    {"auc", "accuracy", "acc", "precision", "recall", "score", "ap", "map", "iou", "dice", "bleu", "rouge", "tpr"}
    | {"tnr", "specificity", "sensitivity", "likelihood", "throughput", "f", "r"}
)


@dataclass(frozen=True, slots=True)
class MetricDelta:
    """One metric: a value and a difference to the first artifact's for each artifact; None where it has none.

    ``verdicts`` are ``better``, ``worse``, ``same`` or nothing where the name does not tell which way is good.
    """

    name: str
    values: tuple[float | None, ...]
    deltas: tuple[float | None, ...]
    verdicts: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the artifacts do not all agree."""
        return any(value != self.values[0] for value in self.values)


def metric_deltas(subjects: Sequence[Subject]) -> tuple[MetricDelta, ...]:
    """Return the metrics of the artifacts, if at least two of them have any."""
    known = [dict(islice(_metrics(subject.facts), MOST_METRICS)) for subject in subjects]
    if sum(map(bool, known)) < 2:
        return ()
    names = list(dict.fromkeys(name for one in known for name in one))[:MOST_METRICS]
    return tuple(_delta(name, [one.get(name) for one in known]) for name in names)


def _delta(name: str, values: list[float | None]) -> MetricDelta:
    base = values[0]
    deltas = tuple(None if value is None or base is None else value - base for value in values)
    return MetricDelta(name, tuple(values), deltas, tuple(verdict(name, delta) for delta in deltas))


def verdict(name: str, delta: float | None) -> str:
    """Say whether a change is for the better, as far as the metric's name tells."""
    if delta is None:
        return ""
    if delta == 0:
        return "same"
    words = {found.lower() for found in WORDS.findall(name)}
    good, bad = bool(words & HIGHER_IS_BETTER), bool(words & LOWER_IS_BETTER)
    if good == bad:
        return ""
    return "better" if (delta > 0) == good else "worse"


def _metrics(facts: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    auc, accuracy = mapping(facts.get("roc")).get("auc"), mapping(facts.get("confusion_matrix")).get("accuracy")
    groups: list[tuple[str, Any]] = [
        ("", {"AUC": auc, "accuracy": accuracy}),
        ("", facts.get("metrics")),
        ("", mapping(facts.get("progress")).get("metrics")),
        ("", mapping(facts.get("mlflow")).get("metrics")),
        *_logged(mapping(mapping(facts.get("tensorboard")).get("runs"))),
    ]
    for group, named in groups:
        for name, value in islice(mapping(named).items(), MOST_METRICS):
            yield from _numbers(f"{group} {word(name)}".strip(), value)


def _numbers(name: str, value: Any) -> Iterator[tuple[str, float]]:
    found = number(value)
    if found is not None:
        yield name, found
    for inner, deeper in islice(mapping(value).items(), MOST_METRICS):
        below = number(deeper)
        if below is not None:
            yield f"{name} {word(inner)}".strip(), below


def _logged(runs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for run, logged in islice(runs.items(), 8):
        scalars = mapping(mapping(logged).get("scalars"))
        last = {tag: mapping(point).get("last_value") for tag, point in islice(scalars.items(), MOST_METRICS)}
        yield "" if len(runs) == 1 else word(run), last
