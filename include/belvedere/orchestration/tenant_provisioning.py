"""What the DAGs ``provision_tenant`` and ``adopt_tenant`` do: plan, apply, verify, report."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from belvedere.catalog.tenants import clock, find_tenant
from belvedere.errors import BelvedereError, ConfigurationError, PermanentError
from belvedere.orchestration.failing import permanent_errors_fail
from belvedere.orchestration.provisioning import stop_after_plan
from belvedere.orchestration.tenant_systems import opened
from belvedere.orchestration.tenant_work import TenantWork
from belvedere.tenants.adopting import draft
from belvedere.tenants.declarations import read_document
from belvedere.tenants.reporting import with_checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from belvedere.model.tenant import TenantSpec
    from belvedere.orchestration.tenant_work import RunOfTenants
    from belvedere.tenants.verifying import Verified

log = logging.getLogger(__name__)

FROM_API = "api"
ADOPTED = "adopted"
FORM_FIELDS = {
    "quota": ("bucket", "quota"),
    "versioning": ("bucket", "versioning"),
    "rotate_every": ("keys", "rotate_every"),
    "grace": ("keys", "grace"),
    "mlflow": ("mlflow", "enabled"),
    "deletion": ("deletion",),
    "drift": ("drift",),
    "adopt": ("adopt",),
}


class VerificationFailed(PermanentError):
    """A tenant was made, but something does not work, or is not refused, as it should be."""

    code = "verification_failed"


def plan(params: Mapping[str, Any], run: RunOfTenants) -> list[str]:
    """Print what would be done, and return it; nothing is changed."""
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        spec = wanted(params, work)
        _, made = work.plan(spec)
        log.info("%s", made)
        for warning in _overruled(work, spec):
            log.warning("%s", warning)
        return [str(change) for change in made.changes]


def apply(params: Mapping[str, Any], run: RunOfTenants, *, source: str = FROM_API) -> int:
    """Keep the declaration, bring the tenant to it, and return the number of changes made."""
    stop_after_plan(params)
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        spec = wanted(params, work)
        with systems.alone_with(spec.name), noted(work, spec.name):
            work.declare(spec, source)
            return bring_about(work, spec)


def check(params: Mapping[str, Any], run: RunOfTenants) -> list[str]:
    """Try everything as the tenant, and return what was tried; note the tenant as ready.

    Raises:
        AirflowFailException: something does not work, or is not refused.
    """
    stop_after_plan(params)
    with permanent_errors_fail(), opened() as systems:
        work = TenantWork(systems, run)
        _, spec = work.known(_name(params))
        with noted(work, spec.name):
            verified = prove(work, spec)
            since = clock(systems.catalog)
            state, left = work.plan(spec)
            work.note_seen(spec, state, left, with_checks({}, verified), since)
            return [str(one) for one in verified.checks]


def bring_about(work: TenantWork, spec: TenantSpec) -> int:
    """Bring a tenant to its declaration; the caller is alone with it."""
    _, made = work.plan(spec)
    log.info("%s", made)
    return work.carry_out(made, spec)


def prove(work: TenantWork, spec: TenantSpec) -> Verified:
    """Try everything as the tenant and note that it is ready; what is there then is for the caller to look at.

    Raises:
        VerificationFailed: something does not work, or is not refused.
    """
    verified = work.verify(spec)
    log.info("%s", verified)
    if not verified.ok:
        failed = "; ".join(str(one) for one in verified.checks if not one.ok)
        raise VerificationFailed(f"tenant {spec.name} is there, but not as it should be: {failed}")
    work.note_proven(spec, verified)
    return verified


@contextmanager
def noted(work: TenantWork, name: str) -> Iterator[None]:
    """Note on the tenant why something failed, and let the error go on."""
    try:
        yield
    except BelvedereError as error:
        work.note_failed(name, error)
        raise


def wanted(params: Mapping[str, Any], work: TenantWork) -> TenantSpec:
    """Return the declaration that the params hold: a whole one, the fields of the form, or what is to be adopted.

    Raises:
        TenantInvalid, ConfigurationError: as their names say.
    """
    if "tenant" in params:
        blank = read_document({"name": params["tenant"]})
        return draft(blank.name, work.observe(blank), params.get("spec") or {})
    if params.get("spec"):
        return read_document(params["spec"])
    if not params.get("name"):
        raise ConfigurationError("give a name, or a whole declaration as spec")
    return read_document(_of_form(params))


def _of_form(params: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {"name": params["name"], "members": [_member(one) for one in params["members"] or ()]}
    for field, path in FORM_FIELDS.items():
        if params.get(field) is not None:
            place = document
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = params[field]
    return document


def _member(text: str) -> dict[str, str]:
    user, _, role = text.partition(":")
    return {"user": user.strip()} | ({"role": role.strip()} if role else {})


def _name(params: Mapping[str, Any]) -> str:
    spec = params.get("spec") or {}
    return str(params.get("tenant") or spec.get("name") or params.get("name") or "")


def _overruled(work: TenantWork, spec: TenantSpec) -> Iterator[str]:
    """Say when a file declares the tenant otherwise: the next reconciliation goes by the file."""
    found = find_tenant(work.opened.catalog, spec.name)
    if found and found.source.startswith("git:") and found.state != "removed" and found.digest != spec.digest():
        file = found.source.removeprefix("git:")
        yield f"tenant {spec.name} is declared by the file {file}: reconcile_tenants will set it back to that"
