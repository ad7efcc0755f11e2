from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from belvedere.errors import BucketMissing, LimitExceeded, ObjectMissing
from belvedere.model.rendering import Limits, Listing, Reference, Related, Source, object_uri
from belvedere.orchestration.fetching import MAX_REFERENCES, ChangedObject, Fetcher, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from minio import Minio

    from belvedere.clients.object_store import ObjectStore


def put(s3: Minio, bucket: str, key: str, content: bytes) -> str:
    return s3.put_object(bucket, key, io.BytesIO(content), len(content), content_type="text/plain").etag or ""


@pytest.fixture
def fetcher(object_store: ObjectStore, bucket: str, tmp_path: Path) -> Fetcher:
    return Fetcher(object_store, tmp_path, {bucket: "team"}, [], Limits(source_bytes=1000))


def source_in(bucket: str, tmp_path: Path) -> Source:
    return Source(
        bucket=bucket, key="k", etag="e", version_id="", content_type="text/plain", size=0, path=tmp_path / "source"
    )


@pytest.mark.parametrize("key", ["a b+c%2Fd.txt", "한국어/ü.txt", "x" * 900, "quote'\"&<>.txt"])
def test_the_bytes_of_any_key_arrive_whole(s3: Minio, bucket: str, fetcher: Fetcher, key: str) -> None:
    key = key if len(key) < 900 else "/".join(["x" * 200] * 4) + "/" + "x" * 96
    etag = put(s3, bucket, key, b"content")

    source = fetcher.source(Wanted(bucket, key, "", etag))

    assert source.path.read_bytes() == b"content"
    assert (source.key, source.etag, source.content_type, source.size) == (key, etag, "text/plain", 7)


def test_other_bytes_than_announced_are_told_with_what_is_there(s3: Minio, bucket: str, fetcher: Fetcher) -> None:
    old = put(s3, bucket, "a.txt", b"old")
    new = put(s3, bucket, "a.txt", b"new")

    with pytest.raises(ChangedObject) as raised:
        fetcher.source(Wanted(bucket, "a.txt", "", old))

    assert raised.value.present.etag == new


def test_an_old_version_is_fetched_by_its_id(
    s3: Minio, make_bucket: Callable[..., str], object_store: ObjectStore, tmp_path: Path
) -> None:
    versioned = make_bucket(versioned=True)
    etag = put(s3, versioned, "a.txt", b"old")
    version = s3.stat_object(versioned, "a.txt").version_id or ""
    put(s3, versioned, "a.txt", b"new")
    fetcher = Fetcher(object_store, tmp_path, {}, [], Limits())

    assert fetcher.source(Wanted(versioned, "a.txt", version, etag)).path.read_bytes() == b"old"


def test_an_object_larger_than_the_limit_is_not_even_begun(
    s3: Minio, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    put(s3, bucket, "big.txt", b"x" * 1001)

    with pytest.raises(LimitExceeded, match="1,001 bytes"):
        fetcher.source(Wanted(bucket, "big.txt", "", ""))

    assert not (tmp_path / "source").exists()


def test_missing_objects_and_buckets_are_told_apart(bucket: str, fetcher: Fetcher) -> None:
    with pytest.raises(ObjectMissing):
        fetcher.source(Wanted(bucket, "nothing.txt", "", ""))
    with pytest.raises(BucketMissing):
        fetcher.source(Wanted("no-such-bucket-here", "a.txt", "", ""))


def follow(fetcher: Fetcher, source: Source, *uris: str, max_bytes: int = 100) -> list[str | bytes]:
    """Return for each reference its problem, or what was fetched."""
    found = fetcher.related(source, [Reference(uri, max_bytes) for uri in uris])
    return [each.problem or (each.path.read_bytes() if each.path else b"") for each in found.values()]


@pytest.mark.parametrize("scheme", ["minio", "s3"])
def test_a_reference_into_the_own_bucket_is_followed(
    s3: Minio, bucket: str, fetcher: Fetcher, tmp_path: Path, scheme: str
) -> None:
    put(s3, bucket, "runs/a b.csv", b"1,2")

    plain, escaped = follow(
        fetcher, source_in(bucket, tmp_path), f"{scheme}://{bucket}/runs/a b.csv", f"{scheme}://{bucket}/runs/a%20b.csv"
    )

    assert (plain, escaped) == (b"1,2", b"1,2")


def test_a_reference_into_another_tenants_bucket_is_refused(
    s3: Minio, make_bucket: Callable[..., str], object_store: ObjectStore, tmp_path: Path
) -> None:
    own, second, foreign, unknown = (make_bucket() for _ in range(4))
    for name in (second, foreign, unknown):
        put(s3, name, "secret.txt", b"secret")
    tenants = {own: "team-a", second: "team-a", foreign: "team-b"}
    fetcher = Fetcher(object_store, tmp_path, tenants, [], Limits())

    found = follow(
        fetcher, source_in(own, tmp_path), *(f"s3://{name}/secret.txt" for name in (second, foreign, unknown))
    )

    assert found[0] == b"secret"
    assert "does not belong to this tenant" in str(found[1])
    assert "does not belong to this tenant" in str(found[2])


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/passwd",
        "minio://{bucket}/../other/secret.txt",
        "minio://{bucket}/%2e%2e/secret.txt",
        "http://127.0.0.1:9000/minio/health/live",
        "https://169.254.169.254/latest/meta-data/",
        "s3://[not-an-address",
        "s3://",
        "relative/path.csv",
        "",
    ],
)
def test_a_reference_that_leads_elsewhere_becomes_a_problem_in_words(
    bucket: str, fetcher: Fetcher, tmp_path: Path, uri: str
) -> None:
    (found,) = follow(fetcher, source_in(bucket, tmp_path), uri.format(bucket=bucket))

    assert isinstance(found, str)
    assert found
    assert [file.name for file in tmp_path.iterdir()] == []


