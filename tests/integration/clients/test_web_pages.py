"""Where the fetcher of web pages really connects, and what it takes from an answer: over TLS, against a server."""

from __future__ import annotations

import datetime
import gzip
import socket
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from belvedere.clients import web
from belvedere.clients.web import AddressRefused, fetch_page
from belvedere.errors import LimitExceeded, PermanentError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST, PUBLIC = "docs.example", "93.184.215.14"
ALLOWED = frozenset({HOST, "other.example"})
ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/page.md?raw=1": (200, {"Content-Type": "text/markdown"}, b"# Page"),
    "/inside": (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""),
    "/same": (307, {"Location": "/page.md?raw=1"}, b""),
    "/large": (200, {}, b"x" * 5000),
    "/packed": (200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(10**7))),
    "/gone": (404, {}, b"secret words of the server"),
}


@dataclass
class Site:
    """A site's server on loopback; ``connected`` and ``resolved`` are what the client did to come there."""

    port: int
    connected: list[tuple[str, int]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serve ``ANSWERS`` with a certificate for ``HOST``, where the internet's ``PUBLIC`` address would be."""
    pair = _certificate(tmp_path)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Host"])
            status, headers, content = ANSWERS[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = Site(server.server_address[1], hosts=asked)
    _route(made, monkeypatch)
    monkeypatch.setattr(certifi, "where", lambda: str(pair))
    yield made
    server.shutdown()
    server.server_close()


def _route(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead connections to the public address to the server, as a router would; a second look-up leads inside."""
    connect, look_up = socket.create_connection, socket.getaddrinfo

    def resolve(host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:
        if host not in ALLOWED:
            return look_up(host, port, *arguments, **options)
        site.resolved.append(host)
        address = PUBLIC if site.resolved.count(host) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def lead(address: tuple[str, int], *_arguments: object, **_options: object) -> socket.socket:
        site.connected.append(address)
        return connect(("127.0.0.1", site.port))

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", lead)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "pair.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_the_connection_goes_to_the_address_that_was_checked(site: Site) -> None:
    page = fetch_page(f"https://{HOST}/page.md?raw=1#part", ALLOWED, max_bytes=100)

    assert (page.content, page.content_type) == (b"# Page", "text/markdown")
    assert site.resolved == [HOST], "one look-up: a second one could have led elsewhere (DNS rebinding)"
    assert site.connected == [(PUBLIC, 443)]
    assert site.hosts == [HOST]


def test_whoever_cannot_show_the_hosts_certificate_is_not_heard(site: Site) -> None:
    with pytest.raises(ServiceUnavailable):
        fetch_page("https://other.example/page.md?raw=1", ALLOWED, max_bytes=100)
    assert site.hosts == []


@pytest.mark.parametrize("path", ["/inside", "/same"])
def test_no_redirect_is_followed(site: Site, path: str) -> None:
    with pytest.raises(AddressRefused, match="redirect"):
        fetch_page(f"https://{HOST}{path}", ALLOWED, max_bytes=100)
    assert site.connected == [(PUBLIC, 443)]


def test_no_more_is_read_than_was_asked_for(site: Site) -> None:
    with pytest.raises(LimitExceeded, match="larger than 100 bytes"):
        fetch_page(f"https://{HOST}/large", ALLOWED, max_bytes=100)


def test_nothing_is_unpacked(site: Site) -> None:
    with pytest.raises(AddressRefused, match="packed"):
        fetch_page(f"https://{HOST}/packed", ALLOWED, max_bytes=10**6)


def test_a_page_that_never_ends_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "WHOLE_SECONDS", 0.0)

    with pytest.raises(LimitExceeded) as refused:
        fetch_page(f"https://{HOST}/large", ALLOWED, max_bytes=10**6)
    assert refused.value.code == "wall_time"


def test_an_error_tells_its_number_and_nothing_of_its_words(site: Site) -> None:
    with pytest.raises(PermanentError, match="404") as refused:
        fetch_page(f"https://{HOST}/gone", ALLOWED, max_bytes=100)
    assert "secret" not in refused.value.message
