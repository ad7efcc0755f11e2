"""What the dispatcher relies on in Airflow's REST API, tried on a running Airflow."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import jwt
import pytest

from belvedere.clients.airflow_api import AirflowApi, DagNotReady
from belvedere.errors import AccessDenied, PermanentError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.whole import RunningStack

# A claim that nobody holds: its run finds nothing to do.
NOTHING_TO_DO = {"claim": "0" * 32}


@pytest.fixture
def api(stack: RunningStack) -> Iterator[AirflowApi]:
    """The dispatcher's own account, as the stack sets it up."""
    secret = stack.instance.secrets.airflow_dispatcher_password
    with AirflowApi(stack.url, "belvedere", secret) as api:
        yield api


def test_one_run_id_is_one_run(api: AirflowApi) -> None:
    run_id = f"claim__{uuid.uuid4().hex}"

    assert api.trigger("render_artifacts", run_id, NOTHING_TO_DO)
    assert not api.trigger("render_artifacts", run_id, NOTHING_TO_DO)

    assert api.request("GET", f"/dags/render_artifacts/dagRuns/{run_id}")["conf"] == NOTHING_TO_DO


def test_a_dag_that_is_not_there_may_come(api: AirflowApi) -> None:
    with pytest.raises(DagNotReady):
        api.trigger("no_such_dag", "run", {})


def test_a_conf_out_of_form_is_refused_for_good(api: AirflowApi) -> None:
    with pytest.raises(PermanentError):
        api.trigger("render_artifacts", f"bad__{uuid.uuid4().hex}", {"claim": "not a claim"})


def test_a_token_that_has_expired_is_renewed(stack: RunningStack, api: AirflowApi) -> None:
    api.request("GET", "/dags", params={"limit": 1})
    token = api._http.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False}) | {"exp": 1}
    algorithm = jwt.get_unverified_header(token)["alg"]
    expired = jwt.encode(claims, stack.instance.secrets.airflow_jwt_secret, algorithm=algorithm)
    api._http.headers["Authorization"] = f"Bearer {expired}"

    assert api.request("GET", "/dags", params={"limit": 1})["dags"]


def test_a_wrong_password_is_told_as_such(stack: RunningStack) -> None:
    with AirflowApi(stack.url, "belvedere", "wrong") as api, pytest.raises(AccessDenied, match="DISPATCHER"):
        api.trigger("render_artifacts", "run", NOTHING_TO_DO)


def test_a_viewer_may_not_start_runs(stack: RunningStack) -> None:
    secret = stack.env["AIRFLOW_VIEWER_PASSWORD"]
    with AirflowApi(stack.url, stack.env["AIRFLOW_VIEWER_USER"], secret) as api, pytest.raises(AccessDenied):
        api.trigger("render_artifacts", f"v__{uuid.uuid4().hex}", NOTHING_TO_DO)


def test_a_server_that_is_away_may_come_back() -> None:
    with AirflowApi("http://127.0.0.1:1", "belvedere", "any") as api, pytest.raises(ServiceUnavailable):
        api.trigger("render_artifacts", "run", NOTHING_TO_DO)
