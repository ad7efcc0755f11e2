"""Create and keep right the storage that the main loop needs. Wiring only; see ``belvedere.storage``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from belvedere.settings import settings

DOC = """
### Provision storage

Makes buckets sources of artifacts: the bucket itself, its renderings bucket, the Kafka topic, and the notification
rules that announce every object on two targets (a fast one and a durable one).

* **plan** prints what will be done and why. With *mode* `plan` the run ends here.
* **apply** does it. Run it as often as you like: the second time there is nothing to do.
* **probe** puts a tiny object under `.belvedere/probe/` and waits until both targets have announced it.

Others' tags, lifecycle rules and notification rules stay. A bucket that holds something and is not marked as
Belvedere's (tag `belvedere-tenant`) is refused until *adopt* is set. An empty bucket without tags is taken as it is.
"""
BUCKET_NAME = "^[a-z0-9][a-z0-9.-]{1,50}[a-z0-9]$"


@dag(
    dag_id="provision_storage",
    description="Create and keep right the buckets, the topic and the notification rules of the main loop",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["belvedere", "storage"],
    dagrun_timeout=timedelta(minutes=30),
    default_args={
        "owner": "belvedere",
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
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
        "buckets": Param(
            [settings().default_bucket],
            type="array",
            items={"type": "string", "pattern": BUCKET_NAME},
            minItems=1,
            title="Buckets",
            description_md="The source buckets, one a line. Renderings go to `<bucket>-renderings`.",
        ),
        "tenant": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$",
            title="Tenant",
            description_md="Whose the buckets are. Empty: each bucket's own name.",
        ),
        "versioning": Param(
            True,
            type="boolean",
            title="Keep versions",
            description_md="Keep every version of every object in the source buckets (never switched off again).",
            section="Details",
        ),
        "renderings_expire_days": Param(
            settings().renderings_expire_days,
            type="integer",
            minimum=1,
            maximum=3650,
            title="Keep old renderings (days)",
            description_md="Renderings that were overwritten or removed go for good after so many days.",
            section="Details",
        ),
        "adopt": Param(
            False,
            type="boolean",
            title="Adopt",
            description_md="Take over buckets that hold something and are not marked as Belvedere's.",
            section="Details",
        ),
        "probe_seconds": Param(
            30,
            type="integer",
            minimum=5,
            maximum=600,
            title="Wait for the probe (seconds)",
            description_md="How long both notification targets may take to announce the probe object.",
            section="Details",
        ),
    },
)
def provision_storage() -> None:
    """Plan, apply, probe."""

    @task(doc_md="Prints what will be done and why; changes nothing.")
    def plan(params: dict[str, Any] | None = None) -> dict[str, list[str]]:
        from belvedere.orchestration import provisioning

        return provisioning.plan(params or {})

    @task(doc_md="Does what the plan says. Skipped with mode `plan`.")
    def apply(params: dict[str, Any] | None = None) -> dict[str, int]:
        from belvedere.orchestration import provisioning

        return provisioning.apply(params or {})

    @task(doc_md="Proves that both notification targets announce an object. Skipped with mode `plan`.")
    def probe(params: dict[str, Any] | None = None) -> dict[str, list[float]]:
        from belvedere.orchestration import provisioning

        return provisioning.probe(params or {})

    plan() >> apply() >> probe()


provision_storage()
