"""Keep tenants as they were declared. Wiring only; see ``belvedere.orchestration.tenant_reconciling``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

DOC = """
### Reconcile tenants

Every ten minutes the tenants' files (`BELVEDERE_TENANTS_FOLDER`) and all systems are compared:

* **survey** declares what files say, marks tenants whose file is gone (nothing is deleted for that), looks at every
  tenant in one picture, notes how each has drifted, and finds what belongs to nobody. A new tenant, of which nothing
  was ever tried, is left to its own task.
* **reconcile**, one mapped task a tenant, brings those to their declaration that were declared anew, that failed
  before, or that drifted and are to be repaired (`drift: repair`, or *policy*). A broken one stops no other.
* **report** looks once more at those that were worked on, counts, and fails while a file or a tenant is broken.

A tenant with `drift: report` is only reported: its page in the gallery lists what differs, and why.
"""


@dag(
    dag_id="reconcile_tenants",
    description="Compare tenants with their declarations, report drift, repair it where that is wanted",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule="*/10 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=6,  # keeps two cores busy; each more sends heartbeats and waits
    tags=["belvedere", "tenants"],
    dagrun_timeout=timedelta(hours=2),
    default_args={
        "owner": "belvedere",
        "retries": 3,
        "retry_delay": timedelta(seconds=15),
        "execution_timeout": timedelta(minutes=30),
    },
    params={
        "tenant": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
            title="Tenant",
            description_md="Only this one; the files are then left aside. Empty: all of them.",
        ),
        "policy": Param(
            None,
            type=["null", "string"],
            enum=[None, "report", "repair"],
            title="On drift",
            description_md="`report` or `repair` for this run. Empty: what each tenant declares.",
        ),
    },
)
def reconcile_tenants() -> None:
    """Survey, then reconcile whom it names."""

    @task(doc_md="Looks at every tenant and returns those that are to be worked on.")
    def survey(params: dict[str, Any] | None = None) -> list[str]:
        from belvedere.orchestration import tenant_reconciling
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_reconciling.survey(params or {}, run_of(get_current_context()))

    @task(map_index_template="{{ task.op_kwargs['tenant'] }}", doc_md="Brings one tenant to its declaration.")
    def reconcile(tenant: str) -> int:
        from belvedere.orchestration import tenant_reconciling
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_reconciling.reconcile(tenant, run_of(get_current_context()))

    @task(trigger_rule="all_done", retries=0, doc_md="Looks again, counts by state; fails while one is broken.")
    def report(waiting: list[str] | None) -> dict[str, int]:
        from belvedere.orchestration import tenant_reconciling
        from belvedere.orchestration.tenant_tasks import run_of

        return tenant_reconciling.report(waiting, run_of(get_current_context()))

    waiting = survey()
    reconcile.expand(tenant=waiting) >> report(waiting)


reconcile_tenants()
