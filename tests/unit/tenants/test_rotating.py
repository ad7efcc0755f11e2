"""Which keys are replaced, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.harness.tenants import NOW, SUFFIX, account, key, record, tenant_spec, whole

from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.tenants.changes_accounts import IssueKey, ReissueKey, RetireKey, RevokeKey
from belvedere.tenants.rotating import plan_rotation

if TYPE_CHECKING:
    from belvedere.model.tenant_state import CredentialRecord, KeyState, TenantState

SPEC = tenant_spec(keys={"rotate_every": "30d", "grace": "24h"})
OLD = timedelta(days=31)
OWN = record("ACCOUNT", CredentialKind.S3_ACCOUNT)


def state(keys: list[KeyState], *records: CredentialRecord) -> TenantState:
    return replace(whole(SPEC), account=account(*keys), records=(OWN, *records))


def planned(found: TenantState) -> list[tuple[type, str]]:
    plan = plan_rotation(SPEC, found, SUFFIX, NOW)
    return [(type(each.change), getattr(each.change, "record_id", None) or "new") for each in plan.changes]


def test_young_keys_stay() -> None:
    assert planned(state([key("A")], record("A"))) == []


def test_an_old_key_retires_after_its_successor_is_made() -> None:
    assert planned(state([key("A")], record("A", age=OLD))) == [(IssueKey, "new"), (RetireKey, "r-A")]


def test_a_key_that_was_begun_is_the_successor() -> None:
    found = state([key("A")], record("A", age=OLD), record("B", phase=CredentialPhase.CREATING))

    assert planned(found) == [(ReissueKey, "r-B"), (RetireKey, "r-A")]


def test_of_too_many_keys_the_oldest_retires() -> None:
    found = state([key("A"), key("B")], record("B"), record("A", age=timedelta(days=2)))

    assert planned(found) == [(RetireKey, "r-A")]


def test_a_disabled_key_takes_nothing_over() -> None:
    found = state([key("A"), key("B", enabled=False)], record("A", age=OLD), record("B"))

    assert planned(found) == [(IssueKey, "new"), (RetireKey, "r-A")]


def test_a_retired_key_is_revoked_when_its_time_has_come_and_not_before() -> None:
    retiring = CredentialPhase.RETIRING
    soon = record("A", phase=retiring, retire_at=NOW + timedelta(seconds=1))
    due = record("B", phase=retiring, retire_at=NOW)

    assert planned(state([key("A"), key("B"), key("C")], soon, due, record("C"))) == [(RevokeKey, "r-B")]


def test_a_retired_key_is_kept_while_no_other_one_works_and_that_is_told() -> None:
    due = record("A", phase=CredentialPhase.RETIRING, retire_at=NOW)
    plan = plan_rotation(SPEC, state([key("A")], due, record("GONE")), SUFFIX, NOW)

    assert plan.changes == ()
    assert "no key works that could take over" in plan.warnings[0]


def test_keys_made_before_a_time_are_replaced_and_none_twice() -> None:
    found = state([key("A"), key("B")], record("A", age=timedelta(hours=2)), record("B", age=timedelta(minutes=1)))
    plan = plan_rotation(SPEC, found, SUFFIX, NOW, replace_before=NOW - timedelta(hours=1))

    assert [type(each.change) for each in plan.changes] == [RetireKey]
