"""Tenants' credentials in a real catalog: sealed, moved through their phases, sealed anew, never shown."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from traceback import format_exception
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from tests.harness.databases import empty
from tests.harness.waiting import eventually

from belvedere.clients.postgres import CatalogRejected, connect
from belvedere.errors import CredentialMissing, CredentialSealed
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, Secret
from belvedere.settings import Settings
from belvedere.tenants.credential_store import CatalogCredentials, Seals

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

SECRET = Secret("AKIDENTIFIER00000001", "s3cr3t-päss\nword")
OTHER = Secret("AKIDENTIFIER00000002", "another-secret")
KEY = CredentialKind.S3_KEY
CREATING, ACTIVE, RETIRING, REVOKED = CredentialPhase
SOON = datetime(2030, 1, 1, tzinfo=UTC)
FORMER, LATER = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


def store_with(catalog: Connection, *keys: str) -> CatalogCredentials:
    return CatalogCredentials.from_settings(catalog, Settings(credentials_key=SecretStr(",".join(keys))))


@pytest.fixture
def store(catalog: Connection) -> CatalogCredentials:
    return store_with(catalog, FORMER)


def sealed_rows(catalog: Connection) -> dict[str, bytes | None]:
    return {row["id"]: row["sealed"] for row in catalog.execute("select id, sealed from credentials")}


def test_a_kept_credential_is_revealed_as_it_was(store: CatalogCredentials) -> None:
    kept = store.keep("team-a", KEY, SECRET, CREATING)

    assert store.reveal(kept.id) == SECRET
    assert (kept.tenant, kept.kind, kept.phase, kept.fingerprint) == ("team-a", KEY, CREATING, SECRET.fingerprint)
    assert store.records("team-a") == (kept,)


def test_records_are_told_by_tenant_the_oldest_first(store: CatalogCredentials) -> None:
    first = store.keep("team-b", KEY, SECRET, ACTIVE)
    second = store.keep("team-b", KEY, OTHER, CREATING)
    third = store.keep("team-a", CredentialKind.MLFLOW_USER, SECRET, ACTIVE)

    assert store.records("team-b") == (first, second)
    assert store.records("team-c") == ()
    assert store.all_records() == (third, first, second)


def test_the_same_identifier_again_replaces_its_password_and_phase(store: CatalogCredentials) -> None:
    first = store.keep("team-a", KEY, SECRET, CREATING)
    again = store.keep("team-a", KEY, Secret(SECRET.identifier, "new"), ACTIVE)

    assert (again.id, again.phase) == (first.id, ACTIVE)
    assert again.created_at > first.created_at
    assert store.reveal(first.id).password == "new"
    assert store.records("team-a") == (again,)


def test_a_credential_retires_at_a_time_and_may_become_active_again(store: CatalogCredentials) -> None:
    kept = store.keep("team-a", KEY, SECRET, ACTIVE)

    store.move(kept.id, RETIRING, SOON)
    (record,) = store.records("team-a")
    assert (record.phase, record.retire_at) == (RETIRING, SOON)
    store.move(kept.id, ACTIVE)
    (record,) = store.records("team-a")
    assert (record.phase, record.retire_at) == (ACTIVE, None)
    assert store.reveal(kept.id) == SECRET


def test_a_revoked_credential_is_forgotten_but_for_its_fingerprint(
    catalog: Connection, store: CatalogCredentials
) -> None:
    kept = store.keep("team-a", KEY, SECRET, RETIRING)
    store.move(kept.id, RETIRING, SOON)

    store.move(kept.id, REVOKED)
    store.move(kept.id, REVOKED)

    (record,) = store.records("team-a")
    assert (record.phase, record.fingerprint, record.retire_at) == (REVOKED, SECRET.fingerprint, SOON)
    assert sealed_rows(catalog) == {kept.id: None}
    with pytest.raises(CredentialMissing):
        store.reveal(kept.id)
    with pytest.raises(CredentialMissing):
        store.move(kept.id, ACTIVE)


def test_what_was_never_kept_is_missing(store: CatalogCredentials) -> None:
    with pytest.raises(CredentialMissing, match="nothing-here"):
        store.reveal("nothing-here")
    with pytest.raises(CredentialMissing, match="nothing-here"):
        store.move("nothing-here", ACTIVE)


def test_the_database_alone_tells_neither_identifier_nor_password(
    catalog: Connection, store: CatalogCredentials
) -> None:
    store.keep("team-a", KEY, SECRET, ACTIVE)

    (row,) = catalog.execute("select * from credentials").fetchall()
    shown = repr(row)
    assert SECRET.identifier not in shown
    assert "s3cr3t" not in shown


def test_without_the_key_that_sealed_it_a_credential_stays_sealed(
    catalog: Connection, store: CatalogCredentials
) -> None:
    kept = store.keep("team-a", KEY, SECRET, ACTIVE)
    stranger = store_with(catalog, LATER)

    with pytest.raises(CredentialSealed, match=kept.id) as raised:
        stranger.reveal(kept.id)

    assert LATER not in str(raised.value)
    assert stranger.records("team-a") == (kept,)


def test_the_key_is_changed_without_losing_a_credential(catalog: Connection, store: CatalogCredentials) -> None:
    kept = store.keep("team-a", KEY, SECRET, ACTIVE)
    gone = store.keep("team-a", KEY, OTHER, ACTIVE)
    store.move(gone.id, REVOKED)
    both = store_with(catalog, LATER, FORMER)
    fresh = both.keep("team-b", KEY, OTHER, ACTIVE)

    assert both.reseal_all() == 1
    assert both.reseal_all() == 0

    after = store_with(catalog, LATER)
    assert after.reveal(kept.id) == SECRET
    assert after.reveal(fresh.id) == OTHER
    with pytest.raises(CredentialSealed):
        store.reveal(kept.id)


def test_a_credential_that_nobody_can_open_stops_sealing_anew_before_anything_is_changed(
    catalog: Connection, store: CatalogCredentials
) -> None:
    for number in range(5):
        store.keep("team-a", KEY, Secret(f"id-{number}", "p"), ACTIVE)
    lost = store_with(catalog, Fernet.generate_key().decode()).keep("team-b", KEY, OTHER, ACTIVE)
    before = sealed_rows(catalog)

    with pytest.raises(CredentialSealed, match=lost.id):
        store_with(catalog, LATER, FORMER).reseal_all()

    assert sealed_rows(catalog) == before


def test_a_credential_that_is_revoked_while_all_are_sealed_anew_stays_revoked(
    catalog: Connection, catalog_dsn: str, store: CatalogCredentials
) -> None:
    kept = store.keep("team-a", KEY, SECRET, ACTIVE)
    others = store.keep("team-a", KEY, OTHER, ACTIVE)
    with ThreadPoolExecutor(1) as pool, connect(catalog_dsn) as revoking, connect(catalog_dsn) as sealing:
        with revoking.transaction():
            store_with(revoking, FORMER).move(kept.id, REVOKED)
            resealed = pool.submit(store_with(sealing, LATER, FORMER).reseal_all)
            waits = "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
            asked = [sealing.info.backend_pid]
            eventually(lambda: catalog.execute(waits, asked).fetchone() is not None, 10.0, what="the sealing waits")

        assert resealed.result() == 1
    assert sealed_rows(catalog)[kept.id] is None
    assert store_with(catalog, LATER).reveal(others.id) == OTHER


def test_no_log_no_repr_and_no_error_holds_a_secret(
    catalog: Connection, store: CatalogCredentials, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kept = store.keep("team-a", KEY, SECRET, ACTIVE)
    shown = [repr(store), str(store), repr(store.seals), repr(kept), repr(store.reveal(kept.id)), repr(Seals.of(LATER))]
    with pytest.raises(CatalogRejected) as refused:
        store.keep("team-a", KEY, SECRET, REVOKED)
    with pytest.raises(CredentialSealed) as sealed:
        store_with(catalog, LATER).reveal(kept.id)
    shown += [*format_exception(refused.value), *format_exception(sealed.value), caplog.text]

    secrets = (SECRET.identifier, SECRET.password, "s3cr3t", FORMER, LATER)
    assert [secret for secret in secrets for text in shown if secret in text] == []
