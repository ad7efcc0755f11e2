"""Messages to addresses that members wrote: to the public internet by https, and inside only where settings allow.

The rules are those of ``clients.web``: the connection goes to the address that was checked, redirects are not
followed, nothing is unpacked; and one clock runs over all of it, so that no target can hold a sender.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import httpx

from belvedere.clients.web import AddressRefused, public_address
from belvedere.errors import ServiceUnavailable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

WHOLE_SECONDS = 15.0
MOST_ADDRESS = 2000
PUBLIC_PORTS = (443, 8443)
STANDARD_PORTS = {"https": 443, "http": 80}
LONGEST_WAIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be tried; ``inside``: settings name it, so it may lead into a private network."""

    scheme: str
    host: str
    port: int
    path: str
    inside: bool

    @property
    def host_header(self) -> str:
        """What the target calls itself."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == STANDARD_PORTS[self.scheme] else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target said: its status, and how many seconds it asks to be left alone."""

    status: int
    retry_after: float | None


def target_of(url: str, inside_hosts: AbstractSet[str]) -> Target:
    """Return where an address leads by its form alone; nothing is looked up.

    Raises:
        AddressRefused: saying what of it is not allowed.
    """
    if len(url) > MOST_ADDRESS or not url.isascii() or any(ord(character) <= 0x20 for character in url):
        raise AddressRefused(f"an address is at most {MOST_ADDRESS} characters of ASCII without spaces")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise AddressRefused("it is not an address") from error
    if parts.scheme not in STANDARD_PORTS or not host or "\\" in url:
        raise AddressRefused("an address begins with https:// and a host")
    if "@" in parts.netloc:
        raise AddressRefused("an address with a user or password is not taken: verify the signature instead")
    port = port or STANDARD_PORTS[parts.scheme]
    inside = bool({host, f"{host}:{port}"} & inside_hosts)
    if not inside and parts.scheme != "https":
        raise AddressRefused("only https is taken (and http to hosts that BELVEDERE_WEBHOOK_HOSTS names)")
    if not inside and port not in PUBLIC_PORTS:
        raise AddressRefused(f"only the ports {' and '.join(map(str, PUBLIC_PORTS))} are taken")
    return Target(parts.scheme, host, port, urlunsplit(("", "", parts.path or "/", parts.query, "")), inside)


def address_of(target: Target) -> str:
    """Return the IP address to connect to; the one look-up of a message.

    Raises:
        AddressRefused: the name leads into a private network, and no setting allows it.
        ServiceUnavailable: the name does not resolve.
    """
    if not target.inside:
        return public_address(target.host)
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServiceUnavailable(f"{target.host} does not resolve") from error
    return str(found[0][4][0])


def post(url: str, headers: Mapping[str, str], body: bytes, inside_hosts: AbstractSet[str]) -> Answer:
    """Send one message and return what the target answers, whatever its status.

    Raises:
        AddressRefused: the address is not allowed, or leads where it must not.
        ServiceUnavailable: the target does not answer (in time).
    """
    target = target_of(url, inside_hosts)
    address = address_of(target)
    try:
        return asyncio.run(_within_time(target, address, headers, body))
    except TimeoutError as error:
        raise ServiceUnavailable(f"{target.host} did not answer within {WHOLE_SECONDS:g} s") from error
    except httpx.HTTPError as error:
        raise ServiceUnavailable(f"{target.host} did not answer ({type(error).__name__})") from error


async def _within_time(target: Target, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
    async with asyncio.timeout(WHOLE_SECONDS):
        return await _send(target, address, headers, body)


async def _send(target: Target, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
    pinned = f"{target.scheme}://{f'[{address}]' if ':' in address else address}:{target.port}{target.path}"
    own = {"Host": target.host_header, "User-Agent": "Belvedere", "Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(timeout=WHOLE_SECONDS, follow_redirects=False, trust_env=False, verify=_trust()) as client,
        client.stream(
            "POST", pinned, headers={**headers, **own}, content=body, extensions={"sni_hostname": target.host}
        ) as response,
    ):
        # The words of an answer are nobody's business: they are neither read nor kept.
        return Answer(response.status_code, _retry_after(response.headers.get("Retry-After", "")))


def _retry_after(said: str) -> float | None:
    return min(float(said), LONGEST_WAIT_SECONDS) if said.isascii() and said.isdigit() and len(said) < 10 else None


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Return the trusted authorities, read once: reading them takes longer than a message."""
    return httpx.create_ssl_context(trust_env=False)
