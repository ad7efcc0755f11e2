"""Everything that is said of a comparison: what all artifacts share, and what a chosen pair differs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact
from belvedere.rendering.comparing.facts import FactRow, fact_rows
from belvedere.rendering.comparing.matrices import MatrixDelta, matrix_delta
from belvedere.rendering.comparing.metrics import MetricDelta, metric_deltas
from belvedere.rendering.comparing.plots import RocOverlay, SeriesOverlay, roc_overlay, series_overlay
from belvedere.rendering.comparing.tables import TableDelta, table_delta
from belvedere.rendering.comparing.texts import TextDiff, text_diff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.rendering.comparing.subjects import Subject


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different. ``pair`` are the numbers of the two artifacts that matrix, table and text are of."""

    pair: tuple[int, int]
    roc: RocOverlay | None
    series: SeriesOverlay | None
    metrics: tuple[MetricDelta, ...]
    matrix: MatrixDelta | None
    table: TableDelta | None
    text: TextDiff | None
    facts: tuple[FactRow, ...]


def compare(subjects: Sequence[Subject], other: int = 1) -> Comparison:
    """Compare artifacts: all of them where they share axes, the first with the ``other`` where only two can be.

    Raises:
        MalformedArtifact: what is to be compared is nested absurdly deep.
    """
    base, chosen = subjects[0], subjects[other]
    try:
        return Comparison(
            pair=(0, other),
            roc=roc_overlay(subjects),
            series=series_overlay(subjects),
            metrics=metric_deltas(subjects),
            matrix=matrix_delta(base, chosen),
            table=table_delta(base, chosen),
            text=text_diff(base, chosen),
            facts=fact_rows(subjects),
        )
    except RecursionError:
        raise MalformedArtifact("The data of these artifacts are nested too deeply to be compared.") from None
