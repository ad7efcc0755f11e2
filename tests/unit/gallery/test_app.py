"""The app without any server behind it: who is let in, what is said when the catalog is closed."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from belvedere.gallery.app import create_app
from belvedere.gallery.auth import require_login
from belvedere.gallery.capability import Grant, Signer
from belvedere.gallery.static_files import FOLDER, SHEETS, modules
from belvedere.gallery.viewers import viewer
from belvedere.model.access import Viewer
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.routing import BaseRoute

SECRET = "a secret of tests"
CLOSED = Settings(
    catalog_dsn="postgresql://nobody@127.0.0.1:1/none", minio_endpoint="http://127.0.0.1:1", capability_secret=SECRET
)
PUBLIC = {"/preview/{token}/{name:path}", "/static"}
ARTIFACT = "0123456789abcdef01234567"
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def mounted(app: FastAPI) -> TestClient:
    outer = FastAPI()
    outer.mount("/belvedere", app)
    return TestClient(outer, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def stranger() -> Iterator[TestClient]:
    with mounted(create_app(CLOSED)) as client:
        yield client


@pytest.fixture
def member() -> Iterator[TestClient]:
    app = create_app(CLOSED)
    app.dependency_overrides[require_login] = lambda: None
    app.dependency_overrides[viewer] = lambda: Viewer("somebody", operates=True)
    with mounted(app) as client:
        yield client


def routes() -> list[BaseRoute]:
    return [route for route in create_app(CLOSED).routes if route.path not in PUBLIC]  # type: ignore[attr-defined]


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.path)
def test_no_route_answers_without_a_login(stranger: TestClient, route: BaseRoute) -> None:
    assert isinstance(route, APIRoute), "a mount or a plain route asks for no login"
    path = "/belvedere" + re.sub(r"\{[^}]*\}", ARTIFACT, route.path)

    for method in route.methods:
        answer = stranger.request(method, path, params={"bucket": "b", "key": "k"})

        assert answer.status_code == 401
        assert answer.json() == {"detail": "Not authenticated", "code": "unauthorized"}


@pytest.mark.parametrize("path", ["/belvedere/", f"/belvedere/artifacts/{ARTIFACT}?tab=data"])
def test_a_browser_without_a_login_is_sent_to_airflows(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path, headers=BROWSER)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/api/v2/auth/login?next=%2Fbelvedere%2F")


def test_the_login_is_found_below_a_path_too() -> None:
    airflow, outer = FastAPI(), FastAPI()
    airflow.mount("/belvedere", create_app(CLOSED))
    outer.mount("/mlops/airflow", airflow)

    answer = TestClient(outer).get("/mlops/airflow/belvedere/", headers=BROWSER, follow_redirects=False)

    assert answer.headers["location"] == "/mlops/airflow/api/v2/auth/login?next=%2Fmlops%2Fairflow%2Fbelvedere%2F"


def test_a_spoilt_or_expired_address_is_refused_and_says_why(stranger: TestClient) -> None:
    grant = Grant(ARTIFACT, 0, "page.html")
    expired = Signer(SECRET, 300, lambda: time.time() - 600).address(grant)
    other = Signer(SECRET, 300).address(replace(grant, name="figure.svg")).replace("figure.svg", "page.html")

    damaged = ("capability_invalid", "This address is damaged")
    refused = {expired: ("capability_expired", "This address has expired"), other: damaged, "x/page.html": damaged}
    for address, (code, title) in refused.items():
        answer = stranger.get(f"/belvedere/preview/{address}")
        page = stranger.get(f"/belvedere/preview/{address}", headers=BROWSER)

        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert page.status_code == 403
        assert f"<h1>{title}</h1>" in page.text
        assert (f'href="/belvedere/artifacts/{ARTIFACT}"' in page.text) is (ARTIFACT in address)


def test_a_closed_catalog_is_said_and_the_page_comes_back_by_itself(member: TestClient) -> None:
    answer = member.get("/belvedere/api/artifacts")
    page = member.get("/belvedere/", headers=BROWSER)

    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert answer.headers["retry-after"] == "3"
    assert page.status_code == 503
    assert "/js/closed.js" in page.text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page.text


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("state=sleeping", "state"),
        ("order=random", "order"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("cursor=AAAA", "cursor"),
        ("q=%00", "q"),
    ],
)
def test_a_bad_query_is_refused_by_its_part(member: TestClient, query: str, part: str) -> None:
    answer = member.get(f"/belvedere/api/artifacts?{query}")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"{part}: ")


def test_an_id_that_is_none_is_refused_before_anything_is_asked(member: TestClient) -> None:
    assert member.get("/belvedere/api/artifacts/../../etc/passwd").status_code == 404
    assert member.get("/belvedere/api/artifacts/x' or 1=1").status_code == 400


def test_a_rendering_is_not_asked_for_by_other_sites(member: TestClient) -> None:
    answer = member.post(f"/belvedere/api/artifacts/{ARTIFACT}/rerender")

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")


def test_every_answer_carries_safe_headers(member: TestClient, stranger: TestClient) -> None:
    answers = [
        member.get("/belvedere/api/openapi.json"),
        member.get("/belvedere/api/artifacts"),
        member.get("/belvedere/nowhere", headers=BROWSER),
        stranger.get("/belvedere/"),
        stranger.get("/belvedere/static/gallery.css"),
        stranger.get("/belvedere/preview/x/y"),
    ]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_our_pages_load_nothing_from_elsewhere(stranger: TestClient) -> None:
    for name in ("gallery.css", "frame.js", "js/wall.js", "js/artifact.js", "js/interactive.js", "icon.svg"):
        answer = stranger.get(f"/belvedere/static/{name}")

        assert answer.status_code == 200
        assert "https://" not in answer.text
        assert "//cdn" not in answer.text


def test_browsers_keep_our_files_for_ever_under_their_version(stranger: TestClient) -> None:
    page = stranger.get("/belvedere/preview/x/y", headers=BROWSER).text
    (address,) = re.findall(r'href="(/belvedere/static/[^"]*/sheets/failure.css)"', page)

    assert "immutable" in stranger.get(address).headers["cache-control"]
    assert stranger.get("/belvedere/static/gallery.css").headers["cache-control"] == "no-cache"
    assert stranger.get("/belvedere/static/000000000000/gallery.css").status_code == 404
    assert stranger.get("/belvedere/static/sheets/nothing.css").status_code == 404


def test_each_kind_of_page_has_one_sheet_of_all_its_styles(stranger: TestClient) -> None:
    used = {
        name
        for template in (FOLDER.parent / "templates").glob("*.html")
        for name in re.findall(r'{% set sheet = "(\w+)" %}', template.read_text())
    }
    answer = stranger.get("/belvedere/static/sheets/wall.css")

    assert used == SHEETS.keys()
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    parts = ("gallery", "css/parts", "css/live", "css/wall", "css/compare_tray")
    assert answer.text == "".join((FOLDER / f"{part}.css").read_text() for part in parts)


def test_a_page_names_every_module_that_its_scripts_import() -> None:
    named = modules("wall", "wall_upload")

    assert named[:2] == ("wall", "wall_upload")
    assert {"card", "words", "upload_box"} <= set(named), "also what is imported by an import"
    assert len(named) == len(set(named))
    assert not {"artifact", "compare_tray"} & set(named), "what is imported later, or by other pages"


def test_the_api_describes_itself(member: TestClient) -> None:
    document = member.get("/belvedere/api/openapi.json").json()

    assert document["servers"] == [{"url": "/belvedere"}]
    assert "/api/artifacts/{artifact_id}/rerender" in document["paths"]
    assert "ArtifactResponse" in document["components"]["schemas"]
