"""MinIO's accounts in memory, and the object store as a key opens it. The contract tests hold them against MinIO."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from belvedere.clients.minio_admin import AccountMissing
from belvedere.errors import AccessDenied, BucketMissing, ForeignResource, PermanentError
from belvedere.model.policies import canonical_policy
from belvedere.model.tenant_state import AccountsState, AccountState, KeyState, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.buckets import FakeBuckets


@dataclass
class _Account:
    password: str
    enabled: bool = True
    policies: set[str] = field(default_factory=set)


@dataclass
class _Key:
    parent: str
    password: str
    policy: str
    description: str
    enabled: bool = True

    def state(self, access_key: str) -> KeyState:
        return KeyState(access_key, self.enabled, self.policy, self.description)


class FakeAccounts:
    """Users, policies and keys, and the quotas of some buckets."""

    def __init__(self, buckets: FakeBuckets) -> None:
        self._buckets = buckets
        self._policies: dict[str, str] = {}
        self._accounts: dict[str, _Account] = {}
        self._keys: dict[str, _Key] = {}
        self._quotas: dict[str, int] = {}

    def state(self) -> AccountsState:
        return AccountsState(
            policies=dict(self._policies),
            accounts=tuple(
                AccountState(access_key, account.enabled, tuple(sorted(account.policies)), self._keys_of(access_key))
                for access_key, account in sorted(self._accounts.items())
            ),
        )

    def knows_policy(self, name: str) -> bool:
        return name in self._policies

    def put_policy(self, name: str, document: Mapping[str, object]) -> None:
        self._policies[name] = canonical_policy(document)

    def remove_policy(self, name: str) -> None:
        if any(name in account.policies for account in self._accounts.values()):
            raise PermanentError(f"policy {name} is attached")
        self._policies.pop(name, None)

    def put_account(self, account: Secret) -> None:
        there = self._accounts.setdefault(account.identifier, _Account(account.password))
        there.password, there.enabled = account.password, True

    def set_account_enabled(self, access_key: str, *, enabled: bool) -> None:
        self._account(access_key).enabled = enabled

    def remove_account(self, access_key: str) -> None:
        self._accounts.pop(access_key, None)
        self._keys = {name: key for name, key in self._keys.items() if key.parent != access_key}

    def attach(self, policy: str, access_key: str) -> None:
        if policy not in self._policies:
            raise AccountMissing(f"no policy {policy}")
        self._account(access_key).policies.add(policy)

    def detach(self, policy: str, access_key: str) -> None:
        if access_key in self._accounts:
            self._accounts[access_key].policies.discard(policy)

    def issue_key(self, account: Secret, key: Secret, policy: Mapping[str, object], description: str) -> None:
        owner = self._accounts.get(account.identifier)
        if owner is None or owner.password != account.password or not owner.enabled or not owner.policies:
            raise AccessDenied(f"account {account.fingerprint} is refused")
        there = self._keys.get(key.identifier)
        if there is not None and there.parent != account.identifier:
            raise ForeignResource(f"key {key.fingerprint} belongs to another account")
        self._keys[key.identifier] = _Key(account.identifier, key.password, canonical_policy(policy), description)

    def set_key_policy(self, access_key: str, policy: Mapping[str, object]) -> None:
        self._key(access_key).policy = canonical_policy(policy)

    def set_key_enabled(self, access_key: str, *, enabled: bool) -> None:
        self._key(access_key).enabled = enabled

    def revoke_key(self, access_key: str) -> None:
        self._keys.pop(access_key, None)

    def quota(self, bucket: str) -> int | None:
        return self._quotas.get(self._bucket(bucket))

    def set_quota(self, bucket: str, quota_bytes: int | None) -> None:
        self._quotas.pop(self._bucket(bucket), None)
        if quota_bytes:
            self._quotas[bucket] = quota_bytes

    def allows(self, key: Secret, action: str, resource: str) -> bool:
        """Whether a key opens something: it and its account are enabled, and the policies of both allow it."""
        known = self._keys.get(key.identifier)
        owner = self._accounts.get(known.parent) if known else None
        if known is None or owner is None or known.password != key.password or not (known.enabled and owner.enabled):
            return False
        own = [self._policies[name] for name in owner.policies if name in self._policies]
        return _allow(own, action, resource) and _allow([known.policy], action, resource)

    def store(self, key: Secret) -> FakeTenantStore:
        """Return the object store as a key opens it."""
        return FakeTenantStore(self, self._buckets, key)

    def _keys_of(self, parent: str) -> tuple[KeyState, ...]:
        return tuple(key.state(access_key) for access_key, key in sorted(self._keys.items()) if key.parent == parent)

    def _account(self, access_key: str) -> _Account:
        if access_key not in self._accounts:
            raise AccountMissing("no such account")
        return self._accounts[access_key]

    def _key(self, access_key: str) -> _Key:
        if access_key not in self._keys:
            raise AccountMissing("no such key")
        return self._keys[access_key]

    def _bucket(self, bucket: str) -> str:
        if not self._buckets.state(bucket).exists:
            raise BucketMissing(f"no bucket {bucket}")
        return bucket


class FakeTenantStore:
    """The object store as one key opens it."""

    def __init__(self, accounts: FakeAccounts, buckets: FakeBuckets, key: Secret) -> None:
        self._accounts, self._buckets, self._key = accounts, buckets, key

    def check_listing(self, bucket: str) -> None:
        self._need("s3:ListBucket", bucket)

    def check_round_trip(self, bucket: str) -> None:
        for action in ("s3:PutObject", "s3:GetObject", "s3:DeleteObject"):
            self._need(action, f"{bucket}/.belvedere/probe/x")

    def may_read(self, bucket: str) -> bool:
        wanted = (("s3:ListBucket", bucket), ("s3:GetObject", f"{bucket}/.belvedere/probe/x"))
        return any(self._accounts.allows(self._key, action, resource) for action, resource in wanted)

    def may_write(self, bucket: str) -> bool:
        return self._accounts.allows(self._key, "s3:PutObject", f"{bucket}/.belvedere/probe/x")

    def _need(self, action: str, resource: str) -> None:
        if not self._accounts.allows(self._key, action, resource):
            raise AccessDenied(f"the key may not {action} {resource}")
        if not self._buckets.state(resource.partition("/")[0]).exists:
            raise BucketMissing(f"no bucket for {resource}")


def _allow(policies: list[str], action: str, resource: str) -> bool:
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in json.loads(policy)["Statement"]
        if _matches(statement, action, f"arn:aws:s3:::{resource}")
    }
    return effects == {"Allow"}


def _matches(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    actions, resources = statement["Action"], statement.get("Resource", ["*"])
    return any(fnmatchcase(action, one) for one in actions) and any(fnmatchcase(resource, one) for one in resources)
