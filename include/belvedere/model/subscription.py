"""A subscription: where a tenant's reports are sent, which of them, and how its messages are signed.

Signatures follow Standard Webhooks (its headers and its ``v1`` scheme), so receivers verify them with any of that
standard's libraries. Secrets are derived, never stored: whoever reads the catalog cannot sign.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from belvedere.errors import ConfigurationError
from belvedere.model.report import EventMode, ReportKind, kind_of

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.model.artifact import Artifact

# So long after a rotation messages carry a signature by the secret before as well.
ROTATION_GRACE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where reports go. Empty ``kinds`` and ``prefix`` stand for all of them."""

    id: str
    tenant: str
    url: str
    description: str
    events: tuple[ReportKind, ...]
    kinds: tuple[str, ...]
    prefix: str
    mode: EventMode
    enabled: bool
    secret_version: int
    rotated_at: datetime | None
    created_by: str
    created_at: datetime
    failures: int
    retry_at: datetime | None
    delivered_at: datetime | None
    problem: str | None

    def wants(self, artifact: Artifact) -> bool:
        """Tell whether an artifact's report belongs here."""
        return (
            self.enabled
            and artifact.tenant == self.tenant
            and kind_of(artifact.state) in self.events
            and (not self.kinds or artifact.kind in self.kinds)
            and artifact.key.startswith(self.prefix)
        )


@dataclass(frozen=True, slots=True)
class WebhookSigner:
    """Makes the subscriptions' secrets from the one that API servers and triggerers share."""

    key: bytes

    @classmethod
    def of(cls, secret: str) -> WebhookSigner:
        """Return the signer of a deployment.

        Raises:
            ConfigurationError: there is no secret.
        """
        if not secret:
            raise ConfigurationError("BELVEDERE_CAPABILITY_SECRET is not set: webhooks cannot be signed without it")
        return cls(hashlib.sha256(b"belvedere webhook\0" + secret.encode()).digest())

    def secret(self, subscription_id: str, version: int) -> str:
        """Return a subscription's secret as receivers configure it: ``whsec_...``."""
        return "whsec_" + base64.b64encode(self._secret(subscription_id, version)).decode()

    def headers(self, subscription: Subscription, event_id: str, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers that sign a message; for a while after a rotation by both secrets."""
        versions = [subscription.secret_version]
        if subscription.rotated_at is not None and now - subscription.rotated_at < ROTATION_GRACE:
            versions.append(subscription.secret_version - 1)
        said = f"{event_id}.{int(now.timestamp())}.".encode() + body
        signatures = [hmac.digest(self._secret(subscription.id, version), said, "sha256") for version in versions]
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join("v1," + base64.b64encode(signature).decode() for signature in signatures),
        }

    def _secret(self, subscription_id: str, version: int) -> bytes:
        return hmac.digest(self.key, f"{subscription_id}\0{version}".encode(), "sha256")
