"""The senders of webhooks: each takes a subscription that has something to be told, and tells it for a while."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from belvedere.catalog.deliveries import (
    DELIVERIES_CHANNEL,
    RETRY_SECONDS,
    Failing,
    delivered,
    failed,
    lease_subscription,
    next_delivery,
    release,
)
from belvedere.clients import webhooks
from belvedere.clients.postgres import connect
from belvedere.clients.web import AddressRefused
from belvedere.errors import ServiceUnavailable
from belvedere.model.report import TYPE_PREFIX, ReportKind, written
from belvedere.model.subscription import WebhookSigner
from belvedere.orchestration.announcing import wait_for_notice
from belvedere.orchestration.loops import Loop

if TYPE_CHECKING:
    from contextlib import ExitStack

    from belvedere.catalog.deliveries import Delivery
    from belvedere.clients.postgres import Connection
    from belvedere.model.subscription import Subscription
    from belvedere.settings import Settings

log = logging.getLogger(__name__)

WAIT_SECONDS = 5.0
TURN_SECONDS = 10.0
LEASE_SECONDS = TURN_SECONDS + 3 * webhooks.WHOLE_SECONDS
OK, REDIRECTS, BAD_REQUEST, GONE = 200, 300, 400, 410
PING = TYPE_PREFIX + ReportKind.PING.value


class Sender(Loop):
    """Delivers messages, one subscription at a time; several senders share the subscriptions through the catalog."""

    def __init__(self, settings: Settings, number: int = 1) -> None:
        super().__init__(f"belvedere-sender-{number}")
        self._settings = settings
        self._inside = frozenset(settings.webhook_hosts)
        self.delivered = 0
        self.failures = 0
        self._connection: Connection
        self._signer: WebhookSigner

    def open(self, resources: ExitStack) -> None:
        """Connect to the catalog."""
        self._signer = WebhookSigner.of(self._settings.capability_secret.get_secret_value())
        self._connection = resources.enter_context(connect(self._settings.catalog_dsn.get_secret_value()))
        self._connection.execute(f"listen {DELIVERIES_CHANNEL}")

    def step(self) -> None:
        """Serve one subscription; wait when none has anything to be told now."""
        subscription = lease_subscription(self._connection, LEASE_SECONDS)
        if subscription is None:
            wait_for_notice(self._connection, WAIT_SECONDS)
            return
        try:
            self._serve(subscription)
        finally:
            release(self._connection, subscription.id)

    def _serve(self, subscription: Subscription) -> None:
        began = time.monotonic()
        while not self._stop.is_set() and time.monotonic() - began < TURN_SECONDS:
            delivery = next_delivery(self._connection, subscription.id)
            if delivery is None or not self._deliver(subscription, delivery):
                return

    def _deliver(self, subscription: Subscription, delivery: Delivery) -> bool:
        """Send one message and record what came of it; False when the target should be left alone."""
        outcome = self._send(subscription, delivery)
        if isinstance(outcome, int):
            delivered(self._connection, subscription.id, delivery, outcome)
            self.delivered += 1
            return True
        most = 1 if delivery.type == PING else len(RETRY_SECONDS) + 1
        state = failed(self._connection, subscription, delivery, outcome, most_attempts=most)
        self.failures += 1
        log.info("webhook %s: %s is %s: %s", subscription.id, delivery.event_id, state, outcome.problem)
        return False

    def _send(self, subscription: Subscription, delivery: Delivery) -> int | Failing:
        message = written(delivery.event, subscription.mode)
        signature = self._signer.headers(subscription, delivery.event_id, message.body, datetime.now(UTC))
        try:
            answer = webhooks.post(subscription.url, {**message.headers, **signature}, message.body, self._inside)
        except AddressRefused as error:
            return Failing(error.message, for_good=True)
        except ServiceUnavailable as error:
            return Failing(error.message)
        return outcome_of(answer)


def outcome_of(answer: webhooks.Answer) -> int | Failing:
    """Return the status of a target that took the message, or why it counts as not taken."""
    status = answer.status
    if OK <= status < REDIRECTS:
        return status
    if REDIRECTS <= status < BAD_REQUEST:
        problem = f"the target answers {status}, a redirect, which is not followed: subscribe the address it leads to"
        return Failing(problem, status, for_good=True)
    if status == GONE:
        return Failing(
            "the target answers 410: it is gone, so the subscription is off", status, for_good=True, disables=True
        )
    return Failing(f"the target answers {status}", status, answer.retry_after)
