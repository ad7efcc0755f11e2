"""What a removal takes away, and what it leaves, by its policy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.harness.tenants import account, key, record, tenant_spec, whole

from belvedere.errors import BucketNotEmpty
from belvedere.model.storage import BucketState
from belvedere.model.tenant import DeletionPolicy
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, MlflowUserState, TenantState, WorkspaceState
from belvedere.storage.changes import SetNotifications
from belvedere.tenants.changes import RevokeMembership
from belvedere.tenants.changes_accounts import DetachPolicy, DropRecord, RemoveAccount, RemovePolicy, RevokeKey
from belvedere.tenants.changes_buckets import ForgetArtifacts, RemoveBucket, UnregisterSource
from belvedere.tenants.changes_mlflow import RemoveMlflowUser, RemoveWorkspace
from belvedere.tenants.removing import Holdings, plan_removal

SPEC = tenant_spec(members=[{"user": "alice"}])
FULL = Holdings(frozenset({"team-a"}))


def kinds(policy: DeletionPolicy, state: TenantState | None = None, holdings: Holdings | None = None) -> list[type]:
    plan = plan_removal(SPEC, state or whole(SPEC), policy, holdings or Holdings())
    return [type(planned.change) for planned in plan.changes]


def test_retain_takes_people_and_credentials_and_leaves_everything_they_made() -> None:
    plan = plan_removal(SPEC, whole(SPEC), DeletionPolicy.RETAIN, FULL)

    assert [type(planned.change) for planned in plan.changes] == [
        SetNotifications,
        RevokeMembership,
        RevokeKey,
        RemoveMlflowUser,
        RemoveAccount,
        RemovePolicy,
    ]
    assert len(plan.warnings) == 3
    assert all("stays with everything in it" in warning for warning in plan.warnings)


def test_delete_all_takes_the_rules_first_and_the_buckets_last() -> None:
    assert kinds(DeletionPolicy.DELETE_ALL, holdings=FULL) == [
        SetNotifications,
        RevokeMembership,
        RevokeKey,
        RemoveMlflowUser,
        RemoveAccount,
        RemovePolicy,
        RemoveWorkspace,
        UnregisterSource,
        ForgetArtifacts,
        RemoveBucket,
        RemoveBucket,
    ]


def test_delete_if_empty_asks_mlflow_before_anything_is_changed() -> None:
    plan = plan_removal(SPEC, whole(SPEC), DeletionPolicy.DELETE_IF_EMPTY, Holdings())

    assert plan.changes[0].change == RemoveWorkspace("team-a", "RESTRICT")
    assert RemoveBucket("team-a", with_objects=False) in [planned.change for planned in plan.changes]
    assert RemoveBucket("team-a-renderings", with_objects=True) in [planned.change for planned in plan.changes]


def test_delete_if_empty_refuses_a_full_bucket_and_names_it() -> None:
    with pytest.raises(BucketNotEmpty, match=r"tenant team-a .* in team-a: .*DeleteAll"):
        plan_removal(SPEC, whole(SPEC), DeletionPolicy.DELETE_IF_EMPTY, FULL)


@pytest.mark.parametrize("policy", list(DeletionPolicy))
def test_buckets_and_workspaces_that_are_not_marked_as_the_tenants_are_never_touched(policy: DeletionPolicy) -> None:
    state = whole(SPEC)
    foreign = replace(
        state.buckets["team-a"],
        source=BucketState("team-a", exists=True, tags={"belvedere-tenant": "team-b"}),
        renderings=BucketState("team-a-renderings", exists=True),
        registered=None,
    )
    state = replace(state, buckets={"team-a": foreign}, workspace=WorkspaceState("team-a", "somebody's"))

    plan = plan_removal(SPEC, state, policy, FULL)

    touched = (SetNotifications, RemoveBucket, RemoveWorkspace, UnregisterSource, ForgetArtifacts)
    assert not [planned for planned in plan.changes if isinstance(planned.change, touched)]
    assert len([warning for warning in plan.warnings if "not marked as the tenant's" in warning]) == 3


@pytest.mark.parametrize("policy", list(DeletionPolicy))
def test_a_tenant_that_is_gone_leaves_nothing_to_do(policy: DeletionPolicy) -> None:
    found = whole(SPEC).buckets["team-a"]
    gone = replace(found, source=BucketState("team-a"), renderings=BucketState("team-a-renderings"), registered=None)

    assert (
        kinds(policy, TenantState(buckets={"team-a": gone}, records=(record("KEY1", phase=CredentialPhase.REVOKED),)))
        == []
    )


def test_an_account_without_record_and_users_without_account_go_too() -> None:
    state = replace(
        whole(SPEC),
        account=account(key("KEY1")),
        strangers=(account(identifier="BOB"),),
        users={},
        records=(record("team-a", CredentialKind.MLFLOW_USER), record("LOST", CredentialKind.S3_ACCOUNT)),
    )

    changes = [planned.change for planned in plan_removal(SPEC, state, DeletionPolicy.RETAIN, Holdings()).changes]

    assert {type(change) for change in changes} >= {DropRecord, DetachPolicy}
    assert [change.record_id for change in changes if isinstance(change, RemoveAccount)] == ["r-LOST", None]
    assert not [change for change in changes if isinstance(change, RemoveMlflowUser)]


def test_users_of_mlflow_that_belvedere_did_not_make_stay() -> None:
    ops = MlflowUserState("ops", roles=frozenset({("team-a", "admin")}))
    state = replace(whole(SPEC), users={**whole(SPEC).users, "ops": ops})

    plan = plan_removal(SPEC, state, DeletionPolicy.DELETE_ALL, Holdings())

    removed = [planned.change.user for planned in plan.changes if isinstance(planned.change, RemoveMlflowUser)]
    assert removed == ["team-a"]
