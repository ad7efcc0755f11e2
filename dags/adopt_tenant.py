"""Take over what a team had before Belvedere came. Wiring only; see ``belvedere.tenants.adopting``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

DOC = """
### Adopt a tenant

Makes a tenant of a bucket, or of an MLflow workspace, that is there already. What is there stays as it is: objects,
tags, rules of others, experiments, keys of others. What is missing is added: the renderings bucket, notification rules,
an account with keys, the workspace or its users, members.

* **plan** looks at what is there, drafts a declaration for it, and prints what will be done. Begin with *mode* `plan`.
* **apply** does it and marks everything as the tenant's; **verify** tries it as the tenant.

What the draft should say otherwise stands in *spec*, as in a file of `tenants/`: `{"members": [{"user": "alice"}]}`.
"""


@dag(
    dag_id="adopt_tenant",
    description="Make a tenant of a bucket or an MLflow workspace that is there already",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["belvedere", "tenants"],
    dagrun_timeout=timedelta(minutes=30),
    default_args={
        "owner": "belvedere",
        "retries": 4,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(minutes=10),
    },
    params={
        "tenant": Param(
            "team-a",
            type="string",
            pattern="^[a-z0-9]([a-z0-9-]{1,50})[a-z0-9]$",
            title="Tenant",
            description_md="The name of the bucket, of the workspace, and of the tenant to be.",
        ),
        "mode": Param(
            "plan",
            type="string",
            enum=["plan", "apply"],
            title="Mode",
            description_md="`plan` only says what would be done; `apply` does it.",
        ),
        "spec": Param(
            None,
            type=["null", "object"],
            title="Declaration",
            description_md="What the drafted declaration should say otherwise.",
        ),
    },
)
def adopt_tenant() -> None:
    """Plan, apply, verify."""

    @task(doc_md="Drafts a declaration, prints what will be done and why; changes nothing.")
    def plan(params: dict[str, Any] | None = None) -> list[str]:
        from belvedere.orchestration import tenant_provisioning
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_provisioning.plan(params or {}, run_of(get_current_context()))

    @task(doc_md="Takes over and adds what is missing; returns the number of changes. Skipped with mode `plan`.")
    def apply(params: dict[str, Any] | None = None) -> int:
        from belvedere.orchestration import tenant_provisioning
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_provisioning.apply(
            params or {}, run_of(get_current_context()), source=tenant_provisioning.ADOPTED
        )

    @task(doc_md="Tries everything as the tenant; returns what was tried. Skipped with mode `plan`.")
    def verify(params: dict[str, Any] | None = None) -> list[str]:
        from belvedere.orchestration import tenant_provisioning
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_provisioning.check(params or {}, run_of(get_current_context()))

    plan() >> apply() >> verify()


adopt_tenant()
