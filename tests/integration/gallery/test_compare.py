"""Comparisons over a real catalog and store: the JSON, the page, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.gallery_rows import artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET, RENDERINGS
from tests.harness.specimens import Specimen, drawn

from belvedere.gallery import compared

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.own_gallery import OwnGallery

ROC = "fpr,tpr,threshold\n0,0,inf\n{x},{y},0.5\n1,1,0\n"
MARKUP = "<img src=x onerror=alert(1)>"


def hang(own: OwnGallery, folder: Path, key: str, text: str, **columns: Any) -> str:
    """Hang what the real renderer makes of a text; return its id."""
    place = folder / key.replace("/", "_")
    place.mkdir()
    content = text.encode()
    return own.hang_rendering(key, drawn(Specimen("made", key, content), place), content, **columns)


def compared_as_json(own: OwnGallery, *ids: str, **query: str) -> dict[str, Any]:
    answer = own.client.get("/belvedere/api/compare", params={"ids": ",".join(ids)} | query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def page_of(own: OwnGallery, *ids: str, **query: str) -> str:
    answer = own.client.get(
        "/belvedere/compare", params={"ids": ",".join(ids)} | query, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def test_curves_of_two_renderings_are_compared(own: OwnGallery, tmp_path: Path) -> None:
    first = hang(own, tmp_path, "compare/a/roc.csv", ROC.format(x=0.5, y=0.5))
    second = hang(own, tmp_path, "compare/b/roc.csv", ROC.format(x=0.2, y=0.8))

    body = compared_as_json(own, first, second)

    assert [artifact["id"] for artifact in body["artifacts"]] == [first, second]
    assert (body["missing"], body["notes"]) == ([], ["", ""])
    rows = body["comparison"]["roc"]["rows"]
    assert [round(row["auc"], 6) for row in rows] == [0.5, 0.8]
    assert len(body["comparison"]["roc"]["plot"]["lines"][1]["points"]) == 3
    page = page_of(own, first, second)
    assert ">+0.3</span>" in page
    assert f'href="/belvedere/compare?ids={second},{first}"' in page


def test_artifacts_of_any_kinds_stand_side_by_side(own: OwnGallery, tmp_path: Path) -> None:
    curve = hang(own, tmp_path, "compare/any/roc.csv", ROC.format(x=0.5, y=0.5))
    metrics = hang(own, tmp_path, "compare/any/metrics.json", json.dumps({"accuracy": 0.9, "loss": 0.1}))
    text = hang(own, tmp_path, "compare/any/notes.txt", "words\n")

    body = compared_as_json(own, curve, metrics, text)

    assert {row["name"] for row in body["comparison"]["metrics"]} == {"AUC", "accuracy", "loss"}
    assert body["comparison"]["roc"] is None
    page = page_of(own, curve, metrics, text, view="side")
    assert page.count('<iframe sandbox="allow-scripts"') == 3
    assert f'href="/belvedere/compare?ids={curve},{text}&amp;view=side"' in page


def test_the_first_is_compared_with_the_one_that_is_named(own: OwnGallery, tmp_path: Path) -> None:
    texts = [hang(own, tmp_path, f"compare/with/{name}.txt", f"same\n{name}\n") for name in "abc"]

    body = compared_as_json(own, *texts, **{"with": texts[2]})

    assert body["comparison"]["pair"] == [0, 2]
    lines = body["comparison"]["text"]["stretches"][0]["lines"]
    assert [(line["sign"], line["pieces"][0]["text"]) for line in lines] == [(" ", "same"), ("-", "a"), ("+", "c")]
    page = page_of(own, *texts, **{"with": texts[2]})
    assert "Text: A to C" in page
    swapped = f"{texts[2]},{texts[1]},{texts[0]}&amp;with={texts[0]}"
    assert f'href="/belvedere/compare?ids={swapped}" data-swap' in page


def test_tables_tell_which_rows_and_columns_changed(own: OwnGallery, tmp_path: Path) -> None:
    rows = "\n".join(f"{at},{at / 7:.3f},x" for at in range(30))
    before = hang(own, tmp_path, "compare/t/a.csv", f"id,score,old\n{rows}\n")
    after = hang(own, tmp_path, "compare/t/b.csv", "id,score,new\n" + rows.replace("7,1.000", "7,9.000") + "\n")

    table = compared_as_json(own, before, after)["comparison"]["table"]

    assert (table["rows"]["key"], table["rows"]["changed"], table["rows"]["whole"]) == (["id"], 1, True)
    assert table["rows"]["changes"][0]["cells"] == [{"column": "score", "before": "1", "after": "9"}]
    statuses = {column["name"]: column["status"] for column in table["columns"]}
    assert statuses == {"id": "same", "score": "changed", "old": "removed", "new": "added"}
    page = page_of(own, before, after)
    assert "Rows are matched by <bdi>id</bdi>" in page
    assert "<del><bdi>1</bdi></del>" in page


def test_matrices_are_subtracted(own: OwnGallery, tmp_path: Path) -> None:
    head = "target,predicted,count\n"
    before = hang(own, tmp_path, "compare/m/a.csv", head + "cat,cat,8\ncat,dog,2\ndog,cat,4\ndog,dog,6\n")
    after = hang(own, tmp_path, "compare/m/b.csv", head + "cat,cat,9\ncat,dog,1\ndog,cat,1\ndog,dog,9\n")

    matrix = compared_as_json(own, before, after)["comparison"]["matrix"]

    assert matrix["delta"] == [[1, -1], [-3, 3]]
    page = page_of(own, before, after)
    assert ">+0.2 <span" in page
    assert 'data-heat="-4"' in page


def test_what_is_not_there_any_more_is_named_and_the_rest_compared(own: OwnGallery, tmp_path: Path) -> None:
    known = [hang(own, tmp_path, f"compare/gone/{name}.txt", name) for name in "ab"]
    gone = "0" * 24

    body = compared_as_json(own, known[0], gone, known[1], **{"with": gone})

    assert (body["missing"], body["comparison"]["pair"]) == ([gone], [0, 1])
    assert "is not there any more, or not yours to see" in page_of(own, known[0], gone, known[1])
    alone = own.client.get("/belvedere/api/compare", params={"ids": f"{known[0]},{gone}"})
    assert (alone.status_code, alone.json()["code"]) == (404, "object_missing")
    assert gone in alone.json()["detail"]


def test_data_that_are_gone_damaged_or_too_large_leave_the_facts(
    own: OwnGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = own.hang("compare/data/good.csv", {"data.json": b'{"fpr": [0, 1], "tpr": [0, 1]}'}, source=b"1")
    bad = own.hang("compare/data/bad.csv", {"data.json": b"{" * 5000}, source=b"2")
    lost = own.hang("compare/data/lost.csv", {"data.json": b"{}"}, source=b"3")
    large = own.hang("compare/data/large.csv", {"data.json": b" " * 2000 + b"{}"}, source=b"4")
    for row in own.catalog.execute("select outputs from artifacts where id = %s", (lost,)).fetchall():
        own.s3.remove_object(RENDERINGS, row["outputs"][0]["object_key"])
    monkeypatch.setattr(compared, "MOST_BYTES", 6000)
    monkeypatch.setattr(compared, "MOST_BYTES_IN_ALL", 6000)

    body = compared_as_json(own, good, bad, lost, large)

    assert [row["auc"] for row in body["comparison"]["roc"]["rows"]] == [0.9, 0.9, 0.9, 0.9]
    assert body["notes"] == [
        "",
        "Its data are damaged: only its facts are compared.",
        "Its data cannot be read (object missing): only its facts are compared.",
        "Its data (0.0 MB) are too large to be compared: only its facts are.",
    ]
    assert "Its data are damaged" in page_of(own, good, bad)


def test_a_text_that_was_replaced_since_is_not_taken_for_the_old_one(own: OwnGallery, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    old = hang(own, tmp_path / "one", "compare/replaced.txt", "first\n", is_latest=False)
    new = hang(own, tmp_path / "two", "compare/replaced.txt", "second\n")

    body = compared_as_json(own, old, new)

    assert body["comparison"]["text"] is None
    assert "other bytes by now" in body["notes"][0]


def test_a_deleted_artifact_says_so(own: OwnGallery, tmp_path: Path) -> None:
    kept = hang(own, tmp_path, "compare/deleted/a.txt", "a")
    deleted = hang(own, tmp_path, "compare/deleted/b.txt", "b", state="deleted")

    assert compared_as_json(own, kept, deleted)["notes"][1] == "The object was deleted: its text is gone."


def test_markup_in_labels_columns_and_names_is_only_text(own: OwnGallery, tmp_path: Path) -> None:
    matrix = f'target,predicted,count\n"{MARKUP}",b,1\nb,"{MARKUP}",2\n"{MARKUP}","{MARKUP}",3\nb,b,'
    pairs = [
        [hang(own, tmp_path, f"compare/x{at}/m.csv", f"{matrix}{4 + at}\n") for at in range(2)],
        [hang(own, tmp_path, f"compare/x{at}/t.csv", f'id,"{MARKUP}"\n1,"{MARKUP}{at}"\n2,"x"\n') for at in range(2)],
        [hang(own, tmp_path, f"compare/x{at}/t.txt", f"{MARKUP}\n{at}\n\u202etxt") for at in range(2)],
        [hang(own, tmp_path, f"compare/x{at}/m.json", json.dumps({MARKUP: at + 0.5})) for at in range(2)],
    ]

    for pair in pairs:
        for view in ("diff", "side"):
            page = page_of(own, *pair, view=view)
            assert MARKUP not in page
            assert "\u202e" not in page


def test_progress_is_compared_by_its_curves(own: OwnGallery, tmp_path: Path) -> None:
    def lines(rate: float) -> str:
        return "".join(json.dumps({"step": at, "total": 9, "loss": rate**at}) + "\n" for at in range(10))

    runs = [hang(own, tmp_path, f"compare/p/{at}.jsonl", lines(rate)) for at, rate in enumerate((0.5, 0.8))]

    series = compared_as_json(own, *runs)["comparison"]["series"]

    assert [plot["title"] for plot in series["plots"]] == ["loss"]
    assert [line["points"][1] for line in series["plots"][0]["lines"]] == [[1, 0.5], [1, 0.8]]


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("ids=xyz", "'xyz' is no artifact's id"),
        (f"ids={'1' * 24},{'1' * 24}", "stands there twice"),
        ("ids=" + ",".join(f"{at:024x}" for at in range(9)), "at most 8"),
        (f"ids={'1' * 24},{'2' * 24}&with={'1' * 24}", "with: is not one of the ids"),
        (f"ids={'1' * 24},{'2' * 24}&view=odd", "view"),
        ("ids=" + "1" * 5000, "ids"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_part_that_is_wrong(own: OwnGallery, query: str, part: str) -> None:
    answer = own.client.get(f"/belvedere/compare?{query}", headers={"Accept": "text/html"})

    assert answer.status_code == 400
    assert part in answer.text.replace("&#39;", "'")


def test_one_artifact_is_too_few(own: OwnGallery) -> None:
    alone = own.client.get("/belvedere/api/compare", params={"ids": "1" * 24})

    assert (alone.status_code, alone.json()["code"]) == (400, "bad_query")
    page = own.client.get("/belvedere/compare", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Nothing is chosen yet" in page.text


def test_a_comparison_of_eight_takes_a_fixed_number_of_statements(own: OwnGallery) -> None:
    rows = [artifact_row(f"compare/eight/{at}", at, bucket=BUCKET, facts={"metrics": {"loss": at}}) for at in range(8)]
    write_artifacts(own.catalog, *rows)

    body = compared_as_json(own, *[row["id"] for row in rows])

    assert body["comparison"]["metrics"][0]["values"] == [float(at) for at in range(8)]
