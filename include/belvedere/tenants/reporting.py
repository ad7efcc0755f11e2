"""What is told of a tenant after somebody looked at it: a summary, and how it has drifted. Never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.model.tenant_state import CredentialKind, CredentialPhase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import TenantState
    from belvedere.tenants.changes import PlannedChange, TenantPlan
    from belvedere.tenants.verifying import Verified

LONGEST = 300


def observed(spec: TenantSpec, state: TenantState) -> dict[str, Any]:
    """Return a summary of what is there, as JSON knows it."""
    return {
        "buckets": [
            {
                "name": name,
                "exists": found.source.exists,
                "versioning": found.source.versioning,
                "quota_bytes": found.quota_bytes,
                "lifecycle": len(found.lifecycle),
                "object_lock": f"{found.lock.mode}, {found.lock.days} days" if found.lock else None,
                "notifications": len(found.source.notifications),
                "renderings": found.renderings.name if found.renderings.exists else None,
            }
            for name, found in state.buckets.items()
        ],
        "account": state.account.fingerprint if state.account else None,
        "account_enabled": bool(state.account and state.account.enabled),
        "keys": _keys(state),
        "mlflow": _mlflow(spec, state),
        "members": {user: role.value for user, role in sorted(state.members.items())},
    }


def with_checks(told: dict[str, Any], verified: Verified) -> dict[str, Any]:
    """Return a summary together with what was tried as the tenant."""
    checks = [
        {"name": check.name, "ok": check.ok, "took_ms": round(check.took_ms), "problem": check.problem}
        for check in verified.checks
    ]
    return told | {"checks": checks}


def drift(plan: TenantPlan) -> list[dict[str, Any]]:
    """Return what differs from the declaration: one entry for each change that would mend it, then what none can."""
    return [_entry(planned) for planned in plan.changes] + [
        {"system": "", "property": "", "summary": warning, "reason": "", "before": None, "after": None, "repair": False}
        for warning in plan.warnings
    ]


def _entry(planned: PlannedChange) -> dict[str, Any]:
    return {
        "system": planned.system,
        "property": planned.prop,
        "summary": str(planned.change),
        "reason": planned.reason,
        "before": shortened(planned.before),
        "after": shortened(planned.after),
        "repair": True,
    }


def shortened(value: Any) -> Any:
    """Return a value as it fits into a table: policies are long."""
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]}..."
    return value


def _keys(state: TenantState) -> list[dict[str, Any]]:
    there = {key.fingerprint: key for key in state.account.keys} if state.account else {}
    return [
        {
            "fingerprint": record.fingerprint,
            "phase": record.phase.value,
            "works": record.fingerprint in there and there[record.fingerprint].enabled,
        }
        for record in _live_keys(state)
    ]


def _live_keys(state: TenantState) -> Iterator[Any]:
    for record in state.records:
        if record.kind is CredentialKind.S3_KEY and record.phase is not CredentialPhase.REVOKED:
            yield record


def _mlflow(spec: TenantSpec, state: TenantState) -> dict[str, Any] | None:
    if not spec.mlflow.enabled:
        return None
    workspace = state.workspace
    return {
        "workspace": workspace.name if workspace else None,
        "artifact_root": workspace.artifact_root if workspace else None,
        "users": {
            user.name: sorted(f"{place}/{role}" for place, role in user.roles)
            for user in sorted(state.users.values(), key=lambda user: user.name)
        },
    }
