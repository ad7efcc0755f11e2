"""Signed exports over a real catalog and store."""

from __future__ import annotations

import logging
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.harness.own_gallery import BUCKET, MEDIA_TYPES

from belvedere.export.signing import PublicKey
from belvedere.export.verifying import verify

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.own_gallery import OwnGallery

    from belvedere.export.verifying import Verified

FILES = {"page.html": b"<h1>ROC</h1>", "thumbnail.svg": b"<svg/>", "data.json": b"{}"}
SOURCE = b"fpr,tpr\n0,0\n1,1\n"


def export(own: OwnGallery, artifact: str, target: Path, query: str = "") -> Verified:
    answer = own.client.get(f"/belvedere/api/artifacts/{artifact}/export{query}")
    assert answer.status_code == 200, answer.text
    target.write_bytes(answer.content)
    key = own.client.get("/belvedere/api/export/key").json()["public_key"]
    return verify(target, PublicKey.from_text(key))


def test_an_export_verifies_and_holds_what_the_gallery_shows(own: OwnGallery, tmp_path: Path) -> None:
    artifact = own.hang("exports/roc.csv", FILES, SOURCE, provenance={"usage": {"wall_ms": 84}})

    found = export(own, artifact, tmp_path / "x.zip")

    about = found.manifest.about
    assert (about["bucket"], about["key"], about["facts"]) == (BUCKET, "exports/roc.csv", {"roc": {"auc": 0.9}})
    assert about["provenance"]["usage"] == {"wall_ms": 84}
    assert not {"outputs", "thumbnail"} & set(about)
    assert found.manifest.exported_by == "somebody"
    with zipfile.ZipFile(tmp_path / "x.zip") as zipped:
        assert {name: zipped.read(f"rendering/{name}") for name in FILES} == FILES
        assert not [name for name in zipped.namelist() if name.startswith("source/")]


def test_the_object_itself_comes_along_when_it_is_asked_for(own: OwnGallery, tmp_path: Path) -> None:
    artifact = own.hang("exports/größe <b>.csv", FILES, SOURCE)

    found = export(own, artifact, tmp_path / "x.zip", "?source=true")

    (source,) = [file for file in found.manifest.files if file.role == "source"]
    assert (source.path, source.size, source.active) == ("source/größe _b_.csv", len(SOURCE), True)
    with zipfile.ZipFile(tmp_path / "x.zip") as zipped:
        assert zipped.read(source.path) == SOURCE


@pytest.mark.parametrize(
    "key", ["exports/..", "exports/a/\x01\u202e", "exports/" + "k" * 890, "exports/C:\\x\\..\\y", "exports/..//"]
)
def test_no_name_leads_out_of_the_zip(own: OwnGallery, tmp_path: Path, key: str) -> None:
    artifact = own.hang("exports/plain.csv", FILES, SOURCE)
    own.catalog.execute("update artifacts set key = %s where id = %s", (key, artifact))
    answer = own.client.get(f"/belvedere/api/artifacts/{artifact}/export")

    (tmp_path / "x.zip").write_bytes(answer.content)
    verify(tmp_path / "x.zip")
    disposition = answer.headers["content-disposition"]
    own.catalog.execute("delete from artifacts where id = %s", (artifact,))
    assert not {"/", "\\"} & set(disposition)
    with zipfile.ZipFile(tmp_path / "x.zip") as zipped:
        for name in zipped.namelist():
            assert not {"..", "", "."} & set(name.split("/"))
            assert len(name) < 100


def test_what_is_gone_or_changed_is_said_before_anything_is_sent(own: OwnGallery) -> None:
    gone = own.hang("exports/gone.csv", FILES, SOURCE)
    changed = own.hang("exports/changed.csv", FILES, SOURCE, etag="0" * 32)
    empty = own.hang("exports/empty.csv", {}, SOURCE)
    deleted = own.hang("exports/deleted.csv", FILES, SOURCE, state="deleted")
    outputs = own.catalog.execute("select outputs from artifacts where id = %s", (gone,)).fetchone()
    assert outputs is not None
    own.s3.remove_object(f"{BUCKET}-renderings", outputs["outputs"][0]["object_key"])

    def told(artifact: str, query: str = "") -> tuple[int, str]:
        answer = own.client.get(f"/belvedere/api/artifacts/{artifact}/export{query}")
        return answer.status_code, answer.json()["code"] if answer.status_code != 200 else ""

    assert told(gone) == (404, "object_missing")
    assert told(changed, "?source=true") == (409, "object_changed")
    assert told(changed) == (200, "")
    assert told(empty) == (404, "object_missing")
    assert told(empty, "?source=true") == (200, "")
    assert told(deleted) == (200, "")
    assert told(deleted, "?source=true") == (404, "object_missing")
    assert told("0" * 24) == (404, "object_missing")
    assert own.client.get(f"/belvedere/api/artifacts/{gone}/export?source=maybe").status_code == 400


def test_exports_are_on_record(own: OwnGallery, caplog: pytest.LogCaptureFixture) -> None:
    artifact = own.hang("exports/record.csv", {next(iter(MEDIA_TYPES)): b"x"}, SOURCE)

    with caplog.at_level(logging.INFO):
        own.client.get(f"/belvedere/api/artifacts/{artifact}/export")

    assert f"somebody exports {BUCKET}/exports/record.csv" in caplog.text
