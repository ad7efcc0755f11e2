"""Make a tenant, or bring it to a new declaration. Wiring only; see ``belvedere.tenants``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

DOC = """
### Provision a tenant

One declaration makes a team's buckets with their rules, its account and rotating access keys at the object store, its
workspace and users at MLflow, and its people in the gallery.

* **plan** prints what will be done, in order and with reasons. With *mode* `plan` the run ends here.
* **apply** keeps the declaration and does it; each change is recorded. One that failed goes on when run again.
* **verify** tries everything as the tenant: a real PUT and GET, a real MLflow run; and that others are refused.

Fill in the form, or hand over a whole declaration as *spec* (the JSON of a file in `tenants/`; over REST:
`{"conf": {"mode": "apply", "spec": {"name": "team-a"}}}`). A `dag_run_id` of your own makes the call idempotent. What
exists and is not marked as Belvedere's is refused until *adopt* is set. No secret is ever printed: a member finds the
tenant's credentials on its page in the gallery.
"""
NAME = "^[a-z0-9]([a-z0-9-]{1,50})[a-z0-9]$"
DURATION = "^(0|[1-9][0-9]{0,6})(s|m|h|d|w)$"
SIZE = "^[1-9][0-9]{0,8}(B|KiB|MiB|GiB|TiB)$"


def _detail(default: Any, title: str, description: str, **schema: Any) -> Param:
    return Param(default, title=title, description_md=description, section="Details", **schema)


@dag(
    dag_id="provision_tenant",
    description="Make a tenant of buckets, keys, MLflow workspace and members, or bring it to a new declaration",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    tags=["belvedere", "tenants"],
    dagrun_timeout=timedelta(minutes=30),
    default_args={
        "owner": "belvedere",
        "retries": 4,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=2),
        "execution_timeout": timedelta(minutes=10),
    },
    params={
        "mode": Param(
            "apply",
            type="string",
            enum=["apply", "plan"],
            title="Mode",
            description_md="`plan` only says what would be done; `apply` does it.",
        ),
        "name": Param(
            None,
            type=["null", "string"],
            pattern=NAME,
            title="Name",
            description_md="Of the tenant, its bucket and its MLflow workspace: 3 to 52 characters a-z, 0-9, -.",
        ),
        "members": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "pattern": "^[^/*,:]{1,128}(:(member|viewer))?$"},
            title="Members",
            description_md="Users as they log in to Airflow, one a line; `carol:viewer` looks only.",
        ),
        "quota": _detail(
            None, "Quota", "Most bytes of the bucket, about, such as `10GiB`.", type=["null", "string"], pattern=SIZE
        ),
        "versioning": _detail(
            True, "Keep versions", "Keep every version of every object (never switched off again).", type="boolean"
        ),
        "mlflow": _detail(
            True, "MLflow", "Make a workspace and a user; artifacts go to the tenant's bucket.", type="boolean"
        ),
        "rotate_every": _detail(
            "30d", "Rotate keys after", "How old a key becomes before it is replaced.", type="string", pattern=DURATION
        ),
        "grace": _detail("24h", "Grace", "How long a replaced key works yet.", type="string", pattern=DURATION),
        "deletion": _detail(
            "Retain",
            "When removed",
            "What becomes of the data when the tenant is removed.",
            type="string",
            enum=["Retain", "DeleteIfEmpty", "DeleteAll"],
        ),
        "drift": _detail(
            "report",
            "On drift",
            "What `reconcile_tenants` does about what was changed behind our back.",
            type="string",
            enum=["report", "repair"],
        ),
        "adopt": _detail(False, "Adopt", "Take over what exists and is not marked as Belvedere's.", type="boolean"),
        "spec": Param(
            None,
            type=["null", "object"],
            title="Declaration",
            description_md="Everything that a tenant's file can say; the form above is then left aside.",
            section="A whole declaration instead",
        ),
    },
)
def provision_tenant() -> None:
    """Plan, apply, verify."""

    @task(doc_md="Prints what will be done and why; changes nothing.")
    def plan(params: dict[str, Any] | None = None) -> list[str]:
        from belvedere.orchestration import tenant_provisioning
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_provisioning.plan(params or {}, run_of(get_current_context()))

    @task(doc_md="Does what the plan says; returns the number of changes. Skipped with mode `plan`.")
    def apply(params: dict[str, Any] | None = None) -> int:
        from belvedere.orchestration import tenant_provisioning
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_provisioning.apply(params or {}, run_of(get_current_context()))

    @task(doc_md="Tries everything as the tenant; returns what was tried. Skipped with mode `plan`.")
    def verify(params: dict[str, Any] | None = None) -> list[str]:
        from belvedere.orchestration import tenant_provisioning
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_provisioning.check(params or {}, run_of(get_current_context()))

    plan() >> apply() >> verify()


provision_tenant()
