from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from belvedere.gallery.app import create_app
from belvedere.gallery.navigation import PLACES, around, standing
from belvedere.model.access import ALL_TENANTS, Role, Viewer

ROOT = "/belvedere"


def request(path: str, who: Viewer | None = None, cookie: str = "") -> Request:
    made = Request(
        {
            "type": "http",
            "method": "GET",
            "path": ROOT + path,
            "root_path": ROOT,
            "query_string": b"",
            "headers": [(b"host", b"belvedere.test"), (b"cookie", cookie.encode())],
        }
    )
    if who:
        made.state.viewer = who
    return made


def current(path: str) -> list[str]:
    entries = around(request(path, Viewer("olga", operates=True)))["entries"]
    return [entry.label for entry in entries if entry.is_current]


def test_every_place_of_the_bar_is_a_page_that_asks_for_a_login() -> None:
    outer = FastAPI()
    outer.mount(ROOT, create_app())

    with TestClient(outer) as stranger:
        assert {place.path: stranger.get(ROOT + place.path).status_code for place in PLACES} == {
            place.path: 401 for place in PLACES
        }


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "Wall"),
        ("/artifacts/0a1b", "Wall"),
        ("/runs", "Wall"),
        ("/upload", "Upload"),
        ("/tenants", "Tenants"),
        ("/tenants/team", "Tenants"),
        ("/changes", "Tenants"),
        ("/help", "Help"),
    ],
)
def test_exactly_the_place_one_is_at_is_marked(path: str, place: str) -> None:
    assert current(path) == [place]


def test_a_page_that_is_nowhere_in_the_bar_marks_nothing() -> None:
    assert current("/helpless") == []


def test_the_bar_stands_under_the_path_the_gallery_is_mounted_at() -> None:
    assert all(entry.href.startswith(f"{ROOT}/") for entry in around(request("/help"))["entries"])


def test_who_is_not_known_yet_is_not_named() -> None:
    assert around(request("/help"))["standing"] is None


def test_an_operator_and_an_auditor_see_all_tenants() -> None:
    assert standing(Viewer("olga", operates=True)).role == "operator, all tenants"
    assert standing(Viewer("otto", {ALL_TENANTS: Role.AUDITOR})).role == "auditor, all tenants"


def test_few_tenants_are_named_and_further_ones_counted() -> None:
    said = standing(Viewer("mia", dict.fromkeys("edcba", Role.MEMBER)))

    assert (said.tenants, said.more, said.role) == (("a", "b", "c"), 2, "")


def test_somebody_without_a_tenant_is_told_so() -> None:
    assert standing(Viewer("nina")).role == "in no tenant yet"


@pytest.mark.parametrize(
    ("who", "labels"),
    [
        (Viewer("olga", operates=True), ["Wall", "Upload", "Tenants", "Operations", "Notifications", "Help"]),
        (Viewer("otto", {ALL_TENANTS: Role.AUDITOR}), ["Wall", "Tenants", "Operations", "Notifications", "Help"]),
        (Viewer("mia", {"a": Role.MEMBER}), ["Wall", "Upload", "Tenants", "Notifications", "Help"]),
        (Viewer("vera", {"a": Role.VIEWER}), ["Wall", "Tenants", "Notifications", "Help"]),
        (Viewer("nina"), ["Wall", "Help"]),
        (None, ["Wall", "Help"]),
    ],
)
def test_everybody_is_shown_the_pages_that_are_for_them(who: Viewer | None, labels: list[str]) -> None:
    assert [entry.label for entry in around(request("/", who))["entries"]] == labels


def test_visitors_alone_are_shown_the_way_to_the_login_and_back() -> None:
    visit = request("/artifacts/0a1b", Viewer("Anonymous"))
    visit.scope["app"] = create_app()
    visit.state.public = True

    assert around(visit)["login"] == "/api/v2/auth/login?next=%2Fbelvedere%2Fartifacts%2F0a1b"
    assert around(request("/artifacts/0a1b", Viewer("mia")))["login"] == ""


@pytest.mark.parametrize(
    ("cookie", "theme"),
    [("belvedere-theme=dark", "dark"), ("a=b; belvedere-theme=light", "light"), ('belvedere-theme="><b', ""), ("", "")],
)
def test_a_page_begins_in_the_colours_of_the_last_one(cookie: str, theme: str) -> None:
    assert around(request("/", cookie=cookie))["theme"] == theme
