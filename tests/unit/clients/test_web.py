from __future__ import annotations

import socket

import pytest

from belvedere.clients.web import AddressRefused, fetch_page, public_address
from belvedere.errors import ServiceUnavailable

ALLOWED = frozenset({"docs.example", "127.0.0.1", "localhost"})


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "url",
    [
        "http://docs.example/page.md",
        "https://elsewhere.example/page.md",
        "https://docs.example:8443/page.md",
        "https://user:word@docs.example/page.md",
        "https://docs.example.attacker.example/",
        "https://docs.example@attacker.example/",
        "file:///etc/passwd",
        "gopher://docs.example/",
        "//docs.example/page.md",
        "https://@docs.example/",
        "https://:word@docs.example/",
        "https://docs.example\\@attacker.example/",
        "https://docs.example:99999/",
        "https://[::1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://docs.example.attacker.example\n@docs.example/",
        "",
    ],
)
def test_only_https_pages_of_allowed_hosts_are_asked_for(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    resolve_to(monkeypatch, "93.184.215.14")

    with pytest.raises(AddressRefused):
        fetch_page(url, ALLOWED, max_bytes=1000)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fe80::1%eth0",
        "224.0.0.1",
        "ff02::1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolve_to(monkeypatch, address)

    with pytest.raises(AddressRefused, match="private network"):
        fetch_page("https://docs.example/page.md", ALLOWED, max_bytes=1000)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.215.14", "10.0.0.1")

    with pytest.raises(AddressRefused):
        public_address("docs.example")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_taken(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolve_to(monkeypatch, address)

    assert public_address("docs.example") == address


def test_a_name_that_does_not_resolve_may_do_so_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    with pytest.raises(ServiceUnavailable):
        public_address("docs.example")
