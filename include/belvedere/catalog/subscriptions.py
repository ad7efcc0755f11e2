"""Who is told of a tenant's reports: subscriptions as they are managed. Every function takes the tenant it is about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded
from belvedere.model.report import EventMode, ReportKind
from belvedere.model.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Iterable

    from belvedere.clients.postgres import Connection, Row

MOST_OF_TENANT = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody may choose of a subscription."""

    url: str
    events: tuple[ReportKind, ...]
    description: str = ""
    kinds: tuple[str, ...] = ()
    prefix: str = ""
    mode: EventMode = EventMode.BINARY
    enabled: bool = True


def subscribe(connection: Connection, tenant: str, user: str, wish: Wish) -> Subscription:
    """Add a subscription.

    Raises:
        LimitExceeded: the tenant has as many as it may have.
    """
    facts = _facts(wish) | {"id": uuid.uuid4().hex[:24], "tenant": tenant, "user": user, "most": MOST_OF_TENANT}
    made = connection.execute(SUBSCRIBE, facts).fetchone()
    if made is None:
        raise LimitExceeded(f"the tenant has {MOST_OF_TENANT} subscriptions already: remove one first")
    return subscription_of(made)


def subscriptions(connection: Connection, tenant: str) -> list[Subscription]:
    """Return a tenant's subscriptions, oldest first."""
    rows = connection.execute(f"{SELECT} where tenant = %(tenant)s order by created_at, id", {"tenant": tenant})
    return [subscription_of(row) for row in rows]


def enabled_subscriptions(connection: Connection, tenants: Iterable[str]) -> list[Subscription]:
    """Return the subscriptions that some tenants' reports may go to."""
    rows = connection.execute(
        f"{SELECT} where enabled and tenant = any(%(tenants)s)", {"tenants": sorted(set(tenants))}
    )
    return [subscription_of(row) for row in rows]


def subscription(connection: Connection, tenant: str, subscription_id: str) -> Subscription | None:
    """Return one subscription of a tenant."""
    facts = {"tenant": tenant, "id": subscription_id}
    row = connection.execute(f"{SELECT} where tenant = %(tenant)s and id = %(id)s", facts).fetchone()
    return subscription_of(row) if row else None


def change(connection: Connection, tenant: str, subscription_id: str, wish: Wish) -> Subscription | None:
    """Let a subscription be what is wished from now on; what waited for a better time is tried at once."""
    row = connection.execute(CHANGE, _facts(wish) | {"tenant": tenant, "id": subscription_id}).fetchone()
    return subscription_of(row) if row else None


def rotate(connection: Connection, tenant: str, subscription_id: str) -> Subscription | None:
    """Give a subscription its next secret; the one before is good for a while."""
    row = connection.execute(ROTATE, {"tenant": tenant, "id": subscription_id}).fetchone()
    return subscription_of(row) if row else None


def unsubscribe(connection: Connection, tenant: str, subscription_id: str) -> bool:
    """Remove a subscription and all that it was to be told; False when there was none."""
    facts = {"tenant": tenant, "id": subscription_id}
    return connection.execute("delete from subscriptions where tenant = %(tenant)s and id = %(id)s", facts).rowcount > 0


def subscription_of(row: Row) -> Subscription:
    """Read a row."""
    read: dict[str, Any] = {name: row[name] for name in Subscription.__slots__}
    read |= {
        "events": tuple(map(ReportKind, row["events"])),
        "kinds": tuple(row["kinds"]),
        "mode": EventMode(row["mode"]),
    }
    return Subscription(**read)


def _facts(wish: Wish) -> dict[str, Any]:
    return {
        "url": wish.url,
        "events": [kind.value for kind in wish.events],
        "description": wish.description,
        "kinds": list(wish.kinds),
        "prefix": wish.prefix,
        "mode": wish.mode.value,
        "enabled": wish.enabled,
    }


COLUMNS = ", ".join(Subscription.__slots__)
SELECT = f"select {COLUMNS} from subscriptions"  # noqa: S608

SUBSCRIBE = f"""
insert into subscriptions (id, tenant, url, description, events, kinds, prefix, mode, enabled, created_by)
select %(id)s, %(tenant)s, %(url)s, %(description)s, %(events)s, %(kinds)s, %(prefix)s, %(mode)s, %(enabled)s, %(user)s
where (select count(*) from subscriptions where tenant = %(tenant)s) < %(most)s
returning {COLUMNS}
"""  # noqa: S608

CHANGE = f"""
update subscriptions set url = %(url)s, description = %(description)s, events = %(events)s, kinds = %(kinds)s,
    prefix = %(prefix)s, mode = %(mode)s, enabled = %(enabled)s, failures = 0, retry_at = null, problem = null
where tenant = %(tenant)s and id = %(id)s
returning {COLUMNS}
"""  # noqa: S608

ROTATE = f"""
update subscriptions set secret_version = secret_version + 1, rotated_at = clock_timestamp()
where tenant = %(tenant)s and id = %(id)s
returning {COLUMNS}
"""  # noqa: S608
