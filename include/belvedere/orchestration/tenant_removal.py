"""What the DAG ``remove_tenant`` does: say what would go, and let it go once that was confirmed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from belvedere.catalog.tenants import note_removed
from belvedere.errors import ConfigurationError
from belvedere.model.tenant import DeletionPolicy
from belvedere.orchestration.failing import permanent_errors_fail
from belvedere.orchestration.provisioning import stop_after_plan
from belvedere.orchestration.tenant_provisioning import noted
from belvedere.orchestration.tenant_systems import opened
from belvedere.orchestration.tenant_work import TenantWork
from belvedere.tenants.removing import Holdings, plan_removal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.tenant import TenantSpec
    from belvedere.orchestration.tenant_work import RunOfTenants
    from belvedere.tenants.changes import TenantPlan

log = logging.getLogger(__name__)


def plan(params: Mapping[str, Any], run: RunOfTenants) -> list[str]:
    """Print what would go and what would stay, and return it; nothing is changed."""
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        _, spec = work.known(params["tenant"])
        made = _plan(work, spec, params)
        log.info("%s", made)
        return [str(change) for change in made.changes]


def remove(params: Mapping[str, Any], run: RunOfTenants) -> int:
    """Take the tenant away as far as its policy goes, and return the number of changes made."""
    stop_after_plan(params)
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        _, spec = work.known(params["tenant"])
        _confirmed(params, spec)
        with systems.alone_with(spec.name), noted(work, spec.name):
            changes = work.carry_out(_plan(work, spec, params), spec)
            note_removed(systems.catalog, spec.name)
            work.record(spec.name, "remove", f"remove tenant {spec.name} ({_policy(params, spec).value})")
            return changes


def _plan(work: TenantWork, spec: TenantSpec, params: Mapping[str, Any]) -> TenantPlan:
    state = work.observe(spec)
    return plan_removal(spec, state, _policy(params, spec), Holdings.take(state, work.opened.systems))


def _policy(params: Mapping[str, Any], spec: TenantSpec) -> DeletionPolicy:
    return DeletionPolicy(params["policy"]) if params["policy"] else spec.deletion


def _confirmed(params: Mapping[str, Any], spec: TenantSpec) -> None:
    if _policy(params, spec) is DeletionPolicy.DELETE_ALL and params["confirm"] != spec.name:
        raise ConfigurationError(
            f"DeleteAll removes every object of tenant {spec.name} for good: type its name into confirm to say so"
        )
