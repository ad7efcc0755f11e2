"""What the DAG ``reconcile_tenants`` does: follow the files, look at every tenant, repair those that want it.

The survey looks at all tenants in one task, since one picture serves them all; those that are not as they should be
get a mapped task each, so that a broken one never stops the others.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from belvedere.catalog.orphans import note_orphans
from belvedere.catalog.sources import tenants_of_buckets
from belvedere.catalog.tenants import clock, list_tenants, note_orphaned
from belvedere.errors import BelvedereError, PermanentError
from belvedere.model.tenant import DriftPolicy
from belvedere.orchestration.failing import Troubles, permanent_errors_fail
from belvedere.orchestration.tenant_provisioning import bring_about, noted, prove
from belvedere.orchestration.tenant_systems import opened
from belvedere.orchestration.tenant_work import TenantWork
from belvedere.settings import settings
from belvedere.tenants.declarations import read_document, read_folder
from belvedere.tenants.orphans import find_orphans, marked_buckets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from belvedere.catalog.tenants import DeclaredTenant
    from belvedere.model.tenant import TenantSpec
    from belvedere.orchestration.tenant_work import RunOfTenants
    from belvedere.tenants.changes import TenantPlan
    from belvedere.tenants.observing import Fleet

log = logging.getLogger(__name__)

GIT = "git:"
LOOKERS = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of one tenant: its plan, or why there is none."""

    tenant: DeclaredTenant
    spec: TenantSpec | None = None
    plan: TenantPlan | None = None
    error: BelvedereError | None = None


def survey(params: Mapping[str, Any], run: RunOfTenants) -> list[str]:
    """Look at every tenant (or at one), note how it has drifted, and return those that are to be worked on."""
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        if not params["tenant"]:
            follow_files(work, settings().tenants_folder)
        tenants = [each for each in list_tenants(systems.catalog, None) if params["tenant"] in (None, each.name)]
        since, fleet = clock(systems.catalog), systems.look()
        new, others = [each.name for each in tenants if _is_new(each)], [each for each in tenants if not _is_new(each)]
        seen = _look(work, others, fleet, since)
        waiting = sorted(new + [name for each in seen if (name := _noted(work, each, params["policy"]))])
        if not params["tenant"]:
            _tell_orphans(work, fleet)
        log.info("%d tenants, %d of them to be worked on: %s", len(tenants), len(waiting), ", ".join(waiting) or "none")
        return waiting


def reconcile(tenant: str, run: RunOfTenants) -> int:
    """Bring one tenant to its declaration, try it, and return the number of changes made."""
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        with systems.alone_with(tenant), noted(work, tenant):
            _, spec = work.known(tenant)
            changes = bring_about(work, spec)
            prove(work, spec)
            return changes


def report(waiting: Collection[str] | None, run: RunOfTenants) -> dict[str, int]:
    """Look once more at the tenants that were worked on, and return how many of all are in which state.

    One picture serves them all here, too: taken by each of their tasks it would cost more than making the tenant.

    Raises:
        AirflowFailException: naming the broken files and the failed tenants, whose pages say why.
    """
    with permanent_errors_fail(), opened() as systems:
        _look_again(TenantWork(systems, run), waiting or ())
        tenants = list_tenants(systems.catalog, None)
        counts: dict[str, int] = {}
        for each in tenants:
            counts[each.state] = counts.get(each.state, 0) + 1
        log.info("%s", ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "no tenants")
        troubles = Troubles()
        for what, error in _broken(tenants):
            with troubles.of(what):
                raise error
        troubles.complain()
        return counts


def _look_again(work: TenantWork, names: Collection[str]) -> None:
    done = [each for each in list_tenants(work.opened.catalog, None) if each.name in names and each.state != "failed"]
    if not done:
        return
    since, fleet = clock(work.opened.catalog), work.opened.look()
    for seen in _look(work, done, fleet, since):
        if seen.error:
            log.warning("tenant %s could not be looked at again: %s", seen.tenant.name, seen.error.message)


def follow_files(work: TenantWork, folder: str) -> None:
    """Declare what the files say, and mark the tenants whose file is gone; nothing is ever deleted for that."""
    if not folder:
        return
    files = read_folder(Path(folder))
    for each in files:
        if each.spec:
            work.declare(each.spec, GIT + each.file)
        elif each.problem:
            log.error("%s", each.problem.message)
    there = {GIT + each.file for each in files}
    known = [each for each in list_tenants(work.opened.catalog, None) if each.source.startswith(GIT)]
    for name in note_orphaned(work.opened.catalog, [each.name for each in known if each.source not in there]):
        summary = f"mark tenant {name}: its file is gone"
        work.record(name, "mark_orphaned", summary, reason="nothing is deleted; remove_tenant does that")
        log.warning("%s; nothing is deleted, start remove_tenant for that", summary)


def _look(work: TenantWork, tenants: Sequence[DeclaredTenant], fleet: Fleet, since: datetime) -> Iterator[Seen]:
    """Look at tenants side by side, in a picture begun at ``since``; what goes wrong with one is told of that one."""

    def one(tenant: DeclaredTenant) -> Seen:
        try:
            spec = read_document(dict(tenant.spec))
            state, made = work.plan(spec, fleet)
            if made.changes or tenant.state not in ("ready", "drifted") or tenant.drift:
                log.info("%s", made)
            work.note_seen(spec, state, made, dict(tenant.observed), since)
            return Seen(tenant, spec, made)
        except BelvedereError as error:
            return Seen(tenant, error=error)

    with ThreadPoolExecutor(LOOKERS, thread_name_prefix="survey") as lookers:
        yield from lookers.map(one, tenants)


def _is_new(tenant: DeclaredTenant) -> bool:
    """Whether nothing was ever tried of a tenant: whatever a look would find, its own task looks and tells."""
    return tenant.state == "declared" and tenant.applied_digest is None


def _noted(work: TenantWork, seen: Seen, policy: str | None) -> str | None:
    """Note a failure; return the tenant's name when it is to be worked on."""
    tenant = seen.tenant
    if seen.error or seen.spec is None or seen.plan is None:
        error = seen.error or PermanentError("it could not be looked at")
        log.error("tenant %s: %s", tenant.name, error.message)
        work.note_failed(tenant.name, error)
        return None
    if tenant.state == "orphaned":
        return None
    if tenant.applied_digest != tenant.digest:
        return tenant.name
    repair = (policy or seen.spec.drift.value) == DriftPolicy.REPAIR.value
    failed_before = tenant.state == "failed"
    return tenant.name if (seen.plan.changes and repair) or failed_before else None


def _tell_orphans(work: TenantWork, fleet: Fleet) -> None:
    """Note what belongs to no tenant, and credentials that only one side knows."""
    catalog = work.opened.catalog
    declared = list_tenants(catalog, None, with_removed=True)
    removed = {each.name for each in declared if each.state == "removed"}
    known = {each.name for each in declared} - removed | set(tenants_of_buckets(catalog).values())
    found = find_orphans(fleet, known, marked_buckets(work.opened.systems.buckets), retained=removed)
    for orphan in found:
        log.warning("orphan: %s", orphan)
    note_orphans(catalog, [asdict(orphan) for orphan in found])


def _broken(tenants: Sequence[DeclaredTenant]) -> Iterator[tuple[str, BelvedereError]]:
    folder = settings().tenants_folder
    for each in read_folder(Path(folder)) if folder else ():
        if each.problem:
            yield f"file {each.file}", each.problem
    for tenant in tenants:
        if tenant.state == "failed":
            yield f"tenant {tenant.name}", PermanentError(tenant.problem or "", code=tenant.problem_code)
