"""One picture of everything, then a fixed number of calls a tenant; and whose an account is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.tenants import FakeWorld
from tests.harness.storage import DURABLE, FAST
from tests.harness.tenants import DEPLOYMENT, SUFFIX, TOPIC, account, accounts_of, key, mlflow_of, record, tenant_spec

from belvedere.errors import ServiceUnavailable
from belvedere.model.storage import TopicState
from belvedere.model.tenant_state import (
    AccountsState,
    CredentialKind,
    CredentialPhase,
    MlflowState,
    MlflowUserState,
    Secret,
)
from belvedere.tenants.applying import apply
from belvedere.tenants.names import policy_name
from belvedere.tenants.observing import Fleet, observe
from belvedere.tenants.plan import plan
from belvedere.tenants.policies import account_policy

if TYPE_CHECKING:
    from belvedere.model.tenant_state import AccountState, CredentialRecord

BOB = Secret("BOB", "bobs own password")
OWN = record("ACCOUNT", CredentialKind.S3_ACCOUNT)


def fleet(
    *accounts: AccountState, records: tuple[CredentialRecord, ...] = (), mlflow: MlflowState | None = None
) -> Fleet:
    return Fleet.of(accounts_of(*accounts), mlflow or MlflowState(), records, TopicState("artifacts"), {})


def test_the_recorded_account_is_the_tenants_and_others_with_its_policy_are_strangers() -> None:
    own, bob = account(key("KEY1")), account(identifier="BOB")
    picture = fleet(bob, own, records=(OWN,))

    assert picture.account_of("team-a") == own
    assert picture.strangers_of("team-a") == (bob,)


def test_a_stranger_never_becomes_the_tenants_account_when_the_recorded_one_is_gone() -> None:
    picture = fleet(account(identifier="BOB"), records=(OWN,))

    assert picture.account_of("team-a") is None
    assert len(picture.strangers_of("team-a")) == 1


def test_without_a_record_an_account_is_known_by_its_keys_and_never_by_its_policy_alone() -> None:
    revoked = replace(OWN, phase=CredentialPhase.REVOKED)
    own, bob = account(key("KEY1")), account(identifier="BOB")

    assert fleet(bob, own, records=(revoked,)).account_of("team-a") == own
    assert fleet(bob).account_of("team-a") is None


def test_users_of_mlflow_are_those_declared_recorded_or_with_a_role_in_the_workspace() -> None:
    users = (
        MlflowUserState("team-a"),
        MlflowUserState("team-a-old"),
        MlflowUserState("bob", roles=frozenset({("team-a", "user")})),
        MlflowUserState("carol", roles=frozenset({("team-b", "user")})),
    )
    records = (record("team-a-old", CredentialKind.MLFLOW_USER),)
    picture = fleet(records=records, mlflow=mlflow_of(users=users))

    assert set(picture.users_of(tenant_spec())) == {"team-a", "team-a-old", "bob"}


class Counted:
    """Counts the calls of a port by name."""

    def __init__(self, target: Any) -> None:
        self.target, self.calls = target, dict[str, int]()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] = self.calls.get(name, 0) + 1
        return getattr(self.target, name)


def test_a_tenant_costs_the_same_calls_however_many_there_are_and_a_fleet_does_too() -> None:
    world = FakeWorld([FAST, DURABLE])
    ports = ("buckets", "topics", "sources", "accounts", "mlflow", "credentials", "members")
    counted = {name: Counted(getattr(world, name)) for name in ports}
    systems = replace(world.systems, **counted)
    specs = [tenant_spec(f"team-{number}", members=[{"user": "alice"}]) for number in range(20)]
    for spec in specs:
        state = observe(spec, Fleet.take(world.systems, TOPIC.name), world.systems, SUFFIX)
        apply(plan(spec, state, DEPLOYMENT), spec, world.systems, lambda _: None)

    picture = Fleet.take(systems, TOPIC.name)
    assert {name: port.calls for name, port in counted.items() if port.calls} == {
        "topics": {"state": 1},
        "accounts": {"state": 1},
        "mlflow": {"state": 1},
        "credentials": {"all_records": 1},
        "sources": {"tenants": 1},
    }

    for spec in specs:
        for port in counted.values():
            port.calls.clear()
        assert plan(spec, observe(spec, picture, systems, SUFFIX), DEPLOYMENT).changes == ()
        assert {name: port.calls for name, port in counted.items() if port.calls} == {
            "buckets": {"state": 2, "lock": 1, "lifecycle": 1},
            "sources": {"registration": 1},
            "accounts": {"quota": 1},
            "members": {"roles": 1},
        }


def test_a_tenant_that_no_system_knows_needs_no_picture_of_the_others() -> None:
    world = FakeWorld([FAST, DURABLE])
    ports = ("topics", "accounts", "mlflow", "credentials")
    counted = {name: Counted(getattr(world, name)) for name in ports}
    spec, systems = tenant_spec(), replace(world.systems, **counted)

    glimpse = Fleet.glimpse(spec, systems, TOPIC.name)

    assert {name: port.calls for name, port in counted.items()} == {
        "topics": {"state": 1},
        "accounts": {"knows_policy": 1},
        "mlflow": {"knows": 1},
        "credentials": {"records": 1},
    }
    assert observe(spec, glimpse, systems, SUFFIX) == observe(spec, Fleet.take(systems, TOPIC.name), systems, SUFFIX)


@pytest.mark.parametrize("known", ["policy", "workspace", "user", "record"])
def test_a_tenant_of_which_any_system_knows_is_seen_in_the_whole_picture(known: str) -> None:
    world, spec = FakeWorld([FAST, DURABLE]), tenant_spec()
    if known == "policy":
        world.accounts.put_policy(policy_name(spec.name), account_policy(spec, SUFFIX))
        world.accounts.put_account(BOB)
        world.accounts.attach(policy_name(spec.name), BOB.identifier)
    elif known == "workspace":
        world.mlflow.create_workspace(spec.name, "somebody else's", "")
    elif known == "user":
        world.mlflow.put_user(Secret(spec.name, "a password of its own"))
    else:
        world.credentials.keep(spec.name, CredentialKind.S3_ACCOUNT, BOB, CredentialPhase.CREATING)

    assert Fleet.glimpse(spec, world.systems, TOPIC.name) == Fleet.take(world.systems, TOPIC.name)


class Silent:
    def state(self) -> AccountsState:
        raise ServiceUnavailable("the object store did not answer")


def test_a_system_that_does_not_answer_leaves_no_half_a_picture() -> None:
    systems = replace(FakeWorld([FAST]).systems, accounts=Silent())  # type: ignore[arg-type]

    with pytest.raises(ServiceUnavailable, match="object store"):
        Fleet.take(systems, TOPIC.name)
