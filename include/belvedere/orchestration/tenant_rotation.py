"""What the DAG ``rotate_tenant_keys`` does: find the tenants whose keys are due, and replace them in two phases."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from belvedere.catalog.tenants import list_tenants
from belvedere.errors import BelvedereError
from belvedere.model.tenant_state import TenantState
from belvedere.orchestration.failing import permanent_errors_fail
from belvedere.orchestration.tenant_provisioning import noted
from belvedere.orchestration.tenant_systems import opened
from belvedere.orchestration.tenant_work import TenantWork
from belvedere.tenants.declarations import read_document
from belvedere.tenants.rotating import plan_rotation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.tenant import TenantSpec
    from belvedere.orchestration.tenant_work import RunOfTenants
    from belvedere.tenants.changes import TenantPlan
    from belvedere.tenants.observing import Fleet

log = logging.getLogger(__name__)


def due(params: Mapping[str, Any], run: RunOfTenants) -> list[str]:
    """Return the tenants that something is to be done for now; a tenant that is named always is."""
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        if params["tenant"]:
            return [work.known(params["tenant"])[0].name]
        fleet = systems.look()
        found = []
        for tenant in list_tenants(systems.catalog, None):
            try:
                spec = read_document(dict(tenant.spec))
            except BelvedereError as error:
                log.error("tenant %s: %s", tenant.name, error.message)
                continue
            if tenant.applied_digest and _plan(work, spec, fleet, params, began=None).changes:
                found.append(tenant.name)
        log.info("%d tenants have keys that are due: %s", len(found), ", ".join(found) or "none")
        return found


def rotate(tenant: str, params: Mapping[str, Any], run: RunOfTenants, began: datetime) -> int:
    """Replace what is due of one tenant, and return the number of changes.

    A tenant that is named has all keys replaced that are older than the run: tried again, it replaces none twice.
    """
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        with systems.alone_with(tenant), noted(work, tenant):
            _, spec = work.known(tenant)
            at_once = bool(params["tenant"]) and not params["only_due"]
            made = _plan(work, spec, systems.look(), params, began=began if at_once else None)
            log.info("%s", made)
            for warning in made.warnings:
                log.warning("%s", warning)
            return work.carry_out(made, spec)


def _plan(
    work: TenantWork, spec: TenantSpec, fleet: Fleet, params: Mapping[str, Any], *, began: datetime | None
) -> TenantPlan:
    """Plan on what concerns keys and passwords alone: no bucket is looked at."""
    state = TenantState(
        account=fleet.account_of(spec.name), users=fleet.users_of(spec), records=fleet.records_of(spec.name)
    )
    return plan_rotation(
        spec,
        state,
        work.opened.deployment.renderings_suffix,
        datetime.now(UTC),
        replace_before=began,
        mlflow_passwords=bool(params["tenant"]) and params["mlflow_passwords"],
    )
