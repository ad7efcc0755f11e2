"""What a tenant's account and keys may do at the object store, as policies.

The account's policy names what the tenant may do; each key carries the same statements and denies all administration.
The denial stands in the keys alone: in the account's own policy it would also stop Belvedere, which makes keys while
logged in as that account. Keys are children of the tenant's account, never of root (CVE-2025-62506).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.tenant import TenantSpec

VERSION = "2012-10-17"
LONGEST_OF_KEYS = 3500
"""Of characters; the object store takes 4096 bytes as it writes them itself."""
LOOK_AT_BUCKET = ("s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket", "s3:ListBucketVersions")
READ_OBJECTS = ("s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging")
WRITE_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectTagging",
)


def account_policy(spec: TenantSpec, renderings_suffix: str) -> dict[str, Any]:
    """Return what a tenant's account may do: everything with objects of its buckets, and look at their renderings."""
    sources = list(spec.bucket_specs())
    renderings = [bucket + renderings_suffix for bucket in sources]
    return {
        "Version": VERSION,
        "Statement": [
            _allow("LookAtBuckets", LOOK_AT_BUCKET, [*sources, *renderings]),
            _allow("LookAtUploads", ("s3:ListBucketMultipartUploads",), sources),
            _allow("UseObjects", READ_OBJECTS + WRITE_OBJECTS, [f"{bucket}/*" for bucket in sources]),
            _allow("ReadRenderings", READ_OBJECTS, [f"{bucket}/*" for bucket in renderings]),
        ],
    }


def key_policy(spec: TenantSpec, renderings_suffix: str) -> dict[str, Any]:
    """Return what each of a tenant's keys may do: what its account may, and no administration.

    A tenant of many buckets has too long a policy for a key. Its keys name the beginning of the buckets' names instead;
    exactly which ones they are stands in the account's policy, without which a key opens nothing.
    """
    statements = account_policy(spec, renderings_suffix)["Statement"]
    exact = _with_denial(statements)
    if len(json.dumps(exact)) <= LONGEST_OF_KEYS:
        return exact
    actions = tuple({action for statement in statements for action in statement["Action"]})
    return _with_denial([_allow("UseBuckets", actions, [spec.name, f"{spec.name}/*", f"{spec.name}-*"])])


def _with_denial(statements: list[Mapping[str, Any]]) -> dict[str, Any]:
    denial = {"Sid": "NoAdministration", "Effect": "Deny", "Action": ["admin:*"]}
    return {"Version": VERSION, "Statement": [*statements, denial]}


def _allow(sid: str, actions: tuple[str, ...], resources: list[str]) -> Mapping[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": sorted(f"arn:aws:s3:::{resource}" for resource in resources),
    }
