"""Who is told of a tenant's reports, by webhook. Members and operators change it; whoever sees the tenant looks."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query

from belvedere.catalog import deliveries, overview
from belvedere.catalog import subscriptions as catalog
from belvedere.catalog.deliveries import Message
from belvedere.clients.postgres import Connection
from belvedere.errors import ObjectMissing
from belvedere.gallery.auth import require_own_page
from belvedere.gallery.resources import Resources, ResourcesDep
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.subscribing import (
    DeliveriesResponse,
    NewSubscriptionResponse,
    QueuedResponse,
    RedriveRequest,
    SubscriptionRequest,
    SubscriptionResponse,
    SubscriptionsResponse,
    delivery_response,
    shown,
    wish_of,
)
from belvedere.gallery.viewers import ViewerDep, require_change
from belvedere.model.access import Viewer
from belvedere.model.report import ping_event
from belvedere.model.subscription import Subscription, WebhookSigner

log = logging.getLogger(__name__)
router = APIRouter(prefix="/tenants/{tenant}/subscriptions", tags=["notifications"])

TenantName = Annotated[str, Path(max_length=255, description="Name of a tenant.")]
SubscriptionId = Annotated[str, Path(pattern="^[0-9a-f]{24}$", description="24 hexadecimal digits.")]
State = Annotated[Literal["waiting", "delivered", "dead"] | None, Query(description="Only messages of this state.")]
Before = Annotated[int | None, Query(ge=1, lt=2**63, description="`next_before` of the page before.")]
FAILURES: dict[int | str, dict[str, Any]] = {status: {"model": ErrorResponse} for status in (400, 403, 404, 413)}
OWN = [Depends(require_own_page)]


class SubscriptionMissing(ObjectMissing):
    """The tenant has no such subscription."""

    code = "subscription_missing"


@router.get("", responses=FAILURES)
def subscriptions(tenant: TenantName, resources: ResourcesDep, who: ViewerDep) -> SubscriptionsResponse:
    """List a tenant's subscriptions."""
    with resources.catalog.connection() as connection:
        known_tenant(connection, tenant, who)
        return list_subscriptions(connection, tenant, who)


@router.post("", responses=FAILURES, dependencies=OWN, status_code=201)
def subscribe(
    tenant: TenantName, request: SubscriptionRequest, resources: ResourcesDep, who: ViewerDep
) -> NewSubscriptionResponse:
    """Let an address be told; the answer holds the secret that verifies its messages."""
    with resources.catalog.connection() as connection:
        _changing(connection, tenant, who)
        wish = wish_of(request, _inside(resources))
        made = catalog.subscribe(connection, tenant, who.name, wish)
    log.info("webhooks: %r subscribed %s for tenant %r", who.name, made.id, tenant)
    return _with_secret(made, {}, resources, who)


@router.get("/{subscription_id}", responses=FAILURES)
def subscription(
    tenant: TenantName, subscription_id: SubscriptionId, resources: ResourcesDep, who: ViewerDep
) -> SubscriptionResponse:
    """Return one subscription."""
    with resources.catalog.connection() as connection:
        known_tenant(connection, tenant, who)
        found = _known(connection, tenant, subscription_id)
        counts = deliveries.counts(connection, [found.id])[found.id]
    return SubscriptionResponse(**shown(found, counts, who))


@router.put("/{subscription_id}", responses=FAILURES, dependencies=OWN)
def change(
    tenant: TenantName,
    subscription_id: SubscriptionId,
    request: SubscriptionRequest,
    resources: ResourcesDep,
    who: ViewerDep,
) -> SubscriptionResponse:
    """Let a subscription be something else; what waits is tried at once."""
    with resources.catalog.connection() as connection:
        _changing(connection, tenant, who)
        _known(connection, tenant, subscription_id)
        changed = catalog.change(connection, tenant, subscription_id, wish_of(request, _inside(resources)))
        counts = deliveries.counts(connection, [subscription_id])[subscription_id]
        deliveries.wake_senders(connection)
    log.info("webhooks: %r changed %s of tenant %r", who.name, subscription_id, tenant)
    return SubscriptionResponse(**shown(_there(changed, subscription_id), counts, who))


@router.delete("/{subscription_id}", responses=FAILURES, dependencies=OWN, status_code=204)
def unsubscribe(tenant: TenantName, subscription_id: SubscriptionId, resources: ResourcesDep, who: ViewerDep) -> None:
    """Remove a subscription and what it was still to be told."""
    with resources.catalog.connection() as connection:
        _changing(connection, tenant, who)
        if not catalog.unsubscribe(connection, tenant, subscription_id):
            raise _missing(subscription_id)
    log.info("webhooks: %r removed %s of tenant %r", who.name, subscription_id, tenant)


