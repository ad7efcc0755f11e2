"""What a tenant's things are called at the systems: marks by which they are found again, and known as ours."""

from __future__ import annotations

POLICY_PREFIX = "belvedere-"
LIFECYCLE_PREFIX = "belvedere-tenant-"
WORKSPACE_MARK = "Belvedere tenant "


def policy_name(tenant: str) -> str:
    """Return the name of a tenant's policy at the object store."""
    return f"{POLICY_PREFIX}{tenant}"


def key_description(tenant: str) -> str:
    """Return what is noted at the object store of a tenant's key."""
    return f"belvedere tenant {tenant}"


def workspace_mark(tenant: str) -> str:
    """Return how the description of a tenant's MLflow workspace begins."""
    return f"{WORKSPACE_MARK}{tenant}"


def is_workspace_of(description: str, tenant: str) -> bool:
    """Whether a workspace's description says that it is this tenant's."""
    mark = workspace_mark(tenant)
    return description == mark or description.startswith((f"{mark} ", f"{mark}.", f"{mark}:"))
