"""Groups, completions and kept views over a real catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.databases import empty
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET

from belvedere.catalog import groups as catalog_groups
from belvedere.catalog import listings, ways

if TYPE_CHECKING:
    from tests.harness.own_gallery import OwnGallery

OWN_HEADER = {"X-Belvedere": "test"}
UUID = "0b6c1a52-8d6e-4c55-9d0c-51f7f4a3b111"


@pytest.fixture(autouse=True)
def _emptied(own: OwnGallery) -> None:
    empty(own.catalog)
    add_source(own.catalog, BUCKET)


def hang(own: OwnGallery, *keys: str, **columns: Any) -> None:
    write_artifacts(own.catalog, *(artifact_row(key, n, bucket=BUCKET, **columns) for n, key in enumerate(keys)))


def keys_of(listed: dict[str, Any]) -> list[str]:
    return [artifact["key"] for artifact in listed["artifacts"]]


def ask(own: OwnGallery, **query: Any) -> dict[str, Any]:
    body: dict[str, Any] = own.client.get("/belvedere/api/groups", params=query).raise_for_status().json()
    return body


def test_runs_come_newest_first_with_their_newest_artifacts(own: OwnGallery) -> None:
    hang(own, "runs/a/1", "runs/a/2", f"v2/artifacts/iris/{UUID}/t/roc.csv", "runs/a/3", "loose.csv")

    body = ask(own, by="run", each=2)

    assert [(group["label"], group["name"], group["count"]) for group in body["groups"]] == [
        ("folder", f"{BUCKET} (top of the bucket)", 1),
        ("run", "a", 3),
        ("Kubeflow run", "iris / 0b6c1a52", 1),
    ]
    run = body["groups"][1]
    assert [artifact["key"] for artifact in run["artifacts"]] == ["runs/a/3", "runs/a/2"]
    assert (body["next_cursor"], body["total"], run["tenant"]) == (None, 5, "team")
    rest = own.client.get("/belvedere/api/artifacts", params=run["query"] | {"cursor": run["next_cursor"]}).json()
    assert [artifact["key"] for artifact in rest["artifacts"]] == ["runs/a/1"]
    assert rest["artifacts"][0]["origin"]["page"] == run["page"]


def test_no_run_is_lost_or_shown_twice_over_pages(own: OwnGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_groups, "WINDOW", 7)
    hang(own, *(f"runs/{n * 7 % 11}/{n}" for n in range(60)), *("runs/big/" + str(n) for n in range(20)))
    seen: list[str] = []
    query: dict[str, Any] = {"by": "run", "limit": 3}
    for _ in range(60):
        body = ask(own, **query)
        seen += [group["name"] for group in body["groups"]]
        if not body["next_cursor"]:
            break
        query["cursor"] = body["next_cursor"]

    assert body["next_cursor"] is None
    assert seen[0] == "big"
    assert sorted(seen) == sorted(["big", *(str(n) for n in range(11))])


@pytest.mark.parametrize(
    ("by", "names"), [("kind", ["not known yet", "roc", "table"]), ("tenant", ["a", "team"]), ("day", None)]
)
def test_other_groups_page_over_their_values(own: OwnGallery, by: str, names: list[str] | None) -> None:
    rows = [artifact_row(f"k{n}", n * 40_000, bucket=BUCKET) for n in range(4)]
    rows += [artifact_row("t", 1, bucket=BUCKET, kind="table", tenant="a")]
    rows += [artifact_row("q", 2, bucket=BUCKET, kind=None, state="queued")]
    write_artifacts(own.catalog, *rows)

    first = ask(own, by=by, limit=1)
    second = ask(own, by=by, limit=9, cursor=first["next_cursor"])

    found = [*first["groups"], *second["groups"]]
    assert [group["name"] for group in found] == (names or ["2026-01-02", "2026-01-01"])
    assert sum(group["count"] for group in found) == first["total"] == 6
    for group in found:
        listed = own.client.get("/belvedere/api/artifacts", params=group["query"]).json() if group["id"] else None
        assert not listed or [each["key"] for each in listed["artifacts"]] == [
            each["key"] for each in group["artifacts"]
        ]


@pytest.mark.parametrize("most_found", [-1, 1000])
def test_groups_hold_only_what_was_searched_for(
    own: OwnGallery, monkeypatch: pytest.MonkeyPatch, most_found: int
) -> None:
    monkeypatch.setattr(ways, "MOST_FOUND", most_found)
    hang(own, "runs/a/x.csv", "runs/b/y.csv", "runs/b/x.csv")

    assert [group["name"] for group in ask(own, by="run", q="x.csv")["groups"]] == ["b", "a"]
    assert [group["count"] for group in ask(own, by="kind", q="y.csv")["groups"]] == [1]
    assert ask(own, by="day", q="nothing")["groups"] == []


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ({"by": "owner"}, "by"),
        ({"by": "run", "order": "key"}, "order"),
        ({"by": "run", "q": "auc>"}, "q"),
        ({"by": "run", "cursor": "xyz"}, "cursor"),
        ({"by": "run", "each": "0"}, "each"),
        ({"by": "day", "day": "soon"}, "day"),
        ({"run": "a/"}, "run"),
    ],
)
def test_what_is_malformed_is_named(own: OwnGallery, query: dict[str, str], part: str) -> None:
    answer = own.client.get("/belvedere/api/groups", params=query)

    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, part)


def test_a_cursor_of_other_groups_is_refused(own: OwnGallery) -> None:
    hang(own, "runs/a/1", "runs/b/1")
    cursor = ask(own, by="run", limit=1)["next_cursor"]

    answer = own.client.get("/belvedere/api/groups", params={"by": "day", "cursor": cursor})

    assert answer.json()["detail"] == "cursor: made for groups by run, not for groups by day"


def complete(own: OwnGallery, term: str) -> list[str]:
    body = own.client.get("/belvedere/api/complete", params={"term": term}).raise_for_status().json()
    return [completion["text"] for completion in body["completions"]]


def test_terms_are_completed_from_what_there_is(own: OwnGallery) -> None:
    hang(own, "runs/iris 1/roc.csv", "runs/iris 1/sub/x.csv", facts={"roc": {"auc": 0.9}})
    hang(own, "other/t.csv", kind="table", facts={"table": {"rows": 3}})

    assert complete(own, "kind:") == ["kind:roc", "kind:table"]
    assert complete(own, "-kind:roc,T") == ["-kind:roc,table"]
    assert complete(own, "state:de")[:3] == ["state:dead", "state:deleted", "state:rendered"]
    assert complete(own, "au") == ["auc>"]
    assert 'run:"runs/iris 1"' in complete(own, "iris")
    assert complete(own, "folder:runs/") == ['folder:"runs/iris 1/"']
    assert complete(own, "after:7") == ["after:7d"]
    assert complete(own, "")[:2] == ["kind:", "tenant:"]
    assert complete(own, "zzz") == []


def test_views_are_kept_replaced_and_forgotten(own: OwnGallery) -> None:
    def keep(**view: Any) -> Any:
        return own.client.post("/belvedere/api/views", json=view, headers=OWN_HEADER)

    assert keep(name="good", query="?q=auc%3E0.9&group=run").json()["page"] == "/belvedere/?q=auc%3E0.9&group=run"
    again = keep(name="good", query="kind=roc", tenant="team").json()
    assert [(view["query"], view["tenant"]) for view in own.client.get("/belvedere/api/views").json()["views"]] == [
        ("kind=roc", "team")
    ]
    bad = keep(name="bad", query="evil=1")
    assert (bad.status_code, bad.json()["detail"].partition(":")[0]) == (400, "query")
    assert keep(name=" ", query="").status_code == 400
    assert own.client.delete(f"/belvedere/api/views/{again['id']}").status_code == 403
    for status in (204, 404):
        gone = own.client.delete(f"/belvedere/api/views/{again['id']}", headers=OWN_HEADER)
        assert gone.status_code == status


def test_a_list_goes_on_where_it_had_to_stop(own: OwnGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "MOST_WALKED", 5)
    hang(own, *(f"k/{n}{' xy' if n in (1, 30) else ''}.csv" for n in range(32)))
    query: dict[str, Any] = {"q": "xy"}
    seen: list[str] = []
    pages = 0
    while query.get("cursor") != "":
        body = own.client.get("/belvedere/api/artifacts", params=query).raise_for_status().json()
        seen += keys_of(body)
        pages += 1
        query["cursor"] = body["next_cursor"] or ""

    assert (seen, pages) == (["k/30 xy.csv", "k/1 xy.csv"], 7)
