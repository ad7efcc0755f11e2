"""Provisioning, rotation and removal that die at any call: the next run ends what was begun, and orphans nothing."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.tenants import Crashed, FakeWorld
from tests.harness.storage import DURABLE, FAST
from tests.harness.tenants import DEPLOYMENT, SUFFIX, TOPIC, tenant_spec

from belvedere.clients.mlflow_api import ResourceMissing
from belvedere.errors import AccessDenied
from belvedere.model.tenant import DeletionPolicy
from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.tenants.applying import Recorded, apply
from belvedere.tenants.names import policy_name
from belvedere.tenants.observing import Fleet, observe
from belvedere.tenants.orphans import find_orphans
from belvedere.tenants.plan import plan
from belvedere.tenants.removing import Holdings, plan_removal
from belvedere.tenants.rotating import plan_rotation
from belvedere.tenants.verifying import verify

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import CredentialRecord, Secret, TenantState
    from belvedere.tenants.changes import TenantPlan

SPEC = tenant_spec(
    members=[{"user": "alice"}, {"user": "carol", "role": "viewer"}],
    bucket={"quota": "1GiB", "lifecycle": [{"id": "old", "expire_days": 9}]},
    keys={"count": 2, "rotate_every": "30d", "grace": "24h"},
)
LIVE = (CredentialPhase.CREATING, CredentialPhase.ACTIVE, CredentialPhase.RETIRING)


class Runs:
    """Runs of Belvedere's over fakes; each may die after some calls."""

    def __init__(self, spec: TenantSpec = SPEC) -> None:
        self.spec = spec
        self.world = FakeWorld([FAST, DURABLE])

    def state(self) -> TenantState:
        """Look at the tenant, at which a glimpse must tell the same as the picture of everything."""
        pictures = [look(self.world.systems, TOPIC.name) for look in (Fleet.take, partial(Fleet.glimpse, self.spec))]
        seen, glimpsed = (observe(self.spec, picture, self.world.systems, SUFFIX) for picture in pictures)
        assert glimpsed == seen
        return seen

    def plan(self) -> TenantPlan:
        return plan(self.spec, self.state(), DEPLOYMENT)

    def provision(self, *, calls: int | None = None, after: bool = False) -> bool:
        return self.carry_out(self.plan(), calls, after=after)

    def rotate(self, *, calls: int | None = None, after: bool = False, replace_before: datetime | None = None) -> bool:
        now = self.world.clock()
        todo = plan_rotation(self.spec, self.state(), SUFFIX, now, replace_before=replace_before)
        return self.carry_out(todo, calls, after=after)

    def remove(self, policy: DeletionPolicy, *, calls: int | None = None) -> bool:
        state = self.state()
        todo = plan_removal(self.spec, state, policy, Holdings.take(state, self.world.systems))
        return self.carry_out(todo, calls)

    def keys(self, *phases: CredentialPhase) -> list[CredentialRecord]:
        records = self.world.credentials.records(self.spec.name)
        return [one for one in records if one.kind is CredentialKind.S3_KEY and one.phase in phases]

    def working(self) -> list[CredentialRecord]:
        """Return the active keys that open the tenant's bucket."""
        secrets = ((record, self.world.credentials.reveal(record.id)) for record in self.keys(CredentialPhase.ACTIVE))
        wanted = ("s3:PutObject", f"{self.spec.name}/x")
        return [record for record, secret in secrets if self.world.accounts.allows(secret, *wanted)]

    def graced_keys_work(self) -> bool:
        """Whether every replaced key works whose time has not come."""
        accounts, now = self.world.accounts.state().accounts, self.world.clock()
        there = {key.fingerprint for one in accounts for key in one.keys if key.enabled}
        retiring = self.keys(CredentialPhase.RETIRING)
        return all(one.fingerprint in there for one in retiring if one.retire_at and one.retire_at > now)

    def password(self) -> Secret:
        """Return the password on record of the tenant's user at MLflow."""
        records = self.world.credentials.records(self.spec.name)
        return next(self.world.credentials.reveal(one.id) for one in records if one.kind is CredentialKind.MLFLOW_USER)

    def orphans(self) -> list[str]:
        fleet = Fleet.take(self.world.systems, TOPIC.name)
        return [str(orphan) for orphan in find_orphans(fleet, [self.spec.name], {})]

    def carry_out(self, todo: TenantPlan, calls: int | None = None, *, after: bool = False) -> bool:
        """Return whether it came to its end."""
        fuse = self.world.fuse
        fuse.calls, fuse.after = calls, after
        try:
            apply(todo, self.spec, self.world.systems, lambda _: None, clock=self.world.clock)
        except Crashed:
            return False
        finally:
            fuse.calls = None
        return True


@pytest.mark.parametrize("after", [False, True])
def test_provisioning_that_died_at_any_call_is_ended_by_the_next_run(after: bool) -> None:
    for calls in count():
        runs = Runs()
        if runs.provision(calls=calls, after=after):
            break

        assert runs.provision()

        assert runs.plan().changes == ()
        assert len(runs.working()) == len(runs.keys(*LIVE)) == SPEC.keys.count
        assert runs.orphans() == []
        assert verify(SPEC, runs.world.systems).ok
    assert calls > 30


