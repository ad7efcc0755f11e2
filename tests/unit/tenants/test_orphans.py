"""What belongs to nobody is found on both sides, and told by fingerprints only."""

from __future__ import annotations

from tests.harness.tenants import account, accounts_of, key, mlflow_of, record

from belvedere.model.storage import TopicState
from belvedere.model.tenant_state import (
    AccountState,
    CredentialKind,
    CredentialPhase,
    CredentialRecord,
    MlflowState,
    WorkspaceState,
    fingerprint,
)
from belvedere.tenants.observing import Fleet
from belvedere.tenants.orphans import find_orphans, marked_buckets

OWN = record("ACCOUNT", CredentialKind.S3_ACCOUNT)


def fleet(
    *accounts: AccountState, mlflow: MlflowState | None = None, records: tuple[CredentialRecord, ...] = ()
) -> Fleet:
    return Fleet.of(accounts_of(*accounts), mlflow or MlflowState(), records, TopicState("artifacts"), {})


def found(picture: Fleet, *tenants: str, **more: object) -> set[tuple[str, str, str]]:
    orphans = find_orphans(picture, tenants, more.pop("buckets", {}), **more)  # type: ignore[arg-type]
    return {(each.system, each.kind, each.name) for each in orphans}


def test_what_has_a_tenant_and_a_record_is_no_orphan() -> None:
    picture = fleet(account(key("KEY1")), records=(OWN, record("KEY1")))

    assert found(picture, "team-a", buckets={"team-a": "team-a"}) == set()


def test_a_key_without_record_and_a_record_without_key_are_orphans() -> None:
    picture = fleet(account(key("STRAY")), records=(OWN, record("LOST"), record("OLD", phase=CredentialPhase.REVOKED)))

    assert found(picture, "team-a") == {
        ("object store", "key", fingerprint("STRAY")),
        ("records", "s3_key", fingerprint("LOST")),
    }


def test_policies_accounts_records_workspaces_and_buckets_of_no_tenant_are_orphans() -> None:
    workspace = WorkspaceState("team-a", "Belvedere tenant team-a")
    others = WorkspaceState("ops", "kept by hand")
    picture = fleet(account(key("KEY1")), mlflow=mlflow_of(workspace, others), records=(OWN,))

    assert found(picture, buckets={"team-a": "team-a", "old": "team-z"}) == {
        ("object store", "policy", "belvedere-team-a"),
        ("object store", "account", fingerprint("ACCOUNT")),
        ("records", "s3_account", fingerprint("ACCOUNT")),
        ("mlflow", "workspace", "team-a"),
        ("object store", "bucket", "team-a"),
        ("object store", "bucket", "old"),
    }


def test_what_a_removed_tenant_left_on_purpose_is_no_orphan_but_its_account_is() -> None:
    picture = fleet(account(), mlflow=mlflow_of(WorkspaceState("team-a", "Belvedere tenant team-a")))

    assert found(picture, buckets={"team-a": "team-a"}, retained=("team-a",)) == {
        ("object store", "policy", "belvedere-team-a"),
        ("object store", "account", fingerprint("ACCOUNT")),
    }


def test_a_mlflow_user_that_is_gone_is_told_of_its_record() -> None:
    picture = fleet(records=(record("team-a", CredentialKind.MLFLOW_USER),))

    assert found(picture, "team-a") == {("records", "mlflow_user", fingerprint("team-a"))}


def test_no_orphan_tells_an_access_key() -> None:
    picture = fleet(account(key("STRAY"), identifier="SECRETACCOUNT"), records=(record("LOST"),))
    orphans = find_orphans(picture, (), {})

    text = " ".join(f"{each} {each!r}" for each in orphans) + repr(picture.account_of("team-a"))
    assert orphans
    assert not [secret for secret in ("STRAY", "SECRETACCOUNT", "LOST") if secret in text]


class Tagged:
    def names(self) -> list[str]:
        return ["theirs", "team-a"]

    def tags(self, bucket: str) -> dict[str, str]:
        return {"belvedere-tenant": "team-a"} if bucket == "team-a" else {"owner": "ops"}


def test_marked_buckets_are_found_by_their_tags() -> None:
    assert marked_buckets(Tagged()) == {"team-a": "team-a"}
