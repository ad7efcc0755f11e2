"""Many tenants: how long new ones take to be made from files, and what looking at unchanged ones costs."""

from __future__ import annotations

import resource
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from belvedere.catalog.tenants import declare, note_applied
from belvedere.clients.postgres import connect
from belvedere.model.tenant import TenantSpec
from belvedere.tenants.applying import apply
from belvedere.tenants.credential_store import Seals
from belvedere.tenants.observing import Fleet, observe
from belvedere.tenants.plan import plan
from tests.harness.airflow import ENDED
from tests.harness.tenant_world import TenantWorld
from tests.harness.tenants import DEPLOYMENT
from tests.harness.waiting import eventually
from tests.harness.whole import tenants_folder
from tests.perf.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from belvedere.clients.postgres import Connection
    from belvedere.tenants.systems import Systems
    from tests.harness.whole import RunningStack

NEW, ALL = 50, 500
NEW_GOAL, ALL_GOAL = 60.0, 30.0
MAKERS = 4
RUN_SECONDS = 600.0
POLL_SECONDS = 1.0
"""Each look at a run costs the API server 15 ms of a core: more often, and the looking is measured too."""
DAG = "reconcile_tenants"
READY = "select count(*) as ready from tenants where state = 'ready' and name = any(%s)"


def new_tenants(stack: RunningStack, mark: str = "") -> Iterator[Figure]:
    """Make tenants from files by the DAG."""
    names = [f"bench-{mark or uuid.uuid4().hex[:6]}-{number:03}" for number in range(NEW)]
    yield from _made_from_files(stack, names)


def tenants(stack: RunningStack) -> Iterator[Figure]:
    """Make tenants from files by the DAG, then more of them directly, and look at all of them."""
    mark = uuid.uuid4().hex[:6]
    yield from new_tenants(stack, mark)
    with connect(stack.env["CATALOG_DSN"]) as catalog:
        seals = Seals.of(stack.instance.secrets.credentials_key)
        systems = TenantWorld.of(stack.instance, catalog, seals).systems
        _make(systems, catalog, [f"bench-{mark}-{number:03}" for number in range(NEW, ALL)])
        yield from _looked_at(systems, catalog)
    yield from _surveyed(stack)


def _made_from_files(stack: RunningStack, names: Sequence[str]) -> Iterator[Figure]:
    folder = tenants_folder(stack.instance.paths.home)
    for name in names:
        (folder / f"{name}.yaml").write_text(f"name: {name}\n")
    seconds = _seconds_of_run(stack)
    with connect(stack.env["CATALOG_DSN"]) as catalog:
        ready = catalog.execute(READY, (list(names),)).fetchall()[0]["ready"]
    yield Figure(f"{NEW} new tenants from files, made and verified", seconds, "s", NEW_GOAL)
    yield Figure(f"{NEW} new tenants from files, not ready", NEW - ready, "", 0)


def _looked_at(systems: Systems, catalog: Connection) -> Iterator[Figure]:
    """Plan all tenants as the survey does, and count what the process grows by."""
    specs = [
        TenantSpec.model_validate(row["spec"])
        for row in catalog.execute("select spec from tenants where state <> 'removed' order by name").fetchall()
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    fleet = Fleet.take(systems, DEPLOYMENT.topic.name)
    looked = time.monotonic() - began
    with ThreadPoolExecutor(MAKERS) as lookers:

        def changes(spec: TenantSpec) -> int:
            return len(plan(spec, observe(spec, fleet, systems, DEPLOYMENT.renderings_suffix), DEPLOYMENT).changes)

        changed = sum(map(bool, lookers.map(changes, specs)))
    seconds = time.monotonic() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    yield Figure(f"plan of {len(specs)} unchanged tenants", seconds, "s", ALL_GOAL)
    yield Figure(f"plan of {len(specs)} unchanged tenants, the one picture of them", looked, "s")
    yield Figure(f"plan of {len(specs)} unchanged tenants, with changes", changed, "", 0)
    yield Figure(f"plan of {len(specs)} unchanged tenants, memory", grown, "MB")


def _surveyed(stack: RunningStack) -> Iterator[Figure]:
    yield Figure(f"a run of {DAG} over {ALL} unchanged tenants", _seconds_of_run(stack), "s")


def _seconds_of_run(stack: RunningStack) -> float:
    """Run the DAG over everything, and return how long Airflow says it took."""
    stack.airflow.await_dag(DAG)
    run_id = stack.airflow.start(DAG, {})
    eventually(
        lambda: stack.airflow.state(DAG, run_id) in ENDED, RUN_SECONDS, what=f"the end of {DAG}", poll=POLL_SECONDS
    )
    run = stack.airflow.get(f"/dags/{DAG}/dagRuns/{run_id}")
    assert run["state"] == "success", stack.airflow.logs(DAG, run_id)
    return float(run["duration"])


def _make(systems: Systems, catalog: Connection, names: Sequence[str]) -> None:
    """Make tenants without Airflow: setting up, not measured."""
    specs = [TenantSpec(name=name) for name in names]
    fleet = Fleet.take(systems, DEPLOYMENT.topic.name)

    def make(spec: TenantSpec) -> None:
        state = observe(spec, fleet, systems, DEPLOYMENT.renderings_suffix)
        apply(plan(spec, state, DEPLOYMENT), spec, systems, lambda _: None)
        declare(catalog, spec.name, spec.document(), spec.digest(), "api")
        note_applied(catalog, spec.name, spec.digest(), {}, None)

    with ThreadPoolExecutor(MAKERS) as makers:
        list(makers.map(make, specs))
