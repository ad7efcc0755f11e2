"""The fake accounts and MinIO's, held against the same expectations."""

from __future__ import annotations

import json
import traceback
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from tests.fakes.accounts import FakeAccounts, FakeTenantStore
from tests.fakes.buckets import FakeBuckets

from belvedere.clients.bucket_admin import BucketAdmin
from belvedere.clients.minio_accounts import MinioAccounts
from belvedere.clients.minio_admin import AccountMissing
from belvedere.clients.tenant_store import TenantStore
from belvedere.errors import AccessDenied, BucketMissing, ForeignResource, PermanentError, ServiceUnavailable
from belvedere.model.policies import canonical_policy
from belvedere.model.tenant_state import AccountState, KeyState, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.servers import Servers

OLD_PASSWORD = "old password of an account"
NO_ADMINISTRATION = {"Effect": "Deny", "Action": ["admin:*"]}


@dataclass(frozen=True)
class World:
    """The accounts under test, with the buckets beside them."""

    accounts: FakeAccounts | MinioAccounts
    buckets: FakeBuckets | BucketAdmin
    endpoint: str = ""

    def store(self, key: Secret) -> FakeTenantStore | TenantStore:
        """Return the object store as a key opens it."""
        if isinstance(self.accounts, FakeAccounts):
            return self.accounts.store(key)
        return TenantStore(self.endpoint, key)

    def account(self, secret: Secret) -> AccountState:
        """Return an account that is there."""
        found = self.accounts.state().of_fingerprint(secret.fingerprint)
        assert found is not None
        return found


