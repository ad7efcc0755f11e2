"""What came of a rendering: written once into the catalog, and only by whoever still holds the claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.catalog.intake import settle_latest
from belvedere.catalog.membership import Begun, Leader, notice_missed, settle_members
from belvedere.catalog.numbers import keep_numbers
from belvedere.catalog.serial import writing_artifacts
from belvedere.clients.postgres import Jsonb
from belvedere.model.numbers import numbers_of

if TYPE_CHECKING:
    from belvedere.catalog.claims import ClaimedItem
    from belvedere.clients.postgres import Connection
    from belvedere.model.record import RenderingRecord

LEARNING_RATE = 0.2


def finish(connection: Connection, claim_id: str, item: ClaimedItem, record: RenderingRecord) -> bool:
    """Record what came of one item and close it; False when the claim was lost (its next holder will do it)."""
    numbers = numbers_of(record.facts)  # before the lock that all writers wait for
    with connection.pipeline(), writing_artifacts(connection, wakes_dispatcher=True):
        closed = connection.execute(CLOSE, _closing(claim_id, item, record.state.value)).fetchone()
        if closed is None:
            return False
        updated = connection.execute(UPDATE_RESULT, _columns(record)).fetchone()
        if updated is not None:
            keep_numbers(connection, record.artifact_id, record.tenant, updated["event_at"], numbers)
        if updated is not None and updated["is_latest"] and (updated["leads"] or record.watches):
            leader = _leader(record)
            settle_members(connection, leader)
            notice_missed(connection, leader, Begun(closed["started_seq"], closed["started_at"]))
        cpu_seconds = record.usage.get("cpu_ms", 0) / 1000
        if cpu_seconds > 0:
            learn_cost(connection, item.cost_class, cpu_seconds)
    return True


def restore(connection: Connection, record: RenderingRecord) -> None:
    """Write a record that was read back from the renderings bucket; harmless when it is known already.

    Which version is the latest is not in the records: ``settle_latest`` or the buckets' listing says so.
    """
    numbers = numbers_of(record.facts)
    with writing_artifacts(connection):
        if connection.execute(RESTORE, _columns(record)).rowcount:
            keep_numbers(connection, record.artifact_id, record.tenant, record.event_at, numbers)
        settle_latest(connection, [record.bucket], [record.key])
        facts = {"id": record.artifact_id, "watches": bool(record.watches)}
        if connection.execute(LEADS_OR_LED, facts).fetchone() is not None:
            settle_members(connection, _leader(record))


def retry_later(
    connection: Connection, claim_id: str, item: ClaimedItem, *, code: str, message: str, delay_seconds: float
) -> bool:
    """Put one failed item back into the queue, to be tried again after a delay."""
    facts = _closing(claim_id, item, "failed") | {"code": code, "message": message, "delay": delay_seconds}
    with writing_artifacts(connection, wakes_dispatcher=True):
        if connection.execute(REQUEUE, facts).fetchone() is None:
            return False
        connection.execute(MARK_STATE, facts)
    return True


def put_back(connection: Connection, claim_id: str, item: ClaimedItem, *, delay_seconds: float) -> None:
    """Undo the start of one item whose failure was not its own (a service was away): no attempt is counted."""
    facts = _closing(claim_id, item, "queued") | {"code": None, "message": None, "delay": delay_seconds}
    with writing_artifacts(connection, wakes_dispatcher=True):
        if connection.execute(PUT_BACK, facts).fetchone() is not None:
            connection.execute(MARK_PUT_BACK, facts)


def give_up(
    connection: Connection, claim_id: str, item: ClaimedItem, *, state: str, code: str | None, message: str | None
) -> bool:
    """Close one item without a rendering: its artifact is ``dead``, ``deleted`` or ``superseded``."""
    facts = _closing(claim_id, item, state) | {"code": code, "message": message}
    with writing_artifacts(connection, wakes_dispatcher=True):
        if connection.execute(CLOSE, facts).fetchone() is None:
            return False
        connection.execute(MARK_STATE, facts)
        settle_latest(connection, [item.bucket], [item.key])
    return True


def was_removed(connection: Connection, item: ClaimedItem) -> bool:
    """Tell whether a removal of the item's key, not older than the item, is on record."""
    facts = {"bucket": item.bucket, "key": item.key, "sequencer": item.sequencer}
    return connection.execute(REMOVAL, facts).fetchone() is not None


def learn_cost(connection: Connection, cost_class: str, cpu_seconds: float) -> None:
    """Let the expected cost of a class follow what its renderings really took (seconds of CPU)."""
    facts = {"cost_class": cost_class, "seconds": cpu_seconds, "rate": LEARNING_RATE}
    connection.execute(LEARN, facts)


def _leader(record: RenderingRecord) -> Leader:
    return Leader(record.tenant, record.bucket, record.key, record.members, record.watches)


def _closing(claim_id: str, item: ClaimedItem, state: str) -> dict[str, object]:
    return {"id": item.inbox_id, "artifact_id": item.artifact_id, "claim_id": claim_id, "state": state}


