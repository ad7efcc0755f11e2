"""Replace tenants' access keys before they grow old. Wiring only; see ``belvedere.tenants.rotating``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

DOC = """
### Rotate tenants' keys

In two phases, so that running work never breaks: a new key is made, recorded and tried; only then the old one retires,
and goes on working for the tenant's *grace*; a later run revokes it. A run that died anywhere is finished by the next.

Once an hour the tenants whose keys are older than their `keys.rotate_every` are found (**due**), and each gets a mapped
task (**rotate**). A tenant that is named is rotated at once, however young its keys: one may have leaked.
"""


@dag(
    dag_id="rotate_tenant_keys",
    description="Replace tenants' access keys in two phases, so that running work never breaks",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule="23 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=8,
    tags=["belvedere", "tenants"],
    dagrun_timeout=timedelta(hours=1),
    default_args={
        "owner": "belvedere",
        "retries": 4,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(minutes=10),
    },
    params={
        "tenant": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
            title="Tenant",
            description_md="Rotate this one now. Empty: all tenants whose keys are due.",
        ),
        "only_due": Param(
            False,
            type="boolean",
            title="Only what is due",
            description_md="Of the tenant that is named, replace only keys that are old, and revoke what has retired.",
        ),
        "mlflow_passwords": Param(
            False,
            type="boolean",
            title="MLflow passwords, too",
            description_md="Of the tenant that is named. MLflow knows one password a user: the old one ends at once.",
        ),
    },
)
def rotate_tenant_keys() -> None:
    """Find whose keys are due, then rotate them."""

    @task(doc_md="Returns the tenants whose keys are due.")
    def due(params: dict[str, Any] | None = None) -> list[str]:
        from belvedere.orchestration import tenant_rotation
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_rotation.due(params or {}, run_of(get_current_context()))

    @task(map_index_template="{{ task.op_kwargs['tenant'] }}", doc_md="Replaces what is due of one tenant.")
    def rotate(tenant: str, params: dict[str, Any] | None = None) -> int:
        from belvedere.orchestration import tenant_rotation
        from belvedere.orchestration.tenant_tasks import began, run_of

        context = get_current_context()
        return tenant_rotation.rotate(tenant, params or {}, run_of(context), began(context))

    rotate.expand(tenant=due())


rotate_tenant_keys()
