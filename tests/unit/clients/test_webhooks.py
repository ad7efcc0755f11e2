from __future__ import annotations

import socket

import pytest

from belvedere.clients.web import AddressRefused
from belvedere.clients.webhooks import address_of, target_of

INSIDE = frozenset({"hooks.internal", "ci.internal:9000"})


def resolve_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def getaddrinfo(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/in",
        "ftp://hooks.example/in",
        "//hooks.example/in",
        "hooks.example/in",
        "https://",
        "https:///in",
        "https://user:word@hooks.example/",
        "https://hooks.example:22/",
        "https://hooks.example:99999/",
        "https://hooks.example:x/",
        "https://hooks.example\\@inside/",
        "https://[::1/",
        "https://hooks.example/\r\nX-Header: 1",
        "https://hooks.example/a b",
        "https://hooks.exämple/",
        "http://ci.internal:9001/",
        "http://ci.internal/",
        f"https://hooks.example/{'x' * 2000}",
        "",
    ],
)
def test_an_address_out_of_form_is_refused_before_anything_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)

    with pytest.raises(AddressRefused):
        target_of(url, INSIDE)


@pytest.mark.parametrize(
    ("url", "host_header", "path"),
    [
        ("https://hooks.example", "hooks.example", "/"),
        ("https://HOOKS.example:8443/in?x=1#part", "hooks.example:8443", "/in?x=1"),
        ("https://[2606:2800:21f::1]/in", "[2606:2800:21f::1]", "/in"),
        ("http://hooks.internal:8080/in", "hooks.internal:8080", "/in"),
        ("http://ci.internal:9000/", "ci.internal:9000", "/"),
    ],
)
def test_an_address_in_form_says_where_it_leads(url: str, host_header: str, path: str) -> None:
    target = target_of(url, INSIDE)

    assert (target.host_header, target.path) == (host_header, path)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
def test_a_name_that_leads_inside_is_refused_unless_settings_name_it(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolve_to(monkeypatch, address)

    with pytest.raises(AddressRefused, match="private network"):
        address_of(target_of("https://hooks.example/", INSIDE))
    assert address_of(target_of("https://hooks.internal/", INSIDE)) == address


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "localhost", "[::1]", "169.254.169.254"]
)
def test_an_address_written_as_a_number_is_no_way_in(host: str) -> None:
    with pytest.raises(AddressRefused):
        address_of(target_of(f"https://{host}/", frozenset()))
