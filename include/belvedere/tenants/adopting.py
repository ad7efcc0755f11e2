"""Declaring what is there already: a bucket, or an MLflow workspace, that a team has had before Belvedere came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.errors import ObjectMissing
from belvedere.tenants.declarations import read_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import TenantState


class NothingToAdopt(ObjectMissing):
    """Neither a bucket nor a workspace of that name is there."""

    code = "nothing_to_adopt"


def draft(name: str, state: TenantState, wishes: Mapping[str, Any]) -> TenantSpec:
    """Return a declaration that leaves what is there as it is and adds what is missing; ``wishes`` go before.

    Objects, tags, rules of others, experiments and others' keys stay. An existing MLflow workspace keeps its place of
    artifacts when that lies in the tenant's bucket.

    Raises:
        NothingToAdopt: there is nothing of that name.
        TenantInvalid: a wish, or what is there, breaks a rule.
    """
    bucket = state.buckets[name]
    if not bucket.source.exists and state.workspace is None:
        raise NothingToAdopt(
            f"there is no bucket and no MLflow workspace {name}: start provision_tenant to make a new tenant"
        )
    found: dict[str, Any] = {"name": name, "members": _members(state)}
    if bucket.source.exists:
        found["bucket"] = {"versioning": bucket.source.versioning}
        if bucket.quota_bytes:
            found["bucket"]["quota"] = bucket.quota_bytes
    root = state.workspace.artifact_root if state.workspace else ""
    if root.startswith(f"s3://{name}/"):
        found["mlflow"] = {"artifact_prefix": root.removeprefix(f"s3://{name}/").strip("/")}
    return read_document(found | dict(wishes) | {"name": name, "adopt": True})


def _members(state: TenantState) -> list[dict[str, str]]:
    return [{"user": user, "role": role.value} for user, role in sorted(state.members.items())]