@router.post("/{subscription_id}/rotate", responses=FAILURES, dependencies=OWN)
def rotate(
    tenant: TenantName, subscription_id: SubscriptionId, resources: ResourcesDep, who: ViewerDep
) -> NewSubscriptionResponse:
    """Make a new secret; for a day messages carry signatures by both."""
    with resources.catalog.connection() as connection:
        _changing(connection, tenant, who)
        rotated = _there(catalog.rotate(connection, tenant, subscription_id), subscription_id)
        counts = deliveries.counts(connection, [subscription_id])[subscription_id]
    log.info("webhooks: %r made a new secret for %s of tenant %r", who.name, subscription_id, tenant)
    return _with_secret(rotated, counts, resources, who)


@router.post("/{subscription_id}/ping", responses=FAILURES, dependencies=OWN, status_code=202)
def ping(
    tenant: TenantName, subscription_id: SubscriptionId, resources: ResourcesDep, who: ViewerDep
) -> QueuedResponse:
    """Send a message that says nothing but that it arrives."""
    with resources.catalog.connection() as connection:
        _changing(connection, tenant, who)
        _known(connection, tenant, subscription_id)
        event = ping_event(f"ping.{uuid.uuid4().hex}", tenant, subscription_id, datetime.now(UTC))
        return QueuedResponse(queued=deliveries.enqueue(connection, [Message(subscription_id, event)]))


@router.get("/{subscription_id}/deliveries", responses=FAILURES)
def list_deliveries(
    tenant: TenantName,
    subscription_id: SubscriptionId,
    resources: ResourcesDep,
    who: ViewerDep,
    state: State = None,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> DeliveriesResponse:
    """List a subscription's messages, newest first."""
    with resources.catalog.connection() as connection:
        known_tenant(connection, tenant, who)
        _known(connection, tenant, subscription_id)
        found = deliveries.deliveries(connection, subscription_id, state=state, before=before, limit=limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    return DeliveriesResponse(deliveries=[delivery_response(each) for each in found[:limit]], next_before=more)


@router.post("/{subscription_id}/redrive", responses=FAILURES, dependencies=OWN, status_code=202)
def redrive(
    tenant: TenantName,
    subscription_id: SubscriptionId,
    request: RedriveRequest,
    resources: ResourcesDep,
    who: ViewerDep,
) -> QueuedResponse:
    """Send messages that were given up again."""
    with resources.catalog.connection() as connection:
        _changing(connection, tenant, who)
        _known(connection, tenant, subscription_id)
        return QueuedResponse(queued=deliveries.redrive(connection, subscription_id, request.ids))


def list_subscriptions(connection: Connection, tenant: str, who: Viewer) -> SubscriptionsResponse:
    """Return a tenant's subscriptions with how they do: two statements."""
    found = catalog.subscriptions(connection, tenant)
    counts = deliveries.counts(connection, [each.id for each in found])
    return SubscriptionsResponse(
        subscriptions=[SubscriptionResponse(**shown(each, counts[each.id], who)) for each in found]
    )


def known_tenant(connection: Connection, tenant: str, who: Viewer) -> None:
    """Check that there is a tenant of this name for whoever asks.

    Raises:
        ObjectMissing: there is none, or they are not to know.
    """
    if tenant not in overview.tenants(connection, who.tenants):
        raise ObjectMissing(f"there is no tenant {tenant[:80]!r}")


def _changing(connection: Connection, tenant: str, who: Viewer) -> None:
    known_tenant(connection, tenant, who)
    require_change(who, tenant)


def _known(connection: Connection, tenant: str, subscription_id: str) -> Subscription:
    return _there(catalog.subscription(connection, tenant, subscription_id), subscription_id)


def _there(found: Subscription | None, subscription_id: str) -> Subscription:
    if found is None:
        raise _missing(subscription_id)
    return found


def _missing(subscription_id: str) -> SubscriptionMissing:
    return SubscriptionMissing(f"the tenant has no subscription {subscription_id}")


def _inside(resources: Resources) -> frozenset[str]:
    return frozenset(resources.settings.webhook_hosts)


def _with_secret(
    subscription: Subscription, counts: dict[str, int], resources: Resources, who: Viewer
) -> NewSubscriptionResponse:
    signer = WebhookSigner.of(resources.settings.capability_secret.get_secret_value())
    secret = signer.secret(subscription.id, subscription.secret_version)
    return NewSubscriptionResponse(**shown(subscription, counts, who), secret=secret)
