"""Whose a bucket is: told by tags, so that it survives the catalog and can be read by everyone."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.storage import BucketState, StorageSpec

TENANT_TAG = "belvedere-tenant"
ROLE_TAG = "belvedere-role"
SOURCE_TAG = "belvedere-source"


class Role(StrEnum):
    """What a bucket is for."""

    SOURCE = "source"
    RENDERINGS = "renderings"


def ownership_tags(spec: StorageSpec, role: Role) -> dict[str, str]:
    """Return the tags that mark a bucket as ours."""
    return {TENANT_TAG: spec.tenant, ROLE_TAG: role.value, SOURCE_TAG: spec.bucket}


def objection(spec: StorageSpec, bucket: BucketState, role: Role) -> str | None:
    """Say why a bucket must not be touched, or None when it may.

    It may when it does not exist, is marked as ours, or is an empty bucket that nobody has marked (as the
    attempt before leaves one that died between creating and tagging). Everything else is somebody else's
    until a person says ``adopt``. A bucket of another tenant of ours cannot be adopted at all.
    """
    if not bucket.exists:
        return None
    wanted = ownership_tags(spec, role)
    ours = {name: bucket.tags[name] for name in wanted if name in bucket.tags}
    if ours:
        return None if ours == wanted else _conflict(bucket.name, ours, wanted)
    if spec.adopt or (bucket.empty and not bucket.tags and not bucket.notifications):
        return None
    return (
        f"bucket {bucket.name} exists, holds objects, tags or rules, and is not marked as Belvedere's. "
        "Start again with adopt = true to take it over (its objects, tags and rules stay), "
        "or choose another bucket"
    )


def _conflict(bucket: str, ours: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    is_now = ", ".join(f"{name}={value}" for name, value in sorted(ours.items()))
    should = ", ".join(f"{name}={value}" for name, value in sorted(wanted.items()))
    return f"bucket {bucket} is marked {is_now}, not {should}: use the tenant it belongs to, or another bucket"
