"""Subscriptions as JSON: what may be asked for, what is answered, and what an address must be to be taken."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from belvedere.catalog.subscriptions import Wish
from belvedere.clients import webhooks
from belvedere.clients.web import AddressRefused
from belvedere.errors import ServiceUnavailable
from belvedere.gallery.query import BadQuery
from belvedere.model.report import EventMode, ReportKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from belvedere.catalog.deliveries import Delivery
    from belvedere.model.access import Viewer
    from belvedere.model.subscription import Subscription

FIRST_PRINTABLE = " "
Kind = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
Told = Literal["ready", "failed"]


class SubscriptionRequest(BaseModel):
    """What a subscription is to be."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=webhooks.MOST_ADDRESS, description="Where messages are posted: public, and https.")
    events: list[Told] = Field(default=["ready"], min_length=1, max_length=2)
    kinds: list[Kind] = Field(default=[], max_length=30, description="Only artifacts of these kinds; empty: all.")
    prefix: str = Field(default="", max_length=1024, description="Only objects whose key begins so; empty: all.")
    mode: EventMode = Field(default=EventMode.BINARY, description="How the CloudEvent travels over HTTP.")
    description: str = Field(default="", max_length=200)
    enabled: bool = True


class RedriveRequest(BaseModel):
    """Which messages to send again."""

    model_config = ConfigDict(extra="forbid")

    ids: list[int] | None = Field(default=None, max_length=1000, description="Null: all that were given up.")


class SubscriptionResponse(BaseModel):
    """One subscription and how it does."""

    id: str
    tenant: str
    url: str = Field(description="Its host alone for those who may not change it: addresses can hold secrets.")
    events: list[Told]
    kinds: list[str]
    prefix: str
    mode: EventMode
    description: str
    enabled: bool
    created_by: str
    created_at: datetime
    rotated_at: datetime | None
    delivered_at: datetime | None = Field(description="When a message arrived last.")
    retry_at: datetime | None = Field(description="While the target fails: when it is tried again.")
    problem: str | None = Field(description="Why the last message did not arrive.")
    waiting: int
    delivered: int
    dead: int


class NewSubscriptionResponse(SubscriptionResponse):
    """A subscription with its secret, which is shown this once."""

    secret: str = Field(description="Verifies messages by the scheme of Standard Webhooks.")


class SubscriptionsResponse(BaseModel):
    """A tenant's subscriptions, oldest first."""

    subscriptions: list[SubscriptionResponse]


class DeliveryResponse(BaseModel):
    """One message."""

    id: int
    event_id: str
    type: str
    subject: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    created_at: datetime
    next_at: datetime | None
    finished_at: datetime | None
    status: int | None = Field(description="What the target answered last.")
    problem: str | None


class DeliveriesResponse(BaseModel):
    """Messages, newest first."""

    deliveries: list[DeliveryResponse]
    next_before: int | None


class QueuedResponse(BaseModel):
    """How many messages are on their way."""

    queued: int


def wish_of(request: SubscriptionRequest, inside_hosts: AbstractSet[str]) -> Wish:
    """Return what is asked for, its address looked up once.

    Raises:
        BadQuery: naming the part that cannot be taken.
    """
    for name, value in {"prefix": request.prefix, "description": request.description}.items():
        if any(character < FIRST_PRINTABLE for character in value):
            raise BadQuery(f"{name}: holds control characters")
    try:
        webhooks.address_of(webhooks.target_of(request.url, inside_hosts))
    except (AddressRefused, ServiceUnavailable) as error:
        raise BadQuery(f"url: {error.message}") from error
    return Wish(
        url=request.url,
        events=tuple(dict.fromkeys(map(ReportKind, request.events))),
        description=request.description.strip(),
        kinds=tuple(dict.fromkeys(request.kinds)),
        prefix=request.prefix,
        mode=request.mode,
        enabled=request.enabled,
    )


def shown(subscription: Subscription, counts: Mapping[str, int], who: Viewer) -> dict[str, Any]:
    """Return the fields of an answer."""
    return {
        **{name: getattr(subscription, name) for name in SHOWN},
        "url": subscription.url if who.may_change(subscription.tenant) else _host(subscription.url),
        "events": [kind.value for kind in subscription.events],
        "kinds": list(subscription.kinds),
        **{state: counts.get(state, 0) for state in ("waiting", "delivered", "dead")},
    }


def delivery_response(delivery: Delivery) -> DeliveryResponse:
    """Return a message as it is shown."""
    return DeliveryResponse.model_validate(
        {
            **{name: getattr(delivery, name) for name in DELIVERY_SHOWN},
            "subject": str(delivery.event.get("subject", "")),
            "next_at": delivery.next_at if delivery.state == "waiting" else None,
        }
    )


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/…"


SHOWN = (
    "id",
    "tenant",
    "prefix",
    "mode",
    "description",
    "enabled",
    "created_by",
    "created_at",
    "rotated_at",
    "delivered_at",
    "retry_at",
    "problem",
)
DELIVERY_SHOWN = (
    "id",
    "event_id",
    "type",
    "state",
    "attempts",
    "created_at",
    "finished_at",
    "status",
    "problem",
)
