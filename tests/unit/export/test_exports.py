"""Exports: written as a stream, verified without a secret, refused after any change."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from belvedere.errors import ConfigurationError, ObjectChanged
from belvedere.export.__main__ import main
from belvedere.export.manifest import MANIFEST_NAME, SIGNATURE_NAME
from belvedere.export.signing import ExportKey, KeyRefused, PublicKey
from belvedere.export.verifying import ExportRefused, verify
from belvedere.export.writing import Part, write_export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = ExportKey("a secret of tests")
ABOUT = {"bucket": "models", "key": "a/\x1b[31mroc.csv", "etag": "e1", "facts": {"roc": {"auc": 0.9}}}
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PAGE = b"<h1>a page</h1>" * 50


def part(path: str, content: bytes, size: int | None = None) -> Part:
    return Part(
        path, "page", "text/html", len(content) if size is None else size, lambda: iter([content[:7], content[7:]])
    )


def exported(folder: Path, *parts: Part, key: ExportKey = KEY) -> Path:
    target = folder / "x.zip"
    target.write_bytes(
        b"".join(write_export(parts or (part("rendering/page.html", PAGE),), ABOUT, key, at=AT, by="ann"))
    )
    return target


def rewritten(zipped: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Pack the files anew after a change."""
    with zipfile.ZipFile(zipped) as old:
        files = {name: old.read(name) for name in old.namelist()}
    change(files)
    with zipfile.ZipFile(zipped, "w") as new:
        for name, content in files.items():
            new.writestr(name, content)
    return zipped


def test_an_export_holds_the_files_and_says_where_they_come_from(tmp_path: Path) -> None:
    found = verify(exported(tmp_path), KEY.public)

    assert found.pinned
    assert found.manifest.about == ABOUT
    assert (found.manifest.exported_by, found.manifest.exported_at) == ("ann", AT.isoformat())
    assert [file.path for file in found.manifest.files] == ["README.txt", "rendering/page.html"]
    with zipfile.ZipFile(tmp_path / "x.zip") as zipped:
        assert zipped.testzip() is None
        assert zipped.read("rendering/page.html") == PAGE


def test_packing_anew_changes_nothing_that_is_signed(tmp_path: Path) -> None:
    assert verify(rewritten(exported(tmp_path), lambda files: None), KEY.public)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: files.update({"rendering/page.html": PAGE.replace(b"a", b"b")}), "not the file"),
        (lambda files: files.update({"rendering/page.html": PAGE + b" "}), "not the file"),
        (lambda files: files.pop("rendering/page.html"), "missing"),
        (lambda files: files.update({"rendering/more.html": b"more"}), "does not name"),
        (lambda files: files.update({MANIFEST_NAME: files[MANIFEST_NAME].replace(b'"ann"', b'"bob"')}), "does not fit"),
        (lambda files: files.update({SIGNATURE_NAME: base64.b64encode(b"x" * 64)}), "does not fit"),
        (lambda files: files.update({SIGNATURE_NAME: b"\xff\xfe"}), "not base64"),
        (lambda files: files.pop(SIGNATURE_NAME), "no manifest.sig"),
        (lambda files: files.update({MANIFEST_NAME: b"[" * 100_000}), "not JSON"),
        (lambda files: files.update({MANIFEST_NAME: b"{}"}), "format"),
    ],
)
def test_any_change_is_refused_by_what_it_is(
    tmp_path: Path, change: Callable[[dict[str, bytes]], object], said: str
) -> None:
    with pytest.raises(ExportRefused, match=said):
        verify(rewritten(exported(tmp_path), change), KEY.public)


def test_whoever_signs_anew_is_told_from_the_gallery(tmp_path: Path) -> None:
    forged = exported(tmp_path, key=ExportKey("somebody else's"))

    assert not verify(forged).pinned
    with pytest.raises(ExportRefused, match="another key"):
        verify(forged, KEY.public)


def test_a_broken_off_export_is_no_zip(tmp_path: Path) -> None:
    whole = exported(tmp_path).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) - 200])

    with pytest.raises(ExportRefused, match="cannot be read"):
        verify(tmp_path / "cut.zip")


def test_what_stands_before_a_zip_is_not_overlooked(tmp_path: Path) -> None:
    zipped = exported(tmp_path)
    zipped.write_bytes(b"#!/bin/sh\n" + zipped.read_bytes())

    with pytest.raises(ExportRefused, match="before or beside"):
        verify(zipped)


def test_a_bomb_is_unpacked_no_further_than_was_signed(tmp_path: Path) -> None:
    zipped = exported(tmp_path)
    with zipfile.ZipFile(zipped) as old:
        files = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in (files | {"rendering/page.html": bytes(200 * 1024**2)}).items():
            new.writestr(name, content)

    with pytest.raises(ExportRefused, match="not the file"):
        verify(zipped)


@pytest.mark.parametrize("size", [len(PAGE) - 1, len(PAGE) + 1])
def test_a_file_replaced_meanwhile_breaks_the_export_off(size: int) -> None:
    pieces = write_export([part("rendering/page.html", PAGE, size)], ABOUT, KEY, at=AT, by="ann")

    with pytest.raises(ObjectChanged, match="replaced"):
        list(pieces)


def test_a_large_file_is_sent_as_it_is_read() -> None:
    piece, held = bytes(1024**2), 0
    large = Part("source/large.bin", "source", "application/x-large", 100 * 1024**2, lambda: iter([piece] * 100))

    for sent in write_export([large], ABOUT, KEY, at=AT, by="ann"):
        held = max(held, len(sent))

    assert held < 3 * 1024**2


def test_the_same_secret_is_the_same_key_and_none_is_none() -> None:
    assert ExportKey("a secret of tests").public == KEY.public
    assert ExportKey("another").public != KEY.public
    with pytest.raises(ConfigurationError, match="BELVEDERE_EXPORT_SECRET"):
        ExportKey("")


@pytest.mark.parametrize("text", ["", "not base64 !", "AAAA"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        PublicKey.from_text(text)


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zipped = exported(tmp_path)

    assert main(["verify", str(zipped), "--key", KEY.public.text]) == 0
    said = capsys.readouterr().out
    assert "INTACT: 2 files" in said
    assert "the key you named" in said
    assert "\x1b" not in said
    assert main(["verify", str(zipped)]) == 0
    assert "may be anybody's" in capsys.readouterr().out
    zipped.write_bytes(b"no zip")
    assert main(["verify", str(zipped)]) == 1
    assert capsys.readouterr().err.startswith("REFUSED: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("files", [1]),
        ("files", [{"size": True, "sha256": "0" * 64}]),
        ("files", [{"size": 1, "sha256": "x"}]),
        ("artifact", 3),
    ],
)
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, name: str, value: object) -> None:
    def change(files: dict[str, bytes]) -> None:
        files[MANIFEST_NAME] = json.dumps(json.loads(files[MANIFEST_NAME]) | {name: value}).encode()

    with pytest.raises(ExportRefused, match="manifest"):
        verify(rewritten(exported(tmp_path), change))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    zipped = exported(tmp_path)
    whole = io.BytesIO(zipped.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(whole, "a") as more:
        more.writestr("README.txt", "another")
    zipped.write_bytes(whole.getvalue())

    with pytest.raises(ExportRefused, match="two files"):
        verify(zipped)
