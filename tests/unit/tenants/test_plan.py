"""Plans of tenants: pure, in an order that works, with reasons, and refusing what is not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.harness.tenants import DEPLOYMENT, account, key, record, tenant_spec, whole

from belvedere.errors import ForeignResource
from belvedere.model.access import Role
from belvedere.model.storage import BucketState, ExpiryRule
from belvedere.model.tenant_state import (
    AccountState,
    CredentialKind,
    CredentialPhase,
    KeyState,
    LifecycleRule,
    MlflowUserState,
    ObjectLock,
    TenantBucketState,
    TenantState,
    WorkspaceState,
)
from belvedere.storage import changes as storage
from belvedere.storage.plan import EXPIRY_RULE_ID
from belvedere.tenants.changes import GrantMembership, RevokeMembership
from belvedere.tenants.changes_accounts import (
    CreateAccount,
    DetachPolicy,
    IssueKey,
    PutPolicy,
    ReissueKey,
    ResetAccount,
    RetireKey,
    RevokeKey,
)
from belvedere.tenants.changes_buckets import CreateLockedBucket, SetLifecycle, SetObjectLock
from belvedere.tenants.changes_mlflow import (
    AssignRole,
    CreateMlflowUser,
    CreateWorkspace,
    RemoveMlflowUser,
    ResetMlflowPassword,
    UpdateWorkspace,
)
from belvedere.tenants.plan import plan
from belvedere.tenants.reporting import drift, observed

if TYPE_CHECKING:
    from belvedere.model.tenant import TenantSpec

SPEC = tenant_spec(members=[{"user": "alice"}, {"user": "carol", "role": "viewer"}])


def nothing(name: str = "team-a") -> TenantState:
    bucket = TenantBucketState(BucketState(name), BucketState(f"{name}-renderings"))
    return TenantState(buckets={name: bucket}, topic=whole().topic)


def kinds(state: TenantState, spec: TenantSpec = SPEC) -> list[type]:
    return [type(each.change) for each in plan(spec, state, DEPLOYMENT).changes]


def expiring(state: TenantState) -> TenantState:
    rule = ExpiryRule(EXPIRY_RULE_ID, DEPLOYMENT.renderings_expire_days)
    buckets = {
        name: replace(found, renderings=replace(found.renderings, expiry=(rule,)))
        for name, found in state.buckets.items()
    }
    return replace(state, buckets=buckets)


WHOLE = expiring(whole(SPEC))


def test_a_tenant_that_is_as_declared_needs_nothing() -> None:
    made_plan = plan(SPEC, WHOLE, DEPLOYMENT)

    assert made_plan.changes == ()
    assert made_plan.warnings == ()
    assert str(made_plan) == "Tenant team-a: nothing to do."


def test_from_nothing_buckets_come_first_and_people_last() -> None:
    changes = kinds(nothing())

    assert changes.index(storage.CreateBucket) < changes.index(PutPolicy)
    assert changes.index(PutPolicy) < changes.index(CreateAccount) < changes.index(IssueKey)
    assert changes.index(IssueKey) < changes.index(CreateWorkspace)
    assert changes.index(CreateWorkspace) < changes.index(CreateMlflowUser) < changes.index(AssignRole)
    assert changes[-2:] == [GrantMembership, GrantMembership]


def test_every_change_has_a_reason_and_says_what_it_is_about() -> None:
    for planned in plan(SPEC, nothing(), DEPLOYMENT).changes:
        assert planned.reason, planned
        assert planned.system in {"object store", "kafka", "catalog", "mlflow", "gallery"}, planned
        assert planned.prop, planned
        assert planned.after is not None, planned


def test_planning_twice_gives_the_same_plan() -> None:
    assert plan(SPEC, nothing(), DEPLOYMENT) == plan(SPEC, nothing(), DEPLOYMENT)


def test_a_locked_bucket_is_made_as_one_and_an_old_one_gets_a_warning_instead() -> None:
    spec = tenant_spec(bucket={"object_lock": {"days": 3}})
    changes = [each.change for each in plan(spec, nothing(), DEPLOYMENT).changes]

    assert CreateLockedBucket("team-a") in changes
    assert SetObjectLock("team-a", ObjectLock("GOVERNANCE", 3)) in changes
    old = plan(spec, expiring(whole(spec)), DEPLOYMENT)
    assert old.changes == ()
    assert "made without object lock" in old.warnings[0]


def test_declared_lifecycle_rules_carry_our_prefix() -> None:
    spec = tenant_spec(bucket={"lifecycle": [{"id": "tmp", "prefix": "tmp/", "expire_days": 2}]})
    changes = [each.change for each in plan(spec, expiring(whole(spec)), DEPLOYMENT).changes]

    rule = LifecycleRule("belvedere-tenant-tmp", "tmp/", 2, None)
    assert changes == [SetLifecycle("team-a", "belvedere-tenant-", (rule,))]


def test_filters_become_notification_rules_and_are_registered() -> None:
    spec = tenant_spec(bucket={"notifications": [{"prefix": "runs/"}, {"prefix": "out/", "suffix": ".csv"}]})
    changes = [each.change for each in plan(spec, nothing(), DEPLOYMENT).changes]

    rules = next(each.rules for each in changes if isinstance(each, storage.SetNotifications))
    assert sorted({(rule.prefix, rule.suffix) for rule in rules}) == [("out/", ".csv"), ("runs/", "")]
    assert len({rule.rule_id for rule in rules}) == len(rules) == 4
    registered = next(each for each in changes if isinstance(each, storage.RegisterSource))
    assert [(each.prefix, each.suffix) for each in registered.registration.filters] == [("runs/", ""), ("out/", ".csv")]


def test_the_first_of_too_many_keys_retires_and_missing_ones_are_issued() -> None:
    two = tenant_spec(keys={"count": 2})
    assert kinds(expiring(whole(two)), two) == [IssueKey]

    records = (*WHOLE.records, record("KEY2"))
    many = replace(WHOLE, account=account(key("KEY1"), key("KEY2")), records=records)
    retired = plan(SPEC, many, DEPLOYMENT).changes
    assert [type(each.change) for each in retired] == [RetireKey]
    assert retired[0].change.record_id == "r-KEY1"


def test_a_key_that_was_begun_is_made_as_it_is_on_record_and_no_other() -> None:
    begun = [one for one in WHOLE.records if one.kind is not CredentialKind.S3_KEY]
    state = replace(WHOLE, account=account(), records=(*begun, record("KEY1", phase=CredentialPhase.CREATING)))

    assert kinds(state) == [ReissueKey]


def test_a_retiring_key_is_left_alone() -> None:
    records = (*WHOLE.records, record("OLD", phase=CredentialPhase.RETIRING))
    state = replace(WHOLE, account=account(key("KEY1"), key("OLD")), records=records)

    assert kinds(state) == []


def test_keys_of_somebody_else_are_revoked_but_never_when_nothing_is_on_record() -> None:
    foreign = replace(WHOLE, account=account(key("KEY1"), KeyState("THEIRS")))
    assert kinds(foreign) == [RevokeKey]

    lost = replace(foreign, records=())
    assert RevokeKey not in kinds(lost)


def test_a_lost_record_of_the_account_gives_it_a_new_password() -> None:
    without = tuple(one for one in WHOLE.records if one.kind is not CredentialKind.S3_ACCOUNT)

    assert kinds(replace(WHOLE, records=without)) == [ResetAccount]


def test_whoever_else_holds_the_policy_loses_it() -> None:
    state = replace(WHOLE, strangers=(AccountState("EVE", policies=("belvedere-team-a",)),))

    assert kinds(state) == [DetachPolicy]


def test_foreign_things_are_refused_all_at_once_and_adopted_when_that_is_declared() -> None:
    bucket = TenantBucketState(BucketState("team-a", exists=True, empty=False), BucketState("team-a-renderings"))
    state = replace(
        nothing(),
        buckets={"team-a": bucket},
        workspace=WorkspaceState("team-a", "somebody's"),
        users={"team-a": MlflowUserState("team-a")},
    )

    with pytest.raises(ForeignResource) as told:
        plan(SPEC, state, DEPLOYMENT)
    for word in ("bucket team-a", "workspace team-a", "user team-a", "adopt"):
        assert word in told.value.message

    adopting = plan(tenant_spec(adopt=True), state, DEPLOYMENT)
    types = [type(each.change) for each in adopting.changes]
    assert {storage.TagBucket, UpdateWorkspace, ResetMlflowPassword} <= set(types)


def test_another_tenants_workspace_is_never_taken() -> None:
    state = replace(nothing(), workspace=WorkspaceState("team-a", "Belvedere tenant team-b"))

    with pytest.raises(ForeignResource, match="another tenant's"):
        plan(tenant_spec(adopt=True), state, DEPLOYMENT)


def test_without_mlflow_the_tenant_is_made_and_the_plan_says_so() -> None:
    without = replace(DEPLOYMENT, has_mlflow=False)
    made_plan = plan(SPEC, nothing(), without)

    assert not [each for each in made_plan.changes if each.system == "mlflow"]
    assert "BELVEDERE_MLFLOW_URL" in made_plan.warnings[0]


def test_a_user_that_is_not_declared_any_more_goes() -> None:
    gone = record("team-a-bot", CredentialKind.MLFLOW_USER)
    users = {**WHOLE.users, "team-a-bot": MlflowUserState("team-a-bot", roles=frozenset({("team-a", "user")}))}
    changes = kinds(replace(WHOLE, records=(*WHOLE.records, gone), users=users))

    assert RemoveMlflowUser in changes


def test_people_are_granted_changed_and_taken_out() -> None:
    state = replace(WHOLE, members={"alice": Role.VIEWER, "mallory": Role.MEMBER})
    changes = [each.change for each in plan(SPEC, state, DEPLOYMENT).changes]

    assert changes == [
        GrantMembership("team-a", "alice", Role.MEMBER),
        GrantMembership("team-a", "carol", Role.VIEWER),
        RevokeMembership("team-a", "mallory"),
    ]


def test_what_is_told_of_a_tenant_holds_fingerprints_and_no_identifier() -> None:
    told = str(observed(SPEC, WHOLE)) + str(drift(plan(SPEC, replace(WHOLE, members={}), DEPLOYMENT)))

    assert "KEY1" not in told
    assert "ACCOUNT" not in told
    assert record("KEY1").fingerprint in told
