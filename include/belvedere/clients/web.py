"""Pages of hosts that the settings allow, and of no others: the one place that reads an address somebody wrote."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import httpx

from belvedere.errors import LimitExceeded, PermanentError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

TIMEOUT = httpx.Timeout(10.0, connect=3.0)


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
    rebinding), and redirects are not followed.

    Raises:
        AddressRefused: another scheme, host or port, a private address, or a redirect.
        LimitExceeded: more than ``max_bytes``.
        ServiceUnavailable: the host does not answer.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or host not in allowed_hosts or parts.port not in (None, 443) or parts.username:
        raise AddressRefused("its host is not among BELVEDERE_MARKDOWN_HOSTS: copy the file into the bucket instead")
    address = public_address(host)
    pinned = urlunsplit(("https", f"[{address}]" if ":" in address else address, parts.path or "/", parts.query, ""))
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", pinned, headers={"Host": host}, extensions={"sni_hostname": host}) as response,
        ):
            return _read(response, max_bytes)
    except httpx.HTTPError as error:
        raise ServiceUnavailable(f"{host} did not answer ({type(error).__name__})") from error


def public_address(host: str) -> str:
    """Return an address of a host, all of whose addresses must be public.

    Raises:
        AddressRefused: one of them is private, loopback, link-local or otherwise not global.
        ServiceUnavailable: the name does not resolve.
    """
    try:
        found = [info[4][0] for info in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise ServiceUnavailable(f"{host} does not resolve") from error
    if not found or not all(ipaddress.ip_address(address).is_global for address in found):
        raise AddressRefused(f"{host} leads to an address inside a private network")
    return str(found[0])


def _read(response: httpx.Response, max_bytes: int) -> Page:
    if response.is_redirect:
        raise AddressRefused("it answers with a redirect, which is not followed")
    if not response.is_success:
        raise PermanentError(f"it answers {response.status_code}", code="address_answered_error")
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > max_bytes:
            raise LimitExceeded(f"it is larger than {max_bytes:,} bytes")
    return Page(bytes(content), response.headers.get("Content-Type", ""))
