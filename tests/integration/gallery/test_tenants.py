"""What the gallery tells of tenants, and to whom it shows credentials: over a real catalog, as several people."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import Request  # noqa: TC002 - FastAPI reads it
from pydantic import SecretStr
from tests.harness.databases import empty
from tests.harness.filled_tenants import (
    CREDENTIALS_KEY,
    DRIFT,
    DRIFTED,
    FAILED,
    KEY,
    MLFLOW,
    MLFLOW_USER,
    READY,
    WAITING,
    declare_as,
    fill_tenants,
    keep_credentials,
    spec_of,
)
from tests.harness.gallery_rows import add_source

from belvedere.catalog.memberships import grant
from belvedere.catalog.tenant_changes import NewChange, list_changes, record_change
from belvedere.catalog.tenants import note_applied, note_removed
from belvedere.gallery.auth import Identity, identity
from belvedere.model.access import ALL_TENANTS, EVERYONE, Role
from belvedere.model.tenant import TenantSpec
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, Secret
from belvedere.settings import Settings
from belvedere.tenants.credential_store import CatalogCredentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from tests.harness.own_gallery import OwnGallery

ASKER = "X-Test-Asker"
MEMBER, VIEWER, OUTSIDER, AUDITOR, OPERATOR = "mia", "vera", "otto", "ada", "olga"
VISITOR = "Anonymous"
SECRETS = (KEY.identifier, KEY.password, MLFLOW_USER.password)
CREDENTIALS = f"/belvedere/api/tenants/{READY}/credentials"


@pytest.fixture(autouse=True)
def _several_people(own: OwnGallery) -> Iterator[None]:
    """A gallery that believes a header about who asks, and four tenants."""

    def named(request: Request) -> Identity:
        name = request.headers.get(ASKER, "nobody")
        return Identity(name, operates=name == OPERATOR, public=name == VISITOR)

    before = own.app.dependency_overrides[identity]
    own.app.dependency_overrides[identity] = named
    empty(own.catalog)
    fill_tenants(own.catalog, MEMBER)
    grant(own.catalog, READY, VIEWER, Role.VIEWER)
    grant(own.catalog, DRIFTED, OUTSIDER, Role.MEMBER)
    grant(own.catalog, ALL_TENANTS, AUDITOR, Role.AUDITOR)
    yield
    own.app.dependency_overrides[identity] = before


@contextmanager
def setting(own: OwnGallery, **values: Any) -> Iterator[None]:
    settings = own.app.state.resources().settings
    before = {name: getattr(settings, name) for name in values}
    settings.__dict__.update(values)
    try:
        yield
    finally:
        settings.__dict__.update(before)


def get(own: OwnGallery, path: str, asker: str = MEMBER) -> Any:
    answer = own.client.get(f"/belvedere{path}", headers={ASKER: asker})
    assert answer.status_code == 200, answer.text
    return answer.json()


def look(own: OwnGallery, asker: str, address: str = CREDENTIALS, **headers: str) -> httpx.Response:
    return own.client.post(address, headers={ASKER: asker, "X-Belvedere": "test", **headers})


def looks(own: OwnGallery, tenant: str = READY) -> list[tuple[str, str]]:
    found = list_changes(own.catalog, tenant, None, limit=100)
    return [(change.actor, change.summary) for change in found if change.action == "reveal_credentials"]


def test_the_list_says_of_each_tenant_how_it_is(own: OwnGallery) -> None:
    add_source(own.catalog, "bucket-of-old", "old-team")

    told = {tenant["name"]: tenant for tenant in get(own, "/api/tenants", OPERATOR)["tenants"]}

    assert list(told) == sorted([DRIFTED, FAILED, WAITING, READY, "old-team"])
    assert {name: (one["state"], one["drift"]) for name, one in told.items()} == {
        DRIFTED: ("drifted", len(DRIFT)),
        FAILED: ("failed", None),
        WAITING: ("declared", None),
        READY: ("ready", 0),
        "old-team": (None, None),
    }
    assert told[READY]["buckets"] == [READY, f"{READY}-raw"]
    assert told[READY]["members"][MEMBER] == "member"
    assert (told[READY]["source"], told[READY]["quota"]) == (f"git:{READY}.yaml", "50GiB")
    assert told[FAILED]["problem"]["code"] == "foreign_resource"
    assert told["old-team"]["source"] is None


@pytest.mark.parametrize(
    ("asker", "names"),
    [
        (MEMBER, [READY]),
        (VIEWER, [READY]),
        (OUTSIDER, [DRIFTED]),
        (AUDITOR, [DRIFTED, FAILED, WAITING, READY]),
        (OPERATOR, [DRIFTED, FAILED, WAITING, READY]),
        ("nobody-at-all", []),
    ],
)
def test_everybody_is_told_of_the_tenants_they_see(own: OwnGallery, asker: str, names: list[str]) -> None:
    listed = [tenant["name"] for tenant in get(own, "/api/tenants", asker)["tenants"]]
    seen = [name for name in (DRIFTED, FAILED, WAITING, READY) if status(own, f"/api/tenants/{name}", asker) == 200]
    changed = {change["tenant"] for change in get(own, "/api/changes", asker)["changes"]}

    assert listed == seen == sorted(names, key=[DRIFTED, FAILED, WAITING, READY].index)
    assert changed == ({READY} & set(names))


def test_a_removed_tenant_is_told_of_when_asked_for(own: OwnGallery) -> None:
    note_removed(own.catalog, WAITING)

    plain = [tenant["name"] for tenant in get(own, "/api/tenants", OPERATOR)["tenants"]]
    all_of_them = {one["name"]: one["state"] for one in get(own, "/api/tenants?removed=true", OPERATOR)["tenants"]}

    assert WAITING not in plain
    assert all_of_them[WAITING] == "removed"
    assert get(own, f"/api/tenants/{WAITING}", OPERATOR)["removed_at"]


def test_one_tenant_is_told_with_its_declaration_and_what_was_found(own: OwnGallery) -> None:
    told = get(own, f"/api/tenants/{READY}", VIEWER)

    assert TenantSpec.model_validate(told["spec"]).name == READY
    assert (told["state"], told["drift"], told["problem"]) == ("ready", [], None)
    assert told["run"] == {"dag_id": "reconcile_tenants", "run_id": "scheduled__2026-11-22T09:00:00+00:00"}
    assert told["observed"]["mlflow"]["workspace"] == READY
    assert {member["user"]: member["role"] for member in told["members"]}[MEMBER] == "member"
    assert [change["action"] for change in told["changes"]][-1] == "create_bucket"


def test_a_difference_is_told_with_what_was_declared_found_and_would_mend_it(own: OwnGallery) -> None:
    told = get(own, f"/api/tenants/{DRIFTED}", OUTSIDER)

    assert told["drift"] == DRIFT


def test_keys_are_told_by_fingerprints_with_their_phase_and_when_they_are_renewed(own: OwnGallery) -> None:
    answer = own.client.get(f"/belvedere/api/tenants/{READY}", headers={ASKER: VIEWER})

    keys = {key["fingerprint"]: key for key in answer.json()["keys"]}
    active = keys[KEY.fingerprint]
    assert (active["kind"], active["phase"], active["retire_at"]) == ("s3_key", "active", None)
    assert active["rotate_at"] > active["created_at"]
    former = keys[Secret("a-former-key", "of-tests").fingerprint]
    assert (former["phase"], former["rotate_at"]) == ("retiring", None)
    assert former["retire_at"]
    assert [secret for secret in SECRETS if secret in answer.text] == []


def test_changes_are_read_page_by_page(own: OwnGallery) -> None:
    newest = get(own, f"/api/tenants/{READY}/changes?limit=3")
    rest = get(own, f"/api/tenants/{READY}/changes?before={newest['next_before']}")

    assert [change["action"] for change in newest["changes"] + rest["changes"]] == [
        "reveal_credentials",
        "create_workspace",
        "set_quota",
        "create_bucket",
    ]
    assert newest["changes"][1]["outcome"] == "failed"
    assert newest["changes"][2]["after"] == {"value": "50GiB"}
    assert newest["changes"][2]["run"]["dag_id"] == "provision_tenant"
    assert rest["next_before"] is None


def test_changes_of_all_tenants_are_those_one_sees(own: OwnGallery) -> None:
    record_change(own.catalog, NewChange(tenant=DRIFTED, actor="admin", action="set_quota", summary="of churn"))

    assert {change["tenant"] for change in get(own, "/api/changes", AUDITOR)["changes"]} == {READY, DRIFTED}
    assert {change["tenant"] for change in get(own, "/api/changes", MEMBER)["changes"]} == {READY}


@pytest.mark.parametrize("query", ["before=0", "before=x", "limit=0", "limit=9999"])
def test_a_malformed_page_of_changes_is_refused_by_its_part(own: OwnGallery, query: str) -> None:
    answer = own.client.get(f"/belvedere/api/changes?{query}", headers={ASKER: MEMBER})

    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["detail"]


def test_the_schema_is_that_of_declarations(own: OwnGallery) -> None:
    told = get(own, "/api/tenants/schema", "nobody-at-all")

    assert told == TenantSpec.model_json_schema(by_alias=True)
    assert "apiVersion" in told["properties"]
    with pytest.raises(ValueError, match="reserved"):
        spec_of("schema")


def test_a_member_by_name_is_shown_the_newest_key_and_the_account_at_mlflow(own: OwnGallery) -> None:
    answer = look(own, MEMBER)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "s3": {
            "endpoint": own.app.state.resources().settings.minio_endpoint,
            "bucket": READY,
            "access_key": KEY.identifier,
            "secret_key": KEY.password,
        },
        "mlflow": {"url": MLFLOW, "workspace": READY, "username": READY, "password": MLFLOW_USER.password},
    }


def test_addresses_for_tenants_come_before_those_that_belvedere_uses(own: OwnGallery) -> None:
    with setting(own, public_minio_endpoint="https://s3.example.org", public_mlflow_url="https://mlflow.example.org"):
        shown = look(own, MEMBER).json()

    assert (shown["s3"]["endpoint"], shown["mlflow"]["url"]) == (
        "https://s3.example.org",
        "https://mlflow.example.org",
    )


def test_after_a_rotation_the_new_key_is_shown(own: OwnGallery) -> None:
    store = CatalogCredentials.from_settings(own.catalog, Settings(credentials_key=SecretStr(CREDENTIALS_KEY)))
    store.keep(READY, CredentialKind.S3_KEY, Secret("the-next-key", "the-next-secret"), CredentialPhase.ACTIVE)

    assert look(own, MEMBER).json()["s3"]["access_key"] == "the-next-key"


def test_a_tenant_without_an_account_at_mlflow_is_shown_its_key_alone(own: OwnGallery) -> None:
    keep_credentials(own.catalog, DRIFTED, Secret("churn-key", "churn-secret"), None)

    shown = look(own, OUTSIDER, f"/belvedere/api/tenants/{DRIFTED}/credentials").json()

    assert (shown["s3"]["secret_key"], shown["mlflow"]) == ("churn-secret", None)


@pytest.mark.parametrize(
    ("asker", "status_code", "code"),
    [
        (VIEWER, 403, "not_a_member"),
        (AUDITOR, 403, "not_a_member"),
        (OPERATOR, 403, "not_a_member"),
        (VISITOR, 403, "access_denied"),
        (OUTSIDER, 404, "object_missing"),
    ],
)
def test_nobody_else_is_shown_anything(own: OwnGallery, asker: str, status_code: int, code: str) -> None:
    before = looks(own)

    answer = look(own, asker)

    assert (answer.status_code, answer.json()["code"]) == (status_code, code)
    assert [secret for secret in SECRETS if secret in answer.text] == []
    assert looks(own) == before


def test_a_member_as_everybody_is_has_to_be_named(own: OwnGallery) -> None:
    grant(own.catalog, READY, EVERYONE, Role.MEMBER)
    as_everybody = look(own, "a-newcomer")
    with setting(own, shared_tenants=(READY,)):
        as_shared = look(own, "another-newcomer")
    grant(own.catalog, READY, "a-newcomer", Role.MEMBER)
    by_name = look(own, "a-newcomer")

    assert [as_everybody.status_code, as_shared.status_code, by_name.status_code] == [403, 403, 200]
    assert f"the role member in {READY}" in as_everybody.json()["detail"]
    assert look(own, EVERYONE).status_code == 403


def test_an_operator_who_becomes_a_member_by_name_is_shown_them(own: OwnGallery) -> None:
    grant(own.catalog, READY, OPERATOR, Role.MEMBER)

    assert look(own, OPERATOR).status_code == 200


def test_another_site_cannot_ask_for_credentials(own: OwnGallery) -> None:
    answer = own.client.post(CREDENTIALS, headers={ASKER: MEMBER})

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")
    assert own.client.get(CREDENTIALS, headers={ASKER: MEMBER}).status_code == 405


def test_every_look_is_written_down_and_no_secret_with_it(own: OwnGallery, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    before = len(looks(own))

    look(own, MEMBER)
    look(own, MEMBER)

    said = f"looked at access key {KEY.fingerprint} and the password at MLflow"
    assert looks(own)[: len(looks(own)) - before] == [(MEMBER, said)] * 2
    rows = own.catalog.execute("select to_jsonb(c)::text as text from tenant_changes c").fetchall()
    told = caplog.text + "".join(row["text"] for row in rows)
    assert [secret for secret in SECRETS if secret in told] == []
    assert f"{MEMBER!r} was shown the credentials of {READY!r}" in caplog.text


def test_nothing_is_shown_when_the_look_cannot_be_written_down(own: OwnGallery) -> None:
    own.catalog.execute("alter table tenant_changes rename to tenant_changes_away")
    try:
        answer = look(own, MEMBER)
    finally:
        own.catalog.execute("alter table tenant_changes_away rename to tenant_changes")

    assert answer.status_code == 400
    assert [secret for secret in SECRETS if secret in answer.text] == []


def test_a_tenant_without_an_active_key_says_so(own: OwnGallery) -> None:
    grant(own.catalog, FAILED, MEMBER, Role.MEMBER)

    answer = look(own, MEMBER, f"/belvedere/api/tenants/{FAILED}/credentials")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_active_key")
    assert "provision_tenant" in answer.json()["detail"]


def test_a_gallery_without_the_key_of_credentials_says_so_to_members_alone(own: OwnGallery) -> None:
    with setting(own, credentials_key=SecretStr("")):
        member, viewer = look(own, MEMBER), look(own, VIEWER)

    assert (member.status_code, viewer.status_code) == (503, 403)
    assert "BELVEDERE_CREDENTIALS_KEY" in member.json()["detail"]


def test_operators_see_drift_the_worst_first(own: OwnGallery) -> None:
    declare_as(own.catalog, spec_of("also-ready"))
    note_applied(own.catalog, "also-ready", spec_of("also-ready").digest(), {}, None)

    told = get(own, "/api/operations?window=6h", OPERATOR)["tenants"]

    assert [(one["tenant"], one["state"], one["drift"]) for one in told] == [
        (FAILED, "failed", None),
        (DRIFTED, "drifted", len(DRIFT)),
        (WAITING, "declared", None),
        ("also-ready", "ready", 0),
        (READY, "ready", 0),
    ]


def status(own: OwnGallery, path: str, asker: str) -> int:
    return own.client.get(f"/belvedere{path}", headers={ASKER: asker}).status_code