def _columns(record: RenderingRecord) -> dict[str, object]:
    outputs = [{name: getattr(output, name) for name in output.__slots__} for output in record.outputs]
    return {
        "id": record.artifact_id,
        "tenant": record.tenant,
        "bucket": record.bucket,
        "key": record.key,
        "version_id": record.version_id,
        "etag": record.etag,
        "size": record.size,
        "content_type": record.content_type,
        "sequencer": record.sequencer,
        "event_at": record.event_at,
        "queued_at": record.queued_at,
        "rendered_at": record.rendered_at,
        "latency_ms": record.latency_ms,
        "state": record.state.value,
        "kind": record.kind,
        "attempts": record.attempts,
        "error_code": record.error_code,
        "error_message": record.error_message,
        "renderer_name": record.renderer_name,
        "renderer_version": record.renderer_version,
        "title": record.title,
        "alt_text": record.alt_text,
        "facts": Jsonb(dict(record.facts)),
        "warnings": Jsonb(list(record.warnings)),
        "outputs": Jsonb(outputs),
        "provenance": Jsonb(_provenance(record)),
        "run_dag_id": record.run_dag_id,
        "run_id": record.run_id,
    }


def _provenance(record: RenderingRecord) -> dict[str, object]:
    return {
        "usage": dict(record.usage),
        "sampled": record.sampled,
        "fingerprint": record.fingerprint,
        "reused_from": record.reused_from,
    }


CLOSE = """
update inbox set finished_at = clock_timestamp(), lease_until = null,
    state = case when %(state)s in ('dead', 'superseded') then %(state)s else 'done' end
where id = %(id)s and claim_id = %(claim_id)s and state = 'claimed'
returning id, started_seq, started_at
"""

RESULT_COLUMNS = """
    state = %(state)s, kind = %(kind)s, size = %(size)s, content_type = %(content_type)s,
    error_code = %(error_code)s, error_message = %(error_message)s,
    rendered_at = %(rendered_at)s, latency_ms = %(latency_ms)s,
    renderer_name = %(renderer_name)s, renderer_version = %(renderer_version)s,
    title = %(title)s, alt_text = %(alt_text)s, facts = %(facts)s, warnings = %(warnings)s, outputs = %(outputs)s,
    provenance = %(provenance)s, seq = nextval('artifact_seq'), updated_at = clock_timestamp()
"""

UPDATE_RESULT = f"""
update artifacts a set {RESULT_COLUMNS} where id = %(id)s and state <> 'deleted'
returning is_latest, event_at,
    exists (select from watches w where w.leader_bucket = a.bucket and w.leader_key = a.key) as leads
"""  # noqa: S608

LEADS_OR_LED = """
select from artifacts a
where id = %(id)s and is_latest
    and (%(watches)s or exists (select from watches w where w.leader_bucket = a.bucket and w.leader_key = a.key))
"""

RESTORE = f"""
insert into artifacts as t (id, tenant, bucket, key, version_id, etag, size, content_type, sequencer, event_at,
    queued_at, rendered_at, latency_ms, state, kind, attempts, error_code, error_message, renderer_name,
    renderer_version, title, alt_text, facts, warnings, outputs, provenance, run_dag_id, run_id, seq)
values (%(id)s, %(tenant)s, %(bucket)s, %(key)s, %(version_id)s, %(etag)s, %(size)s, %(content_type)s,
    %(sequencer)s, %(event_at)s, %(queued_at)s, %(rendered_at)s, %(latency_ms)s, %(state)s, %(kind)s, %(attempts)s,
    %(error_code)s, %(error_message)s, %(renderer_name)s, %(renderer_version)s, %(title)s, %(alt_text)s, %(facts)s,
    %(warnings)s, %(outputs)s, %(provenance)s, %(run_dag_id)s, %(run_id)s, nextval('artifact_seq'))
on conflict (id) do update set {RESULT_COLUMNS}, sequencer = %(sequencer)s, event_at = %(event_at)s,
    queued_at = %(queued_at)s, attempts = %(attempts)s, run_dag_id = %(run_dag_id)s, run_id = %(run_id)s
where t.rendered_at is null or t.rendered_at < excluded.rendered_at
"""  # noqa: S608

REQUEUE = """
update inbox set state = 'queued', claim_id = null, lease_until = null, started_at = null, express = false,
    available_at = clock_timestamp() + make_interval(secs => %(delay)s)
where id = %(id)s and claim_id = %(claim_id)s and state = 'claimed'
returning id
"""

PUT_BACK = """
update inbox set state = 'queued', claim_id = null, lease_until = null, started_at = null, attempts = attempts - 1,
    available_at = clock_timestamp() + make_interval(secs => %(delay)s)
where id = %(id)s and claim_id = %(claim_id)s and state = 'claimed'
returning id
"""

MARK_PUT_BACK = """
update artifacts set state = 'queued', attempts = attempts - 1, seq = nextval('artifact_seq'),
    updated_at = clock_timestamp()
where id = %(artifact_id)s and state = 'rendering'
"""

MARK_STATE = """
update artifacts set state = %(state)s, error_code = %(code)s, error_message = %(message)s,
    seq = nextval('artifact_seq'), updated_at = clock_timestamp()
where id = %(artifact_id)s and state <> 'deleted'
"""

REMOVAL = """
select from inbox
where bucket = %(bucket)s and key = %(key)s and occasion like 'removed:%%' and sequencer >= %(sequencer)s limit 1
"""

LEARN = """
insert into render_costs as c (cost_class, seconds) values (%(cost_class)s, %(seconds)s)
on conflict (cost_class) do update set
    seconds = c.seconds + (excluded.seconds - c.seconds) * %(rate)s, samples = c.samples + 1,
    updated_at = clock_timestamp()
"""
