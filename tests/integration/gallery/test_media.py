"""Players get the original's bytes by a signed address, in ranges, as a closed media type and nothing else."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from tests.harness.own_gallery import BUCKET

if TYPE_CHECKING:
    from tests.harness.own_gallery import OwnGallery

SOUND = bytes(range(256)) * 40
FACTS = {"audio": {"media_type": "audio/mpeg", "container": "MP3"}}


def player_address(own: OwnGallery, artifact: str) -> str | None:
    page = own.client.get(f"/belvedere/artifacts/{artifact}").text
    found = [part.split('"')[0] for part in page.split('src="') if "/media" in part.split('"')[0]]
    return found[0] if found else None


@pytest.fixture
def address(own: OwnGallery) -> str:
    artifact = own.hang("media/tone.mp3", {}, source=SOUND, kind="audio", facts=FACTS, content_type="text/html")
    found = player_address(own, artifact)
    assert found is not None
    assert "/preview/" in found
    return found


def test_the_whole_sound_is_served_as_what_the_bytes_told(own: OwnGallery, address: str) -> None:
    answer = own.client.get(address)

    assert (answer.status_code, answer.content) == (200, SOUND)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(SOUND))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert "connect-src 'none'" in policy


@pytest.mark.parametrize(
    ("asked", "first", "last"), [("bytes=0-9", 0, 9), ("bytes=10000-", 10000, 10239), ("bytes=-40", 10200, 10239)]
)
def test_a_range_is_served_as_a_part(own: OwnGallery, address: str, asked: str, first: int, last: int) -> None:
    answer = own.client.get(address, headers={"Range": asked})

    assert (answer.status_code, answer.content) == (206, SOUND[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(SOUND)}"
    assert answer.headers["content-length"] == str(last - first + 1)


def test_a_range_behind_the_end_is_refused_with_the_length(own: OwnGallery, address: str) -> None:
    answer = own.client.get(address, headers={"Range": "bytes=99999-"})

    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(SOUND)}")


def test_a_range_of_other_bytes_gives_the_whole_file(own: OwnGallery, address: str) -> None:
    etag = own.client.get(address).headers["etag"]

    same = own.client.get(address, headers={"Range": "bytes=0-9", "If-Range": etag})
    other = own.client.get(address, headers={"Range": "bytes=0-9", "If-Range": '"other"'})

    assert (same.status_code, other.status_code) == (206, 200)


def test_a_changed_or_forged_address_plays_nothing(own: OwnGallery, address: str) -> None:
    forged = address.replace("/media", "/source")

    assert own.client.get(forged).status_code == 403
    assert own.client.get(address.replace(".", ".1", 1)).status_code in (403, 404)


def test_bytes_that_changed_are_not_played_as_the_old_ones(own: OwnGallery, address: str) -> None:
    own.s3.put_object(BUCKET, "media/tone.mp3", io.BytesIO(b"<script>1</script>"), 18)

    answer = own.client.get(address)

    assert (answer.status_code, answer.json()["code"]) == (409, "object_changed")


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("html", FACTS),
        ("audio", {"audio": {"media_type": "text/html"}}),
        ("audio", {"audio": {"media_type": "image/svg+xml"}}),
        ("audio", {"audio": "audio/mpeg"}),
        ("video", {}),
    ],
)
def test_nothing_but_sounds_and_videos_of_known_types_has_a_player(
    own: OwnGallery, kind: str, facts: dict[str, object]
) -> None:
    artifact = own.hang("media/posing.mp3", {}, source=b"<script>1</script>", kind=kind, facts=facts)

    assert player_address(own, artifact) is None
