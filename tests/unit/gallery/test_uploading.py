from __future__ import annotations

import unicodedata

import anyio
import anyio.to_thread
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from tests.harness.apart import apart

from belvedere.errors import LimitExceeded
from belvedere.gallery import uploading
from belvedere.gallery.query import BadQuery
from belvedere.gallery.uploading import BodyReader, content_type_of, folder_of, upload_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("roc.csv", "uploads/alice/roc.csv"),
        ("größe é.csv", "uploads/alice/größe é.csv"),
        ("e\u0301.csv", "uploads/alice/é.csv"),
        ("model/MLmodel", "uploads/alice/model/MLmodel"),
        ("../../etc/passwd", "uploads/alice/etc/passwd"),
        ("C:\\data\\a.csv", "uploads/alice/C:/data/a.csv"),
        ("/a//b/./c", "uploads/alice/a/b/c"),
        ("a\u202efdp.exe", "uploads/alice/afdp.exe"),
        ("a\nb\t.csv", "uploads/alice/ab.csv"),
        ("<img src=x>.csv", "uploads/alice/<img src=x>.csv"),
        ("x" * 300 + ".csv", "uploads/alice/" + "x" * 196 + ".csv"),
    ],
)
def test_a_files_name_becomes_a_key_without_what_disturbs(name: str, key: str) -> None:
    assert upload_key("alice", name) == key


@pytest.mark.parametrize("name", ["", "/", "..", "../..", "\u202e", " . ", "a/" * 13 + "b", "/".join(["é" * 90] * 6)])
def test_a_name_of_which_nothing_can_be_kept_is_refused_by_its_part(name: str) -> None:
    with pytest.raises(BadQuery, match=r"^name: "):
        upload_key("alice", name)


def test_users_never_share_a_folder() -> None:
    names = ["alice", "a/b", "a_b", "a\\b", "..", "_", "", "al\u200bice", "x" * 300, "x" * 301]

    assert folder_of("alice@example.org") == "alice@example.org"
    assert len({folder_of(name) for name in names}) == len(names)


@given(st.text(max_size=60), st.text(max_size=300))
def test_a_key_stays_in_its_users_folder(user: str, name: str) -> None:
    try:
        key = upload_key(user, name)
    except BadQuery:
        return

    prefix, folder, *rest = key.split("/")
    assert (prefix, folder) == ("uploads", folder_of(user))
    assert rest
    assert not {"", ".", ".."} & set(rest)
    assert len(key.encode()) <= 1024
    assert all(unicodedata.category(character) not in ("Cc", "Cf") for character in key)


def test_the_uploader_says_the_type_or_the_name_does() -> None:
    assert content_type_of("text/x-special; charset=utf-8", "a.csv") == "text/x-special"
    assert content_type_of("application/octet-stream", "a.csv") == "text/csv"
    assert content_type_of("no type\r\nX: y", "a.unknown9") == "application/octet-stream"
    assert content_type_of(None, "a.png") == "image/png"


async def read_all(chunks: list[bytes], most: int, size: int) -> tuple[list[bytes], int]:
    async def body():  # type: ignore[no-untyped-def]
        for chunk in chunks:
            yield chunk

    reader = BodyReader(body(), most)

    def read() -> list[bytes]:
        parts = []
        while part := reader.read(size):
            parts.append(part)
        return parts

    return await anyio.to_thread.run_sync(read), reader.count


def test_a_body_is_read_in_whole_parts() -> None:
    assert apart(anyio.run, read_all, [b"ab", b"", b"cde", b"f"], 6, 4) == ([b"abcd", b"ef"], 6)


def test_more_than_the_limit_is_refused_while_it_comes() -> None:
    with pytest.raises(LimitExceeded, match="5 bytes"):
        apart(anyio.run, read_all, [b"abc", b"def", b"ghi"], 5, 100)


def test_a_silent_uploader_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "SILENCE_SECONDS", 0.05)

    async def never():  # type: ignore[no-untyped-def]
        await anyio.sleep(10)
        yield b""

    async def read() -> None:
        await anyio.to_thread.run_sync(BodyReader(never(), 10).read, 4)

    with pytest.raises(ClientDisconnect):
        apart(anyio.run, read)
