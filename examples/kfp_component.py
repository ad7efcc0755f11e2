"""A Kubeflow Pipelines v1 component's end: a confusion matrix, and the metadata file that names it.

On Kubeflow the component writes ``/mlpipeline-ui-metadata.json`` and Argo uploads it as an artifact of the step. Here
both files are put where Argo would put them. ``env $(make -s env) .venv/bin/python examples/kfp_component.py``
"""

from __future__ import annotations

import json
import sys
import uuid

from bucket import BUCKET, put

LABELS = ("setosa", "versicolor", "virginica")
COUNTS = ((16, 0, 0), (0, 17, 1), (0, 0, 11))


def matrix() -> bytes:
    """Return the counts as KFP's visualizer wants them: target, predicted, count, without a header."""
    rows = zip(LABELS, COUNTS, strict=True)
    return "".join(f"{row},{LABELS[n]},{count}\n" for row, counts in rows for n, count in enumerate(counts)).encode()


def ui_metadata(matrix_uri: str) -> bytes:
    """Return the component's output viewer metadata (version 1)."""
    schema = [
        {"name": "target", "type": "CATEGORY"},
        {"name": "predicted", "type": "CATEGORY"},
        {"name": "count", "type": "NUMBER"},
    ]
    viewers = [
        {
            "type": "confusion_matrix",
            "format": "csv",
            "schema": schema,
            "source": matrix_uri,
            "labels": list(LABELS),
        },
        {"type": "markdown", "storage": "inline", "source": "# Iris\n\nSupport vector machine, held-out third."},
    ]
    return json.dumps({"version": 1, "outputs": viewers}).encode()


def main() -> None:
    """Write what a step of a run leaves behind."""
    step = f"artifacts/iris-{uuid.uuid4().hex[:5]}/evaluate-{uuid.uuid4().int % 10**10}"
    put(f"{step}/confusion_matrix.csv", matrix(), "text/csv")
    key = f"{step}/mlpipeline-ui-metadata.json"
    put(key, ui_metadata(f"minio://{BUCKET}/{step}/confusion_matrix.csv"), "application/json")
    sys.stdout.write(key + "\n")


if __name__ == "__main__":
    main()
