"""Take a tenant away, as far as its deletion policy goes. Wiring only; see ``belvedere.tenants.removing``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

DOC = """
### Remove a tenant

* **plan** prints what would go and what would stay. With *mode* `plan` (a dry run) that is all.
* **remove** does it: rules and people first, then keys and accounts, then (if so asked) what they held.

What becomes of the data is said by *policy*, or else by the tenant's own declaration:

* `Retain`: buckets, objects and the MLflow workspace stay; declared again, the tenant is as it was.
* `DeleteIfEmpty`: refused while a bucket or the workspace holds anything.
* `DeleteAll`: every version of every object, every rendering and the workspace go for good. Type the tenant's name into
  *confirm*.

Only what is marked as the tenant's is ever removed.
"""


@dag(
    dag_id="remove_tenant",
    description="Take a tenant's people and keys away, and its data as far as its deletion policy goes",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["belvedere", "tenants"],
    dagrun_timeout=timedelta(hours=6),
    default_args={
        "owner": "belvedere",
        "retries": 4,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(hours=5),
    },
    params={
        "tenant": Param(
            "team-a",
            type="string",
            pattern="^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
            title="Tenant",
            description_md="The tenant to remove.",
        ),
        "mode": Param(
            "plan",
            type="string",
            enum=["plan", "apply"],
            title="Mode",
            description_md="`plan` only says what would go; `apply` does it.",
        ),
        "policy": Param(
            None,
            type=["null", "string"],
            enum=[None, "Retain", "DeleteIfEmpty", "DeleteAll"],
            title="What becomes of the data",
            description_md="Empty: what the tenant declares (`deletion`).",
        ),
        "confirm": Param(
            None,
            type=["null", "string"],
            maxLength=63,
            title="Confirm",
            description_md="With `DeleteAll`: the tenant's name, typed once more.",
        ),
    },
)
def remove_tenant() -> None:
    """Plan, then remove."""

    @task(doc_md="Prints what would go and what would stay; changes nothing.")
    def plan(params: dict[str, Any] | None = None) -> list[str]:
        from belvedere.orchestration import tenant_removal
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_removal.plan(params or {}, run_of(get_current_context()))

    @task(doc_md="Takes the tenant away; returns the number of changes. Skipped with mode `plan`.")
    def remove(params: dict[str, Any] | None = None) -> int:
        from belvedere.orchestration import tenant_removal
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_removal.remove(params or {}, run_of(get_current_context()))

    plan() >> remove()


remove_tenant()
