"""Addresses that artifacts name to reach what is not theirs: inner servers, other tenants' buckets, this machine."""

from __future__ import annotations

import io
import socket
from typing import TYPE_CHECKING, Any

import pytest
from tests.hostile.kubeflow import ADDRESSES

from belvedere.model.rendering import Limits, Listing, Reference, Source
from belvedere.orchestration.fetching import Fetcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from minio import Minio

    from belvedere.clients.object_store import ObjectStore

SECRET = b"another tenant's words"
HOST = "docs.example"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked up; the allowed host's leads to the address that clouds keep their secrets at."""
    names: list[str] = []
    look_up = socket.getaddrinfo

    def resolve(host: Any, port: Any, *arguments: Any, **options: Any) -> list[Any]:
        names.append(str(host))
        return look_up("169.254.169.254" if host == HOST else host, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return names


@pytest.fixture
def foreign(s3: Minio, make_bucket: Callable[..., str]) -> str:
    bucket = make_bucket()
    s3.put_object(bucket, "secret.csv", io.BytesIO(SECRET), len(SECRET))
    return bucket


def fetched(
    store: ObjectStore, own: str, foreign: str, folder: Path, wanted: list[Reference | Listing]
) -> dict[str, Any]:
    fetcher = Fetcher(store, folder, {own: "us", foreign: "them"}, [HOST], Limits())
    source = Source(own, "runs/a/mlpipeline-ui-metadata.json", "e", "", "", 0, folder / "source")
    return dict(fetcher.related(source, wanted))


def test_no_address_of_the_corpus_is_followed(
    object_store: ObjectStore, bucket: str, foreign: str, tmp_path: Path, asked: list[str]
) -> None:
    object_store.stat(foreign, "secret.csv")
    before = set(asked)
    addresses = [
        address.replace("another-tenant", foreign).replace("://bucket/", f"://{bucket}/") for address in ADDRESSES
    ]

    related = fetched(object_store, bucket, foreign, tmp_path, [Reference(address, 1000) for address in addresses])

    assert set(related) == set(addresses)
    assert {address for address, each in related.items() if each.path or not each.problem} == set()
    assert not any(SECRET in path.read_bytes() for path in tmp_path.iterdir())
    assert set(asked) <= before, "a name was looked up"


def test_an_allowed_host_that_leads_inside_is_not_asked(
    object_store: ObjectStore, bucket: str, foreign: str, tmp_path: Path, asked: list[str]
) -> None:
    uri = f"https://{HOST}/latest/meta-data/"

    related = fetched(object_store, bucket, foreign, tmp_path, [Reference(uri, 1000)])

    assert "private network" in related[uri].problem
    assert asked.count(HOST) == 1


@pytest.mark.parametrize("prefix", ["", "secret", "../", "a/../../"])
def test_a_folder_of_another_tenant_is_not_listed(
    object_store: ObjectStore, bucket: str, foreign: str, tmp_path: Path, prefix: str
) -> None:
    listing = Listing(f"minio://{foreign}/{prefix}", 10, 1000, 10_000, ("*",))

    related = fetched(object_store, bucket, foreign, tmp_path, [listing])

    assert not any(each.path for each in related.values())
    assert not any(SECRET in path.read_bytes() for path in tmp_path.iterdir())


def test_what_lies_beside_is_fetched(
    s3: Minio, object_store: ObjectStore, bucket: str, foreign: str, tmp_path: Path
) -> None:
    s3.put_object(bucket, "runs/a/b.csv", io.BytesIO(b"a,b"), 3)
    uri = f"minio://{bucket}/runs/a/b.csv"

    related = fetched(object_store, bucket, foreign, tmp_path, [Reference(uri, 1000)])

    assert related[uri].path is not None
    assert related[uri].path.read_bytes() == b"a,b"
