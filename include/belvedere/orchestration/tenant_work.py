"""One run at work on tenants: what it looks at, changes, tries and notes in the catalog, each change in its name."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.tenant_changes import NewChange, record_change
from belvedere.catalog.tenants import declare, find_tenant, note_applied, note_failed, note_observed
from belvedere.errors import BelvedereError, ObjectMissing
from belvedere.tenants.applying import apply
from belvedere.tenants.declarations import read_document
from belvedere.tenants.observing import observe
from belvedere.tenants.plan import plan
from belvedere.tenants.reporting import drift, observed, shortened, with_checks
from belvedere.tenants.verifying import verify

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.catalog.tenants import DeclaredTenant
    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import TenantState
    from belvedere.orchestration.tenant_systems import Opened
    from belvedere.tenants.applying import Recorded
    from belvedere.tenants.changes import TenantPlan
    from belvedere.tenants.observing import Fleet
    from belvedere.tenants.verifying import Verified

log = logging.getLogger(__name__)

SCHEDULE = "schedule"


class TenantUnknown(ObjectMissing):
    """Nobody declared a tenant of this name."""

    code = "tenant_unknown"


@dataclass(frozen=True, slots=True)
class RunOfTenants:
    """The run of a DAG, and who started it."""

    dag_id: str
    run_id: str
    actor: str = SCHEDULE


@dataclass(frozen=True, slots=True)
class TenantWork:
    """What one run does to tenants."""

    opened: Opened
    run: RunOfTenants

    @property
    def run_key(self) -> tuple[str, str]:
        """The run as the catalog notes it."""
        return self.run.dag_id, self.run.run_id

    def known(self, name: str) -> tuple[DeclaredTenant, TenantSpec]:
        """Return a declared tenant and its declaration.

        Raises:
            TenantUnknown: there is none of that name, or it was removed.
            TenantInvalid: it was declared under older rules and breaks one now.
        """
        found = find_tenant(self.opened.catalog, name)
        if found is None or found.state == "removed":
            raise TenantUnknown(f"there is no tenant {name}: declare it by provision_tenant or a file of its own")
        return found, read_document(dict(found.spec))

    def declare(self, spec: TenantSpec, source: str) -> bool:
        """Keep a declaration, and record that it changed."""
        changed = declare(self.opened.catalog, spec.name, spec.document(), spec.digest(), source)
        if changed:
            self.record(spec.name, "declare", f"declare tenant {spec.name} ({source})", after=spec.document())
        return changed

    def observe(self, spec: TenantSpec, fleet: Fleet | None = None) -> TenantState:
        """Look at what is there of one tenant."""
        seen = fleet or self.opened.look_at(spec)
        return observe(spec, seen, self.opened.systems, self.opened.deployment.renderings_suffix)

    def plan(self, spec: TenantSpec, fleet: Fleet | None = None) -> tuple[TenantState, TenantPlan]:
        """Look, and say what is to be done."""
        state = self.observe(spec, fleet)
        return state, plan(spec, state, self.opened.deployment)

    def carry_out(self, made: TenantPlan, spec: TenantSpec) -> int:
        """Make a plan's changes, each of them recorded; return their number."""
        return apply(made, spec, self.opened.systems, lambda recorded: self._record(spec.name, recorded))

    def verify(self, spec: TenantSpec) -> Verified:
        """Try what the tenant was given, as the tenant."""
        return verify(spec, self.opened.systems)

    def note_proven(self, spec: TenantSpec, verified: Verified) -> None:
        """Note that the declaration holds, by what was tried; whoever looks next notes what is there."""
        told = with_checks({}, verified)
        note_applied(self.opened.catalog, spec.name, spec.digest(), told, self.run_key)

    def note_seen(
        self, spec: TenantSpec, state: TenantState, made: TenantPlan, told: dict[str, Any], since: datetime
    ) -> None:
        """Note what was found, and how it differs from the declaration. The checks of the last time stay.

        Somebody else may have looked, or worked on the tenant, after this look began: what they noted stays.
        """
        summary = observed(spec, state)
        if "checks" in told:
            summary["checks"] = told["checks"]
        catalog, differs = self.opened.catalog, drift(made)
        if not note_observed(catalog, spec.name, observed=summary, drift=differs, run=self.run_key, since=since):
            log.info("tenant %s: another run noted something fresher meanwhile, which stays", spec.name)

    def note_failed(self, name: str, error: BelvedereError) -> None:
        """Note why a tenant could not be brought to what it should be."""
        note_failed(self.opened.catalog, name, error.code, error.message, self.run_key)

    def record(
        self,
        tenant: str,
        action: str,
        summary: str,
        *,
        reason: str = "",
        before: Any = None,
        after: Any = None,
        problem: str | None = None,
    ) -> None:
        """Record one change in the name of the run."""
        change = NewChange(
            tenant=tenant,
            actor=self.run.actor,
            action=action,
            summary=summary,
            reason=reason,
            before=_as_document(before),
            after=_as_document(after),
            outcome="failed" if problem else "done",
            problem=problem,
            dag_id=self.run.dag_id,
            run_id=self.run.run_id,
        )
        record_change(self.opened.catalog, change)

    def _record(self, tenant: str, recorded: Recorded) -> None:
        planned = recorded.planned
        self.record(
            tenant,
            _action(type(planned.change).__name__),
            str(planned.change),
            reason=planned.reason,
            before=planned.before,
            after=planned.after,
            problem=recorded.problem,
        )


def _action(name: str) -> str:
    """``SetKeyPolicy`` is recorded as ``set_key_policy``."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _as_document(value: Any) -> dict[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    return {"value": shortened(value)}
