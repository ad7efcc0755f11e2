"""The artifacts of one run of Airflow: as JSON, as a tab, behind the link of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from fastapi import Request  # noqa: TC002 - FastAPI reads it

from belvedere.catalog.memberships import grant
from belvedere.gallery.auth import Identity, identity
from belvedere.model.access import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.own_gallery import OwnGallery

RUN = "manual__2026-01-01T00:00:00+00:00"
PICTURE = {"thumbnail.svg": b"<svg/>"}


@pytest.fixture(scope="module", autouse=True)
def _people(own: OwnGallery) -> Iterator[None]:
    def named(request: Request) -> Identity:
        return Identity(request.headers.get("X-Test-Asker", "member"), operates=False)

    before = own.app.dependency_overrides[identity]
    own.app.dependency_overrides[identity] = named
    grant(own.catalog, "team", "member", Role.MEMBER)
    yield
    own.app.dependency_overrides[identity] = before


@pytest.fixture(scope="module")
def hung(own: OwnGallery) -> dict[str, str]:
    keys = {
        "plain": f"train/{RUN}/fit/roc.csv",
        "deep": f"team/prod/dag_id=train/run_id={RUN}/task_id=fit/cm.csv",
        "top": f"train/{RUN}/notes.txt",
        "own_name": "train/night-7/fit/roc.csv",
        "other_run": "train/manual__2027/roc.csv",
        "longer_name": f"pretrain/{RUN}/roc.csv",
        "longer_task": f"train/{RUN}/fit_again/roc.csv",
    }
    ids = {name: own.hang(key, PICTURE) for name, key in keys.items()}
    ids["theirs"] = own.hang(f"theirs/train/{RUN}/roc.csv", PICTURE, tenant="other")
    render = {"run_dag_id": "render_artifacts"}
    ids["alone"] = own.hang("a.csv", PICTURE, **render, run_id="claim__1")
    ids["two"] = own.hang("b.csv", PICTURE, **render, run_id="claim__2")
    ids["three"] = own.hang("c.csv", PICTURE, **render, run_id="claim__2")
    ids["hidden"] = own.hang("d.csv", PICTURE, **render, run_id="claim__3", tenant="other")
    return ids


def listed(own: OwnGallery, run_id: str, dag_id: str = "train", **query: str) -> dict[str, set[str]]:
    path = f"/belvedere/api/dags/{quote(dag_id)}/runs/{quote(run_id, safe='')}/artifacts"
    body: dict[str, Any] = own.client.get(path, params=query).raise_for_status().json()
    return {name: {artifact["id"] for artifact in body[name]} for name in ("written", "rendered")}


def names(hung: dict[str, str], ids: set[str]) -> set[str]:
    return {name for name, each in hung.items() if each in ids}


def test_a_run_wrote_what_its_keys_say_and_nothing_of_other_tenants(own: OwnGallery, hung: dict[str, str]) -> None:
    found = listed(own, RUN)

    assert names(hung, found["written"]) == {"plain", "deep", "top", "longer_task"}
    assert found["rendered"] == set()


def test_a_task_wrote_what_names_it_below_the_run(own: OwnGallery, hung: dict[str, str]) -> None:
    assert names(hung, listed(own, RUN, task_id="fit")["written"]) == {"plain", "deep"}


def test_a_run_of_a_name_of_ones_own_is_found_too(own: OwnGallery, hung: dict[str, str]) -> None:
    assert names(hung, listed(own, "night-7")["written"]) == {"own_name"}


def test_signs_of_patterns_in_a_run_id_stand_for_themselves(own: OwnGallery, hung: dict[str, str]) -> None:
    assert listed(own, "%")["written"] == set()
    assert listed(own, "manual__2026_01-01T00:00:00+00:00")["written"] == set()


def test_a_rendering_run_shows_its_pictures(own: OwnGallery, hung: dict[str, str]) -> None:
    assert names(hung, listed(own, "claim__2", "render_artifacts")["rendered"]) == {"two", "three"}
    assert listed(own, "claim__3", "render_artifacts")["rendered"] == set()


def test_the_link_of_a_task_leads_to_its_one_card_or_to_all_of_them(own: OwnGallery, hung: dict[str, str]) -> None:
    path = "/belvedere/dags/render_artifacts/runs"

    one = own.client.get(f"{path}/claim__1?card=true")
    several = own.client.get(f"{path}/claim__2?card=true")
    foreign = own.client.get(f"{path}/claim__3?card=true")

    assert one.headers["location"] == f"/belvedere/artifacts/{hung['alone']}"
    assert (several.status_code, foreign.status_code) == (200, 200)
    assert hung["hidden"] not in foreign.text


def test_a_tab_leaves_the_bar_of_pages_to_airflow(own: OwnGallery, hung: dict[str, str]) -> None:
    path = f"/belvedere/dags/train/runs/{quote(RUN, safe='')}"

    tab, page = (own.client.get(address).text for address in (f"{path}/tasks/fit?tab=true", path))

    assert ('class="site"' in tab, 'class="site"' in page) == (False, True)
    assert hung["plain"] in tab
    assert hung["top"] not in tab


def test_hostile_names_are_text_and_bad_ones_refused(own: OwnGallery) -> None:
    shown = own.client.get("/belvedere/dags/%3Cscript%3Ealert(1)%3C%2Fscript%3E%22/runs/%22%3E%3Cb%3E")
    nul = own.client.get("/belvedere/api/dags/a%00/runs/b/artifacts")
    long = own.client.get(f"/belvedere/api/dags/{'a' * 251}/runs/b/artifacts")

    assert shown.status_code in (200, 404)
    assert "<script>alert" not in shown.text
    assert "<b>" not in shown.text
    assert (nul.status_code, nul.json()["detail"].split(":")[0]) == (400, "dag_id")
    assert (long.status_code, long.json()["detail"].split(":")[0]) == (400, "dag_id")
