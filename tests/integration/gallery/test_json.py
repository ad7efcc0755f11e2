"""The gallery's JSON over a real catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.gallery_rows import artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET

if TYPE_CHECKING:
    from tests.harness.own_gallery import OwnGallery

OWN_HEADER = {"X-Belvedere": "test"}


def test_lists_go_on_by_cursor_to_their_end(own: OwnGallery) -> None:
    write_artifacts(own.catalog, *(artifact_row(f"pages/{n:02}", n, bucket=BUCKET) for n in range(25)))
    seen: list[str] = []
    query: dict[str, str | int] = {"prefix": "pages/", "limit": 10}
    while True:
        body = own.client.get("/belvedere/api/artifacts", params=query).json()
        assert (body["total"], body["total_is_exact"]) == (25, True)
        seen += [artifact["key"] for artifact in body["artifacts"]]
        if not body["next_cursor"]:
            break
        query["cursor"] = body["next_cursor"]

    assert seen == [f"pages/{n:02}" for n in reversed(range(25))]


def test_an_artifact_tells_everything_the_gallery_shows(own: OwnGallery) -> None:
    usage = {"wall_ms": 84, "isolation": ["landlock"]}
    artifact = own.hang(
        "json/roc.csv",
        {"thumbnail.svg": b"<svg/>"},
        renderer_name="belvedere.roc",
        renderer_version="1.2",
        warnings=["the first threshold was inf"],
        provenance={"usage": usage},
        run_dag_id="render_artifacts",
        run_id="claim__1",
    )

    told = own.client.get(f"/belvedere/api/artifacts/{artifact}").json()

    assert told["id"] == artifact
    assert told["facts"] == {"roc": {"auc": 0.9}}
    assert told["verdict"] == "AUC 0.900"
    assert told["renderer"] == {"name": "belvedere.roc", "version": "1.2"}
    assert told["warnings"] == ["the first threshold was inf"]
    assert told["provenance"]["usage"] == usage
    assert told["run"] == {"dag_id": "render_artifacts", "run_id": "claim__1"}
    assert told["error"] is None
    assert told["page"] == f"/belvedere/artifacts/{artifact}"
    assert [output["role"] for output in told["outputs"]] == ["thumbnail", "source"]
    assert told["thumbnail"] == told["outputs"][0]["href"]
    assert own.client.get(told["thumbnail"]).content == b"<svg/>"


@pytest.mark.parametrize(
    "key", ["json/a b+c%2F.csv", "json/größe/中文 é.csv", "json/<img src=x>.csv", "json/" + "k" * 890]
)
def test_look_up_finds_exactly_the_key(own: OwnGallery, key: str) -> None:
    write_artifacts(own.catalog, artifact_row(key, bucket=BUCKET))

    answer = own.client.get("/belvedere/api/artifacts/lookup", params={"bucket": BUCKET, "key": key})
    other = own.client.get("/belvedere/api/artifacts/lookup", params={"bucket": BUCKET, "key": key + "x"})

    assert answer.json()["key"] == key
    assert own.client.get(answer.json()["page"]).status_code == 200
    assert other.status_code == 404


def test_versions_are_listed_newest_first(own: OwnGallery) -> None:
    rows = [artifact_row("json/v", n, bucket=BUCKET, version_id=f"v{n}", is_latest=n == 3) for n in (1, 2, 3)]
    write_artifacts(own.catalog, *rows)

    body = own.client.get(f"/belvedere/api/artifacts/{rows[0]['id']}/versions").json()

    assert [version["version_id"] for version in body["versions"]] == ["v3", "v2", "v1"]


def test_rendering_again_queues_work_once(own: OwnGallery) -> None:
    artifact = own.hang("json/again.csv", {})
    path = f"/belvedere/api/artifacts/{artifact}/rerender"

    first = own.client.post(path, headers=OWN_HEADER)
    second = own.client.post(path, headers=OWN_HEADER)

    assert (first.status_code, first.json()) == (202, {"queued": True})
    assert second.json() == {"queued": False}
    assert own.client.get(f"/belvedere/api/artifacts/{artifact}").json()["state"] == "queued"
    assert own.client.get("/belvedere/api/stats").json()["queue"] == 1


def test_what_is_deleted_or_unknown_is_not_rendered_again(own: OwnGallery) -> None:
    row = artifact_row("json/deleted", state="deleted", bucket=BUCKET)
    write_artifacts(own.catalog, row)

    deleted = own.client.post(f"/belvedere/api/artifacts/{row['id']}/rerender", headers=OWN_HEADER)
    unknown = own.client.post(f"/belvedere/api/artifacts/{'0' * 24}/rerender", headers=OWN_HEADER)

    assert (deleted.status_code, deleted.json()["code"]) == (409, "deleted")
    assert unknown.status_code == 404


def test_stats_count_what_hangs_and_what_failed(own: OwnGallery) -> None:
    before = own.client.get("/belvedere/api/stats").json()
    write_artifacts(own.catalog, artifact_row("json/stat", state="dead", kind="stat", bucket=BUCKET))

    after = own.client.get("/belvedere/api/stats").json()

    assert after["total"] == before["total"] + 1
    assert after["states"]["dead"] == before["states"].get("dead", 0) + 1
    assert after["kinds"]["stat"] == 1
    assert [one["name"] for one in own.client.get("/belvedere/api/tenants").json()["tenants"]] == ["team"]


def test_the_wall_brings_its_first_cards_along(own: OwnGallery) -> None:
    hostile = "json/</script><script>alert(1)</script>.csv"
    write_artifacts(own.catalog, artifact_row(hostile, 10**6, bucket=BUCKET))

    page = own.client.get("/belvedere/", params={"prefix": "json/<"}).text

    assert page.count("</script>") == page.count("<script ") + page.count("<script>")
    assert "\\u003c/script>" in page


def test_an_artifact_nobody_knows_is_a_page_that_says_so(own: OwnGallery) -> None:
    answer = own.client.get(f"/belvedere/artifacts/{'0' * 24}", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "Nothing hangs here" in answer.text


def lead(own: OwnGallery, folder: str) -> tuple[str, str]:
    """Hang a leader with two parts; return the ids of the leader and of one part."""
    rows = [artifact_row(f"{folder}/coco.json", 1, bucket=BUCKET, title="Boxes <b>")]
    rows += [artifact_row(f"{folder}/img/{name}.png", 2, bucket=BUCKET, part=True) for name in "ab"]
    write_artifacts(own.catalog, *rows)
    for row in rows[1:]:
        own.catalog.execute("insert into members values (%s, %s, %s)", (BUCKET, rows[0]["key"], row["key"]))
    return rows[0]["id"], rows[1]["id"]


def test_parts_are_listed_when_asked_for_and_found_by_their_key(own: OwnGallery) -> None:
    before = own.client.get("/belvedere/api/stats").json()
    lead(own, "parts/list")

    def listed(**query: str) -> list[str]:
        body = own.client.get("/belvedere/api/artifacts", params={"bucket": BUCKET} | query).json()
        assert body["total"] == len(body["artifacts"])
        return sorted(artifact["key"].removeprefix("parts/list/") for artifact in body["artifacts"])

    everything = ["coco.json", "img/a.png", "img/b.png"]
    assert listed(prefix="parts/list/") == ["coco.json"]
    assert listed(prefix="parts/list/", parts="true") == everything
    assert listed(prefix="parts/list/", q="png") == []
    assert listed(prefix="parts/list/", q="png", parts="1") == everything[1:]
    assert listed(prefix="parts/list/img/a.png") == ["img/a.png"]
    found = own.client.get("/belvedere/api/artifacts/lookup", params={"bucket": BUCKET, "key": "parts/list/img/a.png"})
    assert found.json()["part"] is True
    after = own.client.get("/belvedere/api/stats").json()
    assert (after["total"] - before["total"], after["parts"] - before["parts"]) == (1, 2)
    assert own.client.get("/belvedere/api/artifacts", params={"parts": "perhaps"}).status_code in (400, 422)


def test_a_leader_lists_its_files_and_a_part_names_its_leader(own: OwnGallery) -> None:
    leader, part = lead(own, "parts/family")

    of_leader = own.client.get(f"/belvedere/api/artifacts/{leader}/family").json()
    of_part = own.client.get(f"/belvedere/api/artifacts/{part}/family").json()

    assert [kin["key"] for kin in of_leader["files"]] == ["parts/family/img/a.png", "parts/family/img/b.png"]
    assert (of_leader["file_count"], of_leader["part_of"]) == (2, [])
    assert [kin["title"] for kin in of_part["part_of"]] == ["Boxes <b>"]
    page = own.client.get(f"/belvedere/artifacts/{leader}", headers={"Accept": "text/html"}).text
    assert f'href="{of_leader["files"][0]["page"]}"' in page
    assert "<bdi>img/a.png</bdi>" in page
    page = own.client.get(f"/belvedere/artifacts/{part}", headers={"Accept": "text/html"}).text
    assert "Boxes &lt;b&gt;" in page
    assert f'href="/belvedere/artifacts/{leader}"' in page
