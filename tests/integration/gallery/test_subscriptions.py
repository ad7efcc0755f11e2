"""Who may choose who is told, what of an address is taken, and what the page's requests do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import Request  # noqa: TC002 - FastAPI reads it

from belvedere.catalog import deliveries
from belvedere.catalog.deliveries import Failing
from belvedere.catalog.memberships import grant
from belvedere.gallery.auth import Identity, identity
from belvedere.model.access import ALL_TENANTS, Role
from belvedere.model.subscription import WebhookSigner

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from tests.harness.own_gallery import OwnGallery

ASKER = "X-Test-Asker"
# An address of the public internet that needs no look-up; nothing is ever sent to it here.
PUBLIC = "https://93.184.215.14/in?token=s3cret"
LIST = "/belvedere/api/tenants/team/subscriptions"


@pytest.fixture(scope="module", autouse=True)
def _people(own: OwnGallery) -> Iterator[None]:
    def named(request: Request) -> Identity:
        name = request.headers.get(ASKER, "member")
        return Identity(name, operates=name == "operator")

    before = own.app.dependency_overrides[identity]
    own.app.dependency_overrides[identity] = named
    grant(own.catalog, "team", "member", Role.MEMBER)
    grant(own.catalog, "team", "viewer", Role.VIEWER)
    grant(own.catalog, ALL_TENANTS, "auditor", Role.AUDITOR)
    yield
    own.app.dependency_overrides[identity] = before


@pytest.fixture(autouse=True)
def _none(own: OwnGallery) -> None:
    own.catalog.execute("truncate subscriptions cascade")


@contextmanager
def asking(own: OwnGallery, name: str) -> Iterator[httpx.Client]:
    before = dict(own.client.headers)
    own.client.headers.update({ASKER: name, "X-Belvedere": "test"})
    yield own.client
    own.client.headers = before  # type: ignore[assignment]


def ask(own: OwnGallery, method: str, path: str = "", name: str = "member", **options: Any) -> httpx.Response:
    with asking(own, name) as client:
        return client.request(method, LIST + path, **options)


def subscribe(own: OwnGallery, **changes: Any) -> dict[str, Any]:
    answer = ask(own, "POST", json={"url": PUBLIC} | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_new_subscription_shows_its_secret_once(own: OwnGallery) -> None:
    made = subscribe(own, kinds=["roc"], prefix="runs/", events=["ready", "failed"], description="ours")

    (listed,) = ask(own, "GET").json()["subscriptions"]
    assert made.pop("secret") == WebhookSigner.of("a secret of tests").secret(made["id"], 1)
    assert listed == made
    assert (listed["created_by"], listed["kinds"], listed["enabled"]) == ("member", ["roc"], True)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://93.184.215.14/", "https"),
        ("https://127.0.0.1/", "private network"),
        ("https://[::1]/", "private network"),
        ("https://10.0.0.7:8443/", "private network"),
        ("https://169.254.169.254/latest/meta-data/", "private network"),
        ("https://93.184.215.14:22/", "ports"),
        ("https://user:word@93.184.215.14/", "password"),
        ("javascript:alert(1)", "https"),
        ("https://does-not-exist.invalid/", "does not resolve"),
    ],
)
def test_an_address_that_may_not_be_reached_is_refused_by_name(own: OwnGallery, url: str, why: str) -> None:
    answer = ask(own, "POST", json={"url": url})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("url: ")
    assert why in answer.json()["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("events", []),
        ("events", ["ping"]),
        ("kinds", ["no such kind!"]),
        ("prefix", "a\0b"),
        ("prefix", "x" * 1025),
        ("mode", "smoke signals"),
        ("description", "line\nbreak"),
        ("secret", "mine"),
    ],
)
def test_a_wish_out_of_form_is_refused_by_its_part(own: OwnGallery, field: str, value: object) -> None:
    answer = ask(own, "POST", json={"url": PUBLIC, field: value})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(field) or answer.json()["detail"].startswith("0: ")


@pytest.mark.parametrize(
    ("name", "change"), [("member", True), ("operator", True), ("viewer", False), ("auditor", False)]
)
def test_members_and_operators_change_and_others_of_the_tenant_look(own: OwnGallery, name: str, change: bool) -> None:
    one = f"/{subscribe(own)['id']}"
    refused = 403

    shown = ask(own, "GET", one, name).json()["url"]
    assert shown == (PUBLIC if change else "https://93.184.215.14/…"), "addresses can hold secrets"
    assert ask(own, "GET", f"{one}/deliveries", name).status_code == 200
    assert ask(own, "POST", "", name, json={"url": PUBLIC}).status_code == (201 if change else refused)
    assert ask(own, "PUT", one, name, json={"url": PUBLIC, "enabled": False}).status_code == (
        200 if change else refused
    )
    assert ask(own, "POST", f"{one}/ping", name).status_code == (202 if change else refused)
    assert ask(own, "POST", f"{one}/redrive", name, json={}).status_code == (202 if change else refused)
    assert ask(own, "POST", f"{one}/rotate", name).status_code == (200 if change else refused)
    assert ask(own, "DELETE", one, name).status_code == (204 if change else refused)


def test_to_outsiders_there_is_no_such_tenant(own: OwnGallery) -> None:
    one = f"/{subscribe(own)['id']}"

    for method, path in (("GET", ""), ("POST", ""), ("GET", one), ("DELETE", one), ("POST", f"{one}/rotate")):
        answer = ask(own, method, path, "outsider", json={"url": PUBLIC} if (method, path) == ("POST", "") else None)

        assert answer.status_code == 404, path
        assert "no tenant" in answer.json()["detail"]


def test_another_tenants_subscription_is_not_reached_through_ones_own(own: OwnGallery) -> None:
    own.catalog.execute(
        "insert into sources (bucket, tenant, renderings_bucket) values ('o', 'o', 'o-r') on conflict do nothing"
    )
    grant(own.catalog, "o", "insider", Role.MEMBER)
    one = subscribe(own)["id"]

    with asking(own, "insider") as client:
        for method, path in (
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/rotate"),
            ("GET", "/deliveries"),
            ("POST", "/ping"),
        ):
            answer = client.request(method, f"/belvedere/api/tenants/o/subscriptions/{one}{path}")
            assert answer.status_code == 404, path


def test_a_test_message_is_queued_and_shown(own: OwnGallery) -> None:
    one = f"/{subscribe(own)['id']}"

    assert ask(own, "POST", f"{one}/ping").json() == {"queued": 1}

    (delivery,) = ask(own, "GET", f"{one}/deliveries").json()["deliveries"]
    assert (delivery["type"], delivery["state"]) == ("io.belvedere.report.ping", "waiting")


def test_messages_are_paged_and_given_up_ones_are_sent_again(own: OwnGallery) -> None:
    made = subscribe(own)
    one = f"/{made['id']}"
    for _ in range(3):
        ask(own, "POST", f"{one}/ping")
    subscription = deliveries.lease_subscription(own.catalog, 60)
    assert subscription is not None
    given_up = deliveries.next_delivery(own.catalog, subscription.id)
    assert given_up is not None
    deliveries.failed(own.catalog, subscription, given_up, Failing("it answers 500", 500), most_attempts=1)

    first = ask(own, "GET", f"{one}/deliveries?limit=2").json()
    rest = ask(own, "GET", f"{one}/deliveries?limit=2&before={first['next_before']}").json()
    dead = ask(own, "GET", f"{one}/deliveries?state=dead").json()["deliveries"]

    assert [len(first["deliveries"]), len(rest["deliveries"]), rest["next_before"]] == [2, 1, None]
    assert [(each["status"], each["problem"]) for each in dead] == [(500, "it answers 500")]
    assert ask(own, "GET", one).json()["problem"] == "it answers 500"
    assert ask(own, "POST", f"{one}/redrive", json={"ids": [dead[0]["id"]]}).json() == {"queued": 1}
    assert ask(own, "GET", one).json()["waiting"] == 3


def test_the_page_shows_a_tenants_subscriptions_and_the_form_to_who_may(own: OwnGallery) -> None:
    subscribe(own, description="</script><b>bold")

    pages = {}
    for name in ("member", "viewer"):
        with asking(own, name) as client:
            pages[name] = client.get("/belvedere/notifications", params={"tenant": "team"})

    assert all(page.status_code == 200 and "<b>bold" not in page.text for page in pages.values())
    assert ['id="new"' in page.text for page in pages.values()] == [True, False]
    assert ["s3cret" in page.text for page in pages.values()] == [True, False]


def test_the_page_of_another_tenant_is_not_there(own: OwnGallery) -> None:
    with asking(own, "outsider") as client:
        assert client.get("/belvedere/notifications", params={"tenant": "team"}).status_code == 404
        assert "You belong to no tenant" in client.get("/belvedere/notifications").text
