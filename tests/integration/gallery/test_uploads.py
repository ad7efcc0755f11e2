"""Uploads through the gallery: into whose bucket, under which name, how much, and what is left of a broken one."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig
from tests.harness.gallery_rows import add_source
from tests.harness.own_gallery import BUCKET
from tests.harness.waiting import eventually

from belvedere.catalog.memberships import grant
from belvedere.gallery.auth import Identity, identity
from belvedere.model.access import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from tests.harness.own_gallery import OwnGallery

OWN_HEADER = {"X-Belvedere": "test"}
LIMIT = 20_000_000


@pytest.fixture(scope="module", autouse=True)
def _buckets(own: OwnGallery) -> None:
    own.app.state.resources().settings.__dict__["upload_bytes"] = LIMIT
    for bucket, tenant in (("greens", "greens"), ("greens-more", "greens"), ("golds", "golds")):
        own.s3.make_bucket(bucket)
        add_source(own.catalog, bucket, tenant)
    own.s3.set_bucket_versioning("greens", VersioningConfig(ENABLED))
    grant(own.catalog, "greens", "grete", Role.MEMBER)
    grant(own.catalog, "golds", "grete", Role.VIEWER)


@contextmanager
def asking(own: OwnGallery, name: str) -> Iterator[None]:
    before = own.app.dependency_overrides[identity]
    own.app.dependency_overrides[identity] = lambda: Identity(name, operates=False)
    yield
    own.app.dependency_overrides[identity] = before


def upload(own: OwnGallery, content: bytes, name: str = "a.csv", **query: Any) -> httpx.Response:
    query = {"tenant": "greens", "name": name, **query}
    with asking(own, "grete"):
        return own.client.post("/belvedere/api/uploads", params=query, content=content, headers=OWN_HEADER)


def test_a_file_lands_below_its_users_folder_and_its_artifact_is_named(own: OwnGallery) -> None:
    answer = upload(own, b"a,b\n1,2\n", "größe/../a b.csv")

    told = answer.json()
    assert answer.status_code == 201
    assert (told["bucket"], told["key"], told["size"]) == ("greens", "uploads/grete/größe/a b.csv", 8)
    stat = own.s3.stat_object("greens", told["key"], version_id=told["version_id"])
    assert (stat.size, stat.content_type) == (8, "text/csv")
    assert (stat.metadata or {})["x-amz-meta-belvedere-put-by"] == "grete"
    identity_of_version = "\0".join(("greens", told["key"], stat.version_id or "", (stat.etag or "").strip('"')))
    assert told["artifact_id"] == hashlib.sha256(identity_of_version.encode()).hexdigest()[:24]
    assert told["page"].endswith(told["artifact_id"])


def test_the_same_name_again_is_a_new_version(own: OwnGallery) -> None:
    first, second = (upload(own, content, "twice.txt").json() for content in (b"one", b"two"))

    assert first["key"] == second["key"]
    assert first["version_id"] != second["version_id"]
    assert first["artifact_id"] != second["artifact_id"]


def test_a_large_file_passes_through_in_parts_and_unchanged(own: OwnGallery) -> None:
    content = os.urandom(17_000_001)

    told = upload(own, content, "large.bin").json()

    stored = own.s3.get_object("greens", told["key"])
    assert hashlib.sha256(stored.read()).digest() == hashlib.sha256(content).digest()
    assert told["etag"].endswith("-3")


def test_a_body_of_unknown_length_is_taken_too(own: OwnGallery) -> None:
    with asking(own, "grete"):
        answer = own.client.post(
            "/belvedere/api/uploads",
            params={"tenant": "greens", "name": "chunked.txt"},
            content=iter([b"one ", b"two"]),
            headers=OWN_HEADER,
        )

    assert (answer.status_code, answer.json()["size"]) == (201, 7)


def test_an_empty_file_is_a_file(own: OwnGallery) -> None:
    assert upload(own, b"", "empty.txt").json()["size"] == 0


@pytest.mark.parametrize("known", [True, False])
def test_more_than_the_limit_is_refused_and_nothing_is_left(own: OwnGallery, known: bool) -> None:
    chunks = [b"x" * 1_000_000] * 21
    with asking(own, "grete"):
        answer = own.client.post(
            "/belvedere/api/uploads",
            params={"tenant": "greens", "name": f"toolarge-{known}.bin"},
            content=b"".join(chunks) if known else iter(chunks),
            headers=OWN_HEADER,
        )

    assert answer.status_code == 413
    assert "20,000,000 bytes" in answer.json()["detail"]
    left = [each.object_name for each in own.s3.list_objects("greens", prefix="uploads/grete/toolarge", recursive=True)]
    assert left == []


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({"tenant": "nobodys"}, 404, "you see no tenant 'nobodys'"),
        ({"tenant": "team"}, 404, "you see no tenant 'team'"),
        ({"tenant": "golds"}, 403, "role member in the tenant golds"),
        ({"bucket": "golds"}, 404, "with a bucket 'golds'"),
        ({"bucket": "greens-renderings"}, 404, "with a bucket"),
        ({"name": ".."}, 400, "name: "),
        ({"name": ""}, 400, "name: "),
    ],
)
def test_what_is_foreign_or_odd_is_refused(own: OwnGallery, query: dict[str, str], status: int, says: str) -> None:
    answer = upload(own, b"x", **query)

    assert answer.status_code == status
    assert says in answer.json()["detail"]


def test_another_of_the_tenants_buckets_can_be_chosen(own: OwnGallery) -> None:
    assert upload(own, b"x", bucket="greens-more").json()["bucket"] == "greens-more"
    with asking(own, "grete"):
        told = own.client.get("/belvedere/api/uploads").json()

    assert told["targets"] == [
        {"tenant": "greens", "bucket": "greens"},
        {"tenant": "greens", "bucket": "greens-more"},
    ]
    assert (told["folder"], told["max_bytes"]) == ("uploads/grete/", LIMIT)


def test_an_upload_that_breaks_off_leaves_nothing_and_no_place_taken(own: OwnGallery) -> None:
    address = urlsplit(own.url)
    with asking(own, "grete"):
        for _ in range(10):
            with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
                connection.sendall(
                    b"POST /belvedere/api/uploads?tenant=greens&name=broken.bin HTTP/1.1\r\nHost: x\r\n"
                    b"X-Belvedere: test\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000
                )
        answer = eventually(lambda: not busy(own), 20.0, what="the places to be free again")

    assert answer
    assert upload(own, b"x", "after.txt").status_code == 201
    assert list(own.s3.list_objects("greens", prefix="uploads/grete/broken", recursive=True)) == []


def busy(own: OwnGallery) -> bool:
    places = getattr(own.app.state, "uploads", None)
    return places is not None and places.borrowed_tokens > 0


def test_a_bucket_that_is_gone_is_said(own: OwnGallery) -> None:
    add_source(own.catalog, "greens-gone", "greens")

    answer = upload(own, b"x", bucket="greens-gone")

    assert (answer.status_code, answer.json()["code"]) == (404, "bucket_missing")


def test_the_page_offers_only_what_the_user_may_change(own: OwnGallery) -> None:
    with asking(own, "grete"):
        page = own.client.get("/belvedere/upload", headers={"Accept": "text/html"}).text
    with asking(own, "stranger"):
        nothing = own.client.get("/belvedere/upload", headers={"Accept": "text/html"}).text

    (targets,) = re.findall(r'data-targets="([^"]*)"', page)
    offered = {target["bucket"] for target in json.loads(html.unescape(targets))["targets"]}
    assert {"greens", "greens-more"} <= offered
    assert not offered & {"golds", BUCKET}
    assert "You are a member of no tenant that has a bucket" in nothing
