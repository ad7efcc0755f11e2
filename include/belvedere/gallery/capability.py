"""Addresses that are themselves the permission to read one file of one artifact, for a few minutes.

Frames in a sandbox have an opaque origin and send no cookie, so their addresses must carry the right to be
read. Whoever is logged in is handed such addresses; they name one file and expire within five minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from belvedere.errors import ConfigurationError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable

STABLE_SECONDS = 60
SIGNATURE_BYTES = 18
TOKEN = re.compile(
    r"(?P<artifact>[0-9a-f]{24})\.(?P<revision>[0-9a-f]{1,16})\.(?P<expiry>[0-9]{1,12})\.(?P<mac>[\w-]{24})"
)


class CapabilityRefused(PermanentError):
    """The address was changed, cut short, or never given out by this gallery."""

    code = "capability_invalid"


class CapabilityExpired(PermanentError):
    """The address was good once."""

    code = "capability_expired"


@dataclass(frozen=True, slots=True)
class Grant:
    """The right to read one file of an artifact; ``revision`` changes when the artifact is rendered again."""

    artifact_id: str
    revision: int
    name: str


class Signer:
    """Gives out and checks capability addresses with a secret that only the API server's processes share."""

    def __init__(self, secret: str, life_seconds: int, clock: Callable[[], float] = time.time) -> None:
        if not secret:
            raise ConfigurationError("BELVEDERE_CAPABILITY_SECRET is not set: previews cannot be signed without it")
        self._key = hashlib.sha256(b"belvedere capability\0" + secret.encode()).digest()
        self._life = life_seconds
        self._clock = clock

    def address(self, grant: Grant) -> str:
        """Return ``token/name``; the same one for a minute, so that browsers may cache what it names."""
        expiry = int(self._clock()) // STABLE_SECONDS * STABLE_SECONDS + self._life
        token = f"{grant.artifact_id}.{grant.revision:x}.{expiry}.{self._mac(grant, expiry)}"
        return f"{token}/{quote(grant.name, safe='')}"

    def check(self, token: str, name: str) -> Grant:
        """Return what an address permits.

        Raises:
            CapabilityRefused: this gallery did not give it out for this name.
            CapabilityExpired: its time is over.
        """
        parts = TOKEN.fullmatch(token)
        if parts is None:
            raise CapabilityRefused("this preview address is damaged: open the artifact's page for a good one")
        grant = Grant(parts["artifact"], int(parts["revision"], 16), name)
        expiry = int(parts["expiry"])
        if not hmac.compare_digest(parts["mac"], self._mac(grant, expiry)):
            raise CapabilityRefused("this preview address was changed: open the artifact's page for a good one")
        if expiry < self._clock():
            raise CapabilityExpired("this preview address has expired: reload the artifact's page for a new one")
        return grant

    def _mac(self, grant: Grant, expiry: int) -> str:
        said = "\0".join((grant.artifact_id, f"{grant.revision:x}", str(expiry), grant.name))
        digest = hmac.digest(self._key, said.encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode()
