"""Nothing is shown without a login, and nothing changed without the right to."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.harness.airflow import client_of
from tests.harness.samples import matrix_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack


@pytest.fixture(scope="module")
def card(wall: Wall) -> Card:
    return wall.show(f"access/{uuid.uuid4().hex}.csv", matrix_csv(1), "text/csv")


@pytest.fixture(scope="module")
def stranger(stack: RunningStack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, timeout=30.0, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def viewer(stack: RunningStack) -> Iterator[httpx.Client]:
    with client_of(stack.url, stack.env["AIRFLOW_VIEWER_USER"], stack.env["AIRFLOW_VIEWER_PASSWORD"]) as client:
        yield client


def routes(card: Card) -> list[str]:
    root = f"/belvedere/api/artifacts/{card['id']}"
    lookup = f"/belvedere/api/artifacts/lookup?bucket=mlpipeline&key={card['key']}"
    api = ["/belvedere/api/artifacts", "/belvedere/api/stats", "/belvedere/api/events", "/belvedere/api/tenants"]
    return [*api, "/belvedere/api/openapi.json", root, f"{root}/versions", lookup]


def test_no_route_answers_a_stranger(stranger: httpx.Client, card: Card) -> None:
    assert {path: stranger.get(path).status_code for path in routes(card)} == dict.fromkeys(routes(card), 401)
    assert stranger.post(f"/belvedere/api/artifacts/{card['id']}/rerender").status_code in (401, 403)


def test_a_strangers_browser_is_sent_to_the_login(stranger: httpx.Client, card: Card) -> None:
    for path in ("/belvedere/", card["page"]):
        answer = stranger.get(path, headers={"Accept": "text/html"})

        assert answer.status_code in (302, 303, 307, 401), path
        assert card["etag"] not in answer.text


def test_a_forged_token_is_no_login(stack: RunningStack, card: Card) -> None:
    headers = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."}

    answer = httpx.get(f"{stack.url}/belvedere/api/artifacts", headers=headers, timeout=30.0)

    assert answer.status_code in (401, 403)


def test_a_viewer_sees_but_may_not_render_again(viewer: httpx.Client, card: Card) -> None:
    assert viewer.get(f"/belvedere/api/artifacts/{card['id']}").status_code == 200

    refused = viewer.post(f"/belvedere/api/artifacts/{card['id']}/rerender")

    assert refused.status_code == 403
    assert "render_artifacts" in refused.json()["detail"]


def test_another_sites_form_cannot_ask_for_a_rendering(stack: RunningStack, gallery: httpx.Client, card: Card) -> None:
    token = gallery.headers["Authorization"].removeprefix("Bearer ")

    answer = httpx.post(
        f"{stack.url}/belvedere/api/artifacts/{card['id']}/rerender", cookies={"_token": token}, timeout=30.0
    )

    assert answer.status_code == 403


def test_previews_answer_only_to_signed_addresses(stranger: httpx.Client, wall: Wall, card: Card) -> None:
    fresh = wall.card(card["key"])
    assert fresh is not None
    href = next(output["href"] for output in fresh["outputs"] if output["role"] == "page")
    assert stranger.get(href).status_code == 200, "the address is the permission"

    *way, token, name = href.split("/")
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert stranger.get("/".join([*way, flipped, name])).status_code == 403
    assert stranger.get("/".join([*way, token, "rendering.json"])).status_code in (403, 404)
    assert stranger.get("/".join([*way, token, "..%2F..%2Frendering.json"])).status_code in (403, 404)


def test_no_answer_tells_an_address_or_a_key_of_the_store(
    stack: RunningStack, gallery: httpx.Client, card: Card
) -> None:
    texts = [gallery.get(path).text for path in routes(card) if "events" not in path]
    texts += [gallery.get(path).text for path in ("/belvedere/", card["page"])]

    for secret in ("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"):
        assert not [text for text in texts if stack.env[secret] in text]
    assert not [text for text in texts if re.search(r"X-Amz-(Signature|Credential)", text)]


def test_the_pages_may_not_be_framed_by_other_sites(gallery: httpx.Client, card: Card) -> None:
    policy = gallery.get(card["page"]).headers["content-security-policy"]

    assert "frame-ancestors 'self'" in policy or "frame-ancestors 'none'" in policy
