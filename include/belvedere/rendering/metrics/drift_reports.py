"""Evidently's reports as JSON: which columns drifted, by which test, against which threshold.

Source: the ``save_json`` format of evidently 0.7 (``metrics`` with ``metric_name``, ``config`` and ``value``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from belvedere.rendering.pages.numbers import percent, short
from belvedere.rendering.pages.page import table, verdict

MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """The drift of one column: the value of its test, and whether that says that it drifted."""

    column: str
    method: str
    value: float
    threshold: float | None

    @property
    def drifted(self) -> bool | None:
        """Whether the column drifted: a p-value below the threshold, a distance at or above it."""
        if self.threshold is None:
            return None
        return self.value < self.threshold if "p_value" in self.method else self.value >= self.threshold


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a report says: the share of columns that drifted, and each column."""

    count: float | None
    share: float | None
    columns: tuple[ColumnDrift, ...]

    def facts(self) -> dict[str, Any]:
        """Return the facts of the report."""
        facts: dict[str, Any] = {} if self.share is None else {"drift_share": self.share}
        if self.columns:
            facts["drifted_columns"] = [each.column for each in self.columns if each.drifted]
        return facts

    def html(self) -> str:
        """Return the verdict and a table of the columns."""
        figures = {} if self.share is None else {"Share of drifted columns": percent(self.share)}
        if self.count is not None:
            figures["Drifted columns"] = short(self.count)
        rows = [
            (
                each.column,
                {True: "drift", False: "no drift", None: ""}[each.drifted],
                each.method,
                short(each.value),
                "" if each.threshold is None else short(each.threshold),
            )
            for each in self.columns
        ]
        listed = table(
            ("column", "verdict", "method", "value", "threshold"), rows, numeric=(False, False, False, True, True)
        )
        return verdict(figures) + (listed if rows else "")


def read_drift_report(document: Any) -> DriftReport | None:
    """Return what a JSON document says of drift; None where it is no report of Evidently's."""
    metrics = document.get("metrics") if isinstance(document, dict) else None
    if not isinstance(metrics, list):
        return None
    known = [metric for metric in metrics if isinstance(metric, dict) and _type_of(metric)]
    if not known:
        return None
    counted = next((metric.get("value") for metric in known if _type_of(metric) == "DriftedColumnsCount"), None)
    counted = counted if isinstance(counted, dict) else {}
    columns = tuple(_column(metric) for metric in known if _is_column_drift(metric))[:MOST_COLUMNS]
    return DriftReport(_number(counted.get("count")), _number(counted.get("share")), columns)


def _type_of(metric: dict[str, Any]) -> str:
    config = metric.get("config")
    name = config.get("type") if isinstance(config, dict) else None
    return name.rpartition(":")[2] if isinstance(name, str) and name.startswith("evidently:") else ""


def _is_column_drift(metric: dict[str, Any]) -> bool:
    return _type_of(metric) == "ValueDrift" and _number(metric.get("value")) is not None


def _column(metric: dict[str, Any]) -> ColumnDrift:
    config = metric["config"]
    value = _number(metric["value"]) or 0.0
    column, method = str(config.get("column", ""))[:200], str(config.get("method", ""))[:100]
    return ColumnDrift(column, method, value, _number(config.get("threshold")))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
