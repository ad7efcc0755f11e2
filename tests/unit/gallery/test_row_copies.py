"""Working copies: made once, shared, dropped for room; what a child leaves is a plain file or nothing."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.waiting import eventually

from belvedere.clients.object_store import ObjectInfo
from belvedere.errors import MalformedArtifact, ObjectChanged, RendererCrashed
from belvedere.gallery.row_copies import NoRows, Preparing, RowCopies, RowCopy, _take
from belvedere.gallery.row_desk import Question, RowDesks
from belvedere.model.artifact import Artifact
from belvedere.model.rendering import Limits
from belvedere.model.rows import RowQuery
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Shelf:
    """Objects on a shelf, and how often they were taken down."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self.objects, self.fetched = dict(objects), 0

    def fetch(self, bucket: str, key: str, target: Path, *, version_id: str, max_bytes: int) -> ObjectInfo:
        content = self.objects[key]
        assert len(content) <= max_bytes
        target.write_bytes(content)
        self.fetched += 1
        return ObjectInfo(bucket, key, version_id, etag(content), len(content), "text/csv", datetime.now(UTC))


def etag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def artifact(key: str, content: bytes, **changes: Any) -> Artifact:
    known = dict.fromkeys(Artifact.__dataclass_fields__)
    told = {"id": etag(key.encode())[:24], "bucket": "b", "key": key, "version_id": "", "kind": "table"}
    return Artifact(
        **(known | told | {"etag": etag(content), "size": len(content), "content_type": "text/csv"} | changes)
    )


TABLE = b"id,word\n1,a\n2,b\n"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf({"t.csv": TABLE, "u.csv": TABLE + b"3,c\n", "bad.parquet": b"PAR1" + b"\0" * 40})


@pytest.fixture
def copies(shelf: Shelf, tmp_path: Path) -> RowCopies:
    return RowCopies(Settings(isolation="lenient"), shelf, tmp_path)  # type: ignore[arg-type]


def ready(copies: RowCopies, asked: Artifact) -> RowCopy:
    found = eventually(lambda: (it := copies.find(asked)) and not isinstance(it, Preparing) and it, 60.0, what="a copy")
    assert isinstance(found, RowCopy)
    return found


def test_a_copy_is_made_once_and_asked_again(copies: RowCopies, shelf: Shelf) -> None:
    asked = artifact("t.csv", TABLE)
    copy = ready(copies, asked)
    assert [field.name for field in copy.table.fields] == ["id", "word"]
    assert b'"rows":[[1,"a"],[2,"b"]]' in copies.page(copy, RowQuery())
    assert ready(copies, asked) == copy
    assert shelf.fetched == 1


def test_the_copy_asked_for_the_longest_ago_gives_room(shelf: Shelf, tmp_path: Path) -> None:
    copies = RowCopies(Settings(isolation="lenient", rows_bytes=0), shelf, tmp_path)  # type: ignore[arg-type]
    first = ready(copies, artifact("t.csv", TABLE))
    os.utime(first.path.parent, (1, 1))
    second = ready(copies, artifact("u.csv", shelf.objects["u.csv"]))
    assert not first.path.exists()
    assert second.path.exists()
    assert [place.name for place in tmp_path.iterdir()] == [second.id]


def test_an_object_that_changed_is_not_shown_for_another(copies: RowCopies, tmp_path: Path) -> None:
    with pytest.raises(ObjectChanged):
        ready(copies, artifact("t.csv", b"other bytes"))
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_said_and_leaves_nothing(copies: RowCopies, shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(MalformedArtifact) as caught:
        ready(copies, artifact("bad.parquet", shelf.objects["bad.parquet"]))
    assert caught.value.code == "truncated"
    assert list(tmp_path.iterdir()) == []


def test_only_tables_have_rows(copies: RowCopies) -> None:
    with pytest.raises(NoRows):
        copies.find(artifact("t.csv", TABLE, kind="roc"))


def test_a_link_that_a_child_left_is_not_followed(tmp_path: Path) -> None:
    secret, source = tmp_path / "secret", tmp_path / "source"
    secret.write_text("s")
    source.write_text("x")
    for name, make in (("soft", os.symlink), ("hard", os.link)):
        made = tmp_path / name
        make(secret, made)
        with pytest.raises(RendererCrashed):
            _take(made, source, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_helper_that_died_is_started_anew_and_has_no_secrets(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("BELVEDERE_MINIO_SECRET_KEY", "a secret of tests")
    path = tmp_path / "t.csv"
    path.write_bytes(TABLE)
    made, again = tmp_path / "made", tmp_path / "again"
    made.mkdir()
    again.mkdir()
    desks = RowDesks("lenient")
    question = Question("copy", path, Limits(), "t.csv", workspace=made)
    assert b'"rows": 2' in desks.ask(question)
    for _ in range(2):
        with desks._desk() as desk:
            process = desk._process
            if process is not None:
                with open(f"/proc/{process.pid}/environ", "rb") as environment:
                    assert b"secret" not in environment.read()
                process.kill()
                process.wait()
    assert b'"rows": 2' in desks.ask(replace(question, workspace=again))


def test_a_copy_that_takes_its_time_is_said_to_be_on_its_way(copies: RowCopies, monkeypatch) -> None:
    monkeypatch.setattr("belvedere.gallery.row_copies.PATIENCE_SECONDS", 0.0)
    asked = artifact("t.csv", TABLE)
    found = copies.find(asked)
    assert isinstance(found, Preparing)
    assert found.size == len(TABLE)
    assert ready(copies, asked).table.rows == 2
