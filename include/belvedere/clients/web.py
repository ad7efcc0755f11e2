"""Pages of hosts that the settings allow, and of no others: the one place that reads an address somebody wrote."""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import httpx

from belvedere.errors import LimitExceeded, PermanentError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
WHOLE_SECONDS = 30.0
IPV6_UNICAST = ipaddress.ip_network("2000::/3")


class AddressRefused(PermanentError):
    """An address that is not allowed, or leads to where it must not."""

    code = "address_refused"


@dataclass(frozen=True, slots=True)
class Page:
    """What an address answered."""

    content: bytes
    content_type: str


def fetch_page(url: str, allowed_hosts: AbstractSet[str], *, max_bytes: int) -> Page:
    """Fetch one https page of an allowed host.

    The connection goes to the address that was checked, so a second look-up cannot lead elsewhere (DNS
    rebinding), redirects are not followed, and nothing is unpacked.

    Raises:
        AddressRefused: another scheme, host or port, a private address, a redirect, or packed content.
        LimitExceeded: more than ``max_bytes``, or it takes longer than ``WHOLE_SECONDS``.
        ServiceUnavailable: the host does not answer.
    """
    host, rest = _allowed(url, allowed_hosts)
    address = public_address(host)
    pinned = f"https://{f'[{address}]' if ':' in address else address}{rest}"
    asked = {"Host": host, "Accept-Encoding": "identity"}
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", pinned, headers=asked, extensions={"sni_hostname": host}) as response,
        ):
            return _read(response, max_bytes)
    except httpx.HTTPError as error:
        raise ServiceUnavailable(f"{host} did not answer ({type(error).__name__})") from error


def _allowed(url: str, allowed_hosts: AbstractSet[str]) -> tuple[str, str]:
    """Return the host of an address, and its path with the query."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise AddressRefused("it is not an address") from error
    if parts.scheme != "https" or host not in allowed_hosts or port not in (None, 443) or "@" in parts.netloc:
        raise AddressRefused("its host is not among BELVEDERE_MARKDOWN_HOSTS: copy the file into the bucket instead")
    return host, urlunsplit(("", "", parts.path or "/", parts.query, ""))


def public_address(host: str) -> str:
    """Return an address of a host, all of whose addresses must be public.

    Raises:
        AddressRefused: one of them is private, loopback, link-local or otherwise not global.
        ServiceUnavailable: the name does not resolve.
    """
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise ServiceUnavailable(f"{host} does not resolve") from error
    if not found or not all(is_public(address) for address in found):
        raise AddressRefused(f"{host} leads to an address inside a private network")
    return found[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one host on the public internet.

    Of IPv6, global unicast alone: addresses that carry an IPv4 address inside (mapped, 6to4, Teredo, NAT64) could
    lead a translating network to its own inside (RFC 6052, RFC 3056, RFC 4380).
    """
    ip = ipaddress.ip_address(address)
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return ip.version == 4 or (ip in IPV6_UNICAST and ip.sixtofour is None and ip.teredo is None)


def _read(response: httpx.Response, max_bytes: int) -> Page:
    if response.is_redirect:
        raise AddressRefused("it answers with a redirect, which is not followed")
    if not response.is_success:
        raise PermanentError(f"it answers {response.status_code}", code="address_answered_error")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise AddressRefused("it answers with packed content, which was not asked for")
    content, began = bytearray(), time.monotonic()
    for piece in response.iter_raw():
        content += piece
        if len(content) > max_bytes:
            raise LimitExceeded(f"it is larger than {max_bytes:,} bytes")
        if time.monotonic() - began > WHOLE_SECONDS:
            raise LimitExceeded(f"it took longer than {WHOLE_SECONDS:g} s", code="wall_time")
    return Page(bytes(content), response.headers.get("Content-Type", ""))
