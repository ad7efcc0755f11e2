"""What a verification tells: what works, what is refused, and what must not be allowed."""

from __future__ import annotations

import pytest
from tests.fakes.tenants import FakeWorld
from tests.harness.storage import DURABLE, FAST
from tests.harness.tenants import DEPLOYMENT, SUFFIX, TOPIC, tenant_spec

from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.tenants.applying import apply
from belvedere.tenants.names import policy_name
from belvedere.tenants.observing import Fleet, observe
from belvedere.tenants.plan import plan
from belvedere.tenants.policies import account_policy, key_policy
from belvedere.tenants.verifying import verify

ONE = tenant_spec("team-a", buckets=[{"name": "team-a-more"}])
OTHER = tenant_spec("team-b")


@pytest.fixture
def world() -> FakeWorld:
    """Two tenants that are all that they should be."""
    world = FakeWorld([FAST, DURABLE])
    for spec in (ONE, OTHER):
        state = observe(spec, Fleet.take(world.systems, TOPIC.name), world.systems, SUFFIX)
        apply(plan(spec, state, DEPLOYMENT), spec, world.systems, lambda _: None)
    return world


def failed(world: FakeWorld) -> dict[str, str | None]:
    return {check.name: check.problem for check in verify(ONE, world.systems).checks if not check.ok}


def test_a_tenant_uses_what_is_its_own_and_both_refuse_each_other(world: FakeWorld) -> None:
    report = verify(ONE, world.systems)

    assert report.ok
    assert [check.name for check in report.checks] == [
        "put, get and remove an object in bucket team-a",
        "put, get and remove an object in bucket team-a-more",
        "not read bucket team-b",
        "not write to bucket team-b",
        "a key of tenant team-b does not read bucket team-a",
        "a key of tenant team-b does not write to bucket team-a",
        "a key of tenant team-b does not read bucket team-a-more",
        "a key of tenant team-b does not write to bucket team-a-more",
        "record a run as MLflow user team-a",
        "MLflow user team-a does not read workspace team-b",
        "MLflow user team-a does not write to workspace team-b",
    ]
    assert str(report).startswith("Tenant team-a: 11 checks, all well.")


def test_what_is_allowed_and_must_not_be_is_told(world: FakeWorld) -> None:
    wide = tenant_spec("team-b", buckets=[{"name": "team-b-x"}]).model_copy(update={"buckets": ONE.buckets})
    account = next(one for one in world.accounts.state().accounts if policy_name("team-b") in one.policies)
    world.accounts.put_policy(policy_name("team-b"), account_policy(wide, SUFFIX))
    world.accounts.set_key_policy(account.keys[0].access_key, key_policy(wide, SUFFIX))
    world.mlflow.assign("team-a", "team-b", "user")

    assert failed(world) == {
        "a key of tenant team-b does not read bucket team-a-more": "it is allowed, and must not be",
        "a key of tenant team-b does not write to bucket team-a-more": "it is allowed, and must not be",
        "MLflow user team-a does not read workspace team-b": "it is allowed, and must not be",
        "MLflow user team-a does not write to workspace team-b": "it is allowed, and must not be",
    }


def test_a_tenant_whose_key_is_gone_is_told_and_mlflow_is_tried_all_the_same(world: FakeWorld) -> None:
    for record in world.credentials.records("team-a"):
        if record.kind is CredentialKind.S3_KEY:
            world.credentials.move(record.id, CredentialPhase.REVOKED)

    problems = failed(world)

    assert "no active key on record" in (problems["put, get and remove an object in bucket team-a"] or "")
    assert "record a run as MLflow user team-a" not in problems


def test_a_strangers_key_that_works_nowhere_proves_nothing_and_is_not_tried(world: FakeWorld) -> None:
    account = next(one for one in world.accounts.state().accounts if policy_name("team-b") in one.policies)
    world.accounts.set_account_enabled(account.access_key, enabled=False)

    names = [check.name for check in verify(ONE, world.systems).checks]

    assert not [name for name in names if name.startswith("a key of tenant")]


def test_a_bucket_with_object_lock_is_only_listed_for_nothing_could_be_removed_from_it(world: FakeWorld) -> None:
    locked = tenant_spec("team-a", bucket={"object_lock": {"days": 1}})

    assert verify(locked, world.systems).checks[0].name == "list bucket team-a"


def test_each_credential_opens_its_system_once(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    reveal = world.credentials.reveal
    monkeypatch.setattr(world.credentials, "reveal", lambda record: opened.append(record) or reveal(record))

    verify(ONE, world.systems)

    assert len(opened) == len(set(opened)) == 3  # its key, another tenant's key, its user of MLflow
