"""Tenants' credentials as rows: what is sealed stays sealed here (see ``tenants.credential_store``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from belvedere.model.tenant_state import CredentialKind, CredentialPhase, CredentialRecord

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.clients.postgres import Connection, Row


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential to keep, sealed already."""

    id: str
    tenant: str
    kind: CredentialKind
    fingerprint: str
    phase: CredentialPhase
    sealed: bytes = field(repr=False)


def insert_credential(connection: Connection, new: NewCredential) -> CredentialRecord:
    """Keep a credential; one of the same tenant, kind and fingerprint keeps its id, and begins to age anew."""
    told = {
        "id": new.id,
        "tenant": new.tenant,
        "kind": new.kind.value,
        "fingerprint": new.fingerprint,
        "phase": new.phase.value,
        "sealed": new.sealed,
    }
    return _record(connection.execute(INSERT, told).fetchall()[0])


def list_credentials(connection: Connection, tenant: str | None) -> list[CredentialRecord]:
    """Return what is kept for a tenant (None: for all of them), the oldest first."""
    return [_record(row) for row in connection.execute(LIST, {"tenant": tenant})]


def find_sealed(connection: Connection, record_id: str) -> bytes | None:
    """Return what is sealed under an id; None when nothing is (any more)."""
    row = connection.execute(FIND, {"id": record_id}).fetchone()
    return None if row is None else bytes(row["sealed"])


def update_phase(
    connection: Connection, record_id: str, phase: CredentialPhase, retire_at: datetime | None = None
) -> bool:
    """Note a credential's phase; ``REVOKED`` forgets what is sealed. False: no such one, or it was revoked before."""
    told = {"id": record_id, "phase": phase.value, "retire_at": retire_at}
    return connection.execute(MOVE, told).rowcount > 0


def lock_sealed(connection: Connection) -> dict[str, bytes]:
    """Return everything that is sealed, by id; nobody else changes it until the transaction ends."""
    return {row["id"]: bytes(row["sealed"]) for row in connection.execute(LOCK_ALL)}


def replace_sealed(connection: Connection, record_id: str, sealed: bytes) -> None:
    """Keep the same credential sealed otherwise."""
    connection.execute(REPLACE, {"id": record_id, "sealed": sealed})


def _record(row: Row) -> CredentialRecord:
    converted = {"kind": CredentialKind(row["kind"]), "phase": CredentialPhase(row["phase"])}
    return CredentialRecord(**{**row, **converted})


COLUMNS = ", ".join(CredentialRecord.__slots__)

INSERT = f"""
insert into credentials (id, tenant, kind, fingerprint, phase, sealed)
values (%(id)s, %(tenant)s, %(kind)s, %(fingerprint)s, %(phase)s, %(sealed)s)
on conflict (tenant, kind, fingerprint) do update set
    phase = excluded.phase, sealed = excluded.sealed, created_at = excluded.created_at,
    changed_at = clock_timestamp(), retire_at = null
returning {COLUMNS}
"""  # noqa: S608

LIST = f"""
select {COLUMNS} from credentials where %(tenant)s::text is null or tenant = %(tenant)s
order by tenant, created_at, id
"""  # noqa: S608

FIND = "select sealed from credentials where id = %(id)s and sealed is not null"

MOVE = """
update credentials set phase = %(phase)s, changed_at = clock_timestamp(),
    sealed = case when %(phase)s <> 'revoked' then sealed end,
    retire_at = case when %(phase)s = 'revoked' then coalesce(%(retire_at)s, retire_at) else %(retire_at)s end
where id = %(id)s and (sealed is not null or %(phase)s = 'revoked')
"""

LOCK_ALL = "select id, sealed from credentials where sealed is not null order by id for update"

REPLACE = "update credentials set sealed = %(sealed)s where id = %(id)s and sealed is not null"