@pytest.mark.parametrize("policy", list(DeletionPolicy))
def test_a_removal_that_died_at_any_call_is_ended_by_the_next_run(policy: DeletionPolicy) -> None:
    for calls in count():
        runs = Runs()
        runs.provision()
        if runs.remove(policy, calls=calls):
            break

        assert runs.remove(policy)

        assert not runs.world.accounts.state().accounts
        assert policy_name(SPEC.name) not in runs.world.accounts.state().policies
        assert runs.keys(*LIVE) == []
        assert runs.world.members.roles(SPEC.name) == {}
        assert SPEC.name not in runs.world.mlflow.state().users
        stays = policy is DeletionPolicy.RETAIN
        assert runs.world.buckets.state(SPEC.name).exists is stays
        assert runs.world.buckets.state(SPEC.name + SUFFIX).exists is stays
        assert (SPEC.name in runs.world.mlflow.state().workspaces) is stays
        assert runs.world.buckets.state(SPEC.name).notifications == ()
    assert calls > 10


def test_a_retained_tenant_comes_back_as_it_was_without_adoption() -> None:
    runs = Runs()
    runs.provision()
    runs.world.buckets.fill(SPEC.name)
    runs.remove(DeletionPolicy.RETAIN)

    assert runs.provision()

    assert runs.plan().changes == ()
    assert verify(SPEC, runs.world.systems).ok


run_of_something = st.tuples(
    st.sampled_from(["rotate", "replace", "provision", "wait"]),
    st.none() | st.integers(0, 12),
    st.booleans(),
    st.sampled_from([timedelta(minutes=5), timedelta(hours=25), timedelta(days=31)]),
)


@given(st.lists(run_of_something, max_size=12))
@settings(max_examples=300)
def test_whatever_dies_in_whatever_order_one_key_works_always_and_all_is_well_in_the_end(
    history: list[tuple[str, int | None, bool, timedelta]],
) -> None:
    runs = Runs()
    runs.provision()

    for what, calls, after, time in history:
        if what == "wait":
            runs.world.clock.pass_on(time)
        elif what == "provision":
            runs.provision(calls=calls, after=after)
        else:
            replace_before = runs.world.clock() if what == "replace" else None
            runs.rotate(calls=calls, after=after, replace_before=replace_before)
        assert runs.working()
        assert runs.graced_keys_work()

    runs.provision()
    runs.rotate()
    runs.world.clock.pass_on(SPEC.keys.grace + timedelta(minutes=1))
    runs.rotate()
    runs.rotate()

    assert len(runs.working()) == len(runs.keys(*LIVE)) == SPEC.keys.count
    assert runs.plan().changes == ()
    assert runs.orphans() == []


def test_a_rotation_begins_when_a_key_is_old_and_ends_after_the_grace() -> None:
    runs = Runs()
    runs.provision()
    first = {record.id for record in runs.working()}

    runs.rotate()
    assert {record.id for record in runs.working()} == first

    runs.world.clock.pass_on(SPEC.keys.rotate_every)
    runs.rotate()
    assert first.isdisjoint(record.id for record in runs.working())
    assert {record.id for record in runs.keys(CredentialPhase.RETIRING)} == first
    assert runs.graced_keys_work()

    runs.world.clock.pass_on(SPEC.keys.grace)
    runs.rotate()
    assert {record.id for record in runs.keys(CredentialPhase.REVOKED)} == first
    assert runs.keys(CredentialPhase.RETIRING) == []


def test_without_grace_an_old_key_is_revoked_at_once_after_the_new_one_was_tried() -> None:
    runs = Runs(tenant_spec(keys={"grace": "0s"}))
    runs.provision()
    runs.world.clock.pass_on(timedelta(days=30))

    runs.rotate()

    assert len(runs.working()) == len(runs.keys(*LIVE)) == 1
    assert len(runs.keys(CredentialPhase.REVOKED)) == 1


def test_no_key_is_revoked_when_its_successor_cannot_be_made() -> None:
    runs = Runs()
    runs.provision()
    runs.world.clock.pass_on(timedelta(days=31))
    account = next(one for one in runs.world.accounts.state().accounts)
    runs.world.accounts.detach(policy_name(SPEC.name), account.access_key)

    with pytest.raises(AccessDenied):
        runs.rotate()

    assert len(runs.keys(CredentialPhase.ACTIVE)) == 2
    assert runs.keys(CredentialPhase.REVOKED, CredentialPhase.RETIRING) == []


def test_without_an_account_a_rotation_does_nothing_and_says_so() -> None:
    runs = Runs()

    planned = plan_rotation(SPEC, runs.state(), SUFFIX, runs.world.clock())

    assert planned.changes == ()
    assert "apply its plan first" in planned.warnings[0]


def test_passwords_of_mlflow_are_renewed_on_request_only_and_a_renewal_that_died_is_ended() -> None:
    for calls in count():
        runs = Runs()
        runs.provision()
        before = runs.password()
        todo = plan_rotation(SPEC, runs.state(), SUFFIX, runs.world.clock(), mlflow_passwords=True)
        assert [str(planned.change) for planned in todo.changes] == ["give MLflow user team-a a new password"]
        if runs.carry_out(todo, calls):
            break

        runs.provision()

        assert runs.world.mlflow.opened_by(runs.password()) == {"team-a"}
    assert runs.password() != before
    assert calls >= 4


def test_every_change_is_told_with_how_it_ended() -> None:
    runs = Runs()
    told: list[Recorded] = []
    runs.world.mlflow.create_workspace("team-a", "somebody else's", "")
    todo = plan(SPEC.model_copy(update={"adopt": True}), runs.state(), DEPLOYMENT)
    runs.world.mlflow.remove_workspace("team-a", "CASCADE")

    with pytest.raises(ResourceMissing):
        apply(todo, SPEC, runs.world.systems, told.append)

    assert [each.planned for each in told] == list(todo.changes[: len(told)])
    assert [each.done for each in told] == [True] * (len(told) - 1) + [False]
    assert told[-1].problem_code == ResourceMissing.code
