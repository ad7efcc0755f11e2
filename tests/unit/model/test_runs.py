from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.model.runs import System, run_of

UUID = "0b6c1a52-8d6e-4c55-9d0c-51f7f4a3b111"
RUN = "4f3a0f9d6c1b4a5f8e7d6c5b4a39281f"
LAYOUTS = [
    (f"v2/artifacts/iris-classify/{UUID}/train/roc.csv", System.KUBEFLOW, "iris-classify / 0b6c1a52"),
    (f"private-artifacts/team/v2/artifacts/p/{UUID}/t/{UUID}/m", System.KUBEFLOW, "p / 0b6c1a52"),
    ("artifacts/iris-7k2xp/2026/11/22/iris-7k2xp-123/mlpipeline-ui-metadata.tgz", System.KUBEFLOW, "iris-7k2xp"),
    (f"12/{RUN}/artifacts/plots/roc.png", System.MLFLOW, "experiment 12 / 4f3a0f9d"),
    (f"mlflow/ws/3/models/m-{RUN}/artifacts/MLmodel", System.MLFLOW_MODEL, "experiment 3 / m-4f3a0f9d"),
    ("argo/ns/wf-iris/wf-iris-train-1234567890/main.tgz", System.ARGO, "wf-iris"),
    ("hello-x7k2p/hello-x7k2p/main.log", System.ARGO, "hello-x7k2p"),
    ("logs/dag_id=train/run_id=manual__1/task_id=fit/roc.csv", System.AIRFLOW, "train / manual__1"),
    (
        "train/scheduled__2026-11-22T00:00:00Z/roc.csv",
        System.AIRFLOW,
        "train / scheduled__2026-11-22T00:00:00Z",
    ),
    ("FraudFlow/runs/174/steps/train/tasks/3/cards/x.html", System.METAFLOW, "FraudFlow / 174"),
    ("runs/breast-cancer/plots/roc.csv", System.RUN, "breast-cancer"),
    ("data/run_id=7/part.parquet", System.RUN, "7"),
    ("churn/2026-11-22/report.html", System.FOLDER, "churn/2026-11-22"),
    ("roc.csv", System.FOLDER, "(top of the bucket)"),
    ("", System.FOLDER, "(top of the bucket)"),
    ("models/iris/iris-v2/model.onnx", System.FOLDER, "iris/iris-v2"),
]


@pytest.mark.parametrize(("key", "system", "name"), LAYOUTS, ids=[name for _, _, name in LAYOUTS])
def test_a_known_layout_names_its_run(key: str, system: System, name: str) -> None:
    run = run_of(key)

    assert (run.system, run.name) == (system, name)
    assert key.startswith(run.prefix)


def test_all_objects_of_a_run_share_it() -> None:
    keys = [f"v2/artifacts/p/{UUID}/{task}" for task in ("train/roc.csv", f"eval/{UUID}/cm.json", "x")]

    assert len({run_of(key) for key in keys}) == 1


@given(st.lists(st.sampled_from(["a", "runs", "", "v2", "artifacts", "2026", "11", UUID, RUN, "é"]), max_size=9))
def test_a_run_is_a_prefix_that_ends_a_folder(parts: list[str]) -> None:
    run = run_of("/".join(parts))

    assert "/".join(parts).startswith(run.prefix)
    assert run.prefix == "" or run.prefix.endswith("/")
    assert run.name
