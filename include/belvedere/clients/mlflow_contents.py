"""What an MLflow workspace holds, beyond what Belvedere itself left there.

MLflow never forgets an experiment: deleted ones stay until its operator runs ``mlflow gc``, and a workspace with one of
them counts as full. So the experiments of our checks would keep every workspace from being removed as empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.clients.mlflow_api import MlflowApi

CHECK_EXPERIMENT = "belvedere-check"
"""What the names of our experiments begin with."""
MOST_CHECKS = 100
PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"
OTHER_LISTS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("GET", "/2.0/mlflow/registered-models/search", {"params": {"max_results": 1}}),
    ("GET", "/2.0/mlflow/registered-models/search", {"params": {"max_results": 1, "filter": PROMPTS}}),
    ("GET", "/2.0/mlflow/webhooks", {"params": {"max_results": 1}}),
    ("POST", "/3.0/mlflow/datasets/search", {"body": {"max_results": 1}}),
    ("GET", "/3.0/mlflow/gateway/secrets/list", {}),
    ("GET", "/3.0/mlflow/gateway/endpoints/list", {}),
    ("GET", "/3.0/mlflow/gateway/model-definitions/list", {}),
    ("GET", "/3.0/mlflow/gateway/budgets/list", {}),
    ("GET", "/3.0/mlflow/gateway/guardrails/list", {}),
    ("GET", "/3.0/mlflow/mcp-servers", {}),
)
"""All that belongs to a workspace in MLflow 3.17, but for experiments and the history of jobs."""


def holds_only_checks(api: MlflowApi, workspace: str) -> bool:
    """Whether a workspace holds nothing but deleted experiments of our checks.

    Raises:
        ServiceUnavailable, AccessDenied, PermanentError: MLflow did not tell, so nobody may take it for empty.
    """
    what = f"looking into workspace {workspace}"
    for method, path, options in OTHER_LISTS:
        answer = api.call(method, path, what, workspace=workspace, **options) or {}
        if any(answer.values()):
            return False
    body = {"max_results": MOST_CHECKS, "view_type": "ALL"}
    found = api.call("POST", "/2.0/mlflow/experiments/search", what, body=body, workspace=workspace) or {}
    return "next_page_token" not in found and all(_is_check(each) for each in found.get("experiments", []))


def _is_check(experiment: Mapping[str, Any]) -> bool:
    return str(experiment["name"]).startswith(CHECK_EXPERIMENT) and experiment["lifecycle_stage"] == "deleted"
