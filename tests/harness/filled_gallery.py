"""A wall as after a day: runs of many kinds, versions, every state, a second tenant. For looks and figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.harness.filled_tenants import fill_tenants
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET
from tests.harness.specimens import Specimen, drawn, specimens

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.harness.own_gallery import OwnGallery

TENANT = "team"
OTHER_TENANT = "team-of-others"
# The specimens that show what the gallery is for, oldest first; all of them would take a minute.
CHOSEN = (
    "table-csv-iris",
    "table-parquet-diabetes",
    "confusion-matrix-wine-header",
    "image-china",
    "kfp1-mixed-wine",
    "evidently-wine-drift-html",
    "notebook-elastic-net",
    "wave",
    "vega-lite-iris",
    "plotly-roc-breast-cancer",
    "onnx-iris-logreg",
    "mlflow-breast-cancer-autolog",
    "kfp2-markdown-digits",
    "log_with_colours",
    "progress_as_json_lines",
    "roc-breast-cancer-header",
)
VERSIONS = 3
LONG = (
    "runs/"
    + "a-folder-with-a-name-that-goes-on-and-on/" * 4
    + "the <b>name</b> of a file that nobody wants to read aloud.csv"
)
UNFINISHED = {
    "queued": {"kind": None, "facts": {}, "rendered_at": None, "latency_ms": None},
    "rendering": {"kind": "table", "facts": {}, "rendered_at": None, "latency_ms": None},
    "failed": {"facts": {}, "error_code": "store_unreachable", "error_message": "the object store does not answer"},
    "dead": {"facts": {}, "error_code": "invalid_json", "error_message": "line 3, column 14: a value is missing"},
    "unsupported": {"kind": "unknown", "facts": {}},
    "deleted": {"facts": {}},
}


@dataclass(frozen=True, slots=True)
class Hung:
    """Ids by what they show: the chosen specimens' names, states, and ``version-1`` to ``version-3`` of one key."""

    ids: dict[str, str]


def fill(own: OwnGallery, folder: Path, chosen: Iterable[str] = CHOSEN) -> Hung:
    """Hang everything, the newest a minute ago."""
    add_source(own.catalog, BUCKET, TENANT)
    add_source(own.catalog, f"{BUCKET}-of-others", OTHER_TENANT)
    ids: dict[str, str] = {}
    begun = datetime.now(UTC) - timedelta(hours=3)
    named = {specimen.name: specimen for specimen in specimens()}
    for number, specimen in enumerate(named[name] for name in chosen):
        at = begun + timedelta(minutes=number * 4)
        tenant = OTHER_TENANT if number % 7 == 6 else TENANT
        ids[specimen.name] = hang(own, folder, specimen, at, number, tenant=tenant)
    for number in range(VERSIONS):
        specimen = Specimen(f"version-{number + 1}", "runs/seen-again/matrix.csv", better_matrix(number), "text/csv")
        at = begun + timedelta(minutes=170 + number)
        latest = number == VERSIONS - 1
        ids[specimen.name] = hang(own, folder, specimen, at, 900 + number, version_id=f"v{number}", is_latest=latest)
    for number, (state, columns) in enumerate(UNFINISHED.items()):
        # What is under way is new; what went wrong is older than the pictures, and stands below them.
        at = begun + timedelta(minutes=179 if state in ("queued", "rendering") else -5, seconds=number)
        key = LONG if state == "dead" else f"runs/of-every-state/{state}.csv"
        row = artifact_row(
            key, 950 + number, bucket=BUCKET, state=state, event_at=at, queued_at=at, title="", **columns
        )
        write_artifacts(own.catalog, row)
        ids[state] = str(row["id"])
    fill_tenants(own.catalog, "somebody")
    return Hung(ids)


def better_matrix(number: int) -> bytes:
    """Return a confusion matrix of three classes; a higher number gets more of them right."""
    names = ("setosa", "versicolor", "virginica")
    cells = (
        f"{one},{other},{40 + number * 3 if one == other else 9 - 2 * number + len(one) % 3}"
        for one in names
        for other in names
    )
    return "\n".join(cells).encode()


def hang(own: OwnGallery, folder: Path, specimen: Specimen, at: datetime, number: int, **columns: object) -> str:
    """Render one specimen and hang it."""
    rendering = drawn(specimen, folder)
    times = {"event_at": at, "queued_at": at, "rendered_at": at + timedelta(milliseconds=300), "latency_ms": 300}
    maker = {"renderer_name": f"belvedere.{rendering.kind}", "renderer_version": "1"}
    told = {"number": number, "content_type": specimen.content_type, "tenant": TENANT} | times | maker | columns
    return own.hang_rendering(specimen.key, rendering, specimen.content, **told)
