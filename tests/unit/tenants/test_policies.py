"""What accounts and keys may do stays exact, and fits into what the object store takes."""

from __future__ import annotations

import json

from tests.harness.tenants import SUFFIX, tenant_spec

from belvedere.tenants.policies import account_policy, key_policy

MANY = tenant_spec("team-a", buckets=[{"name": f"team-a-{'b' * 43}{number:02}"} for number in range(20)])


def test_a_key_may_do_what_its_account_may_and_administers_nothing() -> None:
    spec = tenant_spec("team-a", buckets=[{"name": "team-a-more"}])
    key, account = key_policy(spec, SUFFIX), account_policy(spec, SUFFIX)

    assert key["Statement"][:-1] == account["Statement"]
    assert key["Statement"][-1] == {"Sid": "NoAdministration", "Effect": "Deny", "Action": ["admin:*"]}
    assert not [one for one in account["Statement"] if one["Effect"] == "Deny"]


def test_a_key_of_many_buckets_fits_and_names_nothing_but_what_begins_with_the_tenants_name() -> None:
    key = key_policy(MANY, SUFFIX)

    assert len(json.dumps(key)) < 4096 < len(json.dumps(account_policy(MANY, SUFFIX)))
    resources = {resource for one in key["Statement"] for resource in one.get("Resource", [])}
    assert resources == {"arn:aws:s3:::team-a", "arn:aws:s3:::team-a/*", "arn:aws:s3:::team-a-*"}
    allowed = {action for one in key["Statement"][:-1] for action in one["Action"]}
    assert allowed == {action for one in account_policy(MANY, SUFFIX)["Statement"] for action in one["Action"]}
    assert key["Statement"][-1]["Effect"] == "Deny"


def test_renderings_are_read_only() -> None:
    document = account_policy(tenant_spec("team-a"), SUFFIX)

    for one in document["Statement"]:
        if any("renderings" in resource for resource in one["Resource"]):
            assert not [action for action in one["Action"] if "Put" in action or "Delete" in action]
