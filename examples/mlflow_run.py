"""An MLflow run, logged with MLflow's own client: what it logs as artifacts hangs on the wall.

The stack's MLflow server keeps artifacts in the default bucket, so nothing more is needed.
``env $(make -s env) .venv/bin/python examples/mlflow_run.py``
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ["MLFLOW_TRACKING_URI"] = os.environ["MLFLOW_URL"]
os.environ["MLFLOW_TRACKING_USERNAME"] = os.environ["MLFLOW_ADMIN_USER"]
os.environ["MLFLOW_TRACKING_PASSWORD"] = os.environ["MLFLOW_ADMIN_PASSWORD"]

import mlflow

THRESHOLDS = (("inf", 0.0, 0.0), (0.9, 0.0, 0.6), (0.6, 0.1, 0.8), (0.4, 0.3, 0.95), (0.1, 1.0, 1.0))


def roc_csv() -> str:
    """Return a ROC curve as scikit-learn gives it: the first threshold is infinite."""
    rows = (f"{false},{true},{threshold}\n" for threshold, false, true in THRESHOLDS)
    return "fpr,tpr,thresholds\n" + "".join(rows)


def main() -> None:
    """Log one run."""
    mlflow.set_experiment("churn")
    with mlflow.start_run() as run:
        mlflow.log_params({"max_depth": 4, "learning_rate": 0.1})
        mlflow.log_metric("auc", 0.871)
        mlflow.log_text(roc_csv(), "evaluation/roc.csv")
        mlflow.log_text("# Churn, November\n\nGradient boosting on 12,000 customers.\n", "report.md")
    sys.stdout.write(run.info.run_id + "\n")


if __name__ == "__main__":
    main()