@dataclass(frozen=True)
class Tenant:
    """What a tenant has: a bucket, a policy, an account and a key."""

    bucket: str
    policy: str
    account: Secret
    key: Secret

    def document(self, **further: Any) -> dict[str, Any]:
        """Return the account's policy."""
        looks = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [f"arn:aws:s3:::{self.bucket}"]}
        uses = {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": [f"arn:aws:s3:::{self.bucket}/*"],
        }
        return {"Version": "2012-10-17", "Statement": [looks, uses, *further.values()]}


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.stack)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        buckets = FakeBuckets([])
        yield World(FakeAccounts(buckets), buckets)
        return
    servers: Servers = request.getfixturevalue("servers")
    instance = servers.minio()
    root = instance.secrets.minio_root_user, instance.secrets.minio_root_password
    yield World(
        request.getfixturevalue("accounts"), BucketAdmin(instance.minio_endpoint, *root), instance.minio_endpoint
    )


def new_secret(password: str = "") -> Secret:
    return Secret(uuid.uuid4().hex[:20], password or uuid.uuid4().hex)


def make_tenant(world: World, *, key: bool = True) -> Tenant:
    name = f"tenant-{uuid.uuid4().hex[:12]}"
    tenant = Tenant(name, f"belvedere-{name}", new_secret(), new_secret())
    world.buckets.create(name)
    world.accounts.put_policy(tenant.policy, tenant.document())
    world.accounts.put_account(tenant.account)
    world.accounts.attach(tenant.policy, tenant.account.identifier)
    if key:
        issue(world, tenant, tenant.key)
    return tenant


def issue(world: World, tenant: Tenant, key: Secret, description: str = "belvedere tenant") -> None:
    world.accounts.issue_key(tenant.account, key, tenant.document(denied=NO_ADMINISTRATION), description)


def test_the_picture_shows_account_policy_and_key(world: World) -> None:
    tenant = make_tenant(world)

    policy = canonical_policy(tenant.document(denied=NO_ADMINISTRATION))
    key = KeyState(tenant.key.identifier, enabled=True, policy=policy, description="belvedere tenant")
    wanted = AccountState(tenant.account.identifier, enabled=True, policies=(tenant.policy,), keys=(key,))
    state = world.accounts.state()
    assert world.account(tenant.account) == wanted
    assert state.with_policy(tenant.policy) == (wanted,)
    assert state.policies[tenant.policy] == canonical_policy(tenant.document())


def test_the_picture_tells_no_password_and_shows_no_id(world: World) -> None:
    tenant = make_tenant(world)

    shown = repr(world.accounts.state())
    kept = json.dumps([str(each) for each in _fields(world.accounts.state())])
    assert tenant.account.identifier not in shown
    assert tenant.key.identifier not in shown
    assert tenant.account.password not in kept
    assert tenant.key.password not in kept


def _fields(state: Any) -> list[object]:
    accounts = [(each.access_key, each.policies, each.enabled) for each in state.accounts]
    keys = [(key.access_key, key.policy, key.description) for each in state.accounts for key in each.keys]
    return [*accounts, *keys, *state.policies.items()]


def test_a_key_opens_its_own_bucket_and_no_other(world: World) -> None:
    tenant, other = make_tenant(world), make_tenant(world)

    store = world.store(tenant.key)
    store.check_listing(tenant.bucket)
    store.check_round_trip(tenant.bucket)
    assert store.may_read(tenant.bucket)
    assert store.may_write(tenant.bucket)
    assert not store.may_read(other.bucket)
    assert not store.may_write(other.bucket)
    with pytest.raises(AccessDenied):
        store.check_round_trip(other.bucket)


def test_a_policy_is_known_or_not(world: World) -> None:
    tenant = make_tenant(world, key=False)

    assert world.accounts.knows_policy(tenant.policy)
    assert not world.accounts.knows_policy(f"{tenant.policy}-x")


def test_a_policy_is_replaced(world: World) -> None:
    tenant, other = make_tenant(world), make_tenant(world)
    world.accounts.put_policy(tenant.policy, other.document())

    assert world.accounts.state().policies[tenant.policy] == canonical_policy(other.document())
    assert not world.store(tenant.key).may_read(tenant.bucket)


def test_a_policy_that_is_attached_is_not_removed_and_one_that_is_gone_is_no_error(world: World) -> None:
    tenant = make_tenant(world)
    with pytest.raises(PermanentError):
        world.accounts.remove_policy(tenant.policy)

    world.accounts.detach(tenant.policy, tenant.account.identifier)
    world.accounts.remove_policy(tenant.policy)
    world.accounts.remove_policy(tenant.policy)

    assert tenant.policy not in world.accounts.state().policies


def test_making_an_account_again_gives_it_its_password_and_keeps_the_rest(world: World) -> None:
    tenant = make_tenant(world)
    again = Secret(tenant.account.identifier, OLD_PASSWORD)
    world.accounts.set_account_enabled(tenant.account.identifier, enabled=False)
    world.accounts.put_account(again)

    found = world.account(again)
    assert found.enabled
    assert found.policies == (tenant.policy,)
    assert len(found.keys) == 1
    world.store(tenant.key).check_round_trip(tenant.bucket)
    with pytest.raises(AccessDenied):
        issue(world, tenant, new_secret())


def test_a_disabled_account_stops_its_keys(world: World) -> None:
    tenant = make_tenant(world)
    world.accounts.set_account_enabled(tenant.account.identifier, enabled=False)
    assert not world.account(tenant.account).enabled
    with pytest.raises(AccessDenied):
        world.store(tenant.key).check_listing(tenant.bucket)

    world.accounts.set_account_enabled(tenant.account.identifier, enabled=True)
    assert world.account(tenant.account).enabled
    world.store(tenant.key).check_listing(tenant.bucket)


def test_a_disabled_key_stops_alone(world: World) -> None:
    tenant, second = make_tenant(world), new_secret()
    issue(world, tenant, second)
    world.accounts.set_key_enabled(tenant.key.identifier, enabled=False)

    enabled = {key.fingerprint: key.enabled for key in world.account(tenant.account).keys}
    assert enabled == {tenant.key.fingerprint: False, second.fingerprint: True}
    world.store(second).check_listing(tenant.bucket)
    with pytest.raises(AccessDenied):
        world.store(tenant.key).check_listing(tenant.bucket)

    world.accounts.set_key_enabled(tenant.key.identifier, enabled=True)
    world.store(tenant.key).check_listing(tenant.bucket)


def test_issuing_a_key_again_makes_it_what_was_asked_for(world: World) -> None:
    tenant = make_tenant(world)
    world.accounts.set_key_enabled(tenant.key.identifier, enabled=False)
    again = Secret(tenant.key.identifier, uuid.uuid4().hex)
    issue(world, tenant, again, "belvedere tenant anew")

    (key,) = world.account(tenant.account).keys
    assert (key.enabled, key.description) == (True, "belvedere tenant anew")
    world.store(again).check_listing(tenant.bucket)


def test_a_key_of_another_account_is_not_taken_over(world: World) -> None:
    tenant, other = make_tenant(world), make_tenant(world)

    with pytest.raises(ForeignResource):
        issue(world, tenant, Secret(other.key.identifier, uuid.uuid4().hex))

    world.store(other.key).check_listing(other.bucket)


def test_a_key_needs_an_account_that_can_log_in_and_has_a_policy(world: World) -> None:
    tenant, stranger = make_tenant(world, key=False), new_secret()
    wrong = Tenant(tenant.bucket, tenant.policy, Secret(tenant.account.identifier, OLD_PASSWORD), new_secret())
    nobody = Tenant(tenant.bucket, tenant.policy, stranger, new_secret())
    for refused in (wrong, nobody):
        with pytest.raises(AccessDenied):
            issue(world, refused, refused.key)
    world.accounts.detach(tenant.policy, tenant.account.identifier)
    with pytest.raises(AccessDenied):
        issue(world, tenant, tenant.key)


def test_a_key_takes_another_policy(world: World) -> None:
    tenant = make_tenant(world)
    reading = tenant.document() | {"Statement": tenant.document()["Statement"][:1]}
    world.accounts.set_key_policy(tenant.key.identifier, reading)

    (key,) = world.account(tenant.account).keys
    assert key.policy == canonical_policy(reading)
    assert not world.store(tenant.key).may_write(tenant.bucket)


def test_a_revoked_key_is_gone_at_once_and_revoking_again_is_harmless(world: World) -> None:
    tenant = make_tenant(world)
    world.accounts.revoke_key(tenant.key.identifier)
    world.accounts.revoke_key(tenant.key.identifier)

    assert world.account(tenant.account).keys == ()
    with pytest.raises(AccessDenied):
        world.store(tenant.key).check_listing(tenant.bucket)


def test_removing_an_account_takes_its_keys_with_it(world: World) -> None:
    tenant = make_tenant(world)
    world.accounts.remove_account(tenant.account.identifier)
    world.accounts.remove_account(tenant.account.identifier)

    assert world.accounts.state().of_fingerprint(tenant.account.fingerprint) is None
    with pytest.raises(AccessDenied):
        world.store(tenant.key).check_listing(tenant.bucket)


def test_attaching_and_detaching_twice_is_harmless(world: World) -> None:
    tenant = make_tenant(world)
    world.accounts.attach(tenant.policy, tenant.account.identifier)
    assert world.account(tenant.account).policies == (tenant.policy,)

    world.accounts.detach(tenant.policy, tenant.account.identifier)
    world.accounts.detach(tenant.policy, tenant.account.identifier)
    world.accounts.detach(tenant.policy, new_secret().identifier)
    assert world.account(tenant.account).policies == ()


def test_attaching_a_policy_keeps_the_others(world: World) -> None:
    tenant, other = make_tenant(world), make_tenant(world)
    world.accounts.attach(other.policy, tenant.account.identifier)
    assert world.account(tenant.account).policies == tuple(sorted((tenant.policy, other.policy)))

    world.accounts.detach(tenant.policy, tenant.account.identifier)
    assert world.account(tenant.account).policies == (other.policy,)


def test_what_is_missing_is_told_as_such(world: World) -> None:
    tenant, nobody = make_tenant(world), new_secret().identifier
    with pytest.raises(AccountMissing):
        world.accounts.attach("belvedere-no-such-policy", tenant.account.identifier)
    with pytest.raises(AccountMissing):
        world.accounts.attach(tenant.policy, nobody)
    with pytest.raises(AccountMissing):
        world.accounts.set_account_enabled(nobody, enabled=True)
    with pytest.raises(AccountMissing):
        world.accounts.set_key_enabled(nobody, enabled=True)
    with pytest.raises(AccountMissing):
        world.accounts.set_key_policy(nobody, tenant.document())


def test_a_quota_is_set_and_cleared(world: World) -> None:
    bucket = make_tenant(world, key=False).bucket
    assert world.accounts.quota(bucket) is None
    world.accounts.set_quota(bucket, 10 * 1024**3)
    assert world.accounts.quota(bucket) == 10 * 1024**3
    world.accounts.set_quota(bucket, None)
    assert world.accounts.quota(bucket) is None


def test_a_quota_needs_a_bucket(world: World) -> None:
    with pytest.raises(BucketMissing):
        world.accounts.quota("no-such-bucket-at-all")
    with pytest.raises(BucketMissing):
        world.accounts.set_quota("no-such-bucket-at-all", 1)


def test_the_picture_of_all_tenants_is_one_call(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tenants = [make_tenant(world) for _ in range(3)]
    calls: list[str] = []
    pool = urllib3.PoolManager.urlopen

    def counted(self: urllib3.PoolManager, method: str, url: str, **options: Any) -> Any:
        calls.append(url)
        return pool(self, method, url, **options)

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", counted)
    state = world.accounts.state()

    assert len(calls) == (0 if isinstance(world.accounts, FakeAccounts) else 1)
    assert {tenant.account.fingerprint for tenant in tenants} <= {each.fingerprint for each in state.accounts}


def test_an_account_with_its_key_is_made_without_the_slow_derivation_of_keys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def derived(*_: object) -> bytes:
        raise AssertionError("Argon2 costs 64 MiB and 0.1 s of a core at each end")

    monkeypatch.setattr("minio.crypto._generate_key", derived)

    assert world.account(make_tenant(world).account).keys


def test_no_error_of_the_object_store_repeats_an_access_key(servers: Servers, accounts: MinioAccounts) -> None:
    secret, policy = new_secret(), {"Version": "2012-10-17", "Statement": []}
    away = MinioAccounts("http://127.0.0.1:9", secret.identifier, secret.password)
    wrong = MinioAccounts(servers.minio().minio_endpoint, secret.identifier, secret.password)
    attempts = (
        (AccountMissing, lambda: accounts.set_key_enabled(secret.identifier, enabled=True)),
        (AccountMissing, lambda: accounts.set_account_enabled(secret.identifier, enabled=True)),
        (AccessDenied, lambda: accounts.issue_key(secret, new_secret(), policy, "none")),
        (AccessDenied, lambda: wrong.set_account_enabled(secret.identifier, enabled=True)),
        (AccessDenied, wrong.state),
        (ServiceUnavailable, lambda: away.set_account_enabled(secret.identifier, enabled=True)),
        (ServiceUnavailable, away.state),
    )
    for kind, attempt in attempts:
        with pytest.raises(kind) as caught:
            attempt()
        told = "".join(traceback.format_exception(caught.value))
        assert secret.identifier not in told
        assert secret.password not in told