def test_a_reference_larger_than_its_limit_is_a_problem(
    s3: Minio, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    put(s3, bucket, "big.csv", b"x" * 101)

    (found,) = follow(fetcher, source_in(bucket, tmp_path), f"s3://{bucket}/big.csv")

    assert "limit is 100" in str(found)


def test_more_references_than_the_limit_are_not_followed(
    s3: Minio, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    put(s3, bucket, "a.csv", b"1")
    uris = [f"s3://{bucket}/a.csv?{n}" if n else f"s3://{bucket}/a.csv" for n in range(MAX_REFERENCES + 2)]

    found = follow(fetcher, source_in(bucket, tmp_path), *uris)

    assert found[0] == b"1"
    assert all("more than 50" in str(each) for each in found[MAX_REFERENCES:])


def listed(fetcher: Fetcher, source: Source, uri: str, **limits: object) -> dict[str, Related]:
    """Follow one listing with generous limits, unless told otherwise."""
    usual = {"max_objects": 10, "max_bytes_each": 100, "max_bytes": 1000}
    return fetcher.related(source, [Listing(uri, **usual | limits)])  # type: ignore[arg-type]


def test_a_listing_finds_what_matches_below_its_folder_and_never_the_artifact_itself(
    s3: Minio, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    for key in ("run/MLmodel", "run/a b.png", "run/deep/100%#?.png", "run/other.txt", "run2/c.png", "run/sub/"):
        put(s3, bucket, key, key.encode())
    source = source_in(bucket, tmp_path)
    object.__setattr__(source, "key", "run/MLmodel")

    found = listed(fetcher, source, f"minio://{bucket}/run/", names=("*.png", "MLmodel"))

    assert list(found) == [object_uri(bucket, "run/a b.png"), object_uri(bucket, "run/deep/100%#?.png")]
    assert [each.path.read_text() for each in found.values() if each.path] == ["run/a b.png", "run/deep/100%#?.png"]
    assert {each.content_type for each in found.values()} == {"text/plain"}


def test_a_listing_tells_what_is_too_large_with_its_size(
    s3: Minio, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    for name, size in {"a": 60, "b": 101, "c": 60, "d": 30}.items():
        put(s3, bucket, f"run/{name}", b"x" * size)

    found = listed(fetcher, source_in(bucket, tmp_path), f"minio://{bucket}/run/", max_bytes=100)

    assert [(each.size, each.path is not None) for each in found.values()] == [
        (60, True),
        (101, False),
        (60, False),
        (30, True),
    ]
    assert "limit is 100" in str(found[object_uri(bucket, "run/b")].problem)
    assert "more than 100 bytes" in str(found[object_uri(bucket, "run/c")].problem)


def test_a_listing_that_finds_more_than_its_limit_says_so(
    s3: Minio, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    for number in range(4):
        put(s3, bucket, f"run/{number}", b"x")

    found = listed(fetcher, source_in(bucket, tmp_path), f"minio://{bucket}/run/", max_objects=2)

    assert list(found) == [
        object_uri(bucket, "run/0"),
        object_uri(bucket, "run/1"),
        f"minio://{bucket}/run/",
    ]
    assert "more than 2" in str(found[f"minio://{bucket}/run/"].problem)


def test_a_listing_stays_within_its_tenant(
    s3: Minio, make_bucket: Callable[..., str], object_store: ObjectStore, tmp_path: Path
) -> None:
    own, second, foreign, unknown = (make_bucket() for _ in range(4))
    for name in (own, second, foreign, unknown):
        put(s3, name, "run/secret.txt", b"secret")
    tenants = {own: "team-a", second: "team-a", foreign: "team-b"}
    fetcher = Fetcher(object_store, tmp_path, tenants, [], Limits())
    folders = [f"minio://{name}/run/" for name in (own, second, foreign, unknown)]

    found = fetcher.related(source_in(own, tmp_path), [Listing(uri, 10, 10, 100) for uri in folders])

    assert list(found) == [object_uri(own, "run/secret.txt"), object_uri(second, "run/secret.txt"), *folders[2:]]
    assert all("does not belong to this tenant" in str(found[uri].problem) for uri in folders[2:])


@pytest.mark.parametrize("uri", ["", "s3://", "file:///etc/", "minio://{bucket}/run", "https://{bucket}/run/"])
def test_a_listing_of_what_is_no_folder_is_a_problem_in_words(
    bucket: str, fetcher: Fetcher, tmp_path: Path, uri: str
) -> None:
    (found,) = listed(fetcher, source_in(bucket, tmp_path), uri.format(bucket=bucket)).values()

    assert found.path is None
    assert found.problem


def test_an_empty_folder_is_no_problem(bucket: str, fetcher: Fetcher, tmp_path: Path) -> None:
    assert listed(fetcher, source_in(bucket, tmp_path), f"minio://{bucket}/nothing/") == {}
